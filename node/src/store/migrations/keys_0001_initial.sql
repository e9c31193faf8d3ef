-- Data keys, each wrapped by the node's wrapping key. Backed up apart from the rows, and for at
-- most 35 days, so that a destroyed key is gone from every backup after that.

CREATE TABLE data_key (
    key_id  BLOB PRIMARY KEY CHECK (length(key_id) = 16),
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    made_at INTEGER NOT NULL,
    wrapped BLOB NOT NULL
) STRICT;

-- Keys of the node itself, by name.
CREATE TABLE named_key (
    name    TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;
