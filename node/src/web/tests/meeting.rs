//! The meeting: written once, with its readers named before, and what not all present read is marked.

use serde_json::{Value, json};

use super::household::Family;
use super::support::{Browser, Node, PARTNER, Who};

const BAD: &str = "<script>alert(1)</script>";

fn root(family: &Family) -> String {
    format!("/cases/{}/meeting", family.id)
}

impl Browser<'_> {
    async fn shows(&mut self, status: u16, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
        answer.text()
    }

    /// Posts a form as the page has it by now: with what its readers were named for.
    async fn publish(&mut self, path: &str, fields: &[(&str, &str)]) -> (String, String) {
        let named = self.shows(200, path, fields).await;
        let seen = named.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let seen = seen.expect("readers are named").to_owned();
        let mut fields = fields.to_vec();
        fields.push(("seen", &seen));
        let done = self.post(path, &fields).await;
        assert_eq!(done.status.as_u16(), 303, "{path}: {}", done.text());
        (named, done.headers["location"].to_str().expect("text").to_owned())
    }

    /// Begins a meeting at which the health station and the partner's PPT are.
    async fn meeting(&mut self, family: &Family) -> String {
        let ppt = format!("{PARTNER}-ppt");
        let fields = [
            ("date", "2027-01-20"),
            ("time", "13:30"),
            ("services", "997391853-health-station"),
            ("services", &ppt),
            ("present", BAD),
            ("areas", "language"),
        ];
        self.publish(&root(family), &fields).await.1
    }
}

async fn entries(node: &Node, family: &Family) -> Vec<Value> {
    let view = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    view["entries"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn whole_meeting_is_entries_that_belong_to_one_another() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let meeting = holder.meeting(&family).await;
    let write = format!("{meeting}/write");
    let (_, at) = holder
        .publish(&write, &[("what", "point"), ("title", "Lesing"), ("text", BAD), ("areas", "language")])
        .await;
    let point = at.split("#point-").nth(1).expect("a point").to_owned();
    for (what, title) in [("agreement", "Ringe hjem"), ("measure", "Lesetrening")] {
        let form = holder.get(&format!("{write}?what={what}&point={point}")).await;
        assert_eq!(form.status.as_u16(), 200, "{}", form.text());
        assert!(form.text().contains("name=\"areas\" value=\"language\" checked"), "{}", form.text());
        let fields = [
            ("what", what),
            ("point", point.as_str()),
            ("title", title),
            ("responsible", "Ola"),
            ("deadline", "2027-02-01"),
            ("areas", "language"),
        ];
        holder.publish(&write, &fields).await;
    }

    let wall = holder.get(&meeting).await.text();
    assert!(wall.contains("Møte 20. januar 2027</h1>") && wall.contains("13.30"), "{wall}");
    assert!(wall.contains("tiltak: Lesetrening") && wall.contains("Ola – 1. februar 2027"), "{wall}");
    assert!(wall.contains("&#60;script&#62;") && !wall.contains("<script>alert"), "{wall}");
    let fields = [
        ("on-track", "partly"),
        ("heard", "yes"),
        ("decision", "continue"),
        ("next", "2027-03-01"),
        ("reason", "Det virker"),
        ("summary", "Vi fortsetter"),
    ];
    let ended = holder.act(&format!("{meeting}/end"), &fields).await.text();
    assert!(ended.contains("Møtet er avsluttet.") && ended.contains("Neste møte: 1. mars 2027."), "{ended}");
    assert!(ended.contains("Beslutning: videreføre") && ended.contains("På rett vei: delvis"), "{ended}");

    let entries = entries(&node, &family).await;
    let one =
        |kind: &str| entries.iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("{kind}"));
    assert_eq!(entries.len(), 6);
    assert_eq!(one("meeting")["fields"]["status"], "held");
    assert_eq!(
        one("meeting")["fields"]["present"],
        json!(["Helsestasjon", BAD]),
        "PPT was never asked about"
    );
    assert_eq!(one("agenda-point")["towards"], one("meeting")["entry"]);
    for kind in ["agreement", "measure"] {
        assert_eq!(one(kind)["towards"], one("agenda-point")["entry"], "{kind}");
    }
    for kind in ["evaluation", "decision"] {
        assert_eq!(one(kind)["towards"], one("meeting")["entry"], "{kind}");
    }
    assert_eq!(one("evaluation")["fields"]["child_heard"], json!(true));
}

#[tokio::test]
async fn readers_are_named_before_and_those_present_who_do_not_read_are_marked() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    // To notes and goals only: nothing of a meeting.
    family.consent(&node, PARTNER, "ppt").await;
    let mut holder = node.log_in(Who::Holder).await;
    let before = entries(&node, &family).await.len();

    let form = [("date", "2027-01-20"), ("services", "840029212-ppt"), ("areas", "language")];
    let named = holder.shows(200, &root(&family), &form).await;

    assert!(named.contains("Leses av: Skole. Familien leser det også, så langt de har lov."), "{named}");
    assert!(named.contains("Leses ikke av: PPT (Steinkjer kommune)."), "{named}");
    assert!(named.contains("Er her, men leser ikke dette: PPT (Steinkjer kommune)."), "{named}");
    assert_eq!(entries(&node, &family).await.len(), before, "nothing is published by naming its readers");
    let (_, meeting) = holder.publish(&root(&family), &form).await;
    let fields = [("what", "point"), ("title", "Lesing"), ("areas", "language")];
    holder.publish(&format!("{meeting}/write"), &fields).await;
    let wall = holder.get(&meeting).await.text();
    assert!(
        wall.contains("<p class=\"unread\">Er her, men leser ikke dette: PPT (Steinkjer kommune).</p>"),
        "{wall}"
    );
}

#[tokio::test]
async fn changed_areas_name_the_readers_again_before_anything_is_published() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let meeting = holder.meeting(&family).await;
    let form = holder.get(&format!("{meeting}/write?what=point")).await.text();
    let seen = form.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let before = entries(&node, &family).await.len();

    let fields =
        [("what", "point"), ("title", "Lesing"), ("areas", "attendance"), ("seen", seen.expect("named"))];
    let again = holder.shows(200, &format!("{meeting}/write"), &fields).await;

    assert!(again.contains("name=\"title\" value=\"Lesing\""), "{again}");
    assert_eq!(entries(&node, &family).await.len(), before);
}

#[tokio::test]
async fn what_is_missing_stands_beside_its_field_and_nothing_typed_is_lost() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let refused =
        holder.shows(422, &root(&family), &[("date", "i morgen"), ("time", "nå"), ("place", BAD)]).await;
    for said in [
        "id=\"date-wrong\">Skriv en dato",
        "id=\"time-wrong\">Skriv klokkeslettet",
        "id=\"areas-wrong\">Velg minst ett område",
        "value=\"&#60;script&#62;",
    ] {
        assert!(refused.contains(said), "{said}: {refused}");
    }
    let meeting = holder.meeting(&family).await;
    let point = holder
        .publish(
            &format!("{meeting}/write"),
            &[("what", "point"), ("title", "Lesing"), ("areas", "language")],
        )
        .await;
    let point = point.1.split("#point-").nth(1).expect("a point").to_owned();
    let fields = [("what", "measure"), ("point", point.as_str()), ("title", "Lese"), ("areas", "language")];
    let refused = holder.shows(422, &format!("{meeting}/write"), &fields).await;
    assert!(refused.contains("id=\"responsible-wrong\">Skriv hvem som gjør det"), "{refused}");
    assert!(refused.contains("id=\"deadline-wrong\">Skriv en dato"), "{refused}");
    let long = "x".repeat(2_000);
    let fields = [
        ("what", "measure"),
        ("point", &point),
        ("title", "Lese"),
        ("responsible", &long),
        ("deadline", "2027-02-01"),
        ("areas", "language"),
    ];
    let refused = holder.shows(422, &format!("{meeting}/write"), &fields).await;
    assert!(refused.contains("id=\"responsible-wrong\">Teksten er for lang"), "{refused}");
    let refused = holder.shows(422, &format!("{meeting}/end"), &[("summary", BAD), ("decision", "x")]).await;
    assert!(
        refused.contains("id=\"on-track-wrong\">") && refused.contains("id=\"decision-wrong\">"),
        "{refused}"
    );
    assert!(refused.contains("&#60;script&#62;alert(1)&#60;/script&#62;</textarea>"), "{refused}");
}

#[tokio::test]
async fn meeting_pages_are_not_found_for_everybody_but_the_stafettholder_nor_in_another_case() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let meeting = holder.meeting(&family).await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &assign).await;

    for path in
        [root(&family), meeting.clone(), format!("{meeting}/write?what=point"), format!("{meeting}/end")]
    {
        assert_eq!(holder.get(&path).await.status.as_u16(), 200, "{path}");
        for who in Who::ALL.into_iter().filter(|who| *who != Who::Holder) {
            let mut browser = node.log_in(who).await;
            let hidden = browser.get(&path).await;
            assert_eq!(hidden.status.as_u16(), 404, "{who:?} {path}");
            assert_eq!(hidden.body, browser.get("/nowhere").await.body, "{who:?} {path}");
            let path = path.split('?').next().expect("a path");
            if path != meeting {
                assert_eq!(
                    browser.post(path, &[("what", "point")]).await.status.as_u16(),
                    404,
                    "{who:?} {path}"
                );
            }
        }
    }
    let other = node.open_case().await;
    let crossed = meeting.replace(&family.id.to_string(), other.rsplit('/').next().expect("an id"));
    for path in [
        crossed.clone(),
        format!("{crossed}/end"),
        format!("{crossed}/write?what=point"),
        format!("{meeting}/write?what=note"),
        format!("{meeting}/write?what=measure"),
    ] {
        assert_eq!(holder.get(&path).await.status.as_u16(), 404, "{path}");
    }
}
