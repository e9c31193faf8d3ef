-- Offers of other municipalities' batons to own services, until they are over: the case, the service, and who
-- of this municipality has taken it. reached: how far it has come; it goes up and never down. asked: whom the
-- leader of the service has asked.
CREATE TABLE baton_there (
    offer_id BLOB PRIMARY KEY CHECK (length(offer_id) = 16),
    case_id  BLOB NOT NULL CHECK (length(case_id) = 16),
    of_case  BLOB NOT NULL CHECK (length(of_case) = 16),
    owner    INTEGER NOT NULL,
    reached  INTEGER NOT NULL,
    asked    BLOB CHECK (length(asked) = 16),
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX baton_there_by_owner ON baton_there (owner);
