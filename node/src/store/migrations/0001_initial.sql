-- The rows of a node. Clear columns hold random ids, numbers of kinds and organisations, sizes,
-- times, hashes and counters; every `sealed` column is sealed with the data key of its case.
-- Identifiers and generations have 16 bytes, hashes 32, times are milliseconds since 1970.

CREATE TABLE meta (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

-- Cases of which something sealed is here. The case of 16 zero bytes stands for the node itself.
CREATE TABLE cases (
    case_id  BLOB PRIMARY KEY CHECK (length(case_id) = 16),
    owner    INTEGER NOT NULL,
    key_id   BLOB NOT NULL UNIQUE CHECK (length(key_id) = 16),
    first_at INTEGER NOT NULL
) STRICT;

-- Data keys whose rows are gone and that must go as well; done again at start.
CREATE TABLE key_destruction (
    key_id BLOB PRIMARY KEY CHECK (length(key_id) = 16)
) STRICT;

CREATE TABLE private_case (
    case_id    BLOB PRIMARY KEY REFERENCES cases (case_id),
    changed_at INTEGER NOT NULL,
    sealed     BLOB NOT NULL
) STRICT;

CREATE TABLE assignment (
    case_id  BLOB NOT NULL REFERENCES cases (case_id),
    account  BLOB NOT NULL CHECK (length(account) = 16),
    given_by BLOB NOT NULL CHECK (length(given_by) = 16),
    given_at INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (case_id, account)
) STRICT;
CREATE INDEX assignment_by_account ON assignment (account);

CREATE TABLE ledger (
    case_id BLOB NOT NULL REFERENCES cases (case_id),
    number  INTEGER NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    sealed  BLOB NOT NULL,
    PRIMARY KEY (case_id, number)
) STRICT;

CREATE TABLE grant_issued (
    grant_id  BLOB PRIMARY KEY CHECK (length(grant_id) = 16),
    case_id   BLOB NOT NULL REFERENCES cases (case_id),
    partner   INTEGER NOT NULL,
    is_stored INTEGER NOT NULL DEFAULT 0,
    sealed    BLOB NOT NULL
) STRICT;
CREATE INDEX grant_issued_by_partner ON grant_issued (partner);
CREATE INDEX grant_issued_by_case ON grant_issued (case_id);

CREATE TABLE erase_order (
    order_id  BLOB PRIMARY KEY CHECK (length(order_id) = 16),
    case_id   BLOB NOT NULL REFERENCES cases (case_id),
    partner   INTEGER NOT NULL,
    grant_id  BLOB NOT NULL CHECK (length(grant_id) = 16),
    queued_at INTEGER NOT NULL,
    sealed    BLOB NOT NULL
) STRICT;
CREATE INDEX erase_order_by_partner ON erase_order (partner);
CREATE INDEX erase_order_by_case ON erase_order (case_id);

CREATE TABLE erase_order_entry (
    order_id BLOB NOT NULL REFERENCES erase_order (order_id) ON DELETE CASCADE,
    entry_id BLOB NOT NULL CHECK (length(entry_id) = 16),
    PRIMARY KEY (order_id, entry_id)
) STRICT;
CREATE INDEX erase_order_entry_by_entry ON erase_order_entry (entry_id);

CREATE TABLE receipt_filed (
    order_id BLOB PRIMARY KEY CHECK (length(order_id) = 16),
    case_id  BLOB NOT NULL REFERENCES cases (case_id),
    partner  INTEGER NOT NULL,
    filed_at INTEGER NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX receipt_filed_by_case ON receipt_filed (case_id);

CREATE TABLE receipt_signed (
    order_id  BLOB PRIMARY KEY CHECK (length(order_id) = 16),
    case_id   BLOB NOT NULL REFERENCES cases (case_id),
    owner     INTEGER NOT NULL,
    signed_at INTEGER NOT NULL,
    sealed    BLOB NOT NULL
) STRICT;
CREATE INDEX receipt_signed_by_owner ON receipt_signed (owner);
CREATE INDEX receipt_signed_by_case ON receipt_signed (case_id);

-- A grant that ended before it came has a row without `sealed`, and stays ended.
CREATE TABLE grant_received (
    grant_id    BLOB PRIMARY KEY CHECK (length(grant_id) = 16),
    owner       INTEGER NOT NULL,
    case_id     BLOB NOT NULL CHECK (length(case_id) = 16),
    consent_id  BLOB CHECK (length(consent_id) = 16),
    received_at INTEGER,
    ended_at    INTEGER,
    sealed      BLOB
) STRICT;
CREATE INDEX grant_received_by_owner ON grant_received (owner);
CREATE INDEX grant_received_by_case ON grant_received (case_id);

-- state: 0 live, 1 locked as own writing, 2 locked by a duty to keep.
CREATE TABLE entry (
    entry_id   BLOB PRIMARY KEY CHECK (length(entry_id) = 16),
    case_id    BLOB NOT NULL REFERENCES cases (case_id),
    owner      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    schema     INTEGER NOT NULL,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    genesis    BLOB NOT NULL CHECK (length(genesis) = 32),
    heads      BLOB NOT NULL CHECK (length(heads) % 32 = 0),
    changes    INTEGER NOT NULL,
    state      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
    stored_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    sealed     BLOB NOT NULL
) STRICT;
CREATE INDEX entry_by_case ON entry (case_id);
CREATE INDEX entry_by_owner ON entry (owner);

-- Generations that an entry has left; going back would bring deleted text back.
CREATE TABLE entry_left (
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    PRIMARY KEY (entry_id, generation)
) STRICT;

CREATE TABLE entry_under (
    entry_id BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),
    PRIMARY KEY (entry_id, grant_id)
) STRICT;

CREATE TABLE entry_actor (
    entry_id     BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    actor        BLOB NOT NULL CHECK (length(actor) = 16),
    organisation INTEGER NOT NULL,
    PRIMARY KEY (entry_id, actor)
) STRICT;

-- Changes of the present generation, numbered as they came: parents first.
CREATE TABLE entry_change (
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    number     INTEGER NOT NULL,
    case_id    BLOB NOT NULL REFERENCES cases (case_id),
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    stored_at  INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (entry_id, number),
    UNIQUE (entry_id, hash)
) STRICT;
CREATE INDEX entry_change_by_case ON entry_change (case_id);

CREATE TABLE relation (
    relation_id BLOB PRIMARY KEY CHECK (length(relation_id) = 16),
    owner       INTEGER NOT NULL,
    case_id     BLOB NOT NULL CHECK (length(case_id) = 16),
    from_entry  BLOB NOT NULL CHECK (length(from_entry) = 16),
    to_entry    BLOB NOT NULL CHECK (length(to_entry) = 16)
) STRICT;
CREATE INDEX relation_by_case ON relation (case_id);
CREATE INDEX relation_by_from ON relation (from_entry);
CREATE INDEX relation_by_to ON relation (to_entry);

CREATE TABLE relation_stored (
    partner     INTEGER NOT NULL,
    relation_id BLOB NOT NULL CHECK (length(relation_id) = 16),
    PRIMARY KEY (partner, relation_id)
) STRICT;

-- is_settled: a receipt has said since that the partner no longer holds the entry.
CREATE TABLE disclosure (
    number        INTEGER PRIMARY KEY,
    disclosure_id BLOB NOT NULL UNIQUE CHECK (length(disclosure_id) = 16),
    partner       INTEGER NOT NULL,
    case_id       BLOB NOT NULL REFERENCES cases (case_id),
    entry_id      BLOB NOT NULL CHECK (length(entry_id) = 16),
    generation    BLOB NOT NULL CHECK (length(generation) = 16),
    heads         BLOB NOT NULL CHECK (length(heads) % 32 = 0),
    disclosed_at  INTEGER NOT NULL,
    is_unsent     INTEGER NOT NULL DEFAULT 0,
    is_settled    INTEGER NOT NULL DEFAULT 0,
    sealed        BLOB NOT NULL
) STRICT;
CREATE INDEX disclosure_by_entry ON disclosure (entry_id, partner);
CREATE INDEX disclosure_by_case ON disclosure (case_id, partner);
CREATE INDEX disclosure_by_partner ON disclosure (partner);

CREATE TABLE disclosure_ground (
    disclosure_id BLOB NOT NULL REFERENCES disclosure (disclosure_id) ON DELETE CASCADE,
    grant_id      BLOB NOT NULL CHECK (length(grant_id) = 16),
    consent_id    BLOB NOT NULL CHECK (length(consent_id) = 16),
    PRIMARY KEY (disclosure_id, grant_id)
) STRICT;

-- What a partner's node holds of an entry, as far as this node can know.
-- disclosure_id: what made it so; none where the partner itself began the generation.
CREATE TABLE held (
    partner       INTEGER NOT NULL,
    entry_id      BLOB NOT NULL CHECK (length(entry_id) = 16),
    case_id       BLOB NOT NULL CHECK (length(case_id) = 16),
    generation    BLOB NOT NULL CHECK (length(generation) = 16),
    disclosure_id BLOB CHECK (length(disclosure_id) = 16),
    PRIMARY KEY (partner, entry_id)
) STRICT;
CREATE INDEX held_by_entry ON held (entry_id);

-- The latest changes that a partner has durably, of the entry's present generation.
CREATE TABLE acknowledged (
    partner    INTEGER NOT NULL,
    entry_id   BLOB NOT NULL REFERENCES entry (entry_id) ON DELETE CASCADE,
    generation BLOB NOT NULL CHECK (length(generation) = 16),
    heads      BLOB NOT NULL CHECK (length(heads) % 32 = 0),
    PRIMARY KEY (partner, entry_id)
) STRICT;
CREATE INDEX acknowledged_by_entry ON acknowledged (entry_id);

CREATE TABLE held_grant (
    partner  INTEGER NOT NULL,
    entry_id BLOB NOT NULL,
    grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),
    PRIMARY KEY (partner, entry_id, grant_id),
    FOREIGN KEY (partner, entry_id) REFERENCES held (partner, entry_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE proposal_taken (
    partner     INTEGER NOT NULL,
    proposal_id BLOB NOT NULL CHECK (length(proposal_id) = 16),
    entry_id    BLOB NOT NULL CHECK (length(entry_id) = 16),
    generation  BLOB NOT NULL CHECK (length(generation) = 16),
    is_settled  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (partner, proposal_id)
) STRICT;
CREATE INDEX proposal_taken_by_entry ON proposal_taken (entry_id, partner);

-- state: 0 waiting, 1 returned to its author, 2 answered or erased, without `sealed`.
CREATE TABLE proposal (
    proposal_id BLOB PRIMARY KEY CHECK (length(proposal_id) = 16),
    case_id     BLOB NOT NULL CHECK (length(case_id) = 16),
    owner       INTEGER NOT NULL,
    state       INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
    until       INTEGER,
    made_at     INTEGER NOT NULL,
    sealed      BLOB,
    CHECK ((sealed IS NULL) = (state = 2))
) STRICT;
CREATE INDEX proposal_by_case ON proposal (case_id);
CREATE INDEX proposal_by_owner ON proposal (owner);

-- The lines of the journal, word for word. They name no person and no content.
CREATE TABLE closing (
    number INTEGER PRIMARY KEY,
    line   TEXT NOT NULL
) STRICT;

-- content_hash: of the unsealed content, which holds 16 random bytes, so that it can be neither
-- guessed nor broken by sealing anew. mac: over the row and the mac before it.
CREATE TABLE access_log (
    number       INTEGER PRIMARY KEY,
    seen_at      INTEGER NOT NULL,
    account      BLOB NOT NULL CHECK (length(account) = 16),
    case_id      BLOB NOT NULL REFERENCES cases (case_id),
    content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
    mac          BLOB NOT NULL CHECK (length(mac) = 32),
    sealed       BLOB NOT NULL
) STRICT;
CREATE INDEX access_log_by_case ON access_log (case_id);
CREATE INDEX access_log_by_account ON access_log (account);

CREATE TABLE access_log_end (
    place  INTEGER PRIMARY KEY CHECK (place = 0),
    length INTEGER NOT NULL,
    last   BLOB NOT NULL CHECK (length(last) = 32),
    mac    BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE TABLE api_token (
    token_id   BLOB PRIMARY KEY CHECK (length(token_id) = 16),
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    account    BLOB NOT NULL CHECK (length(account) = 16),
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
