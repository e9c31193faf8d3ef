//! Notices: who is told of what, and of nothing else.

use serde_json::{Value, json};
use stafett_config::Partners;
use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::id::{CaseId, EntryId};

use super::household::{CHILD, FATHER, Family, MOTHER};
use super::schema::differences;
use super::support::{Node, PARTNER, Who, new_note};

const OWN: &str = "997391853";

async fn drafts(node: &Node, family: &Family) -> Vec<Value> {
    let path = format!("{}/notices", family.case);
    let drafts = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    let drafts = drafts.as_array().expect("a list").clone();
    for draft in &drafts {
        assert_eq!(differences("NoticeItem", draft), Vec::<String>::new(), "{draft}");
    }
    drafts
}

async fn own_drafts(node: &Node, token: &str, family: &Family) -> Value {
    let answer = node.ask_with(token, &format!("{}/notices", family.case)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.json()
}

async fn withdraw(node: &Node, consent: &str, giver: &str) {
    let path = format!("{consent}/withdrawal");
    node.expect(200, Who::Holder, "post", &path, &json!({ "giver": giver })).await;
}

fn text(draft: &Value, language: &str) -> String {
    let paragraphs = draft[language]["paragraphs"].as_array().expect("paragraphs").iter();
    paragraphs.map(|paragraph| paragraph.as_str().expect("a text")).collect::<Vec<_>>().join("\n")
}

/// A case of which PPT has an entry that both guardians read, one that is hidden from them and one
/// about the father.
async fn shared(node: &Node) -> (Family, String, [EntryId; 3]) {
    let family = Family::of(node).await;
    let consent = family.consent(node, PARTNER, "ppt").await;
    let mut hidden = new_note("skjult");
    hidden["hidden_from_guardians"] = json!(true);
    let mut of_father = new_note("om far");
    of_father["about"] = json!([{ "guardian": family.father }]);
    let mut entries = Vec::new();
    for note in [new_note("åpent"), hidden, of_father] {
        entries.push(family.write(node, &note).await);
    }
    let entries: [EntryId; 3] = entries.try_into().expect("three");
    family.hand_over(node, &entries).await;
    (family, consent, entries)
}

#[tokio::test]
async fn only_whoever_withdrew_is_told_and_the_other_guardian_sees_what_was_before() {
    let node = Node::start().await;
    let (family, consent, _) = shared(&node).await;
    let path = format!("{}/notices", family.case);
    let before = [node.ask_with(MOTHER, &path).await, node.ask_with(CHILD, &path).await];

    withdraw(&node, &consent, &family.father).await;

    let drafts = drafts(&node, &family).await;
    let [draft] = drafts.as_slice() else { panic!("{drafts:?}") };
    assert_eq!((&draft["kind"], &draft["person"]), (&json!("withdrawal"), &json!(family.father)));
    assert_eq!((&draft["name"], &draft["confirmed"]), (&json!("Per Testesen"), &json!(false)));
    assert_eq!(draft["partner"], PARTNER);
    assert_eq!([node.ask_with(MOTHER, &path).await, node.ask_with(CHILD, &path).await], before);
    assert_eq!(own_drafts(&node, MOTHER, &family).await, json!([]));

    let own = own_drafts(&node, FATHER, &family).await;
    assert_eq!((own.as_array().map(Vec::len), &own[0]["name"]), (Some(1), &Value::Null));
    assert_eq!((&own[0]["nb"], &own[0]["nn"]), (&draft["nb"], &draft["nn"]));
}

#[tokio::test]
async fn partner_has_confirmed_only_with_its_receipt_and_counts_are_of_what_the_reader_knows() {
    let node = Node::start().await;
    let (family, consent, [open, hidden, of_father]) = shared(&node).await;
    withdraw(&node, &consent, &family.mother).await;

    let waiting = drafts(&node, &family).await;
    assert!(text(&waiting[0], "nb").contains("Steinkjer kommune har ikke bekreftet ennå."));
    assert!(!text(&waiting[0], "nb").contains("slettet"));
    family
        .receive(&node, |entry| match entry {
            entry if entry == of_father => Done::Locked { basis: LockBasis::OwnWriting },
            entry => {
                assert!(entry == open || entry == hidden);
                Done::Erased
            }
        })
        .await;

    let confirmed = drafts(&node, &family).await;
    let said = text(&confirmed[0], "nb");
    assert_eq!(confirmed[0]["confirmed"], true);
    assert!(said.contains("Steinkjer kommune har bekreftet."), "{said}");
    assert!(said.contains("1 oppføring er slettet.") && !said.contains("låst"), "{said}");
    assert!(said.contains("Innen 35 dager"), "{said}");
}

#[tokio::test]
async fn father_is_told_of_what_is_about_him_and_the_mother_is_not() {
    let node = Node::start().await;
    let (family, consent, [_, _, of_father]) = shared(&node).await;
    withdraw(&node, &consent, &family.father).await;
    family
        .receive(&node, |entry| {
            if entry == of_father { Done::Locked { basis: LockBasis::OwnWriting } } else { Done::Erased }
        })
        .await;

    let said = text(&own_drafts(&node, FATHER, &family).await[0], "nb");

    assert!(said.contains("1 oppføring er slettet."), "{said}");
    assert!(
        said.contains("1 oppføring er låst (sperret), fordi deres egne ansatte har skrevet den."),
        "{said}"
    );
}

#[tokio::test]
async fn entries_hidden_from_a_guardian_change_no_letter_of_the_notice() {
    let mut told = Vec::new();
    for with_hidden in [false, true] {
        let node = Node::start().await;
        let family = Family::of(&node).await;
        let consent = family.consent(&node, PARTNER, "ppt").await;
        let mut hidden = new_note("skjult");
        hidden["hidden_from_guardians"] = json!(true);
        let hidden = family.write(&node, &hidden).await;
        node.hand_grants(&family.case).await;
        if with_hidden {
            family.hand_over(&node, &[hidden]).await;
        }
        withdraw(&node, &consent, &family.mother).await;
        let waiting = own_drafts(&node, MOTHER, &family).await[0]["nb"].clone();
        family.receive(&node, |_| Done::Erased).await;
        told.push([waiting, own_drafts(&node, MOTHER, &family).await[0]["nb"].clone()]);
    }

    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn withdrawal_of_what_never_left_says_that_nothing_was_sent() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let consent = family.consent(&node, PARTNER, "ppt").await;

    withdraw(&node, &consent, &family.mother).await;

    let draft = &drafts(&node, &family).await[0];
    assert!(text(draft, "nb").contains("Ingenting var sendt med dette samtykket."), "{draft}");
    assert!(!text(draft, "nb").contains("slette"), "{draft}");
    assert_eq!(draft["confirmed"], Value::Null);
}

#[tokio::test]
async fn own_service_that_loses_a_consent_is_asked_for_no_receipt() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let consent = family.consent(&node, OWN, "health-station").await;

    withdraw(&node, &consent, &family.mother).await;

    let draft = &drafts(&node, &family).await[0];
    assert_eq!((&draft["partner"], &draft["confirmed"]), (&Value::Null, &Value::Null));
    assert!(text(draft, "nn").contains("Frå då av les Helsestasjon ikkje lenger"), "{draft}");
}

#[tokio::test]
async fn others_who_work_with_the_case_get_no_notices_and_strangers_find_none() {
    let node = Node::start().await;
    let (family, consent, _) = shared(&node).await;
    withdraw(&node, &consent, &family.mother).await;
    let colleague = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &colleague).await;
    let path = format!("{}/notices", family.case);

    node.expect(403, Who::Colleague, "get", &path, &Value::Null).await;
    let nowhere = format!("/api/v1/cases/{}/notices", CaseId::from_random([9; 16]));
    for who in [Who::HealthNurse, Who::Operator, Who::Coordinator, Who::Guardian, Who::ServiceLeader] {
        let answer = node.ask(who, "get", &path, &Value::Null).await;
        assert_eq!(answer.status.as_u16(), 404, "{who:?}");
        assert_eq!(answer, node.ask(who, "get", &nowhere, &Value::Null).await, "{who:?}");
    }
}

#[tokio::test]
async fn strict_protection_leaves_no_drafts_and_no_case_for_guardians() {
    let node = Node::start().await;
    let (family, consent, _) = shared(&node).await;
    withdraw(&node, &consent, &family.mother).await;
    assert_eq!(drafts(&node, &family).await.len(), 1);
    let strict = json!({ "protection": "strictly-confidential" });

    node.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &strict).await;

    assert_eq!(drafts(&node, &family).await, Vec::<Value>::new());
    assert_eq!(own_drafts(&node, CHILD, &family).await, json!([]));
    for guardian in [MOTHER, FATHER] {
        let answer = node.ask_with(guardian, &format!("{}/notices", family.case)).await;
        assert_eq!(answer.status.as_u16(), 404);
    }
}

#[tokio::test]
async fn end_of_a_partner_is_not_drafted_under_strict_protection_for_the_child_either() {
    let node = Node::start().await;
    let (family, ..) = shared(&node).await;
    let strict = json!({ "protection": "strictly-confidential" });
    node.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &strict).await;

    revoke(&node).await;

    assert_eq!(drafts(&node, &family).await, Vec::<Value>::new());
}

#[tokio::test]
async fn notices_are_in_the_access_log_before_they_are_told() {
    let node = Node::start().await;
    let (family, consent, _) = shared(&node).await;
    withdraw(&node, &consent, &family.father).await;
    let before = family.looks(&node).await.len();

    own_drafts(&node, FATHER, &family).await;
    own_drafts(&node, MOTHER, &family).await;

    let rows = family.looks(&node).await;
    assert_eq!(
        rows[before..].iter().map(|row| row.what.as_str()).collect::<Vec<_>>(),
        ["notices", "notices"]
    );
    node.break_access_log();
    let refused = node.ask_with(FATHER, &format!("{}/notices", family.case)).await;
    assert_eq!(refused.error(), "unavailable");
}

/// From here on the partner's identity is revoked.
async fn revoke(node: &Node) {
    let file = node.folder.path().join("partners/steinkjer.toml");
    let text = std::fs::read_to_string(&file).expect("the partner");
    std::fs::write(&file, format!("revoked = true\n{text}")).expect("written");
    let partners = Partners::load(node.engine.config(), None).expect("partners");
    node.engine.partners_changed(&partners).await.expect("taken over");
}

#[tokio::test]
async fn end_of_a_partner_is_drafted_for_everybody_by_what_they_know() {
    let node = Node::start().await;
    let (family, ..) = shared(&node).await;
    assert_eq!(drafts(&node, &family).await, Vec::<Value>::new());

    revoke(&node).await;

    let drafts = drafts(&node, &family).await;
    let of = |person: &str| {
        let found: Vec<_> = drafts.iter().filter(|draft| draft["person"] == person).collect();
        assert_eq!(found.len(), 1, "{drafts:?}");
        found[0]
    };
    assert_eq!(drafts.len(), 3, "the child and both guardians");
    for draft in [of(&family.mother), of(&family.father)] {
        assert_eq!((&draft["kind"], &draft["cause"]), (&json!("partner-ended"), &json!("revoked")));
        let said = text(draft, "nb");
        let received =
            "PPT (Steinkjer kommune) har fått: notat. Områder: Språk. Det første ble sendt 15. januar 2027.";
        assert!(said.contains(received), "{said}");
        assert!(!said.contains("slettet"), "{said}");
    }
    for token in [MOTHER, FATHER, CHILD] {
        assert_eq!(
            own_drafts(&node, token, &family).await,
            json!([]),
            "a draft is the stafettholder's to give"
        );
    }
}

#[tokio::test]
async fn end_of_a_partner_says_nothing_of_what_somebody_had_withdrawn_before() {
    let node = Node::start().await;
    let (family, consent, _) = shared(&node).await;
    withdraw(&node, &consent, &family.father).await;

    revoke(&node).await;

    let drafts = drafts(&node, &family).await;
    assert!(drafts.iter().all(|draft| draft["person"] == json!(family.father)), "{drafts:?}");
    assert_eq!(drafts.len(), 1);
}

#[tokio::test]
async fn partner_that_held_nothing_a_person_may_know_is_not_drafted_for_that_person() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.consent(&node, PARTNER, "ppt").await;
    let mut of_father = new_note("om far");
    of_father["about"] = json!([{ "guardian": family.father }]);
    let of_father = family.write(&node, &of_father).await;
    family.hand_over(&node, &[of_father]).await;

    revoke(&node).await;

    let drafts = drafts(&node, &family).await;
    let persons: Vec<_> = drafts.iter().map(|draft| &draft["person"]).collect();
    assert_eq!(persons, [&json!(family.father)]);
}
