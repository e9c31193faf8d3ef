//! Examples of emergency openings.

use serde_json::{Value, json};

use super::{AUGUST_17, CASE};

const OPENING: &str = "9d1f5b7a-0c3e-4e82-a6b4-58d2c7e9f013";

pub(super) fn all(mut case: Value) -> Vec<(&'static str, Value)> {
    let review = json!({
        "by": "Rita Eksempel",
        "at": AUGUST_17 + 86_400_000,
        "was_needed": true,
        "finding": "Skolen måtte vite hvem som henter.",
    });
    if let Value::Object(case) = &mut case {
        case.insert("task".to_owned(), json!("emergency"));
        for own in ["parties", "tasks", "proposals"] {
            case.insert(own.to_owned(), json!([]));
        }
    }
    let until = AUGUST_17 + 1_800_000;
    vec![
        (
            "OpenEmergency",
            json!({
                "name": "Ane Testesen",
                "birth_date": "2015-03-14",
                "reason": "Ingen har hentet barnet, og vi når ingen hjemme.",
            }),
        ),
        ("ReviewEmergency", json!({ "was_needed": true, "finding": "Skolen måtte vite hvem som henter." })),
        ("OpenedEmergency", json!({ "opening": OPENING, "until": until })),
        ("EmergencyView", json!({ "opening": OPENING, "until": until, "case": case })),
        (
            "EmergencyItem",
            json!({
                "opening": OPENING,
                "case": CASE,
                "opened_by": "Ola Eksempel",
                "service": "school",
                "opened_at": AUGUST_17,
                "until": until,
                "reason": "Ingen har hentet barnet, og vi når ingen hjemme.",
                "is_own": false,
                "may_review": false,
                "is_late": false,
                "review": review,
            }),
        ),
        ("EmergencyReviewItem", review),
    ]
}
