//! What may be asked of a family.

use std::collections::BTreeSet;

use stafett_config::Person;
use stafett_protocol::agreement::Agreement;
use stafett_protocol::consent::{ChildHeard, Consent, ConsentKind, Controller, Direction, Sector};
use stafett_protocol::entry::schema::{CARD_DEFAULT_FIELDS, PLACE_CARD_FIELDS};
use stafett_protocol::entry::value::{is_control_in_text, normalized};
use stafett_protocol::entry::{CardField, EntryKind};
use stafett_protocol::id::{AccountId, ConsentId, EntryId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::limits::{AREAS_MAX, MOVE_CONSENT_DAYS_MAX, MOVING_SERVICES_MAX};
use stafett_protocol::municipality::{PurposeCode, ServiceCode};
use stafett_protocol::person::Role;
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::time::{DAY, UnixMillis};

use super::invalid;
use crate::engine::request::AskConsent;
use crate::engine::{Engine, EngineError};

/// Bytes of a consent's purpose, and of what the family reserves.
const WORDS_BYTES_MAX: usize = 2_000;

impl Engine {
    /// Makes the consent that a request describes, checked but not said.
    pub(in crate::engine) async fn consent_of(
        &self,
        ledger: &LedgerView,
        id: ConsentId,
        request: &AskConsent,
    ) -> Result<Consent, EngineError> {
        self.check_scope(request)?;
        let exceptions = self.exceptions_of(ledger, request).await?;
        let controller = self.controller_of(request)?;
        let card_fields = card_fields_of(ledger, request, controller)?;
        self.check_words(request)?;
        let (from, until) = self.period_of(request)?;
        let version = version_of(ledger, request)?;
        let is_move = request.kind == ConsentKind::Transfer;
        let opens = is_move || request.kind == ConsentKind::Share;
        let all_kinds =
            || EntryKind::ALL.into_iter().filter(|kind| may_be_opened(request.kind, *kind)).collect();
        let kinds = request.kinds.clone().unwrap_or_else(all_kinds);
        Ok(Consent {
            version,
            kind: request.kind,
            controller,
            also: request.also.clone(),
            areas: request.areas.clone(),
            kinds: if opens { kinds } else { BTreeSet::new() },
            exceptions: if opens { exceptions } else { BTreeSet::new() },
            reservations: request.reservations.as_deref().map(normalized),
            card_fields: if opens { card_fields } else { BTreeSet::new() },
            direction: if is_move { Direction::Give } else { request.direction },
            purpose: normalized(&request.purpose),
            purpose_code: request.purpose_code.clone(),
            legal_character: self.inner.config.consent.legal_character,
            language: request.language.clone(),
            text_sha256: request.text_sha256.as_ref().map(|hash| hash.to_ascii_lowercase()),
            child_heard: request.child_heard,
            review_at: request.review_at,
            supersedes: request.supersedes,
            ..Consent::sharing(id, request.recipient.clone(), from, until)
        })
    }

    fn check_scope(&self, request: &AskConsent) -> Result<(), EngineError> {
        let is_move = request.kind == ConsentKind::Transfer;
        if !is_move && !request.also.is_empty() {
            return Err(invalid("also", "only a consent to a move names more services"));
        }
        if !is_move && request.kind != ConsentKind::Share {
            let is_bare = request.areas.is_empty()
                && request.exceptions.as_ref().is_none_or(BTreeSet::is_empty)
                && request.kinds.is_none()
                && request.card_fields.is_none();
            return if is_bare {
                Ok(())
            } else {
                Err(invalid("kind", "this kind of consent names no areas, kinds, exceptions or fields"))
            };
        }
        self.check_areas(&request.areas)?;
        if request.areas.is_empty() || request.areas.len() > AREAS_MAX {
            return Err(invalid("areas", "expected at least one area"));
        }
        let may_be_opened = |kind: &EntryKind| may_be_opened(request.kind, *kind);
        if request.kinds.as_ref().is_some_and(|kinds| !kinds.iter().all(may_be_opened)) {
            return Err(invalid("kinds", "one of the kinds does not go there"));
        }
        if is_move { self.check_move(request) } else { Ok(()) }
    }

    /// A case moves to services that take cases over, and with areas that the agreement lets go.
    fn check_move(&self, request: &AskConsent) -> Result<(), EngineError> {
        let AskConsent { recipient, also, .. } = request;
        let link = self.link(recipient.host);
        let moves = link.as_ref().map(|link| &link.agreement.moves);
        let takes_over = |code: &ServiceCode| moves.is_some_and(|moves| moves.services.contains(code));
        if !takes_over(&recipient.code) {
            return Err(invalid("recipient", "expected a service of an agreement that takes cases over"));
        }
        if also.contains(&recipient.code) || also.len() >= MOVING_SERVICES_MAX || !also.iter().all(takes_over)
        {
            return Err(invalid("also", "expected other services of that municipality that take cases over"));
        }
        if moves.is_some_and(|moves| !request.areas.is_subset(&moves.areas)) {
            return Err(invalid("areas", "expected areas that the agreement lets move"));
        }
        Ok(())
    }

    /// The entries that stay closed: as the request states them, or as they are closed already
    /// along the line of the consent that is replaced, and to every service after a restore.
    async fn exceptions_of(
        &self,
        ledger: &LedgerView,
        request: &AskConsent,
    ) -> Result<BTreeSet<EntryId>, EngineError> {
        let Some(asked) = &request.exceptions else {
            let (service, replaced) = (&request.recipient, request.supersedes);
            return Ok(match request.kind {
                ConsentKind::Transfer => replaced.map(|one| ledger.kept_from_move(one)).unwrap_or_default(),
                _ => ledger.exceptions_to_start_with(service, replaced, self.now()),
            });
        };
        if asked.is_empty() {
            return Ok(BTreeSet::new());
        }
        let entries = self.inner.store.entries(ledger.case()).await?;
        let there: BTreeSet<EntryId> = entries.into_iter().map(|record| record.facts.entry).collect();
        if asked.is_subset(&there) {
            Ok(asked.clone())
        } else {
            Err(invalid("exceptions", "expected entries of this case"))
        }
    }

    /// Who answers for what a recipient reads, as the settings say; only a service that they know
    /// can be a recipient.
    fn controller_of(&self, request: &AskConsent) -> Result<Controller, EngineError> {
        let AskConsent { recipient, kind, .. } = request;
        let known = if recipient.host == self.inner.own {
            let own = self.inner.config.service(&recipient.code);
            own.map(|service| service.controller_of(self.inner.own))
        } else {
            let link = self.link(recipient.host);
            let is_named = |agreement: &Agreement| match kind {
                ConsentKind::Transfer => agreement.moves.services.contains(&recipient.code),
                _ => agreement.services.contains(&recipient.code),
            };
            let link = link.filter(|link| is_named(&link.agreement));
            link.and_then(|link| link.controllers.get(&recipient.code).copied())
        };
        known.ok_or_else(|| invalid("recipient", "expected an own service or one of an agreement"))
    }

    fn check_words(&self, request: &AskConsent) -> Result<(), EngineError> {
        let fits = |text: &str| {
            let is_short = !text.trim().is_empty() && text.len() <= WORDS_BYTES_MAX;
            is_short && !normalized(text).chars().any(is_control_in_text)
        };
        if !fits(&request.purpose) {
            return Err(invalid("purpose", "expected 1 to 2000 bytes of text without control characters"));
        }
        if request.reservations.as_ref().is_some_and(|text| !fits(text)) {
            return Err(invalid(
                "reservations",
                "expected 1 to 2000 bytes of text without control characters",
            ));
        }
        let purposes = &self.inner.config.consent.purposes;
        let is_listed = |code: &PurposeCode| purposes.iter().any(|purpose| purpose.code == *code);
        if request.purpose_code.as_ref().is_some_and(|code| !is_listed(code)) {
            return Err(invalid("purpose_code", "expected a code of the municipality's list"));
        }
        if request.text_sha256.as_ref().is_some_and(|hash| !is_sha256(hash)) {
            return Err(invalid("text_sha256", "expected 64 hexadecimal digits"));
        }
        match request.child_heard {
            ChildHeard::Yes { at, .. } if at > self.now() => {
                Err(invalid("child_heard", "expected a moment that has been"))
            }
            ChildHeard::Yes { by, .. } if !self.works_here(by) => {
                Err(invalid("child_heard", "expected an account of somebody who works on this node"))
            }
            _ => Ok(()),
        }
    }

    fn period_of(&self, request: &AskConsent) -> Result<(UnixMillis, UnixMillis), EngineError> {
        let now = self.now();
        let from = request.from.unwrap_or(now);
        let is_move = request.kind == ConsentKind::Transfer;
        let days = u64::from(self.inner.config.consent.default_duration_days);
        let days = if is_move { days.min(MOVE_CONSENT_DAYS_MAX) } else { days };
        let until = request.until.unwrap_or_else(|| from.plus(days.saturating_mul(DAY)));
        if until <= from || until <= now {
            return Err(invalid("until", "expected a moment after `from` and after now"));
        }
        // The last day counts to its end, in a time zone that may put its clocks back once meanwhile.
        if is_move && until > now.plus((MOVE_CONSENT_DAYS_MAX + 2).saturating_mul(DAY)) {
            return Err(invalid(
                "until",
                "expected a moment within 90 days: whoever moves later is asked again",
            ));
        }
        if request.review_at.is_some_and(|review| review <= now || review >= until) {
            return Err(invalid("review_at", "expected a moment after now and before `until`"));
        }
        Ok((from, until))
    }

    /// Whether an account is somebody who works on this node, and no family's.
    pub(super) fn works_here(&self, account: AccountId) -> bool {
        let works =
            |person: &Person| person.roles.iter().any(|role| !matches!(role, Role::Guardian | Role::Subject));
        self.people().get(account).is_some_and(works)
    }
}

/// While the address is protected nothing may say where the family lives or goes, and no private
/// recipient may read. The words name no reason: they may be read over a shoulder, and kept.
fn card_fields_of(
    ledger: &LedgerView,
    request: &AskConsent,
    controller: Controller,
) -> Result<BTreeSet<CardField>, EngineError> {
    let is_protected = ledger.address_protection() != AddressProtection::None;
    let says_place = |field: &CardField| PLACE_CARD_FIELDS.contains(&field.key());
    if is_protected && controller.sector == Sector::Private {
        return Err(invalid("recipient", "expected a recipient that this case may have"));
    }
    match &request.card_fields {
        Some(chosen) if is_protected && chosen.iter().any(says_place) => {
            Err(invalid("card_fields", "expected fields that this case may share"))
        }
        Some(chosen) => Ok(chosen.clone()),
        None => {
            let usual = CARD_DEFAULT_FIELDS.iter().copied();
            Ok(usual.filter(|field| !is_protected || !says_place(field)).collect())
        }
    }
}

/// A card is opened by its fields; who takes part in a case that moves is asked anew where it goes.
fn may_be_opened(consent: ConsentKind, kind: EntryKind) -> bool {
    let goes_never = kind == EntryKind::CaseCard;
    !goes_never && (consent != ConsentKind::Transfer || kind != EntryKind::Participants)
}

fn version_of(ledger: &LedgerView, request: &AskConsent) -> Result<u32, EngineError> {
    let Some(replaced) = request.supersedes else { return Ok(1) };
    let replaced = ledger.consents().get(&replaced).map(|record| record.consent());
    // A move is to a municipality: other services of it may take the case over by the next version.
    let is_to_the_same = |replaced: &Consent| match request.kind {
        ConsentKind::Transfer => replaced.recipient.host == request.recipient.host,
        _ => replaced.recipient == request.recipient,
    };
    let fits = replaced
        .filter(|replaced| replaced.kind == request.kind && is_to_the_same(replaced))
        .ok_or_else(|| invalid("supersedes", "expected a consent of this case to the same service"))?;
    Ok(fits.version.saturating_add(1))
}

/// Whether a text is a SHA-256 in hexadecimal digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sixty_four_hexadecimal_digits_are_a_hash() {
        assert!(is_sha256(&"0aF".repeat(21).as_str().chars().chain(['9']).collect::<String>()));
        for text in ["", &"a".repeat(63), &"a".repeat(65), &"g".repeat(64), &"å".repeat(32)] {
            assert!(!is_sha256(text), "{text}");
        }
    }
}
