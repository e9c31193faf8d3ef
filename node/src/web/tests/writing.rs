//! Writing: drafts that are their author's alone, who will read it before it is published, and
//! changes that write over nobody.

use serde_json::{Value, json};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::EntryId;
use stafett_protocol::transaction::EntryRecord;

use super::household::{Family, MOTHER};
use super::late::received_case;
use super::support::{Answer, Browser, Node, PARTNER, Who, new_note};

const PAYLOADS: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'; DROP TABLE entry;-- ÅØÆ 🦊 {{7*7}} ${7*7}",
    "</textarea><svg/onload=alert(1)>",
];

struct Writing<'a> {
    browser: Browser<'a>,
    family: Family,
    write: String,
}

impl<'a> Writing<'a> {
    async fn of(node: &'a Node) -> Self {
        let family = Family::of(node).await;
        let write = format!("/cases/{}/write", family.id);
        Self { browser: node.log_in(Who::Holder).await, family, write }
    }

    async fn send(&mut self, wish: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("do", wish)];
        all.extend_from_slice(fields);
        self.browser.post(&self.write, &all).await
    }

    fn case(&self) -> String {
        format!("/cases/{}", self.family.id)
    }

    /// The address of the only draft.
    async fn draft(&mut self) -> String {
        let case = self.case();
        let page = self.browser.get(&case).await.text();
        let id = page.split("write?draft=").nth(1).and_then(|rest| rest.split('"').next());
        id.expect("a draft").to_owned()
    }
}

const NOTE: [(&str, &str); 4] = [
    ("entry-kind", "note"),
    ("description", "Ane teller til ti"),
    ("entry-area", "language"),
    ("entry-about", "subject"),
];

async fn notes(node: &Node, family: &Family) -> Vec<EntryRecord> {
    let entries = node.engine.store().entries(family.id).await.expect("reads").into_iter();
    entries.filter(|record| record.facts.kind == EntryKind::Note).collect()
}

/// What a page's form has in a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let value = page.split(&start).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("{name}: {page}")).to_owned()
}

#[tokio::test]
async fn readers_are_named_before_anything_is_published() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    writing.family.consent(&node, PARTNER, "ppt").await;

    let review = writing.send("review", &NOTE).await.text();

    assert!(review.contains("Leses av: Skole og PPT (Steinkjer kommune)."), "{review}");
    assert!(review.contains(">Publiser. Leses av: Skole og PPT (Steinkjer kommune)</button>"), "{review}");
    let case = writing.case();
    assert!(writing.browser.get(&case).await.text().contains("Det er ingenting her"), "nothing yet");
    let readers = hidden(&review, "entry-readers");
    let mut fields = NOTE.to_vec();
    fields.push(("entry-readers", &readers));
    assert_eq!(writing.send("publish", &fields).await.status.as_u16(), 303);
    let page = writing.browser.get(&case).await.text();
    assert!(page.contains("Publisert.") && page.contains("Ane teller til ti"), "{page}");
}

#[tokio::test]
async fn nothing_is_published_to_others_than_those_whom_the_page_named() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let review = writing.send("review", &NOTE).await.text();
    let readers = hidden(&review, "entry-readers");
    assert!(review.contains("Leses av: Skole."), "{review}");
    writing.family.consent(&node, PARTNER, "ppt").await;
    let mut fields = NOTE.to_vec();
    fields.push(("entry-readers", &readers));

    let answer = writing.send("publish", &fields).await;
    let page = answer.text();

    assert_eq!(answer.status.as_u16(), 200);
    assert!(page.contains("Hvem som leser, har endret seg siden du så på det."), "{page}");
    assert!(page.contains("Leses av: Skole og PPT (Steinkjer kommune)."), "{page}");
    assert!(notes(&node, &writing.family).await.is_empty(), "nothing was published");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_is_lost() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let fields = [
        ("entry-kind", "measure"),
        ("title", PAYLOADS[1]),
        ("deadline", "i morgen"),
        ("status", "started"),
        ("description", PAYLOADS[3]),
    ];

    let answer = writing.send("review", &fields).await;
    let page = answer.text();

    assert_eq!(answer.status.as_u16(), 422);
    for id in ["responsible", "deadline", "entry-area", "entry-about"] {
        assert!(page.contains(&format!("id=\"{id}-wrong\"")), "{id}: {page}");
    }
    assert!(
        page.contains("value=\"i morgen\"") && page.contains("<option value=\"started\" selected>"),
        "{page}"
    );
    for payload in PAYLOADS {
        assert!(!page.contains(payload), "{payload}");
    }
}

#[tokio::test]
async fn hostile_text_goes_through_every_step_as_text() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    for payload in PAYLOADS {
        let mut fields = NOTE.to_vec();
        fields[1].1 = payload;
        fields.push(("title", payload));
        let review = writing.send("review", &fields).await.text();
        let readers = hidden(&review, "entry-readers");
        fields.push(("entry-readers", &readers));
        assert_eq!(writing.send("publish", &fields).await.status.as_u16(), 303, "{payload}");
        let case = writing.case();
        let shown = writing.browser.get(&case).await.text();
        for page in [&review, &shown] {
            assert!(
                !page.contains("<script>alert") && !page.contains("<img") && !page.contains("<svg"),
                "{page}"
            );
        }
        let path = format!("{}/entries", writing.family.case);
        let entries = node.expect(200, Who::Holder, "get", &path, &Value::Null).await.to_string();
        assert!(entries.contains(&json!(payload).to_string()), "{payload}");
    }
}

#[tokio::test]
async fn draft_is_its_authors_alone_and_is_published_with_one_change() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    writing.family.consent(&node, PARTNER, "ppt").await;
    let mut fields = NOTE.to_vec();
    fields[1].1 = "Hemmelig utkast";
    assert_eq!(writing.send("draft", &fields).await.status.as_u16(), 303);
    let case = writing.case();
    let page = writing.browser.get(&case).await.text();
    assert!(
        page.contains("Bare du ser dem.") && page.contains("Kladden er lagret. Bare du ser den."),
        "{page}"
    );
    let id = writing.draft().await;

    // Nobody else: not the colleague, not the family, not the API, not paper, not the link.
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", writing.family.case), &assign).await;
    let mut colleague = node.log_in(Who::Colleague).await;
    assert!(!colleague.get(&case).await.text().contains(&id));
    let stolen = colleague.get(&format!("{}?draft={id}", writing.write)).await;
    assert_eq!(stolen.status.as_u16(), 404);
    let deleted = colleague.post(&format!("{case}/drafts/{id}/delete"), &[]).await;
    assert_eq!(deleted.status.as_u16(), 404);
    let taken =
        [("do", "draft"), ("entry-draft", id.as_str()), ("entry-kind", "note"), ("entry-about", "subject")];
    assert_eq!(colleague.post(&writing.write, &taken).await.status.as_u16(), 404);
    let print = writing.family.print();
    for token in [Who::Holder.token(), MOTHER.to_owned()] {
        let api = node.ask_with(&token, &writing.family.case).await.text();
        let paper = node.page(Some(&token), "get", &print).await.text();
        assert!(!api.contains("Hemmelig utkast") && !paper.contains("Hemmelig utkast"), "{token}");
    }
    assert!(notes(&node, &writing.family).await.is_empty());

    let form = writing.browser.get(&format!("{}?draft={id}", writing.write)).await.text();
    assert!(form.contains("Hemmelig utkast</textarea>"), "{form}");
    let revision = hidden(&form, "entry-revision");
    let mut again = fields.clone();
    again[1].1 = "Hemmelig utkast, skrevet om";
    again.extend([("entry-draft", id.as_str()), ("entry-revision", &revision)]);
    assert_eq!(writing.send("draft", &again).await.status.as_u16(), 303);
    assert_eq!(writing.draft().await, id, "it is the same draft");
    let review = writing.send("review", &again).await.text();
    let readers = hidden(&review, "entry-readers");
    again.push(("entry-readers", &readers));
    assert_eq!(writing.send("publish", &again).await.status.as_u16(), 303);
    let after = writing.browser.get(&case).await.text();
    assert!(after.contains("Hemmelig utkast, skrevet om") && !after.contains("write?draft="), "{after}");
    let notes = notes(&node, &writing.family).await;
    let [record] = notes.as_slice() else { panic!("{} notes", notes.len()) };
    let content = node.engine.store().content(record.facts.entry).await.expect("reads").expect("is there");
    assert_eq!(content.changes.len(), 1, "what was typed before stays here (law 6)");
    assert_eq!(writing.send("publish", &again).await.status.as_u16(), 404, "it was published before");
}

#[tokio::test]
async fn draft_may_be_unfinished_and_is_deleted_by_its_author() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let fields = [("entry-kind", "measure"), ("title", "Lesestund"), ("entry-about", "subject")];
    assert_eq!(writing.send("draft", &fields).await.status.as_u16(), 303);
    let id = writing.draft().await;
    let delete = format!("{}/drafts/{id}/delete", writing.case());

    let page = writing.browser.act(&delete, &[]).await.text();

    assert!(page.contains("Kladden er slettet.") && !page.contains("write?draft="), "{page}");
    assert_eq!(writing.browser.post(&delete, &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn measure_belongs_to_the_goal_that_is_chosen() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let goal = json!({ "kind": "goal", "areas": ["language"], "fields": { "title": "Leser høyt" } });
    let goal = writing.family.write(&node, &goal).await.to_string();
    let form = writing.browser.get(&format!("{}?kind=measure&towards={goal}", writing.write)).await.text();
    assert!(form.contains("value=\"language\" checked"), "the goal's area is chosen: {form}");
    let mut fields = vec![
        ("entry-kind", "measure"),
        ("title", "Lesestund"),
        ("responsible", "Lærer Test"),
        ("deadline", "2027-02-01"),
        ("status", "planned"),
        ("entry-area", "language"),
        ("entry-about", "subject"),
        ("entry-towards", &goal),
    ];
    let review = writing.send("review", &fields).await.text();
    assert!(
        review.contains(&format!("<option value=\"{goal}\" selected>Mål: Leser høyt</option>")),
        "{review}"
    );
    let readers = hidden(&review, "entry-readers");
    fields.push(("entry-readers", &readers));

    assert_eq!(writing.send("publish", &fields).await.status.as_u16(), 303);

    let relations = node.engine.store().relations(writing.family.id).await.expect("reads");
    assert_eq!(relations.len(), 1);
    assert_eq!(relations[0].to.to_string(), goal);
}

#[tokio::test]
async fn childs_words_that_are_not_for_guardians_reach_none() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let mut fields = vec![
        ("entry-kind", "child-voice"),
        ("description", "Jeg vil ikke si det hjemme"),
        ("entry-area", "language"),
        ("entry-about", "subject"),
        ("entry-hide", "yes"),
    ];
    let review = writing.send("review", &fields).await.text();
    let stays = "ser at det er merket «ikke for foresatte», og må selv passe på";
    assert!(review.contains(stays), "{review}");
    let open = writing.send("review", &fields[..4]).await.text();
    assert!(!open.contains(stays), "{open}");
    let readers = hidden(&review, "entry-readers");
    fields.push(("entry-readers", &readers));
    assert_eq!(writing.send("publish", &fields).await.status.as_u16(), 303);

    let case = writing.case();
    let mut question: Vec<(&str, &str)> = vec![("recipient", "840029212.ppt"), ("act", "look")];
    question.extend([
        ("direction", "both"),
        ("areas", "language"),
        ("kinds", "child-voice"),
        ("purpose", "Råd"),
        ("child_heard", "not-asked"),
    ]);
    let preview = writing.browser.post(&format!("{case}/consents/new"), &question).await.text();
    assert!(preview.contains("merket «ikke for foresatte»"), "{preview}");
    assert!(writing.browser.get(&case).await.text().contains("Jeg vil ikke si det hjemme"));
    let api = node.ask_with(MOTHER, &writing.family.case).await.text();
    assert!(!api.contains("si det hjemme"), "{api}");
}

#[tokio::test]
async fn writer_is_warned_of_names_that_a_reader_may_not_know() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    writing.family.consent(&node, PARTNER, "ppt").await;
    writing.family.consent(&node, "997391853", "health-station").await;
    let warning = "Teksten nevner noen som ikke alle leserne vet er med";
    for (text, name) in [
        ("Snakket med Inga i går.", Some("<li>Inga Testesen</li>")),
        ("Helsestasjon er med.", Some("<li>Helsestasjon</li>")),
        ("PPT kommer på fredag.", Some("<li>PPT (Steinkjer kommune)</li>")),
        ("Skole og lekser.", None),
    ] {
        let mut fields = NOTE.to_vec();
        fields[1].1 = text;
        let review = writing.send("review", &fields).await.text();
        assert_eq!(review.contains(warning), name.is_some(), "{text}: {review}");
        assert!(name.is_none_or(|name| review.contains(name)), "{text}: {review}");
    }
    let mother = format!("guardian-{}", writing.family.mother);
    let fields = [NOTE[0], ("description", "Snakket med Inga."), NOTE[2], ("entry-about", mother.as_str())];
    let review = writing.send("review", &fields).await.text();
    assert!(!review.contains(warning), "it is said that it is about her: {review}");
}

/// The fields of the form as they were, with one changed.
async fn edited(writing: &mut Writing<'_>, entry: EntryId, before: &str, text: &str) -> Answer {
    let path = format!("{}/entries/{entry}/edit", writing.case());
    let fields = [("entry-before-description", before), ("description", text)];
    writing.browser.post(&path, &fields).await
}

#[tokio::test]
async fn whoever_edits_is_warned_once_of_a_name_that_the_change_brings_and_may_go_on() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let entry = writing.family.write(&node, &new_note("Leser med Inga")).await;
    let path = format!("{}/entries/{entry}/edit", writing.case());
    let text = "Leser med Inga og Per";
    let fields = [("entry-before-description", "Leser med Inga"), ("description", text)];
    assert_eq!(writing.browser.post(&path, &fields).await.status.as_u16(), 303, "nobody else reads it");
    writing.family.consent(&node, PARTNER, "ppt").await;
    let fields = [("entry-before-description", text), ("description", "Leser med Inga, Per og PPT.")];
    writing.family.consent(&node, "997391853", "health-station").await;

    let answer = writing.browser.post(&path, &fields).await;
    let warned = answer.text();

    assert_eq!(answer.status.as_u16(), 200);
    assert!(warned.contains("Teksten nevner noen som ikke alle leserne vet er med"), "{warned}");
    assert!(warned.contains("<li>PPT (Steinkjer kommune)</li>"), "{warned}");
    assert!(!warned.contains("<li>Per Testesen</li>"), "he stood there before: {warned}");
    assert!(warned.contains("Per og PPT.</textarea>"), "nothing is lost: {warned}");
    let readers = "<summary>Leses av: Helsestasjon og Skole</summary>";
    assert_eq!(warned.matches(readers).count(), 2, "who reads it stands beside the warning too: {warned}");
    let seen = hidden(&warned, "entry-names");
    let going_on = [&fields[..], &[("entry-names", seen.as_str())]].concat();
    assert_eq!(writing.browser.post(&path, &going_on).await.status.as_u16(), 303);
    let api = format!("{}/entries/{entry}", writing.family.case);
    let shown = node.expect(200, Who::Holder, "get", &api, &Value::Null).await;
    assert_eq!(shown["fields"]["description"], fields[1].1);
}

#[tokio::test]
async fn warning_takes_back_nothing_that_another_wrote_in_an_untouched_field() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let entry = writing.family.write(&node, &new_note("Først")).await;
    writing.family.consent(&node, PARTNER, "ppt").await;
    writing.family.consent(&node, "997391853", "health-station").await;
    let (path, api) = (
        format!("{}/entries/{entry}/edit", writing.case()),
        format!("{}/entries/{entry}", writing.family.case),
    );
    let other = json!({ "fields": { "description": "En annens ord" } });
    node.expect(200, Who::Holder, "patch", &api, &other).await;
    let fields = [
        ("entry-before-title", ""),
        ("title", "Møte med PPT"),
        ("entry-before-description", "Først"),
        ("description", "Først"),
    ];

    let warned = writing.browser.post(&path, &fields).await.text();

    assert_eq!(hidden(&warned, "entry-before-description"), "Først", "{warned}");
    let seen = hidden(&warned, "entry-names");
    let going_on = [&fields[..], &[("entry-names", seen.as_str())]].concat();
    assert_eq!(writing.browser.post(&path, &going_on).await.status.as_u16(), 303);
    let shown = node.expect(200, Who::Holder, "get", &api, &Value::Null).await;
    assert_eq!(shown["fields"]["description"], "En annens ord");
    assert_eq!(shown["fields"]["title"], "Møte med PPT");
}

#[tokio::test]
async fn edit_writes_over_nobody_who_wrote_meanwhile() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    let entry = writing.family.write(&node, &new_note("Først")).await;
    let path = format!("{}/entries/{entry}/edit", writing.case());
    let form = writing.browser.get(&path).await.text();
    assert_eq!(hidden(&form, "entry-before-description"), "Først");
    assert!(form.contains("De som leser oppføringen fra før, ser det du lagrer"), "{form}");
    let api = format!("{}/entries/{entry}", writing.family.case);
    let other = json!({ "fields": { "description": "En annens ord" } });
    node.expect(200, Who::Holder, "patch", &api, &other).await;

    let refused = edited(&mut writing, entry, "Først", "Mine ord").await;
    let page = refused.text();

    assert_eq!(refused.status.as_u16(), 422);
    assert!(page.contains("Nå står det: En annens ord") && page.contains("Mine ord</textarea>"), "{page}");
    assert_eq!(hidden(&page, "entry-before-description"), "En annens ord", "the next try is a choice");
    assert_eq!(edited(&mut writing, entry, "En annens ord", "Mine ord").await.status.as_u16(), 303);
    let shown = node.expect(200, Who::Holder, "get", &api, &Value::Null).await;
    assert_eq!(shown["fields"]["description"], "Mine ord");
    let emptied = edited(&mut writing, entry, "Mine ord", "").await;
    assert_eq!(emptied.status.as_u16(), 422, "a required field stays");
}

#[tokio::test]
async fn entry_in_a_received_case_goes_to_the_owner_and_is_never_a_draft() {
    let node = Node::start().await;
    let case = received_case(&node, "Fra eieren").await;
    let assign = [("account", Who::Colleague.account().to_string())];
    let assign: Vec<_> = assign.iter().map(|(name, value)| (*name, value.as_str())).collect();
    node.log_in(Who::ServiceLeader).await.act(&format!("/cases/{case}/assign"), &assign).await;
    let mut browser = node.log_in(Who::Colleague).await;
    let write = format!("/cases/{case}/write");
    let form = browser.get(&format!("{write}?kind=note")).await.text();
    assert!(!form.contains("Lagre kladd"), "{form}");
    let with = |wish| [("do", wish)].into_iter().chain(NOTE).collect::<Vec<_>>();
    assert_eq!(browser.post(&write, &with("draft")).await.status.as_u16(), 404);

    let review = browser.post(&write, &with("review")).await.text();

    assert!(review.contains("Leses av: Skole og Steinkjer kommune (eierkommune)."), "{review}");
    let readers = hidden(&review, "entry-readers");
    let mut fields = with("publish");
    fields.push(("entry-readers", &readers));
    let page = browser.act(&write, &fields).await.text();
    assert!(page.contains("Sendt til eierkommunen.") && page.contains("sendt, ikke mottatt ennå"), "{page}");
    let mut outside = with("review");
    outside[3].1 = "attendance";
    let refused = browser.post(&write, &outside).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.text().contains("id=\"entry-area-wrong\""));
}

#[tokio::test]
async fn look_is_logged_before_a_case_or_a_draft_is_shown() {
    let node = Node::start().await;
    let mut writing = Writing::of(&node).await;
    writing.send("draft", &NOTE).await;
    let id = writing.draft().await;
    let case = writing.case();
    let whats: Vec<_> = writing.family.looks(&node).await.into_iter().map(|row| row.what).collect();
    assert_eq!(whats.last().map(String::as_str), Some("case"));

    node.break_access_log();

    for path in [case.clone(), writing.write.clone(), format!("{}?draft={id}", writing.write)] {
        let answer = writing.browser.get(&path).await;
        assert_eq!(answer.status.as_u16(), 503, "{path}");
        assert!(!answer.text().contains("Ane teller"), "{path}");
    }
    assert_eq!(writing.browser.get("/cases").await.status.as_u16(), 503);
}
