//! What concerns the node alone: people who log in and look, operators, time, the schema.

use std::path::Path;

use stafett_node::store::{Assignment, LocalWrite, SessionWrite, StoreError, beside};
use stafett_protocol::id::TokenId;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::Write;
use stafett_tests::names::{key, service_code};

use super::{Beginning, Step, Workload};
use crate::cast::{self, CASE, MARTE, NOW, OLE, Story, them, us};

pub(super) fn all() -> Vec<Workload> {
    vec![
        new_store(),
        sessions(),
        tokens(),
        looking(),
        looking_together(),
        operator(),
        time(),
        assigning(),
        migrating("migrating the first schema", 1),
        migrating("migrating the seventh schema", 7),
        journal_anew(),
    ]
}

fn new_store() -> Workload {
    let steps = vec![Step::local(vec![LocalWrite::Token(cast::token(1))])];
    Workload::new("making a store", Vec::new(), steps)
}

fn sessions() -> Workload {
    let seen = SessionWrite::Seen { hash: [1; 32], at: UnixMillis(NOW.0 + 60_000) };
    let role = SessionWrite::Role { hash: [1; 32], account: MARTE, role: Role::UnitLeader };
    let over = SessionWrite::EraseOver { created_by: UnixMillis(0), seen_by: NOW };
    let steps = vec![
        Step::local(vec![cast::session(1)]),
        Step::local(vec![cast::session(2), LocalWrite::Session(seen), LocalWrite::Session(role)]),
        Step::local(vec![LocalWrite::Session(over)]),
        Step::local(vec![LocalWrite::Session(SessionWrite::EndAll(MARTE))]),
    ];
    Workload::new("logging in and out", vec![Step::local(vec![cast::session(9)])], steps)
}

fn tokens() -> Workload {
    let revoked = LocalWrite::TokenRevoked { token: TokenId::from_bytes([1; 16]), at: NOW };
    let steps = vec![Step::local(vec![LocalWrite::Token(cast::token(2))]), Step::local(vec![revoked])];
    Workload::new("tokens", vec![Step::local(vec![LocalWrite::Token(cast::token(1))])], steps)
}

fn looking() -> Workload {
    let (_, opening) = Story::open();
    let steps = (1..5).map(|number| Step::local(vec![cast::look(Some(CASE), number)])).collect();
    Workload::new("looking", vec![Step::Commit(opening, vec![cast::look(None, 0)])], steps)
}

fn looking_together() -> Workload {
    let (_, opening) = Story::open();
    let many = (1..40).map(|number| cast::look(Some(CASE), number)).collect();
    let steps = vec![Step::local(many), Step::local(vec![cast::look(None, 50)])];
    Workload::new("many looks at once", vec![Step::of(opening)], steps)
}

fn operator() -> Workload {
    fn say(folder: &Path) -> Result<(), StoreError> {
        beside::say(folder, "clock-confirm", None, NOW).map(|_| ())
    }
    fn put(folder: &Path) -> Result<(), StoreError> {
        beside::put_token(folder, &cast::token(7))
    }
    fn end(folder: &Path) -> Result<(), StoreError> {
        beside::end_sessions(folder, MARTE).map(|_| ())
    }
    let done = LocalWrite::WordDone { number: 1, outcome: "confirmed".to_owned(), at: NOW };
    let steps = vec![Step::Beside(say), Step::local(vec![done]), Step::Beside(put), Step::Beside(end)];
    Workload::new("an operator beside the node", vec![Step::local(vec![cast::session(1)])], steps)
}

fn time() -> Workload {
    let mark = LinkMark { signer: them(), partner: us(), incarnation: 0, number: 3 };
    let seen = Write::MarkSeen(key(2).sign(mark).expect("signs"));
    let steps = vec![
        Step::local(vec![LocalWrite::HighWaterMark(NOW)]),
        Step::Commit(vec![seen], vec![LocalWrite::LinkChecked { partner: them(), incarnation: 1 }]),
        Step::local(vec![LocalWrite::ClockJump(Some(-5)), LocalWrite::Incarnation(2)]),
    ];
    Workload::new("time and marks", Vec::new(), steps)
}

fn assigning() -> Workload {
    let (_, opening) = Story::open();
    let assignment = Assignment {
        case: CASE,
        service: service_code("school"),
        account: OLE,
        by: MARTE,
        at: NOW,
        until: None,
    };
    let steps = vec![
        Step::local(vec![LocalWrite::Assign(assignment)]),
        Step::local(vec![LocalWrite::Unassign { case: CASE, account: OLE }]),
    ];
    Workload::new("assigning a case", vec![Step::of(opening)], steps)
}

fn migrating(name: &'static str, migrations: usize) -> Workload {
    let steps = vec![Step::local(vec![LocalWrite::Token(cast::token(2))])];
    Workload { beginning: Beginning::Schema(migrations), ..Workload::new(name, Vec::new(), steps) }
}

fn journal_anew() -> Workload {
    let (mut story, opening) = Story::open();
    let before = vec![Step::of(opening), Step::of(story.protect())];
    let steps = vec![Step::local(vec![LocalWrite::JournalBegun])];
    Workload { loses_journal: true, ..Workload::new("beginning a journal anew", before, steps) }
}
