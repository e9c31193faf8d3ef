-- Cases that somebody without a task opened in an emergency (nødåpning). What is sealed: in which role,
-- service and unit, and why. ended_at: when another opening of the same person took its place.
CREATE TABLE emergency_opening (
    opening_id BLOB PRIMARY KEY CHECK (length(opening_id) = 16),
    case_id    BLOB NOT NULL CHECK (length(case_id) = 16),
    account    BLOB NOT NULL CHECK (length(account) = 16),
    opened_at  INTEGER NOT NULL,
    ended_at   INTEGER,
    sealed     BLOB NOT NULL
) STRICT;
CREATE INDEX emergency_opening_by_account ON emergency_opening (account, opened_at);
CREATE INDEX emergency_opening_by_case ON emergency_opening (case_id);

-- What a leader found on looking into an opening. What is sealed: whether it was needed, and the words.
CREATE TABLE emergency_review (
    opening_id  BLOB PRIMARY KEY CHECK (length(opening_id) = 16),
    case_id     BLOB NOT NULL CHECK (length(case_id) = 16),
    account     BLOB NOT NULL CHECK (length(account) = 16),
    reviewed_at INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX emergency_review_by_case ON emergency_review (case_id);
