//! Recall, order, receipt.

use super::*;
use crate::access::tests::{CASE, own, partner, service};
use crate::disclosure::DisclosureGround;
use crate::entry::Heads;
use crate::grant::Grant;
use crate::id::{ConsentId, DisclosureId, GenerationId};
use crate::time::UnixMillis;

const GRANT: GrantId = GrantId::from_bytes([10; 16]);

fn grant() -> Grant {
    let consent = crate::access::tests::consent(ConsentId::from_bytes([8; 16]), service(partner(), "ppt"));
    Grant::from_consent(GRANT, own(), CASE, &consent)
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
