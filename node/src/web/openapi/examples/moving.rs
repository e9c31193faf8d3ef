//! Examples of the bodies about a family that moves. All persons are invented.

use serde_json::{Value, json};

use super::{AUGUST_17, CASE, MOTHER};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("RefuseMove", json!({ "said_by": [MOTHER], "channel": "oral", "on": "2027-06-01" })),
        (
            "MoveWithout",
            json!({
                "case": CASE,
                "is_closed": false,
                "refused": { "said_by": [MOTHER], "channel": "oral", "on": "2027-06-01", "at": AUGUST_17 },
                "parties": [{
                    "person": MOTHER,
                    "capacity": "guardian-with-parental-responsibility",
                    "name": "Inga Eksempel",
                    "relation": "mother",
                }],
                "reminders": [{
                    "who": "Skolen",
                    "who_nn": "Skulen",
                    "what": "Den nye skolen får de opplysningene som er nødvendige.",
                    "what_nn": "Den nye skulen får dei opplysningane som er nødvendige.",
                    "basis": null,
                    "as_of": "2026-11-01",
                }],
            }),
        ),
    ]
}
