//! What may be asked of a family, and what a question says.

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::kin::{Home, Kin, own_service, ppt, question};
use super::schema::differences;
use super::support::{NOW, PARTNER, Who};

#[tokio::test]
async fn question_keeps_what_the_family_was_told_and_what_the_settings_say() {
    let home = Home::start().await;
    let entry = home.note("language").await;
    let told = json!({
        "kinds": ["note", "goal"],
        "exceptions": [entry],
        "reservations": "Ikke det som gjelder flyttingen.",
        "purpose_code": "assessment",
        "language": "sme",
        "text_sha256": "A".repeat(64),
        "child_heard": { "heard": "yes", "how": "drawing", "at": NOW - DAY, "by": Who::Colleague.account() },
        "until": NOW + 100 * DAY,
        "review_at": NOW + 50 * DAY,
    });

    let asked = home.holder(201, "post", "/consents", &question(told.clone())).await;

    assert_eq!(differences("ConsentView", &asked), Vec::<String>::new());
    for name in
        ["exceptions", "reservations", "purpose_code", "language", "child_heard", "until", "review_at"]
    {
        assert_eq!(asked[name], told[name], "{name}");
    }
    assert_eq!(asked["text_sha256"], "a".repeat(64));
    assert_eq!(
        (&asked["version"], &asked["kind"], &asked["status"]),
        (&json!(1), &json!("share"), &json!("draft"))
    );
    assert_eq!(asked["legal_character"], "fvl-waiver");
    assert_eq!(asked["controller"], json!({ "organisation": PARTNER, "sector": "public" }));
    let again = json!({ "supersedes": asked["id"], "text_sha256": null });
    let newer = home.holder(201, "post", "/consents", &question(again)).await;
    assert_eq!(newer["version"], 2);
    let own = home.own(Kin::Mother, newer["id"].as_str().expect("an id")).await;
    assert_eq!(differences("OwnConsent", &own), Vec::<String>::new());
    assert_eq!(own["status"], "asked");
}

#[tokio::test]
async fn private_kindergarten_answers_for_itself_here_and_at_a_partner() {
    let home = Home::start().await;
    let private = json!({ "organisation": "310000019", "sector": "private" });
    for recipient in [own_service("kindergarten"), json!({ "host": PARTNER, "code": "nursery" })] {
        let consent = home.share(json!({ "recipient": recipient })).await;

        let item = home.item(&consent).await;

        assert_eq!(
            (&item["controller"], &item["status"], &item["opens"]),
            (&private, &json!("valid"), &json!(true))
        );
    }
    let school = home.ask(json!({ "recipient": own_service("school") })).await;
    let public = json!({ "organisation": "997391853", "sector": "public" });
    assert_eq!(home.item(&school).await["controller"], public);
}

#[tokio::test]
async fn question_that_makes_no_sense_is_refused_with_its_field() {
    let home = Home::start().await;
    let foreign = Home::start().await;
    let entry_elsewhere = foreign.note("language").await;
    let replaced = home.ask(json!({})).await;
    let heard = |at: u64, by: Value| json!({ "heard": "yes", "how": "form", "at": at, "by": by });
    let stranger = "e91d6c3b-2f80-4a57-9b14-c8d05e7f1a62";
    let cases = [
        (json!({ "areas": [] }), "areas"),
        (json!({ "areas": ["unknown"] }), "areas"),
        (json!({ "kinds": ["case-card"] }), "kinds"),
        (json!({ "exceptions": [entry_elsewhere] }), "exceptions"),
        (json!({ "recipient": { "host": PARTNER, "code": "clinic" } }), "recipient"),
        (json!({ "recipient": own_service("unknown") }), "recipient"),
        (json!({ "purpose": " " }), "purpose"),
        (json!({ "purpose_code": "another" }), "purpose_code"),
        (json!({ "reservations": "" }), "reservations"),
        (json!({ "reservations": "x\u{7}" }), "reservations"),
        (json!({ "purpose": "x\u{1b}[2J" }), "purpose"),
        (json!({ "reservations": "å".repeat(1_001) }), "reservations"),
        (json!({ "text_sha256": "a".repeat(63) }), "text_sha256"),
        (json!({ "text_sha256": "g".repeat(64) }), "text_sha256"),
        (json!({ "child_heard": heard(NOW + 1, json!(Who::Colleague.account())) }), "child_heard"),
        (json!({ "child_heard": heard(NOW, json!(stranger)) }), "child_heard"),
        (json!({ "child_heard": heard(NOW, json!(Who::Guardian.account())) }), "child_heard"),
        (json!({ "until": NOW }), "until"),
        (json!({ "review_at": NOW }), "review_at"),
        (json!({ "until": NOW + DAY, "review_at": NOW + DAY }), "review_at"),
        (json!({ "supersedes": stranger }), "supersedes"),
        (json!({ "supersedes": replaced, "recipient": own_service("school") }), "supersedes"),
        (json!({ "supersedes": replaced, "kind": "close", "areas": [] }), "supersedes"),
        (json!({ "kind": "open-log" }), "kind"),
        (json!({ "kind": "close", "areas": [], "card_fields": ["name"] }), "kind"),
    ];
    for (more, field) in cases {
        assert_eq!(home.refused("/consents", &question(more.clone())).await, field, "{more}");
        assert_eq!(home.refused("/consents/preview", &question(more)).await, field);
    }
}

#[tokio::test]
async fn who_answers_in_law_is_never_taken_from_the_question() {
    let home = Home::start().await;

    let fields = [
        ("legal_character", json!("gdpr")),
        ("controller", json!({ "organisation": PARTNER, "sector": "public" })),
        ("version", json!(7)),
    ];
    for (name, value) in fields {
        let mut body = question(json!({}));
        body[name] = value;
        assert_eq!(home.refused("/consents", &body).await, name);
    }
}

#[tokio::test]
async fn consent_to_open_the_log_opens_nothing_to_the_service_that_asks() {
    let home = Home::start().await;
    let entry = home.note("language").await;

    let more = json!({ "kind": "open-log", "recipient": own_service("health-station"), "areas": [] });
    let consent = home.share(more).await;

    let item = home.item(&consent).await;
    assert_eq!(
        (&item["status"], &item["opens"], &item["grants"]),
        (&json!("valid"), &json!(false), &json!([]))
    );
    assert_eq!(services_of(&home, &entry).await, ["school"]);
    assert_eq!(home.own(Kin::Mother, &consent).await["status"], "in-force");
}

async fn services_of(home: &Home, entry: &str) -> Vec<String> {
    let shown = home.entry(entry).await;
    super::kin::services(&shown["readers"]).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn protected_address_takes_no_private_recipient_and_no_field_that_says_where() {
    for grade in ["confidential", "strictly-confidential"] {
        let home = Home::start().await;
        home.protect(grade).await;
        for private in [own_service("kindergarten"), json!({ "host": PARTNER, "code": "nursery" })] {
            let answer = home
                .node
                .ask(
                    Who::Holder,
                    "post",
                    &format!("{}/consents", home.case),
                    &question(json!({ "recipient": private })),
                )
                .await;

            assert_eq!(answer.json()["field"], "recipient");
            let words = String::from_utf8_lossy(&answer.body).to_lowercase();
            assert!(
                !["address", "protect", "confidential", "private"].iter().any(|word| words.contains(word))
            );
        }
        for field in ["unit", "school", "address", "guardians"] {
            let more = json!({ "card_fields": ["name", field] });
            assert_eq!(home.refused("/consents", &question(more)).await, "card_fields", "{field}");
        }

        let usual = home.ask(json!({})).await;
        let fields = home.item(&usual).await["card_fields"].clone();
        let fields: Vec<_> = fields.as_array().expect("fields").iter().filter_map(Value::as_str).collect();
        assert!(fields.contains(&"name") && !fields.contains(&"unit") && !fields.contains(&"guardians"));
    }
    let home = Home::start().await;
    home.ask(json!({ "recipient": ppt(), "card_fields": ["name", "school"] })).await;
}

#[tokio::test]
async fn new_version_starts_with_what_was_closed_and_its_preview_says_what_it_opens_again() {
    let home = Home::start().await;
    let closed = home.note("language").await;
    let consent = home.share(json!({})).await;
    let word = json!({ "giver": home.person(Kin::Mother), "entry": closed });
    home.kin_ok(Kin::Mother, "post", &format!("/consents/{consent}/exceptions"), &word).await;

    let silent = question(json!({ "supersedes": consent }));
    let newer = home.holder(201, "post", "/consents", &silent).await;
    assert_eq!(newer["exceptions"], json!([closed]));
    let preview = home.holder(200, "post", "/consents/preview", &silent).await;
    assert_eq!((&preview["becomes_visible"], &preview["drops_exceptions"]), (&json!([]), &json!([])));

    let dropping = question(json!({ "supersedes": consent, "exceptions": [] }));
    let preview = home.holder(200, "post", "/consents/preview", &dropping).await;
    assert_eq!(differences("ConsentPreview", &preview), Vec::<String>::new());
    assert_eq!(preview["drops_exceptions"][0]["entry"], json!(closed));
    let newest = home.holder(201, "post", "/consents", &dropping).await;
    let asked = format!("/consents/{}/preview", newest["id"].as_str().expect("an id"));
    let preview = home.holder(200, "get", &asked, &Value::Null).await;
    assert_eq!(preview["drops_exceptions"][0]["entry"], json!(closed));
}
