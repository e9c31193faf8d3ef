-- What this node has said and heard of own cases that move to another municipality. Sealed by the node's key: what became
-- of a move is told for ever, also when its case is destroyed. case_id is that of the node; of_case is the case that moves.
CREATE TABLE succession_out (
    succession_id BLOB PRIMARY KEY CHECK (length(succession_id) = 16),
    case_id       BLOB NOT NULL CHECK (length(case_id) = 16),
    of_case       BLOB NOT NULL CHECK (length(of_case) = 16),
    partner       INTEGER NOT NULL,
    is_handed     INTEGER NOT NULL,
    sealed        BLOB NOT NULL
) STRICT;
CREATE INDEX succession_out_by_case ON succession_out (of_case);
CREATE INDEX succession_out_by_partner ON succession_out (partner);

-- Cases of others that may come here, or came. case_id is that of the node.
CREATE TABLE succession_in (
    succession_id BLOB PRIMARY KEY CHECK (length(succession_id) = 16),
    case_id       BLOB NOT NULL CHECK (length(case_id) = 16),
    partner       INTEGER NOT NULL,
    sealed        BLOB NOT NULL
) STRICT;
CREATE INDEX succession_in_by_partner ON succession_in (partner);

-- Parts of another municipality's package, as they came: before the case is transferred, nobody here can open them.
CREATE TABLE succession_part (
    succession_id BLOB NOT NULL REFERENCES succession_in (succession_id),
    part          INTEGER NOT NULL,
    case_id       BLOB NOT NULL CHECK (length(case_id) = 16),
    sealed        BLOB NOT NULL,
    PRIMARY KEY (succession_id, part)
) STRICT;

-- The latest package of a move of an own case, in parts: sealed for its receiver, and then by the case's key.
CREATE TABLE package_part (
    succession_id BLOB NOT NULL CHECK (length(succession_id) = 16),
    revision      INTEGER NOT NULL,
    part          INTEGER NOT NULL,
    case_id       BLOB NOT NULL REFERENCES cases (case_id),
    sealed        BLOB NOT NULL,
    PRIMARY KEY (succession_id, part)
) STRICT;
CREATE INDEX package_part_by_case ON package_part (case_id);

-- Which entries stand in each package that was made, at which generation.
CREATE TABLE package_item (
    succession_id BLOB NOT NULL CHECK (length(succession_id) = 16),
    revision      INTEGER NOT NULL,
    entry_id      BLOB NOT NULL CHECK (length(entry_id) = 16),
    case_id       BLOB NOT NULL REFERENCES cases (case_id),
    made_at       INTEGER NOT NULL,
    sealed        BLOB NOT NULL,
    PRIMARY KEY (succession_id, revision, entry_id)
) STRICT;
CREATE INDEX package_item_by_case ON package_item (case_id);

-- What the stafettholder writes to the one who takes the case over: it goes with the package, and nowhere else.
CREATE TABLE succession_note (
    succession_id BLOB PRIMARY KEY CHECK (length(succession_id) = 16),
    case_id       BLOB NOT NULL REFERENCES cases (case_id),
    sealed        BLOB NOT NULL
) STRICT;
CREATE INDEX succession_note_by_case ON succession_note (case_id);
