//! What goes wrong by itself: late frames, lost connections, a node that stops between two effects.

use sha2::{Digest, Sha256};
use stafett_protocol::access::EntryFacts;
use stafett_protocol::entry::{ChangeHash, CheckedChange};
use stafett_protocol::id::{CaseId, EntryId, GenerationId, ProposalId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::{SECOND, UnixMillis};
use stafett_protocol::transaction::{GenerationWrite, Transaction, Write};

use super::{Crash, Event, Federation, Place, Token};

/// After how long a connection is given up on which nothing gets through.
const GIVEN_UP_MS: u64 = 15 * SECOND;

/// How often frames are late and connections lost. Each frame draws by its own bytes, so that one
/// more or less does not change what befalls the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Whether draws go by what a frame says, and not by its number.
    pub by_content: bool,
    /// Whether commits, connections and what a node says by itself draw by what they are about, and
    /// not by how many came before.
    pub by_name: bool,
    /// So many of a thousand frames are late, as those are whose packets were lost on the way.
    pub late: u64,
    /// How late at the most, in milliseconds.
    pub late_max: u64,
    /// With so many of a thousand frames the connection is lost, and all that is under way.
    pub lost: u64,
}

/// Something that whoever watches must know to judge what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A node has started again.
    Restarted {
        /// Which.
        node: OrganisationNumber,
        /// How many commits that were under way are there.
        kept: usize,
        /// How many are not.
        lost: usize,
    },
    /// A proposal became an entry.
    Taken {
        /// At whose node.
        own: OrganisationNumber,
        /// Whose proposal.
        partner: OrganisationNumber,
        /// Which.
        proposal: ProposalId,
        /// The entry's id.
        entry: EntryId,
    },
    /// A session has asked for a partner's proposal to be stored as an entry.
    TakesProposal {
        /// At whose node.
        own: OrganisationNumber,
        /// Whose proposal.
        partner: OrganisationNumber,
        /// Which.
        proposal: ProposalId,
        /// What the entry is to be.
        facts: Box<EntryFacts>,
        /// When.
        at: UnixMillis,
    },
    /// A session has asked for a partner's change of an entry to be stored.
    Accepts {
        /// Whose store.
        own: OrganisationNumber,
        /// Whose change.
        partner: OrganisationNumber,
        /// Of which entry.
        entry: EntryId,
        /// Which change.
        hash: ChangeHash,
        /// Whether its actor is known as somebody else's.
        is_alien: bool,
        /// Whether its actor has made another with that number in the entry.
        is_second: bool,
        /// When.
        at: UnixMillis,
    },
    /// A session has asked for a partner's grant to be stored.
    TakesGrant {
        /// Whose store.
        own: OrganisationNumber,
        /// On whose link.
        partner: OrganisationNumber,
        /// To which case.
        case: CaseId,
        /// As whose.
        owner: OrganisationNumber,
        /// When.
        at: UnixMillis,
    },
    /// An announcement has come to a node.
    Arrived {
        /// To whose node.
        own: OrganisationNumber,
        /// From whose.
        partner: OrganisationNumber,
        /// Of which entry.
        entry: EntryId,
    },
    /// A session has asked for an entry to be stored that is new to it.
    Stores {
        /// Whose store.
        own: OrganisationNumber,
        /// On whose link.
        partner: OrganisationNumber,
        /// Which entry.
        entry: EntryId,
        /// As whose.
        owner: OrganisationNumber,
        /// When.
        at: UnixMillis,
    },
}

impl Federation {
    /// Counts something by its name.
    pub fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// What a frame's draws depend on.
    pub(super) fn name_of(&self, place: Place, number: u64, bytes: &[u8]) -> String {
        let end = self.end(place);
        if self.faults.by_content {
            format!("{} {} {}", end.own, end.partner, digits(&Sha256::digest(bytes)))
        } else {
            format!("{} {} {number}", end.own, end.partner)
        }
    }

    /// What the randomness for a frame that came depends on: each time another.
    pub(super) fn name_of_arrival(&mut self, to: Place, bytes: &[u8]) -> Option<String> {
        if !self.faults.by_content {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let end = self.end_mut(to);
        let times = end.came.entry(hash).or_default();
        *times += 1;
        Some(format!("came {} {} {} {times}", end.own, end.partner, digits(&hash)))
    }

    /// What the time of a commit depends on: what it is about, each time another.
    pub(super) fn name_of_commit(&mut self, place: Place, token: Token, transaction: &Transaction) -> String {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        if !self.faults.by_name {
            return format!("commit {own} {partner} {} {}", self.nodes[&own].incarnation, token.0);
        }
        let mut about: Vec<String> = transaction.writes.iter().flat_map(named_in).collect();
        about.extend(transaction.reads.iter().map(ToString::to_string));
        let hash: [u8; 32] = Sha256::digest(about.join(" ")).into();
        let times = self.end_mut(place).came.entry(hash).or_default();
        *times += 1;
        format!("commit {own} {partner} {} {times}", digits(&hash))
    }

    /// What one of several alike draws depends on: the moment, or how many came before.
    pub(super) fn moment_or(&self, number: u64) -> String {
        if self.faults.by_name { format!("at {}", self.now.0) } else { number.to_string() }
    }

    /// What draws of a node's own depend on: what they are about and when, or how many came before.
    pub(super) fn label_about(&mut self, what: &str) -> String {
        if self.faults.by_name { format!("{what} at {}", self.now.0) } else { self.next_label() }
    }

    pub(super) fn extra_delay(&mut self, name: &str) -> u64 {
        if self.faults.late == 0 || self.chance.below(1_000, format!("late {name}")) >= self.faults.late {
            return 0;
        }
        self.count("frame late");
        self.chance.below(self.faults.late_max.max(1), format!("how late {name}"))
    }

    pub(super) fn lose_sometimes(&mut self, link: usize, name: &str, at: UnixMillis) {
        if self.faults.lost > 0 && self.chance.below(1_000, format!("lost {name}")) < self.faults.lost {
            let connection = self.links[link].connection;
            let way = at.since(self.now);
            let when = self.now.plus(self.chance.below(way.max(1), format!("when lost {name}")));
            self.push(when, Event::Lost { link, connection });
        }
    }

    /// A connection is lost, and the nodes connect anew.
    pub(super) fn lose(&mut self, link: usize, connection: u64) {
        if self.links[link].connection == connection && self.links[link].is_up {
            self.count("connection lost");
            self.disconnect(link);
            self.connect_soon(link);
        }
    }

    /// Lets something come at its moment, unless nothing gets through from that side.
    pub(super) fn deliver(&mut self, at: UnixMillis, side: usize, event: Event) {
        let (Event::Arrive { to: (link, _), .. } | Event::Reset { to: (link, _), .. }) = &event else {
            return;
        };
        let link = *link;
        if self.links[link].is_mute[side] {
            self.links[link].held.push(event);
        } else {
            self.push(at, event);
        }
    }

    /// Lets nothing through from one node to another; the other way stays open until the
    /// connection is given up.
    pub fn mute(&mut self, from: OrganisationNumber, to: OrganisationNumber) {
        let (link, side) = self.end_towards(from, to);
        self.links[link].is_mute[side] = true;
        let connection = self.links[link].connection;
        self.push(self.now.plus(GIVEN_UP_MS), Event::Lost { link, connection });
    }

    /// Lets everything through again.
    pub fn unmute(&mut self, from: OrganisationNumber, to: OrganisationNumber) {
        let (link, side) = self.end_towards(from, to);
        self.links[link].is_mute[side] = false;
        if self.links[link].is_up {
            let held = std::mem::take(&mut self.links[link].held);
            held.into_iter().for_each(|event| self.push(self.now, event));
        } else {
            self.connect_soon(link);
        }
    }

    /// Stops a node after so many more effects of its sessions; it starts again at once.
    pub fn stop_after(&mut self, node: OrganisationNumber, effects: u64, crash: Crash) {
        self.stops = Some((node, effects, crash));
    }

    /// Nobody stops any more.
    pub fn stop_nobody(&mut self) {
        self.stops = None;
    }

    /// Whether a node stops before this effect.
    pub(super) fn stops_here(&mut self, own: OrganisationNumber) -> bool {
        if self.nodes[&own].is_down {
            return true;
        }
        let Some((node, left, _)) = &mut self.stops else { return false };
        if *node != own {
            return false;
        }
        if *left > 0 {
            *left -= 1;
            return false;
        }
        self.node_mut(own).is_down = true;
        true
    }

    /// Starts the node that stopped in the middle of something.
    pub(super) fn start_what_stopped(&mut self) {
        let Some((node, _, crash)) = self.stops else { return };
        if self.nodes[&node].is_down {
            self.stops = None;
            self.node_mut(node).is_down = false;
            self.count("stopped between effects");
            self.restart(node, crash);
        }
    }

    /// Notes what a session wants to store of a partner's.
    pub(super) fn note_commit(
        &mut self,
        own: OrganisationNumber,
        partner: OrganisationNumber,
        transaction: &Transaction,
    ) {
        let at = self.now;
        for write in &transaction.writes {
            match write {
                Write::Change { entry, generation, origin, change, .. }
                | Write::Generation(GenerationWrite::LateChange {
                    entry, generation, origin, change, ..
                }) if *origin == partner => {
                    self.note_change((own, partner), (*entry, *generation), change);
                }
                // A session knows its own link's cases; of all others the store says whose they are.
                Write::GrantReceived(grant)
                    if grant.statement().owner != partner
                        || self.shares(self.end_towards(own, partner), grant.statement().case) =>
                {
                    let (case, owner) = (grant.statement().case, grant.statement().owner);
                    self.news.push(Happened::TakesGrant { own, partner, case, owner, at });
                }
                Write::ProposalTaken { partner, proposal, entry } => {
                    let stored = transaction.writes.iter().find_map(|write| match write {
                        Write::Entry(record) if record.facts.entry == *entry => Some(&record.facts),
                        _ => None,
                    });
                    let facts = Box::new(stored.expect("a proposal is stored with its entry").clone());
                    let (partner, proposal) = (*partner, *proposal);
                    self.news.push(Happened::TakesProposal { own, partner, proposal, facts, at });
                }
                Write::Entry(record) => {
                    let (entry, owner) = (record.facts.entry, record.owner);
                    self.news.push(Happened::Stores { own, partner, entry, owner, at });
                }
                _ => {}
            }
        }
    }

    fn note_change(
        &mut self,
        (own, partner): (OrganisationNumber, OrganisationNumber),
        (entry, generation): (EntryId, GenerationId),
        change: &CheckedChange,
    ) {
        let kept = self.nodes[&own].store.entries.get(&entry);
        let known = kept.and_then(|kept| kept.actors.get(&change.change().actor));
        let earlier = kept.iter().flat_map(|kept| &kept.earlier);
        let earlier = earlier.map(|one| (one.generation, &one.changes));
        let present = kept.iter().map(|kept| (kept.record.facts.generation, &kept.changes));
        let here: Vec<_> = present.chain(earlier).collect();
        // What is here already comes again from its owner with all the rest.
        let is_here = here.iter().flat_map(|(_, all)| *all).any(|one| one.hash() == change.hash());
        let is_alien = !is_here && known.is_some_and(|known| *known != partner);
        let number = |one: &CheckedChange| (one.change().actor, one.change().seq);
        let beside = here.iter().filter(|(of, _)| *of == generation).flat_map(|(_, all)| *all);
        let is_second = !is_here && beside.into_iter().any(|one| number(one) == number(change));
        let (at, hash) = (self.now, change.hash());
        self.news.push(Happened::Accepts { own, partner, entry, hash, is_alien, is_second, at });
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a node takes from a partner by a transaction that is stored at `at`: grants, and entries
/// that its proposals become.
pub(super) fn taken_by(own: OrganisationNumber, transaction: &Transaction, at: UnixMillis) -> Vec<Happened> {
    let taken = transaction.writes.iter().filter_map(|write| match write {
        Write::ProposalTaken { partner, proposal, entry } => {
            Some(Happened::Taken { own, partner: *partner, proposal: *proposal, entry: *entry })
        }
        Write::GrantReceived(grant) => {
            let (case, owner) = (grant.statement().case, grant.statement().owner);
            Some(Happened::TakesGrant { own, partner: owner, case, owner, at })
        }
        _ => None,
    });
    taken.collect()
}

/// What a write is, and the ids of entries, grants, relations and the like in it, as it prints
/// itself. A row's own id is left out: it counts what the session disclosed before.
fn named_in(write: &Write) -> Vec<String> {
    let printed = format!("{write:?}");
    let kind = printed.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let is_row = |word: &str| word.starts_with("DisclosureId");
    let words = printed.split(|letter: char| letter.is_whitespace() || letter == ',' || letter == '{');
    let ids = words.filter(|word| word.contains("Id(") && !is_row(word)).map(str::to_owned);
    std::iter::once(kind.to_owned()).chain(ids).collect()
}
