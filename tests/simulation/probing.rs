//! A partner that asks after what it must not know of is answered as if it asked after nothing
//! (law 5): the same bytes at the same moments, whether the thing is there or not.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::entry::{About, ChangeHash, EntryKind, SchemaVersion};
use stafett_protocol::erasure::{Done, EraseOrder, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{CaseId, EntryId, GenerationId, ProposalId, RelationId};
use stafett_protocol::time::{MINUTE, UnixMillis};
use stafett_protocol::uptake::{Uptake, UptakeAnswer};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{
    Acknowledge, Announce, Carried, Changes, ChangesRefused, Frame, GrantFrame, Holding, LetGo, Living,
    ProposalRefused, Propose, ReceiptFrame, RelationFrame, Resend, UptakeFrame,
};
use stafett_tests::federation::{AskFor, NewEntry};
use stafett_tests::names::{areas, service};
use stafett_tests::tap::{Handed, Tap};

use crate::story::Story;

/// Something that is there in one of two worlds, and that the partner is not to know of.
struct Hidden {
    what: &'static str,
    case: CaseId,
    entry: EntryId,
    generation: GenerationId,
    heads: Vec<ChangeHash>,
    relation: RelationId,
    grant: Grant,
    order: EraseOrder,
}

/// What both worlds have: a shared case with an entry in it.
fn bare() -> (Story, EntryId) {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let entry = story.note("synlig");
    story.world.run_for(2 * MINUTE);
    (story, entry)
}

/// The same with an entry outside the partner's areas, and with a case that another partner shares.
fn full() -> (Story, EntryId, Vec<Hidden>) {
    let (mut story, visible) = bare();
    let (owner, third) = (story.owner, story.third);
    let hidden = story.world.hidden(|world| {
        let other = world.open_case(owner);
        let mut hidden = Vec::new();
        for (what, case, in_areas) in
            [("of the same case", story.case, ["wellbeing"]), ("of another case", other, ["language"])]
        {
            let ended = world.share(case, &AskFor::both(service(third, "clinic"), &in_areas));
            world.share(case, &AskFor::both(service(third, "ppt"), &in_areas));
            let entries = [(); 2].map(|()| world.publish(case, &NewEntry::note_in(&in_areas, "skjult")));
            let relation = world.relate(case, entries[0], entries[1]);
            world.run_for(2 * MINUTE);
            world.cut(owner, third);
            world.withdraw(case, ended);
            let store = &world.node(owner).store;
            let of_case = |grant: &&Grant| grant.case == case.case;
            let mut grants = store.issued.values().map(|issued| issued.grant.statement());
            let mut orders = store.orders.values().map(|order| order.statement());
            let record = &store.entries[&entries[0]].record;
            hidden.push(Hidden {
                what,
                case: case.case,
                entry: entries[0],
                generation: record.facts.generation,
                heads: record.heads.iter().copied().collect(),
                relation,
                grant: grants.rfind(of_case).expect("a grant").clone(),
                order: orders.rfind(|order| order.case == case.case).expect("an order").clone(),
            });
            world.heal(owner, third);
            world.run_for(2 * MINUTE);
        }
        hidden
    });
    (story, visible, hidden)
}

/// What a partner that knows the name of something could say about it, each with its frame's name.
fn probes(story: &Story, visible: EntryId, about: &Hidden) -> Vec<(&'static str, Frame)> {
    let Hidden { case, entry, generation, .. } = *about;
    let heads = || about.heads.clone();
    let key = story.world.key(story.partner);
    let kept = &story.world.node(story.partner).store.entries[&visible];
    let change = kept.changes[0].change().clone();
    let (kind, scope, of) = (EntryKind::Note, areas(&["language"]), BTreeSet::from([About::Subject]));
    let grant = Grant { partner: story.partner, ..about.grant.clone() };
    let items = BTreeMap::from([(entry, Done::Erased)]);
    let receipt = Receipt::of(&EraseOrder { partner: story.partner, ..about.order.clone() }, items);
    let uptake = Uptake::of(&grant, UptakeAnswer::Taken, None, UnixMillis(1_790_000_100_000));
    let turned = Grant { owner: story.partner, partner: story.owner, ..about.grant.clone() };
    let (schema, genesis) = (SchemaVersion::CURRENT, kept.record.genesis);
    let grants = BTreeSet::from([about.grant.grant]);
    vec![
        ("resend", Frame::Resend(Resend { entry, generation })),
        ("acknowledge", Frame::Acknowledge(Acknowledge { entry, generation, heads: heads() })),
        ("changes", Frame::Changes(Changes { entry, generation, changes: vec![change.clone()] })),
        (
            "announce",
            Frame::Announce(Box::new(Announce {
                grants: grants.clone(),
                case,
                entry,
                generation,
                schema,
                kind,
                areas: scope.clone(),
                about: of.clone(),
                only_for: None,
                written_by_yours: None,
                genesis,
                answers: None,
                changes: vec![change.clone()],
            })),
        ),
        (
            "propose",
            Frame::Propose(Box::new(Propose {
                proposal: ProposalId::from_bytes(*entry.as_bytes()),
                grant: about.grant.grant,
                case,
                schema,
                kind,
                areas: scope,
                about: of,
                towards: Some(entry),
                change,
            })),
        ),
        (
            "proposal refused",
            Frame::ProposalRefused(ProposalRefused {
                proposal: ProposalId::from_bytes(*entry.as_bytes()),
                code: ErrorCode::NotShared,
            }),
        ),
        (
            "relation",
            Frame::Relation(RelationFrame { relation: about.relation, case, from: entry, to: visible }),
        ),
        (
            "carried",
            Frame::Carried(Carried { entry, generation, heads: heads(), into: generation, onto: heads() }),
        ),
        ("let go", Frame::LetGo(LetGo { entry, generation })),
        (
            "changes refused",
            Frame::ChangesRefused(ChangesRefused { entry, generation, code: ErrorCode::NotShared }),
        ),
        ("receipt", Frame::Receipt(ReceiptFrame { token: key.sign(receipt).expect("signs").token().into() })),
        (
            "uptake",
            Frame::Uptake(UptakeFrame::Said { token: key.sign(uptake).expect("signs").token().into() }),
        ),
        ("grant", Frame::Grant(GrantFrame { token: key.sign(turned).expect("signs").token().into() })),
        (
            "holding",
            Frame::Holding(Holding {
                token: key.sign(grant).expect("signs").token().into(),
                has_ended: false,
                entries: BTreeSet::from([entry]),
            }),
        ),
        ("living", Frame::Living(Living { grants, is_last: true })),
    ]
}

/// What the owner hands over to the partner from a probe on, by the time since then.
fn answers(story: &mut Story, probe: &Frame) -> Vec<(u64, Handed)> {
    let (start, began) = (story.world.taps.len(), story.world.now());
    story.world.forge(story.partner, story.owner, probe);
    story.world.run_for(3 * MINUTE);
    let theirs = |tap: &&Tap| (tap.from, tap.to) == (story.owner, story.partner);
    let taps = story.world.taps[start..].iter().filter(theirs);
    // Salts and marks are of the moment; what follows from the probe is said in frames of the link.
    taps.map(|tap| (tap.at.since(began), tap.handed.clone())).collect()
}

#[test]
fn partner_that_asks_after_something_hidden_is_answered_as_about_nothing() {
    let (one, _, hidden) = full();
    let empty = |story: &mut Story| {
        let wait = one.world.now().since(story.world.now());
        story.world.run_for(wait);
    };
    let mut probed = 0;
    for place in 0..hidden.len() {
        let kinds = probes(&one, bare().1, &hidden[place]).len();
        for kind in 0..kinds {
            let (mut there, visible, again) = full();
            let (what, frame) = probes(&there, visible, &again[place]).remove(kind);
            let (mut nowhere, _) = bare();
            empty(&mut nowhere);

            let with = answers(&mut there, &frame);
            let without = answers(&mut nowhere, &frame);

            assert_eq!(with, without, "{what} about something {}", again[place].what);
            probed += 1;
        }
    }
    assert_eq!(probed, 30, "each kind of frame about each hidden thing");
}

#[test]
fn what_is_shared_is_answered_otherwise_than_what_is_not_there() {
    let (mut there, visible) = bare();
    let generation = there.world.node(there.owner).store.entries[&visible].record.facts.generation;
    let (mut elsewhere, _) = bare();

    let of_shared = answers(&mut there, &Frame::Resend(Resend { entry: visible, generation }));
    let entry = EntryId::from_bytes([9; 16]);
    let of_nothing = answers(&mut elsewhere, &Frame::Resend(Resend { entry, generation }));

    assert_ne!(of_shared, of_nothing, "the comparison sees answers");
}
