//! Taking back: all, a part, one entry; and what others of the family may learn of it.

use serde_json::{Value, json};
use stafett_config::Partners;
use stafett_protocol::time::DAY;

use super::kin::{Home, Kin, own_service, ppt, services};
use super::support::{NOW, PARTNER};

fn two_areas(recipient: Value) -> Value {
    json!({ "recipient": recipient, "areas": ["language", "attendance"] })
}

fn path(consent: &str, word: &str) -> String {
    format!("/consents/{consent}/{word}")
}

#[tokio::test]
async fn area_taken_back_closes_what_names_it_and_leaves_the_rest_with_a_card() {
    let home = Home::start().await;
    let (kept, closed) = (home.note("language").await, home.note("attendance").await);
    let consent = home.share(two_areas(own_service("health-station"))).await;
    assert_eq!(services(&home.entry(&closed).await["readers"]), ["health-station", "school"]);

    let body = json!({ "giver": home.person(Kin::Father), "channel": "written", "areas": ["attendance"] });
    let item = home.holder(200, "post", &path(&consent, "withdrawal"), &body).await;

    assert_eq!((&item["status"], &item["open_areas"]), (&json!("valid"), &json!(["language"])));
    let expected = json!([{
        "giver": home.person(Kin::Father),
        "channel": "written",
        "part": { "of": "areas", "areas": ["attendance"] },
        "at": NOW,
    }]);
    assert_eq!((&item["withdrawals"], &item["clarify"]), (&expected, &json!(true)));
    assert_eq!(services(&home.entry(&kept).await["readers"]), ["health-station", "school"]);
    assert_eq!(services(&home.entry(&closed).await["readers"]), ["school"]);
    let entries = home.holder(200, "get", "/entries", &Value::Null).await;
    let cards = entries.as_array().expect("entries").iter().filter(|entry| entry["kind"] == "case-card");
    let read: Vec<_> = cards
        .filter(|card| services(&card["readers"]).contains(&"health-station"))
        .map(|card| card["areas"].clone())
        .collect();
    assert_eq!(read, [json!(["language"])], "the first card named the area that is closed");

    home.holder(409, "post", &path(&consent, "withdrawal"), &body).await;
    let last = json!({ "giver": home.person(Kin::Father), "areas": ["language"] });
    let item = home.holder(200, "post", &path(&consent, "withdrawal"), &last).await;
    assert_eq!((&item["status"], &item["withdrawn_at"]), (&json!("withdrawn"), &json!(NOW)));
}

#[tokio::test]
async fn withdrawal_that_does_not_fit_is_refused_with_its_field() {
    let home = Home::start().await;
    let consent = home.share(json!({})).await;
    let father = home.person(Kin::Father);
    let cases = [
        (json!({ "giver": father, "areas": [] }), "areas"),
        (json!({ "giver": father, "areas": ["attendance"] }), "areas"),
        (json!({ "giver": father, "areas": ["language"], "about_self": true }), "about_self"),
        (json!({ "giver": father, "channel": "digital" }), "channel"),
        (json!({ "giver": home.person(Kin::Other) }), "giver"),
        (json!({ "giver": home.person(Kin::Child) }), "giver"),
    ];
    for (body, field) in cases {
        assert_eq!(home.refused(&path(&consent, "withdrawal"), &body).await, field, "{body}");
    }
    let oral = json!({ "giver": father, "channel": "oral" });
    let answer = home.kin(Kin::Father, "post", &path(&consent, "withdrawal"), &oral).await;
    assert_eq!(answer.json()["field"], "channel");
    let nothing = json!({ "giver": father, "about_self": true });
    home.holder(409, "post", &path(&consent, "withdrawal"), &nothing).await;
    assert_eq!(home.refused("/withdrawals", &json!({ "giver": father, "of": { "areas": [] } })).await, "of");
    assert_eq!(home.item(&consent).await["status"], "valid");
}

#[tokio::test]
async fn several_consents_are_taken_back_in_one_step() {
    let home = Home::start().await;
    let first = home.share(json!({})).await;
    let second = home.share(two_areas(own_service("health-station"))).await;
    let third = home.share(two_areas(own_service("school"))).await;
    let (mother, father) = (home.person(Kin::Mother), home.person(Kin::Father));
    let statuses = async || {
        let mut words = Vec::new();
        for consent in [&first, &second, &third] {
            let item = home.item(consent).await;
            words.push((item["status"].clone(), item["open_areas"].as_array().expect("areas").len()));
        }
        words
    };

    let of = json!({ "areas": ["attendance"] });
    home.holder(200, "post", "/withdrawals", &json!({ "giver": father, "of": of })).await;
    assert_eq!(statuses().await, [(json!("valid"), 1), (json!("valid"), 1), (json!("valid"), 1)]);

    let of = json!({ "service": own_service("school") });
    home.holder(200, "post", "/withdrawals", &json!({ "giver": father, "of": of.clone() })).await;
    assert_eq!(statuses().await, [(json!("valid"), 1), (json!("valid"), 1), (json!("withdrawn"), 1)]);
    home.holder(409, "post", "/withdrawals", &json!({ "giver": father, "of": of })).await;

    home.at(5);
    let all = home.holder(200, "post", "/withdrawals", &json!({ "giver": mother, "of": "all" })).await;
    let since =
        |item: &Value| item["withdrawals"].as_array().expect("a list").last().expect("a word").clone();
    let whole = json!({ "giver": mother, "channel": "oral", "part": { "of": "whole" }, "at": NOW + 5 });
    assert!(all.as_array().expect("a list").iter().all(|item| since(item) == whole));
    assert_eq!(home.item(&third).await["withdrawn_at"], NOW, "the first moment stands");
    home.holder(409, "post", "/withdrawals", &json!({ "giver": mother, "of": "all" })).await;
}

#[tokio::test]
async fn giver_who_is_needed_no_longer_takes_back_what_is_about_the_giver_alone() {
    let home = Home::with_birth_date("2011-01-20").await;
    let consent = home.ask(json!({})).await;
    for (kin, about_self) in [(Kin::Mother, true), (Kin::Father, false)] {
        let evidence = json!({ "kind": "oral" });
        let yes = json!({ "giver": home.person(kin), "evidence": evidence, "about_self": about_self });
        home.holder(200, "post", &path(&consent, "yes"), &yes).await;
    }
    home.at(6 * DAY);

    let item = home.withdraw(&consent, Kin::Mother).await;

    assert_eq!((&item["status"], &item["withdrawn_at"]), (&json!("must-be-renewed"), &Value::Null));
    assert_eq!(item["withdrawals"][0]["part"], json!({ "of": "about-self" }));
    let fathers = json!({ "giver": home.person(Kin::Father) });
    home.holder(409, "post", &path(&consent, "withdrawal"), &fathers).await;
    let item = home.withdraw(&consent, Kin::Child).await;
    assert_eq!(item["status"], "withdrawn", "the youth's word stops all of it");
}

#[tokio::test]
async fn withdrawal_of_what_never_left_waits_for_no_receipt() {
    let home = Home::start().await;
    let consent = home.share(json!({})).await;

    let item = home.withdraw(&consent, Kin::Mother).await;

    assert_eq!((&item["status"], &item["orders"]), (&json!("withdrawn"), &json!([])));
    let waiting = home.node.engine.store().orders_waiting(PARTNER.parse().expect("a number")).await;
    assert_eq!(waiting.expect("reads"), []);
}

#[tokio::test]
async fn stop_holds_while_a_receipt_is_overdue() {
    let home = Home::start().await;
    let first = home.share(json!({})).await;
    let second = home.share(json!({})).await;
    home.node.hand_grants(&home.case).await;
    home.withdraw(&first, Kin::Mother).await;
    let order = home.item(&first).await["orders"][0].clone();
    assert!(order["receipt"].is_null() && order["waits_since"].is_u64(), "{order}");

    home.at(4 * DAY);
    let partners = Partners::load(home.node.engine.config(), None).expect("partners");
    home.node.engine.partners_changed(&partners).await.expect("taken over");

    assert_eq!(home.item(&first).await["orders"][0]["late"], true);
    let item = home.withdraw(&second, Kin::Father).await;
    assert_eq!((&item["status"], item["orders"].as_array().map(Vec::len)), (&json!("withdrawn"), Some(1)));
}

#[tokio::test]
async fn entry_closed_later_is_closed_for_that_service_and_leaves_the_rest() {
    let home = Home::start().await;
    let (kept, closed, outside) =
        (home.note("language").await, home.note("language").await, home.note("attendance").await);
    let consent = home.share(json!({})).await;
    let body = |entry: &str| json!({ "giver": home.person(Kin::Mother), "entry": entry });

    let own = home.kin_ok(Kin::Mother, "post", &path(&consent, "exceptions"), &body(&closed)).await;

    assert_eq!(own["excepted"], json!([closed]));
    let item = home.item(&consent).await;
    assert_eq!(item["excepted"], json!({ closed.clone(): [home.person(Kin::Mother)] }));
    assert_eq!((&item["status"], item["grants"].as_array().map(Vec::len)), (&json!("valid"), Some(2)));
    assert_eq!(services(&home.entry(&closed).await["readers"]), ["school"]);
    assert_eq!(services(&home.entry(&kept).await["readers"]), ["ppt", "school"]);
    assert_eq!(home.own(Kin::Father, &consent).await["excepted"], json!([]));
    home.holder(409, "post", &path(&consent, "exceptions"), &body(&closed)).await;
    assert_eq!(home.refused(&path(&consent, "exceptions"), &body(&outside)).await, "entry");
    let foreign = Home::start().await.note("language").await;
    assert_eq!(home.refused(&path(&consent, "exceptions"), &body(&foreign)).await, "entry");
    let others = json!({ "giver": home.person(Kin::Other), "entry": kept });
    assert_eq!(home.refused(&path(&consent, "exceptions"), &others).await, "giver");
}

#[tokio::test]
async fn own_account_withdraws_digitally_and_is_told_of_its_own_word_alone() {
    let home = Home::start().await;
    let consent = home.share(two_areas(own_service("health-station"))).await;

    let body = json!({ "giver": home.person(Kin::Mother), "areas": ["attendance"] });
    let own = home.kin_ok(Kin::Mother, "post", &path(&consent, "withdrawal"), &body).await;
    assert_eq!((&own["status"], &own["withdrawals"][0]["channel"]), (&json!("in-force"), &json!("digital")));

    let fathers = home.own(Kin::Father, &consent).await;
    assert_eq!((&fathers["status"], &fathers["withdrawals"]), (&json!("in-force"), &json!([])));
    assert_eq!(fathers["areas"], json!(["attendance", "language"]));
    let body = json!({ "giver": home.person(Kin::Father), "of": "all" });
    let own = home.kin_ok(Kin::Father, "post", "/withdrawals", &body).await;
    assert_eq!(own[0]["status"], "withdrawn");
    assert_eq!(home.own(Kin::Mother, &consent).await["status"], "not-in-force");
}

/// What a giver sees of a consent, byte for byte, apart from its id.
async fn seen(home: &Home, kin: Kin, consent: &str) -> Vec<u8> {
    let answer = home.kin(kin, "get", "/consents", &Value::Null).await;
    assert_eq!(answer.status.as_u16(), 200);
    let items: Vec<serde_json::Value> = serde_json::from_slice(&answer.body).expect("a list");
    let item = items.into_iter().find(|item| item["id"] == consent).expect("the own consent");
    item.to_string().replace(consent, "id").into_bytes()
}

#[tokio::test]
async fn giver_cannot_tell_another_givers_withdrawal_from_any_other_end() {
    let home = Home::start().await;
    let until = json!({ "until": NOW + 10 * DAY });
    let withdrawn = home.share(until.clone()).await;
    let narrowed = home.share(until.clone()).await;
    let other = home.share(until).await;
    home.withdraw(&withdrawn, Kin::Father).await;
    let areas = json!({ "giver": home.person(Kin::Father), "areas": ["language"] });
    home.holder(200, "post", &path(&narrowed, "withdrawal"), &areas).await;
    let by_father = seen(&home, Kin::Mother, &withdrawn).await;
    assert_eq!(by_father, seen(&home, Kin::Mother, &narrowed).await);
    assert_ne!(by_father, seen(&home, Kin::Mother, &other).await, "one that is in force reads otherwise");

    let file = home.node.engine.config().federation.partners.join("steinkjer.toml");
    let text = std::fs::read_to_string(&file).expect("the partner's file");
    let set_revoked = async |text: &str| {
        std::fs::write(&file, text).expect("written");
        let partners = Partners::load(home.node.engine.config(), None).expect("partners");
        home.node.engine.partners_changed(&partners).await.expect("taken over");
    };
    set_revoked(&format!("revoked = true\n{text}")).await;
    assert_eq!(by_father, seen(&home, Kin::Mother, &other).await, "the partner is revoked");
    set_revoked(&text).await;
    home.protect("confidential").await;
    assert_eq!(by_father, seen(&home, Kin::Mother, &other).await, "the address is protected");
    home.protect("none").await;
    assert_ne!(by_father, seen(&home, Kin::Mother, &other).await);

    home.at(10 * DAY);
    for consent in [&withdrawn, &narrowed, &other] {
        assert_eq!(by_father, seen(&home, Kin::Mother, consent).await, "it ran out");
    }
}

#[tokio::test]
async fn givers_word_is_answered_alike_whatever_another_giver_did_before() {
    let answers = async |father_withdraws: bool| {
        let home = Home::start().await;
        let entry = home.note("language").await;
        let consent = home.share(two_areas(ppt())).await;
        if father_withdraws {
            let areas = json!({ "giver": home.person(Kin::Father), "areas": ["attendance"] });
            home.holder(200, "post", &path(&consent, "withdrawal"), &areas).await;
            home.withdraw(&consent, Kin::Father).await;
        }
        let mother = home.person(Kin::Mother);
        let mut answers = Vec::new();
        for (path, body) in [
            (path(&consent, "yes"), json!({ "giver": mother })),
            (path(&consent, "no"), json!({ "giver": mother })),
            (path(&consent, "exceptions"), json!({ "giver": mother, "entry": entry })),
            (path(&consent, "exceptions"), json!({ "giver": mother, "entry": entry })),
            (path(&consent, "withdrawal"), json!({ "giver": mother, "areas": ["attendance"] })),
            (path(&consent, "withdrawal"), json!({ "giver": mother, "areas": ["attendance"] })),
            (path(&consent, "withdrawal"), json!({ "giver": mother })),
            (path(&consent, "withdrawal"), json!({ "giver": mother })),
            ("/withdrawals".to_owned(), json!({ "giver": mother, "of": "all" })),
        ] {
            let answer = home.kin(Kin::Mother, "post", &path, &body).await;
            let text = String::from_utf8(answer.body).expect("text");
            let text = text.replace(&consent, "consent").replace(&entry, "entry").replace(mother, "mother");
            // Whether it is in force is told; by whom it is not, never.
            answers.push((answer.status.as_u16(), text.replace("\"not-in-force\"", "\"in-force\"")));
        }
        answers
    };

    let (alone, second) = (answers(false).await, answers(true).await);

    assert_eq!(alone, second);
    let statuses: Vec<u16> = alone.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [409, 409, 200, 409, 200, 409, 200, 409, 409]);
}

#[tokio::test]
async fn guardian_outside_a_strictly_protected_address_has_no_consents_there_at_all() {
    let home = Home::start().await;
    let consent = home.share(json!({})).await;

    home.protect("strictly-confidential").await;

    let father = json!({ "giver": home.person(Kin::Father) });
    let missing = home.kin(Kin::Father, "get", "/consents", &Value::Null).await;
    assert_eq!(missing.status.as_u16(), 404);
    for (method, path, body) in [
        ("post", path(&consent, "withdrawal"), father.clone()),
        ("post", path(&consent, "yes"), father.clone()),
        ("post", "/withdrawals".to_owned(), json!({ "giver": home.person(Kin::Father), "of": "all" })),
    ] {
        assert_eq!(home.kin(Kin::Father, method, &path, &body).await, missing, "{path}");
    }
}
