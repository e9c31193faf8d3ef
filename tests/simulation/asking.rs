//! A node that was restored asks, its partner answers (law 16): however much there is, once for
//! each question, and never more often than a partner may make it.

use std::collections::BTreeSet;

use stafett_protocol::erasure::{EraseOrder, ORDER_TEXT};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{EntryId, GrantId, OrderId};
use stafett_protocol::limits::{HOLDING_IDS_MAX, LIVING_FRAMES_MAX};
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::Output;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::restore::{HeldGrant, Holdings, Shown};
use stafett_protocol::time::{MINUTE, SECOND, UnixMillis};
use stafett_protocol::transaction::{Committed, Transaction, Write};
use stafett_protocol::wire::error_code::CloseCode;
use stafett_protocol::wire::{Ask, Frame, Holding, Living, MarkFrame, OrderFrame};
use stafett_tests::federation::Crash;

use crate::greeted::Greeted;
use crate::story::Story;

/// More than may wait for the transport, several times over.
const MANY: u32 = 3_000;

fn id(number: u32) -> [u8; 16] {
    let mut id = [7; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

/// A story in which the owner was restored from before a withdrawal, and connects again.
fn restored_owner(seed: u64) -> Story {
    let mut story = Story::new(seed);
    let consent = story.share("ppt", &["language"]);
    story.note("fra skolen");
    story.world.run_for(2 * MINUTE);
    let backup = story.world.node(story.owner).store.clone();
    story.world.withdraw(story.case, consent);
    story.world.run_for(2 * MINUTE);
    story.world.cut(story.owner, story.partner);
    story.world.node_mut(story.owner).store = backup;
    story.world.restart(story.owner, Crash::BeforeCommits);
    story
}

/// The grant that the owner has given the partner, as it signed it.
fn grant_of(story: &Story) -> Grant {
    let received = &story.world.node(story.partner).store.received;
    received.values().next().expect("it has had one grant").grant.clone()
}

/// As many more grants and orders as there may ever have been.
fn add_many(story: &mut Story) {
    let (owner, partner) = (story.owner, story.partner);
    let (own_key, their_key) = (story.world.key(owner), story.world.key(partner));
    let template = grant_of(story);
    for number in 0..MANY {
        let grant = Grant { grant: GrantId::from_bytes(id(number)), ..template.clone() };
        let token = own_key.sign(grant.clone()).expect("signs").token().to_owned();
        let received = stafett_protocol::grant::ReceivedGrant { grant, ended_at: None };
        let order = EraseOrder {
            order: OrderId::from_bytes(id(number)),
            owner: partner,
            partner: owner,
            case: stafett_protocol::id::CaseId::from_bytes(id(number)),
            grant: GrantId::from_bytes(id(MANY + number)),
            service: template.service.clone(),
            entries: BTreeSet::new(),
            text: ORDER_TEXT.to_owned(),
        };
        let order = their_key.sign(order).expect("signs");
        let store = &mut story.world.node_mut(partner).store;
        store.tokens.insert(received.grant.grant, token);
        store.received.insert(received.grant.grant, received);
        store.queued.insert(order.statement().order, UnixMillis(0));
        store.orders.insert(order.statement().order, order);
    }
}

#[test]
fn partner_with_thousands_of_grants_and_orders_answers_a_restored_node() {
    let mut story = restored_owner(1);
    add_many(&mut story);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    let (_, shown) = story.world.node(story.owner).shown.first().expect("the partner answers");
    assert_eq!(shown.grants.len(), MANY as usize + 1);
    let receipts = story.world.node(story.owner).store.receipts.len();
    assert_eq!(receipts, MANY as usize, "not every order came");
    assert_eq!(story.world.node(story.partner).was_asked, [story.owner]);
}

/// A greeted session of the partner's, and what the owner may ask of it.
fn asked(story: &Story) -> Greeted {
    Greeted::new(&story.world, story.partner, story.owner)
}

fn connect(greeted: &mut Greeted, salt: u8) -> Vec<Output> {
    greeted.handle(Input::Disconnected);
    greeted.greet([salt; 32])
}

/// The connections whose question is to be answered.
fn questions(outputs: &[Output]) -> Vec<[u8; 32]> {
    let of = |output: &Output| match output {
        Output::ShowHoldings { asked_on } => Some(*asked_on),
        _ => None,
    };
    outputs.iter().filter_map(of).collect()
}

fn kinds(outputs: &[Output]) -> Vec<u16> {
    let of = |output: &Output| match output {
        Output::Send { frame, .. } => Some(frame.kind()),
        _ => None,
    };
    outputs.iter().filter_map(of).collect()
}

fn many_holdings(story: &Story) -> Holdings {
    let template = grant_of(story);
    let key = story.world.key(story.owner);
    let held = |number| {
        let grant = Grant { grant: GrantId::from_bytes(id(number)), ..template.clone() };
        let token = key.sign(grant).expect("signs").token().to_owned();
        let entries = (0..20_000).map(|entry| EntryId::from_bytes(id(entry))).collect();
        (GrantId::from_bytes(id(number)), HeldGrant { token, has_ended: false, entries })
    };
    Holdings { grants: (0..900).map(held).collect(), orders: Vec::new() }
}

#[test]
fn answer_waits_for_room_and_leaves_nothing_out() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let holdings = many_holdings(&story);
    let mut partner = asked(&story);
    let question = questions(&partner.frame(Frame::Ask(Ask { incarnation: 1 })));
    let asked_on = question[0];

    let mut parts = vec![partner.handle(Input::Holdings { asked_on, holdings: Some(holdings) })];
    while !parts.last().expect("one").is_empty() {
        parts.push(partner.handle(Input::FramesWaiting(0)));
    }

    assert!(parts.iter().all(|part| kinds(part).len() <= 1_024), "it went out at once");
    let sent: Vec<u16> = parts.iter().flat_map(|part| kinds(part)).collect();
    let parts_of_one = 20_000_usize.div_ceil(HOLDING_IDS_MAX);
    assert_eq!(sent.iter().filter(|kind| **kind == 23).count(), 900 * parts_of_one);
    assert_eq!(sent.last(), Some(&24));
}

#[test]
fn question_is_answered_twice_and_then_once_a_minute_whatever_connects() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let mut partner = asked(&story);
    let mut answered = questions(&partner.frame(Frame::Ask(Ask { incarnation: 1 })));
    assert_eq!(answered.len(), 1);

    for salt in 10..40 {
        connect(&mut partner, salt);
        let outputs = partner.frame(Frame::Ask(Ask { incarnation: 1 }));
        answered.extend(questions(&outputs));
        partner.wait(SECOND);
    }
    assert_eq!(answered.len(), 2, "each connection had everything read");

    let outputs = partner.wait(MINUTE);
    assert_eq!(questions(&outputs), [[39; 32]], "the last question is never answered");
}

#[test]
fn answer_goes_out_on_the_connection_that_asked_and_on_no_other() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let mut partner = asked(&story);
    let first = questions(&partner.frame(Frame::Ask(Ask { incarnation: 1 })))[0];
    let answer = |asked_on| Input::Holdings { asked_on, holdings: Some(Holdings::default()) };

    connect(&mut partner, 10);
    assert_eq!(kinds(&partner.handle(answer(first))), [0; 0], "nobody asked on this connection");
    let second = questions(&partner.frame(Frame::Ask(Ask { incarnation: 1 })))[0];
    assert_eq!(kinds(&partner.handle(answer(first))), [0; 0], "the answer is from before the question");

    assert_eq!(kinds(&partner.handle(answer(second))), [24]);
    assert_eq!(kinds(&partner.handle(answer(second))), [0; 0], "it was said twice");
}

#[test]
fn question_that_cannot_be_answered_closes_the_connection() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let mut partner = asked(&story);
    let asked_on = questions(&partner.frame(Frame::Ask(Ask { incarnation: 1 })))[0];

    let outputs = partner.handle(Input::Holdings { asked_on, holdings: None });

    assert_eq!(outputs, [Output::Close(CloseCode::Fault)]);
}

/// A restored owner's session, which has just asked.
fn restored() -> (Story, Greeted) {
    let mut story = restored_owner(2);
    let store = &mut story.world.node_mut(story.owner).store;
    store.incarnation = 1;
    let owner = Greeted::new(&story.world, story.owner, story.partner);
    (story, owner)
}

fn shown(outputs: &[Output]) -> Vec<&Shown> {
    let of = |output: &'_ Output| matches!(output, Output::HoldingsShown(_));
    let of = outputs.iter().filter(|output| of(output));
    of.filter_map(|output| match output {
        Output::HoldingsShown(shown) => Some(shown.as_ref()),
        _ => None,
    })
    .collect()
}

fn living(grants: BTreeSet<GrantId>, is_last: bool) -> Frame {
    Frame::Living(Living { grants, is_last })
}

#[test]
fn last_word_of_an_answer_counts_once_until_it_is_compared() {
    let (story, mut owner) = restored();
    let token = &story.world.node(story.partner).store.tokens[&grant_of(&story).grant];
    let holding = Holding { token: token.clone(), has_ended: true, entries: BTreeSet::new() };
    owner.frame(Frame::Holding(holding.clone()));
    let outputs = owner.frame(living(BTreeSet::new(), true));
    assert_eq!(shown(&outputs).len(), 1);

    for _ in 0..5 {
        owner.frame(Frame::Holding(holding.clone()));
        assert_eq!(owner.frame(living(BTreeSet::new(), true)), [], "compared again");
    }
    let outputs = connect(&mut owner, 10);
    assert!(!kinds(&outputs).contains(&22), "it asks again while it compares");
    assert_eq!(owner.frame(living(BTreeSet::new(), true)), []);

    assert_eq!(owner.handle(Input::NotCompared), [Output::Close(CloseCode::Fault)]);
    assert_eq!(owner.handle(Input::NotCompared), [], "nothing is being compared");
    let outputs = connect(&mut owner, 11);
    assert!(kinds(&outputs).contains(&22), "it never asks again");
}

#[test]
fn orders_of_an_answer_are_carried_out_before_it_is_compared() {
    let (story, mut owner) = restored();
    let order = EraseOrder {
        order: OrderId::from_bytes(id(1)),
        owner: story.partner,
        partner: story.owner,
        case: stafett_protocol::id::CaseId::from_bytes(id(1)),
        grant: GrantId::from_bytes(id(1)),
        service: grant_of(&story).service,
        entries: BTreeSet::new(),
        text: ORDER_TEXT.to_owned(),
    };
    let order = story.world.key(story.partner).sign(order).expect("signs");
    let order = Frame::Order(OrderFrame { token: order.token().to_owned() });

    let mut outputs = owner.frame(order);
    let early = owner.frame(living(BTreeSet::new(), true));
    assert_eq!(shown(&early).len(), 0, "it was compared while an order is carried out");
    for _ in 0..2 {
        let token = outputs.iter().find_map(|output| match output {
            Output::Commit { token, .. } => Some(*token),
            _ => None,
        });
        let token = token.expect("a step of the order");
        outputs = owner.handle(Input::Done { token, outcome: Ok(Committed::default()) });
    }

    assert!(kinds(&outputs).contains(&14), "no receipt");
    assert_eq!(shown(&outputs).len(), 1, "it is never compared");
}

#[test]
fn answer_that_never_ends_is_too_much() {
    let (_story, mut owner) = restored();

    for _ in 0..LIVING_FRAMES_MAX {
        assert_eq!(owner.frame(living(BTreeSet::new(), false)), []);
    }
    let outputs = owner.frame(living(BTreeSet::new(), false));

    assert_eq!(outputs, [Output::Close(CloseCode::TooMuch)]);
}

#[test]
fn comparison_that_failed_is_asked_for_again() {
    let mut story = restored_owner(1);
    story.world.heal(story.owner, story.partner);
    story.world.run_for(MINUTE);
    assert_eq!(story.world.node(story.owner).shown.len(), 1);

    story.world.cannot_compare(story.owner, story.partner);
    story.world.run_for(5 * MINUTE);

    assert_eq!(story.world.node(story.owner).shown.len(), 2, "it is not shown anything again");
    assert_eq!(story.world.node(story.owner).shown[0], story.world.node(story.owner).shown[1]);
}

/// The mark that a partner asks to be stored, if any.
fn marks_written(outputs: &[Output]) -> Vec<u64> {
    let of = |output: &Output| match output {
        Output::Commit { transaction: Transaction { writes, .. }, .. } => match writes.as_slice() {
            [Write::MarkSeen(mark)] => Some(mark.statement().number),
            _ => None,
        },
        _ => None,
    };
    outputs.iter().filter_map(of).collect()
}

#[test]
fn marks_that_come_fast_cost_one_commit_a_second_and_the_latest_is_kept() {
    let story = Story::new(2);
    let (owner, partner) = (story.owner, story.partner);
    let key = story.world.key(owner);
    let mark = |number| {
        let mark = LinkMark { signer: owner, partner, incarnation: 0, number };
        let token = key.sign(mark).expect("signs").token().to_owned();
        Frame::Mark(MarkFrame { token })
    };
    let mut session = Greeted::new(&story.world, partner, owner);
    let mut written = Vec::new();

    for number in 1..=100 {
        written.extend(marks_written(&session.frame(mark(number))));
        if number % 10 == 0 {
            connect(&mut session, 10);
        }
    }
    assert_eq!(written, [1], "each mark was written");
    session.handle(Input::Disconnected);
    assert_eq!(marks_written(&session.wait(2 * SECOND)), [100]);
    assert_eq!(marks_written(&session.wait(MINUTE)), [0; 0]);

    let outputs = connect(&mut session, 11);
    let says = |output: &Output| {
        matches!(output, Output::Send { frame: Frame::Shown(body), .. }
        if body.token.as_ref().is_some_and(|token| Frame::Mark(MarkFrame { token: token.clone() }) == mark(100)))
    };
    assert!(outputs.iter().any(says), "it is shown an earlier mark");
}
