//! What follows from what holds: grants, orders, and that no order tells why.

use std::collections::BTreeMap;

use super::*;
use crate::access::tests::{
    CASE, Case, FATHER, HOLDER, MOTHER, agreement, areas, consent, note, own, partner, service,
};
use crate::access::{Held, Question, permit};
use crate::consent::{Channel, Consent, WithdrawnPart};
use crate::entry::Heads;
use crate::id::{DisclosureId, EntryId};
use crate::signed::tests::key_from_seed;
use crate::signed::{Signed, Statement};

const PPT: ConsentId = ConsentId::from_bytes([8; 16]);
const CLINIC: ConsentId = ConsentId::from_bytes([9; 16]);
const NOW: UnixMillis = UnixMillis(1_000);

fn view(agreement: Option<&Agreement>, standing: Standing) -> PartnerView<'_> {
    PartnerView { partner: partner(), agreement, standing }
}

fn given(consents: &[Consent]) -> LedgerView {
    let mut case = Case::child();
    for consent in consents {
        case.ask(consent.clone());
        case.give(consent.id, MOTHER, false);
        case.give(consent.id, FATHER, false);
    }
    case.ledger
}

fn due(ledger: &LedgerView, partner: PartnerView<'_>) -> BTreeSet<ConsentId> {
    grants_due(ledger, partner, NOW).into_keys().collect()
}

fn both() -> [Consent; 2] {
    [consent(PPT, service(partner(), "ppt")), consent(CLINIC, service(partner(), "clinic"))]
}

/// A source that never gives the same bytes twice.
fn random(mut start: u8) -> impl FnMut() -> RandomBytes {
    move || {
        start += 1;
        [start; 16]
    }
}

/// A case shared with two services, with what was issued and one row for each of two entries.
struct Shared {
    ledger: LedgerView,
    grants: Vec<Grant>,
    rows: Vec<DisclosureRow>,
    was_handed: bool,
}

fn withdrawal(consent: ConsentId) -> Said {
    let part = WithdrawnPart::Whole;
    Said::ConsentWithdrawn { consent, giver: FATHER, channel: Channel::Oral, part }
}

fn shared() -> Shared {
    let agreement = agreement();
    let mut decision = Decision::by_the_clock(given(&both()), NOW);
    let partner = view(Some(&agreement), Standing::Trusted);
    decision.issue_grants(own(), partner, &key_from_seed(1), random(0)).expect("signs");
    let grants: Vec<Grant> = decision.issued().iter().map(|grant| grant.statement().clone()).collect();
    let ledger = decision.ledger().clone();
    let rows = [1, 2].map(|number| {
        let entry = crate::access::EntryFacts { entry: EntryId::from_bytes([number; 16]), ..note() };
        let question = Question {
            ledger: &ledger,
            agreement: Some(&agreement),
            standing: Standing::Trusted,
            entry: &entry,
            held: Held::default(),
            now: NOW,
        };
        let permit = permit(&question).expect("shared");
        DisclosureRow::of(&permit, DisclosureId::from_bytes([number; 16]), Heads::default(), NOW)
    });
    Shared { grants, rows: rows.to_vec(), ledger, was_handed: true }
}

impl Shared {
    /// The same with a strictly confidential address.
    fn protected(&self) -> Self {
        let mut case = Case { ledger: self.ledger.clone() };
        case.protect(AddressProtection::StrictlyConfidential, 1_900);
        let (grants, rows) = (self.grants.clone(), self.rows.clone());
        Self { ledger: case.ledger, grants, rows, was_handed: self.was_handed }
    }

    fn ends(&self, said: &[Said], agreement: Option<&Agreement>, standing: Standing, at: u64) -> Decision {
        let key = key_from_seed(1);
        let (ledger, at) = (self.ledger.clone(), UnixMillis(at));
        let mut decision = match said {
            [] => Decision::by_the_clock(ledger, at),
            _ => Decision::about(ledger, Some(HOLDER), at),
        };
        for said in said {
            decision.say(said.clone(), &key).expect("can be said");
        }
        let partner = view(agreement, standing);
        let grants = self.grants.iter().map(|grant| SignedGrant { grant, was_handed: self.was_handed });
        decision.end_grants(partner, grants, &self.rows, &key, random(100)).expect("signs");
        decision
    }
}

#[test]
fn grant_is_due_once_everybody_has_said_yes_and_only_once() {
    let agreement = agreement();
    let partner = view(Some(&agreement), Standing::Trusted);
    let ledger = given(&both());
    assert_eq!(due(&ledger, partner), BTreeSet::from([PPT, CLINIC]));

    assert_eq!(due(&shared().ledger, partner), BTreeSet::new());
    let mut half = Case::child();
    half.ask(both()[0].clone());
    half.give(PPT, MOTHER, false);
    assert_eq!(due(&half.ledger, partner), BTreeSet::new());
}

#[test]
fn grant_is_not_due_while_anything_speaks_against_it() {
    let agreement = agreement();
    let ledger = given(&both());
    for standing in [Standing::Sealed, Standing::Revoked, Standing::ReceiptOverdue] {
        assert!(grants_due(&ledger, view(Some(&agreement), standing), NOW).is_empty(), "{standing:?}");
    }
    assert!(grants_due(&ledger, view(None, Standing::Trusted), NOW).is_empty());
    let trusted = view(Some(&agreement), Standing::Trusted);
    assert!(grants_due(&ledger, trusted, UnixMillis(99)).is_empty(), "before the agreement");
    assert!(grants_due(&ledger, trusted, UnixMillis(5_000)).is_empty(), "after the consent");
    let elsewhere = given(&[consent(PPT, service(own(), "ppt"))]);
    assert!(grants_due(&elsewhere, trusted, NOW).is_empty(), "an own service needs no grant");
}

#[test]
fn grant_says_what_the_consent_says_and_names_no_exception() {
    let excepting = Consent { exceptions: BTreeSet::from([note().entry]), ..both()[0].clone() };
    let agreement = agreement();
    let mut decision = Decision::by_the_clock(given(std::slice::from_ref(&excepting)), NOW);
    let partner = view(Some(&agreement), Standing::Trusted);

    decision.issue_grants(own(), partner, &key_from_seed(1), random(0)).expect("signs");

    let token = decision.issued()[0].token().to_owned();
    let grant = Signed::<Grant>::from_token(token).verify(&[key_from_seed(1).public()]).expect("genuine");
    assert_eq!(grant.statement().areas, excepting.areas);
    assert_eq!((grant.statement().from, grant.statement().until), (excepting.from, excepting.until));
    let json = serde_json::to_string(grant.statement()).expect("JSON");
    assert!(!json.contains(&note().entry.to_string()));
    let issued = &decision.ledger().grants()[&grant.statement().grant];
    assert_eq!((issued.consent, issued.ended_at), (PPT, None));
}

#[test]
fn withdrawal_ends_its_own_grant_and_orders_what_went_under_it() {
    let shared = shared();
    let agreement = agreement();
    let withdrawn = [withdrawal(PPT)];

    let decision = shared.ends(&withdrawn, Some(&agreement), Standing::Trusted, 2_000);

    assert!(decision.closes());
    let order = decision.orders()[0].statement();
    assert_eq!(decision.orders().len(), 1);
    assert_eq!(order.service.as_str(), "ppt");
    assert_eq!(order.entries.len(), 2);
    let living = decision.ledger().grants().values().filter(|grant| grant.ended_at.is_none());
    assert_eq!(living.map(|grant| grant.consent).collect::<Vec<_>>(), [CLINIC]);
    let id = order.order;
    let writes = decision.into_writes();
    let journal: Vec<_> = writes
        .iter()
        .filter_map(|write| match write {
            Write::Closing { closing, .. } => Some(closing.clone()),
            _ => None,
        })
        .collect();
    let grant = shared.grants.iter().find(|grant| grant.consent == PPT).expect("issued").grant;
    let withdrawn = Closing::ConsentWithdrawn { case: CASE, consent: PPT };
    assert_eq!(journal, [withdrawn, Closing::EraseOrdered { case: CASE, grant, order: id }]);
}

#[test]
fn nothing_ends_while_everything_holds_or_while_the_node_is_sealed() {
    let shared = shared();
    let agreement = agreement();

    assert!(shared.ends(&[], Some(&agreement), Standing::Trusted, 2_000).is_empty());
    assert!(shared.ends(&[], Some(&agreement), Standing::ReceiptOverdue, 2_000).is_empty());
    assert!(shared.ends(&[], None, Standing::Sealed, 9_000).is_empty());
}

#[test]
fn every_way_to_end_a_sharing_orders_the_same() {
    let shared = shared();
    let agreement = agreement();
    let narrower = Agreement { services: BTreeSet::new(), ..agreement.clone() };
    let over = Agreement { until: UnixMillis(2_000), ..agreement.clone() };
    let withdrawn = [PPT, CLINIC].map(withdrawal);
    let ways = BTreeMap::from([
        ("withdrawal of everything", shared.ends(&withdrawn, Some(&agreement), Standing::Trusted, 2_000)),
        ("address protection", shared.protected().ends(&[], Some(&agreement), Standing::Trusted, 2_000)),
        ("expiry", shared.ends(&[], Some(&agreement), Standing::Trusted, 5_000)),
        ("narrower agreement", shared.ends(&[], Some(&narrower), Standing::Trusted, 2_000)),
        ("ended agreement", shared.ends(&[], Some(&over), Standing::Trusted, 2_000)),
        ("agreement taken out", shared.ends(&[], None, Standing::Trusted, 2_000)),
        ("closed case", shared.ends(&[Said::Closed], Some(&agreement), Standing::Trusted, 2_000)),
        ("revoked identity", shared.ends(&[], Some(&agreement), Standing::Revoked, 2_000)),
    ]);

    let tokens = |decision: &Decision| -> Vec<String> {
        decision.orders().iter().map(|order| order.token().to_owned()).collect()
    };
    let expected = tokens(&ways["withdrawal of everything"]);
    assert_eq!(expected.len(), 2);
    for (way, decision) in &ways {
        assert_eq!(tokens(decision), expected, "{way}: with the same ids the same bytes");
        assert!(decision.closes(), "{way}");
    }
}

#[test]
fn grant_that_never_left_ends_without_an_order() {
    let unheard_of = Shared { was_handed: false, rows: Vec::new(), ..shared() };
    let agreement = agreement();

    let decision = unheard_of.ends(&[withdrawal(PPT)], Some(&agreement), Standing::Trusted, 2_000);

    assert_eq!(decision.orders(), []);
    assert!(decision.closes(), "the gate closes all the same");
    let ended = decision.ledger().grants().values().filter(|grant| grant.ended_at.is_some());
    assert_eq!(ended.map(|grant| grant.consent).collect::<Vec<_>>(), [PPT]);
}

#[test]
fn row_of_a_grant_recalls_it_whatever_its_note_says() {
    let noted_too_little = Shared { was_handed: false, ..shared() };
    let agreement = agreement();

    let decision = noted_too_little.ends(&[withdrawal(PPT)], Some(&agreement), Standing::Trusted, 2_000);

    assert_eq!(decision.orders().len(), 1);
}

#[test]
fn newer_version_ends_the_grant_of_the_old_one_and_gets_its_own() {
    let shared = shared();
    let agreement = agreement();
    let newer_id = ConsentId::from_bytes([77; 16]);
    let newer = Consent { id: newer_id, version: 2, supersedes: Some(PPT), ..both()[0].clone() };
    let mut case = Case { ledger: shared.ledger.clone() };
    case.ask(newer);
    case.give(newer_id, MOTHER, false);
    let partner = view(Some(&agreement), Standing::Trusted);
    assert!(grants_over(&case.ledger, partner, NOW).is_empty());

    case.give(newer_id, FATHER, false);

    let old = shared.grants.iter().find(|grant| grant.consent == PPT).expect("issued").grant;
    assert_eq!(grants_over(&case.ledger, partner, NOW), BTreeSet::from([old]));
    assert_eq!(due(&case.ledger, partner), BTreeSet::from([newer_id]));
}

#[test]
fn grants_of_another_partner_are_left_alone() {
    let shared = shared();
    let other = PartnerView { partner: own(), agreement: None, standing: Standing::Revoked };

    assert!(grants_over(&shared.ledger, other, NOW).is_empty());
}

#[test]
fn what_cannot_be_said_leaves_the_decision_as_it_was() {
    let mut decision = Decision::by_the_clock(given(&both()), NOW);

    let twice = Said::ConsentAsked { consent: both()[0].clone() };
    assert!(matches!(
        decision.say(twice, &key_from_seed(1)),
        Err(DecisionError::Ledger(LedgerError::IdTaken))
    ));

    assert!(decision.is_empty() && !decision.closes());
    assert_eq!(LedgerStatement::TYPE, "stafett-ledger");
}

#[test]
fn approval_of_a_changed_family_closes_the_gate_and_registering_it_does_not() {
    let key = key_from_seed(1);
    let registration = crate::id::RegistrationId::from_bytes([9; 16]);
    let mut registered = Decision::about(given(&both()), Some(HOLDER), NOW);
    let parties = registered.ledger().parties().to_vec();
    let document = "2026/117-3".to_owned();
    let said = Said::PartiesRegistered { registration, parties, birthdays: None, document };
    registered.say(said, &key).expect("said");
    assert!(!registered.closes());

    let leader = crate::access::tests::LEADER;
    let mut approved = Decision::about(registered.ledger().clone(), Some(leader), NOW);
    approved.say(Said::PartiesApproved { registration }, &key).expect("said");

    assert!(approved.closes());
    assert!(approved.orders().is_empty());
}

#[test]
fn words_carry_out_nothing_that_the_passing_of_time_has_made_due_or_over() {
    let (shared, agreement) = (shared(), agreement());
    let short = Consent { until: UnixMillis(3_000), ..both()[0].clone() };
    let early = Decision::about(given(&both()), Some(HOLDER), NOW);
    let trusted = view(Some(&agreement), Standing::Trusted);
    assert_eq!(early.due(trusted), BTreeMap::new(), "both have been due since the yes");
    assert_eq!(Decision::by_the_clock(given(&both()), NOW).due(trusted).len(), 2);

    let mut granted = Decision::by_the_clock(given(&[short]), NOW);
    granted.issue_grants(own(), trusted, &key_from_seed(1), random(0)).expect("signs");
    let (ledger, later) = (granted.ledger().clone(), UnixMillis(3_000));
    assert_eq!(Decision::about(ledger.clone(), Some(HOLDER), later).over(trusted), BTreeSet::new());
    assert_eq!(Decision::by_the_clock(ledger, later).over(trusted).len(), 1);

    let mut withdrawn = Decision::about(shared.ledger.clone(), Some(HOLDER), NOW);
    withdrawn.say(withdrawal(PPT), &key_from_seed(1)).expect("said");
    assert_eq!(withdrawn.over(trusted).len(), 1, "what the words end, they end at once");
}

/// The areas of the grants that are due to the partner.
fn areas_due(ledger: &LedgerView, agreement: &Agreement) -> Vec<BTreeSet<AreaCode>> {
    let mut decision = Decision::by_the_clock(ledger.clone(), NOW);
    let partner = view(Some(agreement), Standing::Trusted);
    decision.issue_grants(own(), partner, &key_from_seed(1), random(50)).expect("signs");
    decision.issued().iter().map(|grant| grant.statement().areas.clone()).collect()
}

#[test]
fn grant_names_no_area_that_the_agreement_does_not_cover() {
    let narrow = Agreement { areas: areas(&["language", "home"]), ..agreement() };
    assert_eq!(areas_due(&given(&both()[..1]), &narrow), [areas(&["language"])]);

    let elsewhere = Agreement { areas: areas(&["home"]), ..agreement() };
    assert!(areas_due(&given(&both()), &elsewhere).is_empty());
}

#[test]
fn agreement_that_gets_fewer_areas_recalls_what_falls_out_and_grants_what_is_left() {
    let shared = shared();
    let narrow = Agreement { areas: areas(&["language"]), ..agreement() };

    let decision = shared.ends(&[], Some(&narrow), Standing::Trusted, 2_000);

    assert_eq!(decision.orders().len(), 2);
    assert!(decision.orders().iter().all(|order| order.statement().entries.len() == 2));
    assert_eq!(areas_due(decision.ledger(), &narrow), [areas(&["language"]), areas(&["language"])]);
    let more = Agreement { areas: areas(&["language", "wellbeing", "home"]), ..agreement() };
    assert!(shared.ends(&[], Some(&more), Standing::Trusted, 2_000).is_empty());
    assert!(areas_due(&shared.ledger, &more).is_empty(), "the consents open nothing more");
}

#[test]
fn agreement_that_gets_more_areas_gets_a_wider_grant_and_recalls_nothing() {
    let narrow = Agreement { areas: areas(&["language"]), ..agreement() };
    let mut decision = Decision::by_the_clock(given(&both()[..1]), NOW);
    let partner = view(Some(&narrow), Standing::Trusted);
    decision.issue_grants(own(), partner, &key_from_seed(1), random(0)).expect("signs");
    let ledger = decision.ledger().clone();
    let wide = agreement();

    assert!(grants_over(&ledger, view(Some(&wide), Standing::Trusted), NOW).is_empty());
    assert_eq!(areas_due(&ledger, &wide), [areas(&["language", "wellbeing"])]);
    assert!(areas_due(&ledger, &narrow).is_empty());
}

fn journaled(decision: Decision) -> Vec<Closing> {
    let closing = |write| match write {
        Write::Closing { closing, .. } => Some(closing),
        _ => None,
    };
    decision.into_writes().into_iter().filter_map(closing).collect()
}

fn yes(ledger: LedgerView, giver: crate::id::PersonId) -> Decision {
    let mut decision = Decision::about(ledger, Some(HOLDER), NOW);
    let yes = crate::consent::Yes::new(NOW, crate::consent::Evidence::Oral);
    decision.say(Said::ConsentGiven { consent: CLINIC, giver, yes }, &key_from_seed(1)).expect("said");
    decision
}

#[test]
fn version_that_begins_later_is_journaled_with_its_beginning() {
    let entry = note().entry;
    let from = UnixMillis(3_000);
    let newer = Consent {
        id: CLINIC,
        version: 2,
        supersedes: Some(PPT),
        exceptions: BTreeSet::from([entry]),
        from,
        ..both()[0].clone()
    };
    let mut case = Case { ledger: given(&both()[..1]) };
    case.ask(newer);
    case.give(CLINIC, MOTHER, false);

    let closings = journaled(yes(case.ledger, FATHER));

    let excepted = Closing::EntryExcepted { case: CASE, consent: CLINIC, entry, from: Some(from) };
    let replaced = Closing::ConsentReplaced { case: CASE, consent: PPT, from: Some(from) };
    assert_eq!(closings, [excepted, replaced]);
}

#[test]
fn consent_that_becomes_complete_by_another_family_is_journaled_then_and_once() {
    let entry = note().entry;
    let mut case = Case::child();
    case.ask(Consent { exceptions: BTreeSet::from([entry]), ..both()[1].clone() });
    case.give(CLINIC, MOTHER, false);
    let registration = crate::id::RegistrationId::from_bytes([9; 16]);
    let mut registered = Decision::about(case.ledger, Some(HOLDER), NOW);
    let parties = registered.ledger().parties().iter().filter(|party| party.person != FATHER);
    let parties = parties.copied().collect();
    let document = "2026/117-3".to_owned();
    let said = Said::PartiesRegistered { registration, parties, birthdays: None, document };
    registered.say(said, &key_from_seed(1)).expect("said");
    let leader = crate::access::tests::LEADER;
    let mut approved = Decision::about(registered.ledger().clone(), Some(leader), NOW);

    approved.say(Said::PartiesApproved { registration }, &key_from_seed(1)).expect("said");

    let excepted = Closing::EntryExcepted { case: CASE, consent: CLINIC, entry, from: None };
    let after = approved.ledger().clone();
    assert_eq!(journaled(approved), [Closing::FamilyChanged { case: CASE }, excepted]);
    assert_eq!(journaled(yes(after, FATHER)), [], "a later yes closes nothing more");
}
