//! What is sent to each route: something that it takes, so that a refusal is about who asks.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use serde_json::{Value, json};

use super::world::{Case, Column, Kind, NOTE, OTHER_NAME};
use crate::web::look;
use crate::web::tests::login::word_of;
use crate::web::tests::support::{Answer, Browser, PARTNER, Who, form, new_case, new_note, request};

type Fields = Vec<(&'static str, String)>;

/// One line of a table: a method and the template of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
}

/// What opens no package.
const WRONG_WORD: &str = "AAAA AAAA AAAA AAAA AAAA";

impl Route<'_> {
    pub(super) fn is_api(self) -> bool {
        self.path.starts_with("/api/") || self.path.starts_with("/health/")
    }

    pub(super) fn reads(self) -> bool {
        self.method == "get"
    }

    /// The path with the ids of a case.
    pub(super) fn path_in(self, case: &Case) -> String {
        let asks = ["/answer", "/yes", "/no", "/preview", "/form"];
        let is_asked = asks.iter().any(|end| self.path.ends_with(end));
        let asset = look::sheets().next().expect("a style sheet").path.as_str();
        let path = self.path.replace("/assets/{hash}/{name}", asset).replace("{case}", &case.id);
        let path = path.replace("{entry}", &case.entry).replace("{meeting}", &case.meeting);
        let path = path.replace("{consent}", if is_asked { &case.asked } else { &case.given });
        let path = path.replace("{draft}", &case.draft).replace("{offer}", &case.offer);
        let path = path.replace("{registration}", &case.registration).replace("{guardian}", &case.mother);
        let path = path.replace("{opening}", &case.opening).replace("{succession}", &case.coming);
        let path = path.replace("{baton}", &case.baton).replace("{arrival}", &case.arrived);
        path.replace("{provider}", "staff") + self.query()
    }

    fn query(self) -> &'static str {
        match (self.method, self.path) {
            ("get", "/cases/{case}/meeting/{meeting}/write") => "?what=point",
            _ => "",
        }
    }

    /// Whether the case must have no offer of the baton, for an offer to be made.
    pub(super) fn needs_no_offer(self) -> bool {
        ["/baton/offer", "/baton/offers", "/baton/service"].iter().any(|end| self.path.ends_with(end))
    }

    /// The hidden field of a form that is posted twice: what its readers were named for.
    fn named_in(self) -> Option<&'static str> {
        match self.path {
            "/cases/{case}/write" | "/family/{case}/write" => Some("entry-readers"),
            "/cases/{case}/meeting"
            | "/cases/{case}/meeting/{meeting}/write"
            | "/cases/{case}/meeting/{meeting}/end" => Some("seen"),
            _ => None,
        }
    }
}

/// Sends what a route takes, as somebody, to a path.
pub(super) async fn send(
    route: Route<'_>,
    column: Column,
    browser: &mut Browser<'_>,
    (path, case): (&str, &Case),
) -> Answer {
    if route.is_api() {
        let body = if route.reads() { Value::Null } else { json_for(route, case) };
        let token = (column.kind == Kind::Person).then(|| column.token());
        if column.kind == Kind::Stale {
            return browser.send(request(None, route.method, path, &body)).await;
        }
        return browser.node.send(request(token.as_deref(), route.method, path, &body)).await;
    }
    if route.reads() {
        return browser.send(as_column(column, request(None, "get", path, &Value::Null))).await;
    }
    let mut fields = fields_for(route, column, case);
    let answer = post(column, browser, path, &fields).await;
    let Some(name) = route.named_in().filter(|_| answer.status.as_u16() == 200) else { return answer };
    fields.push((name, hidden(&answer.text(), name)));
    post(column, browser, path, &fields).await
}

async fn post(column: Column, browser: &mut Browser<'_>, path: &str, fields: &Fields) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut posted = form(path, &fields);
    posted.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    browser.send(as_column(column, posted)).await
}

/// A program has a token in place of a session.
pub(super) fn as_column(column: Column, mut request: Request<Body>) -> Request<Body> {
    if column.kind == Kind::Program {
        let value = HeaderValue::try_from(format!("Bearer {}", column.token())).expect("a value");
        request.headers_mut().insert("authorization", value);
    }
    request
}

fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let value = page.split(&start).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("{name}: {page}")).to_owned()
}

fn of(fields: &[(&'static str, &str)]) -> Fields {
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The fields of a form of the pages.
fn fields_for(route: Route<'_>, column: Column, case: &Case) -> Fields {
    let colleague = Who::Colleague.account().to_string();
    let nurse = Who::HealthNurse.account().to_string();
    let picked = if column.kind == Kind::Nobody { Who::Holder.account() } else { column.account };
    let own = format!("{picked}/{}", word_of(column.role));
    // Somebody of the family answers in the own name, which the form does not say.
    let giver = if column.letter == 'F' { &case.father } else { &case.mother };
    match route.path {
        "/login/demo" => of(&[("as", &own)]),
        "/role" => of(&[("role", &word_of(column.role))]),
        "/language" => of(&[("language", "nn")]),
        "/cases/new" => of(&[("kind", "child"), ("name", "Ola Testesen"), ("level", "1")]),
        "/cases/{case}/level" => of(&[("level", "2")]),
        "/cases/{case}/assign" | "/cases/{case}/unassign" => of(&[("account", &colleague)]),
        "/cases/{case}/decline" => of(&[("reason", "fullt")]),
        "/cases/{case}/write" => of(&[
            ("do", "publish"),
            ("entry-kind", "note"),
            ("description", "x"),
            ("entry-area", "language"),
            ("entry-about", "subject"),
        ]),
        "/cases/{case}/entries/{entry}/edit" => {
            of(&[("description", "y"), ("entry-before-description", NOTE)])
        }
        "/cases/{case}/consents/new" => of(&[
            ("recipient", "997391853.kindergarten"),
            ("direction", "both"),
            ("areas", "language"),
            ("kinds", "note"),
            ("purpose", "x"),
            ("child_heard", "not-asked"),
            ("act", "ask"),
        ]),
        "/cases/{case}/consents/{consent}" => {
            of(&[("act", "except"), ("giver", giver), ("entry", &case.entry)])
        }
        "/cases/{case}/consents/{consent}/answer" => {
            of(&[("giver", giver), ("answer", "yes"), ("evidence", "oral"), ("interpreter", "not-needed")])
        }
        "/cases/{case}/consents/{consent}/withdraw" => of(&[("giver", giver), ("part", "whole")]),
        "/cases/{case}/family" => of(&[("document", "2026/118-1"), ("act", "register")]),
        "/cases/{case}/family/circle" => of(&[("protection", "confidential"), ("act", "set")]),
        "/family/{case}/write" => {
            of(&[("text", "x"), ("areas", "language"), ("about", "child"), ("act", "publish")])
        }
        "/family/{case}/guardians" => of(&[("guardian", &case.mother), ("closed", "language")]),
        "/cases/{case}/baton/offer" | "/cases/{case}/baton/give" => of(&[("to", &nurse), ("note", "x")]),
        "/cases/{case}/baton/service" => of(&[("service", &format!("{PARTNER}.ppt"))]),
        "/baton/{baton}/ask" => of(&[("account", &colleague)]),
        "/cases/{case}/transition" => of(&[("from", "school"), ("to", "kindergarten"), ("on", "2027-08-16")]),
        "/cases/{case}/transition/days" => of(&[("on", "2027-08-17"), ("overlap", "2027-09-30")]),
        "/cases/{case}/transition/item" => of(&[("item", "joint-meeting"), ("done", "yes")]),
        "/cases/{case}/transition/end" => of(&[("how", "done")]),
        "/cases/{case}/move/offer" => {
            of(&[("consent", &case.asked), ("stage", "primary-school"), ("wished", "2027-08-01")])
        }
        "/cases/{case}/move/hand" => of(&[("consent", &case.asked)]),
        "/cases/{case}/move/hand/acceptance" => of(&[("archive", "2027/118-3"), ("on", "2027-01-15")]),
        "/cases/{case}/move/transfer" => of(&[("word", "overfør")]),
        "/moves/hand/{arrival}/open" => of(&[("code-word", WRONG_WORD)]),
        "/moves/hand/{arrival}/ask" => of(&[("account", &Who::Holder.account().to_string())]),
        "/moves/{succession}/ask" => of(&[("account", &Who::Holder.account().to_string())]),
        "/cases/{case}/move/without" => {
            of(&[("said_by", &case.mother), ("channel", "oral"), ("on", "2027-01-10")])
        }
        "/cases/{case}/meeting" => {
            of(&[("date", "2027-01-21"), ("areas", "language"), ("entry-about", "subject")])
        }
        "/cases/{case}/meeting/{meeting}/write" => {
            of(&[("what", "point"), ("title", "x"), ("areas", "language"), ("entry-about", "subject")])
        }
        "/cases/{case}/meeting/{meeting}/end" => {
            of(&[("on-track", "yes"), ("decision", "continue"), ("entry-about", "subject")])
        }
        "/search" => of(&[("query", "teller")]),
        "/emergency" => of(&[
            ("name", OTHER_NAME),
            ("birth-date", "2015-03-14"),
            ("reason", "Ingen har sett barnet siden i går"),
        ]),
        _ => Vec::new(),
    }
}

/// A body of the API; null for routes that take none.
fn json_for(route: Route<'_>, case: &Case) -> Value {
    let below = route.path.strip_prefix("/api/v1/cases/{case}/").unwrap_or(route.path);
    let giver = &case.mother;
    let recipient = json!({ "host": PARTNER, "code": "ppt" });
    let consent = json!({ "recipient": recipient, "areas": ["language"], "purpose": "x" });
    match (route.method, below) {
        (_, "/api/v1/cases") => new_case(),
        (_, "/api/v1/emergency-openings") => {
            let reason = "Ingen har sett barnet siden i går";
            json!({ "name": OTHER_NAME, "birth_date": "2015-03-14", "reason": reason })
        }
        (_, "/api/v1/emergency-openings/{opening}/review") => {
            json!({ "was_needed": true, "finding": "For kort" })
        }
        (_, "level") => json!({ "level": 2 }),
        (_, "assignments") => json!({ "account": Who::Colleague.account() }),
        (_, "refusal") => json!({ "reason": "fullt" }),
        (_, "entries" | "entries/preview") => new_note("x"),
        ("patch", _) => json!({ "fields": { "description": "y" } }),
        (_, "consents" | "consents/preview") => consent,
        (_, "consents/{consent}/yes") => json!({ "giver": giver, "evidence": { "kind": "oral" } }),
        (_, "consents/{consent}/no" | "consents/{consent}/withdrawal") => json!({ "giver": giver }),
        (_, "consents/{consent}/exceptions") => json!({ "giver": giver, "entry": case.entry }),
        (_, "consents/{consent}/reconfirmation") => json!({ "givers": [giver] }),
        (_, "withdrawals") => json!({ "giver": giver, "of": "all" }),
        (_, "family") => {
            let mother = json!({ "person": giver, "capacity": "guardian-with-parental-responsibility" });
            json!({ "parties": [mother], "document": "2026/118-1" })
        }
        (_, "guardian-access/{guardian}") => json!({ "closed": ["language"], "channel": "oral" }),
        (_, "address-protection") => json!({ "protection": "confidential" }),
        (_, "address-protection/approvals") => json!({ "consent": case.given }),
        ("put", "transition") => json!({ "on": "2027-08-17", "overlap_until": "2027-09-30" }),
        (_, "transition") => json!({ "to": "kindergarten", "on": "2027-08-16" }),
        (_, "transition/item") => json!({ "item": "joint-meeting", "done": true }),
        (_, "transition/receive") => json!({}),
        (_, "transition/end") => json!({ "how": "done" }),
        (_, "move") => json!({ "consent": case.asked, "stage": "primary-school", "wished": "2027-08-01" }),
        (_, "move/note") => json!({ "note": "x" }),
        (_, "move/hand") => json!({ "consent": case.asked }),
        (_, "move/hand/acceptance") => json!({ "archive": "2027/118-3", "on": "2027-01-15" }),
        (_, "/api/v1/moves/by-hand/{arrival}/request") => json!({ "account": Who::Holder.account() }),
        (_, "/api/v1/moves/by-hand/{arrival}/opening") => json!({ "code_word": WRONG_WORD }),
        (_, "/api/v1/moves/{succession}/request") => json!({ "account": Who::Holder.account() }),
        (_, "/api/v1/moves/{succession}/refusal") => json!({ "reason": "fullt" }),
        (_, "move/without") => json!({ "said_by": [giver], "channel": "oral", "on": "2027-01-10" }),
        (_, "baton/service") => json!({ "service": recipient }),
        (_, "/api/v1/batons/here/{baton}/request") => json!({ "account": Who::Colleague.account() }),
        (_, "baton" | "baton/offers") => json!({ "to": Who::HealthNurse.account() }),
        _ => Value::Null,
    }
}
