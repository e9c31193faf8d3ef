//! The meeting: written once, with its readers named before, and what not all present read is marked.

use serde_json::{Map, Value, json};

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
        let seen = seen(&named);
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
            ABOUT,
        ];
        self.publish(&root(family), &fields).await.1
    }
}

const ABOUT: (&str, &str) = ("entry-about", "subject");

/// What ends a meeting.
const OUTCOME: [(&str, &str); 4] =
    [("on-track", "yes"), ("decision", "continue"), ("summary", "Vi fortsetter"), ABOUT];

/// What a page's form brings back of the readers that it named.
fn seen(page: &str) -> String {
    let value = page.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.expect("readers are named").to_owned()
}

/// Both guardians say yes to PPT, to all that a meeting makes.
async fn share(node: &Node, family: &Family) {
    let ask = json!({
        "recipient": { "host": PARTNER, "code": "ppt" },
        "areas": ["language"],
        "kinds": ["meeting", "agenda-point", "agreement", "measure", "evaluation", "decision"],
        "card_fields": [],
        "purpose": "x",
    });
    let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &ask).await;
    let path = format!("{}/consents/{}", family.case, asked["id"].as_str().expect("an id"));
    for giver in [&family.mother, &family.father] {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        node.expect(200, Who::Holder, "post", &format!("{path}/yes"), &yes).await;
    }
}

fn count(entries: &[Value], kind: &str) -> usize {
    entries.iter().filter(|item| item["kind"] == kind).count()
}

fn fields_of(entries: &[Value], kind: &str) -> Map<String, Value> {
    let item = entries.iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("{kind}"));
    item["fields"].as_object().expect("fields").clone()
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
        .publish(
            &write,
            &[("what", "point"), ("title", "Lesing"), ("text", BAD), ("areas", "language"), ABOUT],
        )
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
            ABOUT,
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
        ABOUT,
    ];
    let (_, to) = holder.publish(&format!("{meeting}/end"), &fields).await;
    let ended = holder.get(&to).await.text();
    assert!(ended.contains("Møtet er avsluttet.") && ended.contains("Neste møte: 1. mars 2027."), "{ended}");
    assert!(ended.contains("Beslutning: videreføre") && ended.contains("På rett vei: delvis"), "{ended}");

    let entries = entries(&node, &family).await;
    let one =
        |kind: &str| entries.iter().find(|item| item["kind"] == kind).unwrap_or_else(|| panic!("{kind}"));
    assert_eq!(entries.len(), 6);
    assert_eq!(one("meeting")["fields"]["status"], "held");
    assert_eq!(one("meeting")["fields"]["present"], json!([BAD]), "what a person wrote, and no service");
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

    let form = [
        ("date", "2027-01-20"),
        ("services", "840029212-ppt"),
        ("present", "ppt"),
        ("areas", "language"),
        ABOUT,
    ];
    let named = holder.shows(200, &root(&family), &form).await;

    assert!(named.contains("Leses av: Skole. Familien leser det også, så langt de har lov."), "{named}");
    assert!(named.contains(">Publiser og begynn møtet. Leses av: Skole</button>"), "{named}");
    assert!(named.contains("Leses ikke av: PPT (Steinkjer kommune)."), "{named}");
    assert!(named.contains("Er her, men leser ikke dette: PPT (Steinkjer kommune)."), "{named}");
    assert_eq!(entries(&node, &family).await.len(), before, "nothing is published by naming its readers");
    let (_, meeting) = holder.publish(&root(&family), &form).await;
    let fields = [("what", "point"), ("title", "Lesing"), ("areas", "language"), ABOUT];
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
    assert!(form.contains(">Publiser. Leses av: Skole</button>"), "{form}");
    let seen = seen(&form);
    let before = entries(&node, &family).await.len();

    let fields =
        [("what", "point"), ("title", "Lesing"), ("areas", "attendance"), ABOUT, ("seen", seen.as_str())];
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
            &[("what", "point"), ("title", "Lesing"), ("areas", "language"), ABOUT],
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
        ABOUT,
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
async fn ticked_services_bring_the_warning_and_stand_in_no_entry() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.consent(&node, PARTNER, "ppt").await;
    let mut holder = node.log_in(Who::Holder).await;
    let ticked = [("services", "840029212-ppt"), ("services", "997391853-health-station")];
    let warning = "Er her, men leser ikke dette: PPT (Steinkjer kommune) · Helsestasjon.";
    let begin = [&ticked[..], &[("date", "2027-01-20"), ("present", "Kari"), ("areas", "language"), ABOUT]];
    let (named, meeting) = holder.publish(&root(&family), &begin.concat()).await;
    assert!(named.contains(warning), "{named}");
    let write = format!("{meeting}/write");
    let point = [&ticked[..], &[("what", "point"), ("title", "Lesing"), ("areas", "language"), ABOUT]];
    let (named, _) = holder.publish(&write, &point.concat()).await;
    assert!(named.contains(warning), "{named}");
    let (named, _) = holder.publish(&format!("{meeting}/end"), &[&ticked[..], &OUTCOME].concat()).await;
    assert!(named.contains(warning), "{named}");

    let entries = entries(&node, &family).await;

    assert_eq!(fields_of(&entries, "meeting")["present"], json!(["Kari"]));
    for kind in ["meeting", "agenda-point", "evaluation", "decision"] {
        let said = Value::Object(fields_of(&entries, kind)).to_string();
        assert!(!said.contains("PPT") && !said.contains("Helsestasjon"), "{kind}: {said}");
    }
}

#[tokio::test]
async fn every_form_of_a_meeting_asks_whom_it_is_about_and_others_read_it_only_then() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    share(&node, &family).await;
    let mut holder = node.log_in(Who::Holder).await;
    let about_another = ("entry-about", "other");
    let begin = [("date", "2027-01-20"), ("areas", "language")];
    let (named, meeting) = holder.publish(&root(&family), &[&begin[..], &[ABOUT]].concat()).await;
    assert!(named.contains("Leses av: Skole og PPT (Steinkjer kommune)."), "{named}");
    let (write, end) = (format!("{meeting}/write"), format!("{meeting}/end"));
    for form in [root(&family), format!("{write}?what=point"), end.clone()] {
        let page = holder.get(&form).await.text();
        assert!(page.contains("name=\"entry-about\" value=\"subject\" checked"), "{form}: {page}");
        assert!(page.contains(">Inga Testesen</label>"), "{form}: {page}");
    }
    let point = [("what", "point"), ("title", "Lesing"), ("areas", "language")];
    let unsaid = [(root(&family), &begin[..]), (write.clone(), &point[..]), (end.clone(), &OUTCOME[..3])];
    for (path, fields) in unsaid {
        let refused = holder.shows(422, &path, fields).await;
        assert!(refused.contains("id=\"entry-about-wrong\""), "{path}: {refused}");
        let nobody = [fields, &[("entry-about", "guardian-3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05")]].concat();
        let refused = holder.shows(422, &path, &[&nobody[..], &[ABOUT]].concat()).await;
        assert!(refused.contains("id=\"entry-about-wrong\""), "{path}: {refused}");
    }

    let (named, _) = holder.publish(&write, &[&point[..], &[about_another]].concat()).await;
    assert!(named.contains("Leses av: Skole. ") && named.contains("Leses ikke av: PPT"), "{named}");
    let (named, _) = holder.publish(&end, &[&OUTCOME[..3], &[about_another]].concat()).await;
    assert!(named.contains("Leses av: Skole. "), "{named}");

    let entries = entries(&node, &family).await;
    for (kind, about) in
        [("meeting", "subject"), ("agenda-point", "other"), ("evaluation", "other"), ("decision", "other")]
    {
        let item = entries.iter().find(|item| item["kind"] == kind).expect("an entry");
        assert_eq!(item["about"], json!([about]), "{kind}");
    }
}

#[tokio::test]
async fn meeting_ends_for_no_others_than_those_whom_the_page_named() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let meeting = holder.meeting(&family).await;
    let end = format!("{meeting}/end");
    let page = holder.get(&end).await.text();
    assert!(page.contains(">Publiser og avslutt møtet. Leses av: Skole</button>"), "{page}");
    let before = seen(&page);
    share(&node, &family).await;

    let changed = holder.shows(200, &end, &[&OUTCOME[..], &[("seen", before.as_str())]].concat()).await;

    assert!(changed.contains("Hvem som leser, har endret seg siden du så på det."), "{changed}");
    let button = ">Publiser og avslutt møtet. Leses av: Skole og PPT (Steinkjer kommune)</button>";
    assert!(changed.contains(button) && changed.contains("Vi fortsetter</textarea>"), "{changed}");
    let unsaid = holder.shows(200, &end, &OUTCOME).await;
    assert!(!unsaid.contains("har endret seg"), "nothing was named before: {unsaid}");
    let still = entries(&node, &family).await;
    assert_eq!((count(&still, "evaluation"), count(&still, "decision")), (0, 0));
    assert_eq!(fields_of(&still, "meeting")["status"], "planned");
    let now = seen(&changed);
    let done = holder.post(&end, &[&OUTCOME[..], &[("seen", now.as_str())]].concat()).await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.text());
}

#[tokio::test]
async fn meeting_that_is_ended_twice_is_published_once() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let (mut holder, mut again) = (node.log_in(Who::Holder).await, node.log_in(Who::Holder).await);
    let meeting = holder.meeting(&family).await;
    let end = format!("{meeting}/end");
    let seen = seen(&holder.shows(200, &end, &OUTCOME).await);
    let fields = [&OUTCOME[..], &[("seen", seen.as_str())]].concat();

    let (one, other) = tokio::join!(holder.post(&end, &fields), again.post(&end, &fields));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let late = holder.shows(409, &end, &fields).await;
    assert!(late.contains("Møtet er avsluttet fra før."), "{late}");
    assert!(late.contains("Vi fortsetter</textarea>") && !late.contains("Publiser og avslutt"), "{late}");
    assert!(holder.get(&end).await.text().contains("Møtet er avsluttet fra før."));
    let entries = entries(&node, &family).await;
    assert_eq!((count(&entries, "evaluation"), count(&entries, "decision")), (1, 1));
}

#[tokio::test]
async fn names_in_a_meeting_that_a_reader_may_not_know_are_said_before_it_is_published() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    share(&node, &family).await;
    let mut holder = node.log_in(Who::Holder).await;
    let warning = "Teksten nevner noen som ikke alle leserne vet er med";
    let begin = [("date", "2027-01-20"), ("present", "Inga Testesen"), ("areas", "language"), ABOUT];
    let (named, meeting) = holder.publish(&root(&family), &begin).await;
    assert!(named.contains(warning) && named.contains("<li>Inga Testesen</li>"), "{named}");
    let write = format!("{meeting}/write");
    let readers = seen(&holder.get(&format!("{write}?what=point")).await.text());
    let before = entries(&node, &family).await.len();

    let point = [("what", "point"), ("title", "Inga ringer"), ("areas", "language"), ABOUT];
    let named = holder.shows(200, &write, &[&point[..], &[("seen", readers.as_str())]].concat()).await;

    assert!(named.contains(warning) && !named.contains("har endret seg"), "{named}");
    assert_eq!(entries(&node, &family).await.len(), before, "it is said first");
    holder.publish(&write, &point).await;
    let outcome = [&OUTCOME[..], &[("reason", "Per vil")]].concat();
    let named = holder.shows(200, &format!("{meeting}/end"), &outcome).await;
    assert!(named.contains("<li>Per Testesen</li>"), "{named}");
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

#[tokio::test]
async fn look_at_a_meeting_is_one_row_in_the_access_log_however_much_was_agreed() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let meeting = holder.meeting(&family).await;
    for title in ["Lesing", "Skriving", "Regning"] {
        let point = [("what", "point"), ("title", title), ("areas", "language"), ABOUT];
        holder.publish(&format!("{meeting}/write"), &point).await;
    }
    let before = family.looks(&node).await.len();

    let wall = holder.get(&meeting).await.text();

    assert!(wall.contains("Regning"), "{wall}");
    let looks = family.looks(&node).await;
    assert_eq!(looks.len(), before + 1, "{:?}", looks.iter().map(|row| &row.what).collect::<Vec<_>>());
}
