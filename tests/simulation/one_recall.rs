//! An address protection and a withdrawal of everything are one recall (law 15): apart from ids and
//! signatures the partner gets the same bytes, in the same order, at the same moments.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use stafett_protocol::time::{HOUR, MINUTE, UnixMillis};
use stafett_protocol::wire::codec::encode;
use stafett_protocol::wire::{Frame, OrderFrame};
use stafett_tests::federation::NewEntry;
use stafett_tests::tap::{Handed, Tap};

use crate::story::Story;

/// How everything ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Protection,
    Withdrawal,
}

/// What goes to the partner from the end on, with ids and signatures of orders masked.
fn recalled(seed: u64, services: &[&str], is_live: bool, end: End) -> Vec<(UnixMillis, Handed)> {
    let mut story = Story::new(seed);
    for code in services {
        story.share(code, &["language"]);
    }
    for number in 0..story.world.chance.below(6, "entries") {
        story.world.publish(story.case, &NewEntry::note(&format!("nummer {number}")));
    }
    story.world.run_for(story.world.chance.below(200, "when"));
    if !is_live {
        story.world.cut(story.owner, story.partner);
    }
    let start = story.world.taps.len();

    match end {
        End::Protection => story.world.protect(story.case),
        End::Withdrawal => story.world.withdraw_everything(story.case),
    }
    story.world.run_for(MINUTE);
    if !is_live {
        story.world.heal(story.owner, story.partner);
    }
    story.world.run_for(HOUR);
    story.world.sweep(story.case);
    story.world.run_for(MINUTE);

    assert_eq!(story.world.waiting(story.owner, story.partner).1, 0, "seed {seed}: {end:?}");
    let taps = story.world.taps[start..].iter();
    let theirs = taps.filter(|tap| tap.from == story.owner && tap.to == story.partner);
    theirs.map(|tap| (tap.at, masked(tap))).collect()
}

fn masked(tap: &Tap) -> Handed {
    let (Handed::Frame { stream, .. }, Some(Frame::Order(order))) = (&tap.handed, tap.frame()) else {
        return tap.handed.clone();
    };
    let parts: Vec<&str> = order.token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("no token") };
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let mut statement: Value = serde_json::from_slice(&payload).expect("JSON");
    let id = statement["order"].as_str().expect("an id");
    statement["order"] = "0".repeat(id.len()).into();
    let payload = URL_SAFE_NO_PAD.encode(statement.to_string());
    let token = format!("{header}.{payload}.{}", "0".repeat(signature.len()));
    let bytes = encode(&Frame::Order(OrderFrame { token })).expect("fits");
    Handed::Frame { stream: *stream, bytes }
}

#[test]
fn protection_of_an_address_looks_like_a_withdrawal_of_everything() {
    let mut orders = 0;
    for seed in 0..40 {
        for services in [&["ppt"][..], &["ppt", "clinic"]] {
            for is_live in [true, false] {
                let protection = recalled(seed, services, is_live, End::Protection);
                let withdrawal = recalled(seed, services, is_live, End::Withdrawal);

                assert_eq!(protection, withdrawal, "seed {seed} {services:?} {is_live}");
                orders += protection.iter().filter(|(_, handed)| is_order(handed)).count();
            }
        }
    }
    assert!(orders >= 40 * 2 * 3, "{orders} orders are too few to say anything");
}

fn is_order(handed: &Handed) -> bool {
    matches!(handed, Handed::Frame { bytes, .. } if bytes.starts_with(&13u16.to_be_bytes()))
}

/// The control: the comparison sees an end that is not the same.
#[test]
fn withdrawal_of_one_of_two_consents_looks_otherwise() {
    let everything = recalled(1, &["ppt", "clinic"], true, End::Withdrawal);
    let mut story = Story::new(1);
    let ppt = story.share("ppt", &["language"]);
    story.share("clinic", &["language"]);
    let start = story.world.taps.len();
    story.world.withdraw(story.case, ppt);
    story.world.run_for(HOUR);

    let taps = story.world.taps[start..].iter().filter(|tap| tap.to == story.partner);
    let orders = taps.map(masked).filter(is_order).count();
    assert_ne!(orders, everything.iter().filter(|(_, handed)| is_order(handed)).count());
}
