//! Examples of the bodies about a family that moves. All persons are invented.

use serde_json::{Value, json};

use super::{AUGUST_17, CASE, CONSENT, HOLDER, MOTHER, OCTOBER_1, PARTNER};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let succession = "a41c7e90-3b52-4d18-9f06-d27e58b1c364";
    vec![
        (
            "OfferCase",
            json!({
                "consent": CONSENT,
                "stage": "before-school",
                "wished": "2027-08-01",
                "note": "Ring meg gjerne før dere møter familien.",
            }),
        ),
        ("OfferedMove", json!({ "succession": succession })),
        ("WriteMoveNote", json!({ "note": "Ring meg gjerne før dere møter familien." })),
        ("MakePackage", json!({ "consent": CONSENT, "note": "Ring meg gjerne før dere møter familien." })),
        (
            "MadePackage",
            json!({
                "package": "7d10c5e2-4b96-4f3a-8e27-b1c90a5d6f48",
                "to_name": "Verdal kommune",
                "code_word": "KD7M WQ3T 9HXA 2RPE VN5C",
            }),
        ),
        ("RegisterAcceptance", json!({ "archive": "2027/118-3", "on": "2027-08-17" })),
        ("AskToTake", json!({ "account": HOLDER })),
        ("DeclineMove", json!({ "reason": "Ingen ledig plass før høsten" })),
        (
            "MoveView",
            json!({
                "case": CASE,
                "part": "holder",
                "consents": [{
                    "consent": CONSENT,
                    "to": PARTNER,
                    "to_name": "Steinkjer kommune",
                    "services": ["kindergarten"],
                    "status": "valid",
                    "until": OCTOBER_1,
                    "by_hand": false,
                    "may_offer": false,
                }],
                "open": {
                    "succession": succession,
                    "to": PARTNER,
                    "to_name": "Steinkjer kommune",
                    "consent": CONSENT,
                    "stage": "before-school",
                    "wished": "2027-08-01",
                    "services": ["kindergarten"],
                    "step": "stored",
                    "lapses_at": OCTOBER_1,
                    "accepted_by": "Pål Eksempel",
                    "service": "kindergarten",
                    "note": "Ring meg gjerne før dere møter familien.",
                    "packed": 1,
                    "changed": 0,
                    "is_outdated": false,
                    "may_transfer": true,
                    "goes_along": [],
                    "stays": [],
                },
                "moved": null,
                "by_hand": null,
                "ended": [{
                    "succession": "0c6f2b1d-8e45-4a97-b3d2-5f19c70e84a6",
                    "to": PARTNER,
                    "to_name": "Steinkjer kommune",
                    "offered_at": AUGUST_17,
                    "cause": "lapsed",
                    "reason": null,
                    "is_kept": true,
                }],
            }),
        ),
        (
            "ComingMove",
            json!({
                "succession": succession,
                "from": PARTNER,
                "from_name": "Steinkjer kommune",
                "came_at": AUGUST_17,
                "stage": "before-school",
                "wished": "2027-08-01",
                "services": ["kindergarten"],
                "step": "offered",
                "lapses_at": OCTOBER_1,
                "asked": { "account": HOLDER, "name": "Marte Eksempel", "service": "kindergarten" },
                "is_yours": false,
                "may_take": [],
                "case": null,
                "late": [],
            }),
        ),
        ("OpenPackage", json!({ "code_word": "KD7M WQ3T 9HXA 2RPE VN5C" })),
        ("OpenedByHand", json!({ "case": CASE })),
        (
            "HandArrivalItem",
            json!({
                "arrival": "5b8e21d4-90c7-4f6a-8d13-e2a74c0b9f65",
                "came_at": AUGUST_17,
                "step": "waiting",
                "lapses_at": OCTOBER_1,
                "asked": { "account": HOLDER, "name": "Marte Eksempel", "service": "kindergarten" },
                "is_yours": false,
                "may_take": [],
                "from_name": null,
                "case": null,
            }),
        ),
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
