//! What would go along when a case moves: the gate of moves is asked, entry by entry.

use std::collections::BTreeMap;

use stafett_protocol::access::succeeding::{MoveQuestion, permit_succession, permit_transfer};
use stafett_protocol::access::{Denial, EntryFacts};
use stafett_protocol::agreement::Standing;
use stafett_protocol::decision::PartnerView;
use stafett_protocol::entry::{CardField, EntryKind};

use super::consent::{Sorted, Would};
use super::preview_item;
use crate::engine::answer::HiddenItem;
use crate::engine::consents::status_word;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Which entries would go along: what is shared from day to day opens nothing to a move.
    pub(super) async fn sort_for_move(&self, would: &Would) -> Result<Sorted, EngineError> {
        let link = self.link(would.consent.recipient.host);
        let question = question_of(would, link.as_ref().map(|link| link.view()));
        let dropped = would.after.drops(would.consent.id, would.now);
        let mut sorted = Sorted::default();
        let records = self.inner.store.entries(would.after.case()).await?.into_iter();
        let told = records.filter(|record| record.facts.kind != EntryKind::CaseCard);
        for (content, view) in self.views(told.map(|record| record.facts.entry).collect()).await? {
            let facts = &content.record.facts;
            let item = preview_item(facts, &view);
            match permit_transfer(&question, facts) {
                Ok(_) => {
                    if dropped.contains(&facts.entry) {
                        sorted.dropped.push(item.clone());
                    }
                    sorted.opens.push(item);
                }
                Err(denial) => {
                    let reason = reason(would, facts, denial).to_owned();
                    sorted.hidden.push(HiddenItem { item, reason });
                }
            }
        }
        Ok(sorted)
    }

    /// What would be told of the child, if the gate lets the case go.
    pub(super) async fn card_for_move(
        &self,
        would: &Would,
    ) -> Result<BTreeMap<CardField, String>, EngineError> {
        let link = self.link(would.consent.recipient.host);
        let question = question_of(would, link.as_ref().map(|link| link.view()));
        if would.consent.card_fields.is_empty() || permit_succession(&question).is_err() {
            return Ok(BTreeMap::new());
        }
        self.card_words(would).await
    }
}

fn question_of<'a>(would: &'a Would, partner: Option<PartnerView<'a>>) -> MoveQuestion<'a> {
    MoveQuestion {
        ledger: &would.after,
        agreement: partner.and_then(|partner| partner.agreement),
        standing: partner.map_or(Standing::Revoked, |partner| partner.standing),
        consent: would.consent.id,
        now: would.moment,
    }
}

fn reason(would: &Would, facts: &EntryFacts, denial: Denial) -> &'static str {
    match denial {
        Denial::AddressProtected => "blocked",
        Denial::NoAgreement | Denial::Sealed => "no-agreement",
        Denial::OutsideAgreement => "outside-agreement",
        Denial::NoArea => "no-area",
        Denial::Excepted => "excepted",
        Denial::AboutAnother => "about-another",
        Denial::ReceiptOverdue => "waits-for-receipt",
        Denial::ForAnother => "stays-here",
        _ if !facts.areas.is_subset(&would.areas) => "area",
        _ if !would.consent.kinds.contains(&facts.kind) => "kind",
        _ if !would.status.counts() => status_word(&would.status),
        _ => "not-consented",
    }
}
