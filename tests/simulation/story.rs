//! The cast of the stories: an owner, one partner on either side of its number, and a case.

use stafett_protocol::id::{ConsentId, EntryId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{Frame, Refused, Stream};
use stafett_tests::federation::{AskFor, CaseAt, Federation, NewEntry};
use stafett_tests::names::{HIGH_PARTNER, LOW_PARTNER, OWNER, organisation, service};
use stafett_tests::tap::{Handed, Tap};

/// A federation of three.
pub(crate) struct Story {
    /// The federation.
    pub(crate) world: Federation,
    /// Owns the case.
    pub(crate) owner: OrganisationNumber,
    /// The partner that the stories are about.
    pub(crate) partner: OrganisationNumber,
    /// A partner that nothing of the case is for, unless a story says so.
    pub(crate) third: OrganisationNumber,
    /// The case.
    pub(crate) case: CaseAt,
}

impl Story {
    /// Starts with links that are up and a case with nothing in it. The partner's number is lower
    /// than the owner's in odd seeds, so that either side starts reconciliation.
    pub(crate) fn new(seed: u64) -> Self {
        let owner = organisation(OWNER);
        let (partner, third) =
            if seed % 2 == 1 { (LOW_PARTNER, HIGH_PARTNER) } else { (HIGH_PARTNER, LOW_PARTNER) };
        let (partner, third) = (organisation(partner), organisation(third));
        let mut world = Federation::new(seed);
        world.add_node(owner, 1);
        world.add_node(partner, 2);
        world.add_node(third, 3);
        world.join((owner, &["school", "health"]), (partner, &["ppt", "clinic"]));
        world.join((owner, &["school", "health"]), (third, &["ppt", "clinic"]));
        world.run_for(5_000);
        let case = world.open_case(owner);
        world.run();
        Self { world, owner, partner, third, case }
    }

    /// Shares areas with a service of the partner, both ways.
    pub(crate) fn share(&mut self, code: &str, areas: &[&str]) -> ConsentId {
        let ask = AskFor::both(service(self.partner, code), areas);
        let consent = self.world.share(self.case, &ask);
        self.world.run();
        consent
    }

    /// Publishes a note about language.
    pub(crate) fn note(&mut self, text: &str) -> EntryId {
        let entry = self.world.publish(self.case, &NewEntry::note(text));
        self.world.run();
        entry
    }

    /// What the owner's node has handed over to the partner's since a point in the taps.
    pub(crate) fn sent_since(&self, start: usize) -> Vec<Frame> {
        let taps = self.world.taps[start..].iter();
        taps.filter(|tap| tap.from == self.owner && tap.to == self.partner).filter_map(Tap::frame).collect()
    }

    /// The frames about entries among what was handed over since a point in the taps.
    pub(crate) fn entries_sent_since(&self, start: usize) -> Vec<EntryId> {
        let about = |frame: &Frame| match frame {
            Frame::Announce(body) => Some(body.entry),
            Frame::Changes(body) => Some(body.entry),
            _ => None,
        };
        self.sent_since(start).iter().filter_map(about).collect()
    }

    /// Asserts that a node never complained about its partner.
    pub(crate) fn assert_no_alarm(&self) {
        self.assert_refused_nothing_but(None);
    }

    /// The same where words may be on their way to a node that no longer takes them.
    pub(crate) fn assert_refused_nothing_but(&self, on_the_way: Option<ErrorCode>) {
        for number in [self.owner, self.partner, self.third] {
            assert_eq!(self.world.node(number).alarms, Vec::new(), "seed {}", self.world.chance.seed());
        }
        // That a comparison was broken off, because a grant came or went, is no refusal of words.
        let is_refusal = |body: &Refused| Some(body.code) != on_the_way && body.kind != 12;
        let refusals: Vec<_> = self
            .world
            .taps
            .iter()
            .filter_map(Tap::frame)
            .filter(|frame| matches!(frame, Frame::Refused(body) if is_refusal(body)))
            .collect();
        assert_eq!(refusals, Vec::new(), "seed {}", self.world.chance.seed());
    }
}

/// Bytes of the data frames among taps.
pub(crate) fn data_bytes(taps: &[&Tap]) -> usize {
    let is_data = |tap: &&&Tap| matches!(tap.handed, Handed::Frame { stream: Stream::Data, .. });
    taps.iter().filter(is_data).map(|tap| tap.bytes().len()).sum()
}
