//! For whoever runs the node: the links, what is missing, and what to do about it. Counts, moments
//! and names of municipalities; no content and no case.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::person::Role;
use stafett_protocol::time::{DAY, UnixMillis};

use super::{Frame, PageError, page};
use crate::engine::EngineError;
use crate::engine::answer::LinkItem;
use crate::engine::seal::SealReason;
use crate::store::LogFault;
use crate::web::Api;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;
use crate::words::time;

/// How long before its end an agreement is a thing to do something about.
const ENDS_SOON_MS: u64 = 60 * DAY;

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage<'a> {
    frame: Frame<'a>,
    /// What is to be done, each with what it is about.
    todo: Vec<ToDo>,
    links: Vec<Row>,
    state: Vec<(Text, String)>,
}

/// One thing to do something about.
struct ToDo {
    what: String,
    then: String,
    command: Option<String>,
}

/// One partner in the table.
struct Row {
    name: String,
    connected: String,
    received: String,
    waiting: usize,
    missing: String,
    until: String,
    state: Vec<Text>,
}

/// How the node is, its links, and what to do.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    if visitor.reader.role != Role::ItOperator {
        return Err(EngineError::NotFound.into());
    }
    let links = api.engine.links(&visitor.reader).await?;
    let log = api.engine.store().verify_access_log().await.map_err(EngineError::from)?;
    let clock = api.engine.store().clock_jump().await.map_err(EngineError::from)?;
    let teller = Teller { api: &api, visitor: &visitor, now: api.engine.now() };
    let mut todo = teller.seals();
    todo.extend(links.iter().flat_map(|link| teller.of_link(link)));
    todo.extend(log.fault.map(|fault| teller.of_log(fault)));
    let shown = OperationsPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("operations-title")),
        todo,
        links: links.iter().map(|link| teller.row(link)).collect(),
        state: teller.state(log.rows, clock),
    };
    page(StatusCode::OK, &shown)
}

/// Puts what the engine tells into words.
struct Teller<'a> {
    api: &'a Api,
    visitor: &'a Visitor,
    now: UnixMillis,
}

impl Teller<'_> {
    fn t(&self, key: impl Into<Key>) -> Text {
        self.visitor.t(key)
    }

    fn minute(&self, moment: UnixMillis) -> String {
        let zone = &self.api.engine.config().node.time_zone;
        time::minute_of(moment, zone, self.visitor.asked.language())
    }

    fn day(&self, moment: UnixMillis) -> String {
        time::day_of(moment, &self.api.engine.config().node.time_zone)
    }

    fn seals(&self) -> Vec<ToDo> {
        let to_do = |reason: SealReason| {
            let (what, then) = match reason {
                SealReason::BehindJournal => {
                    (Key("operations-seal-behind"), Key("operations-seal-behind-do"))
                }
                SealReason::JournalLost => {
                    (Key("operations-seal-journal"), Key("operations-seal-journal-do"))
                }
                SealReason::ShownByPartner => (Key("operations-seal-shown"), Key("operations-seal-shown-do")),
                SealReason::Clock => (Key("operations-seal-clock"), Key("operations-seal-clock-do")),
                SealReason::NotCompared => {
                    (Key("operations-seal-not-compared"), Key("operations-seal-not-compared-do"))
                }
            };
            let command = Some(reason.next_step().to_owned());
            ToDo { what: self.t(what).to_string(), then: self.t(then).to_string(), command }
        };
        self.api.engine.seals().into_iter().map(to_do).collect()
    }

    fn of_link(&self, link: &LinkItem) -> Vec<ToDo> {
        let mut todo = Vec::new();
        let mut add = |what: Text, then: Key, command: Option<&str>| {
            let what = what.with("name", &link.name).to_string();
            let then = self.t(then).with("name", &link.name).to_string();
            todo.push(ToDo { what, then, command: command.map(str::to_owned) });
        };
        if link.revoked {
            add(self.t("operations-revoked"), Key("operations-revoked-do"), Some("stafett partner list"));
        }
        if link.in_doubt {
            add(self.t("operations-in-doubt"), Key("operations-in-doubt-do"), None);
        }
        if link.sharing_stopped {
            add(self.t("operations-stopped"), Key("operations-stopped-do"), None);
        } else if link.receipts_late {
            let since = link.receipts_missing_since.map(|since| self.minute(since)).unwrap_or_default();
            add(self.t("operations-late").with("moment", since), Key("operations-late-do"), None);
        }
        if link.agreement_until <= self.now {
            let text = self.t("operations-ended").with("day", self.day(link.agreement_until));
            add(text, Key("operations-ended-do"), None);
        } else if link.agreement_until.since(self.now) <= ENDS_SOON_MS {
            let text = self.t("operations-ends").with("day", self.day(link.agreement_until));
            add(text, Key("operations-ends-do"), None);
        }
        todo
    }

    fn of_log(&self, fault: LogFault) -> ToDo {
        let what = match fault {
            LogFault::Row { number } => self.t("operations-log-row").with("number", number),
            LogFault::End => self.t("operations-log-end"),
            LogFault::RolledBack { length } => self.t("operations-log-back").with("count", length),
        };
        let command = Some("stafett check".to_owned());
        ToDo { what: what.to_string(), then: self.t("operations-log-do").to_string(), command }
    }

    fn row(&self, link: &LinkItem) -> Row {
        let connected = match link.connected_since {
            Some(since) => self.t("operations-connected").with("moment", self.minute(since)),
            None => self.t("operations-offline"),
        };
        let missing = match link.receipts_missing_since {
            Some(since) => {
                let text = self.t("operations-missing").with("count", link.receipts_missing);
                text.with("moment", self.minute(since)).to_string()
            }
            None => self.t("operations-none-missing").to_string(),
        };
        let mut state = Vec::new();
        if link.revoked {
            state.push(self.t("operations-state-revoked"));
        }
        if link.in_doubt {
            state.push(self.t("operations-state-in-doubt"));
        }
        if link.sharing_stopped {
            state.push(self.t("operations-state-stopped"));
        }
        if state.is_empty() {
            state.push(self.t("operations-state-good"));
        }
        Row {
            name: link.name.clone(),
            connected: connected.to_string(),
            received: link
                .last_received
                .map_or_else(|| self.t("operations-never").to_string(), |moment| self.minute(moment)),
            waiting: link.waiting,
            missing,
            until: self.day(link.agreement_until),
            state,
        }
    }

    fn state(&self, log_rows: u64, clock: Option<i64>) -> Vec<(Text, String)> {
        let engine = &self.api.engine;
        let health = engine.health();
        let store = engine.store();
        let journal = if store.journal_fault().is_some() {
            self.t("operations-journal-lost")
        } else if store.is_behind_journal() {
            self.t("operations-journal-behind")
        } else {
            self.t("operations-journal-good")
        };
        let jump = match clock {
            Some(jump) => {
                self.t("operations-clock-jump").with("seconds", jump.unsigned_abs().div_ceil(1_000))
            }
            None => self.t("operations-clock-good"),
        };
        let serving =
            if health.ready { self.t("operations-serving") } else { self.t("operations-not-serving") };
        vec![
            (self.t("operations-node"), serving.to_string()),
            (self.t("operations-journal"), journal.to_string()),
            (self.t("operations-clock"), format!("{} {jump}", self.minute(self.now))),
            (self.t("operations-log"), self.t("operations-log-rows").with("count", log_rows).to_string()),
            (self.t("operations-backup"), self.t("operations-backup-do").to_string()),
            (self.t("operations-key"), self.t("operations-key-do").to_string()),
            (self.t("operations-version"), health.version),
        ]
    }
}
