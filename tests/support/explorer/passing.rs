//! A baton that may be held at a partner: the owner's baton and what the partner keeps, as the rules have
//! them, and everything that can be said between the two, lost, late, again and in any order.

use std::collections::BTreeSet;

use stafett_protocol::baton::there::{About, Answered, At, BatonThere, HeldBy, Holds, OfferThere, Told};
use stafett_protocol::baton::{Baton, BatonOffer, Lost, Offered};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::municipality::Service;
use stafett_protocol::signed::StatementHash;
use stafett_protocol::succession::package::Line;
use stafett_protocol::time::UnixMillis;

use super::{Goal, Model};

const MARTE: AccountId = AccountId::from_bytes([1; 16]);
const LEADER: AccountId = AccountId::from_bytes([2; 16]);
const OLE: AccountId = AccountId::from_bytes([3; 16]);
const EARLY: UnixMillis = UnixMillis(10);
const LATE: UnixMillis = UnixMillis(100);

/// How often what may happen, happens.
#[derive(Debug, Clone, Copy)]
pub struct Passing {
    /// Offers to the service.
    pub offers: u8,
    /// Restores of either node from a backup.
    pub restores: u8,
}

/// What is on its way. What is lost is what never arrives, and what comes twice is said twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Word {
    Offer(u8, UnixMillis),
    Held(u8),
    Over(u8),
    GrantEnds,
    Taken(u8),
    NotTaken(u8),
    Ask(u8),
}

/// Where both nodes are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    baton: Baton,
    /// What the owner's ledger said before, as long as a backup of it may come back.
    backups: Vec<Baton>,
    now: UnixMillis,
    offers: u8,
    restores: u8,
    is_shared: bool,
    is_shared_there: bool,
    there: Option<BatonThere>,
    on_the_way: BTreeSet<Word>,
    /// Offers by which the owner has ever had somebody there.
    counted: BTreeSet<u8>,
    /// The offer that somebody has given back, while she knows of it.
    given_back: Option<u8>,
}

/// What can happen.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// The stafettholder offers the baton to the service.
    Offers,
    /// She takes the offer back.
    Recalls,
    /// The leader gives the baton to somebody here.
    Reassigns,
    /// Somebody of the service takes it.
    Takes,
    /// The service does not, or gives it back.
    GivesUp,
    /// The offers that wait lapse.
    TimePasses,
    /// The sharing ends.
    Ends,
    /// The owner says what its ledger says.
    OwnerSays,
    /// The partner says what it keeps.
    PartnerSays,
    /// A word arrives.
    Arrives(usize),
    /// The owner is restored from a backup.
    OwnerRestored(usize),
    /// The partner is restored.
    PartnerRestored,
}

fn service() -> Service {
    let (host, code) = ("840029212".parse().expect("a number"), "ppt".parse().expect("a code"));
    Service { host, code }
}

fn about(offer: u8) -> About {
    let Service { host: partner, code: service } = service();
    let owner = "997391853".parse().expect("a number");
    let (offer, case) = (BatonOfferId::from_bytes([offer; 16]), CaseId::from_bytes([9; 16]));
    About { offer, owner, partner, case, service }
}

fn number(about: &About) -> u8 {
    about.offer.as_bytes()[0]
}

fn name() -> Line {
    Line::of("Ole Eksempel").expect("a line")
}

impl State {
    /// By which offer somebody there holds the baton.
    fn held_by(&self) -> Option<u8> {
        self.baton.there().map(|there| there.offer.as_bytes()[0])
    }

    /// By which offer the partner shows somebody as stafettholder.
    fn shown_by(&self) -> Option<u8> {
        let there = self.there.as_ref().filter(|there| there.holder().is_some());
        there.map(|there| number(&there.about))
    }

    fn tells(&mut self, offer: u8) {
        if !self.is_shared {
            return;
        }
        let word = match self.baton.told(&about(offer), self.now) {
            Some(Told::Waits(lapses_at)) => Word::Offer(offer, lapses_at),
            Some(Told::Now(Holds::Held(_))) => Word::Held(offer),
            Some(Told::Now(Holds::Over)) => Word::Over(offer),
            None => return,
        };
        self.on_the_way.insert(word);
    }

    fn mends(&mut self) {
        let is_shared = self.is_shared;
        match self.baton.lost(|_| is_shared) {
            Some(Lost::Held) => self.baton.fall(LEADER, self.now),
            Some(Lost::Offered(offer)) => self.baton.recall(offer).expect("waits"),
            None => {}
        }
    }

    fn keeps(&mut self, next: BatonThere) {
        if !self.is_shared_there {
            return;
        }
        match &self.there {
            Some(known) if known.about == next.about => {
                if known.is_before(&next) {
                    self.there = Some(next);
                }
            }
            // Of two offers the partner keeps both; the model looks at the newer one.
            Some(known) if number(&known.about) > number(&next.about) => {}
            _ => self.there = Some(next),
        }
    }

    fn hears(&mut self, offer: u8, answered: Option<Answered>) {
        if !self.is_shared {
            return;
        }
        let id = BatonOfferId::from_bytes([offer; 16]);
        match answered {
            None => self.tells(offer),
            Some(Answered::Taken { account, name }) => {
                let by = HeldBy { account, name, answer: StatementHash::of("an answer") };
                if self.baton.accept_there(id, by, self.now).is_ok() {
                    self.counted.insert(offer);
                }
                self.tells(offer);
            }
            Some(Answered::NotTaken) => {
                if self.held_by() == Some(offer) {
                    self.baton.give_back(id, LEADER, self.now).expect("is held by it");
                } else {
                    let _ = self.baton.decline_there(id);
                }
                self.tells(offer);
            }
        }
    }

    fn arrives(&mut self, word: &Word) {
        match *word {
            Word::Offer(offer, lapses_at) => {
                let said = OfferThere { about: about(offer), lapses_at };
                self.keeps(BatonThere::waiting(self.there.as_ref(), &said));
            }
            Word::Held(offer) => {
                let at = At::Held { account: OLE, name: name(), since: EARLY };
                self.keeps(BatonThere { about: about(offer), at });
            }
            Word::Over(offer) => {
                self.there = self.there.take().filter(|there| number(&there.about) != offer);
                self.given_back = self.given_back.filter(|given| *given != offer);
            }
            Word::GrantEnds => (self.is_shared_there, self.there, self.given_back) = (false, None, None),
            Word::Taken(offer) => self.hears(offer, Some(Answered::Taken { account: OLE, name: name() })),
            Word::NotTaken(offer) => self.hears(offer, Some(Answered::NotTaken)),
            Word::Ask(offer) => self.hears(offer, None),
        }
    }
}

impl Passing {
    fn step(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Offers if state.offers < self.offers && state.is_shared => {
                state.offers += 1;
                let (id, lapses_at) = (BatonOfferId::from_bytes([state.offers; 16]), state.now.plus(50));
                let offer = BatonOffer { id, to: Offered::Service(service()), lapses_at };
                state.baton.own_holder()?;
                state.baton.offer(offer, state.now).ok()?;
            }
            Action::Recalls => {
                let offer = state.baton.waiting(state.now)?.id;
                state.baton.recall(offer).ok()?;
            }
            Action::Reassigns => state.baton.reassign(MARTE, EARLY),
            Action::Takes => {
                let known = state.there.clone().filter(|there| there.may_be_taken(EARLY))?;
                let at = At::Taken { account: OLE, name: name() };
                state.keeps(BatonThere { at, ..known });
            }
            Action::GivesUp => {
                let known = state.there.clone().filter(|there| there.at != At::NotTaken)?;
                state.given_back = Some(number(&known.about));
                state.keeps(BatonThere { at: At::NotTaken, ..known });
            }
            Action::TimePasses => state.now = LATE,
            Action::Ends if state.is_shared => {
                state.is_shared = false;
                state.mends();
                state.on_the_way.insert(Word::GrantEnds);
            }
            // The order to erase is said until it is answered.
            Action::OwnerSays if !state.is_shared && state.is_shared_there => {
                state.on_the_way.insert(Word::GrantEnds);
            }
            Action::OwnerSays => {
                let waits = state.baton.waiting(state.now).map(|offer| offer.id.as_bytes()[0]);
                state.tells(waits.or(state.held_by())?);
            }
            Action::PartnerSays => {
                let there = state.there.as_ref()?;
                let offer = number(&there.about);
                let word = match there.says() {
                    Some(Answered::Taken { .. }) => Word::Taken(offer),
                    Some(Answered::NotTaken) => Word::NotTaken(offer),
                    None => Word::Ask(offer),
                };
                state.on_the_way.insert(word);
            }
            Action::Arrives(at) => {
                let word = state.on_the_way.iter().nth(at)?.clone();
                state.on_the_way.remove(&word);
                state.arrives(&word);
            }
            Action::OwnerRestored(at) if state.restores < self.restores => {
                state.restores += 1;
                state.baton = state.backups.get(at)?.clone();
                // That the family has withdrawn is in the journal, and said again.
                state.mends();
                state.on_the_way.clear();
            }
            Action::PartnerRestored if state.restores < self.restores => {
                state.restores += 1;
                (state.there, state.given_back) = (None, None);
                state.on_the_way.clear();
            }
            _ => return None,
        }
        Some(())
    }
}

impl Model for Passing {
    type State = State;
    type Action = Action;

    fn first(&self) -> State {
        State {
            baton: Baton::opened(MARTE, EARLY),
            backups: Vec::new(),
            now: EARLY,
            offers: 0,
            restores: 0,
            is_shared: true,
            is_shared_there: true,
            there: None,
            on_the_way: BTreeSet::new(),
            counted: BTreeSet::new(),
            given_back: None,
        }
    }

    fn actions(&self, state: &State) -> Vec<Action> {
        use Action::{
            Arrives, Ends, GivesUp, Offers, OwnerRestored, OwnerSays, PartnerRestored, PartnerSays,
            Reassigns, Recalls, Takes, TimePasses,
        };
        let by_people = [Offers, Recalls, Reassigns, Takes, GivesUp, TimePasses, Ends];
        let by_nodes = [OwnerSays, PartnerSays, PartnerRestored];
        let backups = (0..state.backups.len()).map(OwnerRestored);
        let words = (0..state.on_the_way.len()).map(Arrives);
        by_people.into_iter().chain(by_nodes).chain(backups).chain(words).collect()
    }

    fn next(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.step(&mut next, action)?;
        if next.restores == self.restores {
            next.backups.clear();
        } else if next.baton != state.baton && !next.backups.contains(&state.baton) {
            next.backups.push(state.baton.clone());
        }
        Some(next)
    }

    fn is_automatic(&self, action: Action) -> bool {
        matches!(action, Action::OwnerSays | Action::PartnerSays | Action::Arrives(_))
    }

    fn broken(&self, before: &State, after: &State) -> Option<&'static str> {
        // What a restore brings back was offered and answered when it was said.
        let is_restored = after.restores != before.restores;
        let came = after.held_by().filter(|offer| before.held_by() != Some(*offer) && !is_restored);
        let was_offered = |offer: &u8| {
            let id = BatonOfferId::from_bytes([*offer; 16]);
            before.baton.waiting(before.now).is_some_and(|waiting| waiting.id == id)
                && after.counted.contains(offer)
        };
        if came.is_some_and(|offer| !was_offered(&offer)) {
            return Some("a baton goes by an offer that waits and its answer");
        }
        let offered = after.baton.offer.as_ref().is_some_and(|offer| offer.service().is_some());
        if !after.is_shared && (offered || after.held_by().is_some()) {
            return Some("a baton is where the case is shared");
        }
        if after.shown_by().is_some_and(|offer| !after.counted.contains(&offer)) {
            return Some("nobody is shown as stafettholder before the owner says so");
        }
        None
    }

    fn goals(&self) -> Vec<Goal<State>> {
        vec![
            Goal {
                rule: "both nodes come to know who is stafettholder",
                asks: |state| state.held_by() != state.shown_by() && state.given_back.is_none(),
                is_there: |state| state.held_by() == state.shown_by(),
            },
            Goal {
                rule: "a baton that is given back comes home",
                asks: |state| state.given_back.is_some() && state.held_by() == state.given_back,
                is_there: |state| state.held_by() != state.given_back,
            },
        ]
    }
}
