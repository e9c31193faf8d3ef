//! The end of a sharing (law 12): recall → order → receipt.
//!
//! A [`Recall`] is minted only from one partner's own disclosure rows, and passes every block: it
//! is the one thing that may still be sent when nothing else may. Orders carry no cause, so an
//! address protection reads like a withdrawal of everything (law 15). A receipt is the partner's
//! statement of what it did; nothing proves an erasure.

pub mod retention;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::disclosure::DisclosureRow;
use crate::id::{CaseId, EntryId, GrantId, OrderId, RandomBytes};
use crate::limits::{BACKUP_DAYS_MAX, ORDER_ENTRIES_MAX};
use crate::municipality::{OrganisationNumber, ServiceCode};
use crate::planted::planted;
use crate::signed::Statement;
use retention::BasisText;

/// The one sentence of every order, whatever its cause.
pub const ORDER_TEXT: &str = "Delingen er avsluttet. Spør stafettholderen, ikke familien.";

/// An order to erase what went to one service under one grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseOrder {
    /// Its id.
    pub order: OrderId,
    /// The organisation that owns the case.
    pub owner: OrganisationNumber,
    /// The organisation that must erase.
    pub partner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// The grant that has ended.
    pub grant: GrantId,
    /// The service that it was for.
    pub service: ServiceCode,
    /// The entries, by id; none if nothing had gone out under the grant.
    pub entries: BTreeSet<EntryId>,
    /// Always [`ORDER_TEXT`].
    pub text: String,
}

impl Statement for EraseOrder {
    const TYPE: &'static str = "stafett-erase-order";
}

/// What a partner did with one entry of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub enum Done {
    /// It was erased, or was not there.
    Erased,
    /// It is hidden and kept: own writing, or what the partner's law makes it keep.
    Locked {
        /// On what basis, such as `own-writing`.
        basis: LockBasis,
    },
    /// Another of the partner's services still has a grant for it.
    KeptForAnotherService,
}

/// On what basis an entry is locked (sperret) instead of erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockBasis {
    /// The partner's own staff wrote it, so it is documentation of their work.
    OwnWriting,
    /// The partner's law on archives or records makes it keep this kind.
    DutyToKeep,
}

/// A partner's statement of what it did on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which order.
    pub order: OrderId,
    /// Who carried it out.
    pub partner: OrganisationNumber,
    /// Whose case it is.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// What was done, entry by entry; names exactly the entries of the order.
    pub items: BTreeMap<EntryId, Done>,
    /// Days until the last backup that could still open an erased entry is gone.
    pub backup_days: u32,
    /// The grant that the order ended. Nodes that wrote before it was added leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// In what words the partner's law makes it keep entries, each with the entries that it is
    /// locked on ([`LockBasis::DutyToKeep`]). Left out if it keeps none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_by_law: Vec<KeptByLaw>,
}

/// A duty to keep, as a receipt names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptByLaw {
    /// The partner's words, with the law's reference.
    pub basis: BasisText,
    /// The entries that it keeps on it.
    pub entries: BTreeSet<EntryId>,
}

impl Statement for Receipt {
    const TYPE: &'static str = "stafett-receipt";
}

impl Receipt {
    /// Writes down what was done on an order.
    pub fn of(order: &EraseOrder, items: BTreeMap<EntryId, Done>) -> Self {
        Self {
            order: order.order,
            partner: order.partner,
            owner: order.owner,
            case: order.case,
            items,
            backup_days: BACKUP_DAYS_MAX,
            grant: Some(order.grant),
            kept_by_law: Vec::new(),
        }
    }

    /// Adds the words on which entries are kept by law.
    pub fn kept_on(mut self, bases: &BTreeMap<EntryId, BasisText>) -> Self {
        let mut by_basis: BTreeMap<&BasisText, BTreeSet<EntryId>> = BTreeMap::new();
        for (entry, basis) in bases {
            by_basis.entry(basis).or_default().insert(*entry);
        }
        self.kept_by_law = by_basis
            .into_iter()
            .map(|(basis, entries)| KeptByLaw { basis: basis.clone(), entries })
            .collect();
        self
    }

    /// Returns whether this receipt answers `order`: same parties, case, grant and entries, and
    /// words only for entries that it says are kept by law, each once.
    pub fn answers(&self, order: &EraseOrder) -> bool {
        let by_law = Done::Locked { basis: LockBasis::DutyToKeep };
        let mut worded = BTreeSet::new();
        let mut named = self.kept_by_law.iter().flat_map(|kept| &kept.entries);
        let words_fit = named.all(|entry| self.items.get(entry) == Some(&by_law) && worded.insert(*entry));
        words_fit
            && self.order == order.order
            && self.partner == order.partner
            && self.owner == order.owner
            && self.case == order.case
            && self.grant.is_none_or(|grant| grant == order.grant)
            && self.items.keys().eq(order.entries.iter())
    }

    /// Returns the words on which an entry is kept by law, if the receipt says so.
    pub fn basis_of(&self, entry: EntryId) -> Option<&BasisText> {
        self.kept_by_law.iter().find(|kept| kept.entries.contains(&entry)).map(|kept| &kept.basis)
    }

    /// How many entries were erased.
    pub fn erased(&self) -> usize {
        self.items.values().filter(|done| **done == Done::Erased).count()
    }

    /// How many entries were locked.
    pub fn locked(&self) -> usize {
        self.items.values().filter(|done| matches!(done, Done::Locked { .. })).count()
    }
}

/// What must be called back from one partner under one grant.
#[derive(Debug)]
pub struct Recall {
    owner: OrganisationNumber,
    partner: OrganisationNumber,
    case: CaseId,
    grant: GrantId,
    service: ServiceCode,
    entries: BTreeSet<EntryId>,
}

impl Recall {
    /// Collects what went to `partner` under `grant` from that link's own disclosure rows; rows
    /// of other links, cases and grants are passed over.
    pub fn from_rows<'a>(
        grant: &crate::grant::Grant,
        rows: impl IntoIterator<Item = &'a DisclosureRow>,
    ) -> Self {
        let entries = rows
            .into_iter()
            .filter(|row| row.partner == grant.partner && row.case == grant.case)
            .filter(|row| row.grounds.iter().any(|ground| ground.grant == grant.grant))
            .map(|row| row.entry)
            .collect();
        Self {
            owner: grant.owner,
            partner: grant.partner,
            case: grant.case,
            grant: grant.grant,
            service: grant.service.clone(),
            entries,
        }
    }

    /// Adds entries that the partner itself says it holds under the grant: the rows of a store
    /// that was restored may lack them (law 16).
    #[must_use]
    pub fn and(mut self, shown: impl IntoIterator<Item = EntryId>) -> Self {
        self.entries.extend(shown);
        self
    }

    /// Whether any entry went out under the grant.
    pub fn names_something(&self) -> bool {
        !self.entries.is_empty()
    }

    /// How many orders the recall needs; at least one, so that the grant ends at the partner.
    pub fn order_count(&self) -> usize {
        self.entries.len().div_ceil(ORDER_ENTRIES_MAX).max(1)
    }

    /// Makes the orders, each with an id from `random`; they count once signed. Draws exactly
    /// [`order_count`](Self::order_count) times.
    pub fn orders(&self, mut random: impl FnMut() -> RandomBytes) -> Vec<EraseOrder> {
        let all: Vec<_> = self.entries.iter().copied().collect();
        let mut parts: Vec<BTreeSet<EntryId>> =
            all.chunks(ORDER_ENTRIES_MAX).map(|part| part.iter().copied().collect()).collect();
        if parts.is_empty() {
            parts.push(BTreeSet::new());
        }
        let order = |entries| EraseOrder {
            order: OrderId::from_random(random()),
            owner: self.owner,
            partner: self.partner,
            case: self.case,
            grant: self.grant,
            service: self.service.clone(),
            entries,
            text: if planted!("order-with-a-cause") {
                format!("{ORDER_TEXT} Sperret.")
            } else {
                ORDER_TEXT.to_owned()
            },
        };
        parts.into_iter().map(order).collect()
    }
}

#[cfg(test)]
mod tests;
