//! An example of every body. All persons and numbers are invented.

use serde_json::{Value, json};

const CASE: &str = "5f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05";
const ENTRY: &str = "0b9d2c64-31f7-4e0a-b5c8-6a4f19d27e31";
const CONSENT: &str = "c2a7e8d1-9f34-4b6e-8d05-71b3c4f6a920";
const MOTHER: &str = "7e4b1f02-5a6d-4c93-b8e1-0d9f3a2c6b47";
const HOLDER: &str = "e91d6c3b-2f80-4a57-9b14-c8d05e7f1a62";
const OWNER: &str = "310000000";
const PARTNER: &str = "310000019";
const AUGUST_17: u64 = 1_786_924_800_000;
const OCTOBER_1: u64 = 1_790_812_800_000;

/// Returns the name of each body's schema with its example.
pub fn all() -> Vec<(&'static str, Value)> {
    [requests(), of_cases(), of_consents(), of_the_node()].concat()
}

fn requests() -> Vec<(&'static str, Value)> {
    vec![
        (
            "OpenCase",
            json!({
                "subject_kind": "child",
                "level": 1,
                "subject": {
                    "name": "Ane Testesen",
                    "birth_date": "2015-03-14",
                    "unit": "Granlia skole, 4B",
                    "language": "nordsamisk",
                },
                "guardians": [
                    { "name": "Inga Testesen", "relation": "mother", "parental_responsibility": true },
                ],
            }),
        ),
        ("SetLevel", json!({ "level": 2 })),
        ("ProtectAddress", json!({ "protection": "strictly-confidential" })),
        ("Assign", json!({ "account": HOLDER })),
        (
            "NewEntry",
            json!({
                "kind": "measure",
                "areas": ["language"],
                "about": ["subject"],
                "fields": {
                    "title": "Lesetrening hver dag",
                    "responsible": "Ola Eksempel",
                    "deadline": "2026-10-01",
                    "status": "planned",
                    "at_home": false,
                },
            }),
        ),
        ("EditEntry", json!({ "fields": { "status": "started", "start": null } })),
        (
            "AskConsent",
            json!({
                "recipient": service(),
                "areas": ["language"],
                "kinds": ["goal", "measure", "evaluation"],
                "direction": "both",
                "purpose": "PPT hjelper skolen med lesing.",
                "until": OCTOBER_1,
            }),
        ),
        ("GiveConsent", json!({ "giver": MOTHER, "evidence": { "kind": "oral" }, "about_self": false })),
        ("WithdrawConsent", json!({ "giver": MOTHER })),
    ]
}

fn service() -> Value {
    json!({ "host": PARTNER, "code": "ppt" })
}

fn summary() -> Value {
    json!({
        "case": CASE,
        "owner": OWNER,
        "owner_name": "Eksempel kommune",
        "subject_name": "Ane Testesen",
        "level": 1,
        "since": AUGUST_17,
        "task": "stafettholder",
        "inbox": null,
    })
}

fn reader() -> Value {
    json!({
        "service": service(),
        "name": "PPT i Prøve kommune",
        "consent": CONSENT,
        "sent_at": OCTOBER_1,
        "received": true,
    })
}

fn entry() -> Value {
    json!({
        "entry": ENTRY,
        "case": CASE,
        "kind": "note",
        "areas": ["language"],
        "about": ["subject"],
        "generation": "9d83f6a1-04be-4c27-a9d5-3e7c1b60f284",
        "heads": ["4fd2c1a0b7e69385d41c0f2e8a97b65d30e1f4c8a25b7d960c83e1f7a4d5b2c6"],
        "written_by": { "host": OWNER, "code": "school" },
        "fields": { "description": "Leser korte ord på egen hånd." },
        "towards": null,
        "stored_at": AUGUST_17,
        "changed_at": AUGUST_17,
        "readers": [reader()],
    })
}

fn of_cases() -> Vec<(&'static str, Value)> {
    let mut case = summary();
    if let Value::Object(case) = &mut case {
        case.insert("subject_kind".to_owned(), json!("child"));
        case.insert("baton".to_owned(), json!({ "holder": HOLDER, "since": AUGUST_17, "offer": null }));
        case.insert(
            "parties".to_owned(),
            json!([{
                "person": MOTHER,
                "capacity": "guardian-with-parental-responsibility",
                "name": "Inga Eksempel",
                "relation": "mother",
            }]),
        );
        case.insert("entries".to_owned(), json!([entry()]));
        case.insert("proposals".to_owned(), json!([]));
    }
    vec![
        ("OpenedCase", json!({ "case": CASE })),
        ("CaseSummary", summary()),
        ("CaseView", case),
        ("EntryItem", entry()),
        (
            "ProposalItem",
            json!({
                "proposal": "3c51d7e9-8a06-4f2b-b7c4-95e0d1f3a826",
                "kind": "note",
                "areas": ["language"],
                "fields": { "description": "Kartlegging er gjort." },
                "state": "waiting",
            }),
        ),
        ("Published", json!({ "entry": ENTRY, "proposal": null })),
        ("EntryPreview", json!({ "readers": [reader()], "not_readers": [] })),
    ]
}

fn of_consents() -> Vec<(&'static str, Value)> {
    let item = json!({ "entry": ENTRY, "kind": "note", "areas": ["language"], "title": "Leser korte ord" });
    let hidden = json!({
        "entry": "d4f7a2c8-16b3-4e95-8c0d-7b9e5f31a604",
        "kind": "concern",
        "areas": ["attendance"],
        "title": "Fravær i høst",
        "reason": "area",
    });
    let receipt =
        json!({ "erased": 1, "locked": 0, "items": { ENTRY: { "done": "erased" } }, "backup_days": 35 });
    vec![
        (
            "ConsentPreview",
            json!({
                "recipient": service(),
                "becomes_visible": [item],
                "stays_visible": [],
                "stays_hidden": [hidden],
                "card": { "name": "Ane Testesen", "level": "1" },
                "missing": [MOTHER],
            }),
        ),
        (
            "ConsentItem",
            json!({
                "id": CONSENT,
                "recipient": service(),
                "areas": ["language"],
                "kinds": ["goal", "measure", "evaluation"],
                "exceptions": [],
                "card_fields": ["name", "level"],
                "direction": "both",
                "purpose": "PPT hjelper skolen med lesing.",
                "from": AUGUST_17,
                "until": OCTOBER_1,
                "supersedes": null,
                "status": "withdrawn",
                "given_by": { MOTHER: { "at": AUGUST_17, "evidence": { "kind": "oral" }, "about_self": false } },
                "missing": [],
                "withdrawn_at": OCTOBER_1,
                "grants": ["a85e0d4c-7f12-4b39-96c7-e2d1f04b8a53"],
                "orders": [{
                    "order": "1f6b9d37-c04a-4e82-a5f1-80d3c7e2b964",
                    "partner": PARTNER,
                    "partner_name": "Prøve kommune",
                    "entries": 1,
                    "receipt": receipt,
                }],
            }),
        ),
    ]
}

fn of_the_node() -> Vec<(&'static str, Value)> {
    vec![
        (
            "LinkItem",
            json!({
                "partner": PARTNER,
                "name": "Prøve kommune",
                "connected": true,
                "connected_since": AUGUST_17,
                "last_received": OCTOBER_1,
                "waiting": 0,
                "receipts_missing": 0,
                "agreement_until": 1_893_456_000_000_u64,
                "revoked": false,
            }),
        ),
        (
            "DisclosureItem",
            json!({
                "id": "68c2f1e5-a97d-4d03-b416-f5e8027c9a3d",
                "partner": PARTNER,
                "case": CASE,
                "entry": ENTRY,
                "consents": [CONSENT],
                "at": OCTOBER_1,
                "unsent": false,
            }),
        ),
        ("Health", json!({ "ready": true, "sealed": false, "version": "0.1.0", "organisation": OWNER })),
        (
            "ErrorBody",
            json!({
                "error": "invalid",
                "field": "fields.deadline",
                "message": "expected a date of the form YYYY-MM-DD",
            }),
        ),
    ]
}
