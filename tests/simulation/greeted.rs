//! One end of a link by itself: a session that was greeted and is given one frame after the other.

use stafett_protocol::entry::SchemaVersion;
use stafett_protocol::link::Session;
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::{Alarm, Output};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::wire::error_code::CloseCode;
use stafett_protocol::wire::{Frame, Hello, PROTOCOL_VERSION, Refused, Shown};
use stafett_tests::federation::Federation;
use stafett_tests::store::Store;

/// A session of a node's, greeted by whoever speaks for its partner.
pub(crate) struct Greeted {
    pub(crate) session: Session,
    store: Store,
    now: UnixMillis,
}

impl Greeted {
    /// Starts from what `own` keeps of its link to `partner`.
    pub(crate) fn new(world: &Federation, own: OrganisationNumber, partner: OrganisationNumber) -> Self {
        let store = world.node(own).store.clone();
        let mut greeted = Self { session: world.session(own, partner), store, now: world.now() };
        greeted.greet([1; 32]);
        greeted
    }

    /// Connects and greets it, as a partner that has no mark of its node's; returns all that came
    /// out.
    pub(crate) fn greet(&mut self, salt: [u8; 32]) -> Vec<Output> {
        let mut outputs = self.handle(Input::Connected { salt });
        let hello = Hello { version: PROTOCOL_VERSION, schema: SchemaVersion::CURRENT, salt: [2; 32] };
        outputs.extend(self.frame(Frame::Hello(hello)));
        outputs.extend(self.frame(Frame::Shown(Shown { token: None })));
        self.handle(Input::FramesWaiting(0));
        outputs
    }

    /// Lets time pass; returns all that comes out of the timers that ring.
    pub(crate) fn wait(&mut self, millis: u64) -> Vec<Output> {
        let until = self.now.plus(millis);
        let mut outputs = Vec::new();
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            outputs.extend(self.handle(Input::Timer));
            assert!(self.session.poll_timeout() != Some(at), "a timer that does not move");
        }
        self.now = until;
        outputs
    }

    /// Gives it an event; returns all that came out.
    pub(crate) fn handle(&mut self, input: Input) -> Vec<Output> {
        self.session.handle(input, self.now);
        std::iter::from_fn(|| self.session.poll_output()).collect()
    }

    /// Gives it a frame on the stream where it belongs, and takes what it sends.
    pub(crate) fn frame(&mut self, frame: Frame) -> Vec<Output> {
        let outputs = self.handle(Input::Frame { stream: frame.stream(), frame, random: [3; 32] });
        assert_eq!(self.handle(Input::FramesWaiting(0)), []);
        outputs
    }

    /// All that it knows, apart from how often its partner broke a rule and what it has read.
    pub(crate) fn state(&self) -> String {
        let mut state = format!("{:?}", self.session);
        for (counted, end) in [(" offences: [", ']'), (" next_token: ", ',')] {
            let (before, rest) = state.split_once(counted).expect("sessions count this");
            let (_, after) = rest.split_once(end).expect("it ends");
            state = format!("{before}{after}");
        }
        state
    }

    /// Lets it read what it asks for; returns all else that comes out.
    fn let_it_read(&mut self, outputs: Vec<Output>) -> Vec<Output> {
        let mut left = Vec::new();
        for output in outputs {
            match output {
                Output::Commit { token, transaction } if transaction.writes.is_empty() => {
                    let outcome = self.store.commit(transaction);
                    let more = self.handle(Input::Done { token, outcome });
                    left.extend(self.let_it_read(more));
                }
                other => left.push(other),
            }
        }
        left
    }

    /// Gives it a frame that must close the link as a forgery, and change nothing.
    pub(crate) fn takes_for_forged(&mut self, frame: Frame, what: &str) {
        let before = self.state();
        let outputs = self.frame(frame);
        let expected = [Output::Alarm(Alarm::BadStatement), Output::Close(CloseCode::BadSignature)];
        assert_eq!(outputs, expected, "{what}");
        assert!(self.state() == before, "{what}: something was believed");
    }

    /// Gives it a frame that must be refused or passed over, and change nothing.
    pub(crate) fn passes_over(&mut self, frame: Frame, what: &str) {
        let before = self.state();
        let outputs = self.frame(frame);
        let outputs = self.let_it_read(outputs);
        assert_eq!(self.handle(Input::FramesWaiting(0)), [], "{what}");
        let is_harmless = |output: &Output| match output {
            Output::Send { frame, rows } => {
                rows.is_empty() && matches!(frame, Frame::Refused(Refused { .. }))
            }
            Output::Alarm(_) | Output::Close(_) => true,
            Output::Commit { .. }
            | Output::ResetData
            | Output::FileReceipt(_)
            | Output::Restored(_)
            | Output::ShowHoldings { .. }
            | Output::HoldingsShown(_)
            | Output::BatonHeard(_)
            | Output::LeavingHeard(_)
            | Output::ArrivingHeard(_)
            | Output::ReadPart { .. } => false,
        };
        assert!(outputs.iter().all(is_harmless), "{what}: {outputs:?}");
        assert!(self.state() == before, "{what}: something was believed");
    }
}
