//! An example of every body. All persons and numbers are invented.

mod consent;
mod emergency;
mod moving;
mod operations;
mod transition;

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
    [
        requests(),
        of_cases(),
        of_the_family(),
        of_the_baton(),
        consent::all(),
        emergency::all(case()),
        transition::all(),
        moving::all(),
        operations::all(),
        of_the_node(),
    ]
    .concat()
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
        ("ProtectAddress", json!({ "protection": "strictly-confidential", "safe_for": [MOTHER] })),
        ("ApproveSharing", json!({ "consent": CONSENT })),
        (
            "RegisterFamily",
            json!({
                "parties": [{ "person": MOTHER, "capacity": "guardian-with-parental-responsibility" }],
                "persons": [
                    { "name": "Jon Testesen", "relation": "father", "parental_responsibility": false },
                ],
                "birth_date": "2015-03-14",
                "document": "2026/117-3",
            }),
        ),
        ("LimitGuardian", json!({ "closed": ["language"], "channel": "oral" })),
        ("Assign", json!({ "account": HOLDER })),
        ("CannotTake", json!({ "reason": "PPT har ingen ledig før nyttår." })),
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
        "since": OCTOBER_1,
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
        "author": null,
        "origin": null,
        "fields": { "description": "Leser korte ord på egen hånd." },
        "undelivered": null,
        "towards": null,
        "stored_at": AUGUST_17,
        "changed_at": AUGUST_17,
        "readers": [reader()],
        "waiting": [consent::waiting()],
    })
}

fn case() -> Value {
    let mut case = summary();
    if let Value::Object(case) = &mut case {
        case.insert("subject_kind".to_owned(), json!("child"));
        case.insert(
            "baton".to_owned(),
            json!({ "holder": HOLDER, "since": AUGUST_17, "offer": null, "is_acting": false }),
        );
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
        case.insert("unreadable".to_owned(), json!(0));
        case.insert("proposals".to_owned(), json!([]));
        case.insert("tasks".to_owned(), json!([task()]));
        case.insert("carried".to_owned(), Value::Null);
    }
    case
}

fn of_cases() -> Vec<(&'static str, Value)> {
    vec![
        ("OpenedCase", json!({ "case": CASE })),
        ("CaseSummary", summary()),
        ("CaseView", case()),
        ("EntryItem", entry()),
        (
            "ProposalItem",
            json!({
                "proposal": "3c51d7e9-8a06-4f2b-b7c4-95e0d1f3a826",
                "kind": "note",
                "areas": ["language"],
                "fields": { "description": "Kartlegging er gjort." },
                "state": "waiting",
                "until": null,
            }),
        ),
        ("Published", json!({ "entry": ENTRY, "proposal": null })),
        ("EntryPreview", json!({ "readers": [reader()], "not_readers": [], "waiting": [] })),
    ]
}

fn task() -> Value {
    json!({
        "case": CASE,
        "kind": "consent-expiring",
        "due": OCTOBER_1,
        "age": null,
        "consent": CONSENT,
        "person": null,
        "registration": null,
        "order": null,
        "service": service(),
        "offer": null,
    })
}

fn of_the_family() -> Vec<(&'static str, Value)> {
    let registration = "b7d2f4a1-3c68-4e05-9f1a-6d80c5e3a972";
    let mother = json!({
        "person": MOTHER,
        "capacity": "guardian-with-parental-responsibility",
        "name": "Inga Eksempel",
        "relation": "mother",
    });
    let waiting = json!({
        "registration": registration,
        "parties": [mother],
        "birth_date": null,
        "document": "2026/117-3",
        "by": HOLDER,
        "at": AUGUST_17,
        "is_overtaken": false,
    });
    vec![
        (
            "FamilyView",
            json!({ "parties": [mother], "closed_to": {}, "is_youth": false, "registrations": [waiting] }),
        ),
        ("Registered", json!({ "registration": registration })),
        (
            "ProtectionView",
            json!({
                "protection": "confidential",
                "safe_for": [],
                "approved": [CONSENT],
                "decided_at": AUGUST_17,
                "runs_until": AUGUST_17 + 365 * 86_400_000_u64,
            }),
        ),
        ("TaskItem", task()),
    ]
}

fn of_the_baton() -> Vec<(&'static str, Value)> {
    let offer = "41a6f0d8-b27c-4e93-85d1-c90e7f3b2a64";
    let colleague = "a3d90b57-6e1c-4f28-9b74-05c2e8d61f3a";
    let holder = json!({ "account": HOLDER, "name": "Marte Eksempel", "service": "school" });
    let other = json!({ "account": colleague, "name": "Ola Eksempel", "service": "school" });
    let waiting = json!({
        "offer": offer,
        "to": other,
        "lapses_at": OCTOBER_1,
        "note": "Neste møte er 3. september.",
    });
    vec![
        ("OfferBaton", json!({ "to": colleague, "note": "Neste møte er 3. september." })),
        ("ReassignBaton", json!({ "to": colleague })),
        ("OfferBatonThere", json!({ "service": service() })),
        ("AskToHold", json!({ "account": colleague })),
        (
            "BatonHere",
            json!({
                "offer": offer,
                "case": CASE,
                "owner": PARTNER,
                "owner_name": "Steinkjer kommune",
                "service": "school",
                "step": "held",
                "lapses_at": null,
                "confirmed_at": AUGUST_17,
                "who": other,
                "is_yours": true,
                "may_ask": [],
            }),
        ),
        ("OfferedBaton", json!({ "offer": offer })),
        ("BatonOfferItem", json!({ "case": CASE, "offer": offer, "from": holder, "lapses_at": OCTOBER_1 })),
        ("ColleagueItem", other.clone()),
        ("OfferItem", waiting.clone()),
        (
            "BatonView",
            json!({
                "case": CASE,
                "part": "holder",
                "subject_name": "Ane Testesen",
                "holder": holder,
                "since": AUGUST_17,
                "is_acting": false,
                "offer": waiting,
                "received_note": null,
                "may_get": [other],
                "services": [service()],
                "keeps": false,
            }),
        ),
    ]
}

fn of_the_node() -> Vec<(&'static str, Value)> {
    vec![
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
        (
            "Health",
            json!({
                "ready": false,
                "sealed": true,
                "sealed_because": ["behind-journal"],
                "next_step": "stafett seal replay",
                "version": "0.1.0",
                "organisation": OWNER,
                "duty_to_report": {
                    "nb": "Meldeplikt og avvergingsplikt\n…",
                    "nn": "Meldeplikt og avverjingsplikt\n…",
                },
            }),
        ),
        ("NoticeItem", notice()),
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

fn notice() -> serde_json::Value {
    json!({
        "kind": "withdrawal",
        "person": MOTHER,
        "name": "Inga Testesen",
        "consent": CONSENT,
        "partner": PARTNER,
        "cause": null,
        "confirmed": false,
        "nb": {
            "title": "Du har trukket tilbake et samtykke",
            "paragraphs": ["Steinkjer kommune er bedt om å slette det de har fått. Steinkjer kommune har ikke bekreftet ennå."],
        },
        "nn": {
            "title": "Du har trekt tilbake eit samtykke",
            "paragraphs": ["Steinkjer kommune er beden om å slette det dei har fått. Steinkjer kommune har ikkje stadfesta enno."],
        },
    })
}
