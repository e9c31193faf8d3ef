//! Changes that break a rule of their document, over the real transport.

use anyhow::Context;
use stafett_node::clock;
use stafett_node::transport::CloseCode;
use stafett_protocol::entry::operation::Change;
use stafett_protocol::entry::{Actor, ChangeHash, Heads};
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{Acknowledge, Carried, Changes, ChangesRefused, Frame, LetGo, Resend};
use stafett_tests::broken_changes::Text;
use stafett_tests::real::hostile::Shot;

use crate::stake::Stake;
use crate::volley::{Must, Volley};

const OWN: Actor = Actor([7; 16]);

fn text(stake: &Stake) -> anyhow::Result<Text> {
    Text::of(&stake.announce, OWN).context("a first change with a text")
}

fn frame(stake: &Stake, changes: Vec<Change>) -> Frame {
    Frame::Changes(Changes { entry: stake.shared, generation: stake.announce.generation, changes })
}

fn shots(stake: &Stake, changes: impl IntoIterator<Item = Change>) -> Vec<Shot> {
    changes.into_iter().map(|change| Shot::Frame(frame(stake, vec![change]))).collect()
}

/// Every group.
pub(crate) fn all(stake: &Stake) -> anyhow::Result<Vec<Volley>> {
    let text = text(stake)?;
    let wrong_numbers = [
        text.in_the_owners_name(),
        text.after_a_gap(),
        text.starting_at(1),
        text.starting_at(u32::MAX),
        text.starting_later(),
    ];
    let alien = [text.written_into_a_foreign_object(), text.with_an_alien_pred(), text.with_a_line()];
    let wrong_references = text.written_into_nothing().into_iter().chain(alien);
    let runs = [text.deleting(3_000_000), text.deleting(u32::MAX)];
    let without_bounds = runs.into_iter().chain(text.too_much(clock::random));
    let unknown = (0..2_000).map(|number| text.on_something_unknown(number, clock::random));
    let bad = Must::Refuse { refusals: 5, offences: 5 };
    Ok(vec![
        Volley::new("wrong actors and numbers", shots(stake, wrong_numbers), bad),
        Volley::new("references to what is not there", shots(stake, wrong_references), bad),
        Volley::new("operations that no change may have", shots(stake, text.of_no_meaning()), bad),
        Volley::new("changes without bounds", shots(stake, without_bounds), bad),
        Volley::new(
            "another generation",
            about(stake, stake.shared)?,
            Must::Refuse { refusals: 2, offences: 0 },
        ),
        Volley::new(
            "a flood of unknown dependencies",
            shots(stake, unknown),
            Must::Close(CloseCode::ProtocolErrors),
        ),
    ])
}

/// As many changes with unknown dependencies as a node lets wait for one entry.
pub(crate) fn on_something_unknown(stake: &Stake, count: u32) -> anyhow::Result<Vec<Shot>> {
    let text = text(stake)?;
    Ok(shots(stake, (0..count).map(|number| text.on_something_unknown(number, clock::random))))
}

/// Frames about an entry, none of which the sender may know of, or in a generation that is none.
pub(crate) fn about(stake: &Stake, entry: EntryId) -> anyhow::Result<Vec<Shot>> {
    let text = text(stake)?;
    let generation = GenerationId::from_bytes([3; 16]);
    Ok(vec![
        Shot::Frame(Frame::Changes(Changes { entry, generation, changes: vec![text.good()] })),
        Shot::Frame(Frame::Changes(Changes { entry, generation, changes: Vec::new() })),
        Shot::Frame(Frame::Resend(Resend { entry, generation })),
        Shot::Frame(Frame::Acknowledge(Acknowledge { entry, generation, heads: vec![text.hash] })),
        Shot::Frame(Frame::Acknowledge(Acknowledge { entry, generation, heads: vec![ChangeHash([5; 32])] })),
        Shot::Frame(Frame::Carried(Carried {
            entry,
            generation,
            heads: vec![text.hash],
            into: stake.announce.generation,
            onto: Vec::new(),
        })),
        Shot::Frame(Frame::LetGo(LetGo { entry, generation })),
        Shot::Frame(Frame::ChangesRefused(ChangesRefused { entry, generation, code: ErrorCode::NotShared })),
    ])
}

/// A good change and the heads that come of it.
pub(crate) fn honest(stake: &Stake) -> anyhow::Result<(Frame, Heads)> {
    let change = text(stake)?.good();
    let heads = Heads::new(vec![change.hash()?]);
    Ok((frame(stake, vec![change]), heads))
}

/// After the good change: another with its actor and number.
pub(crate) fn twin(stake: &Stake) -> anyhow::Result<Frame> {
    Ok(frame(stake, vec![text(stake)?.twin()]))
}

/// A change that refers to a character which is not in its own ancestry.
pub(crate) fn concurrent(stake: &Stake) -> anyhow::Result<Frame> {
    Ok(frame(stake, vec![text(stake)?.beside_the_good_one()]))
}
