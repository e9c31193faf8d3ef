-- hash: SHA-256 of the session's secret, which only the browser has.
-- roles: those that the login allows, with spaces between them; role is one of them.
-- fresh_at: when the person last proved who it is.
CREATE TABLE session (
    hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
    account    BLOB NOT NULL CHECK (length(account) = 16),
    role       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    login      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    fresh_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_account ON session (account);
