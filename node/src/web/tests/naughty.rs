//! Naughty strings through every free field of every form: they come back as text, unchanged, and
//! are never markup; what a field does not take is refused beside it, with nothing lost.

mod fields;
mod strings;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::strings::{Chunk, PAYLOADS, Rule, all, chunks, decoded, shape};
use super::consent_pages::at_home;
use super::household::Family;
use super::support::{Answer, Browser, Node, Who, new_note};

type Fields<'a> = Vec<(&'a str, String)>;

fn of<'a>(fields: &[(&'a str, &str)]) -> Fields<'a> {
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// A family at a node, with a browser for each who writes.
struct Desk<'a> {
    family: Family,
    case: String,
    holder: Browser<'a>,
    mother: Browser<'a>,
    youth: Browser<'a>,
}

impl<'a> Desk<'a> {
    async fn of(node: &'a Node) -> Self {
        let family = at_home(node).await;
        let case = format!("/cases/{}", family.id);
        let holder = node.log_in(Who::Holder).await;
        let (mother, youth) = (node.log_in(Who::Guardian).await, node.log_in(Who::Youth).await);
        Self { family, case, holder, mother, youth }
    }

    fn home(&self) -> String {
        format!("/family/{}", self.family.id)
    }
}

impl Browser<'_> {
    async fn sends(&mut self, path: &str, fields: &Fields<'_>) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post(path, &fields).await
    }

    /// Posts a form that must be taken; posts it again if a page first names its readers.
    async fn takes(&mut self, path: &str, fields: &Fields<'_>) -> String {
        let mut answer = self.sends(path, fields).await;
        for name in ["seen", "entry-readers"] {
            let start = format!("name=\"{name}\" value=\"");
            let page = if answer.status == 200 { answer.text() } else { String::new() };
            if let Some(value) = page.split(&start).nth(1).and_then(|rest| rest.split('"').next()) {
                let mut again = fields.clone();
                again.push((name, decoded(value)));
                answer = self.sends(path, &again).await;
            }
        }
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.text());
        answer.headers["location"].to_str().expect("an address").to_owned()
    }

    async fn page_at(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        answer.text()
    }
}

/// Holds a page against the same page with a harmless word: every string is there as text, and no
/// element or attribute came with one.
fn assert_text(page: &str, parts: &[String], harmless: &BTreeSet<String>, of: &str) {
    let text = decoded(page);
    for part in parts {
        assert!(text.contains(part.as_str()), "{of}: {part:?} is not there");
    }
    let known = |element: &&String| harmless.contains(*element) || *element == fields::NOTICE;
    let shape = shape(page);
    let brought: Vec<_> = shape.iter().filter(|element| !known(element)).collect();
    assert!(brought.is_empty(), "{of}: {brought:?}");
}

fn note(text: &str) -> Fields<'static> {
    let mut fields = of(&[
        ("do", "publish"),
        ("entry-kind", "note"),
        ("entry-area", "language"),
        ("entry-about", "subject"),
    ]);
    fields.push(("title", text.lines().next().unwrap_or_default().to_owned()));
    fields.push(("description", text.to_owned()));
    fields
}

/// Every page that shows an entry.
async fn entry_pages(desk: &mut Desk<'_>, entry: &str) -> Vec<(String, String)> {
    let (case, home) = (desk.case.clone(), desk.home());
    let mut pages = Vec::new();
    for below in ["", "/print", &format!("/entries/{entry}"), &format!("/entries/{entry}/edit")] {
        let path = format!("{case}{below}");
        pages.push((format!("holder {below}"), desk.holder.page_at(&path).await));
    }
    pages.push(("mother".to_owned(), desk.mother.page_at(&home).await));
    pages.push(("mother's print".to_owned(), desk.mother.page_at(&format!("{case}/print")).await));
    pages
}

async fn newest(node: &Node, desk: &Desk<'_>) -> String {
    let view = node.expect(200, Who::Holder, "get", &desk.family.case, &Value::Null).await;
    view["entries"][0]["entry"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn what_is_written_in_an_entry_is_text_on_every_page_that_shows_it() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let path = format!("{}/write", desk.case);
    desk.holder.takes(&path, &note("harmløst\nord")).await;
    let entry = newest(&node, &desk).await;
    let harmless: Vec<_> = entry_pages(&mut desk, &entry).await.iter().map(|(_, page)| shape(page)).collect();
    let mut form = note("harmløst\nord");
    form[0].1 = "review".to_owned();
    let review = shape(&desk.holder.sends(&path, &form).await.text());

    for chunk in chunks(Rule::Text, 14_000) {
        let mut form = note(&chunk.value());
        form[0].1 = "review".to_owned();
        let named = desk.holder.sends(&path, &form).await;
        assert_eq!(named.status.as_u16(), 200, "{}", named.text());
        assert_text(&named.text(), &chunk.parts, &review, "the page that names the readers");
        node.clock.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        desk.holder.takes(&path, &note(&chunk.value())).await;
        let entry = newest(&node, &desk).await;
        for ((of, page), harmless) in entry_pages(&mut desk, &entry).await.iter().zip(&harmless) {
            assert_text(page, &chunk.parts, harmless, of);
        }
    }
}

#[tokio::test]
async fn every_field_of_every_kind_takes_payloads_as_text() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let path = format!("{}/write", desk.case);
    for kind in fields::KINDS {
        let mut pages = Vec::new();
        for text in ["harmløst", &PAYLOADS.concat()] {
            node.clock.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let (form, parts) = fields::filled(kind, text);
            desk.holder.takes(&path, &form).await;
            let entry = newest(&node, &desk).await;
            let shown = desk.holder.page_at(&format!("{}/entries/{entry}", desk.case)).await;
            let print = desk.holder.page_at(&format!("{}/print", desk.case)).await;
            pages.push((parts, [shown, print]));
        }
        let [(_, harmless), (parts, naughty)] = pages.try_into().expect("two");
        for (page, harmless) in naughty.iter().zip(&harmless) {
            assert_text(page, &parts, &shape(harmless), kind);
        }
    }
}

#[tokio::test]
async fn drafts_and_changes_bring_back_what_was_written() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let write = format!("{}/write", desk.case);
    let entry = desk.family.write(&node, &new_note("før")).await;
    let edit = format!("{}/entries/{entry}/edit", desk.case);
    let harmless = shape(&desk.holder.page_at(&edit).await);
    let mut before = "før".to_owned();
    let mut writing = None;

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Text, 6_000)) {
        let mut form = note(&chunk.value());
        form[0].1 = "draft".to_owned();
        desk.holder.takes(&write, &form).await;
        let case = desk.holder.page_at(&desk.case.clone()).await;
        let draft =
            case.split("write?draft=").nth(1).and_then(|rest| rest.split('"').next()).expect("a draft");
        let page = desk.holder.page_at(&format!("{write}?draft={draft}")).await;
        assert_text(&page, &chunk.parts, writing.get_or_insert_with(|| shape(&page)), "a draft");
        let delete = format!("{}/drafts/{draft}/delete", desk.case);
        desk.holder.takes(&delete, &Vec::new()).await;

        let value = chunk.value();
        let form =
            vec![("description", value.clone()), ("entry-before-description", before.replace('\n', "\r\n"))];
        desk.holder.takes(&edit, &form).await;
        let page = desk.holder.page_at(&edit).await;
        assert_text(&page, &chunk.parts, &harmless, "a change");
        before = value;
    }
}

#[tokio::test]
async fn one_line_of_an_entry_and_the_words_of_a_meeting_are_text() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let write = format!("{}/write", desk.case);
    let begin = format!("{}/meeting", desk.case);
    let (mut measure, mut wall) = (None, None);

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Line, 1_000)) {
        let mut form =
            of(&[("do", "review"), ("entry-kind", "measure"), ("title", "x"), ("status", "started")]);
        form.extend(of(&[
            ("deadline", "2027-02-01"),
            ("entry-area", "language"),
            ("entry-about", "subject"),
        ]));
        form.push(("responsible", chunk.value()));
        let page = desk.holder.sends(&write, &form).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text());
        let page = page.text();
        assert_text(&page, &chunk.parts, measure.get_or_insert_with(|| shape(&page)), "responsible");

        let mut form = of(&[("date", "2027-01-20"), ("areas", "language"), ("entry-about", "subject")]);
        form.push(("place", chunk.value()));
        form.push(("present", format!("{}\nnoen", chunk.value())));
        let meeting = desk.holder.takes(&begin, &form).await;
        let page = desk.holder.page_at(&meeting).await;
        assert_eq!(decoded(&page).matches(chunk.parts[0].as_str()).count(), 2, "place and who is there");
        assert_text(&page, &chunk.parts, wall.get_or_insert_with(|| shape(&page)), "the meeting");
    }
}

#[tokio::test]
async fn points_agreements_and_the_end_of_a_meeting_are_text_on_its_page() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let begin = format!("{}/meeting", desk.case);
    let mut wall = None;

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Text, 14_000)) {
        let form = of(&[("date", "2027-01-20"), ("areas", "language"), ("entry-about", "subject")]);
        let meeting = desk.holder.takes(&begin, &form).await;
        let mut form = of(&[("what", "point"), ("areas", "language"), ("entry-about", "subject")]);
        form.extend([("title", chunk.parts[0].clone()), ("text", chunk.value())]);
        let at = desk.holder.takes(&format!("{meeting}/write"), &form).await;
        let point = at.split("#point-").nth(1).expect("a point").to_owned();
        for (what, payload) in ["agreement", "measure"].into_iter().zip(PAYLOADS) {
            let mut form = of(&[("what", what), ("areas", "language"), ("deadline", "2027-02-01")]);
            form.push(("entry-about", "subject".to_owned()));
            form.extend([
                ("point", point.clone()),
                ("title", payload.to_owned()),
                ("responsible", payload.to_owned()),
            ]);
            desk.holder.takes(&format!("{meeting}/write"), &form).await;
        }
        let mut form = of(&[("on-track", "yes"), ("decision", "continue"), ("entry-about", "subject")]);
        form.extend(["summary", "reason"].map(|name| (name, chunk.value())));
        form.push(("description", chunk.parts[0].clone()));
        desk.holder.takes(&format!("{meeting}/end"), &form).await;
        let page = desk.holder.page_at(&meeting).await;
        assert_text(&page, &chunk.parts, wall.get_or_insert_with(|| shape(&page)), "the meeting");
        assert!(decoded(&page).matches(chunk.parts[0].as_str()).count() >= 3);
    }
}

#[tokio::test]
async fn what_guardian_and_child_write_is_text_for_them_and_for_the_stafettholder() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let (home, case) = (desk.home(), desk.case.clone());
    let write = format!("{home}/write");
    let mut harmless: Option<[BTreeSet<String>; 4]> = None;

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Text, 14_000)) {
        let mut form = of(&[("areas", "language"), ("about", "child"), ("act", "look")]);
        form.push(("text", chunk.value()));
        let look = desk.mother.sends(&write, &form).await.text();
        form[2].1 = "publish".to_owned();
        desk.mother.takes(&write, &form).await;
        desk.youth.takes(&write, &form).await;
        let pages = [
            look,
            desk.mother.page_at(&home).await,
            desk.youth.page_at(&home).await,
            desk.holder.page_at(&case).await,
        ];
        let harmless = harmless.get_or_insert_with(|| pages.clone().map(|page| shape(&page)));
        for (page, harmless) in pages.iter().zip(harmless) {
            assert_text(page, &chunk.parts, harmless, "the family's words");
        }
    }
}

#[tokio::test]
async fn words_of_a_consent_are_text_for_whoever_asks_and_whoever_answers() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let (home, new) = (desk.home(), format!("{}/consents/new", desk.case));
    let mut harmless: Option<[BTreeSet<String>; 6]> = None;

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Text, 1_900)) {
        let mut form = of(&[("recipient", "997391853.health-station"), ("direction", "both")]);
        form.extend(of(&[
            ("areas", "language"),
            ("kinds", "note"),
            ("child_heard", "not-asked"),
            ("act", "look"),
        ]));
        form.extend(["purpose", "reservations"].map(|name| (name, chunk.value())));
        let look = desk.holder.sends(&new, &form).await.text();
        let last = form.len() - 3;
        form[last].1 = "ask".to_owned();
        let consent = desk.holder.takes(&new, &form).await;
        let version = format!("{new}?from={}", consent.rsplit('/').next().expect("an id"));
        let pages = [
            look,
            desk.holder.page_at(&consent).await,
            desk.holder.page_at(&version).await,
            desk.holder.page_at(&format!("{consent}/form")).await,
            desk.mother.page_at(&consent).await,
            desk.mother.page_at(&home).await,
        ];
        let harmless = harmless.get_or_insert_with(|| pages.clone().map(|page| shape(&page)));
        for (page, harmless) in pages.iter().zip(harmless) {
            assert_text(page, &chunk.parts, harmless, "a consent");
        }
        for giver in [&desk.family.mother, &desk.family.father] {
            let no = vec![("giver", giver.clone()), ("answer", "no".to_owned())];
            desk.holder.takes(&format!("{consent}/answer"), &no).await;
        }
    }
}

#[tokio::test]
async fn note_of_the_baton_is_text_for_both() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let mut other = node.log_in(Who::Colleague).await;
    let baton = format!("{}/baton", desk.case);
    let mut harmless: Option<[BTreeSet<String>; 2]> = None;

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Text, 15_000)) {
        let form = vec![("to", Who::Colleague.account().to_string()), ("note", chunk.value())];
        desk.holder.takes(&format!("{baton}/offer"), &form).await;
        let pages = [desk.holder.page_at(&baton).await, other.page_at(&baton).await];
        let harmless = harmless.get_or_insert_with(|| pages.clone().map(|page| shape(&page)));
        for (page, harmless) in pages.iter().zip(harmless) {
            assert_text(page, &chunk.parts, harmless, "the note");
        }
        let recall = pages[0].split("action=\"").find(|part| part.contains("/recall")).expect("a form");
        let recall = recall.split('"').next().expect("an address").to_owned();
        desk.holder.takes(&recall, &Vec::new()).await;
    }
}

#[tokio::test]
async fn names_of_a_new_case_and_of_its_family_are_text() {
    let node = Node::start().await;
    let desk = Desk::of(&node).await;
    let mut holder = desk.holder;
    let mut harmless: Option<[BTreeSet<String>; 3]> = None;

    for chunk in [Chunk::harmless()].into_iter().chain(chunks(Rule::Line, 900)) {
        let mut form = of(&[("kind", "child"), ("level", "1"), ("guardian-1-relation", "other")]);
        for name in ["name", "unit", "language", "address", "guardian-1-name"] {
            form.push((name, format!("{name}: {}", chunk.value())));
        }
        let case = holder.takes("/cases/new", &form).await;
        let household = format!("{case}/family");
        let mut form = of(&[("act", "register"), ("document", "2026/118-1"), ("relation", "other")]);
        form.push(("name", format!("new: {}", chunk.value())));
        holder.takes(&household, &form).await;
        let pages = [
            holder.page_at(&case).await,
            holder.page_at(&household).await,
            holder.page_at(&format!("{case}/print")).await,
        ];
        let harmless = harmless.get_or_insert_with(|| pages.clone().map(|page| shape(&page)));
        assert_text(&pages[0], &[], &harmless[0], "the case");
        assert_text(&pages[1], &chunk.parts, &harmless[1], "the family");
        assert_text(&pages[2], &chunk.parts, &harmless[2], "the case on paper");
        let family = decoded(&pages[1]);
        for name in ["guardian-1-name", "new"] {
            assert!(family.contains(&format!("{name}: {}", chunk.parts[0])), "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_searched_for_stands_in_the_form_again() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let mut harmless = None;
    // One text may have 200 characters; a string that is longer is refused with all of it there.
    for text in ["harmløst".to_owned()].into_iter().chain(all()) {
        let answer = desk.holder.sends("/search", &vec![("query", text.clone())]).await;
        let page = answer.text();
        let fits = (2..=200).contains(&text.chars().count()) && text.chars().any(char::is_alphanumeric);
        assert!(answer.status == 200 || answer.status == 422, "{text:?}: {}", answer.status);
        assert!(answer.status == 200 || !fits || text.chars().count() < 4, "{text:?} is refused");
        let shown = format!("name=\"query\" value=\"{text}\"");
        let refused = shape(
            "<input class=\"\" type=\"\" id=\"\" name=\"\" value=\"\" aria-invalid=\"\" aria-describedby=\"\">",
        );
        let harmless = harmless.get_or_insert_with(|| shape(&page));
        if answer.status == 200 {
            assert_text(&page, &[shown], harmless, "searching");
        } else {
            assert!(decoded(&page).contains(&shown), "{text:?}");
            let known = fields::WRONG.iter().map(|one| (*one).to_owned());
            let known: BTreeSet<_> = harmless.iter().cloned().chain(refused).chain(known).collect();
            assert_text(&page, &[], &known, "a refused search");
        }
    }
}

#[tokio::test]
async fn addresses_bring_no_markup_into_a_page() {
    let node = Node::start().await;
    let mut desk = Desk::of(&node).await;
    let paths = [
        "/cases?show=",
        &format!("{}?area=", desk.case),
        &format!("{}?kind=", desk.case),
        &format!("{}/write?kind=", desk.case),
        &format!("{}/write?kind=note&towards=", desk.case),
        "/login?to=",
        "/login?to=/cases/",
        "/cases?lang=",
        "/cases/new?",
    ];
    for path in paths {
        let harmless = shape(&desk.holder.page_at(&format!("{path}x")).await);
        for payload in PAYLOADS {
            let sent: String = form_urlencoded::byte_serialize(payload.as_bytes()).collect();
            let page = desk.holder.page_at(&format!("{path}{sent}")).await;
            assert_text(&page, &[], &harmless, path);
            assert!(!page.contains("evil.example\"") && !page.contains("=\"javascript:"), "{path}: {page}");
        }
    }
    let harmless = shape(&desk.holder.get("/cases/x").await.text());
    for payload in PAYLOADS {
        let sent: String = form_urlencoded::byte_serialize(payload.as_bytes()).collect();
        let answer = desk.holder.get(&format!("/cases/{sent}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{payload}");
        assert_text(&answer.text(), &[], &harmless, "a path");
    }
}

#[tokio::test]
async fn what_a_field_does_not_take_is_refused_beside_it_and_nothing_is_lost() {
    let node = Node::start().await;
    let desk = Desk::of(&node).await;
    let fields = fields::refusing(&desk.case, &desk.home());
    let Desk { family, mut holder, mut mother, .. } = desk;
    for field in fields {
        let long = "x".repeat(field.bytes_max + 1);
        let strings = all();
        let refused = strings.iter().filter(|text| !field.rule.takes(&field.rule_text(text)));
        let tried: Vec<_> = refused.cloned().chain([long]).collect();
        assert!(tried.len() > 1 || field.rule == Rule::All, "{}", field.name);
        for text in tried {
            let mut form = field.others.clone();
            form.push((field.name, format!("a{text}b")));
            let browser = if field.is_mothers { &mut mother } else { &mut holder };
            let answer = browser.sends(&field.path, &form).await;
            let page = answer.text();
            let of =
                format!("{} {}: {:?}", field.path, field.name, text.chars().take(40).collect::<String>());
            assert_eq!(answer.status.as_u16(), 422, "{of}");
            assert!(page.contains(&format!("id=\"{}-wrong\"", field.name)), "{of}: {page}");
            assert!(page.contains(&format!("href=\"#{}\"", field.name)), "{of}");
            assert!(decoded(&page).contains(&format!("a{text}b")), "{of} is lost");
        }
    }
    let view = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    assert_eq!(view["entries"], json!([]), "nothing was written");
}
