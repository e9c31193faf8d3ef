-- What is said about the protection of a case's family: a chain beside the ledger.
CREATE TABLE protection (
    case_id BLOB NOT NULL REFERENCES cases (case_id),
    number  INTEGER NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    sealed  BLOB NOT NULL,
    PRIMARY KEY (case_id, number)
) STRICT;
