-- How a restored node knows it, and what its operator has said (laws 16 and 17).

-- signed: how many statements this node has signed for a partner: grants, orders, receipts.
-- mark: the partner's latest own count of its statements for this node, as it signed it.
-- checked: the incarnation in which both sides were last compared.
CREATE TABLE link_number (
    partner INTEGER PRIMARY KEY,
    signed  INTEGER NOT NULL DEFAULT 0,
    mark    TEXT,
    checked INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What an operator asked a running node to do about a seal, and what came of it.
CREATE TABLE operator_word (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    word    TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    done_at INTEGER,
    outcome TEXT
) STRICT;
