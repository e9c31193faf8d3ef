//! Searching: what is found by whom, and where the words go.

use serde_json::{Value, json};
use stafett_protocol::id::EntryId;

use super::household::{CHILD, FATHER, Family, MOTHER};
use super::layers::Lines;
use super::support::{Browser, Node, Who, new_note};

impl Browser<'_> {
    async fn search(&mut self, words: &str) -> String {
        let answer = self.post("/search", &[("query", words)]).await;
        assert_eq!(answer.status.as_u16(), 200, "{words}: {}", answer.text());
        answer.text()
    }
}

fn link(family: &Family, entry: EntryId) -> String {
    format!("href=\"/cases/{}/entries/{entry}\"", family.id)
}

#[tokio::test]
async fn holder_finds_an_entry_by_any_spelling_of_its_words_and_the_look_is_logged() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let entry =
        family.write(&node, &new_note("Åsmund prøver Æïra <script>alert(1)</script> i Håkonsgata")).await;
    family.write(&node, &new_note("noe helt annet")).await;
    let mut holder = node.log_in(Who::Holder).await;

    for words in
        ["åsmund", "AASMUND", "A\u{30a}smund", "prøver", "pröver", "æira", "Ä\u{ef}ra", "haakonsgata ÆIRA"]
    {
        let page = holder.search(words).await;
        assert!(
            page.contains(&link(&family, entry)) && page.contains("Vi fant én oppføring"),
            "{words}: {page}"
        );
        assert!(page.contains("&#60;script&#62;") && !page.contains("<script>alert"), "{page}");
    }
    for words in ["asmund", "prover", "finnes ikke", "åsmund annet"] {
        assert!(holder.search(words).await.contains("Vi fant ingenting du kan lese"), "{words}");
    }
    let looks = family.looks(&node).await;
    assert_eq!(looks.iter().filter(|row| row.what == "search").count(), 8);
}

#[tokio::test]
async fn nothing_is_found_by_whoever_may_not_read_it() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("Åsmund teller")).await;
    let hidden = json!({ "kind": "child-voice", "areas": ["language"], "hidden_from_guardians": true,
        "fields": { "description": "jeg er redd" } });
    let hidden = family.write(&node, &hidden).await;

    for who in Who::ALL.into_iter().filter(|who| *who != Who::Holder) {
        let page = node.log_in(who).await.search("Åsmund").await;
        assert!(page.contains("Vi fant ingenting du kan lese"), "{who:?}");
        assert!(!page.contains("teller") && !page.contains(&family.id.to_string()), "{who:?}");
    }
    assert!(node.log_in(Who::Holder).await.search("redd").await.contains(&link(&family, hidden)));
    for token in [MOTHER, FATHER, CHILD] {
        let reader = node.engine.authenticate(token).await.expect("a store").expect("a person");
        let found = node.engine.search(&reader, "redd").await.expect("searches");
        let expected = usize::from(token == CHILD);
        let entries: usize = found.cases.iter().map(|case| case.entries.len()).sum();
        assert!(entries <= expected, "a guardian does not find what the child kept from guardians");
    }
    let looks = family.looks(&node).await;
    let of_nurse = looks.iter().filter(|row| row.account == Who::HealthNurse.account()).count();
    assert_eq!(of_nurse, 0, "a case of which nothing is shown is not looked at");
}

#[tokio::test]
async fn words_that_are_searched_for_stand_in_no_address_and_no_log() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("kanarifuglen synger")).await;
    let mut holder = node.log_in(Who::Holder).await;
    let lines = Lines::default();
    let logging = lines.capture();

    let page = holder.search("kanarifuglen").await;

    drop(logging);
    assert!(!lines.text().contains("kanarifuglen"), "{}", lines.text());
    assert!(page.contains("action=\"/search\"") && !page.contains("?query="));
    let title = page.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).expect("a title");
    assert_eq!(title, "Søk – Stafett");
    let looks = family.looks(&node).await;
    assert!(looks.iter().all(|row| !row.what.contains("kanari") && !row.why.contains("kanari")));
}

#[tokio::test]
async fn search_of_one_letter_or_of_too_many_is_refused_beside_the_field() {
    let node = Node::start().await;
    let mut holder = node.log_in(Who::Holder).await;
    let long = "b".repeat(201);

    for words in ["", "a", &long] {
        let answer = holder.post("/search", &[("query", words)]).await;
        assert_eq!(answer.status.as_u16(), 422);
        let page = answer.text();
        assert!(page.contains("id=\"query-wrong\">Skriv minst to og høyst 200 tegn"), "{page}");
        assert!(page.contains(&format!("name=\"query\" value=\"{words}\"")), "{page}");
    }
    assert_eq!(node.browser().get("/search").await.status.as_u16(), 401);
    let form = holder.get("/search?lang=nn").await.text();
    assert!(form.contains("Kva leitar du etter?"), "{form}");
}

#[tokio::test]
async fn every_naughty_string_that_was_written_is_found_as_text() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let naughty = ["\"><img src=x onerror=alert(1)>", "{{ 7*7 }} ${7*7}", "'; DROP TABLE entry; --"];
    for words in naughty {
        family.write(&node, &new_note(words)).await;
    }
    let mut holder = node.log_in(Who::Holder).await;

    for words in naughty {
        let page = holder.search(words).await;
        assert!(page.contains("Vi fant én oppføring"), "{words}: {page}");
        assert!(!page.contains("<img"), "{page}");
    }
    let listed = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    assert_eq!(listed["entries"].as_array().expect("a list").len(), naughty.len());
}
