//! A service that cannot take a case: its leader says so, and the stafettholder alone reads why.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::id::CaseId;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::{MINUTE, UnixMillis};
use stafett_protocol::transaction::{Transaction, Write};
use stafett_protocol::uptake::{Uptake, UptakeAnswer};

use super::consent_pages::{at_home, pages};
use super::household::Family;
use super::late::{another_received_case, no_longer_received, received_case, received_for};
use super::support::{NOW, Node, PARTNER, Who, new_note};
use crate::keys::{CertificateSubject, NodeKeys};
use crate::store::SaidRow;

const WHY: &str = "Ingen logoped før jul.";
const SCRIPT: &str = "<script>alert(1)</script>";

async fn said(node: &Node, case: CaseId) -> Vec<SaidRow> {
    node.engine.store().uptakes_said(case).await.expect("reads")
}

fn reason_of(row: &SaidRow) -> Option<&str> {
    row.uptake.answer.reason().map(stafett_protocol::uptake::UptakeReason::as_str)
}

#[tokio::test]
async fn leader_says_why_the_service_cannot_take_a_case_and_who_will_read_it() {
    let node = Node::start().await;
    let case = received_case(&node, "Ane teller til ti").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    let decline = format!("/cases/{case}/decline");
    let inbox = leader.get("/inbox").await.text();
    assert!(
        inbox.contains(&format!("href=\"{decline}\">Kan ikke ta saken fra Steinkjer kommune")),
        "{inbox}"
    );

    let form = leader.get(&decline).await.text();
    for told in [
        "Stafettholderen i Steinkjer kommune får vite at tjenesten ikke kan ta saken, og leser grunnen.",
        "Delingen fortsetter. Samtykket er familiens",
        ">Svar Steinkjer kommune</button>",
        "<label class=\"ds-label\" for=\"reason\">",
    ] {
        assert!(form.contains(told), "{told}: {form}");
    }
    assert!(!form.contains("Ane teller") && !form.contains("mister den"), "{form}");

    let after = leader.act(&decline, &[("reason", "Ingen logoped\r\nfør jul.")]).await.text();

    assert!(after.contains("Svaret er lagret. Det sendes til eierkommunen."), "{after}");
    assert!(after.contains("at tjenesten ikke kan ta saken.") && after.contains(WHY), "{after}");
    assert!(after.contains("Eierkommunen har ikke bekreftet svaret ennå."), "{after}");
    assert!(after.contains("Endre svaret om saken fra Steinkjer kommune"), "{after}");
    assert!(!after.contains("Ingen har fått saken ennå."), "{after}");
    let rows = said(&node, case).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(reason_of(&rows[0]), Some(WHY), "line ends are spaces");
    let (grant, said_at) = (rows[0].uptake.grant, rows[0].uptake.said_at);
    let kept = Transaction::of(vec![Write::UptakeKept { grant, said_at }]);
    node.engine.store().commit(kept).await.expect("commits");
    assert!(leader.get("/inbox").await.text().contains("Eierkommunen fikk svaret "));
    assert!(leader.get(&decline).await.text().contains(WHY), "the words stand in the form again");
}

#[tokio::test]
async fn page_is_in_nynorsk_too() {
    let node = Node::start().await;
    let case = received_case(&node, "x").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    leader.post("/language", &[("language", "nn")]).await;

    let form = leader.get(&format!("/cases/{case}/decline")).await.text();

    assert!(form.contains("Kvifor kan tenesta ikkje ta saka?"), "{form}");
    assert!(leader.get("/inbox").await.text().contains("Kan ikkje ta saka frå Steinkjer kommune"));
}

#[tokio::test]
async fn cases_of_one_municipality_and_one_day_are_told_apart_by_a_number_that_stays() {
    let node = Node::start().await;
    let first = received_case(&node, "x").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    let heading = "Steinkjer kommune, delt 1. januar 1970";
    assert!(leader.get("/inbox").await.text().contains(&format!(">{heading}</h2>")));

    // The ids fall while the moments rise.
    let second = another_received_case(&node, 0x31).await;
    let third = another_received_case(&node, 0x21).await;

    let named = [
        (first, heading.to_owned()),
        (second, format!("{heading} (nr. 2 den dagen)")),
        (third, format!("{heading} (nr. 3 den dagen)")),
    ];
    let inbox = leader.get("/inbox").await.text();
    for (case, name) in &named {
        assert!(inbox.contains(&format!("id=\"case-{case}\">{name}</h2>")), "{name}: {inbox}");
        assert!(inbox.contains(&format!(">Kan ikke ta saken fra {name}</a>")), "{name}: {inbox}");
        let decline = leader.get(&format!("/cases/{case}/decline")).await.text();
        assert!(decline.contains(&format!("<p>{name}</p>")), "as in the inbox: {decline}");
    }

    no_longer_received(&node, second).await;
    let inbox = leader.get("/inbox").await.text();
    assert!(!inbox.contains("nr. 2 den dagen"), "{inbox}");
    let (case, name) = &named[2];
    assert!(inbox.contains(&format!("id=\"case-{case}\">{name}</h2>")), "it is the same case: {inbox}");
}

#[tokio::test]
async fn number_of_a_case_does_not_tell_that_another_service_had_it_before() {
    let node = Node::start().await;
    let older = CaseId::from_bytes([0x11; 16]);
    received_for(&node, older, 0x12, "health-station").await;
    let first = another_received_case(&node, 0x31).await;
    let heading = "Steinkjer kommune, delt 1. januar 1970";
    let mut leader = node.log_in(Who::ServiceLeader).await;
    let before = leader.get("/inbox").await.text();
    assert!(before.contains(&format!("id=\"case-{first}\">{heading}</h2>")), "{before}");

    received_for(&node, older, 0x13, "school").await;

    let inbox = leader.get("/inbox").await.text();
    assert!(inbox.contains(&format!("id=\"case-{first}\">{heading}</h2>")), "{inbox}");
    let second = format!("id=\"case-{older}\">{heading} (nr. 2 den dagen)</h2>");
    assert!(inbox.contains(&second), "{inbox}");
}

#[tokio::test]
async fn reason_that_is_missing_or_no_line_is_refused_beside_its_field_and_nothing_is_lost() {
    let node = Node::start().await;
    let case = received_case(&node, "x").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    let decline = format!("/cases/{case}/decline");
    let too_long = "a".repeat(1_025);

    for (reason, told) in [
        ("", "Skriv hvorfor tjenesten ikke kan ta saken."),
        (" \n ", "Skriv hvorfor tjenesten ikke kan ta saken."),
        (too_long.as_str(), "Skriv kortere"),
        ("a\u{0}b", "Skriv kortere"),
        ("a\u{202e}b", "Skriv kortere"),
    ] {
        let answer = leader.post(&decline, &[("reason", reason)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{reason:?}");
        let page = answer.text();
        let beside = format!("id=\"reason-wrong\">{told}");
        assert!(page.contains(&beside) && page.contains("href=\"#reason\""), "{reason:?}: {page}");
        assert!(page.contains("aria-invalid=\"true\""), "{page}");
    }
    let page = leader.post(&decline, &[("reason", &format!("{SCRIPT}{too_long}"))]).await.text();
    assert!(page.contains("&#60;script&#62;") && !page.contains(SCRIPT), "{page}");
    assert_eq!(said(&node, case).await, []);
}

#[tokio::test]
async fn answer_asks_for_a_fresh_login_where_it_is_written_and_where_it_is_sent() {
    let node = Node::start().await;
    let case = received_case(&node, "x").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    for _ in 0..2 {
        node.clock.fetch_add(8 * MINUTE, Ordering::Relaxed);
        assert_eq!(leader.get("/inbox").await.status.as_u16(), 200);
    }
    let decline = format!("/cases/{case}/decline");

    let asked = leader.get(&decline).await;
    assert_eq!(asked.status.as_u16(), 303);
    assert!(asked.headers["location"].to_str().expect("an address").starts_with("/login/again?"));
    let sent = leader.post(&decline, &[("reason", WHY)]).await;
    assert_eq!(sent.status.as_u16(), 403);
    let page = sent.text();
    assert!(page.contains("/login/again?") && page.contains(WHY), "what was written is given back: {page}");
    assert_eq!(said(&node, case).await, []);
}

#[tokio::test]
async fn whoever_had_the_case_loses_it_and_giving_it_to_somebody_takes_the_answer_back() {
    let node = Node::start().await;
    let case = received_case(&node, "Ane teller til ti").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    let colleague = Who::Colleague.account().to_string();
    let assign = format!("/cases/{case}/assign");
    leader.act(&assign, &[("account", &colleague)]).await;
    assert_eq!(said(&node, case).await, [], "nothing was to be taken back");
    let form = leader.get(&format!("/cases/{case}/decline")).await.text();
    assert!(form.contains("De som er tildelt saken, mister den."), "{form}");

    leader.act(&format!("/cases/{case}/decline"), &[("reason", WHY)]).await;
    let mut reader = node.log_in(Who::Colleague).await;
    assert_eq!(reader.get(&format!("/cases/{case}")).await.status.as_u16(), 404);
    let declined = said(&node, case).await.remove(0);

    let after = leader.act(&assign, &[("account", &colleague)]).await.text();

    assert!(after.contains("<span>Colleague</span>") && !after.contains(WHY), "{after}");
    let rows = said(&node, case).await;
    assert_eq!((rows.len(), reason_of(&rows[0])), (1, None));
    assert!(rows[0].uptake.said_at > declined.uptake.said_at && rows[0].kept_at.is_none());
    assert_eq!(reader.get(&format!("/cases/{case}")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn program_of_the_leader_says_it_too_and_no_other_can() {
    let node = Node::start().await;
    let case = received_case(&node, "x").await;
    let path = format!("/api/v1/cases/{case}/refusal");
    for who in [Who::Colleague, Who::OtherLeader, Who::UnitLeader, Who::Coordinator] {
        node.expect(404, who, "post", &path, &json!({ "reason": WHY })).await;
    }
    for reason in ["", " ", "a\nb", &"a".repeat(1_025)] {
        let refused = node.expect(422, Who::ServiceLeader, "post", &path, &json!({ "reason": reason })).await;
        assert_eq!(refused["field"], "reason", "{refused}");
    }
    assert_eq!(said(&node, case).await, []);

    node.expect(204, Who::ServiceLeader, "post", &path, &json!({ "reason": WHY })).await;

    let cases = node.expect(200, Who::ServiceLeader, "get", "/api/v1/cases", &Value::Null).await;
    let told = &cases[0]["inbox"]["cannot_take"];
    assert_eq!((&told["reason"], &told["kept_at"]), (&json!(WHY), &Value::Null), "{cases}");
}

/// The partner's service answers the only grant of a case.
async fn hears(node: &Node, family: &Family, answer: UptakeAnswer, at: u64) {
    let subject = CertificateSubject {
        organisation: PARTNER.parse().expect("a number"),
        municipality: "Steinkjer kommune".to_owned(),
        from: UnixMillis(NOW),
        until: UnixMillis(NOW + 1),
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    let key = SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key");
    let store = node.engine.store();
    let issued = store.grants_issued_in(family.id).await.expect("reads");
    let [issued] = issued.as_slice() else { panic!("{} grants", issued.len()) };
    let uptake = Uptake::of(issued.grant.statement(), answer, None, UnixMillis(at));
    let heard = Write::UptakeHeard(key.sign(uptake).expect("signs"));
    store.commit(Transaction::of(vec![heard])).await.expect("commits");
}

fn cannot_take(why: &str) -> UptakeAnswer {
    UptakeAnswer::CannotTake { reason: why.parse().expect("a line") }
}

#[tokio::test]
async fn stafettholder_is_told_and_reads_why_and_nobody_else_does() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let consent = family.consent(&node, PARTNER, "ppt").await;
    let consent = consent.trim_start_matches("/api/v1").to_owned();
    let mut holder = node.log_in(Who::Holder).await;
    assert!(!holder.get("/cases").await.text().contains("kan ikke ta saken"));

    hears(&node, &family, cannot_take(&format!("{WHY} {SCRIPT}")), NOW).await;

    let waiting = holder.get("/cases").await.text();
    assert!(waiting.contains("Ane: PPT (Steinkjer kommune) kan ikke ta saken."), "{waiting}");
    assert!(waiting.contains(&format!("href=\"{consent}\">Se svaret</a>")), "{waiting}");
    assert!(!waiting.contains(WHY), "the list names no reason: {waiting}");
    let page = holder.get(&consent).await.text();
    assert!(page.contains("PPT (Steinkjer kommune) kan ikke ta saken. Svaret kom "), "{page}");
    assert!(page.contains(WHY) && !page.contains(SCRIPT), "{page}");
    assert!(page.contains("Delingen fortsetter. Snakk med familien"), "{page}");
    assert!(page.contains(&format!("href=\"{consent}/withdraw\"")), "the way to end it: {page}");
    for here in [pages(&family), format!("/cases/{}", family.id)] {
        let page = holder.get(&here).await.text();
        assert!(page.contains("PPT (Steinkjer kommune) kan ikke ta saken."), "{here}: {page}");
    }
    let view = node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert!(view[0]["cannot_take"]["reason"].as_str().expect("a reason").starts_with(WHY), "{view}");

    for (who, path) in [
        (Who::Guardian, format!("/family/{}", family.id)),
        (Who::Guardian, consent.clone()),
        (Who::Father, consent.clone()),
        (Who::Youth, format!("/family/{}", family.id)),
        (Who::UnitLeader, "/cases".to_owned()),
    ] {
        let page = node.log_in(who).await.get(&path).await.text();
        assert!(!page.contains(WHY) && !page.contains("kan ikke ta saken"), "{who:?} {path}: {page}");
    }
}

#[tokio::test]
async fn answer_that_was_taken_back_or_whose_sharing_has_ended_waits_for_nobody() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let consent = family.consent(&node, PARTNER, "ppt").await;
    let mut holder = node.log_in(Who::Holder).await;
    let is_told = |page: &str| page.contains("kan ikke ta saken");
    hears(&node, &family, cannot_take(WHY), NOW).await;
    hears(&node, &family, UptakeAnswer::Taken, NOW + 1).await;
    assert!(!is_told(&holder.get("/cases").await.text()), "it takes the case after all");
    hears(&node, &family, cannot_take("Et eldre svar."), NOW).await;
    assert!(!is_told(&holder.get("/cases").await.text()), "what was overtaken says nothing");
    hears(&node, &family, cannot_take(WHY), NOW + 2).await;
    assert!(is_told(&holder.get("/cases").await.text()));

    node.hand_grants(&family.case).await;
    let back = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &format!("{consent}/withdrawal"), &back).await;

    assert!(!is_told(&holder.get("/cases").await.text()));
    let page = holder.get(consent.trim_start_matches("/api/v1")).await.text();
    assert!(!is_told(&page) && !page.contains(WHY), "{page}");
    assert_eq!(node.engine.store().uptakes_heard(family.id).await.expect("reads"), []);
}

#[tokio::test]
async fn leader_who_gives_a_case_to_nobody_is_told_what_to_choose() {
    let node = Node::start().await;
    let case = received_case(&node, "x").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    for (account, said) in [
        (String::new(), "Ingen fikk saken. Velg hvem som skal arbeide med den."),
        (
            Who::Operator.account().to_string(),
            "Ingen fikk saken. Den du valgte, arbeider ikke i tjenesten nå.",
        ),
    ] {
        let sent = leader.post(&format!("/cases/{case}/assign"), &[("account", &account)]).await;
        assert_eq!(sent.status.as_u16(), 303, "{}", sent.text());
        let inbox = leader.get("/inbox").await.text();
        assert!(inbox.contains(said) && inbox.contains("Ingen har fått saken ennå."), "{inbox}");
    }
}
