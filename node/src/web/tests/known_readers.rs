//! Who reads each entry, on the family's pages: what this person's own consents name, and nothing by
//! which one of the family learns what another said.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::erasure::Done;
use stafett_protocol::id::EntryId;
use stafett_protocol::time::DAY;
use stafett_protocol::transaction::{Transaction, Write};

use super::consent_pages::at_home;
use super::family::Family as Grown;
use super::household::Family;
use super::support::{Node, PARTNER, Who, new_note};

const OWN: &str = "997391853";
const HEALTH: &str = "health-station";
const NOBODY_ELSE: &str =
    "<strong>Stafettholderen kan lese dette. Samtykket ditt åpner ikke for flere.</strong>";

/// What the page says under one entry.
fn under(page: &str, entry: EntryId) -> String {
    let rest = page.split(&format!("id=\"entry-{entry}\"")).nth(1).expect("the entry");
    let at = rest.find("readers\">").expect("its readers");
    let end = if rest[..at].ends_with("<p class=\"") { "</p>" } else { "</details>" };
    rest[at..].split(end).next().expect("their end").to_owned()
}

async fn home(node: &Node, who: Who, case: impl std::fmt::Display) -> String {
    let page = node.log_in(who).await.get(&format!("/family/{case}")).await;
    assert_eq!(page.status.as_u16(), 200, "{who:?}: {}", page.text());
    page.text()
}

/// Asks for a service as the holder, and some of the family say yes; returns the consent's path.
async fn shared(node: &Node, case: &str, question: Value, givers: &[&str]) -> String {
    let asked = node.expect(201, Who::Holder, "post", &format!("{case}/consents"), &question).await;
    let path = format!("{case}/consents/{}", asked["id"].as_str().expect("an id"));
    for giver in givers {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        node.expect(200, Who::Holder, "post", &format!("{path}/yes"), &yes).await;
    }
    path
}

fn question(host: &str, code: &str) -> Value {
    json!({ "recipient": { "host": host, "code": code }, "areas": ["language", "attendance"],
        "kinds": ["note", "goal", "measure", "guardian-input"], "card_fields": [], "purpose": "x" })
}

async fn acknowledged(node: &Node, entry: EntryId) {
    let record = node.engine.store().entry(entry).await.expect("reads").expect("is there");
    let partner = PARTNER.parse().expect("a number");
    let write =
        Write::Acknowledged { partner, entry, generation: record.facts.generation, heads: record.heads };
    node.engine.store().commit(Transaction::of(vec![write])).await.expect("commits");
}

#[tokio::test]
async fn each_entry_says_who_can_read_it_since_when_and_by_which_consent() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let goal = json!({ "kind": "goal", "areas": ["language"], "fields": { "title": "Ane leser høyt" } });
    let goal = family.write(&node, &goal).await;
    let measure = json!({ "kind": "measure", "areas": ["language"], "towards": goal, "fields": {
        "title": "Lese", "responsible": "Mor", "deadline": "2027-02-01", "status": "started" } });
    let measure = family.write(&node, &measure).await;
    let note = family.write(&node, &new_note("Ane teller til ti")).await;
    let elsewhere = json!({ "kind": "note", "areas": ["attendance"], "fields": { "description": "x" } });
    let elsewhere = family.write(&node, &elsewhere).await;
    let before = home(&node, Who::Guardian, family.id).await;
    assert!(under(&before, note).contains(NOBODY_ELSE), "{before}");

    let ppt = family.consent(&node, PARTNER, "ppt").await;
    let page = home(&node, Who::Guardian, family.id).await;
    let said = under(&page, note);
    for words in [
        "<summary>Stafettholderen kan lese dette. Samtykket ditt åpner for at PPT (Steinkjer kommune) kan lese det.</summary>",
        "PPT (Steinkjer kommune): Du sa ja 15. januar 2027. <a",
        &format!("href=\"{}\"", ppt.replace("/api/v1", "")),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(under(&page, goal).contains("åpner for at PPT (Steinkjer kommune)"), "{page}");
    for not in [measure, elsewhere] {
        assert!(under(&page, not).contains(NOBODY_ELSE), "{page}");
    }
    let waiting = under(&home(&node, Who::Father, family.id).await, note);
    family.hand_over(&node, &[note]).await;
    acknowledged(&node, note).await;
    let came = under(&home(&node, Who::Father, family.id).await, note);
    assert_eq!(came, waiting, "what never comes would tell what another giver closed");

    family.consent(&node, OWN, HEALTH).await;
    let mut child = node.log_in(Who::Youth).await;
    child.post("/language", &[("language", "nn")]).await;
    let own = child.get(&format!("/family/{}", family.id)).await.text();
    assert!(
        under(&own, note)
            .contains("Stafetthaldaren kan lese dette. Samtykket ditt opnar ikkje for fleire.</strong>"),
        "not the child's: {own}"
    );
    let mut mother = node.log_in(Who::Guardian).await;
    mother.post("/language", &[("language", "nn")]).await;
    let said = under(&mother.get(&format!("/family/{}", family.id)).await.text(), note);
    for words in ["Samtykket ditt opnar for at ", "Helsestasjon: Du sa ja 15. januar 2027."] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let print = mother.get(&family.print().replace("/api/v1", "")).await.text();
    assert!(
        print.contains("<p class=\"readers\">Stafetthaldaren kan lese dette. Samtykket ditt opnar for at "),
        "{print}"
    );
    assert!(print.contains("Enkelte oppføringar kan vere unnatekne."), "as on the screen: {print}");
    assert!(!print.contains("Sendt 15."), "on paper the names alone: {print}");
    let holders = node.log_in(Who::Holder).await.get(&family.print()).await.text();
    assert!(!holders.contains("class=\"readers\"") && !holders.contains("unntatt"), "{holders}");
}

/// The services that entries of a person's page name, and those that the person's consents in force
/// name to the person.
async fn named_and_known(node: &Node, who: Who, case: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let consents = node.expect(200, who, "get", &format!("{case}/consents"), &Value::Null).await;
    let in_force = consents.as_array().expect("a list").iter().filter(|one| one["status"] == "in-force");
    let known = in_force.map(|one| one["recipient_name"].as_str().expect("a name").to_owned()).collect();
    let page = home(node, who, case.rsplit('/').next().expect("an id")).await;
    let print = node.log_in(who).await.get(&format!("{}/print", case.replace("/api/v1", ""))).await.text();
    let text = page + &print;
    let lines = text.split(" åpner for at ").skip(1);
    let lines = lines.filter_map(|rest| rest.split('<').next()?.strip_suffix(" kan lese det."));
    let names = lines.flat_map(|line| line.split(" og ").flat_map(|part| part.split(", ")));
    let services = names.map(str::to_owned).collect();
    (services, known)
}

#[tokio::test]
async fn entries_name_no_reader_whom_the_persons_own_consents_do_not_name() {
    let node = Node::start().await;
    let grown = Grown::opened(&node, "2010-01-14").await;
    let case = grown.case.clone();
    node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &new_note("Ane leser")).await;
    let all = [Who::Guardian, Who::Father, Who::Youth];
    shared(&node, &case, question(PARTNER, "ppt"), &[&grown.child]).await;
    shared(&node, &case, question(OWN, HEALTH), &[&grown.child]).await;

    let (named, known) = named_and_known(&node, Who::Youth, &case).await;
    let both: BTreeSet<_> = ["PPT (Steinkjer kommune)", "Helsestasjon"].map(str::to_owned).into();
    assert_eq!((&named, &known), (&both, &both), "the youth's own word opened both");
    for who in [Who::Guardian, Who::Father] {
        let (named, known) = named_and_known(&node, who, &case).await;
        assert_eq!((named, known), (BTreeSet::new(), BTreeSet::new()), "{who:?} was not asked");
    }
    let protect = json!({ "protection": "strictly-confidential", "safe_for": [grown.mother] });
    node.expect(204, Who::UnitLeader, "put", &format!("{case}/address-protection"), &protect).await;
    for who in all.into_iter().filter(|who| *who != Who::Father) {
        let (named, known) = named_and_known(&node, who, &case).await;
        assert!(named.is_subset(&known), "{who:?}: {named:?} {known:?}");
        assert!(!named.contains("PPT (Steinkjer kommune)"), "a partner reads nothing: {named:?}");
        let page = home(&node, who, case.rsplit('/').next().expect("an id")).await;
        assert!(!page.contains("adresse") && !page.contains("beskytt"), "{who:?}: {page}");
    }
}

#[tokio::test]
async fn what_one_guardian_closes_shows_the_other_by_no_reader_and_no_delivery() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let came = family.write(&node, &new_note("Ane teller til ti")).await;
    let never_came = family.write(&node, &new_note("Ane teller til tjue")).await;
    let givers = [family.mother.as_str(), family.father.as_str()];
    let ppt = shared(&node, &family.case, question(PARTNER, "ppt"), &givers).await;
    family.hand_over(&node, &[came]).await;
    acknowledged(&node, came).await;
    let before = home(&node, Who::Father, family.id).await;
    assert!(under(&before, came).contains("PPT"), "{before}");
    assert!(under(&before, never_came).contains("PPT"), "{before}");

    for entry in [came, never_came] {
        let except = json!({ "giver": family.mother, "entry": entry });
        node.expect(200, Who::Holder, "post", &format!("{ppt}/exceptions"), &except).await;
    }
    let area = json!({ "giver": family.mother, "areas": ["attendance"] });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/withdrawal"), &area).await;
    family.receive(&node, |_| Done::Erased).await;

    assert_eq!(home(&node, Who::Father, family.id).await, before, "byte for byte");
    let own = home(&node, Who::Guardian, family.id).await;
    for entry in [came, never_came] {
        assert!(under(&own, entry).contains(NOBODY_ELSE), "{own}");
    }
    let items = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    let readers = items["entries"].to_string();
    assert!(!readers.contains("\"ppt\""), "and truly nobody there reads it: {readers}");
}

/// What stands under an entry for the father, and what his page says of the consent.
async fn told(node: &Node, family: &Family, entry: EntryId, ppt: &str) -> (String, String) {
    let consent = ppt.rsplit('/').next().expect("an id");
    let page = home(node, Who::Father, family.id).await.replace(consent, "CONSENT");
    let own = node.log_in(Who::Father).await.get(&ppt.replace("/api/v1", "")).await.text();
    let state = own.split("data-variant=\"tinted\">").nth(1).and_then(|rest| rest.split('<').next());
    (under(&page, entry), state.expect("a state").to_owned())
}

#[tokio::test]
async fn own_yes_that_opens_nothing_has_the_same_words_whatever_the_other_guardian_did() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let entry = family.write(&node, &new_note("Ane teller til ti")).await;
    let father = [family.father.as_str()];
    let ppt = shared(&node, &family.case, question(PARTNER, "ppt"), &father).await;
    let unanswered = told(&node, &family, entry, &ppt).await;
    assert!(
        unanswered.0.contains("Samtykket ditt gjelder ikke nå, og åpner ikke for flere."),
        "{}",
        unanswered.0
    );

    let no = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/no"), &no).await;
    assert_eq!(told(&node, &family, entry, &ppt).await, unanswered, "she said no");

    let yes = json!({ "giver": family.mother, "evidence": { "kind": "oral" } });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/yes"), &yes).await;
    let open = told(&node, &family, entry, &ppt).await;
    assert!(open.0.contains("åpner for at PPT (Steinkjer kommune) kan lese det"), "{}", open.0);

    let all = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/withdrawal"), &all).await;
    assert_eq!(told(&node, &family, entry, &ppt).await, unanswered, "she took it back");
    let own = under(&home(&node, Who::Guardian, family.id).await, entry);
    assert!(own.contains(NOBODY_ELSE), "no yes of hers stands: {own}");
}

#[tokio::test]
async fn who_would_read_is_looked_up_by_the_family_in_the_log_with_the_areas() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    looked_over(&node, Who::Guardian, &family.case, "Vi leser hver kveld").await;
    let looks = family.looks(&node).await;
    let previews: Vec<_> = looks.iter().filter(|row| row.what == "preview of writing language").collect();
    assert_eq!(previews.len(), 1, "{looks:?}");
    assert_eq!(previews[0].account, Who::Guardian.account());

    let path = format!("/cases/{}/looks", family.id);
    let words = "så hvem som ville lest en tekst om språk";
    for (who, told) in
        [(Who::ProtectionOfficer, true), (Who::Guardian, true), (Who::Father, false), (Who::Holder, false)]
    {
        let page = node.log_in(who).await.get(&path).await.text().to_lowercase();
        assert_eq!(page.contains(words), told, "{who:?}: {page}");
    }
}

#[tokio::test]
async fn page_of_a_consent_says_what_a_yes_opens_for_and_not_what_is_read() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let givers = [family.mother.as_str(), family.father.as_str()];
    let ppt = shared(&node, &family.case, question(PARTNER, "ppt"), &givers).await;
    let area = json!({ "giver": family.mother, "areas": ["attendance"] });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/withdrawal"), &area).await;

    let path = ppt.replace("/api/v1", "");
    let fathers = node.log_in(Who::Father).await.get(&path).await.text();
    assert!(fathers.contains("Et ja fra deg åpner for at PPT (Steinkjer kommune) kan se"), "{fathers}");
    assert!(!fathers.contains("får PPT"), "she closed some of it, so it is not seen: {fathers}");
    let opened = |page: &str| {
        let rest = page.split("Samtykket ditt åpner for at tjenesten kan lese ").nth(1).expect("a line");
        rest.split("</p>").next().expect("its end").to_lowercase()
    };
    let fathers = opened(&home(&node, Who::Father, family.id).await);
    assert!(fathers.contains(" om fravær og språk."), "{fathers}");
    let own = opened(&home(&node, Who::Guardian, family.id).await);
    assert!(own.contains(" om språk."), "what she took back is not in it: {own}");
}

#[tokio::test]
async fn what_a_giver_is_told_of_the_day_is_the_own_yes() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let note = family.write(&node, &new_note("Ane teller til ti")).await;
    let ppt = shared(&node, &family.case, question(PARTNER, "ppt"), &[&family.mother]).await;
    node.clock.fetch_add(3 * DAY, Ordering::Relaxed);
    let yes = json!({ "giver": family.father, "evidence": { "kind": "oral" } });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/yes"), &yes).await;

    for (who, day) in [(Who::Guardian, "15."), (Who::Father, "18.")] {
        let page = home(&node, who, family.id).await;
        let said = format!("PPT (Steinkjer kommune): Du sa ja {day} januar 2027. <a");
        assert!(under(&page, note).contains(&said), "{who:?}: {page}");
    }
}

#[tokio::test]
async fn what_is_about_a_guardian_names_a_reader_once_that_guardian_has_opened_it() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let about_mother = json!({ "kind": "guardian-input", "areas": ["language"],
        "about": [{ "guardian": family.mother }], "fields": { "description": "Jeg er sliten" } });
    let entry = family.write(&node, &about_mother).await;
    let givers = [family.mother.as_str(), family.father.as_str()];
    let ppt = shared(&node, &family.case, question(PARTNER, "ppt"), &givers).await;
    let shut = under(&home(&node, Who::Guardian, family.id).await, entry);
    assert!(shut.contains(NOBODY_ELSE), "{shut}");

    let all = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &format!("{ppt}/withdrawal"), &all).await;
    let again = node
        .expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &question(PARTNER, "ppt"))
        .await;
    let again = format!("{}/consents/{}", family.case, again["id"].as_str().expect("an id"));
    for (giver, about_self) in [(&family.mother, true), (&family.father, false)] {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" }, "about_self": about_self });
        node.expect(200, Who::Holder, "post", &format!("{again}/yes"), &yes).await;
    }

    let open = under(&home(&node, Who::Guardian, family.id).await, entry);
    assert!(open.contains("åpner for at PPT (Steinkjer kommune) kan lese det"), "{open}");
    let fathers = home(&node, Who::Father, family.id).await;
    assert!(!fathers.contains("Jeg er sliten") && !fathers.contains(&entry.to_string()), "{fathers}");
}

/// What the page says before something is published, as somebody of the family writes it.
async fn looked_over(node: &Node, who: Who, case: &str, text: &str) -> String {
    let fields = [("text", text), ("areas", "language"), ("about", "child"), ("act", "look")];
    let id = case.rsplit('/').next().expect("an id");
    node.log_in(who).await.post(&format!("/family/{id}/write"), &fields).await.text()
}

#[tokio::test]
async fn family_is_warned_of_names_that_its_own_pages_tell_and_of_no_other() {
    const WARNING: &str = "Teksten nevner noen som ikke alle leserne vet er med";
    let node = Node::start().await;
    let family: Family = at_home(&node).await;
    let givers = [family.mother.as_str(), family.father.as_str()];
    for (host, code) in [(PARTNER, "ppt"), (OWN, HEALTH)] {
        shared(&node, &family.case, question(host, code), &givers).await;
    }
    for (text, name) in [
        ("Helsestasjon sa det samme.", Some("<li>Helsestasjon</li>")),
        ("Helsestasjons vurdering.", Some("<li>Helsestasjon</li>")),
        ("Per er ofte borte.", None),
        ("Colleague hjelper, og Holder.", None),
        ("Vi leser hver kveld.", None),
    ] {
        let page = looked_over(&node, Who::Guardian, &family.case, text).await;
        assert_eq!(page.contains(WARNING), name.is_some(), "{text}: {page}");
        assert!(name.is_none_or(|name| page.contains(name)), "{text}: {page}");
        assert!(page.contains("value=\"publish\""), "she may go on: {page}");
    }

    for text in ["Hilsen Inga", "Ingas mening"] {
        let page = looked_over(&node, Who::Guardian, &family.case, text).await;
        assert!(
            page.contains("Navnet ditt står i teksten. Ikke alle som leser den, vet at du er med."),
            "{page}"
        );
        assert!(!page.contains(WARNING) && !page.contains("<li>Inga Testesen</li>"), "{text}: {page}");
        let fathers = looked_over(&node, Who::Father, &family.case, text).await;
        assert!(!fathers.contains("Navnet ditt") && !fathers.contains(WARNING), "{text}: {fathers}");
    }

    let grown = Grown::opened(&node, "2010-01-14").await;
    for (host, code) in [(PARTNER, "ppt"), (OWN, HEALTH)] {
        shared(&node, &grown.case, question(host, code), &[&grown.child]).await;
    }
    let text = "Helsestasjon sa det samme.";
    let mothers = looked_over(&node, Who::Guardian, &grown.case, text).await;
    assert!(!mothers.contains(WARNING), "nobody asked her about it: {mothers}");
}
