//! Examples of the bodies about transitions. All persons are invented.

use serde_json::{Value, json};

use super::{AUGUST_17, CASE, CONSENT, HOLDER};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let transition = "8e21b7c4-5d0f-4a39-bc16-90f7d2a4e853";
    let contact = json!({ "account": HOLDER, "name": "Marte Eksempel", "service": "school" });
    vec![
        (
            "OpenTransition",
            json!({ "from": { "service": "kindergarten", "unit": null }, "to": "school", "unit": "Granlia skole", "on": "2027-08-16", "overlap_until": "2027-09-30" }),
        ),
        (
            "ChangeTransition",
            json!({
                "on": "2027-08-17",
                "overlap_until": "2027-09-30",
                "due": { "joint-meeting": "2027-06-01" },
            }),
        ),
        ("MarkItem", json!({ "item": "joint-meeting", "done": true })),
        ("ReceiveTransition", json!({ "contact": HOLDER })),
        ("EndTransition", json!({ "how": "given-up" })),
        ("OpenedTransition", json!({ "transition": transition })),
        (
            "TransitionView",
            json!({
                "case": CASE,
                "part": "holder",
                "is_hidden": false,
                "under_way": {
                    "transition": transition,
                    "from": { "service": "kindergarten", "unit": null },
                    "to": { "service": "school", "unit": "Granlia skole" },
                    "on": "2027-08-16",
                    "overlap_until": "2027-09-30",
                    "first_name": null,
                    "received_at": AUGUST_17,
                    "contact": contact,
                    "consent_step": "given",
                    "consent": CONSENT,
                    "overlapping": [],
                    "items": [{
                        "item": "joint-meeting",
                        "due": "2027-06-17",
                        "is_met": true,
                        "is_marked": true,
                        "is_late": false,
                    }],
                    "may_be_contact": [],
                },
                "may_leave": [],
                "leaves": null,
                "may_go_to": [],
            }),
        ),
    ]
}
