//! The chain: what follows, and what is refused without a trace.

mod transitions;

use super::*;
use crate::access::tests::{CASE, Case, HOLDER, MOTHER, consent, partner, service};
use crate::baton::BatonOffer;
use crate::consent::{Channel, Evidence, WithdrawnPart, Yes};
use crate::id::{AccountId, BatonOfferId, PackageId};
use crate::signed::tests::key_from_seed;
use crate::succession::origin::{Way, hash_of};

const CONSENT: ConsentId = ConsentId::from_bytes([8; 16]);
const GRANT: GrantId = GrantId::from_bytes([10; 16]);
const ORDER: OrderId = OrderId::from_bytes([12; 16]);
const HASH: StatementHash = StatementHash([0; 32]);

fn asked() -> Said {
    Said::ConsentAsked { consent: consent(CONSENT, service(partner(), "ppt")) }
}

fn withdrawal() -> Said {
    let part = WithdrawnPart::Whole;
    Said::ConsentWithdrawn { consent: CONSENT, giver: MOTHER, channel: Channel::Oral, part }
}

fn issued() -> Said {
    Said::GrantIssued {
        grant: GRANT,
        consent: CONSENT,
        partner: partner(),
        areas: BTreeSet::new(),
        hash: HASH,
    }
}

fn signed(statement: LedgerStatement) -> Verified<LedgerStatement> {
    key_from_seed(1).sign(statement).expect("signs")
}

fn try_say(view: &LedgerView, said: Said) -> Result<LedgerView, LedgerError> {
    let mut next = view.clone();
    let result = next.append(&signed(view.next(said, Some(HOLDER), UnixMillis(50))));
    if result.is_err() {
        assert_eq!(&next, view, "a refusal leaves no trace");
    }
    result.map(|()| next)
}

#[test]
fn chain_replays_to_what_it_was() {
    let mut view = Case::child().ledger;
    let opening = opening();
    let mut chain = vec![opening];
    for said in [asked(), issued(), Said::GrantEnded { grant: GRANT }, Said::Closed] {
        let next = signed(view.next(said, Some(HOLDER), UnixMillis(50)));
        view.append(&next).expect("follows");
        chain.push(next);
    }

    let replayed = LedgerView::replay(chain.iter()).expect("a whole chain");

    assert_eq!(replayed, view);
    assert_eq!(replayed.length(), 5);
    for missing in 0..chain.len() - 1 {
        let broken = chain.iter().enumerate().filter(|(place, _)| *place != missing).map(|(_, next)| next);
        assert!(LedgerView::replay(broken).is_err(), "without {missing}");
    }
    let mut reordered: Vec<_> = chain.iter().collect();
    reordered.swap(1, 2);
    assert_eq!(LedgerView::replay(reordered.into_iter()), Err(LedgerError::Broken { number: 1 }));
}

fn opening() -> Verified<LedgerStatement> {
    let view = Case::child().ledger;
    let said = Said::Opened {
        subject_kind: view.subject_kind(),
        level: view.level(),
        holder: view.baton().last_own_holder(),
        service: view.opened_by().clone(),
        unit: view.opened_in().map(str::to_owned),
        parties: view.parties().to_vec(),
        birthdays: view.birthdays().clone(),
    };
    let first =
        LedgerStatement { case: CASE, number: 0, previous: None, at: UnixMillis(0), by: Some(HOLDER), said };
    signed(first)
}

#[test]
fn statement_of_another_case_place_or_past_breaks_the_chain() {
    let view = Case::child().ledger;
    let next = view.next(asked(), Some(HOLDER), UnixMillis(50));
    let refused = |statement: LedgerStatement| view.clone().append(&signed(statement));

    let other = LedgerStatement { case: CaseId::from_bytes([9; 16]), ..next.clone() };
    assert_eq!(refused(other), Err(LedgerError::AnotherCase));
    let gap = LedgerStatement { number: 2, ..next.clone() };
    assert_eq!(refused(gap), Err(LedgerError::Broken { number: 1 }));
    let fork = LedgerStatement { previous: Some(HASH), ..next.clone() };
    assert_eq!(refused(fork), Err(LedgerError::Broken { number: 1 }));
    let loose = LedgerStatement { previous: None, ..next.clone() };
    assert_eq!(refused(loose), Err(LedgerError::Broken { number: 1 }));

    let mut further = view.clone();
    let next = signed(next);
    further.append(&next).expect("follows");
    assert_eq!(further.append(&next), Err(LedgerError::Broken { number: 2 }), "a replay");
}

#[test]
fn case_is_opened_first_and_once() {
    let view = Case::child().ledger;
    let again = opening().statement().said.clone();

    assert_eq!(try_say(&view, again), Err(LedgerError::Opening));
    let first = LedgerStatement { number: 0, previous: None, ..view.next(asked(), None, UnixMillis(0)) };
    assert_eq!(LedgerView::open(&signed(first)), Err(LedgerError::Opening));
    let late = LedgerStatement { number: 1, ..opening().statement().clone() };
    assert_eq!(LedgerView::open(&signed(late)), Err(LedgerError::Broken { number: 0 }));
}

#[test]
fn id_is_taken_once() {
    let view = try_say(&Case::child().ledger, asked()).expect("asks");
    assert_eq!(try_say(&view, asked()), Err(LedgerError::IdTaken));

    let view = try_say(&view, issued()).expect("issues");
    assert_eq!(try_say(&view, issued()), Err(LedgerError::IdTaken));

    let ordered = Said::EraseOrdered { order: ORDER, grant: GRANT, hash: HASH };
    let view = try_say(&view, ordered.clone()).expect("orders");
    assert_eq!(try_say(&view, ordered), Err(LedgerError::IdTaken));
}

#[test]
fn nothing_is_said_about_what_is_not_there() {
    let view = Case::child().ledger;
    let yes = Yes::new(UnixMillis(20), Evidence::Oral);

    let given = Said::ConsentGiven { consent: CONSENT, giver: MOTHER, yes };
    assert_eq!(try_say(&view, given), Err(LedgerError::NoSuchConsent));
    let withdrawn = withdrawal();
    assert_eq!(try_say(&view, withdrawn), Err(LedgerError::NoSuchConsent));
    assert_eq!(try_say(&view, issued()), Err(LedgerError::NoSuchConsent));
    assert_eq!(try_say(&view, Said::GrantEnded { grant: GRANT }), Err(LedgerError::NoSuchGrant));
    let ordered = Said::EraseOrdered { order: ORDER, grant: GRANT, hash: HASH };
    assert_eq!(try_say(&view, ordered), Err(LedgerError::NoSuchGrant));
    let filed = Said::ReceiptFiled { order: ORDER, hash: HASH };
    assert_eq!(try_say(&view, filed), Err(LedgerError::NoSuchGrant));
}

#[test]
fn closed_case_asks_and_takes_no_consent_but_lets_one_be_withdrawn() {
    let view = try_say(&Case::child().ledger, asked()).expect("asks");
    let yes = Yes::new(UnixMillis(20), Evidence::Oral);
    let given = Said::ConsentGiven { consent: CONSENT, giver: MOTHER, yes };

    let closed = try_say(&view, Said::Closed).expect("closes");

    assert!(closed.is_closed() && !view.is_closed());
    assert_eq!(try_say(&closed, given.clone()), Err(LedgerError::Closed));
    assert_eq!(try_say(&closed, asked()), Err(LedgerError::Closed));
    assert_eq!(try_say(&closed, Said::Closed), Err(LedgerError::Closed));
    assert!(try_say(&closed, withdrawal()).is_ok());
    assert!(try_say(&view, given).is_ok());
}

#[test]
fn grant_that_has_ended_keeps_its_first_moment() {
    let view = try_say(&Case::child().ledger, asked()).expect("asks");
    let view = try_say(&view, issued()).expect("issues");
    assert_eq!(view.grants()[&GRANT].ended_at, None);
    let ended = try_say(&view, Said::GrantEnded { grant: GRANT }).expect("ends");

    let mut again = ended.clone();
    let later = ended.next(Said::GrantEnded { grant: GRANT }, None, UnixMillis(99));
    again.append(&signed(later)).expect("says it again");

    assert_eq!(again.grants()[&GRANT].ended_at, Some(UnixMillis(50)));
}

#[test]
fn order_waits_until_its_receipt_is_filed() {
    let view = try_say(&Case::child().ledger, asked()).expect("asks");
    let view = try_say(&view, issued()).expect("issues");
    let ordered = Said::EraseOrdered { order: ORDER, grant: GRANT, hash: HASH };
    let view = try_say(&view, ordered).expect("orders");
    assert_eq!(view.orders_waiting().collect::<Vec<_>>(), [ORDER]);

    let view = try_say(&view, Said::ReceiptFiled { order: ORDER, hash: HASH }).expect("files");

    assert_eq!(view.orders_waiting().count(), 0);
}

#[test]
fn baton_follows_its_own_rules_in_the_chain() {
    let nils = AccountId::from_bytes([70; 16]);
    let offer = BatonOffer::own(BatonOfferId::from_bytes([71; 16]), nils, UnixMillis(51));
    let view = Case::child().ledger;
    let accepted = Said::BatonAccepted { offer: offer.id, by: nils };
    assert_eq!(try_say(&view, accepted.clone()), Err(LedgerError::Baton(BatonError::NoSuchOffer)));

    let offered = try_say(&view, Said::BatonOffered { offer }).expect("offers");
    assert_eq!(offered.holder(), Some(HOLDER));

    assert_eq!(try_say(&offered, accepted).expect("accepts").holder(), Some(nils));
}

#[test]
fn registration_counts_only_by_a_second_person_and_only_on_the_family_it_was_built_on() {
    let mut view = Case::child().ledger;
    let everybody = view.parties().to_vec();
    let register = |byte: u8, parties: &[Party]| Said::PartiesRegistered {
        registration: RegistrationId::from_bytes([byte; 16]),
        parties: parties.to_vec(),
        birthdays: None,
        document: "2026/117-3".to_owned(),
    };
    let approve = |byte: u8| Said::PartiesApproved { registration: RegistrationId::from_bytes([byte; 16]) };
    let leader = AccountId::from_bytes([77; 16]);
    for said in [register(1, &everybody[..2]), register(2, &everybody)] {
        view = try_say(&view, said).expect("waits");
    }
    assert_eq!(view.parties(), everybody, "nothing has changed yet");
    assert_eq!(try_say(&view, approve(1)), Err(LedgerError::SamePerson));
    assert_eq!(try_say(&view, approve(9)), Err(LedgerError::NoSuchRegistration));

    let approved = signed(view.next(approve(1), Some(leader), UnixMillis(60)));
    view.append(&approved).expect("another person");

    assert_eq!(view.parties(), &everybody[..2]);
    assert!(view.has_known(everybody[2].person));
    let overtaken = signed(view.next(approve(2), Some(leader), UnixMillis(61)));
    assert_eq!(view.clone().append(&overtaken), Err(LedgerError::Overtaken));
    let reject = Said::PartiesRejected { registration: RegistrationId::from_bytes([2; 16]) };
    assert_eq!(try_say(&view, reject).expect("answered").registrations().len(), 0);
}

#[test]
fn decision_of_protection_closes_more_or_is_the_leaders() {
    use AddressProtection::{Confidential, None, StrictlyConfidential};
    let mut case = Case::child();
    let nobody = BTreeSet::new();
    let mother = BTreeSet::from([MOTHER]);
    assert!(case.ledger.protection().only_closes(Confidential, &nobody));
    case.protect_by(ProtectionSaid::Set { protection: StrictlyConfidential, safe_for: mother.clone() }, 10);
    let present = case.ledger.protection();

    assert!(present.only_closes(StrictlyConfidential, &mother));
    assert!(present.only_closes(StrictlyConfidential, &nobody));
    let one_more = BTreeSet::from([MOTHER, PersonId::from_bytes([2; 16])]);
    assert!(!present.only_closes(StrictlyConfidential, &one_more));
    assert!(!present.only_closes(Confidential, &nobody));
    assert!(!present.only_closes(None, &nobody));
}

#[test]
fn approval_opens_a_public_recipient_under_a_confidential_address_and_nothing_else() {
    use crate::consent::{Controller, Sector};
    use AddressProtection::{Confidential, None, StrictlyConfidential};
    let private = Controller { organisation: partner(), sector: Sector::Private };
    let mut case = Case::child();
    case.ask(consent(CONSENT, service(partner(), "ppt")));
    let other = ConsentId::from_bytes([9; 16]);
    case.ask(crate::consent::Consent { controller: private, ..consent(other, service(partner(), "ppt")) });
    let opens = |case: &Case| {
        let ledger = &case.ledger;
        [CONSENT, other].map(|id| ledger.protection().approval_opens(&ledger.consents()[&id]))
    };
    assert_eq!(opens(&case), [false, false]);

    for (grade, expected) in
        [(Confidential, [true, false]), (StrictlyConfidential, [false, false]), (None, [false, false])]
    {
        case.protect(grade, 40);
        assert_eq!(opens(&case), expected, "{grade:?}");
    }
}

#[test]
fn case_with_known_birthdays_reads_back_from_its_token() {
    let mut first = opening().statement().clone();
    if let Said::Opened { birthdays, .. } = &mut first.said {
        birthdays.0.extend([(15, UnixMillis(900)), (16, UnixMillis(1_000))]);
    }
    let signed = signed(first.clone());

    let read = crate::signed::Signed::<LedgerStatement>::from_token(signed.token().to_owned());

    assert_eq!(read.verify(&[key_from_seed(1).public()]).expect("its own").statement(), &first);
}

#[test]
fn case_comes_from_elsewhere_with_its_opening_by_the_word_of_the_node_alone() {
    let view = LedgerView::open(&opening()).expect("opens");
    let carried = || Said::CarriedOver {
        from: partner(),
        way: Way::Hand(PackageId::from_bytes([7; 16])),
        entries: 2,
        origins: hash_of(&BTreeSet::new()),
        unreadable: 1,
    };
    let say = |view: &LedgerView, said, by| {
        let mut next = view.clone();
        next.append(&signed(view.next(said, by, UnixMillis(20)))).map(|()| next)
    };

    assert_eq!(say(&view, carried(), Some(HOLDER)), Err(LedgerError::Arrival));
    let came = say(&view, carried(), None).expect("follows");
    let known = came.carried().expect("it came");
    assert_eq!((known.entries, known.unreadable, known.at), (2, 1, UnixMillis(20)));
    assert_eq!(came.family_carried_since(), Some(UnixMillis(20)));
    assert_eq!((view.carried(), view.family_carried_since()), (None, None));

    assert_eq!(say(&came, carried(), None), Err(LedgerError::Arrival), "once");
    let later = say(&view, Said::LevelChanged { level: view.level() }, None).expect("follows");
    assert_eq!(say(&later, carried(), None), Err(LedgerError::Arrival), "and right after its opening");
}
