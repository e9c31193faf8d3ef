//! Examples of the bodies about consents.

use serde_json::{Value, json};

use super::{AUGUST_17, CONSENT, ENTRY, HOLDER, MOTHER, OCTOBER_1, OWNER, PARTNER, service};

const MEASURE: &str = "5b0e8d72-63c4-4f1a-9e27-d8a4c1f05b93";
const SHA256: &str = "4fd2c1a0b7e69385d41c0f2e8a97b65d30e1f4c8a25b7d960c83e1f7a4d5b2c6";
const SEPTEMBER_15: u64 = 1_789_430_400_000;

/// Returns the name of each body's schema with its example.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut all = requests();
    all.extend([("ConsentPreview", preview()), ("ConsentItem", item()), ("ConsentView", item())]);
    all.extend([("OwnConsent", own()), ("WaitingItem", waiting())]);
    all
}

fn requests() -> Vec<(&'static str, Value)> {
    vec![
        (
            "AskConsent",
            json!({
                "recipient": service(),
                "areas": ["language"],
                "kinds": ["goal", "measure", "evaluation"],
                "direction": "both",
                "purpose": "PPT hjelper skolen med lesing.",
                "reservations": "Ikke det som gjelder flyttingen.",
                "language": "nb",
                "text_sha256": SHA256,
                "child_heard": { "heard": "yes", "how": "conversation", "at": AUGUST_17, "by": HOLDER },
                "until": OCTOBER_1,
                "review_at": SEPTEMBER_15,
            }),
        ),
        (
            "GiveConsent",
            json!({
                "giver": MOTHER,
                "evidence": { "kind": "paper", "scan_sha256": SHA256 },
                "about_self": false,
                "language": "sme",
                "interpreter": "present",
            }),
        ),
        ("RefuseConsent", json!({ "giver": MOTHER })),
        ("WithdrawConsent", json!({ "giver": MOTHER, "channel": "written", "areas": ["language"] })),
        ("WithdrawConsents", json!({ "giver": MOTHER, "channel": "oral", "of": { "service": service() } })),
        ("ExceptEntry", json!({ "giver": MOTHER, "entry": ENTRY })),
        ("ReconfirmConsent", json!({ "givers": [MOTHER] })),
    ]
}

pub(super) fn waiting() -> Value {
    json!({ "service": service(), "name": "PPT i Prøve kommune", "reason": "expired" })
}

fn preview() -> Value {
    let item = json!({
        "entry": ENTRY,
        "kind": "note",
        "areas": ["language"],
        "title": "Leser korte ord",
        "hidden_from_guardians": false,
    });
    let hidden = json!({
        "entry": "d4f7a2c8-16b3-4e95-8c0d-7b9e5f31a604",
        "kind": "concern",
        "areas": ["attendance"],
        "title": "Fravær i høst",
        "hidden_from_guardians": false,
        "reason": "area",
    });
    json!({
        "recipient": service(),
        "becomes_visible": [item],
        "stays_visible": [],
        "becomes_hidden": [],
        "stays_hidden": [hidden],
        "drops_exceptions": [],
        "card": { "name": "Ane Testesen", "level": "1" },
        "missing": [MOTHER],
        "becomes": "valid",
        "waits_for_review": false,
    })
}

fn yes() -> Value {
    json!({
        "at": AUGUST_17,
        "evidence": { "kind": "oral" },
        "for_subject": true,
        "about_self": false,
        "language": "nb",
        "interpreter": "not-needed",
        "witness": null,
    })
}

fn withdrawal() -> Value {
    json!({ "giver": MOTHER, "channel": "oral", "part": { "of": "whole" }, "at": OCTOBER_1 })
}

fn asked() -> Value {
    json!({
        "id": CONSENT,
        "version": 1,
        "kind": "share",
        "recipient": service(),
        "controller": { "organisation": PARTNER, "sector": "public" },
        "areas": ["language"],
        "kinds": ["goal", "measure", "evaluation"],
        "exceptions": [],
        "reservations": null,
        "card_fields": ["name", "level"],
        "direction": "both",
        "purpose": "PPT hjelper skolen med lesing.",
        "purpose_code": null,
        "legal_character": "fvl-waiver",
        "language": "nb",
        "text_sha256": SHA256,
        "child_heard": { "heard": "not-asked" },
        "from": AUGUST_17,
        "until": OCTOBER_1 + 1,
        "review_at": null,
        "supersedes": null,
    })
}

fn item() -> Value {
    let receipt = json!({
        "erased": 1,
        "locked": 1,
        "items": {
            ENTRY: { "done": "erased" },
            MEASURE: { "done": "locked", "basis": "duty-to-keep" },
        },
        "kept_by_law": { MEASURE: "PPTs dokumentasjonsplikt, arkivlova" },
        "backup_days": 35,
    });
    let became = json!({
        "recipient_name": "PPT i Prøve kommune",
        "status": "withdrawn",
        "opens": false,
        "open_areas": ["language"],
        "excepted": {},
        "given_by": { MOTHER: yes() },
        "refused_by": [],
        "missing": [],
        "withdrawn_at": OCTOBER_1,
        "withdrawals": [withdrawal()],
        "clarify": false,
        "grants": ["a85e0d4c-7f12-4b39-96c7-e2d1f04b8a53"],
        "orders": [{
            "order": "1f6b9d37-c04a-4e82-a5f1-80d3c7e2b964",
            "partner": PARTNER,
            "partner_name": "Prøve kommune",
            "entries": 1,
            "waits_since": null,
            "late": false,
            "receipt": receipt,
        }],
        "cannot_take": null,
    });
    let parts = [asked(), became].into_iter().filter_map(|part| part.as_object().cloned());
    Value::Object(parts.flatten().collect())
}

fn own() -> Value {
    json!({
        "id": CONSENT,
        "version": 1,
        "kind": "share",
        "recipient": { "host": OWNER, "code": "school" },
        "recipient_name": "Skole",
        "also": [],
        "controller": { "organisation": OWNER, "sector": "public" },
        "areas": ["language"],
        "kinds": ["goal", "measure", "evaluation"],
        "card_fields": ["name", "level"],
        "direction": "both",
        "purpose": "Skolen følger med på lesingen.",
        "purpose_code": null,
        "legal_character": "fvl-waiver",
        "language": "nb",
        "text_sha256": SHA256,
        "from": AUGUST_17,
        "until": OCTOBER_1,
        "review_at": null,
        "status": "withdrawn",
        "yes": yes(),
        "withdrawals": [withdrawal()],
        "excepted": [],
    })
}
