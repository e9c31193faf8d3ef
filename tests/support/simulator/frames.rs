//! What the oracle asks of each kind of frame, at the moment it is handed to the transport.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use stafett_protocol::disclosure::DisclosureRow;
use stafett_protocol::entry::{About, ChangeHash, Heads};
use stafett_protocol::id::{ConsentId, EntryId, GenerationId, GrantId, OrderId};
use stafett_protocol::wire::{Acknowledge, Announce, Carried, Changes, Frame, Propose, Stored};

use super::apply::about;
use super::canary::Found;
use super::facts::{CARD, ConsentFacts, EntryFacts, Facts, Stands};
use super::operation::{NodeAt, Way};
use super::oracle::{GrantSeen, Oracle};
use super::state::State;
use crate::federation::Federation;
use crate::tap::Tap;

/// The one sentence of every order.
const ORDER_SAYS: &str = "Delingen er avsluttet. Spør stafettholderen, ikke familien.";
/// Every kind but the card, which is opened by its fields: what each consent here is asked for.
const KINDS_ASKED: usize = 13;
/// What stands in an order, and nothing else.
const ORDER_FIELDS: [&str; 8] = ["case", "entries", "grant", "order", "owner", "partner", "service", "text"];

/// Reads what a token says, without asking who signed it.
fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn id<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

/// Whether a grant says of its consent what the family was asked, and no more.
fn says_no_more(said: &Value, consent: &ConsentFacts) -> bool {
    let way = match consent.way {
        Way::Give => "give",
        Way::Receive => "receive",
        Way::Both => "both",
    };
    let kinds = said["kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
    said["service"] == consent.service.1.as_str()
        && said["direction"] == way
        && said["from"] == consent.from.0
        && said["until"] == consent.until.0
        && kinds.len() == KINDS_ASKED
        && kinds.iter().all(|kind| *kind != CARD)
}

impl Oracle {
    /// Judges one frame.
    pub(super) fn judge(&mut self, world: &Federation, facts: &Facts, tap: &Tap, frame: &Frame) {
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        self.must_be_silent(world, tap, frame);
        if let Frame::Acknowledge(Acknowledge { entry, heads, .. })
        | Frame::Carried(Carried { entry, heads, .. }) = frame
            && facts.entries.get(entry).is_some_and(|known| known.owner == from)
        {
            self.acknowledged.extend(heads);
        }
        match frame {
            Frame::Grant(body) => self.judge_grant(facts, tap, &body.token),
            Frame::Announce(body) => self.judge_announce(world, facts, tap, body),
            Frame::Changes(body) => self.judge_changes(world, facts, tap, body),
            Frame::Carried(body) => {
                if !self.may_hold(world, tap, body.entry) || !self.permits(facts, body.entry, to, tap.at) {
                    let seen = format!("node {from} names what it carried of {} to node {to}", body.entry);
                    self.violated("nothing leaves without a consent that counts", tap.at, seen);
                }
                if !body.heads.is_empty() {
                    self.states.insert(State::LateEditCarried);
                }
            }
            Frame::Relation(body) => {
                self.states.insert(State::RelationSent);
                for end in [body.from, body.to] {
                    if !self.permits(facts, end, to, tap.at) || !self.ever.contains(&(to, end)) {
                        let seen = format!("node {from} relates {} and {} to node {to}", body.from, body.to);
                        self.violated("a relation needs both its ends", tap.at, seen);
                    }
                }
                self.must_have_rows(world, tap, body.from, body.to);
            }
            Frame::Propose(body) => {
                let known = facts.proposals.contains_key(&body.proposal);
                if !known {
                    self.violated("a proposal is somebody's", tap.at, format!("{}", body.proposal));
                }
                self.must_have_row_of_proposal(world, tap, body);
            }
            Frame::ProposalRefused(_) => _ = self.states.insert(State::ProposalReturned),
            Frame::Order(body) => self.judge_order(world, tap, &body.token),
            Frame::Receipt(body) => self.judge_receipt(world, facts, tap, &body.token),
            Frame::Acknowledge(body) => {
                let is_durable = self.has_changes(world, tap, body.entry, &body.heads);
                if !is_durable && !self.stalled.contains(&(from, to)) {
                    let seen = format!("node {from} acknowledges what it does not have of {}", body.entry);
                    self.violated("nothing is acknowledged before it is durable", tap.at, seen);
                }
            }
            Frame::Stored(Stored::Grant(grant))
                if !world.node(tap.from).store.received.contains_key(grant) =>
            {
                let seen = format!("node {from} says that it stored {grant}");
                self.violated("nothing is acknowledged before it is durable", tap.at, seen);
            }
            Frame::Want(body) if !body.fingerprints.is_empty() => {
                self.states.insert(State::DifferenceFound);
            }
            Frame::LetGo(_) => _ = self.states.insert(State::LetGo),
            Frame::NotUnderstood(_) => _ = self.states.insert(State::NotUnderstood),
            Frame::Refused(body) => self.judge_refusal(tap, body.kind, body.code as u16),
            _ => {}
        }
    }

    fn judge_refusal(&mut self, tap: &Tap, kind: u16, code: u16) {
        use stafett_protocol::wire::error_code::ErrorCode;
        if self.liar == Some(self.place(tap.to)) {
            self.states.insert(State::LieRefused);
            return;
        }
        // A comparison that the transport held up comes late, and beside the next one.
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        let was_held_up = self.stalled.contains(&(from, to)) || self.stalled.contains(&(to, from));
        if was_held_up && matches!(kind, 11 | 12) {
            return;
        }
        let broken =
            [ErrorCode::BadChange, ErrorCode::BadStatement, ErrorCode::OutOfTurn, ErrorCode::TooMuch];
        if broken.iter().any(|one| *one as u16 == code) {
            let seen = format!("{} refuses a frame of kind {kind} of {} with {code}", tap.from, tap.to);
            self.violated("honest nodes break no rule", tap.at, seen);
        }
    }

    /// A sealed node says nothing; one that was restored says nothing but what it takes to compare.
    fn must_be_silent(&mut self, world: &Federation, tap: &Tap, frame: &Frame) {
        if world.is_sealed(tap.from) {
            let seen = format!("{} sends {} a frame of kind {}", tap.from, tap.to, frame.kind());
            return self.violated("a sealed node sends nothing", tap.at, seen);
        }
        let is_silent = matches!(
            frame,
            Frame::Hello(_)
                | Frame::Shown(_)
                | Frame::Mark(_)
                | Frame::Ask(_)
                | Frame::Receipt(_)
                | Frame::Holding(_)
                | Frame::Living(_)
                | Frame::Order(_)
                | Frame::NotUnderstood(_)
                | Frame::Refused(_)
        );
        if !is_silent && !world.shows(tap.from, tap.to) {
            let seen = format!("{} sends {} a frame of kind {}", tap.from, tap.to, frame.kind());
            self.violated("a restored link is silent until it is compared", tap.at, seen);
        }
    }

    fn judge_grant(&mut self, facts: &Facts, tap: &Tap, token: &str) {
        let said = payload(token);
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        let areas = said["areas"].as_array().cloned().unwrap_or_default();
        let areas: BTreeSet<String> =
            areas.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
        let consent = id::<ConsentId>(&said["consent"]).and_then(|one| facts.consent_of(one));
        let (Some(consent), Some(grant)) = (consent, id::<GrantId>(&said["grant"])) else {
            return self.violated("a grant comes from a consent", tap.at, said.to_string());
        };
        let one = &facts.consents[&consent];
        self.grants.insert(grant, GrantSeen { consent: one.id, partner: to });
        self.cases.insert((to, one.case));
        let is_theirs = one.service.0 == to && facts.cases[&one.case].owner == from;
        if !says_no_more(&said, one) || said["case"] != facts.cases[&one.case].id.to_string() {
            let seen = format!("node {from} grants consent {consent} to node {to} as {said}");
            self.violated("a grant says what its consent says", tap.at, seen);
        }
        let then = self.forgotten.get(&(from, to));
        let may = facts.may_grant(consent, &areas, tap.at)
            || then.is_some_and(|then| then.may_grant(consent, &areas, tap.at));
        if !is_theirs || !may {
            let seen = format!(
                "node {from} grants consent {consent} to node {to}: {:?}",
                facts.stands(consent, tap.at)
            );
            self.violated("no grant leaves without a consent that counts", tap.at, seen);
        }
    }

    /// Whether each grant that an announcement names opens the entry by its own consent.
    fn opens_under(&self, facts: &Facts, tap: &Tap, entry: EntryId, grants: &BTreeSet<GrantId>) -> bool {
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        let opening = facts.opening(entry, to, tap.at);
        let forgotten = self.forgotten.get(&(from, to));
        let before = forgotten.map(|then| then.opening(entry, to, tap.at)).unwrap_or_default();
        let opens = |grant: &GrantId| {
            let Some(seen) = self.grants.get(grant).filter(|seen| seen.partner == to) else { return false };
            let Some(consent) = facts.consent_of(seen.consent) else { return false };
            let mut all = opening.iter().chain(&before);
            all.any(|(key, stands)| *key == consent && *stands == Stands::Counts)
        };
        !grants.is_empty() && grants.iter().all(opens)
    }

    fn judge_announce(&mut self, world: &Federation, facts: &Facts, tap: &Tap, body: &Announce) {
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        let entry = body.entry;
        let Some(known) = facts.entries.get(&entry).cloned() else {
            return self.violated("an entry is somebody's", tap.at, format!("node {from} announces {entry}"));
        };
        if known.owner != from || !self.permits(facts, entry, to, tap.at) {
            let opening = facts.opening(entry, to, tap.at);
            let seen = format!("node {from} announces {entry} to node {to}; its consents: {opening:?}");
            self.violated("nothing leaves without a consent that counts", tap.at, seen);
        } else if !self.opens_under(facts, tap, entry, &body.grants) {
            let seen = format!("node {from} announces {entry} to node {to} under {:?}", body.grants);
            self.violated("an entry is named only under grants that open it", tap.at, seen);
        }
        let areas: BTreeSet<String> = body.areas.iter().map(ToString::to_string).collect();
        if areas != known.areas || facts.cases[&known.case].id != body.case {
            let seen = format!("{entry} is announced in {areas:?} of case {}", body.case);
            self.violated("an announcement says where its entry belongs", tap.at, seen);
        }
        self.judge_labels(facts, tap, body, &known);
        if known.only_for.is_some() {
            self.states.insert(State::CardSent);
        }
        if known.about.len() > 1 || !matches!(known.about.first(), Some(super::operation::Concerned::Subject))
        {
            self.states.insert(State::AboutGuardianSent);
        }
        if facts.cases[&known.case].grade == super::operation::Grade::Confidential {
            self.states.insert(State::ConfidentialApproved);
        }
        self.must_not_be_recalled(world, tap, entry);
        if !self.may_hold(world, tap, entry) {
            self.judge_first(tap, body);
            if self.ever.contains(&(to, entry)) {
                self.states.insert(State::SharedAgain);
            }
        }
        self.handed_over(world, tap, entry);
        self.must_have_row(world, tap, entry, body.generation, &body.grants);
    }

    /// An announcement says of its entry what was written, and to nobody more than that.
    fn judge_labels(&mut self, facts: &Facts, tap: &Tap, body: &Announce, known: &EntryFacts) {
        let concerned: BTreeSet<About> = known.about.iter().map(|one| about(*one)).collect();
        let only_for = known.only_for.map(|key| facts.consents[&key].service.1.clone());
        let wrote = known.written_by.as_ref().filter(|(node, _)| *node == self.place(tap.to));
        let is_said = body.kind.as_str() == known.kind
            && body.about == concerned
            && body.only_for.as_ref().map(ToString::to_string) == only_for
            && body.written_by_yours.as_ref().map(ToString::to_string) == wrote.map(|(_, code)| code.clone());
        if !is_said {
            let seen = format!(
                "{} is announced as {:?} about {:?}, for {:?}, written by {:?}; it is {known:?}",
                body.entry, body.kind, body.about, body.only_for, body.written_by_yours
            );
            self.violated("an announcement says what its entry is", tap.at, seen);
        }
    }

    /// A new reader gets one change, and nothing that was deleted before it.
    fn judge_first(&mut self, tap: &Tap, body: &Announce) {
        if body.changes.len() != 1 {
            let seen = format!("{} changes of {} go to a new reader", body.changes.len(), body.entry);
            self.violated("history never travels to a new reader", tap.at, seen);
        }
        let Some(born) = self.born.get(&body.generation).cloned() else { return };
        if body.only_for.is_some() {
            return;
        }
        for found in self.canary.search(tap.bytes()) {
            if let Found::Text(_, number) = found {
                let text = self.canary.texts[usize::try_from(number).expect("small")].clone();
                if !born.contains(&text) {
                    let seen = format!("{} holds {text}, which was deleted before", body.entry);
                    self.violated("history never travels to a new reader", tap.at, seen);
                }
            }
        }
    }

    /// What an order names is not sent before its receipt.
    fn must_not_be_recalled(&mut self, world: &Federation, tap: &Tap, entry: EntryId) {
        let store = &world.node(tap.from).store;
        let waiting = store.orders.iter().filter(|(order, _)| !store.filed.contains_key(*order));
        let mut waiting = waiting.map(|(_, order)| order.statement());
        if waiting.any(|order| order.partner == tap.to && order.entries.contains(&entry)) {
            let seen = format!("{entry} goes to {} before its receipt", tap.to);
            self.violated("nothing is shared anew before its receipt", tap.at, seen);
        }
    }

    /// Every frame about an entry rests on a row that is committed and not marked unsent.
    fn must_have_row(
        &mut self,
        world: &Federation,
        tap: &Tap,
        entry: EntryId,
        generation: GenerationId,
        grants: &BTreeSet<GrantId>,
    ) {
        let store = &world.node(tap.from).store;
        let has_row = store.rows.iter().rev().any(|row| {
            row.partner == tap.to
                && row.entry == entry
                && row.generation == generation
                && !store.unsent.contains(&row.id)
                && grants.iter().all(|grant| row.grounds.iter().any(|ground| ground.grant == *grant))
        });
        if !has_row && !self.is_excused(self.place(tap.from), self.place(tap.to)) {
            let seen = format!("{} sends {entry} to {} without a row", tap.from, tap.to);
            self.violated("no row, no frame", tap.at, seen);
        }
    }

    /// A proposal rests on a row of its one change, under the grant that it names.
    fn must_have_row_of_proposal(&mut self, world: &Federation, tap: &Tap, body: &Propose) {
        let store = &world.node(tap.from).store;
        let proposed = Heads::new(body.change.hash().into_iter().collect());
        let has_row = store.rows.iter().rev().any(|row| {
            row.partner == tap.to
                && row.case == body.case
                && row.heads == proposed
                && !store.unsent.contains(&row.id)
                && row.grounds.iter().any(|ground| ground.grant == body.grant)
        });
        if !has_row && !self.is_excused(self.place(tap.from), self.place(tap.to)) {
            let seen = format!("{} proposes {} to {} without a row", tap.from, body.proposal, tap.to);
            self.violated("no row, no frame", tap.at, seen);
        }
    }

    /// A relation rests on a row for each of its ends, of the same transaction.
    fn must_have_rows(&mut self, world: &Federation, tap: &Tap, from: EntryId, to: EntryId) {
        let store = &world.node(tap.from).store;
        let is_row = |row: &DisclosureRow, entry: EntryId| {
            row.partner == tap.to && row.entry == entry && !store.unsent.contains(&row.id)
        };
        let mut pairs = store.rows.windows(2);
        let has_rows =
            pairs.any(|pair| is_row(&pair[0], from) && is_row(&pair[1], to) && pair[0].at == pair[1].at);
        if !has_rows && !self.is_excused(self.place(tap.from), self.place(tap.to)) {
            let seen = format!("{} relates {from} and {to} to {} without rows", tap.from, tap.to);
            self.violated("no row, no frame", tap.at, seen);
        }
    }

    fn judge_changes(&mut self, world: &Federation, facts: &Facts, tap: &Tap, body: &Changes) {
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        let entry = body.entry;
        let Some(known) = facts.entries.get(&entry).cloned() else {
            return self.violated("an entry is somebody's", tap.at, format!("node {from} changes {entry}"));
        };
        if known.owner == from {
            if !self.permits(facts, entry, to, tap.at) || !self.may_hold(world, tap, entry) {
                let opening = facts.opening(entry, to, tap.at);
                let seen =
                    format!("node {from} sends changes of {entry} to node {to}; its consents: {opening:?}");
                self.violated("nothing leaves without a consent that counts", tap.at, seen);
            }
            self.must_not_be_recalled(world, tap, entry);
            return self.must_have_row(world, tap, entry, body.generation, &BTreeSet::new());
        }
        // The way back: to the owner alone, of what was shared, while its time is not over.
        let is_over = |key: &super::operation::Key| facts.consents[key].until <= tap.at;
        let of_service = facts
            .consents
            .iter()
            .filter(|(key, one)| one.service.0 == from && facts.covers_once(**key, &known) && !is_over(key));
        let writes = of_service.into_iter().any(|(_, one)| one.way != super::operation::Way::Give);
        if known.owner != to || !self.ever.contains(&(from, entry)) || !writes {
            let seen = format!("node {from} sends changes of {entry} to node {to}");
            self.violated("writing goes back to its owner alone, while it may", tap.at, seen);
        }
    }

    fn judge_order(&mut self, world: &Federation, tap: &Tap, token: &str) {
        let said = payload(token);
        let fields: Vec<&str> =
            said.as_object().map(|one| one.keys().map(String::as_str).collect()).unwrap_or_default();
        if fields != ORDER_FIELDS || said["text"] != ORDER_SAYS {
            self.violated("an order carries no cause", tap.at, said.to_string());
        }
        let Some(order) = id::<OrderId>(&said["order"]) else {
            return self.violated("an order carries no cause", tap.at, said.to_string());
        };
        let entries = said["entries"].as_array().cloned().unwrap_or_default();
        let to = self.place(tap.to);
        for entry in entries.iter().filter_map(id::<EntryId>) {
            if !self.ever.contains(&(to, entry))
                && !world
                    .node(tap.from)
                    .store
                    .rows
                    .iter()
                    .any(|row| row.partner == tap.to && row.entry == entry)
            {
                let seen = format!("an order to node {to} names {entry}, which never went there");
                self.violated("an order names what went to its partner and nothing else", tap.at, seen);
            }
        }
        // That a grant is to leave is noted before it does. Whoever ends it meanwhile cannot tell
        // whether it left, so an order follows, also if the note is then taken back.
        let store = &world.node(tap.from).store;
        let grant = id::<GrantId>(&said["grant"]);
        let has_row = store
            .rows
            .iter()
            .any(|row| row.partner == tap.to && row.grounds.iter().any(|ground| Some(ground.grant) == grant));
        let was_seen = grant.is_some_and(|grant| self.grants.contains_key(&grant));
        if !was_seen && !has_row && !store.ordered_once_noted.contains(&order) {
            let seen = format!("an order to node {to} ends a grant that never left");
            self.violated("a grant that never left ends in silence", tap.at, seen);
        }
        let times = self.orders.entry(order).or_default();
        *times += 1;
        if *times > 1 {
            self.states.insert(State::OrderRepeated);
        }
    }

    fn judge_receipt(&mut self, world: &Federation, facts: &Facts, tap: &Tap, token: &str) {
        let said = payload(token);
        let Some(order) = id::<OrderId>(&said["order"]) else {
            return self.violated("a receipt answers an order", tap.at, said.to_string());
        };
        let from = self.place(tap.from);
        if !world.node(tap.from).store.receipts.contains_key(&order) {
            let seen = format!("node {from} hands over a receipt for {order} that is not durable");
            self.violated("nothing is acknowledged before it is durable", tap.at, seen);
        }
        let times = self.receipts.entry(order).or_default();
        *times += 1;
        if *times > 1 {
            self.states.insert(State::ReceiptRepeated);
            return;
        }
        let items = said["items"].as_object().cloned().unwrap_or_default();
        for (entry, done) in items {
            let Ok(entry) = entry.parse::<EntryId>() else { continue };
            // To whom an entry is not, it is answered as one that is not here.
            if facts.entries.get(&entry).is_none_or(|known| known.owner != self.place(tap.to)) {
                continue;
            }
            match done["done"].as_str() {
                Some("erased") => {
                    self.no_longer_holds(from, entry);
                    if world.node(tap.from).store.entries.contains_key(&entry) {
                        let seen = format!("node {from} says that it erased {entry}, and has it");
                        self.violated("an honest receipt is true", tap.at, seen);
                    }
                }
                Some("locked") => {
                    self.no_longer_holds(from, entry);
                    self.states.insert(State::OwnWritingLocked);
                    if Self::is_kept_live(world, tap.from, entry) {
                        let seen = format!("node {from} says that it locked {entry}, and shows it");
                        self.violated("an honest receipt is true", tap.at, seen);
                    }
                }
                _ => _ = self.states.insert(State::KeptForAnotherService),
            }
        }
    }

    /// Whether a node has these changes of an entry, in whatever generation.
    fn has_changes(&self, world: &Federation, tap: &Tap, entry: EntryId, heads: &[ChangeHash]) -> bool {
        let Some(kept) = world.node(tap.from).store.entries.get(&entry) else { return false };
        let earlier = kept.earlier.iter().flat_map(|one| &one.changes);
        let known: BTreeSet<ChangeHash> = kept.changes.iter().chain(earlier).map(|one| one.hash()).collect();
        heads.iter().all(|head| known.contains(head))
    }

    /// Whether nobody lies to a node, or it to them.
    pub(super) fn are_honest(&self, one: NodeAt, other: NodeAt) -> bool {
        self.liar != Some(one) && self.liar != Some(other)
    }
}
