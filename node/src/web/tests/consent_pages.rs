//! The pages on consent, as their readers use them: asked, looked over, answered, taken back.

use serde_json::{Value, json};
use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::time::MINUTE;

use super::household::Family;
use super::support::{Answer, Browser, Node, Who, new_note};

const PPT: &str = "840029212.ppt";
const HEALTH: &str = "997391853.health-station";

/// A family whose members log in.
pub(super) async fn at_home(node: &Node) -> Family {
    let family = Family::of(node).await;
    let path = &family.case;
    let view = node.expect(200, Who::Holder, "get", path, &Value::Null).await;
    let child = view["parties"].as_array().expect("parties").iter().find(|one| one["capacity"] == "subject");
    let child = child.expect("the child")["person"].as_str().expect("an id").to_owned();
    node.are(&[(Who::Guardian, &family.mother), (Who::Father, &family.father), (Who::Youth, &child)]);
    family
}

pub(super) fn pages(family: &Family) -> String {
    format!("/cases/{}/consents", family.id)
}

fn question<'a>(recipient: &'a str, act: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("recipient", recipient),
        ("direction", "both"),
        ("areas", "language"),
        ("kinds", "note"),
        ("kinds", "goal"),
        ("card_fields", "name"),
        ("purpose", "Utrede lesing"),
        ("child_heard", "not-asked"),
        ("act", act),
    ]
}

/// Asks through the page; returns the path of the consent's page.
async fn ask(holder: &mut Browser<'_>, family: &Family, fields: &[(&str, &str)]) -> String {
    let answer = holder.post(&format!("{}/new", pages(family)), fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    answer.headers["location"].to_str().expect("an address").to_owned()
}

async fn says_yes(holder: &mut Browser<'_>, consent: &str, giver: &str) -> Answer {
    let fields = [("giver", giver), ("answer", "yes"), ("evidence", "oral"), ("interpreter", "not-needed")];
    holder.act(&format!("{consent}/answer"), &fields).await
}

/// Asks for PPT, and both guardians say yes.
async fn shared(holder: &mut Browser<'_>, family: &Family) -> String {
    let consent = ask(holder, family, &question(PPT, "ask")).await;
    says_yes(holder, &consent, &family.mother).await;
    says_yes(holder, &consent, &family.father).await;
    consent
}

#[tokio::test]
async fn holder_sees_what_becomes_visible_and_what_does_not_before_anybody_is_asked() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let secret = family.write(&node, &new_note("Dette er hemmelig")).await;
    let mut absence = new_note("Borte i mai");
    absence["areas"] = json!(["attendance"]);
    family.write(&node, &absence).await;
    let mut holder = node.log_in(Who::Holder).await;
    let form = holder.get(&format!("{}/new", pages(&family))).await.text();
    for offered in ["PPT (Steinkjer kommune)", "Helsestasjon", "Inga Testesen (mor)", "Per Testesen (far)"] {
        assert!(form.contains(offered), "{offered}: {form}");
    }
    assert!(form.contains("Notat: Dette er hemmelig"), "entries can be pointed at");
    assert!(form.contains("id=\"kinds-note\" name=\"kinds\" value=\"note\" checked"), "{form}");

    let mut fields = question(PPT, "look");
    let (secret, hostile) = (secret.to_string(), "<script>alert('x')</script>");
    fields.push(("exceptions", &secret));
    fields.push(("reservations", hostile));
    let page = holder.post(&format!("{}/new", pages(&family)), &fields).await;
    assert_eq!(page.status.as_u16(), 200);
    let page = page.text();

    let (opens, hides) = page.split_once("Dette deles ikke").expect("both lists");
    assert!(opens.contains("Notat: Ane teller til ti · Språk"), "{page}");
    assert!(!opens.contains("hemmelig</li>") && !opens.contains("Borte i mai"), "{page}");
    assert!(hides.contains("Dette er hemmelig · Språk – unntatt av familien"), "{page}");
    assert!(hides.contains("Borte i mai · Fravær – samarbeidsavtalen dekker det ikke"), "{page}");
    assert!(page.contains("value=\"ask\">Spør om å dele med PPT (Steinkjer kommune)</button>"), "{page}");
    assert!(page.contains(&format!("name=\"exceptions\" value=\"{secret}\"")), "nothing is lost: {page}");
    assert!(!page.contains("<script>alert") && page.contains("&#60;script&#62;alert"), "{page}");
    let consents =
        node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert_eq!(consents, json!([]), "looking asks nobody");

    fields.retain(|(name, _)| *name != "act");
    fields.push(("act", "back"));
    let again = holder.post(&format!("{}/new", pages(&family)), &fields).await.text();
    assert!(again.contains(&format!("value=\"{secret}\" checked")), "{again}");
    assert!(again.contains("Utrede lesing</textarea>"), "{again}");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_that_was_typed_is_lost() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let fields = [
        ("purpose", ""),
        ("until", "2020-01-01"),
        ("kinds", "note"),
        ("language", "æ!"),
        ("reservations", "a\nb"),
    ];
    let answer = holder.post(&format!("{}/new", pages(&family)), &fields).await;

    assert_eq!(answer.status.as_u16(), 422);
    let page = answer.text();
    for field in ["recipient", "areas", "purpose", "language"] {
        assert!(page.contains(&format!("id=\"{field}-wrong\"")), "{field}: {page}");
        assert!(page.contains(&format!("<a class=\"ds-link\" href=\"#{field}\">")), "{field}: {page}");
    }
    assert!(page.contains("a\nb</textarea>") && page.contains("value=\"æ!\""), "{page}");
    let mut past = question(PPT, "look");
    past.push(("until", "2020-01-01"));
    let answer = holder.post(&format!("{}/new", pages(&family)), &past).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(answer.text().contains("id=\"until-wrong\""), "the engine's refusal stands beside its field");
}

#[tokio::test]
async fn matrix_tells_the_state_in_words_and_since_when() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let empty = holder.get(&pages(&family)).await.text();
    assert!(empty.contains("Ingen er spurt om samtykke ennå."), "{empty}");

    let consent = ask(&mut holder, &family, &question(PPT, "ask")).await;
    ask(&mut holder, &family, &question(HEALTH, "ask")).await;
    says_yes(&mut holder, &consent, &family.mother).await;
    let page = holder.get(&pages(&family)).await.text();
    assert!(page.contains("Delvis gitt: mangler Per Testesen (far)."), "{page}");
    assert!(page.contains("<th scope=\"col\">Fravær</th>"), "{page}");
    assert!(page.contains("<th scope=\"row\">PPT (Steinkjer kommune)</th>"), "{page}");
    assert!(page.contains(">spurt, mangler svar</a></td>\n<td>ikke spurt</td>"), "{page}");

    says_yes(&mut holder, &consent, &family.father).await;
    let page = holder.get(&pages(&family)).await.text();
    assert!(page.contains(">delt</a> siden 15. januar 2027</td>"), "{page}");
    assert!(page.contains("Gitt. Gjelder til og med 15. januar 2028. Tjenesten leser nå."), "{page}");
}

#[tokio::test]
async fn yes_is_registered_with_its_evidence_and_a_wrong_one_is_refused_beside_its_field() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let mut holder = node.log_in(Who::Holder).await;
    let consent = ask(&mut holder, &family, &question(PPT, "ask")).await;
    let path = format!("{consent}/answer");
    let page = holder.get(&path).await.text();
    assert!(page.contains("Dette blir synlig") && page.contains("Ane teller til ti"), "{page}");
    assert!(page.contains(">Colleague</option>") && !page.contains(">Holder</option>"), "{page}");

    let mother = family.mother.as_str();
    let paper = |reference: &'static str| {
        vec![
            ("giver", mother),
            ("answer", "yes"),
            ("evidence", "filed"),
            ("reference", reference),
            ("interpreter", "present"),
        ]
    };
    let answer = holder.post(&path, &paper("")).await;
    assert_eq!(answer.status.as_u16(), 422);
    let page = answer.text();
    assert!(page.contains("id=\"reference-wrong\"") && page.contains("Skriv hvor"), "{page}");
    let page = holder.act(&path, &paper("27/00123-4")).await.text();

    assert!(page.contains("role=\"status\">Svaret er registrert.<"), "{page}");
    assert!(page.contains("<li>Inga Testesen (mor): ja 15. januar 2027, på papir. Med tolk.</li>"), "{page}");
    let no = [("giver", family.father.as_str()), ("answer", "no")];
    let page = holder.act(&path, &no).await.text();
    assert!(page.contains("Per Testesen (far) har sagt nei. Ingenting er åpnet."), "{page}");
    let neither = holder.post(&path, &[("giver", family.father.as_str())]).await;
    assert_eq!(neither.status.as_u16(), 422);
    assert!(neither.text().contains("id=\"answer-wrong\""));
}

#[tokio::test]
async fn withdrawal_takes_two_clicks_and_nothing_is_erased_before_the_receipt() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let notes = [new_note("Ane teller til ti"), new_note("Ane leser")];
    let mut entries = Vec::new();
    for note in &notes {
        entries.push(family.write(&node, note).await);
    }
    let mut holder = node.log_in(Who::Holder).await;
    let consent = shared(&mut holder, &family).await;
    family.hand_over(&node, &entries).await;

    let page = holder.get(&format!("{consent}/withdraw")).await.text();
    assert!(page.contains("PPT (Steinkjer kommune) blir bedt om å slette det den har fått."), "{page}");
    assert!(page.contains("name=\"part\" value=\"whole\" checked"), "{page}");
    let back = [("giver", family.father.as_str()), ("channel", "oral"), ("part", "whole")];
    let page = holder.act(&format!("{consent}/withdraw"), &back).await.text();

    assert!(
        page.contains("role=\"status\">Trukket tilbake. Ingenting mer deles med dette samtykket.<"),
        "{page}"
    );
    assert!(page.contains("Trukket tilbake 15. januar 2027. Delingen er avsluttet."), "{page}");
    assert!(page.contains(": slett eller lås 2 oppføringer."), "{page}");
    assert!(page.contains("Ikke bekreftet ennå."), "{page}");
    assert!(!page.contains("slettet"), "nothing is said to be erased: {page}");

    let kept = entries[1];
    let done = |entry| {
        if entry == kept { Done::Locked { basis: LockBasis::OwnWriting } } else { Done::Erased }
    };
    family.receive(&node, done).await;
    let page = holder.get(&consent).await.text();
    let steps = [
        "<li>Bestilt: slett eller lås 2 oppføringer.</li>",
        "<li>Kvittering mottatt ",
        "(1 slettet, 1 låst).",
    ];
    let places: Vec<_> =
        steps.iter().map(|step| page.find(step).unwrap_or_else(|| panic!("{step}: {page}"))).collect();
    assert!(places.is_sorted(), "{page}");
    assert!(page.contains("Steinkjer kommune har bekreftet (1 slettet, 1 låst)."), "{page}");
    assert!(!page.contains("Ikke bekreftet ennå"), "{page}");
    let matrix = holder.get(&pages(&family)).await.text();
    assert!(matrix.contains(">trukket tilbake</a> siden 15. januar 2027</td>"), "{matrix}");
}

#[tokio::test]
async fn nobody_is_told_that_no_one_was_asked_when_every_consent_is_over() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let consent = shared(&mut holder, &family).await;
    let back = [("giver", family.mother.as_str()), ("channel", "oral"), ("part", "whole")];
    holder.act(&format!("{consent}/withdraw"), &back).await;

    for who in [Who::Holder, Who::Guardian] {
        let page = node.log_in(who).await.get(&pages(&family)).await.text();
        assert!(page.contains("Gjelder ikke lenger</h2>"), "{who:?}: {page}");
        assert!(page.contains("<p>Ingen samtykker gjelder nå.</p>"), "{who:?}: {page}");
        assert!(!page.contains("Ingen er spurt om samtykke"), "{who:?}: {page}");
    }
}

#[tokio::test]
async fn new_version_starts_from_the_old_answers_and_its_exceptions() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    family.write(&node, &new_note("Ane teller til ti")).await;
    let closed = family.write(&node, &new_note("Hold dette utenfor")).await.to_string();
    let mut holder = node.log_in(Who::Holder).await;
    let consent = shared(&mut holder, &family).await;
    let except = [("act", "except"), ("entry", closed.as_str()), ("giver", family.mother.as_str())];
    let page = holder.act(&consent, &except).await.text();
    assert!(page.contains("Lukket for tjenesten"), "{page}");

    let id = consent.rsplit('/').next().expect("an id");
    let form = holder.get(&format!("{}/new?from={id}", pages(&family))).await.text();

    assert!(form.contains(&format!("name=\"exceptions\" value=\"{closed}\" checked")), "{form}");
    assert!(form.contains(&format!("name=\"supersedes\" value=\"{id}\"")), "{form}");
    assert!(form.contains("Utrede lesing</textarea>"), "{form}");
    assert!(form.contains("name=\"areas\" value=\"language\" checked"), "{form}");
    assert!(!form.contains("name=\"areas\" value=\"attendance\" checked"), "{form}");
    assert!(!form.contains("997391853.health-station"), "a version is to the same service");
    let mut fields = question(PPT, "look");
    fields.push(("supersedes", id));
    let page = holder.post(&format!("{}/new", pages(&family)), &fields).await.text();
    assert!(page.contains("Familien hadde lukket dette."), "a dropped exception is told: {page}");
}

#[tokio::test]
async fn paper_is_in_the_familys_language_and_falls_back_visibly() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let mut papers = Vec::new();
    for language in ["nn", "sma", ""] {
        let mut fields = question(PPT, "ask");
        fields.push(("language", language));
        let consent = ask(&mut holder, &family, &fields).await;
        papers.push(holder.get(&format!("{consent}/form")).await.text());
    }

    assert!(papers[0].contains("<html lang=\"nn\"") && papers[0].contains("Rettane dine"), "{}", papers[0]);
    assert!(papers[1].contains("på språket det er bedt om (sma)"), "{}", papers[1]);
    for said in
        ["Utrede lesing", "PPT (Steinkjer kommune)", "Inga Testesen (mor)", "Du kan trekke samtykket tilbake"]
    {
        assert!(papers[1].contains(said), "{said}");
    }
    assert!(!papers[2].contains("på språket det er bedt om"), "{}", papers[2]);
}

#[tokio::test]
async fn paper_that_all_sign_names_what_each_of_them_reads_and_nothing_that_one_said_alone() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let open = family.write(&node, &new_note("Fravær i høst")).await.to_string();
    let alone = family.write(&node, &new_note("Teller til ti")).await.to_string();
    let voice = json!({ "kind": "child-voice", "areas": ["language"], "hidden_from_guardians": true,
        "fields": { "description": "Jeg er redd hjemme" } });
    let voice = family.write(&node, &voice).await.to_string();
    let of_mother = json!({ "kind": "note", "areas": ["language"], "about": [{ "guardian": family.mother }],
        "fields": { "description": "Mor er syk" } });
    let of_mother = family.write(&node, &of_mother).await.to_string();
    let mut holder = node.log_in(Who::Holder).await;
    let mut fields = question(PPT, "ask");
    fields.extend([&open, &voice, &of_mother].map(|entry| ("exceptions", entry.as_str())));
    let consent = ask(&mut holder, &family, &fields).await;
    let yes = [("giver", family.mother.as_str()), ("answer", "yes"), ("evidence", "oral")];
    holder.act(&format!("{consent}/answer"), &yes).await;
    let except = [("act", "except"), ("entry", alone.as_str()), ("giver", family.mother.as_str())];
    let said = holder.act(&consent, &except).await.text();
    assert!(said.contains("Lukket for tjenesten"), "{said}");

    let paper = holder.get(&format!("{consent}/form")).await.text();

    assert!(paper.contains("Fravær i høst") && paper.contains("Noe mer er unntatt"), "{paper}");
    for hidden in ["redd hjemme", "Mor er syk", "Teller til ti", "ikke for foresatte"] {
        assert!(!paper.contains(hidden), "{hidden}: {paper}");
    }
}

#[tokio::test]
async fn sharing_and_taking_back_ask_for_a_fresh_login() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let consent = ask(&mut holder, &family, &question(PPT, "ask")).await;
    for minute in 1..=2 {
        node.clock.fetch_add(8 * MINUTE, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(holder.get(&consent).await.status.as_u16(), 200, "{minute}");
    }

    let yes = [("giver", family.mother.as_str()), ("answer", "yes"), ("evidence", "oral")];
    for page in ["answer", "withdraw", "form"] {
        let answer = holder.get(&format!("{consent}/{page}")).await;
        assert_eq!(answer.status.as_u16(), 303, "{page}");
        let to = answer.headers["location"].to_str().expect("an address");
        assert!(to.starts_with("/login/again?to="), "{to}");
    }
    let posted = holder.post(&format!("{consent}/answer"), &yes).await;
    assert_eq!(posted.status.as_u16(), 303);
    assert!(posted.headers["location"].to_str().expect("text").starts_with("/login/again"));
    let item = node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert_eq!(item[0]["given_by"], json!({}), "nothing was registered");
}

#[tokio::test]
async fn nobody_else_reaches_the_pages_of_a_consent() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let consent = ask(&mut holder, &family, &question(PPT, "ask")).await;
    let nowhere = pages(&family).replace(&family.id.to_string(), "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05");
    let missing = holder.get(&nowhere).await;
    assert_eq!(missing.status.as_u16(), 404);
    let below = ["", "/answer", "/withdraw", "/form"].map(|word| format!("{consent}{word}"));
    let case = [pages(&family), format!("{}/new", pages(&family))];
    for who in Who::ALL {
        if matches!(who, Who::Holder | Who::Guardian | Who::Father | Who::Youth) {
            continue;
        }
        let mut browser = node.log_in(who).await;
        for path in below.iter().chain(&case) {
            let answer = browser.get(path).await;
            assert_eq!(answer.status.as_u16(), 404, "{who:?} {path}");
            let refused = browser.post(path, &[("act", "ask")]).await.status.as_u16();
            assert!(matches!(refused, 403..=405), "{who:?} {path}: {refused}");
        }
    }
    let mut mother = node.log_in(Who::Guardian).await;
    for path in [&case[1], &below[3]] {
        assert_eq!(mother.get(path).await.status.as_u16(), 403, "{path}: the family asks and prints nothing");
    }
}
