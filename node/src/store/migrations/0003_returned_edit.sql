-- Whose edits an actor of this node made; none for actors of others and of earlier programs.
ALTER TABLE entry_actor ADD COLUMN account BLOB CHECK (account IS NULL OR length(account) = 16);

-- What somebody wrote in a received entry and its owner never had, after the sharing ended.
CREATE TABLE returned_edit (
    returned_id BLOB PRIMARY KEY CHECK (length(returned_id) = 16),
    case_id     BLOB NOT NULL CHECK (length(case_id) = 16),
    owner       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX returned_edit_by_case ON returned_edit (case_id);
