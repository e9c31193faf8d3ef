//! A giver's yes and no, through the stafettholder and from the giver's own account.

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::kin::{Home, Kin};
use super::support::{NOW, Who};

fn path(consent: &str, word: &str) -> String {
    format!("/consents/{consent}/{word}")
}

#[tokio::test]
async fn yes_keeps_how_it_was_said_and_who_was_there() {
    let home = Home::start().await;
    let consent = home.ask(json!({})).await;
    let mother = home.person(Kin::Mother);

    let yes = json!({
        "giver": mother,
        "evidence": { "kind": "paper", "scan_sha256": "B".repeat(64) },
        "language": "ar",
        "interpreter": "remote",
        "witness": Who::Colleague.account(),
        "about_self": true,
    });
    let given = home.holder(200, "post", &path(&consent, "yes"), &yes).await;

    let expected = json!({
        "at": NOW,
        "evidence": { "kind": "paper", "scan_sha256": "b".repeat(64) },
        "for_subject": true,
        "about_self": true,
        "language": "ar",
        "interpreter": "remote",
        "witness": Who::Colleague.account(),
    });
    assert_eq!(given["given_by"][mother], expected);
    assert_eq!(
        (&given["status"], &given["missing"]),
        (&json!("partly-given"), &json!([home.person(Kin::Father)]))
    );
}

#[tokio::test]
async fn yes_that_does_not_fit_is_refused_with_its_field() {
    let home = Home::start().await;
    let consent = home.ask(json!({})).await;
    let (mother, oral) = (home.person(Kin::Mother), json!({ "kind": "oral" }));
    let stranger = "e91d6c3b-2f80-4a57-9b14-c8d05e7f1a62";
    let cases = [
        (json!({ "giver": mother }), "evidence"),
        (
            json!({ "giver": mother, "evidence": { "kind": "paper", "scan_sha256": "abc" } }),
            "evidence.scan_sha256",
        ),
        (
            json!({ "giver": mother, "evidence": { "kind": "electronic-id", "assurance": "" } }),
            "evidence.assurance",
        ),
        (json!({ "giver": mother, "evidence": oral, "witness": Who::Holder.account() }), "witness"),
        (json!({ "giver": mother, "evidence": oral, "witness": Who::Guardian.account() }), "witness"),
        (json!({ "giver": mother, "evidence": oral, "witness": stranger }), "witness"),
        (json!({ "giver": stranger, "evidence": oral, "about_self": true }), "giver"),
        (json!({ "giver": home.person(Kin::Other), "evidence": oral }), "giver"),
        (json!({ "giver": home.person(Kin::Child), "evidence": oral }), "giver"),
        (json!({ "giver": home.person(Kin::Child), "evidence": oral, "about_self": true }), "giver"),
    ];
    for (yes, field) in cases {
        assert_eq!(home.refused(&path(&consent, "yes"), &yes).await, field, "{yes}");
    }
    assert_eq!(home.item(&consent).await["given_by"], json!({}));
    let no = json!({ "giver": home.person(Kin::Other) });
    assert_eq!(home.refused(&path(&consent, "no"), &no).await, "giver");
}

#[tokio::test]
async fn parent_whose_yes_is_not_needed_opens_what_is_about_that_parent_and_nothing_more() {
    let home = Home::start().await;
    let consent = home.ask(json!({})).await;
    let other = home.person(Kin::Other).to_owned();
    let note = json!({
        "kind": "note",
        "areas": ["language"],
        "about": [{ "guardian": other }],
        "fields": { "description": "x" },
    });
    let entry = home.holder(201, "post", "/entries", &note).await;
    let entry = entry["entry"].as_str().expect("an id").to_owned();
    let yes = json!({ "giver": other, "evidence": { "kind": "oral" }, "about_self": true });

    let given = home.holder(200, "post", &path(&consent, "yes"), &yes).await;
    assert_eq!(
        (&given["status"], &given["given_by"][&other]["for_subject"]),
        (&json!("draft"), &json!(false))
    );
    home.say_yes(&consent, Kin::Mother).await;
    let given = home.say_yes(&consent, Kin::Father).await;

    assert_eq!(given["status"], "valid");
    assert_eq!(super::kin::services(&home.entry(&entry).await["readers"]), ["ppt", "school"]);
    home.withdraw(&consent, Kin::Other).await;
    let item = home.item(&consent).await;
    assert_eq!(
        (&item["status"], &item["withdrawals"][0]["part"]),
        (&json!("valid"), &json!({ "of": "about-self" }))
    );
    assert_eq!(super::kin::services(&home.entry(&entry).await["readers"]), ["school"]);
}

#[tokio::test]
async fn no_stands_until_that_giver_says_yes_and_a_yes_is_taken_back_instead() {
    let home = Home::start().await;
    let consent = home.ask(json!({})).await;
    home.say_yes(&consent, Kin::Mother).await;
    let father = json!({ "giver": home.person(Kin::Father) });

    let refused = home.holder(200, "post", &path(&consent, "no"), &father).await;

    assert_eq!(
        (&refused["status"], &refused["refused_by"]),
        (&json!("refused"), &json!([home.person(Kin::Father)]))
    );
    assert_eq!(home.own(Kin::Father, &consent).await["status"], "refused");
    assert_eq!(home.own(Kin::Mother, &consent).await["status"], "not-in-force");
    assert_eq!(home.say_yes(&consent, Kin::Father).await["status"], "valid");
    home.holder(409, "post", &path(&consent, "no"), &father).await;
}

#[tokio::test]
async fn own_account_says_its_own_word_and_no_other() {
    let home = Home::start().await;
    let consent = home.ask(json!({})).await;
    let said = |kin: Kin, more: Value| {
        let mut yes = json!({ "giver": home.person(kin) });
        for (name, value) in more.as_object().expect("an object") {
            yes[name] = value.clone();
        }
        yes
    };
    let yes = path(&consent, "yes");

    let oral = said(Kin::Mother, json!({ "evidence": { "kind": "oral" } }));
    assert_eq!(home.kin(Kin::Mother, "post", &yes, &oral).await.json()["field"], "evidence");
    let witness = said(Kin::Mother, json!({ "witness": Who::Colleague.account() }));
    assert_eq!(home.kin(Kin::Mother, "post", &yes, &witness).await.json()["field"], "witness");
    for word in ["yes", "no", "withdrawal"] {
        let fathers =
            home.kin(Kin::Mother, "post", &path(&consent, word), &said(Kin::Father, json!({}))).await;
        assert_eq!(fathers.status.as_u16(), 403, "{word}");
    }
    let review = home.kin(Kin::Mother, "post", &path(&consent, "review"), &Value::Null).await;
    assert_eq!(review.status.as_u16(), 403);

    let own = home.kin_ok(Kin::Mother, "post", &yes, &said(Kin::Mother, json!({}))).await;
    assert_eq!(own["yes"]["evidence"], json!({ "kind": "electronic-id", "assurance": "node-token" }));
    let high = json!({ "evidence": { "kind": "electronic-id", "assurance": "idporten-loa-high" } });
    let own = home.kin_ok(Kin::Father, "post", &yes, &said(Kin::Father, high.clone())).await;
    assert_eq!((&own["yes"]["evidence"], &own["status"]), (&high["evidence"], &json!("in-force")));
    assert_eq!(home.item(&consent).await["status"], "valid");
}

#[tokio::test]
async fn own_digital_word_under_the_age_of_the_rule_is_refused_and_counts_from_the_birthday() {
    // Sixteen on 20 January 2027, five days after the start.
    let home = Home::with_birth_date("2011-01-20").await;
    let consent = home.ask(json!({})).await;
    let childs = json!({ "giver": home.person(Kin::Child) });
    for about_self in [false, true] {
        let mut yes = childs.clone();
        yes["about_self"] = json!(about_self);
        let answer = home.kin(Kin::Child, "post", &path(&consent, "yes"), &yes).await;
        assert_eq!(answer.status.as_u16(), 404);
    }
    assert_eq!(home.kin_ok(Kin::Child, "get", "/consents", &Value::Null).await, json!([]));

    home.at(6 * DAY);

    assert_eq!(home.own(Kin::Child, &consent).await["status"], "asked");
    let given = home.kin_ok(Kin::Child, "post", &path(&consent, "yes"), &childs).await;
    assert_eq!(given["status"], "in-force");
    let mothers = json!({ "giver": home.person(Kin::Mother) });
    let answer = home.kin(Kin::Mother, "post", &path(&consent, "yes"), &mothers).await;
    assert_eq!(answer.status.as_u16(), 404, "it is the youth's own question by now");
}

#[tokio::test]
async fn birthday_pauses_what_guardians_opened_until_the_youth_says_yes_to_a_new_version() {
    let home = Home::with_birth_date("2011-01-20").await;
    let entry = home.note("language").await;
    let consent = home.share(json!({})).await;
    assert_eq!(super::kin::services(&home.entry(&entry).await["readers"]), ["ppt", "school"]);

    home.at(6 * DAY);

    let item = home.item(&consent).await;
    assert_eq!((&item["status"], &item["opens"]), (&json!("must-be-renewed"), &json!(false)));
    assert_eq!((&item["missing"], &item["orders"]), (&json!([home.person(Kin::Child)]), &json!([])));
    let shown = home.entry(&entry).await;
    assert_eq!(super::kin::services(&shown["readers"]), ["school"]);
    assert_eq!(shown["waiting"][0]["reason"], "must-be-renewed");
    let yes = json!({ "giver": home.person(Kin::Child), "evidence": { "kind": "oral" } });
    home.holder(409, "post", &path(&consent, "yes"), &yes).await;

    let newer = home.ask(json!({ "supersedes": consent })).await;
    assert_eq!(home.say_yes(&newer, Kin::Child).await["status"], "valid");

    assert_eq!(home.item(&consent).await["status"], "superseded");
    let shown = home.entry(&entry).await;
    assert_eq!(
        (super::kin::services(&shown["readers"]), &shown["waiting"]),
        (vec!["ppt", "school"], &json!([]))
    );
}

#[tokio::test]
async fn no_and_then_a_yes_of_whoever_came_later_opens_nothing_that_paused() {
    let home = Home::with_birth_date("2011-01-20").await;
    let entry = home.note("language").await;
    let consent = home.share(json!({})).await;
    home.at(6 * DAY);
    let child = json!({ "giver": home.person(Kin::Child) });
    let refused = home.kin_ok(Kin::Child, "post", &path(&consent, "no"), &child).await;
    assert_eq!(refused["status"], "refused");
    let preview = home.holder(200, "get", &path(&consent, "preview"), &Value::Null).await;
    assert_eq!((&preview["becomes"], &preview["becomes_visible"]), (&json!("refused"), &json!([])));

    let own = home.kin(Kin::Child, "post", &path(&consent, "yes"), &child).await;
    let oral = json!({ "giver": home.person(Kin::Child), "evidence": { "kind": "oral" } });
    home.holder(409, "post", &path(&consent, "yes"), &oral).await;

    assert_eq!(own.status.as_u16(), 409);
    let item = home.item(&consent).await;
    assert_eq!((&item["status"], &item["opens"]), (&json!("refused"), &json!(false)));
    assert_eq!(super::kin::services(&home.entry(&entry).await["readers"]), ["school"]);
    let newer = home.ask(json!({ "supersedes": consent })).await;
    assert_eq!(home.say_yes(&newer, Kin::Child).await["status"], "valid");
}

#[tokio::test]
async fn one_of_two_who_renews_alone_restores_nothing() {
    let home = Home::start().await;
    let entry = home.note("language").await;
    let consent = home.share(json!({})).await;
    let school = home.share(json!({ "recipient": super::kin::own_service("health-station") })).await;
    let withdrawn = home.withdraw(&consent, Kin::Father).await;
    assert_eq!((&withdrawn["status"], &withdrawn["clarify"]), (&json!("withdrawn"), &json!(true)));

    let mothers = json!({ "giver": home.person(Kin::Mother), "evidence": { "kind": "oral" } });
    home.holder(409, "post", &path(&consent, "yes"), &mothers).await;
    let newer = home.ask(json!({ "supersedes": consent })).await;
    let given = home.say_yes(&newer, Kin::Mother).await;

    assert_eq!(
        (&given["status"], &given["opens"], &given["version"]),
        (&json!("partly-given"), &json!(false), &json!(2))
    );
    assert_eq!(super::kin::services(&home.entry(&entry).await["readers"]), ["health-station", "school"]);
    assert_eq!(home.item(&school).await["status"], "valid", "other services continue");
    assert_eq!(home.item(&consent).await["clarify"], false, "everybody is asked anew");

    assert_eq!(home.say_yes(&newer, Kin::Father).await["status"], "valid");
    let first = home.item(&consent).await;
    assert_eq!(
        (&first["status"], &first["withdrawals"][0]["giver"]),
        (&json!("withdrawn"), &json!(home.person(Kin::Father)))
    );
}
