//! What is held while a consent is not in force, and what a preview says of it.

use serde_json::{Value, json};
use stafett_protocol::disclosure::{DisclosureGround, DisclosureRow};
use stafett_protocol::id::DisclosureId;
use stafett_protocol::municipality::Service;
use stafett_protocol::time::{DAY, UnixMillis};
use stafett_protocol::transaction::{Transaction, Write};

use super::kin::{Home, Kin, own_service, question, services};
use super::schema::differences;
use super::support::{NOW, PARTNER, Who, new_note};

fn reasons(list: &Value) -> Vec<(&str, &str)> {
    let items = list.as_array().expect("a list").iter();
    items
        .map(|item| (item["entry"].as_str().expect("an id"), item["reason"].as_str().expect("a word")))
        .collect()
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item["entry"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn what_is_written_after_the_end_waits_and_goes_out_when_it_was_looked_through() {
    let home = Home::start().await;
    let before = home.note("language").await;
    home.share(json!({ "until": NOW + 10 * DAY })).await;
    home.at(11 * DAY);
    let held = home.note("language").await;
    for entry in [&before, &held] {
        let shown = home.entry(entry).await;
        assert_eq!(services(&shown["readers"]), ["school"]);
        assert_eq!(
            (services(&shown["waiting"]), &shown["waiting"][0]["reason"]),
            (vec!["ppt"], &json!("expired"))
        );
        assert_eq!(differences("EntryItem", &shown), Vec::<String>::new());
    }
    let preview = home.holder(200, "post", "/entries/preview", &new_note("x")).await;
    assert_eq!((services(&preview["readers"]), services(&preview["waiting"])), (vec!["school"], vec!["ppt"]));

    let until = json!({ "until": NOW + 100 * DAY });
    let preview = home.holder(200, "post", "/consents/preview", &question(until.clone())).await;
    assert_eq!(
        (&preview["waits_for_review"], &preview["becomes"]),
        (&json!(true), &json!("waits-for-review"))
    );
    let mut opens = ids(&preview["becomes_visible"]);
    opens.sort_unstable();
    let mut both = [before.as_str(), held.as_str()];
    both.sort_unstable();
    assert_eq!((opens, &preview["stays_hidden"]), (both.to_vec(), &json!([])));
    let renewed = home.share(until).await;
    let item = home.item(&renewed).await;
    assert_eq!((&item["status"], &item["grants"]), (&json!("waits-for-review"), &json!([])));
    assert_eq!(home.entry(&held).await["waiting"][0]["reason"], "waits-for-review");

    let path = format!("/consents/{renewed}");
    let reviewed = home.holder(200, "post", &format!("{path}/review"), &Value::Null).await;

    assert_eq!((&reviewed["status"], &reviewed["opens"]), (&json!("valid"), &json!(true)));
    let shown = home.entry(&held).await;
    assert_eq!((services(&shown["readers"]), &shown["waiting"]), (vec!["ppt", "school"], &json!([])));
    home.holder(409, "post", &format!("{path}/review"), &Value::Null).await;
    let preview = home.holder(200, "get", &format!("{path}/preview"), &Value::Null).await;
    assert_eq!((&preview["waits_for_review"], ids(&preview["stays_visible"]).len()), (&json!(false), 2));
}

#[tokio::test]
async fn only_the_stafettholder_is_told_what_waits() {
    let home = Home::start().await;
    let entry = home.note("language").await;
    home.share(json!({ "until": NOW + 10 * DAY })).await;
    let assign = json!({ "account": Who::Colleague.account() });
    home.holder(204, "post", "/assignments", &assign).await;
    home.at(11 * DAY);
    assert_eq!(services(&home.entry(&entry).await["waiting"]), ["ppt"]);

    let path = format!("/entries/{entry}");
    let mothers = home.kin_ok(Kin::Mother, "get", &path, &Value::Null).await;
    let colleagues =
        home.node.expect(200, Who::Colleague, "get", &format!("{}{path}", home.case), &Value::Null).await;

    for shown in [mothers, colleagues] {
        assert_eq!((&shown["waiting"], &shown["readers"]), (&json!([]), &json!([])));
    }
}

#[tokio::test]
async fn whoever_else_publishes_is_told_who_reads_and_not_what_the_family_has_said() {
    let home = Home::start().await;
    let assign = json!({ "account": Who::Colleague.account() });
    home.holder(204, "post", "/assignments", &assign).await;
    home.share(json!({ "recipient": own_service("health-station"), "until": NOW + 10 * DAY })).await;
    home.at(11 * DAY);
    home.share(json!({})).await;
    home.share(json!({ "recipient": own_service("kindergarten"), "areas": ["attendance"] })).await;
    let path = "/entries/preview";

    let holders = home.holder(200, "post", path, &new_note("x")).await;
    let of_colleague = format!("{}{path}", home.case);
    let colleagues = home.node.expect(200, Who::Colleague, "post", &of_colleague, &new_note("x")).await;

    assert_eq!(services(&holders["readers"]), ["ppt", "school"]);
    assert!(holders["readers"][0]["consent"].is_string(), "{holders}");
    let hidden = (services(&holders["not_readers"]), services(&holders["waiting"]));
    assert_eq!(hidden, (vec!["kindergarten"], vec!["health-station"]));
    assert_eq!(services(&colleagues["readers"]), ["ppt", "school"]);
    for reader in colleagues["readers"].as_array().expect("a list") {
        assert_eq!(reader["consent"], Value::Null);
    }
    assert_eq!((&colleagues["not_readers"], &colleagues["waiting"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn confidential_address_holds_what_the_leader_has_not_approved() {
    let home = Home::start().await;
    let entry = home.note("language").await;
    let consent = home.share(json!({ "card_fields": ["name"] })).await;

    home.protect("confidential").await;

    let item = home.item(&consent).await;
    assert_eq!((&item["status"], &item["opens"]), (&json!("valid"), &json!(false)));
    assert_eq!(home.entry(&entry).await["waiting"][0]["reason"], "waits-for-approval");
    let preview = home.holder(200, "get", &format!("/consents/{consent}/preview"), &Value::Null).await;
    assert_eq!(reasons(&preview["stays_hidden"]), [(entry.as_str(), "waits-for-approval")]);
    assert_eq!((&preview["becomes_visible"], &preview["card"]), (&json!([]), &json!({})));
}

#[tokio::test]
async fn preview_names_who_must_say_yes_on_the_first_day_and_opens_what_the_gate_would() {
    // Sixteen on 20 January 2027, five days after the start.
    let home = Home::with_birth_date("2011-01-20").await;
    let entry = home.note("language").await;
    let guardians = [home.person(Kin::Mother), home.person(Kin::Father)];
    let missing = |preview: &Value| {
        let mut persons: Vec<String> = preview["missing"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one.as_str().expect("an id").to_owned())
            .collect();
        persons.sort();
        persons
    };
    let sorted = |mut persons: Vec<&str>| {
        persons.sort_unstable();
        persons.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };

    let soon = question(json!({ "from": NOW + 2 * DAY }));
    let preview = home.holder(200, "post", "/consents/preview", &soon).await;
    assert_eq!(
        (ids(&preview["becomes_visible"]), &preview["becomes"]),
        (vec![entry.as_str()], &json!("valid"))
    );
    assert_eq!(missing(&preview), sorted(guardians.to_vec()));
    assert!(preview["card"]["name"].is_string());

    let later = question(json!({ "from": NOW + 10 * DAY }));
    let preview = home.holder(200, "post", "/consents/preview", &later).await;
    assert_eq!(preview["becomes"], "must-be-renewed");
    assert_eq!(reasons(&preview["stays_hidden"]), [(entry.as_str(), "must-be-renewed")]);
    assert_eq!((&preview["becomes_visible"], &preview["card"]), (&json!([]), &json!({})));
    assert_eq!(missing(&preview), sorted([guardians.to_vec(), vec![home.person(Kin::Child)]].concat()));
}

#[tokio::test]
async fn preview_of_a_narrower_version_tells_what_is_called_back() {
    let home = Home::start().await;
    let (kept, lost) = (home.note("language").await, home.note("attendance").await);
    let both = json!({ "recipient": own_service("health-station"), "areas": ["language", "attendance"] });
    let consent = home.share(both).await;

    let narrower = json!({ "recipient": own_service("health-station"), "supersedes": consent });
    let preview = home.holder(200, "post", "/consents/preview", &question(narrower)).await;

    assert_eq!(ids(&preview["stays_visible"]), [kept.as_str()]);
    assert_eq!(reasons(&preview["becomes_hidden"]), [(lost.as_str(), "area")]);
    assert_eq!(differences("ConsentPreview", &preview), Vec::<String>::new());
}

#[tokio::test]
async fn preview_of_a_consent_that_is_over_opens_nothing_and_says_so() {
    let home = Home::start().await;
    let entry = home.note("language").await;
    let consent = home.share(json!({ "until": NOW + 10 * DAY })).await;
    let path = format!("/consents/{consent}/preview");
    home.withdraw(&consent, Kin::Mother).await;

    let preview = home.holder(200, "get", &path, &Value::Null).await;

    assert_eq!(preview["becomes"], "withdrawn");
    assert_eq!(reasons(&preview["stays_hidden"]), [(entry.as_str(), "withdrawn")]);
    let question = question(json!({ "until": NOW + 20 * DAY }));
    let preview = home.holder(200, "post", "/consents/preview", &question).await;
    assert_eq!(ids(&preview["becomes_visible"]), [entry.as_str()], "nothing of it had gone out");
}

/// Writes down that an entry was handed to the partner under a consent.
async fn handed_over(home: &Home, entry: &str, consent: &str) {
    let store = home.node.engine.store();
    let record = store.entry(entry.parse().expect("an id")).await.expect("read").expect("the entry");
    let grant = home.item(consent).await["grants"][0].as_str().expect("a grant").parse().expect("an id");
    let service = Service { host: PARTNER.parse().expect("a number"), code: "ppt".parse().expect("a code") };
    let row = DisclosureRow {
        id: DisclosureId::from_random(crate::clock::random()),
        partner: PARTNER.parse().expect("a number"),
        case: record.facts.case,
        entry: record.facts.entry,
        generation: record.facts.generation,
        heads: record.heads,
        grounds: vec![DisclosureGround { grant, consent: consent.parse().expect("an id"), service }],
        at: UnixMillis(NOW),
    };
    store.commit(Transaction::of(vec![Write::Disclosure(row)])).await.expect("committed");
    home.node.hand_grants(&home.case).await;
}

#[tokio::test]
async fn what_a_partner_has_not_confirmed_to_have_erased_goes_there_under_no_new_consent() {
    let home = Home::start().await;
    let entry = home.note("language").await;
    let first = home.share(json!({})).await;
    handed_over(&home, &entry, &first).await;
    home.withdraw(&first, Kin::Mother).await;
    assert_eq!(home.item(&first).await["orders"][0]["entries"], 1);

    let second = home.share(json!({})).await;

    assert_eq!(services(&home.entry(&entry).await["readers"]), ["school"]);
    let preview = home.holder(200, "get", &format!("/consents/{second}/preview"), &Value::Null).await;
    assert_eq!(reasons(&preview["stays_hidden"]), [(entry.as_str(), "waits-for-receipt")]);
}
