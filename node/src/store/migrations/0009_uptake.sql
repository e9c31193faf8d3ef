-- What an own service has answered to a received grant, until the grant ends: whether it takes the case.
-- kept_at: when the owner's node said that it has the answer.
CREATE TABLE uptake_said (
    grant_id BLOB PRIMARY KEY CHECK (length(grant_id) = 16),
    case_id  BLOB NOT NULL CHECK (length(case_id) = 16),
    owner    INTEGER NOT NULL,
    said_at  INTEGER NOT NULL,
    kept_at  INTEGER,
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX uptake_said_by_case ON uptake_said (case_id);

-- What a partner's service has answered to a grant of this node's, word for word, until the grant ends.
CREATE TABLE uptake_heard (
    grant_id BLOB PRIMARY KEY CHECK (length(grant_id) = 16),
    case_id  BLOB NOT NULL CHECK (length(case_id) = 16),
    partner  INTEGER NOT NULL,
    said_at  INTEGER NOT NULL,
    heard_at INTEGER NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX uptake_heard_by_case ON uptake_heard (case_id);
