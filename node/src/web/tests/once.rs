//! A button that is pressed twice publishes once, whatever the form.

use serde_json::{Value, json};

use super::consent_pages::at_home;
use super::household::Family;
use super::late::received_case;
use super::support::{Answer, Browser, Node, PARTNER, Who};

const ABOUT: (&str, &str) = ("entry-about", "subject");

/// The hidden fields of a page's forms that come back with its button.
fn hidden<'a>(page: &'a str, names: &[&'static str]) -> Vec<(&'static str, &'a str)> {
    let value = |name: &&'static str| {
        let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        Some((*name, rest.split('"').next()?))
    };
    names.iter().filter_map(value).collect()
}

fn place(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    answer.headers["location"].to_str().expect("text").to_owned()
}

/// Fields of a form, by name.
type Fields<'a> = &'a [(&'a str, &'a str)];

impl Browser<'_> {
    /// Opens a form, has its readers named, and presses its last button twice at once and once more
    /// later; returns where the three lead, and what was sent.
    async fn presses(
        &mut self,
        who: Who,
        form: &str,
        (look, publish): (Fields<'_>, Fields<'_>),
    ) -> ([String; 3], Vec<(String, String)>) {
        let shown = self.get(form).await.text();
        let id = hidden(&shown, &["form-id"]);
        assert_eq!(id.len(), 1, "the form has an id: {shown}");
        let path = form.split('?').next().expect("a path");
        let named = self.post(path, &[look, id.as_slice()].concat()).await.text();
        let back = hidden(&named, &["form-id", "seen", "entry-readers"]);
        assert!(back.len() == 2 && back[0] == id[0], "the id goes along: {named}");
        let sent = [publish, back.as_slice()].concat();
        let mut again = self.node.log_in(who).await;
        let (one, other) = tokio::join!(self.post(path, &sent), again.post(path, &sent));
        let late = self.post(path, &sent).await;
        let places = [place(&one), place(&other), place(&late)];
        (places, sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

async fn kinds(node: &Node, family: &Family, kind: &str) -> usize {
    let view = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    view["entries"].as_array().expect("a list").iter().filter(|item| item["kind"] == kind).count()
}

#[tokio::test]
async fn meeting_begins_once_and_each_of_its_points_is_written_once() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let begin = [("date", "2027-01-20"), ("areas", "language"), ABOUT];
    let (places, _) =
        holder.presses(Who::Holder, &format!("/cases/{}/meeting", family.id), (&begin, &begin)).await;

    assert!(places.iter().all(|one| *one == places[0]), "all lead to the one meeting: {places:?}");
    assert_eq!(kinds(&node, &family, "meeting").await, 1);
    let point = [("what", "point"), ("title", "Lesing"), ("areas", "language"), ABOUT];
    let form = format!("{}/write?what=point", places[0]);
    let (places, _) = holder.presses(Who::Holder, &form, (&point, &point)).await;
    assert!(places.iter().all(|one| *one == places[0]) && places[0].contains("#point-"), "{places:?}");
    assert_eq!(kinds(&node, &family, "agenda-point").await, 1);
}

#[tokio::test]
async fn familys_words_and_a_note_are_published_once_and_other_words_in_the_same_form_are_not_lost() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut mother = node.log_in(Who::Guardian).await;
    let write = format!("/family/{}/write", family.id);
    let words = [("text", "Vi leser hver kveld"), ("about", "child")];
    let [look, publish] = ["look", "publish"].map(|act| [&words[..], &[("act", act)]].concat());
    let (_, sent) = mother.presses(Who::Guardian, &write, (&look, &publish)).await;
    assert_eq!(kinds(&node, &family, "guardian-input").await, 1);

    let changed = sent.iter().map(|(name, value)| match name.as_str() {
        "text" => (name.as_str(), "Og hver morgen"),
        _ => (name.as_str(), value.as_str()),
    });
    assert_eq!(mother.post(&write, &changed.collect::<Vec<_>>()).await.status.as_u16(), 303);
    assert_eq!(kinds(&node, &family, "guardian-input").await, 2, "somebody went back and wrote more");
    let mut father = node.log_in(Who::Father).await;
    let same: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(father.post(&write, &same).await.status.as_u16(), 303);
    assert_eq!(kinds(&node, &family, "guardian-input").await, 3, "another person's form is another");

    let mut holder = node.log_in(Who::Holder).await;
    let note = [("entry-kind", "note"), ("description", "Ane teller"), ("entry-area", "language"), ABOUT];
    let [look, publish] = ["review", "publish"].map(|wish| [&note[..], &[("do", wish)]].concat());
    let form = format!("/cases/{}/write?kind=note", family.id);
    holder.presses(Who::Holder, &form, (&look, &publish)).await;
    assert_eq!(kinds(&node, &family, "note").await, 1);
}

#[tokio::test]
async fn draft_that_is_published_twice_leads_to_the_case_both_times() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let write = format!("/cases/{}/write", family.id);
    let note = [("entry-kind", "note"), ("description", "Ane teller"), ("entry-area", "language"), ABOUT];
    holder.act(&write, &[&note[..], &[("do", "draft")]].concat()).await;
    let case = holder.get(&format!("/cases/{}", family.id)).await.text();
    let id = case.split("write?draft=").nth(1).and_then(|rest| rest.split('"').next()).expect("a draft");
    let of_draft = [&note[..], &[("entry-draft", id)]].concat();
    let [look, publish] = ["review", "publish"].map(|wish| [&of_draft[..], &[("do", wish)]].concat());

    let (places, _) = holder.presses(Who::Holder, &format!("{write}?draft={id}"), (&look, &publish)).await;

    assert!(places.iter().all(|one| *one == format!("/cases/{}", family.id)), "{places:?}");
    assert_eq!(kinds(&node, &family, "note").await, 1);
}

#[tokio::test]
async fn entry_in_another_municipalitys_case_is_proposed_once() {
    let node = Node::start().await;
    let case = received_case(&node, "x").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;
    let colleague = Who::Colleague.account().to_string();
    leader.act(&format!("/cases/{case}/assign"), &[("account", &colleague)]).await;
    let note = [("entry-kind", "note"), ("description", "Ane teller"), ("entry-area", "language"), ABOUT];
    let [look, publish] = ["review", "publish"].map(|wish| [&note[..], &[("do", wish)]].concat());

    let mut writer = node.log_in(Who::Colleague).await;
    writer.presses(Who::Colleague, &format!("/cases/{case}/write?kind=note"), (&look, &publish)).await;

    assert_eq!(node.engine.store().proposals_in(case).await.expect("reads").len(), 1);
}

/// Presses a form's button twice at once and once more later; returns where the three lead.
async fn pressed(node: &Node, path: &str, fields: Fields<'_>) -> [String; 3] {
    let (mut one, mut other) = (node.log_in(Who::Holder).await, node.log_in(Who::Holder).await);
    let both = tokio::join!(one.post(path, fields), other.post(path, fields));
    [place(&both.0), place(&both.1), place(&one.post(path, fields).await)]
}

fn plus<'a>(fields: Fields<'a>, more: Fields<'a>) -> Vec<(&'a str, &'a str)> {
    [fields, more].concat()
}

#[tokio::test]
async fn case_is_opened_once_and_with_another_name_in_the_same_form_it_is_another() {
    let node = Node::start().await;
    let mut holder = node.log_in(Who::Holder).await;
    let form = holder.get("/cases/new").await.text();
    let id = hidden(&form, &["form-id"]);
    let child = [("kind", "child"), ("name", "Ane Testesen"), ("birth-date", "2015-03-14"), ("level", "1")];
    let count = async || {
        let cases = node.expect(200, Who::Holder, "get", "/api/v1/cases", &Value::Null).await;
        cases.as_array().expect("a list").len()
    };

    let places = pressed(&node, "/cases/new", &plus(&child, &id)).await;

    assert!(places.iter().all(|one| *one == places[0]), "{places:?}");
    assert_eq!(count().await, 1);
    let mut sibling = child;
    sibling[1].1 = "Per Testesen";
    let other = place(&holder.post("/cases/new", &plus(&sibling, &id)).await);
    assert_ne!(other, places[0]);
    let another = hidden(&holder.get("/cases/new").await.text(), &["form-id"])[0].1.to_owned();
    let again = place(&holder.post("/cases/new", &plus(&child, &[("form-id", &another)])).await);
    assert!(again != places[0] && count().await == 3, "a form of its own is meant");
}

#[tokio::test]
async fn family_is_asked_once_however_often_the_button_is_pressed() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let path = format!("/cases/{}/consents/new", family.id);
    let mut holder = node.log_in(Who::Holder).await;
    let id = hidden(&holder.get(&path).await.text(), &["form-id"])[0].1.to_owned();
    let recipient = format!("{PARTNER}.ppt");
    let question = [
        ("form-id", id.as_str()),
        ("recipient", recipient.as_str()),
        ("direction", "both"),
        ("areas", "language"),
        ("kinds", "note"),
        ("purpose", "Utrede lesing"),
        ("child_heard", "not-asked"),
    ];
    let review = holder.post(&path, &plus(&question, &[("act", "look")])).await.text();
    assert!(review.contains(&format!("name=\"form-id\" value=\"{id}\"")), "the id goes along: {review}");

    let places = pressed(&node, &path, &plus(&question, &[("act", "ask")])).await;

    assert!(places.iter().all(|one| *one == places[0]), "{places:?}");
    let asked = format!("{}/consents", family.case);
    let count = async || {
        let list = node.expect(200, Who::Holder, "get", &asked, &Value::Null).await;
        list.as_array().expect("a list").len()
    };
    assert_eq!(count().await, 1);
    let mut other = question;
    other[5].1 = "Noe annet";
    assert_ne!(place(&holder.post(&path, &plus(&other, &[("act", "ask")])).await), places[0]);
    assert_eq!(count().await, 2, "other words are another question");
}

#[tokio::test]
async fn question_that_is_over_is_asked_anew_by_the_same_form() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let path = format!("/cases/{}/consents/new", family.id);
    let mut holder = node.log_in(Who::Holder).await;
    let recipient = format!("{PARTNER}.ppt");
    let question = [
        ("form-id", "0123456789abcdef0123456789abcdef"),
        ("recipient", recipient.as_str()),
        ("direction", "both"),
        ("areas", "language"),
        ("kinds", "note"),
        ("purpose", "Utrede lesing"),
        ("child_heard", "not-asked"),
        ("act", "ask"),
    ];
    let first = place(&holder.post(&path, &question).await);
    assert_eq!(place(&holder.post(&path, &question).await), first, "it waits for its answer");
    let refused = format!("/api/v1{first}/no");
    let no = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &refused, &no).await;

    let second = place(&holder.post(&path, &question).await);

    assert_ne!(second, first, "the family said no to that one");
    assert_eq!(place(&holder.post(&path, &question).await), second);
}

#[tokio::test]
async fn family_is_registered_once_however_often_the_button_is_pressed() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let path = format!("/cases/{}/family", family.id);
    let shown = node.log_in(Who::Holder).await.get(&path).await.text();
    let id = hidden(&shown, &["form-id"]);
    let grown = [
        ("act", "register"),
        ("name", "Mona Testesen"),
        ("relation", "foster-parent"),
        ("document", "Vedtak 12/27"),
    ];

    let places = pressed(&node, &path, &plus(&grown, &id)).await;

    assert!(places.iter().all(|one| *one == path), "{places:?}");
    let view = node.expect(200, Who::Holder, "get", &format!("{}/family", family.case), &Value::Null).await;
    assert_eq!(view["registrations"].as_array().map(Vec::len), Some(1), "{view}");
}

/// Presses a button twice at once and once more later, as one person; all three lead to one place.
async fn pressed_by(node: &Node, who: Who, path: &str, fields: Fields<'_>) -> String {
    let (mut one, mut other) = (node.log_in(who).await, node.log_in(who).await);
    let both = tokio::join!(one.post(path, fields), other.post(path, fields));
    let places = [place(&both.0), place(&both.1), place(&one.post(path, fields).await)];
    assert!(places.iter().all(|one| *one == places[0]), "{places:?}");
    let [first, ..] = places;
    first
}

#[tokio::test]
async fn yes_no_and_what_is_taken_back_are_said_once_however_often_the_button_is_pressed() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let asked = async |recipient: &str| {
        let ask = json!({ "recipient": { "host": PARTNER, "code": recipient }, "areas": ["language", "attendance"],
            "purpose": "x" });
        let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &ask).await;
        format!("/cases/{}/consents/{}", family.id, asked["id"].as_str().expect("an id"))
    };
    let ppt = asked("ppt").await;
    let heard = [("giver", family.father.as_str()), ("answer", "yes"), ("evidence", "oral")];

    assert_eq!(pressed_by(&node, Who::Guardian, &format!("{ppt}/answer"), &[("answer", "yes")]).await, ppt);
    assert_eq!(pressed_by(&node, Who::Holder, &format!("{ppt}/answer"), &heard).await, ppt);
    let view = node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert_eq!(view[0]["given_by"].as_object().map(serde_json::Map::len), Some(2), "{view}");
    let area = [("part", "areas"), ("areas", "language")];
    for fields in [&area[..], &[("part", "whole")]] {
        assert_eq!(pressed_by(&node, Who::Guardian, &format!("{ppt}/withdraw"), fields).await, ppt);
    }
    let view = node.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
    assert_eq!(view[0]["withdrawals"].as_array().map(Vec::len), Some(2), "{view}");

    let again = asked("ppt").await;
    assert_eq!(
        pressed_by(&node, Who::Guardian, &format!("{again}/answer"), &[("answer", "no")]).await,
        again
    );
    let yes = node.log_in(Who::Guardian).await.post(&format!("{ppt}/answer"), &[("answer", "yes")]).await;
    assert_eq!(yes.status.as_u16(), 409, "what was taken back is not given by pressing again");
}

#[tokio::test]
async fn baton_is_offered_once_and_another_note_is_not_taken_for_the_same() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let path = format!("/cases/{}/baton/offer", family.id);
    let form = node.log_in(Who::Holder).await.get(&path).await.text();
    let id = hidden(&form, &["form-id"]);
    let to = Who::Colleague.account().to_string();
    let offer = [("to", to.as_str()), ("note", "Les referatet fra siste møte")];

    let place = pressed_by(&node, Who::Holder, &path, &plus(&offer, &id)).await;

    assert_eq!(place, format!("/cases/{}/baton", family.id));
    let other = [("to", to.as_str()), ("note", "Ring ikke hjem før møtet")];
    let refused = node.log_in(Who::Holder).await.post(&path, &plus(&other, &id)).await;
    assert_eq!(refused.status.as_u16(), 422);
    let page = refused.text();
    assert!(page.contains("Et annet tilbud venter på svar. Trekk det tilbake først."), "{page}");
    assert!(page.contains("Ring ikke hjem før møtet"), "what was written stands there: {page}");
    let view = node.expect(200, Who::Holder, "get", &format!("{}/baton", family.case), &Value::Null).await;
    assert_eq!(view["offer"]["note"], "Les referatet fra siste møte");
    let recall =
        format!("/cases/{}/baton/{}/recall", family.id, view["offer"]["offer"].as_str().expect("an id"));
    pressed_by(&node, Who::Holder, &recall, &[]).await;
}
