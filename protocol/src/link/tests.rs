//! One session by itself.

use std::sync::Arc;

use super::input::Input;
use super::output::Output;
use super::snapshot::Snapshot;
use super::{Identity, Session};
use crate::agreement::Standing;
use crate::entry::SchemaVersion;
use crate::limits::{
    PROTOCOL_ERRORS_PER_MINUTE_MAX, RECONCILE_INTERVAL_MS, RECONCILE_MESSAGE_BYTES_MAX, RECONCILE_ROUNDS_MAX,
};
use crate::signed::tests::key_from_seed;
use crate::time::UnixMillis;
use crate::wire::error_code::{CloseCode, ErrorCode};
use crate::wire::{Frame, Hello, PROTOCOL_VERSION, Reconcile, Shown};

fn session() -> Session {
    let organisation = |number: &str| number.parse().expect("an organisation number");
    let identity = Identity {
        own: organisation("997391853"),
        partner: organisation("840029212"),
        signing: Arc::new(key_from_seed(1)),
        earlier_keys: Vec::new(),
        partner_keys: Vec::new(),
        entries_max: Identity::ENTRIES_MAX,
        bytes_max: Identity::BYTES_MAX,
        retention: Arc::default(),
        package_secret: Arc::new(crate::succession::sealed::PackageSecret::new([1; 32])),
    };
    Session::new(identity, None, Standing::Trusted, Snapshot::default(), UnixMillis(0))
}

fn greeted(session: &mut Session, version: u16) -> Vec<Output> {
    session.handle(Input::Connected { salt: [1; 32] }, UnixMillis(0));
    let frame = Frame::Hello(Hello { version, schema: SchemaVersion::CURRENT, salt: [2; 32] });
    session.handle(Input::Frame { stream: frame.stream(), frame, random: [3; 32] }, UnixMillis(0));
    std::iter::from_fn(|| session.poll_output()).collect()
}

#[test]
fn version_of_a_link_is_what_both_sides_speak_and_none_where_they_speak_no_common_one() {
    let mut link = session();
    assert_eq!(link.version(), None, "nobody has greeted");

    let outputs = greeted(&mut link, PROTOCOL_VERSION + 1);
    assert!(outputs.contains(&Output::Close(CloseCode::Version)), "{outputs:?}");
    assert_eq!(link.version(), None, "what the partner says of itself was not agreed on");

    greeted(&mut link, PROTOCOL_VERSION);
    assert_eq!(link.version(), Some(PROTOCOL_VERSION));
    link.handle(Input::Disconnected, UnixMillis(0));
    assert_eq!(link.version(), None);
}

/// A session whose partner has greeted and holds nothing of it.
fn live() -> Session {
    let mut link = session();
    greeted(&mut link, PROTOCOL_VERSION);
    let frame = Frame::Shown(Shown { token: None });
    link.handle(Input::Frame { stream: frame.stream(), frame, random: [5; 32] }, UnixMillis(0));
    while link.poll_output().is_some() {}
    link
}

/// What a partner's message of set reconciliation draws: an answer of so many bytes, or a refusal.
fn reconciled(link: &mut Session, now: u64, round: u32, message: Vec<u8>) -> Result<usize, ErrorCode> {
    let frame = Frame::Reconcile(Reconcile { round, message });
    link.handle(Input::Frame { stream: frame.stream(), frame, random: [4; 32] }, UnixMillis(now));
    let outputs: Vec<_> = std::iter::from_fn(|| link.poll_output()).collect();
    let mut drawn = outputs.iter().filter_map(|output| match output {
        Output::Send { frame: Frame::Reconcile(body), .. } => Some(Ok(body.message.len())),
        Output::Send { frame: Frame::Refused(body), .. } => Some(Err(body.code)),
        _ => None,
    });
    drawn.next().unwrap_or_else(|| panic!("nothing is drawn: {outputs:?}"))
}

/// A message that compares nothing, as long as it is asked to be: ranges to be left out, of three
/// bytes each (one step on, a bound without an id, and the mode).
fn long(bytes: usize) -> Vec<u8> {
    [0x61].into_iter().chain([2, 0, 0].into_iter().cycle().take(bytes / 3 * 3)).collect()
}

/// Each bound by itself: every message here would be answered but for the one that is named.
#[test]
fn message_of_reconciliation_above_its_bytes_its_rounds_or_its_rate_is_refused() {
    let (whole, above) = (long(RECONCILE_MESSAGE_BYTES_MAX - 1), long(RECONCILE_MESSAGE_BYTES_MAX + 2));
    assert!(whole.len() <= RECONCILE_MESSAGE_BYTES_MAX && above.len() > RECONCILE_MESSAGE_BYTES_MAX);
    assert_eq!(reconciled(&mut live(), 0, 0, whole), Ok(1));
    assert_eq!(reconciled(&mut live(), 0, 0, above), Err(ErrorCode::TooMuch));

    let mut link = live();
    for round in 0..=RECONCILE_ROUNDS_MAX {
        assert_eq!(reconciled(&mut link, 0, round, long(3)), Ok(1), "round {round}");
    }
    assert_eq!(reconciled(&mut link, 0, RECONCILE_ROUNDS_MAX + 1, long(3)), Err(ErrorCode::TooMuch));
    let mut link = live();
    assert_eq!(reconciled(&mut link, 0, 0, long(3)), Ok(1));
    assert_eq!(reconciled(&mut link, 0, 2, long(3)), Err(ErrorCode::OutOfTurn), "a round that is left out");

    // A clock that goes slower over there is allowed for: half the time counts.
    let mut link = live();
    assert_eq!(reconciled(&mut link, 0, 0, long(3)), Ok(1));
    let early = RECONCILE_INTERVAL_MS / 2 - 1;
    assert_eq!(reconciled(&mut link, early, 0, long(3)), Err(ErrorCode::TooMuch));
    assert_eq!(reconciled(&mut link, early + 1, 0, long(3)), Ok(1));
}

#[test]
fn each_message_of_reconciliation_above_a_bound_counts_towards_the_end_of_the_link() {
    for (round, message) in
        [(0, long(RECONCILE_MESSAGE_BYTES_MAX + 2)), (RECONCILE_ROUNDS_MAX + 1, long(3)), (0, long(3))]
    {
        let mut link = live();
        assert_eq!(reconciled(&mut link, 0, 0, long(3)), Ok(1), "the first of a connection");
        let frame = Frame::Reconcile(Reconcile { round, message });
        let closes = (0..=PROTOCOL_ERRORS_PER_MINUTE_MAX).map(|_| {
            let frame = frame.clone();
            link.handle(Input::Frame { stream: frame.stream(), frame, random: [4; 32] }, UnixMillis(0));
            std::iter::from_fn(|| link.poll_output())
                .any(|output| output == Output::Close(CloseCode::TooManyErrors))
        });
        let closes: Vec<_> = closes.collect();
        let (last, before) = closes.split_last().expect("some");
        assert!(*last && !before.contains(&true), "round {round}: {closes:?}");
    }
}
