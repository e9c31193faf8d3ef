//! Recall, order, receipt.

use super::*;
use crate::access::tests::{CASE, own, partner, service};
use crate::disclosure::DisclosureGround;
use crate::entry::Heads;
use crate::grant::Grant;
use crate::id::{ConsentId, DisclosureId, GenerationId};
use crate::limits::{BASIS_TEXT_BYTES_MAX, RETENTION_RULES_MAX};
use crate::time::UnixMillis;

const GRANT: GrantId = GrantId::from_bytes([10; 16]);

fn grant() -> Grant {
    let consent = crate::access::tests::consent(ConsentId::from_bytes([8; 16]), service(partner(), "ppt"));
    let record = crate::consent::ConsentRecord::asked(consent);
    Grant::from_consent(GRANT, own(), CASE, &record, record.areas())
}

fn entry(number: u16) -> EntryId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    EntryId::from_bytes(bytes)
}

fn row(number: u16) -> DisclosureRow {
    let ground =
        DisclosureGround { grant: GRANT, consent: grant().consent, service: service(partner(), "ppt") };
    DisclosureRow {
        id: DisclosureId::from_bytes([1; 16]),
        partner: partner(),
        case: CASE,
        entry: entry(number),
        generation: GenerationId::from_bytes([2; 16]),
        heads: Heads::default(),
        grounds: vec![ground],
        at: UnixMillis(1),
    }
}

fn orders(rows: &[DisclosureRow]) -> Vec<EraseOrder> {
    let mut drawn = 0_u8;
    let recall = Recall::from_rows(&grant(), rows);
    let count = recall.order_count();
    let orders = recall.orders(|| {
        drawn += 1;
        [drawn; 16]
    });
    assert_eq!((orders.len(), usize::from(drawn)), (count, count));
    orders
}

fn order() -> EraseOrder {
    orders(&[row(1), row(2)]).remove(0)
}

fn receipt() -> Receipt {
    let items = [(entry(1), Done::Erased), (entry(2), Done::Locked { basis: LockBasis::OwnWriting })];
    Receipt::of(&order(), items.into())
}

#[test]
fn recall_takes_rows_of_its_own_link_case_and_grant_alone() {
    let another_partner = DisclosureRow { partner: own(), ..row(2) };
    let another_case = DisclosureRow { case: CaseId::from_bytes([9; 16]), ..row(3) };
    let mut another_grant = row(4);
    another_grant.grounds[0].grant = GrantId::from_bytes([11; 16]);
    let mut two_grants = row(5);
    two_grants.grounds.insert(0, another_grant.grounds[0].clone());

    let orders = orders(&[row(1), another_partner, another_case, another_grant, two_grants, row(1)]);

    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].entries, BTreeSet::from([entry(1), entry(5)]));
}

#[test]
fn order_names_parties_grant_and_service_and_no_cause() {
    let order = order();

    assert_eq!((order.owner, order.partner, order.case, order.grant), (own(), partner(), CASE, GRANT));
    assert_eq!(order.service.as_str(), "ppt");
    assert_eq!(order.text, ORDER_TEXT);
}

#[test]
fn grant_under_which_nothing_went_is_ended_by_one_empty_order() {
    let orders = orders(&[]);

    assert_eq!(orders.len(), 1);
    assert!(orders[0].entries.is_empty());
}

#[test]
fn large_recall_is_split_without_losing_or_repeating_an_entry() {
    let bound = u16::try_from(ORDER_ENTRIES_MAX).expect("small");
    for (count, parts) in [(bound - 1, 1), (bound, 1), (bound + 1, 2), (2 * bound + 1, 3)] {
        let rows: Vec<_> = (0..count).map(row).collect();

        let orders = orders(&rows);

        assert_eq!(orders.len(), parts, "{count}");
        assert!(orders.iter().all(|order| order.entries.len() <= ORDER_ENTRIES_MAX));
        let all: Vec<EntryId> = orders.iter().flat_map(|order| order.entries.iter().copied()).collect();
        assert_eq!(all, (0..count).map(entry).collect::<Vec<_>>());
        let ids: BTreeSet<OrderId> = orders.iter().map(|order| order.order).collect();
        assert_eq!(ids.len(), parts);
    }
}

#[test]
fn receipt_answers_its_order_and_no_other() {
    let (order, receipt) = (order(), receipt());
    assert!(receipt.answers(&order));
    assert_eq!((receipt.erased(), receipt.locked()), (1, 1));
    assert_eq!(receipt.backup_days, BACKUP_DAYS_MAX);

    let mut fewer = receipt.clone();
    fewer.items.remove(&entry(2));
    let mut more = receipt.clone();
    more.items.insert(entry(3), Done::Erased);
    let mut another = fewer.clone();
    another.items.insert(entry(3), Done::Erased);
    let wrong = [
        Receipt { order: OrderId::from_bytes([99; 16]), ..receipt.clone() },
        Receipt { partner: own(), ..receipt.clone() },
        Receipt { owner: partner(), ..receipt.clone() },
        Receipt { case: CaseId::from_bytes([9; 16]), ..receipt.clone() },
        fewer,
        more,
        another,
    ];
    for (number, receipt) in wrong.iter().enumerate() {
        assert!(!receipt.answers(&order), "{number}");
    }
}

fn locked_by_law(entries: &[u16]) -> Receipt {
    let by_law = Done::Locked { basis: LockBasis::DutyToKeep };
    let order = order();
    let items = order.entries.iter().map(|entry| (*entry, by_law.clone())).collect();
    let words: BasisText = "PPTs dokumentasjonsplikt".parse().expect("a line");
    let bases = entries.iter().map(|number| (entry(*number), words.clone())).collect();
    Receipt::of(&order, items).kept_on(&bases)
}

#[test]
fn receipt_names_each_basis_once_with_its_entries() {
    let receipt = locked_by_law(&[1, 2]);

    assert_eq!(receipt.kept_by_law.len(), 1);
    assert!(receipt.answers(&order()));
    assert_eq!(receipt.basis_of(entry(2)).map(BasisText::as_str), Some("PPTs dokumentasjonsplikt"));
    assert_eq!(receipt.basis_of(entry(3)), None);
}

#[test]
fn receipt_that_words_what_it_does_not_lock_by_law_answers_nothing() {
    let mut erased = locked_by_law(&[1]);
    erased.items.insert(entry(1), Done::Erased);
    let mut own = locked_by_law(&[1]);
    own.items.insert(entry(1), Done::Locked { basis: LockBasis::OwnWriting });
    let twice = locked_by_law(&[1]);
    let twice = Receipt { kept_by_law: vec![twice.kept_by_law[0].clone(); 2], ..twice };
    let other_grant = Receipt { grant: Some(GrantId::from_bytes([12; 16])), ..receipt() };

    for (number, receipt) in [erased, own, twice, locked_by_law(&[9]), other_grant].iter().enumerate() {
        assert!(!receipt.answers(&order()), "{number}");
    }
}

/// A receipt as a node signed it before grants and words were added.
const OLD_RECEIPT: &str = r#"{"order":"01010101-0101-4101-8101-010101010101","partner":"999999026",
    "owner":"999999018","case":"07070707-0707-0707-0707-070707070707","items":{},"backup_days":35}"#;

#[test]
fn receipt_of_an_older_node_reads_and_answers_and_is_written_as_it_was() {
    let old: Receipt = serde_json::from_str(OLD_RECEIPT).expect("reads");

    assert_eq!((old.grant, old.kept_by_law.len()), (None, 0));
    let again = serde_json::to_value(&old).expect("JSON");
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(OLD_RECEIPT).expect("JSON"));
    let answered = EraseOrder {
        order: old.order,
        owner: old.owner,
        partner: old.partner,
        case: old.case,
        entries: BTreeSet::new(),
        ..order()
    };
    assert!(old.answers(&answered));
}

/// A reader of the format as it was: what it does not know it passes over.
#[derive(Deserialize)]
struct OlderReceipt {
    items: BTreeMap<EntryId, Done>,
}

#[test]
fn older_node_reads_a_receipt_with_words() {
    let new = serde_json::to_string(&locked_by_law(&[1, 2])).expect("JSON");

    let read: OlderReceipt = serde_json::from_str(&new).expect("reads");

    assert_eq!(read.items, locked_by_law(&[]).items);
}

#[test]
fn receipt_with_every_basis_there_can_be_fits_a_frame() {
    let by_law = Done::Locked { basis: LockBasis::DutyToKeep };
    let count = u16::try_from(ORDER_ENTRIES_MAX).expect("small");
    let entries: BTreeSet<EntryId> = (0..count).map(entry).collect();
    let order = EraseOrder { entries: entries.clone(), ..order() };
    let words = |number: usize| {
        let long = format!("{:03}{}", number % RETENTION_RULES_MAX, "\"".repeat(BASIS_TEXT_BYTES_MAX - 3));
        long.parse::<BasisText>().expect("a line")
    };
    let bases = entries.iter().enumerate().map(|(number, entry)| (*entry, words(number))).collect();
    let items = entries.iter().map(|entry| (*entry, by_law.clone())).collect();
    let receipt = Receipt::of(&order, items).kept_on(&bases);
    assert_eq!(receipt.kept_by_law.len(), RETENTION_RULES_MAX);

    let signed = crate::signed::tests::key_from_seed(1).sign(receipt);

    assert!(signed.is_ok(), "{:?}", signed.err());
}
