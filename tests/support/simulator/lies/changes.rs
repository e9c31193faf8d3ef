//! False changes of entries that the liar was shown, and what it sends a second time.

use stafett_protocol::entry::check::check_genesis;
use stafett_protocol::entry::operation::Change;
use stafett_protocol::entry::{Actor, Edit, EntryDocument, EntryKind, Side};
use stafett_protocol::grant::ReceivedGrant;
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::wire::{Announce, Changes, Frame};

use super::super::operation::Lie;
use super::super::run::Run;
use crate::broken_changes::Text;

/// What a liar sends again of what it has sent, at the most.
const AGAIN_MAX: usize = 3;

impl Run {
    /// Announcements of the other's entries that the liar was sent, newest first.
    fn announcements(&self, own: OrganisationNumber, other: OrganisationNumber) -> Vec<Announce> {
        let taps = self.world.taps.iter().rev().filter(|tap| tap.from == other && tap.to == own);
        let announced = taps.filter_map(|tap| match tap.frame() {
            Some(Frame::Announce(body)) => Some(*body),
            _ => None,
        });
        announced.collect()
    }

    /// One of the latest that will do.
    fn one_of(&self, all: &[Announce], will_do: impl Fn(&Announce) -> bool, name: &str) -> Option<Announce> {
        let latest: Vec<&Announce> = all.iter().filter(|body| will_do(body)).take(6).collect();
        let count = u64::try_from(latest.len()).expect("few");
        let place = self.chance.below(count.max(1), format!("{name} which"));
        latest.get(usize::try_from(place).expect("few")).map(|body| (*body).clone())
    }

    /// Whether one of the grants that an announcement names is as it should be.
    fn is_under(
        &self,
        own: OrganisationNumber,
        body: &Announce,
        fits: impl Fn(&ReceivedGrant) -> bool,
    ) -> bool {
        let received = &self.world.node(own).store.received;
        body.grants.iter().filter_map(|grant| received.get(grant)).any(fits)
    }

    pub(super) fn false_changes(
        &mut self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        lie: Lie,
        name: &str,
    ) -> Vec<Frame> {
        let seen = self.announcements(own, other);
        let now = self.world.now();
        let may_write = |body: &Announce| {
            let writes = |one: &ReceivedGrant| one.counts(now) && one.grant.direction.receives();
            body.kind != EntryKind::CaseCard && self.is_under(own, body, writes)
        };
        let reads_only = |body: &Announce| {
            let writes = |one: &ReceivedGrant| one.grant.direction.receives();
            body.kind != EntryKind::CaseCard
                && self.is_under(own, body, |one| one.counts(now))
                && !self.is_under(own, body, writes)
        };
        let is_left = |body: &Announce| {
            let newest = seen.iter().find(|other| other.entry == body.entry);
            newest.is_some_and(|newest| newest.generation != body.generation)
        };
        let body = match lie {
            Lie::WritesAsReader => self.one_of(&seen, reads_only, name),
            Lie::OldGeneration => self.one_of(&seen, is_left, name),
            Lie::BrokenChanges => {
                self.one_of(&seen, may_write, name).or_else(|| self.one_of(&seen, |_| true, name))
            }
            _ => self.one_of(&seen, |_| true, name),
        };
        let Some(body) = body else { return Vec::new() };
        match lie {
            Lie::Transplant => {
                let elsewhere = Announce { entry: self.id(name, EntryId::from_random), ..body.clone() };
                let again = Announce { generation: self.id(name, GenerationId::from_random), ..body };
                vec![Frame::Announce(Box::new(elsewhere)), Frame::Announce(Box::new(again))]
            }
            Lie::BrokenChanges => self.broken_changes(&body, name),
            Lie::OldGeneration => {
                let newest = seen.iter().find(|newest| newest.entry == body.entry);
                let newest = newest.expect("it was left for another").generation;
                self.of_an_old_generation(&body, newest, name)
            }
            _ => self.one_false_change(own, &body, lie, name).into_iter().collect(),
        }
    }

    fn one_false_change(
        &self,
        own: OrganisationNumber,
        body: &Announce,
        lie: Lie,
        name: &str,
    ) -> Option<Frame> {
        let actor = match lie {
            Lie::ForeignActor => body.changes.first().map_or(Actor([1; 16]), |first| first.actor),
            _ => Actor(self.chance.half(format!("{name} actor"))),
        };
        let kept = self.world.node(own).store.entries.get(&body.entry).map(|kept| kept.changes.clone());
        let mut change = match kept {
            Some(changes) => {
                let mut document = EntryDocument::open(body.kind, actor, &changes).ok()?;
                document.edit(&lie_of(body.kind)?, Side::Partner).ok()??.change().clone()
            }
            None => on_the_first(body, actor)?,
        };
        if lie == Lie::Gap {
            change.seq = change.seq.saturating_add(3);
        }
        let Announce { entry, generation, .. } = *body;
        Some(Frame::Changes(Changes { entry, generation, changes: vec![change] }))
    }

    /// What was written in a generation that the entry has left is sent as part of the present one:
    /// merged, text that was deleted would return.
    fn of_an_old_generation(&mut self, body: &Announce, present: GenerationId, name: &str) -> Vec<Frame> {
        let actor = Actor(self.chance.half(format!("{name} actor")));
        let Some(change) = on_the_first(body, actor) else { return Vec::new() };
        self.oracle.broken.extend(change.hash());
        let changes = body.changes.first().cloned().into_iter().chain([change.clone()]).collect();
        [changes, vec![change]]
            .into_iter()
            .map(|changes| Frame::Changes(Changes { entry: body.entry, generation: present, changes }))
            .collect()
    }

    /// Changes that each break another rule of their document, after a good one.
    fn broken_changes(&mut self, body: &Announce, name: &str) -> Vec<Frame> {
        let Some(text) = Text::of(body, Actor(self.chance.half(format!("{name} actor")))) else {
            return Vec::new();
        };
        let mut drawn = 0;
        let mut random = || {
            drawn += 1;
            self.chance.bytes(format!("{name} broken {drawn}"))
        };
        let unknown = text.on_something_unknown(0, &mut random);
        let broken: Vec<(&'static str, Change)> = vec![
            ("lie: unknown dependency", unknown),
            ("lie: first operation 1", text.starting_at(1)),
            ("lie: last first operation", text.starting_at(u32::MAX)),
            ("lie: alien pred", text.with_an_alien_pred()),
            ("lie: foreign object", text.written_into_a_foreign_object()),
            ("lie: run of three million", text.deleting(3_000_000)),
        ];
        let mut changes = vec![text.good(), text.twin()];
        self.fault("lie: one number twice");
        for (what, change) in broken {
            self.fault(what);
            self.oracle.broken.extend(change.hash());
            changes.push(change);
        }
        let Announce { entry, generation, .. } = *body;
        let frame = |change| Frame::Changes(Changes { entry, generation, changes: vec![change] });
        changes.into_iter().map(frame).collect()
    }

    /// The very same frames that the liar's node has sent before, whatever was withdrawn since.
    pub(super) fn sent_before(
        &self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        name: &str,
    ) -> Vec<Frame> {
        let taps = self.world.taps.iter().filter(|tap| tap.from == own && tap.to == other);
        let says = |frame: &Frame| {
            matches!(
                frame,
                Frame::Grant(_)
                    | Frame::Announce(_)
                    | Frame::Changes(_)
                    | Frame::Acknowledge(_)
                    | Frame::Propose(_)
                    | Frame::Stored(_)
                    | Frame::Receipt(_)
                    | Frame::LetGo(_)
            )
        };
        let mut sent: Vec<Frame> = taps.filter_map(crate::tap::Tap::frame).filter(says).collect();
        let mut again = Vec::new();
        while again.len() < AGAIN_MAX && !sent.is_empty() {
            let count = u64::try_from(sent.len()).expect("few");
            let place = self.chance.below(count, format!("{name} again {}", again.len()));
            again.push(sent.remove(usize::try_from(place).expect("few")));
        }
        again
    }
}

/// A change on the first of an announcement's.
fn on_the_first(body: &Announce, actor: Actor) -> Option<Change> {
    let first = check_genesis(body.kind, body.schema, body.changes.first()?.clone(), body.genesis).ok()?;
    let mut document = EntryDocument::open(body.kind, actor, &[first]).ok()?;
    Some(document.edit(&lie_of(body.kind)?, Side::Partner).ok()??.change().clone())
}

fn lie_of(kind: EntryKind) -> Option<Edit> {
    let field = match kind {
        EntryKind::Measure | EntryKind::Goal => "title",
        _ => "description",
    };
    let json = format!(r#"{{"{field}":"løgn"}}"#);
    Edit::new(kind, serde_json::from_str(&json).expect("JSON")).ok()
}
