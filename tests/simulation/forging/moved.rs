//! What the right node signed and says the wrong thing, or stands in the wrong place: moved to
//! another case, consent, service, entry, generation or partner, over all pairs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stafett_protocol::erasure::retention::BasisText;
use stafett_protocol::erasure::{Done, EraseOrder, LockBasis, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{EntryId, GenerationId, GrantId, OrderId, RelationId};
use stafett_protocol::journal::Closing;
use stafett_protocol::link::output::Output;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::{Statement, Verified};
use stafett_protocol::time::MINUTE;
use stafett_protocol::transaction::Write;
use stafett_protocol::wire::{Announce, Changes, Frame, RelationFrame, Stored};
use stafett_tests::tap::Tap;

use super::cast::{Cast, frame_of};
use crate::greeted::Greeted;

/// Puts the value that a field has in another statement of the type into one; none if it is the same.
fn with_field_of<T: Statement>(one: &T, other: &T, field: &str) -> Option<T> {
    let (mut one, other) =
        (serde_json::to_value(one).expect("JSON"), serde_json::to_value(other).expect("JSON"));
    if one[field] == other[field] {
        return None;
    }
    one[field] = other[field].clone();
    Some(serde_json::from_value(one).expect("the same shape"))
}

fn fields<T: Statement>(one: &T) -> Vec<String> {
    let Value::Object(fields) = serde_json::to_value(one).expect("JSON") else { panic!("no object") };
    fields.keys().cloned().collect()
}

/// The frame of a statement that a node signs with its own key.
fn signed<T: Statement>(cast: &Cast, by: OrganisationNumber, statement: T) -> Frame {
    frame_of::<T>(cast.story.world.key(by).sign(statement).expect("signs").token().to_owned())
}

#[test]
fn grant_is_believed_on_the_link_of_its_two_parties_alone() {
    let cast = Cast::new();
    let mut believed = 0;
    for grant in cast.grants() {
        let Grant { grant: id, owner, partner, .. } = *grant.statement();
        for (to, from) in cast.links() {
            let mut receiver = Greeted::new(&cast.story.world, to, from);
            let frame = frame_of::<Grant>(grant.token().to_owned());
            if (owner, partner) == (from, to) {
                let before = receiver.state();
                let outputs = receiver.frame(frame);
                let stored = Output::Send { frame: Frame::Stored(Stored::Grant(id)), rows: Vec::new() };
                assert_eq!(outputs, [stored], "the control: it is here");
                assert!(receiver.state() == before);
                believed += 1;
            } else {
                receiver.takes_for_forged(frame, &format!("{owner} to {partner}, from {from} to {to}"));
            }
        }
    }
    assert_eq!(believed, cast.grants().len());
}

#[test]
fn grant_with_any_field_of_another_grant_changes_nothing() {
    let cast = Cast::new();
    let mut tried = BTreeSet::new();
    let known: BTreeSet<GrantId> =
        cast.grants_of_owner().iter().map(|grant| grant.statement().grant).collect();
    for grant in cast.grants_of_owner() {
        let grant = grant.statement();
        for other in cast.grants() {
            for field in fields(grant) {
                let Some(moved) = with_field_of(grant, other.statement(), &field) else { continue };
                if !known.contains(&moved.grant) {
                    continue;
                }
                let what = format!("{field} of another grant");
                let is_of_the_link = (moved.owner, moved.partner) == (cast.owner(), cast.partner());
                let frame = signed(&cast, cast.owner(), moved);
                let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());
                if is_of_the_link {
                    partner.passes_over(frame, &what);
                } else {
                    partner.takes_for_forged(frame, &what);
                }
                tried.insert(field);
            }
        }
    }
    let expected = ["areas", "case", "consent", "grant", "owner", "partner", "service"];
    assert!(expected.iter().all(|field| tried.contains(*field)), "{tried:?}");
}

#[test]
fn grant_for_a_case_of_somebody_else_opens_nothing() {
    let cast = Cast::new();
    for case in [cast.of_partner.case, cast.of_third.case] {
        let mut cast = Cast::new();
        let grant = cast.grants_of_owner().remove(0).statement().clone();
        let new = Grant { grant: GrantId::from_bytes([77; 16]), case, ..grant };
        let frame = signed(&cast, cast.owner(), new);
        let (owner, partner) = (cast.owner(), cast.partner());

        cast.story.world.forge(owner, partner, &frame);
        cast.story.world.run_for(MINUTE);

        let store = &cast.story.world.node(partner).store;
        assert!(!store.received.contains_key(&GrantId::from_bytes([77; 16])));
        let entry = cast.entry_of_third;
        assert!(cast.story.world.text(partner, entry).is_some(), "what {case} holds is gone");
    }
}

#[test]
fn order_is_believed_on_the_link_of_its_two_parties_alone() {
    let cast = Cast::new();
    let mut believed = 0;
    for grant in cast.grants() {
        let order = cast.order_for(&grant);
        let EraseOrder { owner, partner, .. } = *order.statement();
        for (to, from) in cast.links() {
            let mut receiver = Greeted::new(&cast.story.world, to, from);
            let frame = frame_of::<EraseOrder>(order.token().to_owned());
            if (owner, partner) == (from, to) {
                let outputs = receiver.frame(frame);
                assert!(outputs.iter().any(|output| matches!(output, Output::Commit { .. })), "the control");
                believed += 1;
            } else {
                receiver.takes_for_forged(frame, &format!("{owner} to {partner}, from {from} to {to}"));
            }
        }
    }
    assert_eq!(believed, cast.grants().len());
}

#[test]
fn order_with_any_field_of_another_order_ends_nothing_but_its_own_grant() {
    let cast = Cast::new();
    let known: BTreeSet<GrantId> =
        cast.grants_of_owner().iter().map(|grant| grant.statement().grant).collect();
    let mut tried = BTreeSet::new();
    for grant in cast.grants_of_owner() {
        let order = cast.order_for(&grant);
        for other in cast.grants() {
            let other = cast.order_for(&other);
            for field in fields(order.statement()) {
                let Some(moved) = with_field_of(order.statement(), other.statement(), &field) else {
                    continue;
                };
                let what = format!("{field} of another order");
                let is_of_the_link = (moved.owner, moved.partner) == (cast.owner(), cast.partner());
                let frame = signed(&cast, cast.owner(), moved.clone());
                let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());
                tried.insert(field.clone());
                if !is_of_the_link {
                    partner.takes_for_forged(frame, &what);
                } else if ["case", "service"].contains(&field.as_str())
                    || (field == "grant" && known.contains(&moved.grant))
                {
                    partner.passes_over(frame, &what);
                } else {
                    ends_nothing_else(&cast, &moved, &partner.frame(frame), &what);
                }
            }
        }
    }
    let expected = ["case", "entries", "grant", "order", "owner", "partner", "service"];
    assert!(expected.iter().all(|field| tried.contains(*field)), "{tried:?}");
}

/// Whatever an owner says of its own grant, what is written is about that grant and its case.
fn ends_nothing_else(cast: &Cast, order: &EraseOrder, outputs: &[Output], what: &str) {
    let store = &cast.story.world.node(cast.partner()).store;
    for output in outputs {
        let Output::Commit { transaction, .. } = output else { continue };
        for write in &transaction.writes {
            let fits = match write {
                Write::GrantEnded { owner, case, grant, .. } => {
                    (*owner, *case, *grant) == (order.owner, order.case, order.grant)
                }
                Write::Closing { closing: Closing::ReceivedGrantEnded { owner, case, grant }, .. } => {
                    (*owner, *case, *grant) == (order.owner, order.case, order.grant)
                }
                Write::Under { entry, under } => {
                    let record = &store.entries[entry].record;
                    let lost = record.under.difference(under).copied().collect::<Vec<_>>();
                    record.facts.case == order.case && lost.iter().all(|grant| *grant == order.grant)
                }
                _ => false,
            };
            assert!(fits, "{what}: {write:?}");
        }
    }
}

#[test]
fn order_that_names_entries_of_others_erases_none_of_them() {
    for names_case_of_third in [false, true] {
        let mut cast = Cast::new();
        let (owner, partner) = (cast.owner(), cast.partner());
        let grant = cast.grants_of_owner().remove(0);
        let genuine = cast.order_for(&grant).statement().clone();
        let foreign: BTreeSet<EntryId> = [cast.of_other, cast.entry_of_third].into();
        let mut of_partner = cast.story.world.node(partner).store.entries.values();
        let of_partner = of_partner.find(|kept| kept.record.owner == partner).expect("an own entry");
        let own = of_partner.record.facts.entry;
        let mut order = EraseOrder { entries: foreign.iter().copied().chain([own]).collect(), ..genuine };
        if names_case_of_third {
            order.case = cast.of_third.case;
            order.grant = GrantId::from_bytes([78; 16]);
        }
        let frame = signed(&cast, owner, order.clone());

        cast.story.world.forge(owner, partner, &frame);
        cast.story.world.run_for(MINUTE);

        let world = &cast.story.world;
        for entry in foreign.iter().chain([&own]) {
            assert!(world.text(partner, *entry).is_some(), "{entry} is gone");
        }
        let third = world.node(partner).store.received.values();
        let mut third = third.filter(|received| received.grant.owner == cast.story.third);
        assert!(third.all(|received| received.ended_at.is_none()));
        let receipt = &world.node(partner).store.receipts[&order.order];
        assert!(receipt.statement().items.values().all(|done| *done == Done::Erased), "something is told");
    }
}

#[test]
fn receipt_is_filed_for_its_own_order_from_its_own_partner_alone() {
    let cast = Cast::with_orders_waiting();
    let mut filed = 0;
    for receipt in cast.receipts() {
        for (to, from) in cast.links() {
            let mut receiver = Greeted::new(&cast.story.world, to, from);
            let frame = frame_of::<Receipt>(receipt.token().to_owned());
            if (to, from) == (cast.owner(), cast.partner()) {
                let outputs = receiver.frame(frame);
                assert_eq!(outputs, [Output::FileReceipt(receipt.clone())], "the control");
                filed += 1;
            } else if from == cast.partner() {
                receiver.passes_over(frame, "a receipt of the partner's to a node that waits for none");
            } else {
                receiver.takes_for_forged(frame, "a receipt in the name of the partner");
            }
        }
    }
    assert_eq!(filed, cast.orders_waiting().len());
    assert!(filed >= 3, "{filed} orders are too few to say anything");
}

#[test]
fn receipt_with_any_field_of_another_receipt_is_not_filed() {
    let cast = Cast::with_orders_waiting();
    let mut tried = BTreeSet::new();
    for receipt in cast.receipts() {
        for other in cast.receipts() {
            for field in fields(receipt.statement()) {
                let moved = with_field_of(receipt.statement(), other.statement(), &field);
                let Some(moved) = moved else { continue };
                let frame = signed(&cast, cast.partner(), moved);
                let mut owner = Greeted::new(&cast.story.world, cast.owner(), cast.partner());
                owner.passes_over(frame, &format!("{field} of another receipt"));
                tried.insert(field);
            }
        }
    }
    let expected = ["case", "grant", "items", "order"];
    assert!(expected.iter().all(|field| tried.contains(*field)), "{tried:?}");
}

#[test]
fn receipt_that_says_something_else_than_its_order_asked_is_not_filed() {
    let cast = Cast::with_orders_waiting();
    let stranger = EntryId::from_bytes([79; 16]);
    let words: BasisText = "en hjemmel".parse().expect("a line");
    for receipt in cast.receipts() {
        let receipt = receipt.statement();
        let Some(named) = receipt.items.keys().next().copied() else { continue };
        let with = |items: BTreeMap<EntryId, Done>| Receipt { items, ..receipt.clone() };
        let (mut fewer, mut more) = (receipt.items.clone(), receipt.items.clone());
        fewer.remove(&named);
        more.insert(stranger, Done::Erased);
        let mut swapped = fewer.clone();
        swapped.insert(stranger, Done::Erased);
        let by_law = Done::Locked { basis: LockBasis::DutyToKeep };
        let locked = with(receipt.items.keys().map(|entry| (*entry, by_law.clone())).collect());
        let twice = locked.clone().kept_on(&BTreeMap::from([(named, words.clone())]));
        let words_twice = [twice.kept_by_law.clone(), twice.kept_by_law.clone()].concat();
        let twice = Receipt { kept_by_law: words_twice, ..twice };
        let lies = [
            with(fewer),
            with(more),
            with(swapped),
            Receipt { order: OrderId::from_bytes([80; 16]), ..receipt.clone() },
            Receipt { partner: cast.story.third, ..receipt.clone() },
            Receipt { owner: cast.story.third, ..receipt.clone() },
            Receipt { owner: cast.partner(), ..receipt.clone() },
            Receipt { case: cast.of_third.case, ..receipt.clone() },
            Receipt { grant: Some(GrantId::from_bytes([81; 16])), ..receipt.clone() },
            receipt.clone().kept_on(&BTreeMap::from([(named, words.clone())])),
            locked.clone().kept_on(&BTreeMap::from([(stranger, words.clone())])),
            twice,
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            let frame = signed(&cast, cast.partner(), lie);
            let mut owner = Greeted::new(&cast.story.world, cast.owner(), cast.partner());
            owner.passes_over(frame, &format!("lie {number}"));
        }
        let frame = signed(&cast, cast.partner(), locked.kept_on(&BTreeMap::from([(named, words.clone())])));
        let outputs = Greeted::new(&cast.story.world, cast.owner(), cast.partner()).frame(frame);
        assert!(matches!(outputs[..], [Output::FileReceipt(_)]), "the control: {outputs:?}");
    }
}

/// The announcement of an entry as it went to the partner last.
fn announced(cast: &Cast, from: OrganisationNumber, entry: EntryId) -> Announce {
    let taps = cast.story.world.taps.iter().rev();
    let mut frames = taps.filter(|tap| tap.from == from && tap.to == cast.partner()).filter_map(Tap::frame);
    let found = frames.find_map(|frame| match frame {
        Frame::Announce(body) if body.entry == entry => Some(*body),
        _ => None,
    });
    found.expect("it was announced")
}

#[test]
fn announcement_moved_to_another_entry_generation_case_or_link_changes_nothing() {
    let cast = Cast::new();
    let owners = [
        (cast.owner(), cast.entries[0]),
        (cast.owner(), cast.entries[1]),
        (cast.owner(), cast.of_other),
        (cast.story.third, cast.entry_of_third),
    ];
    let all: Vec<Announce> = owners.iter().map(|(from, entry)| announced(&cast, *from, *entry)).collect();
    let strangers = (EntryId::from_bytes([82; 16]), GenerationId::from_bytes([83; 16]));
    let mut moved: Vec<(String, Announce)> = Vec::new();
    for (one, (owner, _)) in all.iter().zip(owners) {
        if owner != cast.owner() {
            moved.push(("an announcement of the third node".to_owned(), one.clone()));
            continue;
        }
        moved.push(("a new entry".to_owned(), Announce { entry: strangers.0, ..one.clone() }));
        moved.push(("a new generation".to_owned(), Announce { generation: strangers.1, ..one.clone() }));
        let both = Announce { entry: strangers.0, generation: strangers.1, ..one.clone() };
        moved.push(("a new entry and generation".to_owned(), both));
        for other in all.iter().filter(|other| *other != one) {
            let moves = [
                ("entry", Announce { entry: other.entry, ..one.clone() }),
                ("generation", Announce { generation: other.generation, ..one.clone() }),
                (
                    "entry and generation",
                    Announce { entry: other.entry, generation: other.generation, ..one.clone() },
                ),
                ("genesis", Announce { genesis: other.genesis, ..one.clone() }),
                ("changes", Announce { changes: other.changes.clone(), ..one.clone() }),
                (
                    "genesis and changes",
                    Announce { genesis: other.genesis, changes: other.changes.clone(), ..one.clone() },
                ),
            ];
            moved.extend(moves.map(|(what, body)| (format!("the {what} of another"), body)));
            if other.case != one.case {
                moved.push(("the case of another".to_owned(), Announce { case: other.case, ..one.clone() }));
                let grants = other.grants.clone();
                moved.push(("the grants of another".to_owned(), Announce { grants, ..one.clone() }));
            }
        }
    }
    for (what, body) in moved {
        let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());
        partner.passes_over(Frame::Announce(Box::new(body)), &what);
    }
}

#[test]
fn changes_moved_to_another_entry_or_generation_are_not_stored() {
    let mut cast = Cast::new();
    let (owner, partner) = (cast.owner(), cast.partner());
    let [entry, beside] = cast.entries;
    cast.story.world.edit(owner, entry, r#"{"description":"til begge, og mer"}"#);
    cast.story.world.run_for(MINUTE);
    let taps = cast.story.world.taps.iter().rev().filter(|tap| tap.from == owner && tap.to == partner);
    let genuine = taps.filter_map(Tap::frame).find_map(|frame| match frame {
        Frame::Changes(body) if body.entry == entry => Some(body),
        _ => None,
    });
    let genuine = genuine.expect("the change went out");
    let generation_of =
        |cast: &Cast, entry| cast.story.world.node(partner).store.entries[&entry].record.facts.generation;
    let moved = [
        Changes { entry: beside, generation: generation_of(&cast, beside), ..genuine.clone() },
        Changes { entry: cast.of_other, generation: generation_of(&cast, cast.of_other), ..genuine.clone() },
        Changes {
            entry: cast.entry_of_third,
            generation: generation_of(&cast, cast.entry_of_third),
            ..genuine.clone()
        },
        Changes { generation: generation_of(&cast, beside), ..genuine.clone() },
        Changes { entry: beside, ..genuine },
    ];
    let heads = |cast: &Cast| -> BTreeMap<EntryId, _> {
        let entries = cast.story.world.node(partner).store.entries.values();
        entries.map(|kept| (kept.record.facts.entry, kept.record.heads.clone())).collect()
    };
    let before = heads(&cast);

    for (number, body) in moved.into_iter().enumerate() {
        cast.story.world.forge(owner, partner, &Frame::Changes(body));
        cast.story.world.run_for(2 * MINUTE);

        assert_eq!(heads(&cast), before, "way {number}");
    }
}

#[test]
fn relation_with_a_foreign_end_is_not_stored() {
    let mut cast = Cast::new();
    let (owner, partner) = (cast.owner(), cast.partner());
    let [from, to] = cast.entries;
    let id = cast.story.world.relate(cast.story.case, from, to);
    cast.story.world.run_for(MINUTE);
    let case = cast.story.case.case;
    let mut of_partner = cast.story.world.node(partner).store.entries.values();
    let of_partner = of_partner.find(|kept| kept.record.owner == partner).expect("an own entry");
    let own = of_partner.record.facts.entry;
    let fresh = RelationId::from_bytes([84; 16]);
    let genuine = RelationFrame { relation: fresh, case, from, to };
    let mut moved = Vec::new();
    for foreign in [cast.of_other, cast.entry_of_third, own, EntryId::from_bytes([85; 16])] {
        moved.push(RelationFrame { to: foreign, ..genuine.clone() });
        moved.push(RelationFrame { from: foreign, ..genuine.clone() });
        moved.push(RelationFrame { relation: id, to: foreign, ..genuine.clone() });
    }
    for elsewhere in [cast.other.case, cast.of_third.case, cast.of_partner.case] {
        moved.push(RelationFrame { case: elsewhere, ..genuine.clone() });
    }
    moved.push(RelationFrame { relation: id, from: to, to: from, ..genuine.clone() });

    for body in moved {
        let mut receiver = Greeted::new(&cast.story.world, partner, owner);
        receiver.passes_over(Frame::Relation(body.clone()), &format!("{body:?}"));
    }
    let outputs = Greeted::new(&cast.story.world, partner, owner).frame(Frame::Relation(genuine));
    assert!(matches!(outputs[..], [Output::Commit { .. }]), "the control: {outputs:?}");
}

#[test]
fn statement_signed_by_another_node_of_the_federation_is_a_forgery() {
    let cast = Cast::with_orders_waiting();
    let third = cast.story.third;
    let grant: Verified<Grant> = cast.grants_of_owner().remove(0);
    let order = cast.order_for(&grant);
    let receipt = cast.receipts().remove(0);
    for signer in [third, cast.partner()] {
        let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());
        partner.takes_for_forged(signed(&cast, signer, grant.statement().clone()), "a grant");
        partner.takes_for_forged(signed(&cast, signer, order.statement().clone()), "an order");
    }
    for signer in [third, cast.owner()] {
        let mut owner = Greeted::new(&cast.story.world, cast.owner(), cast.partner());
        owner.takes_for_forged(signed(&cast, signer, receipt.statement().clone()), "a receipt");
    }
}

#[test]
fn announcement_of_an_earlier_generation_moved_to_another_entry_or_generation_is_not_stored() {
    let mut cast = Cast::new();
    let (owner, partner) = (cast.owner(), cast.partner());
    let [entry, beside] = cast.entries;
    let first = announced(&cast, owner, entry);
    cast.story.world.edit(owner, entry, r#"{"description":"uten det første"}"#);
    cast.story.world.run_for(MINUTE);
    assert!(cast.story.world.renew(owner, entry), "a generation is cut");
    cast.story.world.run_for(2 * MINUTE);
    let strangers = (EntryId::from_bytes([82; 16]), GenerationId::from_bytes([83; 16]));
    let moved = [
        Announce { entry: strangers.0, generation: strangers.1, ..first.clone() },
        Announce { entry: strangers.0, ..first.clone() },
        Announce { generation: strangers.1, ..first.clone() },
        Announce { entry: beside, generation: strangers.1, ..first },
    ];
    let present = |cast: &Cast| -> BTreeMap<EntryId, _> {
        let entries = cast.story.world.node(partner).store.entries.values();
        entries.map(|kept| (kept.record.facts.entry, kept.record.genesis)).collect()
    };
    let before = present(&cast);

    for (number, body) in moved.into_iter().enumerate() {
        cast.story.world.forge(owner, partner, &Frame::Announce(Box::new(body)));
        cast.story.world.run_for(2 * MINUTE);

        assert_eq!(present(&cast), before, "way {number}");
    }
}
