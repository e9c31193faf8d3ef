//! A case on paper: the same gate as the screen, and a row in the access log before it.

use serde_json::{Value, json};
use stafett_protocol::id::CaseId;
use stafett_protocol::person::Role;

use super::household::{CHILD, FATHER, Family, MOTHER};
use super::kin::{Home, Kin, own_service};
use super::support::{Node, Who, new_note};

const OWN: &str = "997391853";

fn note_about(text: &str, about: &Value) -> Value {
    let mut note = new_note(text);
    note["about"] = json!([about]);
    note
}

#[tokio::test]
async fn holder_prints_everything_with_date_owner_role_and_consents_in_force() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let goal = json!({ "kind": "goal", "areas": ["language"], "fields": {
        "title": "Ane leser høyt", "set_on": "2026-10-01", "attainment": "some" } });
    let goal = family.write(&node, &goal).await;
    let measure = json!({ "kind": "measure", "areas": ["language"], "towards": goal, "fields": {
        "title": "Lesestund", "responsible": "Lærer Test", "deadline": "2027-02-01", "status": "started" } });
    family.write(&node, &measure).await;
    family.consent(&node, OWN, "health-station").await;
    family.consent(&node, super::support::PARTNER, "ppt").await;
    let withdrawn = family.consent(&node, OWN, "school").await;
    node.expect(
        200,
        Who::Holder,
        "post",
        &format!("{withdrawn}/withdrawal"),
        &json!({ "giver": family.father }),
    )
    .await;

    let page = node.page(Some(&Who::Holder.token()), "get", &family.print()).await.text();

    for said in [
        "<dt>Gjelder</dt><dd>Ane Testesen</dd>",
        "<dt>Eierkommune</dt><dd>Inderøy kommune</dd>",
        "<dt>Nivå</dt><dd>Nivå 1</dd>",
        "<dt>Stafettholder</dt><dd>Holder</dd>",
        "<dt>Skrevet ut</dt><dd>15. januar 2027 kl. 09.00</dd>",
        "<dt>Skrevet ut av</dt><dd>ansatt, Skole</dd>",
        "<li>Helsestasjon: Språk (mål og notat), til 15. januar 2028 kl. 09.00</li>",
        "<li>PPT (Steinkjer kommune): Språk (mål og notat), til 15. januar 2028 kl. 09.00</li>",
        "<h3>Mål: Ane leser høyt</h3>",
        "<dt>Målet ble satt</dt><dd>1. oktober 2026</dd>",
        "<dt>Måloppnåelse</dt><dd>i noen grad</dd>",
        "<h3>Tiltak: Lesestund</h3>",
        "<dt>Ansvarlig</dt><dd>Lærer Test</dd>",
        "<dt>Status</dt><dd>i gang</dd>",
        "Hører til: Mål: Ane leser høyt",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("<li>Skole:"), "a consent that was withdrawn is not in force: {page}");
    let title = page.split_once("<title>").expect("a title").1.split_once("</title>").expect("its end").0;
    assert_eq!(title, "Utskrift av stafettlogg – Stafett", "no name in a title");
}

#[tokio::test]
async fn area_that_was_taken_back_stands_on_no_paper() {
    let home = Home::start().await;
    let more = json!({
        "recipient": own_service("health-station"),
        "areas": ["language", "attendance"],
        "kinds": ["note"],
    });
    let consent = home.share(more).await;
    let print = async || {
        let path = home.case.replace("/api/v1", "") + "/print";
        let page = home.node.page(Some(&Who::Holder.token()), "get", &path).await.text();
        let lines: Vec<String> = page.lines().map(|line| line.trim().to_owned()).collect();
        lines.into_iter().find(|line| line.contains("<li>Helsestasjon:")).expect("the consent")
    };
    assert!(print().await.contains("<li>Helsestasjon: Fravær og Språk (notat)"), "{}", print().await);

    let body = json!({ "giver": home.person(Kin::Father), "areas": ["attendance"] });
    home.holder(200, "post", &format!("/consents/{consent}/withdrawal"), &body).await;

    let line = print().await;
    assert!(line.contains("<li>Helsestasjon: Språk (notat)") && !line.contains("Fravær"), "{line}");
}

#[tokio::test]
async fn nynorsk_is_told_in_nynorsk() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("Ho tel til ti")).await;

    let page = node.page(Some(MOTHER), "get", &format!("{}?lang=nn", family.print())).await.text();

    for said in ["<dt>Eigarkommune</dt>", "<dt>Skrive ut av</dt><dd>føresett</dd>", "Ho tel til ti"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn guardian_prints_what_the_gate_opens_and_no_consents() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut hidden = new_note("KANARI-skjult");
    hidden["hidden_from_guardians"] = json!(true);
    family.write(&node, &hidden).await;
    family.write(&node, &note_about("KANARI-far", &json!({ "guardian": family.father }))).await;
    family.write(&node, &note_about("KANARI-søsken", &json!("sibling"))).await;
    family.write(&node, &new_note("KANARI-åpen")).await;
    family.consent(&node, OWN, "health-station").await;
    let print = async |token: &str| node.page(Some(token), "get", &family.print()).await.text();

    let (mother, father, child) = (print(MOTHER).await, print(FATHER).await, print(CHILD).await);
    let holder = print(&Who::Holder.token()).await;

    let seen = |page: &str| {
        ["KANARI-skjult", "KANARI-far", "KANARI-søsken", "KANARI-åpen"].map(|canary| page.contains(canary))
    };
    assert_eq!(seen(&mother), [false, false, false, true]);
    assert_eq!(seen(&father), [false, true, false, true]);
    assert_eq!(seen(&child), [true, false, false, true], "the child's own wish is about the guardians");
    assert_eq!(seen(&holder), [true; 4]);
    for page in [&mother, &father, &child] {
        assert!(page.contains("Ane Testesen") && !page.contains("Helsestasjon:"), "{page}");
        for place in ["Trollklassen", "Hemmeliggata"] {
            assert!(!page.contains(place), "{place}");
        }
    }
    assert!(holder.contains("Helsestasjon: Språk"));
}

#[tokio::test]
async fn hidden_entries_change_no_letter_of_a_guardians_print() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("åpent")).await;
    let before = node.page(Some(MOTHER), "get", &family.print()).await;

    let mut hidden = new_note("skjult");
    hidden["hidden_from_guardians"] = json!(true);
    family.write(&node, &hidden).await;

    assert!(node.page(Some(MOTHER), "get", &family.print()).await == before);
}

#[tokio::test]
async fn whoever_has_no_task_gets_the_page_of_a_case_that_does_not_exist() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let nowhere = family.print().replace(&family.id.to_string(), &CaseId::from_random([9; 16]).to_string());
    let strangers = [
        Who::HealthNurse,
        Who::Operator,
        Who::Coordinator,
        Who::ProtectionOfficer,
        Who::ServiceLeader,
        Who::Guardian,
    ];

    for who in strangers {
        let token = who.token();
        let hidden = node.page(Some(&token), "get", &family.print()).await;

        assert_eq!(hidden.status.as_u16(), 404, "{who:?}");
        assert_eq!(hidden, node.page(Some(&token), "get", &nowhere).await, "{who:?}");
    }
    assert!(family.looks(&node).await.iter().all(|row| row.what != "print"));
}

#[tokio::test]
async fn colleague_who_works_with_the_case_prints_what_the_service_may_read() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let nurse = json!({ "account": Who::HealthNurse.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &nurse).await;
    family.write(&node, &new_note("KANARI-språk")).await;
    let mut attendance = new_note("KANARI-fravær");
    attendance["areas"] = json!(["attendance"]);
    family.write(&node, &attendance).await;
    family.consent(&node, OWN, "health-station").await;

    let page = node.page(Some(&Who::HealthNurse.token()), "get", &family.print()).await.text();

    assert!(page.contains("KANARI-språk") && !page.contains("KANARI-fravær"), "{page}");
    assert!(
        page.contains("<dd>ansatt, Helsestasjon</dd>") && !page.contains("Samtykker som gjelder"),
        "{page}"
    );
    assert!(!page.contains("Ane Testesen"), "a name without a card: {page}");
}

#[tokio::test]
async fn strictly_protected_case_is_not_there_for_guardians() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("x")).await;
    let strict = json!({ "protection": "strictly-confidential" });
    node.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &strict).await;
    let nowhere = family.print().replace(&family.id.to_string(), &CaseId::from_random([9; 16]).to_string());

    for guardian in [MOTHER, FATHER] {
        let hidden = node.page(Some(guardian), "get", &family.print()).await;

        assert_eq!(hidden.status.as_u16(), 404);
        assert_eq!(hidden, node.page(Some(guardian), "get", &nowhere).await);
    }
    assert_eq!(node.page(Some(&Who::Holder.token()), "get", &family.print()).await.status.as_u16(), 200);
}

#[tokio::test]
async fn print_is_one_row_in_the_access_log_and_without_it_nothing_is_shown() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("KANARI")).await;
    let before = family.looks(&node).await.len();

    let page = node.page(Some(MOTHER), "get", &family.print()).await;

    assert!(page.text().contains("KANARI"));
    let rows = family.looks(&node).await;
    assert_eq!(rows.len(), before + 1);
    let row = rows.last().expect("a row");
    assert_eq!((row.what.as_str(), row.role, row.case), ("print", Role::Guardian, Some(family.id)));

    node.break_access_log();
    for token in [MOTHER.to_owned(), Who::Holder.token()] {
        let refused = node.page(Some(&token), "get", &family.print()).await;
        assert_eq!(refused.status.as_u16(), 503);
        for secret in ["KANARI", "Ane", "Testesen"] {
            assert!(!refused.text().contains(secret), "{}", refused.text());
        }
    }
}

#[tokio::test]
async fn markup_in_a_text_is_printed_as_it_was_written() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("<script>alert(1)</script>\n{{7*7}} & \"så\"")).await;

    let page = node.page(Some(MOTHER), "get", &family.print()).await.text();

    assert!(!page.contains("<script>"), "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;\n{{7*7}} &#38; &#34;så&#34;"), "{page}");
}

#[tokio::test]
async fn empty_case_says_so() {
    let node = Node::start().await;
    let family = Family::of(&node).await;

    let page = node.page(Some(MOTHER), "get", &family.print()).await.text();

    assert!(page.contains("Det er ingenting her som du kan lese."), "{page}");
}
