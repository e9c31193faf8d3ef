-- The latest changes that a partner has durably, of each generation of an entry that it has and that is
-- kept. What it has acknowledged nothing of, nor begun by a proposal, it may never have been sent: a
-- disclosure row is written before its frame leaves.
CREATE TABLE acknowledged_generation (
    partner    INTEGER NOT NULL,
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    heads      BLOB NOT NULL CHECK (length(heads) % 32 = 0),
    PRIMARY KEY (partner, entry_id, generation)
) STRICT;
INSERT INTO acknowledged_generation SELECT partner, entry_id, generation, heads FROM acknowledged;
DROP TABLE acknowledged;
ALTER TABLE acknowledged_generation RENAME TO acknowledged;
CREATE INDEX acknowledged_by_entry ON acknowledged (entry_id);
