//! An entry whose rows are damaged on this disk: its case is shown without it, and says so.

use serde_json::Value;
use stafett_protocol::id::EntryId;

use super::consent_pages::{at_home, pages};
use super::family::Family as Grown;
use super::household::Family;
use super::support::{Browser, Node, PARTNER, Who, new_note};

const ONE: &str = "En oppføring kan ikke leses. IT ser det på driftssiden.";
const TWO: &str = "2 oppføringer kan ikke leses. IT ser det på driftssiden.";

/// The sealed rows of an entry in one table, to damage them and to put them back.
struct Rows {
    store: rusqlite::Connection,
    table: &'static str,
    entry: EntryId,
    sealed: Vec<u8>,
}

impl Rows {
    fn of(node: &Node, table: &'static str, entry: EntryId) -> Self {
        let store = node.folder.path().join("data/store.sqlite");
        let store = rusqlite::Connection::open(store).expect("the store");
        let sql = format!("SELECT sealed FROM {table} WHERE entry_id = ?1");
        let sealed = store.query_row(&sql, [entry.as_bytes()], |row| row.get(0)).expect("a row");
        Self { store, table, entry, sealed }
    }

    fn set(&self, sealed: &[u8]) {
        let sql = format!("UPDATE {} SET sealed = ?2 WHERE entry_id = ?1", self.table);
        let changed = self.store.execute(&sql, (self.entry.as_bytes(), sealed)).expect("changed");
        assert_eq!(changed, 1);
    }

    fn damage(&self) {
        let mut sealed = self.sealed.clone();
        *sealed.last_mut().expect("bytes") ^= 1;
        self.set(&sealed);
    }

    fn mend(&self) {
        self.set(&self.sealed);
    }
}

async fn shown(node: &Node, who: Who, path: &str) -> String {
    let answer = node.log_in(who).await.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{who:?} {path}: {}", answer.text());
    answer.text()
}

async fn case(node: &Node, family: &Family) -> Value {
    node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await
}

#[tokio::test]
async fn damaged_entry_hides_neither_its_case_nor_the_others_and_everybody_is_told() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let damaged = family.write(&node, &new_note("Ane teller til ti")).await;
    family.write(&node, &new_note("Ane leser høyt")).await;
    let (page, home) = (format!("/cases/{}", family.id), format!("/family/{}", family.id));
    let rows = Rows::of(&node, "entry_change", damaged);
    assert!(!shown(&node, Who::Holder, &page).await.contains(ONE));

    rows.damage();

    for (who, path) in [
        (Who::Holder, page.clone()),
        (Who::Holder, family.print()),
        (Who::Guardian, home.clone()),
        (Who::Guardian, family.print()),
    ] {
        let text = shown(&node, who, &path).await;
        assert!(text.contains(ONE) && text.contains("Ane leser høyt"), "{who:?} {path}: {text}");
        assert!(!text.contains("Ane teller til ti"), "{who:?} {path}");
    }
    let nynorsk = shown(&node, Who::Holder, &format!("{page}?lang=nn")).await;
    assert!(nynorsk.contains("Ei oppføring kan ikkje lesast. IT ser det på driftssida."), "{nynorsk}");
    let view = case(&node, &family).await;
    assert_eq!((&view["unreadable"], view["entries"].as_array().map(Vec::len)), (&Value::from(1), Some(1)));
    for path in ["/cases".to_owned(), pages(&family), format!("{}/new", pages(&family))] {
        shown(&node, Who::Holder, &path).await;
    }
    let operations = shown(&node, Who::Operator, "/operations").await;
    assert!(operations.contains("En oppføring kan ikke leses fra disken til lageret."), "{operations}");
    assert!(operations.contains("<code>stafett check</code>"), "{operations}");
    for hidden in [damaged.to_string(), family.id.to_string(), "Ane".to_owned()] {
        assert!(!operations.contains(&hidden), "{hidden}");
    }

    rows.mend();
    assert!(shown(&node, Who::Holder, &page).await.contains("Ane teller til ti"));
    assert!(!shown(&node, Who::Holder, &page).await.contains(ONE));
    let operations = shown(&node, Who::Operator, "/operations").await;
    assert!(operations.contains("Ingenting venter på deg."), "{operations}");
}

#[tokio::test]
async fn entry_of_which_nobody_can_tell_who_reads_it_is_told_of_to_the_stafettholder_alone() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    for text in ["Ane teller til ti", "Ane leser høyt"] {
        let entry = family.write(&node, &new_note(text)).await;
        Rows::of(&node, "entry", entry).damage();
    }
    family.write(&node, &new_note("Ane regner")).await;

    let holders = shown(&node, Who::Holder, &format!("/cases/{}", family.id)).await;
    assert!(holders.contains(TWO) && holders.contains("Ane regner"), "{holders}");
    for who in [Who::Guardian, Who::Youth] {
        let page = shown(&node, who, &format!("/family/{}", family.id)).await;
        assert!(page.contains("Ane regner") && !page.contains("kan ikke leses"), "{who:?}: {page}");
    }
    let operations = shown(&node, Who::Operator, "/operations").await;
    assert!(operations.contains("2 oppføringer kan ikke leses fra disken"), "{operations}");
    assert!(shown(&node, Who::Holder, "/cases").await.contains(&format!("/cases/{}", family.id)));
}

const QUESTION: [(&str, &str); 6] = [
    ("direction", "both"),
    ("areas", "language"),
    ("kinds", "note"),
    ("purpose", "Utrede lesing"),
    ("child_heard", "not-asked"),
    ("act", "look"),
];

/// Opens an entry, edits it and looks at what a consent would open; returns what each gets.
async fn used(holder: &mut Browser<'_>, family: &Family, entry: EntryId, text: &str) -> [u16; 3] {
    let path = format!("/cases/{}/entries/{entry}", family.id);
    let opened = holder.get(&path).await.status.as_u16();
    let recipient = format!("{PARTNER}.ppt");
    let mut question = QUESTION.to_vec();
    question.push(("recipient", &recipient));
    let looked = holder.post(&format!("{}/new", pages(family)), &question).await.status.as_u16();
    let edit = [("entry-before-description", "Ane teller til ti"), ("description", text)];
    let edited = holder.post(&format!("{path}/edit"), &edit).await.status.as_u16();
    [opened, edited, looked]
}

#[tokio::test]
async fn what_cannot_be_read_opens_to_nobody() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let damaged = family.write(&node, &new_note("Ane teller til ti")).await;
    let mut holder = node.log_in(Who::Holder).await;
    let rows = Rows::of(&node, "entry_change", damaged);

    rows.damage();
    let none = used(&mut holder, &family, damaged, "noe annet").await;
    rows.mend();
    let all = used(&mut holder, &family, damaged, "noe annet").await;

    assert_eq!(all, [200, 303, 200], "the same requests, of an entry that is whole");
    assert_eq!(none, [503, 503, 422], "nor is anybody told what would become visible from half of it");
}

#[tokio::test]
async fn damaged_entry_is_as_one_that_is_not_there_to_whoever_may_not_be_told_of_it() {
    let node = Node::start().await;
    let other = Grown::opened(&node, "2010-01-14").await;
    let family = at_home(&node).await;
    let damaged = family.write(&node, &new_note("Ane teller til ti")).await;
    Rows::of(&node, "entry", damaged).damage();
    let there = format!("{}/entries/{damaged}", family.case);
    let random = format!("{}/entries/{}", family.case, EntryId::from_random([7; 16]));

    for who in [Who::Father, Who::Guardian, Who::Youth, Who::Colleague, Who::HealthNurse, Who::UnitLeader] {
        let [there, random] = [&there, &random].map(|path| node.ask(who, "get", path, &Value::Null));
        let (there, random) = (there.await, random.await);
        assert_eq!((there.status.as_u16(), &there.body), (404, &random.body), "{who:?}");
    }
    let elsewhere = format!("{}/entries/{damaged}", other.case);
    assert_eq!(node.ask(Who::Holder, "get", &elsewhere, &Value::Null).await.status.as_u16(), 404);
    assert_eq!(node.ask(Who::Holder, "get", &there, &Value::Null).await.status.as_u16(), 503);
}

#[tokio::test]
async fn what_was_mended_is_forgotten_by_whoever_reads_it_whole() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let entry = family.write(&node, &new_note("Ane teller til ti")).await;
    let (home, rows) = (format!("/family/{}", family.id), Rows::of(&node, "entry_change", entry));

    rows.damage();
    assert!(shown(&node, Who::Guardian, &home).await.contains(ONE));
    let told = shown(&node, Who::Operator, "/operations").await;
    assert!(told.contains("En oppføring kan ikke leses fra disken"), "{told}");
    rows.mend();

    assert!(shown(&node, Who::Guardian, &home).await.contains("Ane teller til ti"));
    let told = shown(&node, Who::Operator, "/operations").await;
    assert!(!told.contains("kan ikke leses fra disken"), "{told}");
}

#[tokio::test]
async fn question_beside_a_damaged_entry_is_refused_and_what_was_written_stands_in_the_form() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let damaged = family.write(&node, &new_note("Ane teller til ti")).await;
    let mut holder = node.log_in(Who::Holder).await;
    let rows = Rows::of(&node, "entry_change", damaged);
    let recipient = format!("{PARTNER}.ppt");
    let mut question = QUESTION.to_vec();
    question.push(("recipient", &recipient));
    rows.damage();

    let refused = holder.post(&format!("{}/new", pages(&family)), &question).await;

    let page = refused.text();
    assert_eq!(refused.status.as_u16(), 422, "{page}");
    assert!(page.contains("En oppføring i saken kan ikke leses, og da vet ingen hva et ja åpner."), "{page}");
    assert!(page.contains("Utrede lesing"), "{page}");
    rows.mend();
    assert_eq!(holder.post(&format!("{}/new", pages(&family)), &question).await.status.as_u16(), 200);
}

#[tokio::test]
async fn damaged_names_of_a_family_keep_nobody_from_reading_or_from_taking_back() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let entry = family.write(&node, &new_note("Ane teller til ti")).await;
    let consent = family.consent(&node, PARTNER, "ppt").await;
    let (page, home) = (format!("/cases/{}", family.id), format!("/family/{}", family.id));
    let withdraw = format!("{}/withdraw", consent.trim_start_matches("/api/v1"));
    let folder = node.folder.path().join("data/store.sqlite");
    let store = rusqlite::Connection::open(folder).expect("the store");
    let sql = "UPDATE private_case SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) AS BLOB)";
    assert_eq!(store.execute(sql, []).expect("changed"), 1);

    for (who, path) in
        [(Who::Holder, format!("{page}/entries/{entry}")), (Who::Holder, page.clone()), (Who::Guardian, home)]
    {
        assert!(shown(&node, who, &path).await.contains("Ane teller til ti"), "{who:?} {path}");
    }
    for path in [pages(&family), format!("{page}/baton"), withdraw.clone()] {
        shown(&node, Who::Holder, &path).await;
    }
    assert!(shown(&node, Who::Holder, "/cases").await.contains(&format!("href=\"{page}\"")));
    let said = "Navnene og kladdene i denne saken kan ikke leses.";
    assert!(shown(&node, Who::Holder, &page).await.contains(said));
    let operations = shown(&node, Who::Operator, "/operations").await;
    assert!(operations.contains("Navnene i én sak kan ikke leses fra disken til lageret."), "{operations}");
    shown(&node, Who::Guardian, &withdraw).await;
    let taken = node.log_in(Who::Guardian).await.post(&withdraw, &[("part", "whole")]).await;
    assert_eq!(taken.status.as_u16(), 303, "{}", taken.text());
    let after =
        node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert_eq!(after[0]["status"], "withdrawn", "{after}");
}
