-- Entries that came with a case from another municipality. What is sealed: from whom, written by which service,
-- on which day, and by which way it came.
CREATE TABLE entry_origin (
    entry_id BLOB PRIMARY KEY REFERENCES entry (entry_id) ON DELETE CASCADE,
    case_id  BLOB NOT NULL REFERENCES cases (case_id),
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX entry_origin_by_case ON entry_origin (case_id);

-- What came with a case beside its entries. What is sealed: the note of the old stafettholder, whom to ask, what
-- the family had said yes to, and what the old owner calls its level and its areas.
CREATE TABLE carried_case (
    case_id BLOB PRIMARY KEY REFERENCES cases (case_id),
    sealed  BLOB NOT NULL
) STRICT;
