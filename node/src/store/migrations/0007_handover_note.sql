-- What goes with the latest offer of a case's baton, for whoever offers it and whoever it is offered to.
CREATE TABLE handover_note (
    case_id  BLOB PRIMARY KEY CHECK (length(case_id) = 16),
    offer_id BLOB NOT NULL CHECK (length(offer_id) = 16),
    sealed   BLOB NOT NULL
) STRICT;
