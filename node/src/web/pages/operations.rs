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
use crate::engine::answer::{
    AccessLogItem, LinkItem, LogFaultItem, LogFaultKind, Operations, OwnKeysItem, PinnedKey, StoreItem,
};
use crate::engine::seal::SealReason;
use crate::keys::Nearness;
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
    keys: Vec<Keys>,
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

/// The keys of one partner.
struct Keys {
    name: String,
    facts: Vec<(Text, String)>,
}

/// How the node is, its links, and what to do.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    if visitor.reader.role != Role::ItOperator {
        return Err(EngineError::NotFound.into());
    }
    let links = api.engine.links(&visitor.reader).await?;
    let run = api.engine.operations(&visitor.reader).await?;
    let clock = api.engine.store().clock_jump().await.map_err(EngineError::from)?;
    let teller = Teller { api: &api, visitor: &visitor, now: api.engine.now() };
    let mut todo = teller.seals();
    todo.extend(teller.of_certificate(&run.keys));
    todo.extend(links.iter().flat_map(|link| teller.of_link(link)));
    todo.extend(links.iter().filter_map(|link| teller.of_shown(link)));
    todo.extend(run.access_log.fault.map(|fault| teller.of_log(fault)));
    todo.extend(teller.of_damage(Key("operations-unreadable"), run.unreadable_entries));
    todo.extend(teller.of_damage(Key("operations-families"), run.unreadable_families));
    todo.extend(teller.of_room(&run.store));
    let shown = OperationsPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("operations-title")),
        todo,
        links: links.iter().map(|link| teller.row(link)).collect(),
        keys: links.iter().map(|link| teller.keys(link)).collect(),
        state: teller.state(&run, clock),
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

    fn of_certificate(&self, keys: &OwnKeysItem) -> Option<ToDo> {
        let day = |what: Text, moment| what.with("day", self.day(moment)).to_string();
        if self.now < keys.certificate_from {
            let what = day(self.t("operations-certificate-early"), keys.certificate_from);
            let then = self.t("operations-certificate-early-do").to_string();
            return Some(ToDo { what, then, command: None });
        }
        let near = Nearness::of(keys.certificate_until, self.now)?;
        let what = match near {
            Nearness::Over => self.t("operations-certificate-ended"),
            _ => self.t("operations-certificate-ends"),
        };
        let then = match near {
            Nearness::Over | Nearness::Days => self.t("operations-certificate-now"),
            Nearness::Weeks => self.t("operations-certificate-soon"),
            Nearness::Months => self.t("operations-certificate-later"),
        };
        let command = Some("stafett identity --renew-certificate".to_owned());
        Some(ToDo { what: day(what, keys.certificate_until), then: then.to_string(), command })
    }

    /// About the certificate that a partner showed last.
    fn of_shown(&self, link: &LinkItem) -> Option<ToDo> {
        let until = link.keys.shown.as_ref().filter(|_| !link.revoked)?.certificate_until;
        let near = Nearness::of(until, self.now)?;
        let what = match near {
            Nearness::Over => self.t("operations-shown-ended"),
            _ => self.t("operations-shown-ends"),
        };
        let then = match near {
            Nearness::Over | Nearness::Days => self.t("operations-shown-now"),
            Nearness::Weeks => self.t("operations-shown-soon"),
            Nearness::Months => self.t("operations-shown-later"),
        };
        let what = what.with("name", &link.name).with("day", self.day(until)).to_string();
        Some(ToDo { what, then: then.with("name", &link.name).to_string(), command: None })
    }

    fn of_room(&self, store: &StoreItem) -> Option<ToDo> {
        let what = self.t("operations-room").with("megabytes", megabytes(store.free_bytes)).to_string();
        let then = self.t("operations-room-do").to_string();
        store.is_nearly_full.then_some(ToDo { what, then, command: None })
    }

    fn of_damage(&self, what: Key, count: usize) -> Option<ToDo> {
        let what = self.t(what).with("count", count).to_string();
        let then = self.t("operations-unreadable-do").to_string();
        (count > 0).then_some(ToDo { what, then, command: Some("stafett check".to_owned()) })
    }

    fn of_log(&self, fault: LogFaultItem) -> ToDo {
        let number = fault.number.unwrap_or_default();
        let what = match fault.kind {
            LogFaultKind::Row => self.t("operations-log-row").with("number", number),
            LogFaultKind::End => self.t("operations-log-end"),
            LogFaultKind::RolledBack => self.t("operations-log-back").with("count", number),
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

    fn keys(&self, link: &LinkItem) -> Keys {
        let keys = &link.keys;
        let or_none = |key: &Option<String>| match key {
            Some(key) => key.clone(),
            None => self.t("operations-no-next").to_string(),
        };
        let shown = match &keys.shown {
            Some(shown) => {
                let which = match shown.key {
                    PinnedKey::Current => self.t("operations-shown-current"),
                    PinnedKey::Next => self.t("operations-shown-next"),
                    PinnedKey::Neither => self.t("operations-shown-neither"),
                };
                which.with("day", self.day(shown.certificate_until)).to_string()
            }
            None => self.t("operations-never").to_string(),
        };
        let speaks = match link.protocol_version {
            Some(version) => {
                self.t("operations-protocol-version").with("version", u64::from(version)).to_string()
            }
            None => self.t("operations-never").to_string(),
        };
        let facts = vec![
            (self.t("operations-tls-current"), keys.tls_current.clone()),
            (self.t("operations-tls-next"), or_none(&keys.tls_next)),
            (self.t("operations-signing-current"), keys.signing_current.clone()),
            (self.t("operations-signing-next"), or_none(&keys.signing_next)),
            (self.t("operations-shown"), shown),
            (self.t("operations-protocol"), speaks),
        ];
        Keys { name: link.name.clone(), facts }
    }

    fn log(&self, log: &AccessLogItem) -> String {
        let moment = log.walked_at.map(|at| self.minute(at)).unwrap_or_default();
        let known = match (log.fault, log.rows, log.rows_walked) {
            (Some(_), ..) => self.t("operations-log-wrong"),
            (None, Some(rows), Some(walked)) if rows == walked => {
                self.t("operations-log-rows").with("count", rows)
            }
            (None, Some(rows), Some(walked)) => {
                self.t("operations-log-more").with("count", rows).with("walked", walked)
            }
            (None, ..) => self.t("operations-log-unknown"),
        };
        let known = known.with("moment", moment).to_string();
        match log.is_walking {
            true => format!("{known} {}", self.t("operations-log-walking")),
            false => known,
        }
    }

    fn store(&self, store: &StoreItem) -> String {
        let text = self.t("operations-store-size").with("megabytes", megabytes(store.bytes));
        let text = text.with("log", megabytes(store.write_ahead_bytes));
        text.with("free", megabytes(store.free_bytes)).to_string()
    }

    fn state(&self, run: &Operations, clock: Option<i64>) -> Vec<(Text, String)> {
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
            (self.t("operations-log"), self.log(&run.access_log)),
            (self.t("operations-store"), self.store(&run.store)),
            (self.t("operations-schema"), run.store.schema.to_string()),
            (self.t("operations-backup"), self.t("operations-backup-do").to_string()),
            (self.t("operations-key"), run.keys.tls.clone()),
            (self.t("operations-certificate"), self.day(run.keys.certificate_until)),
            (self.t("operations-signing"), run.keys.signing.clone()),
            (self.t("operations-version"), run.version.clone()),
            (
                self.t("operations-protocol"),
                self.t("operations-protocol-version")
                    .with("version", u64::from(run.protocol_version))
                    .to_string(),
            ),
        ]
    }
}

/// Megabytes, rounded up: a store that is there takes some.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
