-- Files with a package for the hand that came here, by the first bytes of the envelope's SHA-256: how far each is, and
-- its envelope, sealed under a code word that is kept nowhere, until somebody has opened it or it came to nothing.
CREATE TABLE hand_arrival (
    arrival_id BLOB PRIMARY KEY CHECK (length(arrival_id) = 16),
    case_id    BLOB NOT NULL CHECK (length(case_id) = 16),
    sealed     BLOB NOT NULL
) STRICT;
CREATE TABLE hand_envelope (
    arrival_id BLOB PRIMARY KEY CHECK (length(arrival_id) = 16),
    case_id    BLOB NOT NULL CHECK (length(case_id) = 16),
    sealed     BLOB NOT NULL
) STRICT;
-- What an operator hands over with a word. It goes when the word is done or taken back.
ALTER TABLE operator_word ADD COLUMN body BLOB;
