//! What closes or opens something while a commit stands still that was asked for before.

use super::{Draft, MadeConsent, MadeEntry, STUCK_COMMIT_MS};
use crate::federation::AREAS;
use crate::simulator::operation::{Concerned, Do, Key, NodeAt, Person, Way};
use crate::simulator::run::SERVICES;

/// After so many commits that stand still a partner has what is shared with it.
const COMMITS_TO_ARRIVE: u64 = 5;

impl Draft {
    pub(super) fn race(&mut self) {
        match self.draw(10, "which race") {
            0 | 1 => self.race_of_an_end(),
            2 | 3 => self.race_of_a_renewal(),
            _ => self.race_with_what_is_there(),
        }
    }

    /// Something is closed, or opened once more, while what somebody wrote waits for its commit.
    fn race_with_what_is_there(&mut self) {
        let Some(consent) = self.consent("raced for") else { return self.share() };
        let MadeConsent { key, case, node, service, .. } = consent;
        let of_case: Vec<_> =
            self.entries.iter().filter(|one| one.case == case && !one.is_hidden).cloned().collect();
        let Some(entry) = self.pick(&of_case, "raced") else { return self.publish() };
        let field = "text".to_owned();
        let is_theirs = self.is_drawn(50, "theirs");
        let writer = if is_theirs { node } else { entry.owner };
        self.push(Do::Edit { node: writer, entry: entry.key, field });
        self.at += self.draw(STUCK_COMMIT_MS / 2, "until raced");
        if is_theirs {
            let giver = self.giver("who races");
            self.push(Do::Withdraw { consent: key, giver });
        } else {
            self.ask_for(case, node, service, None);
        }
    }

    /// The only consent that lets a partner write is taken back while its owner reads what it wrote.
    fn race_of_an_end(&mut self) {
        let Some((case, owner, node)) = self.shared_case() else { return };
        let consent = self.ask_alone(case, node, SERVICES[0], Way::Both);
        self.push(Do::GiveAll { consent });
        let entry = self.publish_alone(case, owner);
        self.at += COMMITS_TO_ARRIVE * STUCK_COMMIT_MS;
        self.push(Do::Edit { node, entry, field: "text".to_owned() });
        self.at += self.draw(2 * STUCK_COMMIT_MS, "until it ends");
        let giver = self.giver("who ends it");
        self.push(Do::Withdraw { consent, giver });
    }

    /// A consent that paused counts again, with the grant that it has, while an edit waits for its
    /// row under another.
    fn race_of_a_renewal(&mut self) {
        let Some((case, owner, node)) = self.shared_case() else { return };
        self.push(Do::Custody { case, guardians: vec![Person::Mother] });
        let paused = self.ask_alone(case, node, SERVICES[0], Way::Give);
        self.push(Do::Give { consent: paused, giver: Person::Mother, about_self: false });
        self.at += 2 * STUCK_COMMIT_MS;
        self.push(Do::Custody { case, guardians: vec![Person::Mother, Person::Father] });
        let counting = self.ask_alone(case, node, SERVICES[1], Way::Give);
        self.push(Do::GiveAll { consent: counting });
        let entry = self.publish_alone(case, owner);
        self.at += COMMITS_TO_ARRIVE * STUCK_COMMIT_MS;
        self.push(Do::Edit { node: owner, entry, field: "text".to_owned() });
        self.at += self.draw(STUCK_COMMIT_MS, "until it counts again");
        self.push(Do::GiveAll { consent: paused });
    }

    /// A case with a partner of its owner's.
    fn shared_case(&mut self) -> Option<(Key, NodeAt, NodeAt)> {
        let (case, owner) = self.case();
        let links = self.settings.links.iter();
        let linked = links.filter_map(|(one, other)| match owner {
            _ if *one == owner => Some(*other),
            _ if *other == owner => Some(*one),
            _ => None,
        });
        let linked: Vec<NodeAt> = linked.collect();
        let node = match self.observed {
            Some((_, observed)) => observed,
            None => self.pick(&linked, "races with")?,
        };
        Some((case, owner, node))
    }

    /// Asks for one area, without exceptions and from at once.
    fn ask_alone(&mut self, case: Key, node: NodeAt, service: &str, way: Way) -> Key {
        let areas = vec![AREAS[0].to_owned()];
        let what = Do::Ask {
            case,
            node,
            service: service.to_owned(),
            areas: areas.clone(),
            way,
            except: Vec::new(),
            from_in: None,
            for_ms: None,
            replaces: None,
            private: false,
            card: false,
            place: false,
        };
        let key = self.push(what);
        let (service, is_hidden) = (service.to_owned(), self.is_hidden);
        self.consents.push(MadeConsent { key, case, node, service, areas, is_hidden });
        key
    }

    /// Publishes a note in that area, about the subject alone.
    fn publish_alone(&mut self, case: Key, owner: NodeAt) -> Key {
        let (areas, kind) = (vec![AREAS[0].to_owned()], "note".to_owned());
        let key = self.push(Do::Publish { case, areas, kind, about: vec![Concerned::Subject] });
        self.entries.push(MadeEntry { key, case, owner, is_hidden: self.is_hidden });
        key
    }
}
