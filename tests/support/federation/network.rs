//! The network: ordered streams with delays, cuts and resets.

use stafett_protocol::id::DisclosureId;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::wire::codec::{DecodeError, decode, encode};
use stafett_protocol::wire::error_code::CloseCode;
use stafett_protocol::wire::{Frame, Stream};

use super::{Event, Federation, Happened, Place};
use crate::tap::{Handed, Tap};

/// Where the data stream's last arrival stands.
const DATA_LANE: usize = 1;

impl Federation {
    /// Cuts the link of two nodes: what is on the way is lost.
    pub fn cut(&mut self, one: OrganisationNumber, other: OrganisationNumber) {
        let link = self.end_towards(one, other).0;
        self.links[link].is_cut = true;
        self.disconnect(link);
    }

    /// Lets two nodes connect again.
    pub fn heal(&mut self, one: OrganisationNumber, other: OrganisationNumber) {
        let link = self.end_towards(one, other).0;
        self.links[link].is_cut = false;
        self.connect_soon(link);
    }

    /// Cuts and heals, so that the nodes connect anew.
    pub fn reconnect(&mut self, one: OrganisationNumber, other: OrganisationNumber) {
        self.cut(one, other);
        self.heal(one, other);
    }

    pub(super) fn connect_soon(&mut self, link: usize) {
        self.push(self.now.plus(1_000), Event::Connect { link });
    }

    pub(super) fn connect_now(&mut self, link: usize) {
        let is_closed = self.is_asleep || self.links[link].is_mute != [false; 2];
        if is_closed || self.links[link].is_cut || self.links[link].is_up {
            return;
        }
        self.links[link].is_up = true;
        self.links[link].connection += 1;
        let which = self.moment_or(self.links[link].connection);
        for side in [0, 1] {
            let end = self.end_mut((link, side));
            end.arrives_last = [UnixMillis(0); 2];
            let purpose = format!("salt {} {} {which}", end.own, end.partner);
            let salt = self.chance.bytes(purpose);
            self.handle((link, side), Input::Connected { salt });
        }
    }

    pub(super) fn disconnect(&mut self, link: usize) {
        if !self.links[link].is_up {
            return;
        }
        self.links[link].is_up = false;
        self.links[link].connection += 1;
        self.links[link].held.clear();
        for side in [0, 1] {
            self.handle((link, side), Input::Disconnected);
            self.drop_waiting((link, side));
        }
    }

    /// The connection of two nodes, if it lets everything through.
    pub fn open_connection(&self, one: OrganisationNumber, other: OrganisationNumber) -> Option<u64> {
        let link = &self.links[self.end_towards(one, other).0];
        (link.is_up && link.is_mute == [false; 2]).then_some(link.connection)
    }

    /// The number of the connection of two nodes, or of the time without one since the last.
    pub fn connection(&self, one: OrganisationNumber, other: OrganisationNumber) -> u64 {
        self.links[self.end_towards(one, other).0].connection
    }

    /// Lets a node's transport take no data frames for one partner until [`flow`](Self::flow).
    pub fn stall(&mut self, own: OrganisationNumber, partner: OrganisationNumber) {
        let place = self.end_towards(own, partner);
        self.end_mut(place).is_stalled = true;
    }

    /// Lets a stalled transport take what waits.
    pub fn flow(&mut self, own: OrganisationNumber, partner: OrganisationNumber) {
        let place = self.end_towards(own, partner);
        self.end_mut(place).is_stalled = false;
        for (frame, _) in std::mem::take(&mut self.end_mut(place).waiting) {
            self.send(place, &frame);
        }
        self.tell_waiting(place);
    }

    /// How many frames of one node are on their way to another.
    pub fn frames_in_flight(&self, own: OrganisationNumber, partner: OrganisationNumber) -> usize {
        let (link, side) = self.end_towards(own, partner);
        let is_theirs = |event: &&Event| matches!(event, Event::Arrive { to, .. } if *to == (link, 1 - side));
        self.queue.values().filter(is_theirs).count()
    }

    /// How many frames a stalled transport has not taken.
    pub fn frames_waiting(&self, own: OrganisationNumber, partner: OrganisationNumber) -> usize {
        self.end(self.end_towards(own, partner)).waiting.len()
    }

    /// Hands a frame to the transport, or has it wait for it.
    pub(super) fn hand_over(&mut self, place: Place, frame: Frame, rows: Vec<DisclosureId>) {
        let waits = self.end(place).is_stalled && frame.stream() == Stream::Data;
        if waits {
            self.end_mut(place).waiting.push((frame, rows));
        } else {
            self.send(place, &frame);
        }
    }

    /// What the transport has not taken never leaves.
    pub(super) fn drop_waiting(&mut self, place: Place) {
        let dropped = std::mem::take(&mut self.end_mut(place).waiting);
        let rows: Vec<_> = dropped.into_iter().flat_map(|(_, rows)| rows).collect();
        if !rows.is_empty() {
            self.handle(place, Input::Unsent(rows));
        }
    }

    fn send(&mut self, place: Place, frame: &Frame) {
        // An older program has no word for it.
        if frame.kind() > self.nodes[&self.end(place).own].knows {
            return;
        }
        let bytes = encode(frame).expect("a frame that fits");
        self.tap(place, Handed::Frame { stream: frame.stream(), bytes });
        self.forward(place, frame);
    }

    /// Puts a frame on its way, tapped or not.
    pub(super) fn forward(&mut self, place: Place, frame: &Frame) {
        let (link, side) = place;
        if !self.links[link].is_up {
            return;
        }
        let stream = frame.stream();
        let bytes = encode(frame).expect("a frame that fits");
        let connection = self.links[link].connection;
        let end = self.end_mut(place);
        end.frames_sent += 1;
        let number = end.frames_sent;
        let epoch = end.data_epoch;
        let name = self.name_of(place, number, &bytes);
        let lane = usize::from(stream == Stream::Data);
        let last = self.end(place).arrives_last[lane];
        let delay = self.chance.below(self.pace.network_max, format!("delay {name}"));
        let at = self.now.plus(1 + delay + self.extra_delay(&name)).max(last);
        self.end_mut(place).arrives_last[lane] = at;
        self.lose_sometimes(link, &name, at);
        self.deliver(
            at,
            side,
            Event::Arrive { to: (link, 1 - side), connection, stream, epoch, number, bytes },
        );
    }

    /// Frames of a stream that was reset meanwhile never come.
    pub(super) fn arrive(
        &mut self,
        to: Place,
        connection: u64,
        stream: Stream,
        epoch: u64,
        number: u64,
        bytes: &[u8],
    ) {
        let sender = self.end((to.0, 1 - to.1));
        let is_reset = stream == Stream::Data && sender.data_epoch != epoch;
        if self.links[to.0].connection != connection || is_reset {
            return;
        }
        let purpose = format!("frame {} {} {number}", sender.own, sender.partner);
        let purpose = self.name_of_arrival(to, bytes).unwrap_or(purpose);
        let random = self.chance.bytes(purpose);
        let (own, partner) = (self.end(to).own, self.end(to).partner);
        let knows = self.nodes[&own].knows;
        let decoded = decode(bytes);
        if let (Ok(Frame::Announce(body)), false) = (&decoded, self.nodes[&own].is_down) {
            self.news.push(Happened::Arrived { own, partner, entry: body.entry });
        }
        let input = match decoded {
            Ok(frame) if frame.kind() > knows => Input::UnknownKind { kind: frame.kind() },
            Ok(frame) => Input::Frame { stream, frame, random },
            Err(DecodeError::UnknownKind(kind)) => Input::UnknownKind { kind },
            Err(_) => Input::BadFrame,
        };
        self.handle(to, input);
    }

    /// Lets bytes come to a node as if its partner had sent them.
    pub fn forge_bytes(
        &mut self,
        from: OrganisationNumber,
        to: OrganisationNumber,
        stream: Stream,
        bytes: Vec<u8>,
    ) {
        let (link, side) = self.end_towards(from, to);
        let connection = self.links[link].connection;
        let end = self.end((link, side));
        let (epoch, number) = (end.data_epoch, end.frames_sent);
        let at = self.now.plus(1);
        self.push(at, Event::Arrive { to: (link, 1 - side), connection, stream, epoch, number, bytes });
    }

    pub(super) fn reset(&mut self, place: Place) {
        let (link, side) = place;
        self.end_mut(place).data_epoch += 1;
        let end = self.end(place);
        let purpose = format!("reset {} {} {}", end.own, end.partner, self.moment_or(end.data_epoch));
        self.tap(place, Handed::Reset);
        let connection = self.links[link].connection;
        // What is sent on the next stream is looked at only after the end of the one before.
        let at = self.now.plus(1 + self.chance.below(self.pace.network_max, purpose));
        self.end_mut(place).arrives_last[DATA_LANE] = at;
        self.deliver(at, side, Event::Reset { to: (link, 1 - side), connection });
    }

    pub(super) fn tap_close(&mut self, place: Place, code: CloseCode) {
        self.tap(place, Handed::Closed(code as u32));
    }

    fn tap(&mut self, place: Place, handed: Handed) {
        let end = self.end(place);
        let tap = Tap { at: self.now, from: end.own, to: end.partner, handed };
        self.taps.push(tap);
    }

    /// Returns what was handed over from one node to another.
    pub fn taps_between(&self, from: OrganisationNumber, to: OrganisationNumber) -> Vec<&Tap> {
        self.taps.iter().filter(|tap| tap.from == from && tap.to == to).collect()
    }
}
