//! What is decided of a move: what it closes, what it needs, and what nobody else may say.

use super::*;
use crate::access::EntryFacts;
use crate::access::succeeding::permit_transfer;
use crate::access::tests::{Case, ENTRY, HOLDER, MOTHER, agreement, consent, note, own, partner, service};
use crate::agreement::Agreement;
use crate::consent::{Channel, Consent, WithdrawnPart};
use crate::id::GrantId;
use crate::signed::tests::key_from_seed;
use crate::succession::package::{Line, PackageHash};
use crate::succession::statement::{Answer, Answered, PackageStored};
use crate::transaction::Write;

const MOVE: ConsentId = ConsentId::from_bytes([0x51; 16]);
const SHARE: ConsentId = ConsentId::from_bytes([0x52; 16]);
const GRANT: GrantId = GrantId::from_bytes([0x53; 16]);
const ONE: SuccessionId = SuccessionId::from_bytes([1; 16]);
const NOW: UnixMillis = UnixMillis(1_000);
const PACKED: Packed = Packed { revision: 1, package: PackageHash([3; 32]) };

fn to_move() -> Consent {
    Consent { kind: ConsentKind::Transfer, ..consent(MOVE, service(partner(), "school")) }
}

/// A case, the agreement with the municipality that it may go to, and the moment.
struct Scene {
    ledger: LedgerView,
    agreement: Option<Agreement>,
    entry: EntryFacts,
    now: UnixMillis,
}

impl Scene {
    fn new() -> Self {
        let mut case = Case::child();
        case.shared_more(to_move());
        let case = case.shared(consent(SHARE, service(partner(), "ppt")), GRANT);
        Self { ledger: case.ledger, agreement: Some(agreement()), entry: note(), now: NOW }
    }

    fn partner(&self) -> PartnerView<'_> {
        PartnerView { partner: partner(), agreement: self.agreement.as_ref(), standing: Standing::Trusted }
    }

    fn decision(&self) -> Decision {
        Decision::about(self.ledger.clone(), Some(HOLDER), self.now)
    }

    fn offer(&mut self) -> Verified<Offer> {
        let mut decision = self.decision();
        let offer = decision.offer_move(own(), &terms(), self.partner(), &key()).expect("may be offered");
        self.ledger = decision.ledger().clone();
        offer
    }

    fn say(&mut self, say: impl FnOnce(&mut Decision) -> Result<(), MoveError>) -> Vec<Write> {
        let mut decision = self.decision();
        say(&mut decision).expect("can be said");
        self.ledger = decision.ledger().clone();
        decision.into_writes()
    }

    fn question(&self) -> MoveQuestion<'_> {
        MoveQuestion {
            ledger: &self.ledger,
            agreement: self.agreement.as_ref(),
            standing: Standing::Trusted,
            consent: MOVE,
            now: self.now,
        }
    }

    fn items(&self) -> BTreeMap<EntryId, GenerationId> {
        BTreeMap::from([(ENTRY, self.entry.generation)])
    }

    /// Offered, accepted, packed and stored.
    fn stored() -> Self {
        let mut scene = Self::new();
        let offer = scene.offer();
        scene.say(|decision| decision.hear_of_move(partner(), &yes(&offer), &key()));
        let before = Self { ledger: scene.ledger.clone(), ..Self::new() };
        scene.say(|decision| {
            let permit = permit_transfer(&before.question(), &before.entry)?;
            decision.pack_move(ONE, PACKED, &[permit], &key())
        });
        let stored = PackageStored { course: offer.statement().course, packed: PACKED };
        let stored = LeavingHeard::Stored(key_from_seed(2).sign(stored).expect("signs"));
        scene.say(|decision| decision.hear_of_move(partner(), &stored, &key()));
        scene
    }

    fn transfer(&self, items: &BTreeMap<EntryId, GenerationId>) -> Result<Decision, MoveError> {
        let mut decision = self.decision();
        let question = self.question();
        let permits: Vec<_> = permit_transfer(&question, &self.entry).into_iter().collect();
        decision.transfer_move(ONE, self.partner(), items, &permits, &key())?;
        Ok(decision)
    }
}

fn key() -> SigningKey {
    key_from_seed(1)
}

fn terms() -> MoveTerms {
    let wished = "2027-08-01".parse().expect("a day");
    MoveTerms { succession: ONE, consent: MOVE, stage: Stage::BeforeSchool, wished }
}

fn yes(offer: &Verified<Offer>) -> LeavingHeard {
    let holder = Line::of("Pål Vik").expect("a line");
    let answered = Answered::Accepted { holder, service: "school".parse().expect("a code") };
    let answer = Answer { course: offer.statement().course, offer: offer.hash(), answered };
    LeavingHeard::Answer(key_from_seed(2).sign(answer).expect("signs"))
}

fn closings(writes: &[Write]) -> Vec<&Closing> {
    fn of(write: &Write) -> Option<&Closing> {
        match write {
            Write::Closing { closing, .. } => Some(closing),
            _ => None,
        }
    }
    writes.iter().filter_map(of).collect()
}

fn withdraw(scene: &Scene, consent: ConsentId) -> Decision {
    let mut decision = scene.decision();
    let part = WithdrawnPart::Whole;
    let said = Said::ConsentWithdrawn { consent, giver: MOTHER, channel: Channel::Oral, part };
    decision.say(said, &key()).expect("can be said");
    decision
}

#[test]
fn offer_names_the_consents_services_and_needs_the_gate() {
    let offer = Scene::new().offer();
    let said = offer.statement();
    assert_eq!((said.course.to, said.lapses_at), (partner(), NOW.plus(SUCCESSION_OFFER_MS)));
    assert_eq!(said.services, to_move().services().cloned().collect());

    let scene = Scene { agreement: None, ..Scene::new() };
    let denied = scene.decision().offer_move(own(), &terms(), scene.partner(), &key());
    assert!(matches!(denied, Err(MoveError::Denied(Denial::NoAgreement))));
    let withdrawn = Scene { ledger: withdraw(&Scene::new(), MOVE).ledger().clone(), ..Scene::new() };
    let denied = withdrawn.decision().offer_move(own(), &terms(), withdrawn.partner(), &key());
    assert!(matches!(denied, Err(MoveError::Denied(Denial::NoConsent))));
}

#[test]
fn transfer_ends_every_grant_stands_in_the_journal_and_nothing_follows_it() {
    let scene = Scene::stored();

    let decision = scene.transfer(&scene.items()).expect("everything stands");

    assert!(decision.closes());
    assert!(decision.ledger().has_moved());
    assert_eq!(decision.over(scene.partner()), BTreeSet::from([GRANT]), "all sharing from here ends");
    assert_eq!(decision.due(scene.partner()), BTreeMap::new());
    let writes = decision.into_writes();
    let became = closings(&writes);
    let is_transfer = |closing: &&&Closing| {
        matches!(
            closing,
            Closing::SuccessionSettled {
                succession: ONE,
                became: Became::Transferred { packed: PACKED, .. },
                ..
            }
        )
    };
    assert_eq!(became.iter().filter(is_transfer).count(), 1, "{became:?}");
}

#[test]
fn transfer_waits_for_the_package_to_be_there_and_to_be_what_may_go() {
    let mut changed = Scene::stored();
    changed.entry.generation = GenerationId::from_bytes([0x77; 16]);
    let items = Scene::stored().items();
    assert!(matches!(changed.transfer(&items), Err(MoveError::Changed)), "another generation");
    assert!(
        matches!(Scene::stored().transfer(&BTreeMap::new()), Err(MoveError::Changed)),
        "one more than packed"
    );
    let mut more = items.clone();
    more.insert(EntryId::from_bytes([0x78; 16]), GenerationId::from_bytes([0x79; 16]));
    assert!(matches!(Scene::stored().transfer(&more), Err(MoveError::Changed)), "one is no longer permitted");

    let mut packed = Scene::new();
    let offer = packed.offer();
    packed.say(|decision| decision.hear_of_move(partner(), &yes(&offer), &key()));
    packed.say(|decision| decision.pack_move(ONE, PACKED, &[], &key()));
    assert!(packed.transfer(&BTreeMap::new()).is_err(), "the other side does not have it");

    let withdrawn = Scene { ledger: withdraw(&Scene::stored(), MOVE).ledger().clone(), ..Scene::new() };
    assert!(matches!(withdrawn.transfer(&items), Err(MoveError::Denied(Denial::NoConsent))));
}

#[test]
fn package_takes_only_what_the_gate_let_go_under_this_move() {
    let mut scene = Scene::new();
    let offer = scene.offer();
    scene.say(|decision| decision.hear_of_move(partner(), &yes(&offer), &key()));
    let other = ConsentId::from_bytes([0x61; 16]);
    let mut elsewhere = Case::child();
    elsewhere.shared_more(Consent { id: other, ..to_move() });
    let question = MoveQuestion { ledger: &elsewhere.ledger, consent: other, ..scene.question() };
    let of_another = permit_transfer(&question, &scene.entry).expect("may go under that one");

    let refused = scene.decision().pack_move(ONE, PACKED, &[of_another], &key());

    assert!(matches!(refused, Err(MoveError::Changed)));
}

#[test]
fn withdrawal_ends_an_open_move_and_comes_late_after_the_transfer() {
    let stored = Scene::stored();
    let before = withdraw(&stored, MOVE);
    assert_eq!(before.move_over(stored.partner()), Some((ONE, EndCause::ConsentOver)));
    assert_eq!(before.late_due(), Vec::new());

    let moved = stored.transfer(&stored.items()).expect("everything stands");
    let after = Scene { ledger: moved.ledger().clone(), now: UnixMillis(1_001), ..stored };
    assert_eq!(after.decision().late_due(), Vec::new());
    let mut late = withdraw(&after, MOVE);
    assert_eq!(late.move_over(after.partner()), None, "what is transferred stays transferred");
    assert_eq!(late.late_due(), vec![LateWord::ConsentTakenBack]);

    late.say_late(LateWord::ConsentTakenBack, &key()).expect("can be said");
    assert_eq!(late.late_due(), Vec::new(), "once");
    assert!(late.say_late(LateWord::ConsentTakenBack, &key()).is_err());
}

#[test]
fn protected_address_ends_an_open_move_and_is_told_to_the_new_owner_of_one_that_is_carried_out() {
    let protect = |scene: &Scene| {
        let mut case = Case { ledger: scene.ledger.clone() };
        case.protect(AddressProtection::Confidential, 1_000);
        Scene { ledger: case.ledger, now: UnixMillis(1_001), ..Scene::new() }
    };
    let stored = Scene::stored();
    let protected = protect(&stored);
    let mut clock = Decision::by_the_clock(protected.ledger.clone(), protected.now);
    assert_eq!(clock.move_over(protected.partner()), Some((ONE, EndCause::Blocked)));
    clock.end_move(ONE, EndCause::Blocked, &key()).expect("it is open");
    assert!(clock.closes(), "what of the package is on its way is dropped");

    let moved = stored.transfer(&stored.items()).expect("everything stands");
    let moved = Scene { ledger: moved.ledger().clone(), ..stored };
    assert_eq!(protect(&moved).decision().late_due(), vec![LateWord::AddressProtected]);
}

#[test]
fn time_ends_a_move_by_the_clock_alone() {
    let mut scene = Scene::new();
    scene.offer();
    scene.now = NOW.plus(SUCCESSION_OFFER_MS);
    let mut agreement = agreement();
    agreement.until = UnixMillis::MAX;
    scene.agreement = Some(agreement);
    let mut word = scene.decision();
    let level = crate::ledger::statement::Level::try_from(2).expect("a level");
    word.say(Said::LevelChanged { level }, &key()).expect("can be said");

    assert_eq!(word.move_over(scene.partner()), None, "an unrelated word tells nobody the hour");
    let clock = Decision::by_the_clock(scene.ledger.clone(), scene.now);
    assert!(clock.move_over(scene.partner()).is_some());
    let sealed = PartnerView { standing: Standing::Sealed, ..scene.partner() };
    assert_eq!(clock.move_over(sealed), None, "a sealed node decides nothing");
}

#[test]
fn answer_after_the_lapse_ends_the_move_and_is_in_the_journal() {
    let mut scene = Scene::new();
    let offer = scene.offer();
    scene.now = NOW.plus(SUCCESSION_OFFER_MS);

    let writes = scene.say(|decision| decision.hear_of_move(partner(), &yes(&offer), &key()));

    assert_eq!(scene.ledger.moves()[&ONE].leaving.end_cause(), Some(EndCause::Lapsed));
    let settled = closings(&writes);
    assert!(matches!(settled[..], [Closing::SuccessionSettled { became: Became::Ended, .. }]), "{settled:?}");
}

#[test]
fn what_another_municipality_says_changes_nothing() {
    let mut scene = Scene::new();
    let offer = scene.offer();
    let third = "942110464".parse().expect("a number");

    let refused = scene.decision().hear_of_move(third, &yes(&offer), &key());

    assert!(matches!(refused, Err(MoveError::NotTheirs)));
}
