-- The package for the hand that stands for an own case, sealed under a code word that is kept nowhere, and then by the
-- case's key. It is deleted when it is taken back, and when the case has moved by it. Which entries stand in it is in
-- package_item, under the package's id and revision 0.
CREATE TABLE package_by_hand (
    package_id BLOB PRIMARY KEY CHECK (length(package_id) = 16),
    case_id    BLOB NOT NULL REFERENCES cases (case_id),
    sealed     BLOB NOT NULL
) STRICT;
CREATE INDEX package_by_hand_by_case ON package_by_hand (case_id);
