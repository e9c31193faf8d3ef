//! A transition within the municipality: who sees what of it, who may say what, and when it ends.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::access::{Row, row};
use super::household::{Family, MOTHER};
use super::schema::differences;
use super::support::{NOW, Node, Who, new_note};

mod named;

/// The first day there, and the last of the overlap.
const ON: &str = "2027-01-25";
const OVERLAP: &str = "2027-02-05";
/// The first millisecond of 25 January and of 6 February 2027 in Norway.
const STARTS_AT: u64 = 1_800_831_600_000;
const OVER_AT: u64 = 1_801_868_400_000;

/// The routes of a transition, for the table of who may and who may not.
pub(super) fn rows() -> Vec<Row> {
    let (holder, stranger) = ((Who::Holder, 204), (Who::HealthNurse, 404));
    let path = "/api/v1/cases/{case}/transition";
    let [item, receive, end] = [
        "/api/v1/cases/{case}/transition/item",
        "/api/v1/cases/{case}/transition/receive",
        "/api/v1/cases/{case}/transition/end",
    ];
    let begins = json!({ "to": "health-station", "on": ON });
    vec![
        row("post", path, begins, (Who::Holder, 201), stranger),
        row("get", path, Value::Null, (Who::Holder, 200), stranger),
        row("put", path, json!({ "on": ON, "overlap_until": OVERLAP }), holder, stranger),
        row("post", item, json!({ "item": "joint-meeting", "done": true }), holder, stranger),
        row("post", receive, json!({}), (Who::OtherLeader, 204), stranger),
        row("post", end, json!({ "how": "done" }), holder, stranger),
    ]
}

struct Moving {
    node: Node,
    family: Family,
}

impl Moving {
    /// A case of the school whose child goes on to the health station.
    async fn begun() -> Self {
        let node = Node::start().await;
        let family = Family::of(&node).await;
        let moving = Self { node, family };
        let body = json!({ "to": "health-station", "on": ON, "overlap_until": OVERLAP });
        moving.ask(201, Who::Holder, "post", "", &body).await;
        moving
    }

    async fn ask(&self, status: u16, who: Who, method: &str, below: &str, body: &Value) -> Value {
        let path = format!("{}/transition{below}", self.family.case);
        self.node.expect(status, who, method, &path, body).await
    }

    async fn view(&self, who: Who) -> Value {
        let view = self.ask(200, who, "get", "", &Value::Null).await;
        assert_eq!(differences("TransitionView", &view), Vec::<String>::new(), "{view}");
        view
    }

    async fn kinds(&self, who: Who) -> Vec<String> {
        let tasks = self.node.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
        let tasks = tasks.as_array().expect("a list").iter();
        let kinds = tasks.map(|task| task["kind"].as_str().expect("a word").to_owned());
        kinds.filter(|kind| kind.starts_with("transition")).collect()
    }

    async fn page(&self, who: Who, path: &str) -> String {
        self.node.log_in(who).await.get(path).await.text()
    }

    fn address(&self) -> String {
        format!("/cases/{}/transition", self.family.id)
    }

    /// Both guardians let the health station read notes about language, and know the name.
    async fn consent(&self) {
        let ask = json!({ "recipient": { "host": "997391853", "code": "health-station" },
            "areas": ["language"], "kinds": ["note"], "card_fields": ["name"], "purpose": "x" });
        let path = format!("{}/consents", self.family.case);
        let asked = self.node.expect(201, Who::Holder, "post", &path, &ask).await;
        assert_eq!(self.view(Who::Holder).await["under_way"]["consent_step"], "asked");
        for giver in [&self.family.mother, &self.family.father] {
            let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
            let path = format!("{path}/{}/yes", asked["id"].as_str().expect("an id"));
            self.node.expect(200, Who::Holder, "post", &path, &yes).await;
        }
    }

    /// The baton is offered to somebody, who takes it.
    async fn give_baton(&self, to: Who) {
        self.give_on(Who::Holder, to).await;
    }

    async fn give_on(&self, from: Who, to: Who) {
        let path = format!("{}/baton/offers", self.family.case);
        let body = json!({ "to": to.account() });
        let offered = self.node.expect(201, from, "post", &path, &body).await;
        let accept = format!("{path}/{}/acceptance", offered["offer"].as_str().expect("an id"));
        self.node.expect(204, to, "post", &accept, &Value::Null).await;
    }

    fn at(&self, moment: u64) {
        self.node.clock.store(moment, Ordering::Relaxed);
    }

    async fn reads(&self, who: Who) -> u16 {
        self.node.ask(who, "get", &self.family.case, &Value::Null).await.status.as_u16()
    }
}

fn item<'a>(view: &'a Value, code: &str) -> &'a Value {
    let items = view["under_way"]["items"].as_array().expect("a list");
    items.iter().find(|item| item["item"] == code).expect("an item of the checklist")
}

#[tokio::test]
async fn leader_of_the_receiving_unit_sees_the_service_and_the_day_alone_until_a_consent_counts() {
    let moving = Moving::begun().await;

    let view = moving.view(Who::OtherLeader).await;
    let under_way = &view["under_way"];
    assert_eq!((&view["part"], &under_way["on"]), (&json!("receiver"), &json!(ON)));
    assert_eq!(under_way["from"], json!({ "service": "school", "unit": null }));
    for hidden in ["overlap_until", "first_name", "contact", "consent_step", "consent"] {
        assert_eq!(under_way[hidden], Value::Null, "{hidden}");
    }
    for hidden in ["items", "may_be_contact", "overlapping"] {
        assert_eq!(under_way[hidden], json!([]), "{hidden}");
    }
    let unit = moving.page(Who::OtherLeader, "/unit").await;
    assert!(unit.contains("Et barn begynner hos dere 25. januar 2027. Det kommer fra Skole."), "{unit}");
    assert!(unit.contains("Venter på svar fra deg"));
    let page = moving.page(Who::OtherLeader, &moving.address()).await;
    assert!(page.contains("Du ser ikke mer før familien har sagt ja.") && !page.contains("name=\"contact\""));
    for text in [&unit, &page] {
        assert!(!text.contains("Ane") && !text.contains("Testesen"), "{text}");
    }
    moving.node.expect(404, Who::OtherLeader, "get", &moving.family.case, &Value::Null).await;

    moving.consent().await;

    let unit = moving.page(Who::OtherLeader, "/unit").await;
    assert!(unit.contains("Et barn begynner hos dere") && !unit.contains("Ane"), "{unit}");
    let view = moving.view(Who::OtherLeader).await;
    assert_eq!(view["under_way"]["first_name"], "Ane");
    assert_eq!(view["under_way"]["may_be_contact"][0]["account"], Who::HealthNurse.account().to_string());
    let page = moving.page(Who::OtherLeader, &moving.address()).await;
    assert!(page.contains("Ane begynner hos dere") && page.contains("name=\"contact\""), "{page}");
    assert!(!page.contains("Testesen"));
    moving.node.expect(404, Who::OtherLeader, "get", &moving.family.case, &Value::Null).await;
}

#[tokio::test]
async fn unit_that_the_child_leaves_is_told_with_a_consent_and_other_units_leaders_find_nothing() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let moving = Moving { node, family };
    let people = |leads: &str| {
        let line = |who: Who| match who {
            Who::Holder => who.line() + "unit = \"Granlia\"\n",
            Who::HealthNurse => who.line() + "unit = \"Nord\"\n",
            Who::OtherLeader => who.line() + &format!("unit = \"{leads}\"\n"),
            _ => who.line(),
        };
        moving.node.people_are(&Who::ALL.map(line).concat());
    };
    people("Sentrum");
    let body = json!({ "to": "health-station", "unit": "Nord", "on": ON, "overlap_until": OVERLAP });
    moving.ask(201, Who::Holder, "post", "", &body).await;
    moving.ask(404, Who::OtherLeader, "get", "", &Value::Null).await;

    people("Nord");
    let view = moving.view(Who::OtherLeader).await;
    assert_eq!(view["under_way"]["from"], json!({ "service": "school", "unit": null }));
    assert_eq!(view["under_way"]["to"], json!({ "service": "health-station", "unit": "Nord" }));
    moving.consent().await;

    let view = moving.view(Who::OtherLeader).await;
    assert_eq!(view["under_way"]["from"], json!({ "service": "school", "unit": "Granlia" }));
    moving.give_baton(Who::HealthNurse).await;
    assert_eq!(moving.reads(Who::Holder).await, 200, "the overlap is between units too");
}

#[tokio::test]
async fn nobody_is_named_without_a_consent_and_whoever_is_reads_what_it_opens_and_nothing_else() {
    let moving = Moving::begun().await;
    let open = moving.family.write(&moving.node, &new_note("Ane teller til ti")).await;
    let mut closed = new_note("Borte i mai");
    closed["areas"] = json!(["attendance"]);
    let closed = moving.family.write(&moving.node, &closed).await;
    let nurse = json!({ "contact": Who::HealthNurse.account() });
    moving.ask(409, Who::OtherLeader, "post", "/receive", &nurse).await;
    assert_eq!(moving.kinds(Who::OtherLeader).await, ["transition-to-receive"]);
    moving.ask(204, Who::OtherLeader, "post", "/receive", &json!({})).await;
    assert_eq!(moving.kinds(Who::OtherLeader).await, Vec::<String>::new());
    assert_eq!(moving.reads(Who::HealthNurse).await, 404);
    assert_eq!(item(&moving.view(Who::Holder).await, "receiver-invited")["is_met"], json!(true));

    moving.consent().await;
    let stranger = json!({ "contact": Who::Colleague.account() });
    moving.ask(422, Who::OtherLeader, "post", "/receive", &stranger).await;
    moving.ask(204, Who::OtherLeader, "post", "/receive", &nurse).await;

    assert_eq!(moving.reads(Who::HealthNurse).await, 200);
    for (entry, status) in [(open, 200), (closed, 404)] {
        let path = format!("{}/entries/{entry}", moving.family.case);
        moving.node.expect(status, Who::HealthNurse, "get", &path, &Value::Null).await;
    }
    let print = moving.page(Who::HealthNurse, &moving.family.print()).await;
    assert!(print.contains("Ane teller til ti") && !print.contains("Borte i mai"), "{print}");
    for (query, found) in [("teller", true), ("Borte", false)] {
        let mut nurse = moving.node.log_in(Who::HealthNurse).await;
        let page = nurse.post("/search", &[("query", query)]).await.text();
        assert_eq!(page.contains("/entries/"), found, "{query}: {page}");
    }
    let view = moving.view(Who::Holder).await;
    assert_eq!(view["under_way"]["consent_step"], "given");
    assert_eq!(view["under_way"]["contact"]["account"], Who::HealthNurse.account().to_string());
    moving.ask(204, Who::OtherLeader, "post", "/receive", &json!({})).await;
    assert_eq!(moving.reads(Who::HealthNurse).await, 404, "nobody is named any longer");
}

#[tokio::test]
async fn whoever_gives_the_baton_on_reads_until_the_overlap_ends_and_not_a_millisecond_more() {
    let moving = Moving::begun().await;
    moving.give_baton(Who::HealthNurse).await;

    let path = format!("{}/baton", moving.family.case);
    let baton = moving.node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!(
        (&baton["part"], &baton["holder"]["account"]),
        (&json!("reader"), &json!(Who::HealthNurse.account()))
    );
    moving.at(OVER_AT - 1);
    assert_eq!(moving.reads(Who::Holder).await, 200);
    let listed = moving.node.expect(200, Who::Holder, "get", "/api/v1/cases", &Value::Null).await;
    assert_eq!(listed[0]["task"], "assigned");

    moving.at(OVER_AT);

    assert_eq!(moving.reads(Who::Holder).await, 404);
    let listed = moving.node.expect(200, Who::Holder, "get", "/api/v1/cases", &Value::Null).await;
    assert_eq!(listed, json!([]));
    assert_eq!(moving.reads(Who::HealthNurse).await, 200);
}

#[tokio::test]
async fn time_ends_a_transition_in_which_nothing_is_open_and_no_other() {
    let moving = Moving::begun().await;
    moving.give_baton(Who::HealthNurse).await;
    moving.at(OVER_AT);
    moving.node.engine.sweep().await.expect("a store");
    let view = moving.view(Who::HealthNurse).await;
    let items = view["under_way"]["items"].as_array().expect("it waits for what is open").clone();
    for item in items.iter().filter(|item| item["is_met"] == false) {
        let done = json!({ "item": item["item"], "done": true });
        moving.ask(204, Who::HealthNurse, "post", "/item", &done).await;
    }
    moving.node.engine.sweep().await.expect("a store");
    assert!(!moving.view(Who::HealthNurse).await["under_way"].is_null(), "the unit has not said yes");
    moving.ask(204, Who::OtherLeader, "post", "/receive", &json!({})).await;
    assert!(!moving.view(Who::HealthNurse).await["under_way"].is_null(), "the clock has not come by");

    moving.node.engine.sweep().await.expect("a store");

    assert!(moving.view(Who::HealthNurse).await["under_way"].is_null());
}

#[tokio::test]
async fn baton_that_goes_to_a_colleague_leaves_no_overlap() {
    let moving = Moving::begun().await;

    moving.give_baton(Who::Colleague).await;

    assert_eq!(moving.reads(Who::Holder).await, 404);
    assert_eq!(moving.reads(Who::Colleague).await, 200);
}

#[tokio::test]
async fn overlap_follows_the_days_and_ends_with_the_transition() {
    let moving = Moving::begun().await;
    moving.give_baton(Who::HealthNurse).await;
    let sooner = json!({ "on": ON, "overlap_until": "2027-02-04" });
    moving.ask(403, Who::Holder, "put", "", &sooner).await;
    moving.ask(204, Who::HealthNurse, "put", "", &sooner).await;
    moving.at(OVER_AT - DAY - 1);
    assert_eq!(moving.reads(Who::Holder).await, 200);
    moving.at(OVER_AT - DAY);
    assert_eq!(moving.reads(Who::Holder).await, 404);
    moving.at(NOW);
    let view = moving.view(Who::HealthNurse).await;
    let overlapping = &view["under_way"]["overlapping"][0];
    assert_eq!(overlapping["who"]["account"], Who::Holder.account().to_string());
    assert_eq!(overlapping["until"], "2027-02-04");

    moving.ask(204, Who::HealthNurse, "post", "/end", &json!({ "how": "done" })).await;
    moving.ask(204, Who::HealthNurse, "post", "/end", &json!({ "how": "done" })).await;

    assert_eq!(moving.reads(Who::Holder).await, 404);
    assert!(moving.view(Who::HealthNurse).await["under_way"].is_null());
}

#[tokio::test]
async fn overlap_that_the_clock_has_ended_comes_back_by_no_clock_that_is_set_back() {
    let moving = Moving::begun().await;
    moving.give_baton(Who::HealthNurse).await;
    moving.at(OVER_AT);
    moving.node.engine.sweep().await.expect("a store");

    moving.at(NOW);

    assert_eq!(moving.reads(Who::Holder).await, 404);
}

#[tokio::test]
async fn checklist_has_its_days_meets_itself_where_it_can_and_is_told_of() {
    let moving = Moving::begun().await;
    let view = moving.view(Who::Holder).await;
    // What lies further back than today is due in a week.
    for (code, due) in [
        ("parents-asked", "2027-01-22"),
        ("joint-meeting", "2027-01-22"),
        ("baton-accepted", ON),
        ("consents-looked-through", "2027-02-08"),
    ] {
        let item = item(&view, code);
        assert_eq!((&item["due"], &item["is_met"]), (&json!(due), &json!(false)), "{code}");
    }
    assert_eq!(moving.kinds(Who::Holder).await, ["transition-item-due"]);
    let marked = json!({ "item": "parents-asked", "done": true });
    moving.ask(204, Who::Holder, "post", "/item", &marked).await;
    moving.ask(422, Who::Holder, "post", "/item", &json!({ "item": "nothing", "done": true })).await;
    let marked = moving.view(Who::Holder).await;
    assert_eq!(item(&marked, "parents-asked")["is_marked"], json!(true));

    let days =
        json!({ "on": "2027-01-26", "overlap_until": OVERLAP, "due": { "joint-meeting": "2027-01-24" } });
    moving.ask(204, Who::Holder, "put", "", &days).await;
    let moved = moving.view(Who::Holder).await;
    assert_eq!(item(&moved, "joint-meeting")["due"], "2027-01-24");
    assert_eq!(item(&moved, "baton-accepted")["due"], "2027-01-26");
    assert_eq!(item(&moved, "parents-asked")["due"], "2027-01-23");

    moving.at(STARTS_AT + DAY);
    assert_eq!(item(&moving.view(Who::Holder).await, "joint-meeting")["is_late"], json!(true));
    assert_eq!(moving.kinds(Who::Holder).await, ["transition-item-due", "transition-baton-missing"]);
    assert_eq!(moving.kinds(Who::UnitLeader).await, ["transition-baton-missing"]);
    assert_eq!(moving.kinds(Who::OtherLeader).await, ["transition-to-receive", "transition-baton-missing"]);
    let cases = moving.page(Who::Holder, "/cases").await;
    assert!(
        cases.contains("Neste punkt i overgangen til Helsestasjon har frist 23. januar 2027."),
        "{cases}"
    );
    moving.give_baton(Who::HealthNurse).await;
    assert_eq!(moving.kinds(Who::UnitLeader).await, Vec::<String>::new());
    let view = moving.view(Who::HealthNurse).await;
    assert!(["baton-offered", "baton-accepted"].iter().all(|code| item(&view, code)["is_met"] == true));
}

#[tokio::test]
async fn place_or_day_that_does_not_fit_is_refused_and_so_is_a_second_transition() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let moving = Moving { node, family };
    let body = |to: &str, on: &str, until: &str| json!({ "to": to, "on": on, "overlap_until": until });
    for refused in [
        body("school", ON, OVERLAP),
        body("ppt", ON, OVERLAP),
        json!({ "to": "health-station", "unit": "Nord", "on": ON }),
        body("health-station", "2027-02-30", OVERLAP),
        body("health-station", "2031-01-01", "2031-01-02"),
        body("health-station", ON, "2027-01-24"),
        body("health-station", ON, "2027-12-01"),
    ] {
        moving.ask(422, Who::Holder, "post", "", &refused).await;
    }
    let fits = body("health-station", ON, OVERLAP);
    moving.ask(201, Who::Holder, "post", "", &fits).await;
    moving.ask(409, Who::Holder, "post", "", &fits).await;
    moving.ask(422, Who::Holder, "put", "", &json!({ "on": ON, "overlap_until": "2027-01-01" })).await;
    let unknown = json!({ "on": ON, "overlap_until": OVERLAP, "due": { "nothing": ON } });
    moving.ask(422, Who::Holder, "put", "", &unknown).await;

    moving.ask(204, Who::Holder, "post", "/end", &json!({ "how": "given-up" })).await;
    moving.ask(409, Who::Holder, "put", "", &json!({ "on": ON, "overlap_until": OVERLAP })).await;
    moving.ask(201, Who::Holder, "post", "", &fits).await;
}

#[tokio::test]
async fn private_kindergarten_gets_no_baton_and_no_item_that_waits_for_one() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let moving = Moving { node, family };

    moving.ask(201, Who::Holder, "post", "", &json!({ "to": "kindergarten", "on": ON })).await;

    let view = moving.view(Who::Holder).await;
    let items = view["under_way"]["items"].as_array().expect("a list");
    assert!(items.iter().all(|item| !item["item"].as_str().expect("a code").starts_with("baton")), "{view}");
    assert_eq!((items.len(), &view["under_way"]["overlap_until"]), (5, &json!("2027-02-24")));
    moving.at(STARTS_AT);
    assert_eq!(moving.kinds(Who::UnitLeader).await, Vec::<String>::new(), "no baton is missed");
}

#[tokio::test]
async fn under_a_strictly_confidential_address_the_receiving_leader_is_told_nothing() {
    let moving = Moving::begun().await;
    moving.consent().await;
    let path = format!("{}/address-protection", moving.family.case);
    let strict = json!({ "protection": "strictly-confidential" });
    moving.node.expect(204, Who::Holder, "put", &path, &strict).await;

    moving.ask(404, Who::OtherLeader, "get", "", &Value::Null).await;
    moving.ask(404, Who::OtherLeader, "post", "/receive", &json!({})).await;
    assert_eq!(moving.kinds(Who::OtherLeader).await, Vec::<String>::new());
    assert!(!moving.page(Who::OtherLeader, "/unit").await.contains("begynner hos dere"));
    assert_eq!(moving.view(Who::Holder).await["part"], "holder");
}

#[tokio::test]
async fn closing_a_case_gives_its_transition_up_and_ends_the_overlap() {
    let moving = Moving::begun().await;
    moving.give_baton(Who::HealthNurse).await;

    let path = format!("{}/closing", moving.family.case);
    moving.node.expect(204, Who::HealthNurse, "post", &path, &Value::Null).await;

    assert!(moving.view(Who::HealthNurse).await["under_way"].is_null());
    assert_eq!(moving.reads(Who::Holder).await, 404);
    moving.ask(404, Who::OtherLeader, "get", "", &Value::Null).await;
}

#[tokio::test]
async fn stafettholder_begins_and_follows_a_transition_by_the_pages_alone() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let moving = Moving { node, family };
    let mut holder = moving.node.log_in(Who::Holder).await;
    let address = moving.address();
    let page = holder.get(&address).await.text();
    assert!(page.contains("Begynn overgangen") && page.contains("Ikke navn."), "{page}");
    assert!(page.contains("<option value=\"school\" selected>"), "the child is there now: {page}");
    let refused = holder.post(&address, &[("from", ""), ("to", ""), ("on", "")]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.text().contains("Velg hvor barnet begynner"));
    assert!(refused.text().contains("Velg hvor barnet slutter"));

    let id = page.split("name=\"form-id\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.expect("an id of the form");
    let begun =
        [("from", "school"), ("to", "health-station"), ("on", ON), ("overlap", OVERLAP), ("form-id", id)];
    let shown = holder.act(&address, &begun).await.text();
    let page = &shown;
    assert!(page.contains("Fra Skole til Helsestasjon, 25. januar 2027."), "{page}");
    assert!(page.contains("Familien er ikke spurt om Helsestasjon får lese noe."), "{page}");
    let again = holder.act(&address, &begun).await;
    assert_eq!(again.status.as_u16(), 200, "pressing twice begins one");
    assert_eq!(
        page.matches("<button class=\"ds-button\" data-size=\"sm\">").count(),
        1,
        "one button is first"
    );

    let item = format!("{address}/item");
    let page = holder.act(&item, &[("item", "parents-asked"), ("done", "yes")]).await.text();
    assert!(page.contains("Ikke ferdig likevel: Snakk med familien om overgangen"), "{page}");
    let mut leader = moving.node.log_in(Who::OtherLeader).await;
    let page = leader.act(&format!("{address}/receive"), &[("contact", "")]).await.text();
    assert!(page.contains("at dere er med.") && !page.contains("Vi er med"), "{page}");
    let page = holder.get(&format!("{address}?lang=nn")).await.text();
    assert!(page.contains("Helsestasjon er med sidan") && page.contains("Snakk med familien"), "{page}");
    let page = moving.node.page(Some(MOTHER), "get", &address).await;
    assert_eq!(page.status.as_u16(), 403, "the family follows it by what it is asked");
    holder.act(&format!("{address}/end"), &[("how", "given-up")]).await;
    assert!(holder.get(&address).await.text().contains("Begynn overgangen"));
}

/// The nurse is named by the leader of the receiving unit, under a consent.
async fn named() -> Moving {
    let moving = Moving::begun().await;
    moving.consent().await;
    let nurse = json!({ "contact": Who::HealthNurse.account() });
    moving.ask(204, Who::OtherLeader, "post", "/receive", &nurse).await;
    assert_eq!(moving.reads(Who::HealthNurse).await, 200);
    moving
}

/// A case whose stafettholder works at PPT, opened while she worked at `at`.
async fn held_by_ppt(at: &str) -> Moving {
    let more = "[[services]]\ncode = \"ppt\"\nnames.nb = \"PPT\"\nkind = \"ppt\"";
    let node = Node::start_with(more).await;
    let works = |place: &str| {
        let service = format!("service = \"{place}\"");
        let line = |who: Who| match who {
            Who::Holder => who.line().replace("service = \"school\"", &service),
            _ => who.line(),
        };
        Who::ALL.map(line).concat()
    };
    node.people_are(&works(at));
    let family = Family::of(&node).await;
    node.people_are(&works("ppt"));
    Moving { node, family }
}

#[tokio::test]
async fn that_another_service_has_the_case_is_not_the_receiving_units_to_know() {
    let moving = held_by_ppt("school").await;
    let body = json!({ "to": "health-station", "on": ON, "overlap_until": OVERLAP });
    moving.ask(201, Who::Holder, "post", "", &body).await;

    let view = moving.view(Who::OtherLeader).await;

    assert_eq!(view["under_way"]["from"]["service"], "school", "where the child is");
    let [unit, page] = [
        moving.page(Who::OtherLeader, "/unit").await,
        moving.page(Who::OtherLeader, &moving.address()).await,
    ];
    for text in [unit, page] {
        assert!(text.contains("Det kommer fra Skole.") && !text.contains("PPT"), "{text}");
    }
}

#[tokio::test]
async fn child_leaves_a_place_where_children_are_and_whoever_works_elsewhere_says_which() {
    let moving = held_by_ppt("ppt").await;
    let body = |from: Value| json!({ "from": from, "to": "health-station", "on": ON });
    let place = |code: &str| json!({ "service": code, "unit": null });
    for wrong in [Value::Null, place("ppt"), place("nowhere"), json!({ "service": "school", "unit": "X" })] {
        let refused = moving.ask(422, Who::Holder, "post", "", &body(wrong)).await;
        assert!(refused.to_string().contains("from"), "{refused}");
    }
    moving.ask(422, Who::Holder, "post", "", &body(place("health-station"))).await;
    let page = moving.page(Who::Holder, &moving.address()).await;
    let leaves = page.split("name=\"from\"").nth(1).and_then(|rest| rest.split("</select>").next());
    let leaves = leaves.expect("a list");
    assert!(leaves.contains("Skole") && !leaves.contains("PPT") && !leaves.contains(" selected"), "{leaves}");

    moving.ask(201, Who::Holder, "post", "", &body(place("school"))).await;

    assert_eq!(moving.view(Who::Holder).await["under_way"]["from"], place("school"));
}

#[tokio::test]
async fn between_units_of_one_service_the_family_is_asked_anew() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let moving = Moving { node, family };
    let line = |who: Who| match who {
        Who::Holder => who.line() + "unit = \"Granlia\"\n",
        Who::Colleague | Who::UnitLeader => who.line() + "unit = \"Sentrum\"\n",
        _ => who.line(),
    };
    moving.node.people_are(&Who::ALL.map(line).concat());
    moving.family.consent(&moving.node, "997391853", "school").await;
    moving.at(NOW + 1_000);
    let body = json!({ "to": "school", "unit": "Sentrum", "on": ON, "overlap_until": OVERLAP });
    moving.ask(201, Who::Holder, "post", "", &body).await;

    let before = moving.view(Who::UnitLeader).await;
    assert_eq!(before["under_way"]["may_be_contact"], json!([]), "nobody was asked about this");
    assert_eq!(moving.view(Who::Holder).await["under_way"]["consent_step"], "not-asked");
    let contact = json!({ "contact": Who::Colleague.account() });
    moving.ask(409, Who::UnitLeader, "post", "/receive", &contact).await;
    moving.at(NOW + 2_000);
    moving.family.consent(&moving.node, "997391853", "school").await;

    let after = moving.view(Who::UnitLeader).await;
    assert_eq!(after["under_way"]["may_be_contact"][0]["account"], Who::Colleague.account().to_string());
}

#[tokio::test]
async fn nobody_of_the_receiving_unit_is_told_while_the_node_is_sealed() {
    let moving = named().await;
    assert_eq!(moving.kinds(Who::OtherLeader).await, Vec::<String>::new());
    moving.node.engine.seal(crate::engine::seal::SealReason::Clock).await.expect("seals");

    moving.ask(404, Who::OtherLeader, "get", "", &Value::Null).await;

    let unit = moving.page(Who::OtherLeader, "/unit").await;
    assert!(!unit.contains("Ane") && !unit.contains("begynner hos dere"), "{unit}");
}
