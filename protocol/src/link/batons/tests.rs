//! A baton over two sessions, with stores that are maps: what is said, when, and under which gate.

mod hearing;
mod keeping;
mod silence;
mod stops;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::access::tests::{
    CASE, Case, HOLDER, LEADER, PPT, PPT_GRANT, agreement, own, partner, service, to_ppt,
};
use crate::agreement::{Agreement, Standing};
use crate::baton::{BatonOffer, Holder, Offered};
use crate::consent::{Consent, Direction};
use crate::decision::{Decision, PartnerView};
use crate::grant::{Grant, ReceivedGrant};
use crate::id::{AccountId, GrantId};
use crate::ledger::statement::Said;
use crate::limits::BATON_OFFER_MS;
use crate::link::input::Input;
use crate::link::output::Token;
use crate::link::snapshot::{Handed, IssuedState, Snapshot};
use crate::link::{Identity, Session};
use crate::signed::tests::key_from_seed;
use crate::succession::package::Line;
use crate::succession::sealed::PackageSecret;
use crate::wire::{Refused, Stream};

const ONE: BatonOfferId = BatonOfferId::from_bytes([0x61; 16]);
const TWO: BatonOfferId = BatonOfferId::from_bytes([0x62; 16]);
const OLE: AccountId = AccountId::from_bytes([0x63; 16]);

fn ppt() -> Service {
    service(partner(), "ppt")
}

fn agreed(with: OrganisationNumber) -> Agreement {
    Agreement { partner: with, until: UnixMillis::MAX, ..agreement() }
}

fn identity(own: OrganisationNumber, partner: OrganisationNumber, seed: u8, theirs: u8) -> Identity {
    Identity {
        own,
        partner,
        signing: Arc::new(key_from_seed(seed)),
        earlier_keys: Vec::new(),
        partner_keys: vec![key_from_seed(theirs).public()],
        entries_max: Identity::ENTRIES_MAX,
        bytes_max: Identity::BYTES_MAX,
        retention: Arc::default(),
        package_secret: Arc::new(PackageSecret::new([seed; 32])),
    }
}

/// The owner, the municipality of the service, and what each keeps.
struct World {
    now: UnixMillis,
    owner: Session,
    there: Session,
    ledger: LedgerView,
    /// What the store of the partner holds.
    rows: BTreeMap<BatonOfferId, BatonThere>,
    /// What is durable there, and the session has not been told.
    durable: Vec<Token>,
    has_grant: bool,
    is_cut: bool,
    /// The store there takes nothing.
    is_full: bool,
    /// The store there takes all, and the session is told later.
    is_slow: bool,
    /// The owner's engine does nothing.
    is_deaf: bool,
    /// What went over the line: from the owner, and from the partner.
    told: Vec<Frame>,
    said: Vec<Frame>,
}

impl World {
    fn new(consent: Consent) -> Self {
        Self::until(UnixMillis::MAX, consent)
    }

    fn until(until: UnixMillis, consent: Consent) -> Self {
        let now = UnixMillis(1_000);
        let ledger = Case::child().shared(Consent { until, ..consent }, PPT_GRANT).ledger;
        let agreed = Some(agreed(partner()));
        let session = |identity, agreement| {
            Session::new(identity, agreement, Standing::Trusted, Snapshot::default(), now)
        };
        let mut world = Self {
            now,
            owner: session(identity(own(), partner(), 1, 2), agreed),
            there: session(identity(partner(), own(), 2, 1), None),
            ledger,
            rows: BTreeMap::new(),
            durable: Vec::new(),
            has_grant: true,
            is_cut: true,
            is_full: false,
            is_slow: false,
            is_deaf: false,
            told: Vec::new(),
            said: Vec::new(),
        };
        world.restart_owner();
        world.restart_there();
        world
    }

    fn shared() -> Self {
        Self::new(to_ppt())
    }

    /// The baton is offered to the service, and the two nodes are connected.
    fn offered() -> Self {
        let mut world = Self::shared();
        world.offer(ONE);
        world.connect();
        world
    }

    /// Ole holds it, and both sides know.
    fn held() -> Self {
        let mut world = Self::offered();
        world.takes(ONE);
        assert_eq!(world.holder_there(), Some(OLE));
        world
    }

    fn grant(&self) -> Grant {
        let record = &self.ledger.consents()[&PPT];
        Grant::from_consent(PPT_GRANT, own(), CASE, record, record.areas())
    }

    fn restart_owner(&mut self) {
        self.cut();
        let mut snapshot = Snapshot::default();
        snapshot.cases.insert(CASE, Arc::new(self.ledger.clone()));
        if self.has_grant {
            let grant = key_from_seed(1).sign(self.grant()).expect("signs");
            let issued = IssuedState { grant, stored: true, sent: true, handed: Handed::Yes };
            snapshot.issued.insert(PPT_GRANT, issued);
        }
        let agreed = Some(agreed(partner()));
        self.owner =
            Session::new(identity(own(), partner(), 1, 2), agreed, Standing::Trusted, snapshot, self.now);
    }

    fn restart_there(&mut self) {
        self.cut();
        let ended_at = (!self.has_grant).then_some(self.now);
        let mut snapshot = Snapshot { batons: self.rows.clone(), ..Snapshot::default() };
        snapshot.received.insert(CASE, vec![ReceivedGrant { grant: self.grant(), ended_at }]);
        let agreed = Some(agreed(own()));
        self.there =
            Session::new(identity(partner(), own(), 2, 1), agreed, Standing::Trusted, snapshot, self.now);
    }

    fn connect(&mut self) {
        self.is_cut = false;
        self.owner.handle(Input::Connected { salt: [1; 32] }, self.now);
        self.there.handle(Input::Connected { salt: [2; 32] }, self.now);
        self.run();
    }

    fn cut(&mut self) {
        self.is_cut = true;
        self.owner.handle(Input::Disconnected, self.now);
        self.there.handle(Input::Disconnected, self.now);
        self.run();
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.owner.handle(Input::Timer, self.now);
        self.there.handle(Input::Timer, self.now);
        self.run();
        for session in [&self.owner, &self.there] {
            let wanted = session.poll_timeout();
            assert!(wanted.is_none_or(|at| at > self.now), "wanted at {wanted:?}, and it is {:?}", self.now);
        }
    }

    fn run(&mut self) {
        for _ in 0..10_000 {
            if let Some(output) = self.owner.poll_output() {
                self.of_owner(output);
            } else if let Some(output) = self.there.poll_output() {
                self.of_there(output);
            } else {
                return;
            }
        }
        panic!("the two sides never come to rest");
    }

    fn of_owner(&mut self, output: Output) {
        match output {
            Output::Send { frame, .. } if !self.is_cut => {
                if matches!(frame, Frame::Baton(_) | Frame::Refused(_)) {
                    self.told.push(frame.clone());
                }
                let stream = frame.stream();
                self.there.handle(Input::Frame { stream, frame, random: [5; 32] }, self.now);
                self.owner.handle(Input::FramesWaiting(0), self.now);
            }
            Output::Commit { token, .. } => {
                self.owner.handle(Input::Done { token, outcome: Ok(Committed::default()) }, self.now);
            }
            Output::BatonHeard(answer) if !self.is_deaf => self.owner_hears(&answer),
            Output::Close(_) => self.is_cut = true,
            _ => {}
        }
    }

    fn of_there(&mut self, output: Output) {
        match output {
            Output::Send { frame, .. } if !self.is_cut => {
                if matches!(frame, Frame::BatonAnswer(_)) {
                    self.said.push(frame.clone());
                }
                let stream = frame.stream();
                self.owner.handle(Input::Frame { stream, frame, random: [6; 32] }, self.now);
                self.there.handle(Input::FramesWaiting(0), self.now);
            }
            Output::Commit { token, transaction } => {
                let concerns =
                    |write: &Write| matches!(write, Write::BatonThere(_) | Write::BatonThereOver(_));
                if self.is_full && transaction.writes.iter().any(concerns) {
                    return self.there.handle(Input::Done { token, outcome: Err(Fault::Moved) }, self.now);
                }
                transaction.writes.into_iter().for_each(|write| self.keep(write));
                if self.is_slow {
                    return self.durable.push(token);
                }
                self.there.handle(Input::Done { token, outcome: Ok(Committed::default()) }, self.now);
            }
            Output::Close(_) => self.is_cut = true,
            _ => {}
        }
    }

    /// What a session writes, as a store keeps it: in the order of the writes, whatever the session knows.
    fn keep(&mut self, write: Write) {
        match write {
            Write::BatonThere(record) => {
                let known = self.rows.get(&record.about.offer);
                if known.is_none_or(|known| known.is_before(&record)) {
                    self.rows.insert(record.about.offer, *record);
                }
            }
            Write::BatonThereOver(offer) => {
                self.rows.remove(&offer);
            }
            _ => {}
        }
    }

    /// The session is told of what is durable.
    fn settle(&mut self) {
        self.is_slow = false;
        for token in std::mem::take(&mut self.durable) {
            self.there.handle(Input::Done { token, outcome: Ok(Committed::default()) }, self.now);
        }
        self.run();
    }

    /// The owner's node says something, whatever its ledger says.
    fn owner_says<T: OfBaton>(&mut self, said: T, frame: impl FnOnce(String) -> BatonFrame) {
        let token = key_from_seed(1).sign(said).expect("signs").token().to_owned();
        let (stream, frame) = (Stream::Control, Frame::Baton(frame(token)));
        self.there.handle(Input::Frame { stream, frame, random: [8; 32] }, self.now);
        self.run();
    }

    fn about(&self, offer: BatonOfferId) -> About {
        About { offer, owner: own(), partner: partner(), case: CASE, service: ppt().code }
    }

    fn view(agreement: &Agreement) -> PartnerView<'_> {
        PartnerView { partner: partner(), agreement: Some(agreement), standing: Standing::Trusted }
    }

    fn try_decide<E>(&mut self, say: impl FnOnce(&mut Decision) -> Result<(), E>) -> Result<(), E> {
        let mut decision = Decision::about(self.ledger.clone(), Some(HOLDER), self.now);
        say(&mut decision)?;
        self.ledger = decision.ledger().clone();
        self.owner.handle(Input::CaseChanged { ledger: Arc::new(self.ledger.clone()) }, self.now);
        self.run();
        Ok(())
    }

    fn say(&mut self, said: Said) {
        self.try_decide(|decision| decision.say(said, &key_from_seed(1))).expect("follows");
    }

    fn offer(&mut self, id: BatonOfferId) {
        let offer = BatonOffer { id, to: Offered::Service(ppt()), lapses_at: self.now.plus(BATON_OFFER_MS) };
        let agreed = agreed(partner());
        let offer = |decision: &mut Decision| {
            decision.offer_baton_there(offer, Self::view(&agreed), &key_from_seed(1))
        };
        self.try_decide(offer).expect("may be offered");
    }

    fn owner_hears(&mut self, answer: &Verified<AnswerThere>) {
        let agreed = agreed(partner());
        let heard = self.try_decide(|decision| {
            decision.hear_of_baton(answer, Self::view(&agreed), Some(LEADER), &key_from_seed(1))
        });
        heard.expect("the session has asked the rule");
    }

    /// Ole takes it, if that can be kept; durable before it is said.
    fn takes(&mut self, offer: BatonOfferId) {
        let name = Line::of("Ole Eksempel").expect("a line");
        self.answers(offer, At::Taken { account: OLE, name });
    }

    fn answers(&mut self, offer: BatonOfferId, at: At) {
        let known = self.rows.get_mut(&offer).expect("an offer that is kept");
        let record = BatonThere { at, ..known.clone() };
        assert!(known.is_before(&record), "{known:?} is answered");
        *known = record.clone();
        self.there.handle(Input::BatonSaid(Box::new(record)), self.now);
        self.run();
    }

    /// The service's only grant ends, in one decision.
    fn ends(&mut self) {
        self.has_grant = false;
        self.try_decide(|decision| {
            decision.say(Said::GrantEnded { grant: PPT_GRANT }, &key_from_seed(1))?;
            decision.mend_baton(Some(LEADER), &key_from_seed(1))
        })
        .expect("follows");
    }

    /// The service's grant ends, and another takes its place in the same decision.
    fn renews(&mut self, next: GrantId) {
        let areas = self.ledger.grants()[&PPT_GRANT].areas.clone();
        let (consent, partner, hash) = (PPT, partner(), self.ledger.last());
        self.try_decide(|decision| {
            decision.say(Said::GrantEnded { grant: PPT_GRANT }, &key_from_seed(1))?;
            decision
                .say(Said::GrantIssued { grant: next, consent, partner, areas, hash }, &key_from_seed(1))?;
            decision.mend_baton(Some(LEADER), &key_from_seed(1))
        })
        .expect("follows");
    }

    fn holder(&self) -> &Holder {
        &self.ledger.baton().holder
    }

    fn is_held_there(&self) -> bool {
        self.ledger.baton().there().is_some_and(|there| there.account == OLE)
    }

    /// Whom the partner shows as stafettholder.
    fn holder_there(&self) -> Option<AccountId> {
        self.rows.values().find_map(BatonThere::holder)
    }

    fn over(&self) -> usize {
        let is_over = |frame: &&Frame| {
            let Frame::Baton(BatonFrame::Now { token }) = frame else { return false };
            let now = Signed::<NowThere>::from_token(token.clone()).verify(&[key_from_seed(1).public()]);
            now.is_ok_and(|now| now.statement().holds == Holds::Over)
        };
        self.told.iter().filter(is_over).count()
    }

    fn refused(&self) -> usize {
        let refused = Frame::Refused(Refused { kind: ANSWER_KIND, code: ErrorCode::NotShared });
        self.told.iter().filter(|frame| **frame == refused).count()
    }

    /// The two sides agree on who holds the baton.
    fn must_agree(&self) {
        assert_eq!(
            self.holder_there().is_some(),
            self.is_held_there(),
            "{:?} {:?}",
            self.rows,
            self.holder()
        );
    }
}

#[test]
fn somebody_of_the_service_holds_the_baton_once_the_owner_says_so() {
    let mut world = World::offered();
    assert!(world.rows[&ONE].may_be_taken(world.now));
    assert_eq!(world.holder(), &Holder::Own(HOLDER));
    world.is_deaf = true;
    world.takes(ONE);

    assert_eq!(world.holder_there(), None, "the owner has not said so");
    world.is_deaf = false;
    world.wait(BATON_REPEAT_MS);

    assert!(world.is_held_there());
    assert_eq!(world.holder_there(), Some(OLE));
    assert_eq!(world.ledger.holder(), None, "nobody here is stafettholder");
    let (told, said) = (world.told.len(), world.said.len());
    world.wait(10 * BATON_REPEAT_MS);
    assert_eq!((world.told.len(), world.said.len()), (told, said), "both sides know, and are silent");
}

#[test]
fn no_of_the_service_leaves_the_baton_where_it_is_and_nothing_of_the_offer_there() {
    let mut world = World::offered();

    world.answers(ONE, At::NotTaken);

    assert_eq!((world.holder(), world.ledger.baton().offer.as_ref()), (&Holder::Own(HOLDER), None));
    assert!(world.rows.is_empty(), "{:?}", world.rows);
}

#[test]
fn baton_that_is_given_back_falls_to_the_acting_leader() {
    let mut world = World::held();

    world.answers(ONE, At::NotTaken);

    assert_eq!(world.ledger.holder(), Some(LEADER));
    assert!(world.ledger.baton().is_acting);
    assert!(world.rows.is_empty(), "{:?}", world.rows);
}

#[test]
fn acceptance_after_the_offer_has_lapsed_or_was_taken_back_is_told_that_it_is_over() {
    for is_recalled in [false, true] {
        let mut world = World::offered();
        world.cut();
        let name = Line::of("Ole Eksempel").expect("a line");
        world.answers(ONE, At::Taken { account: OLE, name });
        if is_recalled {
            world.say(Said::BatonRecalled { offer: ONE });
        } else {
            world.now = world.now.plus(BATON_OFFER_MS);
        }

        world.connect();

        assert_eq!(world.holder(), &Holder::Own(HOLDER));
        assert_eq!(world.over(), 1);
        assert!(world.rows.is_empty(), "{:?}", world.rows);
    }
}

#[test]
fn acceptance_that_crosses_another_offer_counts_for_neither() {
    let mut world = World::offered();
    world.cut();
    world.takes(ONE);
    world.say(Said::BatonRecalled { offer: ONE });
    world.offer(TWO);

    world.connect();

    assert_eq!(world.holder(), &Holder::Own(HOLDER));
    assert_eq!(world.rows.keys().collect::<Vec<_>>(), [&TWO]);
    world.takes(TWO);
    assert!(world.is_held_there());
    world.must_agree();
}

#[test]
fn offer_that_is_over_is_not_made_again_under_its_id() {
    let mut world = World::offered();
    world.say(Said::BatonRecalled { offer: ONE });
    let again = BatonOffer { id: ONE, to: Offered::Service(ppt()), lapses_at: UnixMillis::MAX };
    let agreed = agreed(partner());

    let refused = world
        .try_decide(|decision| decision.offer_baton_there(again, World::view(&agreed), &key_from_seed(1)));

    assert!(refused.is_err() && world.ledger.baton().offer.is_none(), "{:?}", world.ledger.baton());
}

#[test]
fn leader_who_gives_the_baton_to_another_ends_it_there() {
    for is_connected in [true, false] {
        let mut world = World::held();
        if !is_connected {
            world.cut();
        }

        world.say(Said::BatonReassigned { to: LEADER });
        world.connect();

        assert_eq!(world.ledger.holder(), Some(LEADER));
        assert!(world.rows.is_empty(), "{:?}", world.rows);
    }
}

#[test]
fn end_of_the_last_grant_takes_the_baton_home_in_the_same_decision_and_says_nothing_of_it() {
    let mut world = World::held();
    let told = world.told.len();

    world.ends();

    assert_eq!(world.ledger.holder(), Some(LEADER));
    assert!(world.ledger.baton().is_acting);
    assert_eq!(world.told.len(), told, "the order says enough");
    world.there.handle(Input::Timer, world.now);
    world.answers(ONE, At::NotTaken);
    assert_eq!((world.over(), world.refused()), (0, 1), "who asks gets one refusal");
}

#[test]
fn offer_is_void_once_the_service_has_no_grant() {
    let mut world = World::offered();

    world.ends();

    assert_eq!(world.ledger.baton().offer, None);
    assert_eq!(world.holder(), &Holder::Own(HOLDER));
}

#[test]
fn grant_that_takes_the_place_of_another_leaves_the_baton_there() {
    let mut world = World::held();

    world.renews(GrantId::from_bytes([0x70; 16]));

    assert!(world.is_held_there());
}

#[test]
fn service_that_only_reads_or_has_no_grant_is_not_offered_the_baton() {
    let reads = World::new(Consent { direction: Direction::Give, ..to_ppt() });
    let mut ended = World::shared();
    ended.ends();
    for mut world in [reads, ended] {
        let offer = BatonOffer { id: ONE, to: Offered::Service(ppt()), lapses_at: UnixMillis::MAX };
        let agreed = agreed(partner());

        let refused = world.try_decide(|decision| {
            decision.offer_baton_there(offer, World::view(&agreed), &key_from_seed(1))
        });

        assert!(matches!(refused, Err(crate::decision::BatonThereError::Denied(_))), "{refused:?}");
    }
}
