//! Signed statements, what they say, and the journal.

use stafett_protocol::baton::there::{AnswerThere, NowThere, OfferThere};
use stafett_protocol::erasure::{EraseOrder, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::journal;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::LedgerStatement;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::protection::ProtectionStatement;
use stafett_protocol::signed::{Signed, Statement};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::Uptake;

use super::seeds;
use crate::names::key;

/// A token is taken only if this node's key made it: the seeds, and nothing else.
pub(super) fn statement(bytes: &[u8]) {
    let Ok(token) = std::str::from_utf8(bytes) else { return };
    let is_taken = [
        verifies::<LedgerStatement>(token),
        verifies::<ProtectionStatement>(token),
        verifies::<Grant>(token),
        verifies::<EraseOrder>(token),
        verifies::<Receipt>(token),
        verifies::<LinkMark>(token),
        verifies::<Uptake>(token),
        verifies::<OfferThere>(token),
        verifies::<AnswerThere>(token),
        verifies::<NowThere>(token),
    ];
    let count = is_taken.iter().filter(|taken| **taken).count();
    assert!(count <= 1, "a token passes as two kinds of statement");
    assert!(count == 0 || seeds::is_token(token), "a token that nobody signed is taken: {token}");
}

fn verifies<T: Statement>(token: &str) -> bool {
    Signed::<T>::from_token(token.to_owned()).verify(&[key(1).public(), key(2).public()]).is_ok()
}

/// A statement that a key did sign is asked of the ledger, whatever it says.
pub(super) fn said(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Some(first) = lines.next().and_then(|line| serde_json::from_slice(line).ok()) else { return };
    let Some(first) = signed::<LedgerStatement>(first) else { return };
    let Ok(mut ledger) = LedgerView::open(&first) else { return };
    for line in lines.take(64) {
        if let Ok(next) = serde_json::from_slice::<ProtectionStatement>(line) {
            let _ = signed(next).map(|next| ledger.protect(&next));
        }
        let Ok(mut next) = serde_json::from_slice::<LedgerStatement>(line) else { continue };
        // What stands in a row and whose hash fits is a matter of the signer, who may be anybody.
        let expected = ledger.next(next.said.clone(), next.by, next.at);
        (next.case, next.number, next.previous) = (expected.case, expected.number, expected.previous);
        let _ = signed(next).map(|next| ledger.append(&next));
    }
    for now in [UnixMillis(0), UnixMillis(1_800_000_000_000), UnixMillis::MAX] {
        for record in ledger.consents().values() {
            let _ = ledger.status(record, now);
        }
        let _ = (ledger.run_out(now), ledger.is_closed());
    }
}

fn signed<T: Statement>(statement: T) -> Option<stafett_protocol::signed::Verified<T>> {
    key(1).sign(statement).ok()
}

/// A journal that is read goes on line by line.
pub(super) fn journal(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let salvaged = journal::salvage(&text);
    if let Ok((lines, end)) = journal::read(&text) {
        assert_eq!(end.length, lines.len() as u64);
        assert!(salvaged.len() >= lines.len());
        let mut next = end;
        if let Some(last) = lines.last() {
            let line = next.append(last.closing.clone(), last.at).expect("writes");
            let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
            let (longer, _) = journal::read(&format!("{whole}{line}\n")).expect("the next line follows");
            assert_eq!(longer.len(), lines.len() + 1);
        }
    }
}
