//! The family's pages: each in the own name, and nothing of what another of them said.

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::consent_pages::{at_home, pages};
use super::household::Family;
use super::support::{Browser, Node, Who, new_note};

/// Asks for PPT as the holder; returns the consent's id.
async fn ask(node: &Node, family: &Family) -> String {
    let body = json!({ "recipient": { "host": super::support::PARTNER, "code": "ppt" },
        "areas": ["language"], "kinds": ["note"], "purpose": "Utrede lesing" });
    let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &body).await;
    asked["id"].as_str().expect("an id").to_owned()
}

fn home(family: &Family) -> String {
    format!("/family/{}", family.id)
}

/// What a page's form brings back of the readers that it named.
fn named_readers(page: &str) -> String {
    let rest = page.split("name=\"entry-readers\" value=\"").nth(1);
    rest.and_then(|rest| rest.split('"').next()).expect("readers are named").to_owned()
}

/// Looks at who will read it, and publishes it.
async fn looked_over(browser: &mut Browser<'_>, write: &str, words: &[(&str, &str)]) {
    let page = browser.post(write, &[words, &[("act", "look")]].concat()).await.text();
    let readers = named_readers(&page);
    browser.act(write, &[words, &[("act", "publish"), ("entry-readers", readers.as_str())]].concat()).await;
}

/// The fields of the entries of one kind, as the holder reads them.
async fn fields(node: &Node, family: &Family, kind: &str) -> Vec<Value> {
    let view = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    let entries = view["entries"].as_array().expect("a list").iter().filter(|item| item["kind"] == kind);
    entries.map(|item| item["fields"].clone()).collect()
}

#[tokio::test]
async fn family_account_comes_to_its_own_page_and_staff_have_none() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    for who in [Who::Guardian, Who::Father, Who::Youth] {
        let mut browser = node.log_in(who).await;
        let start = browser.get("/").await;
        assert_eq!(
            (start.status.as_u16(), &start.headers["location"]),
            (303, &"/family".parse().expect("a value"))
        );
        let list = browser.get("/family").await;
        assert_eq!(list.headers["location"].to_str().expect("text"), home(&family), "{who:?}");
        assert_eq!(browser.get(&home(&family)).await.status.as_u16(), 200, "{who:?}");
    }
    for who in [Who::Holder, Who::Colleague, Who::UnitLeader, Who::ProtectionOfficer] {
        let mut browser = node.log_in(who).await;
        assert_eq!(browser.get("/family").await.status.as_u16(), 403, "{who:?}");
        assert_eq!(browser.get(&home(&family)).await.status.as_u16(), 404, "{who:?}");
    }
    let other = node.open_case().await;
    let elsewhere = format!("/family/{}", other.rsplit('/').next().expect("an id"));
    let mut mother = node.log_in(Who::Guardian).await;
    let foreign = mother.get(&elsewhere).await;
    let missing = mother.get("/family/3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05").await;
    assert_eq!((foreign.status.as_u16(), missing.status.as_u16()), (404, 404));
    let told = |text: String| text.split_once("<main").expect("a page").1.to_owned();
    assert_eq!(told(foreign.text()), told(missing.text()), "another family's case has the same words");
}

#[tokio::test]
async fn page_tells_what_is_agreed_who_does_what_and_where_information_is() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let goal = json!({ "kind": "goal", "areas": ["language"], "fields": { "title": "Ane leser høyt" } });
    let goal = family.write(&node, &goal).await;
    let measure = json!({ "kind": "measure", "areas": ["language"], "towards": goal, "fields": {
        "title": "Lese hver kveld", "responsible": "Mor", "deadline": "2027-02-01", "status": "started", "at_home": true } });
    family.write(&node, &measure).await;
    family.write(&node, &new_note("<img src=x onerror=alert(1)>")).await;
    family.consent(&node, "997391853", "health-station").await;
    let mut mother = node.log_in(Who::Guardian).await;

    let page = mother.get(&home(&family)).await.text();

    for said in [
        "Hei, Guardian.</h1>",
        "Dette er stafettloggen til Ane.",
        "Stafettholder er Holder.",
        "Mål: Ane leser høyt",
        "Lese hver kveld – Mor. Innen 1. februar 2027 (i gang) Hjemme.",
        "Hvem har opplysninger om Ane?",
        "Trekk tilbake fra Helsestasjon",
        "&#60;img src=x",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("<img") && !page.contains("<title>Ane"), "{page}");
    let mut child = node.log_in(Who::Youth).await;
    let page = child.get(&home(&family)).await.text();
    assert!(page.contains("Dette er stafettloggen din."), "{page}");
}

#[tokio::test]
async fn giver_answers_after_reading_what_it_means_and_no_other_learns_the_answer() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let consent = ask(&node, &family).await;
    let path = format!("{}/{consent}", pages(&family));
    let mut father = node.log_in(Who::Father).await;
    let mut mother = node.log_in(Who::Guardian).await;
    let question = mother.get(&path).await.text();
    assert!(question.contains("Kan PPT (Steinkjer kommune) få se?"), "{question}");
    assert!(question.contains("Notat: Ane teller til ti"), "{question}");
    assert!(mother.get(&home(&family)).await.text().contains("Les og svar om PPT (Steinkjer kommune)"));
    let before = [mother.get(&home(&family)).await.text(), mother.get(&path).await.text()];

    let answered = father.act(&format!("{path}/answer"), &[("answer", "no")]).await.text();

    assert!(answered.contains("Du har sagt nei."), "{answered}");
    let after = [mother.get(&home(&family)).await.text(), mother.get(&path).await.text()];
    assert_eq!(before, after, "the other's page is the same, byte for byte");
    let page = mother.act(&format!("{path}/answer"), &[("answer", "yes")]).await.text();
    assert!(page.contains("ja 15. januar 2027, med innlogging."), "{page}");
    assert!(!page.contains("nei") || !page.contains("far"), "{page}");
    let holder =
        node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert_eq!(holder[0]["status"], "refused");
    let neither = father.post(&format!("{path}/answer"), &[("giver", &family.mother)]).await;
    assert_eq!(neither.status.as_u16(), 422, "and nobody answers for another");
}

#[tokio::test]
async fn giver_takes_back_and_is_told_and_the_other_is_not() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let entry = family.write(&node, &new_note("Ane teller til ti")).await;
    let consent = family.consent(&node, super::support::PARTNER, "ppt").await;
    family.hand_over(&node, &[entry]).await;
    let path = consent.replace("/api/v1", "");
    let mut father = node.log_in(Who::Father).await;
    assert!(father.get(&home(&family)).await.text().contains(&format!("href=\"{path}/withdraw\"")));
    assert!(
        father.get(&format!("{path}/withdraw")).await.text().contains("Ingen andre i familien får vite det")
    );

    father.act(&format!("{path}/withdraw"), &[("part", "whole")]).await;

    let page = father.get(&home(&family)).await.text();
    assert!(page.contains("Du har trukket tilbake samtykket."), "{page}");
    assert!(
        page.contains("Meldinger til deg") && page.contains("Du har trukket tilbake et samtykke"),
        "{page}"
    );
    let mut mother = node.log_in(Who::Guardian).await;
    for page in [mother.get(&home(&family)).await.text(), mother.get(&path).await.text()] {
        for telling in ["trukket tilbake", "Meldinger til deg", "Per Testesen"] {
            assert!(!page.contains(telling), "{telling}: {page}");
        }
    }
}

#[tokio::test]
async fn own_words_name_their_readers_and_what_is_not_for_guardians_is_not_there_for_them() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let write = format!("{}/write", home(&family));
    let mut child = node.log_in(Who::Youth).await;
    let words = [("text", "Jeg er redd hjemme"), ("areas", "language"), ("withheld", "yes")];
    let page = child.post(&write, &[&words[..], &[("act", "look")]].concat()).await.text();
    assert!(page.contains("<li>Ikke foresatte</li>") && page.contains("<li>Stafettholderen</li>"), "{page}");
    looked_over(&mut child, &write, &words).await;

    assert!(child.get(&home(&family)).await.text().contains("Jeg er redd hjemme"));
    for who in [Who::Guardian, Who::Father] {
        let mut guardian = node.log_in(who).await;
        for path in [home(&family), format!("/cases/{}/print", family.id), pages(&family)] {
            let page = guardian.get(&path).await.text();
            assert!(!page.contains("redd hjemme"), "{who:?} {path}: {page}");
        }
    }

    family.consent(&node, "997391853", "health-station").await;
    let mut mother = node.log_in(Who::Guardian).await;
    let hostile = [("text", "<script>x</script>\nTo"), ("areas", "language"), ("about", "child")];
    let empty = mother.post(&write, &[("text", " "), ("areas", "language")]).await;
    assert_eq!(empty.status.as_u16(), 422);
    assert!(
        empty.text().contains("id=\"text-wrong\"") && empty.text().contains("value=\"language\" checked")
    );
    let page = mother.post(&write, &[&hostile[..], &[("act", "look")]].concat()).await.text();
    assert!(page.contains("De andre i familien som leser stafettloggen"), "{page}");
    assert!(page.contains("&#60;script&#62;x") && !page.contains("<script>x"), "{page}");
    let withheld = [("text", "Prøver"), ("withheld", "yes"), ("act", "look")];
    let page = mother.post(&write, &withheld).await.text();
    assert!(!page.contains("Ikke foresatte"), "only the child withholds: {page}");
    looked_over(&mut mother, &write, &[("text", "Prøver"), ("withheld", "yes"), ("about", "child")]).await;
    let mut father = node.log_in(Who::Father).await;
    assert!(
        father.get(&home(&family)).await.text().contains("Prøver"),
        "a guardian hides nothing from another"
    );
}

#[tokio::test]
async fn family_publishes_to_no_others_than_those_whom_the_page_named() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let write = format!("{}/write", home(&family));
    let mut mother = node.log_in(Who::Guardian).await;
    let words = [("text", "Vi leser hver kveld"), ("areas", "language"), ("about", "child")];
    let page = mother.post(&write, &[&words[..], &[("act", "look")]].concat()).await.text();
    assert!(!page.contains("<li>PPT (Steinkjer kommune)</li>") && !page.contains("har endret seg"), "{page}");
    let readers = named_readers(&page);
    let unseen = mother.post(&write, &[&words[..], &[("act", "publish")]].concat()).await;
    assert_eq!(unseen.status.as_u16(), 200, "nobody was named to her");
    let body = json!({ "recipient": { "host": super::support::PARTNER, "code": "ppt" },
        "areas": ["language"], "kinds": ["guardian-input"], "card_fields": [], "purpose": "Utrede lesing" });
    let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &body).await;
    for giver in [&family.mother, &family.father] {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        let path = format!("{}/consents/{}/yes", family.case, asked["id"].as_str().expect("an id"));
        node.expect(200, Who::Holder, "post", &path, &yes).await;
    }

    let publish = [&words[..], &[("act", "publish"), ("entry-readers", readers.as_str())]].concat();
    let answer = mother.post(&write, &publish).await;

    assert_eq!(answer.status.as_u16(), 200);
    let page = answer.text();
    assert!(page.contains("Hvem som leser, har endret seg siden du så på det."), "{page}");
    assert!(page.contains("<li>PPT (Steinkjer kommune)</li>"), "{page}");
    assert!(fields(&node, &family, "guardian-input").await.is_empty(), "nothing was published");
    looked_over(&mut mother, &write, &words).await;
    assert_eq!(fields(&node, &family, "guardian-input").await.len(), 1);
}

#[tokio::test]
async fn nothing_that_a_family_writes_is_given_its_authors_name() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let write = format!("{}/write", home(&family));
    for who in [Who::Guardian, Who::Youth] {
        let mut browser = node.log_in(who).await;
        looked_over(&mut browser, &write, &[("text", "Slik er det"), ("about", "child")]).await;
    }

    for kind in ["guardian-input", "child-voice"] {
        assert_eq!(fields(&node, &family, kind).await, [json!({ "description": "Slik er det" })], "{kind}");
    }
}

#[tokio::test]
async fn family_reads_what_was_decided_and_found_and_who_was_there() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    for (kind, fields) in [
        (
            "meeting",
            json!({ "date": "2027-01-20", "present": ["Kari", "Inga"], "next_meeting": "2027-03-01" }),
        ),
        ("decision", json!({ "date": "2027-01-20", "decision": "continue" })),
        (
            "evaluation",
            json!({ "date": "2027-01-20", "on_track": "partly", "disagreement": "Far vil ha mer hjelp" }),
        ),
    ] {
        let entry = json!({ "kind": kind, "areas": ["language"], "fields": fields });
        family.write(&node, &entry).await;
    }
    let mut mother = node.log_in(Who::Guardian).await;

    let page = mother.get(&home(&family)).await.text();

    for said in [
        "<dt>Til stede</dt><dd>Kari\nInga</dd>",
        "<dt>Neste møte</dt><dd>1. mars 2027</dd>",
        "<dt>Beslutning</dt><dd>videreføre</dd>",
        "<dt>På rett vei</dt><dd>delvis</dd>",
        "<dt>Uenighet</dt><dd>Far vil ha mer hjelp</dd>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn guardian_who_is_not_safe_sees_as_if_there_were_no_case() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let consent = ask(&node, &family).await;
    let mut leader = node.log_in(Who::UnitLeader).await;
    let circle = format!("/cases/{}/family/circle", family.id);
    let set = [("protection", "strictly-confidential"), ("safe_for", family.mother.as_str()), ("act", "set")];
    let page = leader.act(&circle, &set).await.text();
    assert!(page.contains("Strengt fortrolig adresse."), "{page}");

    let mut father = node.log_in(Who::Father).await;
    let list = father.get("/family").await;
    assert_eq!(list.status.as_u16(), 200);
    assert!(list.text().contains("Det er ingen stafettlogg her som du er med i."));
    let own = [home(&family), format!("{}/write", home(&family)), format!("/cases/{}/looks", family.id)];
    for path in
        own.iter().cloned().chain([pages(&family), format!("{}/{consent}", pages(&family)), circle.clone()])
    {
        assert_eq!(father.get(&path).await.status.as_u16(), 404, "{path}");
    }
    let mut mother = node.log_in(Who::Guardian).await;
    let mut holder = node.log_in(Who::Holder).await;
    let family_page = format!("/cases/{}/family", family.id);
    let shown = [
        mother.get(&home(&family)).await,
        mother.get(&format!("/cases/{}/looks", family.id)).await,
        holder.get(&family_page).await,
        holder.get(&pages(&family)).await,
        holder.get(&format!("{}/new", pages(&family))).await,
        leader.get(&family_page).await,
    ];
    for page in shown {
        let text = page.text();
        assert_eq!(page.status.as_u16(), 200, "{text}");
        let main =
            text.split_once("<main").and_then(|(_, rest)| rest.split_once("</main>")).expect("a page").0;
        for word in ["fortrolig", "adresse", "beskytt", "sperre"] {
            assert!(!main.to_lowercase().contains(word), "{word}: {main}");
        }
    }
}

#[tokio::test]
async fn family_and_officer_see_who_looked_and_nobody_learns_when_another_guardian_did() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    holder.get(&pages(&family)).await;
    let mut leader = node.log_in(Who::UnitLeader).await;
    leader.get(&format!("/cases/{}/family/circle", family.id)).await;
    let mut father = node.log_in(Who::Father).await;
    father.get(&home(&family)).await;
    let path = format!("/cases/{}/looks", family.id);

    let mut mother = node.log_in(Who::Guardian).await;
    let page = mother.get(&path).await.text();
    assert!(
        page.contains(
            "<td>Holder</td><td>ansatt, Skole</td><td>så på samtykkene</td><td>oppgave i saken</td>"
        ),
        "{page}"
    );
    assert!(
        page.contains("<td>UnitLeader</td><td>enhetsleder, Skole</td><td>leste i stafettloggen</td>"),
        "{page}"
    );
    assert!(page.contains("<td>du</td>") && page.contains("<td>det gjelder familien selv</td>"), "{page}");
    assert!(!page.contains("Father") && !page.contains("uten navn her"), "{page}");
    let mut officer = node.log_in(Who::ProtectionOfficer).await;
    let page = officer.get(&path).await.text();
    assert!(page.contains("<td>uten navn her</td><td>foresatt, Inderøy kommune</td>"), "{page}");
    assert!(page.contains("<td>Holder</td>") && !page.contains("Testesen"), "{page}");
    for who in [Who::Colleague, Who::Operator, Who::Coordinator, Who::OtherLeader, Who::ServiceLeader] {
        let mut other = node.log_in(who).await;
        assert_eq!(other.get(&path).await.status.as_u16(), 404, "{who:?}");
    }
    let nowhere = "/cases/3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05/looks";
    assert_eq!(officer.get(nowhere).await.status.as_u16(), 404);
    node.break_access_log();
    assert_eq!(mother.get(&path).await.status.as_u16(), 503, "nothing is shown that was not logged");
}

#[tokio::test]
async fn family_is_registered_from_a_document_and_another_person_approves() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let path = format!("/cases/{}/family", family.id);
    let mut holder = node.log_in(Who::Holder).await;
    let page = holder.get(&path).await.text();
    assert!(page.contains("Per Testesen (far) – har foreldreansvar"), "{page}");
    let (mother, father) = (format!("capacity-{}", family.mother), format!("capacity-{}", family.father));
    let change = [
        (mother.as_str(), "guardian"),
        (father.as_str(), "parent"),
        ("name", "<b>Verge</b> Eksempel"),
        ("relation", "appointed-guardian"),
        ("act", "register"),
    ];
    let answer = holder.post(&path, &change).await;
    assert_eq!(answer.status.as_u16(), 422);
    let page = answer.text();
    assert!(page.contains("id=\"document-wrong\"") && page.contains("&#60;b&#62;Verge"), "{page}");
    let with_document = [&change[..], &[("document", "2026/44")]].concat();
    let page = holder.act(&path, &with_document).await.text();
    assert!(page.contains("Per Testesen (far): forelder uten foreldreansvar"), "{page}");
    assert!(!page.contains("value=\"approve"), "whoever registers does not approve: {page}");

    let mut leader = node.log_in(Who::UnitLeader).await;
    let page = leader.get(&path).await.text();
    assert!(page.contains("Dokument: 2026/44."), "{page}");
    let start = page.find("value=\"approve ").expect("a button") + "value=\"".len();
    let act = page[start..].split('"').next().expect("a value").to_owned();
    let other = node.log_in(Who::OtherLeader).await.post(&path, &[("act", &act)]).await;
    assert_eq!(other.status.as_u16(), 404);
    let page = leader.act(&path, &[("act", &act)]).await.text();
    assert!(page.contains("Per Testesen (far) – forelder uten foreldreansvar"), "{page}");
    assert!(page.contains("&#60;b&#62;Verge&#60;/b&#62; Eksempel (verge) – oppnevnt verge"), "{page}");
    let mut guardian = node.log_in(Who::Father).await;
    assert_eq!(guardian.get(&path).await.status.as_u16(), 404, "he has no part in it any longer");
    let mut mother = node.log_in(Who::Guardian).await;
    assert_eq!(mother.get(&path).await.status.as_u16(), 403);
}

#[tokio::test]
async fn every_page_of_the_family_is_in_nynorsk_too() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let consent = ask(&node, &family).await;
    node.clock.fetch_add(DAY, std::sync::atomic::Ordering::Relaxed);
    let mut mother = node.log_in(Who::Guardian).await;
    let one = format!("{}/{consent}", pages(&family));
    for (path, said) in [
        (home(&family), "Kven har opplysningar om Ane?"),
        (format!("{}/write", home(&family)), "Innspelet mitt"),
        (one.clone(), "få sjå?"),
        (format!("{one}/answer"), "Send svaret mitt"),
        (format!("/cases/{}/looks", family.id), "Kven har sett på"),
    ] {
        let page = mother.get(&format!("{path}?lang=nn")).await.text();
        assert!(page.contains(said), "{path}: {page}");
    }
}

#[tokio::test]
async fn youth_decides_what_a_guardian_reads_and_a_child_does_not() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let path = format!("{}/guardians", home(&family));
    let mut child = node.log_in(Who::Youth).await;
    assert_eq!(child.get(&path).await.status.as_u16(), 404, "eleven years old");
    assert!(!child.get(&home(&family)).await.text().contains("/guardians"));
    family.write(&node, &new_note("Ane sover dårlig")).await;

    // Sixteen years and a day after the birth.
    node.clock.store(1_931_500_000_000, std::sync::atomic::Ordering::Relaxed);
    let mut youth = node.log_in(Who::Youth).await;
    let page = youth.get(&path).await.text();
    assert!(page.contains("Per Testesen skal ikke lese om"), "{page}");
    let mut father = node.log_in(Who::Father).await;
    let mut mother = node.log_in(Who::Guardian).await;
    assert!(father.get(&home(&family)).await.text().contains("Ane sover dårlig"));
    let close = [("guardian", family.father.as_str()), ("closed", "language")];
    assert_eq!(father.post(&path, &close).await.status.as_u16(), 404);
    let page = youth.act(&path, &close).await.text();

    assert_eq!(page.matches(" checked").count(), 1, "{page}");
    assert!(!father.get(&home(&family)).await.text().contains("Ane sover dårlig"));
    assert!(mother.get(&home(&family)).await.text().contains("Ane sover dårlig"));
}

#[tokio::test]
async fn stafettholder_alone_is_told_who_of_the_family_wrote() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &assign).await;
    family.consent(&node, "997391853", "health-station").await;
    let write = format!("{}/write", home(&family));
    for (who, text) in [(Who::Guardian, "Vi leser hver kveld"), (Who::Youth, "Jeg liker best å regne")] {
        let words = [("text", text), ("areas", "language"), ("about", "child")];
        looked_over(&mut node.log_in(who).await, &write, &words).await;
    }
    let case = format!("/cases/{}", family.id);
    let view = async |who| node.expect(200, who, "get", &family.case, &Value::Null).await;
    let authors = |view: &Value| -> Vec<Value> {
        let entries = view["entries"].as_array().expect("entries");
        entries.iter().map(|item| item["author"].clone()).filter(|author| !author.is_null()).collect()
    };

    let told = authors(&view(Who::Holder).await);
    assert_eq!(told.len(), 2, "not the note of the school: {told:?}");
    let mother = json!({ "person": family.mother, "name": "Inga Testesen", "relation": "mother" });
    assert!(told.contains(&mother) && told.iter().any(|author| author["relation"] == "subject"), "{told:?}");
    let mut holder = node.log_in(Who::Holder).await;
    let page = holder.get(&case).await.text();
    let print = holder.get(&family.print()).await.text();
    for said in ["krevet av Inga Testesen (mor)", "krevet av Ane Testesen (den saken gjelder)"] {
        assert!(page.contains(&format!("først s{said}")), "{page}");
        let on_paper = said.replacen("krevet av", "krevet av:", 1);
        assert!(!print.contains(said) && !print.contains(&on_paper), "on the table of a meeting: {print}");
    }
    assert!(print.contains("Vi leser hver kveld"), "{print}");
    let entry = page.split("/entries/").nth(1).and_then(|rest| rest.split('"').next()).expect("an entry");
    assert!(holder.get(&format!("{case}/entries/{entry}")).await.text().contains("skrevet av "), "alone too");

    for who in [Who::Father, Who::Guardian, Who::Youth, Who::Colleague] {
        assert_eq!(authors(&view(who).await), Vec::<Value>::new(), "{who:?}");
        let mut browser = node.log_in(who).await;
        let own = if who == Who::Colleague { case.clone() } else { home(&family) };
        for path in [own, format!("{case}/print")] {
            let page = browser.get(&path).await.text();
            assert!(page.contains("Vi leser hver kveld") || who == Who::Colleague, "{who:?} {path}: {page}");
            let page = page.to_lowercase();
            assert!(
                !page.contains("skrevet av inga") && !page.contains("skrevet av: inga"),
                "{who:?} {path}"
            );
            assert!(!page.contains("skrevet av ane") && !page.contains("skrevet av: ane"), "{who:?} {path}");
        }
    }
}
