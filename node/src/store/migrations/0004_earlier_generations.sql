-- An entry keeps generations that it has left, as long as late edits may come for them (law 7): so
-- its changes are numbered in each generation by itself.

CREATE TABLE entry_change_by_generation (
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    number     INTEGER NOT NULL,
    case_id    BLOB NOT NULL REFERENCES cases (case_id),
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    stored_at  INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (entry_id, generation, number),
    UNIQUE (entry_id, generation, hash)
) STRICT;
INSERT INTO entry_change_by_generation (entry_id, generation, number, case_id, hash, stored_at, sealed)
    SELECT entry_id, generation, number, case_id, hash, stored_at, sealed FROM entry_change;
DROP TABLE entry_change;
ALTER TABLE entry_change_by_generation RENAME TO entry_change;
CREATE INDEX entry_change_by_case ON entry_change (case_id);

-- Generations that an entry has left and that are kept, numbered as they were left.
-- carried: changes of it that stand, with all behind them, in the generation that followed;
-- onto: heads of that one which hold exactly those, at the owner alone.
-- is_refused: at a partner, the owner takes no more of it.
CREATE TABLE entry_earlier (
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    number     INTEGER NOT NULL,
    heads      BLOB NOT NULL CHECK (length(heads) % 32 = 0),
    changes    INTEGER NOT NULL,
    carried    BLOB NOT NULL CHECK (length(carried) % 32 = 0),
    onto       BLOB NOT NULL CHECK (length(onto) % 32 = 0),
    is_refused INTEGER NOT NULL DEFAULT 0 CHECK (is_refused IN (0, 1)),
    PRIMARY KEY (entry_id, generation),
    UNIQUE (entry_id, number)
) STRICT;

-- Earlier generations that a partner has said it no longer holds.
CREATE TABLE entry_let_go (
    partner    INTEGER NOT NULL,
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    PRIMARY KEY (partner, entry_id, generation)
) STRICT;
CREATE INDEX entry_let_go_by_entry ON entry_let_go (entry_id, generation);
