//! What becomes of a case that another municipality shares.

use std::collections::{BTreeMap, BTreeSet};

use stafett_node::store::LocalWrite;
use stafett_protocol::erasure::LockBasis;
use stafett_protocol::id::ProposalId;
use stafett_protocol::journal::Closing;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::Write;

use super::{Step, Workload};
use crate::cast::{self, GRANT, NOW, ORDER, THEIR_CASE, them};

pub(super) fn all() -> Vec<Workload> {
    vec![
        receiving(),
        erasing_some("erasing some on order", false),
        erasing_some("erasing while somebody reads", true),
        erasing_all(),
        erasing_and_opening(),
        locking(),
        proposing(),
        giving_back(),
    ]
}

fn received() -> Vec<Step> {
    vec![
        Step::of(vec![Write::GrantReceived(cast::their_grant())]),
        Step::of(cast::their_goal(11, "Lese en bok")),
        Step::of(cast::their_goal(12, "Sove godt")),
        Step::local(vec![cast::look(Some(THEIR_CASE), 1)]),
    ]
}

/// An order is carried out.
fn carried_out(entries: &[u8]) -> Vec<Write> {
    vec![
        Write::GrantEnded { owner: them(), case: THEIR_CASE, grant: GRANT, at: NOW },
        Write::Erase {
            case: THEIR_CASE,
            entries: entries.iter().map(|number| cast::entry(*number)).collect(),
        },
        Write::ReceiptSigned(cast::our_receipt(entries)),
        Write::Closing { closing: Closing::ErasedOnOrder { case: THEIR_CASE, order: ORDER }, at: NOW },
    ]
}

fn receiving() -> Workload {
    Workload::new("receiving", Vec::new(), received())
}

fn erasing_some(name: &'static str, is_read: bool) -> Workload {
    let steps = vec![Step::of(carried_out(&[11])), Step::of(cast::their_goal(13, "Gå på tur"))];
    Workload { is_read, ..Workload::new(name, received(), steps) }
}

fn erasing_all() -> Workload {
    let before = vec![Step::of(cast::their_goal(11, "Lese en bok"))];
    let erase = Write::Erase { case: THEIR_CASE, entries: BTreeSet::from([cast::entry(11)]) };
    Workload::new("erasing all", before, vec![Step::of(vec![erase])])
}

fn erasing_and_opening() -> Workload {
    let steps = vec![Step::of(carried_out(&[11, 12])), Step::Reopen, Step::local(vec![cast::session(3)])];
    Workload::new("erasing and opening again", received(), steps)
}

fn locking() -> Workload {
    let entries =
        BTreeMap::from([(cast::entry(11), LockBasis::DutyToKeep), (cast::entry(12), LockBasis::OwnWriting)]);
    let ended = Write::GrantEnded { owner: them(), case: THEIR_CASE, grant: GRANT, at: NOW };
    let steps = vec![
        Step::of(vec![ended, Write::Lock { entries }, Write::ReceiptSigned(cast::our_receipt(&[11, 12]))]),
        Step::of(vec![Write::EditReturned(cast::returned_edit(51, "Mine ord"))]),
    ];
    Workload::new("locking", received(), steps)
}

fn proposing() -> Workload {
    let steps = vec![
        Step::of(vec![Write::ProposalMade(cast::proposal(51, "Gå på tur"))]),
        Step::of(vec![Write::ProposalMade(cast::proposal(52, "Spise frokost"))]),
        Step::of(vec![Write::ProposalAnswered(ProposalId::from_bytes([51; 16]))]),
    ];
    Workload::new("proposing", received(), steps)
}

fn giving_back() -> Workload {
    let before = [received(), vec![Step::of(vec![Write::ProposalMade(cast::proposal(51, "Gå på tur"))])]];
    let until = UnixMillis(NOW.0 + 1_000);
    let back = Write::ProposalReturned { proposal: ProposalId::from_bytes([51; 16]), until };
    let steps = vec![
        Step::of(vec![back, Write::EditReturned(cast::returned_edit(52, "Mine ord"))]),
        Step::local(vec![LocalWrite::EraseReturned { now: UnixMillis(NOW.0 + 2_000) }]),
    ];
    Workload::new("giving words back", before.into_iter().flatten().collect(), steps)
}
