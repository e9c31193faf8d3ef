//! What follows from what a partner shows, and what ends at a restored partner.

use super::*;
use crate::access::tests::{
    CASE, Case, ENTRY, HOLDER, MOTHER, NOW, PPT, PPT_GRANT, agreement, consent, note, own, partner, service,
};
use crate::agreement::Standing;
use crate::decision::{Decision, PartnerView, grants_due, grants_over};
use crate::entry::{ChangeHash, EntryKind, Heads, SchemaVersion};
use crate::erasure::retention::RetentionRule;
use crate::ledger::statement::Said;
use crate::signed::tests::key_from_seed;

const OTHER_ENTRY: EntryId = EntryId::from_bytes([77; 16]);

fn ledger() -> LedgerView {
    Case::child().shared(consent(PPT, service(partner(), "ppt")), PPT_GRANT).ledger
}

fn shown(ledger: &LedgerView, has_ended: bool, entries: &[EntryId]) -> ShownGrant {
    let record = ledger.consents().get(&PPT).expect("asked");
    let grant = Grant::from_consent(PPT_GRANT, own(), CASE, record, record.areas());
    let grant = key_from_seed(1).sign(grant).expect("signs");
    ShownGrant { grant, has_ended, entries: entries.iter().copied().collect() }
}

fn verdict(ledger: Option<&LedgerView>, shown: &ShownGrant, sent: &[EntryId]) -> Verdict {
    let sent = sent.iter().copied().collect();
    judge(shown, OnRecord { ledger, sent: &sent, ordered: None }, NOW)
}

fn said(ledger: &LedgerView, said: Said) -> LedgerView {
    let mut decision = Decision::about(ledger.clone(), Some(HOLDER), NOW);
    decision.say(said, &key_from_seed(1)).expect("can be said");
    decision.ledger().clone()
}

#[test]
fn grant_that_both_sides_know_alike_stands() {
    let ledger = ledger();

    assert_eq!(verdict(Some(&ledger), &shown(&ledger, false, &[ENTRY]), &[ENTRY]), Verdict::Stands);
}

#[test]
fn grant_that_the_partner_was_told_is_over_ends_and_leaves_its_consent_in_doubt() {
    let ledger = ledger();

    let verdict = verdict(Some(&ledger), &shown(&ledger, true, &[]), &[ENTRY]);

    assert_eq!(verdict, Verdict::Ends { doubtful: Some(PPT) });
}

#[test]
fn entry_that_no_row_knows_of_ends_the_grant_it_is_held_under_and_is_called_back() {
    let ledger = ledger();
    let shown = shown(&ledger, false, &[ENTRY, OTHER_ENTRY]);

    let verdict = verdict(Some(&ledger), &shown, &[ENTRY]);
    let orders = recall(&shown, &BTreeSet::from([ENTRY])).orders(|| [9; 16]);

    assert_eq!(verdict, Verdict::Ends { doubtful: None });
    assert_eq!(orders[0].entries, BTreeSet::from([ENTRY, OTHER_ENTRY]));
}

#[test]
fn grant_that_the_chain_does_not_know_is_ended_unless_it_is_over_and_empty() {
    let ledger = ledger();
    let before = Case::child().ledger;

    assert_eq!(verdict(Some(&before), &shown(&ledger, false, &[]), &[]), Verdict::Unknown);
    assert_eq!(verdict(None, &shown(&ledger, true, &[ENTRY]), &[]), Verdict::Unknown);
    assert_eq!(verdict(None, &shown(&ledger, true, &[]), &[]), Verdict::Stands);
}

#[test]
fn grant_that_is_being_called_back_is_not_called_back_again_for_the_same_entries() {
    let (ledger, before) = (ledger(), Case::child().ledger);
    let ended = said(&ledger, Said::GrantEnded { grant: PPT_GRANT });
    let (none, ordered) = (BTreeSet::new(), BTreeSet::from([ENTRY]));
    for (on_record, otherwise) in [(&before, Verdict::Unknown), (&ended, Verdict::Ends { doubtful: None })] {
        let verdict = |entries: &[EntryId], ordered| {
            let on_record = OnRecord { ledger: Some(on_record), sent: &none, ordered };
            judge(&shown(&ledger, false, entries), on_record, NOW)
        };

        assert_eq!(verdict(&[ENTRY], Some(&ordered)), Verdict::Stands);
        assert_eq!(verdict(&[], Some(&none)), Verdict::Stands);
        assert_eq!(verdict(&[ENTRY, OTHER_ENTRY], Some(&ordered)), otherwise);
        assert_eq!(verdict(&[ENTRY], None), otherwise);
    }
}

#[test]
fn ended_grant_under_which_something_is_still_held_is_called_back_again() {
    let ended = said(&ledger(), Said::GrantEnded { grant: PPT_GRANT });

    assert_eq!(verdict(Some(&ended), &shown(&ended, true, &[ENTRY]), &[]), Verdict::Ends { doubtful: None });
    assert_eq!(verdict(Some(&ended), &shown(&ended, true, &[]), &[]), Verdict::Stands);
}

#[test]
fn consent_in_doubt_opens_nothing_and_orders_nothing_until_it_is_reconfirmed() {
    let ledger = ledger();
    let agreement = agreement();
    let view = PartnerView { partner: partner(), agreement: Some(&agreement), standing: Standing::Trusted };
    let doubt = Said::Restored { incarnation: 1, doubtful: BTreeSet::from([PPT]), family_in_doubt: false };
    let doubted = said(&ledger, doubt);
    let counts = |ledger: &LedgerView| ledger.valid_consents(&service(partner(), "ppt"), NOW).count();

    assert_eq!((counts(&ledger), counts(&doubted)), (1, 0));
    assert!(grants_over(&doubted, view, NOW).is_empty(), "a doubt ordered an erasure");
    assert!(grants_due(&doubted, view, NOW).is_empty());

    let again = Said::ConsentReconfirmed { consent: PPT, givers: BTreeSet::from([MOTHER]) };
    assert_eq!(counts(&said(&doubted, again)), 1);
    let withdrawn = said(&doubted, Said::WithdrawalRestored { consent: PPT });
    assert_eq!(grants_over(&withdrawn, view, NOW), BTreeSet::from([PPT_GRANT]));
    let again = Said::ConsentReconfirmed { consent: PPT, givers: BTreeSet::from([MOTHER]) };
    assert_eq!(counts(&said(&withdrawn, again)), 0, "a withdrawal was undone by a reconfirmation");
}

fn received(id: GrantId) -> ReceivedGrant {
    let ledger = ledger();
    let record = ledger.consents().get(&PPT).expect("asked");
    ReceivedGrant { grant: Grant::from_consent(id, partner(), CASE, record, record.areas()), ended_at: None }
}

fn received_case<'a>(
    grants: &'a [ReceivedGrant],
    entries: &'a [EntryRecord],
    retention: &'a Retention,
) -> ReceivedCase<'a> {
    ReceivedCase { own: own(), owner: partner(), case: CASE, grants, entries, proposals: &[], retention }
}

fn record(entry: EntryId, under: &[GrantId]) -> EntryRecord {
    let mut facts = note();
    facts.entry = entry;
    facts.written_by = None;
    EntryRecord {
        facts,
        owner: partner(),
        schema: SchemaVersion::CURRENT,
        genesis: ChangeHash([0; 32]),
        heads: Heads::default(),
        under: under.iter().copied().collect(),
        state: EntryState::Live,
        author: None,
        stored_at: NOW,
        changed_at: NOW,
    }
}

#[test]
fn what_came_under_an_ended_grant_alone_is_erased_or_locked_and_the_rest_stays() {
    let second = GrantId::from_bytes([12; 16]);
    let (kept, own_writing) = (EntryId::from_bytes([1; 16]), EntryId::from_bytes([2; 16]));
    let written = EntryRecord { author: Some(HOLDER), ..record(own_writing, &[PPT_GRANT]) };
    let entries = [record(ENTRY, &[PPT_GRANT]), record(kept, &[PPT_GRANT, second]), written];
    let grants = [received(PPT_GRANT), received(second)];
    let nothing_kept = Retention::default();
    let case = received_case(&grants, &entries, &nothing_kept);

    let writes = case.end(&BTreeSet::from([PPT_GRANT]), NOW);

    let owner = partner();
    assert_eq!(
        writes,
        [
            Write::GrantEnded { owner, case: CASE, grant: PPT_GRANT, at: NOW },
            Write::Closing {
                closing: Closing::ReceivedGrantEnded { owner, case: CASE, grant: PPT_GRANT },
                at: NOW
            },
            Write::Under { entry: kept, under: BTreeSet::from([second]) },
            Write::Lock { entries: BTreeMap::from([(own_writing, LockBasis::OwnWriting)]) },
            Write::Erase { case: CASE, entries: BTreeSet::from([ENTRY]) },
        ]
    );
}

#[test]
fn what_the_law_makes_the_recipient_keep_is_locked_for_the_service_that_received_it() {
    let entries = [record(ENTRY, &[PPT_GRANT])];
    let grants = [received(PPT_GRANT)];
    let kept = Write::Lock { entries: BTreeMap::from([(ENTRY, LockBasis::DutyToKeep)]) };
    let erased = Write::Erase { case: CASE, entries: BTreeSet::from([ENTRY]) };
    for (service, expected) in [("ppt", &kept), ("school", &erased)] {
        let rule = RetentionRule {
            kinds: EntryKind::ALL.into(),
            service: Some(service.parse().expect("valid")),
            basis: "opplæringslova § 11-13".parse().expect("valid"),
            from: UnixMillis(0),
            until: UnixMillis(u64::MAX),
        };
        let retention = Retention::new(vec![rule]).expect("few");
        let case = received_case(&grants, &entries, &retention);

        assert_eq!(case.end(&BTreeSet::from([PPT_GRANT]), NOW).last(), Some(expected), "{service}");
    }
}

#[test]
fn only_what_no_other_grant_opens_is_left() {
    let second = GrantId::from_bytes([12; 16]);
    let kept = EntryId::from_bytes([1; 16]);
    let locked = EntryId::from_bytes([2; 16]);
    let state = EntryState::Locked { basis: LockBasis::OwnWriting };
    let locked = EntryRecord { state, ..record(locked, &[PPT_GRANT]) };
    let entries = [record(ENTRY, &[PPT_GRANT]), record(kept, &[PPT_GRANT, second]), locked];
    let grants = [received(PPT_GRANT), received(second)];
    let retention = Retention::default();
    let case = received_case(&grants, &entries, &retention);

    assert_eq!(case.left_by(&[PPT_GRANT].into(), NOW), [ENTRY].into());
    assert_eq!(case.left_by(&[PPT_GRANT, second].into(), NOW), [ENTRY, kept].into());
}

#[test]
fn grants_that_live_here_and_not_at_their_owner_are_over() {
    let received = [received(PPT_GRANT)];

    let over = over_at_owner(&received, &BTreeSet::new());

    assert_eq!(over, BTreeMap::from([(CASE, BTreeSet::from([PPT_GRANT]))]));
    assert!(over_at_owner(&received, &BTreeSet::from([PPT_GRANT])).is_empty());
}
