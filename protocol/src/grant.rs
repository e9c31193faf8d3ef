//! Grants (deling): what the owner's node signs for a partner's node from a valid consent, and
//! what the partner's node holds itself to.
//!
//! A grant says what may cross the link and until when. It names no exception, no giver and no
//! other recipient: those are the family's and the owner's (laws 2 and 5).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::consent::{ConsentRecord, Direction};
use crate::entry::EntryKind;
use crate::id::{CaseId, ConsentId, GrantId};
use crate::municipality::{AreaCode, OrganisationNumber, Service, ServiceCode};
use crate::planted::planted;
use crate::signed::Statement;
use crate::time::UnixMillis;

/// What a partner's service may see and write of one case, from–until.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub grant: GrantId,
    /// The organisation that owns the case.
    pub owner: OrganisationNumber,
    /// The organisation whose node it is for.
    pub partner: OrganisationNumber,
    /// The partner's service.
    pub service: ServiceCode,
    /// The case.
    pub case: CaseId,
    /// The consent that it comes from.
    pub consent: ConsentId,
    /// The areas it opens.
    pub areas: BTreeSet<AreaCode>,
    /// The kinds it opens.
    pub kinds: BTreeSet<EntryKind>,
    /// Which way writing goes, seen from the owner.
    pub direction: Direction,
    /// The first millisecond on which it counts.
    pub from: UnixMillis,
    /// The first millisecond on which it no longer counts: the partner hides by itself.
    pub until: UnixMillis,
}

impl Statement for Grant {
    const TYPE: &'static str = "stafett-grant";
}

impl Grant {
    /// Makes the grant that a consent allows as it stands, of these of its areas; it counts once
    /// signed. The rest of its areas is none of the partner's to know.
    pub fn from_consent(
        grant: GrantId,
        owner: OrganisationNumber,
        case: CaseId,
        record: &ConsentRecord,
        areas: &BTreeSet<AreaCode>,
    ) -> Self {
        let consent = record.consent();
        let Service { host, code } = consent.recipient.clone();
        Self {
            grant,
            owner,
            partner: host,
            service: code,
            case,
            consent: consent.id,
            areas: record.areas().intersection(areas).cloned().collect(),
            kinds: consent.kinds.clone(),
            direction: consent.direction,
            from: consent.from,
            until: if planted!("grant-never-ends") { UnixMillis::MAX } else { consent.until },
        }
    }

    /// Returns whether the grant counts at `now`.
    pub fn counts(&self, now: UnixMillis) -> bool {
        self.from <= now && (now < self.until || planted!("partner-never-hides"))
    }

    /// Returns whether an entry of this kind and these areas lies within the grant: all its
    /// areas, and at least one (law 4).
    pub fn covers(&self, kind: EntryKind, areas: &BTreeSet<AreaCode>) -> bool {
        let kind_is_open = kind == EntryKind::CaseCard || self.kinds.contains(&kind);
        kind_is_open && !areas.is_empty() && areas.is_subset(&self.areas)
    }
}

/// A grant as it stands at the partner that received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedGrant {
    /// What the owner signed.
    pub grant: Grant,
    /// Since when an order has ended it here, if one has.
    pub ended_at: Option<UnixMillis>,
}

impl ReceivedGrant {
    /// Returns whether what came under it may be shown and answered at `now`.
    pub fn counts(&self, now: UnixMillis) -> bool {
        self.ended_at.is_none() && self.grant.counts(now)
    }
}
