//! A session that is connected to somebody who sends anything at all.
//!
//! It is a real session of a node that shares a case, has entries that it does not share, waits
//! for a receipt and has received a case; a model of the store carries out what it commits.

use std::collections::BTreeSet;

use stafett_protocol::baton::there::{AnswerThere, BatonThere, NowThere, OfferThere};
use stafett_protocol::grant::ReceivedGrant;
use stafett_protocol::link::Session;
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::{Output, Token};
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Fault, Transaction};
use stafett_protocol::uptake::Uptake;
use stafett_protocol::wire::baton::{BatonAnswerFrame, BatonFrame};
use stafett_protocol::wire::codec::{DecodeError, decode, encode};
use stafett_protocol::wire::{Frame, Reconcile, Stream, UptakeFrame};

use super::lengths::split;
use super::seeds::{self, with_world};
use super::watched::Watched;
use crate::federation::Federation;
use crate::names::key;
use crate::store::Store;

/// Effects of one input; more would be a loop.
const OUTPUTS_MAX: usize = 20_000;
/// Inputs of one run.
const INPUTS_MAX: usize = 64;

struct Link {
    session: Session,
    store: Store,
    now: UnixMillis,
    waiting: Vec<(Token, Transaction)>,
    events: u8,
    is_closed: bool,
    watched: Watched,
}

impl Link {
    fn new(world: &Federation, watched: Watched) -> Self {
        let (own, partner) = (seeds::owner(), seeds::partner());
        let mut link = Self {
            session: world.session(own, partner),
            store: world.node(own).store.clone(),
            now: world.now(),
            waiting: Vec::new(),
            events: 0,
            is_closed: false,
            watched,
        };
        link.connect();
        link
    }

    fn greeted(world: &Federation) -> Self {
        let mut link = Self::new(world, Watched::hidden(world));
        link.greet();
        link
    }

    /// Says what the partner says first.
    fn greet(&mut self) {
        for frame in seeds::greeting() {
            self.frame(Stream::Control, &frame);
            self.settle(false);
        }
    }

    fn random(&mut self) -> [u8; 32] {
        self.events = self.events.wrapping_add(1);
        [self.events; 32]
    }

    fn connect(&mut self) {
        let salt = self.random();
        self.is_closed = false;
        self.handle(Input::Connected { salt });
    }

    fn frame(&mut self, stream: Stream, bytes: &[u8]) {
        let random = self.random();
        match decode(bytes) {
            Ok(frame) => self.handle(Input::Frame { stream, frame, random }),
            Err(DecodeError::UnknownKind(kind)) => self.handle(Input::UnknownKind { kind }),
            Err(_) => self.handle(Input::BadFrame),
        }
    }

    fn handle(&mut self, input: Input) {
        if let Input::Frame { frame, .. } = &input {
            self.watched.named_by_the_partner(frame);
        }
        self.session.handle(input, self.now);
        for _ in 0..OUTPUTS_MAX {
            match self.session.poll_output() {
                None => return,
                Some(Output::Commit { token, transaction }) => self.waiting.push((token, transaction)),
                Some(Output::Send { frame, .. }) => {
                    let bytes = encode(&frame).expect("what a session sends fits a frame");
                    self.watched.look(&bytes);
                }
                Some(Output::Close { .. }) => self.is_closed = true,
                Some(_) => {}
            }
        }
        panic!("one input has no end of effects");
    }

    /// Carries out what waits, or says that it failed.
    fn settle(&mut self, fails: bool) {
        for (token, transaction) in std::mem::take(&mut self.waiting) {
            let outcome = if fails { Err(Fault::Store) } else { self.store.commit(transaction) };
            self.handle(Input::Done { token, outcome });
        }
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        if self.session.poll_timeout().is_some_and(|timeout| timeout <= self.now) {
            self.handle(Input::Timer);
        }
    }

    fn reconnect(&mut self) {
        self.handle(Input::Disconnected);
        self.connect();
    }

    /// Nothing of what is hidden was sent.
    fn must_be_silent(&self) {
        assert!(self.watched.told().is_empty(), "a hidden entry is told of: {:?}", self.watched.told());
    }
}

/// Inputs, each a byte that says which, and for frames a length of four bytes and so many bytes.
pub(super) fn inputs(bytes: &[u8]) {
    with_world(|world| lived(world, Watched::hidden(world), bytes).must_be_silent());
}

/// What is found of an entry that the partner has, in what is sent to it upon such inputs: the same
/// search must find it.
pub fn told_of_what_is_shared(bytes: &[u8]) -> BTreeSet<&'static str> {
    with_world(|world| lived(world, Watched::shared(world), bytes).watched.told().clone())
}

/// What is found of that entry in everything that was sent to the partner while it came to have it.
pub fn found_in_what_was_sent() -> BTreeSet<&'static str> {
    with_world(|world| {
        let mut watched = Watched::shared(world);
        let taps = world.taps_between(seeds::owner(), seeds::partner());
        taps.iter().for_each(|tap| watched.look(tap.bytes()));
        watched.told().clone()
    })
}

fn lived(world: &Federation, watched: Watched, bytes: &[u8]) -> Link {
    let mut link = Link::new(world, watched);
    let mut rest = bytes;
    for _ in 0..INPUTS_MAX {
        let Some((what, more)) = rest.split_first() else { break };
        rest = more;
        match what % 16 {
            0..10 => {
                let Some((frame, more)) = split(rest) else { break };
                rest = more;
                let stream = if what % 16 < 5 { Stream::Data } else { Stream::Control };
                link.frame(stream, frame);
                if what & 0x80 == 0 {
                    link.settle(false);
                }
            }
            10 => link.settle(true),
            11 => link.settle(false),
            12 => link.wait(60_000),
            13 => link.handle(Input::DataReset),
            14 => link.handle(Input::FramesWaiting(usize::from(*what))),
            _ => link.reconnect(),
        }
        if link.is_closed {
            link.reconnect();
        }
    }
    link.settle(false);
    link
}

/// What the partner's services answer, one after the other on lines of their own, signed as they
/// stand. What is kept answers a grant of this link's, and says the same when it is read again.
pub(super) fn uptake(bytes: &[u8]) {
    with_world(|world| {
        let mut link = Link::greeted(world);
        for line in bytes.split(|byte| *byte == b'\n').take(INPUTS_MAX) {
            let Ok(said) = serde_json::from_slice::<Uptake>(line) else { continue };
            let Ok(signed) = key(2).sign(said) else { continue };
            let body = UptakeFrame::Said { token: signed.token().to_owned() };
            let (frame, random) = (Frame::Uptake(body), link.random());
            link.handle(Input::Frame { stream: frame.stream(), frame, random });
            link.settle(false);
            if link.is_closed {
                link.reconnect();
                link.greet();
            }
        }
        link.must_be_silent();
        for heard in link.store.heard.values().map(Verified::statement) {
            let issued = link.store.issued.get(&heard.grant).map(|issued| issued.grant.statement());
            assert!(issued.is_some_and(|grant| heard.answers(grant)), "an answer to no grant is kept");
            let text = serde_json::to_string(heard).expect("JSON");
            assert_eq!(serde_json::from_str::<Uptake>(&text).expect("what was written is read"), *heard);
        }
    });
}

/// What the partner says of batons, its own and those of this node's, one after the other on lines of their own,
/// signed as they stand. What is kept is the partner's, stands under a grant that came, and says the same when it
/// is read again.
pub(super) fn baton(bytes: &[u8]) {
    with_world(|world| {
        let mut link = Link::greeted(world);
        for line in bytes.split(|byte| *byte == b'\n').take(INPUTS_MAX) {
            let Some(frame) = word_of_baton(line) else { continue };
            let random = link.random();
            link.handle(Input::Frame { stream: frame.stream(), frame, random });
            link.settle(false);
            if link.is_closed {
                link.reconnect();
                link.greet();
            }
        }
        link.must_be_silent();
        for kept in link.store.batons.values() {
            let about = &kept.about;
            let is_open = |received: &ReceivedGrant| about.is_open_under(received, link.now);
            assert!(
                about.owner == seeds::partner() && about.partner == seeds::owner(),
                "another's baton is kept"
            );
            assert!(link.store.received.values().any(is_open), "a baton is kept without a grant");
            let text = serde_json::to_string(kept).expect("JSON");
            assert_eq!(serde_json::from_str::<BatonThere>(&text).expect("what was written is read"), *kept);
        }
    });
}

/// A word about a baton as the partner would sign it, if the text is one.
fn word_of_baton(line: &[u8]) -> Option<Frame> {
    if let Ok(said) = serde_json::from_slice::<OfferThere>(line) {
        let token = key(2).sign(said).ok()?.token().to_owned();
        return Some(Frame::Baton(BatonFrame::Offer { token }));
    }
    if let Ok(said) = serde_json::from_slice::<AnswerThere>(line) {
        let token = key(2).sign(said).ok()?.token().to_owned();
        return Some(Frame::BatonAnswer(BatonAnswerFrame::Answer { token }));
    }
    let said = serde_json::from_slice::<NowThere>(line).ok()?;
    let token = key(2).sign(said).ok()?.token().to_owned();
    Some(Frame::Baton(BatonFrame::Now { token }))
}

/// Messages of reconciliation, each with a length before it, between partners who have greeted.
pub(super) fn reconcile(bytes: &[u8]) {
    with_world(|world| {
        let mut link = Link::greeted(world);
        let mut rest = bytes;
        for round in 0..12u32 {
            let Some((message, more)) = split(rest) else { break };
            rest = more;
            let body = Reconcile { round: round / 2, message: message.to_vec() };
            let random = link.random();
            link.handle(Input::Frame { stream: Stream::Data, frame: Frame::Reconcile(body), random });
            link.settle(false);
        }
        link.must_be_silent();
    });
}
