//! What a family is told when a sharing has ended, in plain words: drafts, made from what the
//! addressee may know and from nothing else.
//!
//! Nothing is said to be erased without the partner's receipt, and the receipt is told as what it
//! is: the partner's own word. Counts are of entries that the addressee may read; whether others
//! went along changes no letter.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_config::Language;
use stafett_protocol::entry::EntryKind;
use utoipa::ToSchema;

use crate::words::{Words, entry, listed};

/// A notice in one language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeText {
    /// Its title.
    pub title: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

/// What a partner was asked for, and what it has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing could go out, because no sharing had begun.
    NeverShared,
    /// It was a consent to a move.
    Moving(Moving),
    /// The order is not made yet.
    NotAsked,
    /// It was asked, and at least one of its receipts is not in.
    NotConfirmed,
    /// All its receipts are in.
    Confirmed(Confirmed),
}

/// How far a move was when its consent was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moving {
    /// The case is here, and nobody elsewhere can read anything of it.
    Stopped,
    /// The case is here; a file that a code word opens was made.
    FileMade,
    /// The case is the other municipality's, which is told.
    Gone,
    /// The case is the other municipality's, to which no node speaks.
    GoneByHand,
}

/// What the receipts say of entries that the addressee may read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Confirmed {
    pub(crate) erased: usize,
    /// Locked, because the partner's own staff wrote it.
    pub(crate) own_writing: usize,
    /// Locked, because the partner's law makes it keep it.
    pub(crate) duty_to_keep: usize,
    /// Kept, because another of the partner's services still has a consent.
    pub(crate) kept: usize,
    /// Days until the last backup that could open what was erased is gone.
    pub(crate) backup_days: u32,
}

/// A withdrawal, for the person who withdrew and for nobody else.
#[derive(Debug)]
pub(crate) struct Withdrawal<'a> {
    /// The day of it.
    pub(crate) day: &'a str,
    /// The service that the consent was for.
    pub(crate) service: &'a str,
    /// The kinds that the consent named.
    pub(crate) kinds: &'a BTreeSet<EntryKind>,
    /// The areas that were taken back.
    pub(crate) areas: &'a [String],
    /// Whether only what is about the addressee was taken back.
    pub(crate) about_self: bool,
    /// The partner and what it has said; none for a service of the own municipality.
    pub(crate) partner: Option<(&'a str, Told)>,
}

/// The end of all sharing with a partner, for one person of a family.
#[derive(Debug)]
pub(crate) struct PartnerEnded<'a> {
    /// The partner.
    pub(crate) partner: &'a str,
    /// Its services that received.
    pub(crate) services: &'a [String],
    /// The kinds of what they received.
    pub(crate) kinds: &'a BTreeSet<EntryKind>,
    /// The areas of what they received.
    pub(crate) areas: &'a [String],
    /// The day on which the first of it was sent.
    pub(crate) since: &'a str,
    /// What the partner has said.
    pub(crate) told: Told,
}

const WITHDRAWN: Words =
    Words::new("Du har trukket tilbake et samtykke", "Du har trekt tilbake eit samtykke");
const WITHDRAWN_WHEN: Words = Words::new(
    "{day} trakk du tilbake samtykket til at {service} leser fra stafettloggen.",
    "{day} trekte du tilbake samtykket til at {service} les frå stafettloggen.",
);
const SCOPE: Words =
    Words::new("Det gjaldt: {kinds}. Områder: {areas}.", "Det galdt: {kinds}. Område: {areas}.");
const ABOUT_YOU: Words = Words::new(
    "Det gjaldt bare det som er skrevet om deg selv. Det som er skrevet om barnet, er ikke endret.",
    "Det galdt berre det som er skrive om deg sjølv. Det som er skrive om barnet, er ikkje endra.",
);
const NEW_HOLDER: Words = Words::new("Dere har fått ny stafettholder", "De har fått ny stafetthaldar");
const NEW_HOLDER_WHO: Words = Words::new(
    "{name} er stafettholder fra {day}. Samtykkene deres gjelder som før.",
    "{name} er stafetthaldar frå {day}. Samtykka dykkar gjeld som før.",
);
const STOPS_SENDING: Words = Words::new(
    "Fra da av sender vi ikke noe mer med dette samtykket.",
    "Frå då av sender vi ikkje noko meir med dette samtykket.",
);
const STOPS_READING: Words = Words::new(
    "Fra da av leser {service} ikke lenger det som bare var åpnet med dette samtykket.",
    "Frå då av les {service} ikkje lenger det som berre var opna med dette samtykket.",
);
const ONLY_YOU: Words = Words::new(
    "Denne meldingen er bare til deg. Spør stafettholderen hvis du lurer på noe.",
    "Denne meldinga er berre til deg. Spør stafetthaldaren om du lurer på noko.",
);
const ASK: Words =
    Words::new("Spør stafettholderen hvis du lurer på noe.", "Spør stafetthaldaren om du lurer på noko.");
const ENDED: Words = Words::new(
    "{partner} får ikke lenger opplysninger fra stafettloggen",
    "{partner} får ikkje lenger opplysningar frå stafettloggen",
);
const ENDED_NOW: Words =
    Words::new("Vi sender ikke noe mer til {partner}.", "Vi sender ikkje noko meir til {partner}.");
const RECEIVED: Words = Words::new(
    "{services} har fått: {kinds}. Områder: {areas}. Det første ble sendt {since}.",
    "{services} har fått: {kinds}. Område: {areas}. Det første blei sendt {since}.",
);
const MOVE_STOPPED: Words = Words::new("Saken flytter ikke.", "Saka flyttar ikkje.");
const MOVE_FILE_MADE: Words = Words::new(
    "Saken flytter ikke. Den låste fila til {partner} kan være sendt. Har de fila og kodeordet, kan de fortsatt lese den. \
     Stafettholderen er bedt om å ringe dem.",
    "Saka flyttar ikkje. Den låste fila til {partner} kan vere send. Har dei fila og kodeordet, kan dei framleis lese ho. \
     Stafetthaldaren er beden om å ringje dei.",
);
const MOVE_GONE: Words = Words::new(
    "Saken var alt flyttet. {partner} får vite at du har trukket samtykket tilbake, og svarer for det som fulgte med.",
    "Saka var alt flytta. {partner} får vite at du har trekt samtykket tilbake, og svarer for det som følgde med.",
);
const MOVE_GONE_BY_HAND: Words = Words::new(
    "Saken var alt flyttet. {partner} får ikke vite dette herfra: si det til dem. De svarer for det som fulgte med.",
    "Saka var alt flytta. {partner} får ikkje vite dette herifrå: sei det til dei. Dei svarer for det som følgde med.",
);
const NEVER_SHARED: Words = Words::same("Ingenting var sendt med dette samtykket.");
const NOT_ASKED: Words = Words::new(
    "{partner} skal bli bedt om å slette det de har fått, men er ikke bedt om det ennå.",
    "{partner} skal bli beden om å slette det dei har fått, men er ikkje beden om det enno.",
);
const ASKED: Words = Words::new(
    "{partner} er bedt om å slette det de har fått. {partner} har ikke bekreftet ennå.",
    "{partner} er beden om å slette det dei har fått. {partner} har ikkje stadfesta enno.",
);
const CONFIRMED: Words = Words::new(
    "{partner} ble bedt om å slette det de hadde fått. {partner} har bekreftet.",
    "{partner} blei beden om å slette det dei hadde fått. {partner} har stadfesta.",
);
const ERASED: [Words; 2] = [
    Words::new("1 oppføring er slettet.", "1 oppføring er sletta."),
    Words::new("{count} oppføringer er slettet.", "{count} oppføringar er sletta."),
];
const OWN_WRITING: [Words; 2] = [
    Words::new(
        "1 oppføring er låst (sperret), fordi deres egne ansatte har skrevet den.",
        "1 oppføring er låst (sperra), fordi deira eigne tilsette har skrive ho.",
    ),
    Words::new(
        "{count} oppføringer er låst (sperret), fordi deres egne ansatte har skrevet dem.",
        "{count} oppføringar er låste (sperra), fordi deira eigne tilsette har skrive dei.",
    ),
];
const DUTY_TO_KEEP: [Words; 2] = [
    Words::new(
        "1 oppføring er låst (sperret), fordi loven krever at de tar vare på den.",
        "1 oppføring er låst (sperra), fordi lova krev at dei tek vare på ho.",
    ),
    Words::new(
        "{count} oppføringer er låst (sperret), fordi loven krever at de tar vare på dem.",
        "{count} oppføringar er låste (sperra), fordi lova krev at dei tek vare på dei.",
    ),
];
const KEPT: [Words; 2] = [
    Words::new(
        "1 oppføring er fortsatt der, fordi en annen tjeneste der har samtykke.",
        "1 oppføring er framleis der, fordi ei anna teneste der har samtykke.",
    ),
    Words::new(
        "{count} oppføringer er fortsatt der, fordi en annen tjeneste der har samtykke.",
        "{count} oppføringar er framleis der, fordi ei anna teneste der har samtykke.",
    ),
];
const BACKUPS: Words = Words::new(
    "Innen {days} dager etter slettingen er det også borte fra sikkerhetskopiene deres.",
    "Innan {days} dagar etter slettinga er det også borte frå sikkerheitskopiane deira.",
);
const OWN_WORD: Words = Words::new(
    "Dette er det {partner} selv sier. Ingen kan bevise at noe er slettet.",
    "Dette er det {partner} sjølv seier. Ingen kan prove at noko er sletta.",
);

/// Tells whoever withdrew what stops and who has confirmed.
pub(crate) fn withdrawal(language: Language, of: &Withdrawal<'_>) -> NoticeText {
    let service = [("service", of.service), ("day", of.day)];
    let mut paragraphs = vec![
        WITHDRAWN_WHEN.fill(language, &service),
        SCOPE.fill(
            language,
            &[("kinds", &entry::kinds(language, of.kinds)), ("areas", &listed(language, of.areas))],
        ),
    ];
    if of.about_self {
        paragraphs.push(ABOUT_YOU.in_language(language).to_owned());
    }
    match of.partner {
        Some((partner, told)) => {
            if !matches!(told, Told::Moving(_)) {
                paragraphs.push(STOPS_SENDING.in_language(language).to_owned());
            }
            paragraphs.extend(told_by(language, partner, told));
        }
        None => paragraphs.push(STOPS_READING.fill(language, &service)),
    }
    paragraphs.push(ONLY_YOU.in_language(language).to_owned());
    NoticeText { title: WITHDRAWN.in_language(language).to_owned(), paragraphs }
}

/// Tells a person what a partner held when all sharing with it ended.
pub(crate) fn partner_ended(language: Language, of: &PartnerEnded<'_>) -> NoticeText {
    let partner = [("partner", of.partner)];
    let received = RECEIVED.fill(
        language,
        &[
            ("services", &listed(language, of.services)),
            ("kinds", &entry::kinds(language, of.kinds)),
            ("areas", &listed(language, of.areas)),
            ("since", of.since),
        ],
    );
    let mut paragraphs = vec![ENDED_NOW.fill(language, &partner), received];
    paragraphs.extend(told_by(language, of.partner, of.told));
    paragraphs.push(ASK.in_language(language).to_owned());
    NoticeText { title: ENDED.fill(language, &partner), paragraphs }
}

/// Tells a person of the family who the new stafettholder is.
pub(crate) fn new_holder(language: Language, name: &str, day: &str) -> NoticeText {
    let who = NEW_HOLDER_WHO.fill(language, &[("name", name), ("day", day)]);
    let paragraphs = vec![who, ASK.in_language(language).to_owned()];
    NoticeText { title: NEW_HOLDER.in_language(language).to_owned(), paragraphs }
}

fn told_by(language: Language, partner: &str, told: Told) -> Vec<String> {
    let name = [("partner", partner)];
    let confirmed = match told {
        Told::NeverShared => return vec![NEVER_SHARED.in_language(language).to_owned()],
        Told::Moving(moving) => {
            let words = match moving {
                Moving::Stopped => &MOVE_STOPPED,
                Moving::FileMade => &MOVE_FILE_MADE,
                Moving::Gone => &MOVE_GONE,
                Moving::GoneByHand => &MOVE_GONE_BY_HAND,
            };
            return vec![words.fill(language, &name)];
        }
        Told::NotAsked => return vec![NOT_ASKED.fill(language, &name)],
        Told::NotConfirmed => return vec![ASKED.fill(language, &name)],
        Told::Confirmed(confirmed) => confirmed,
    };
    let counts = [
        (ERASED, confirmed.erased),
        (OWN_WRITING, confirmed.own_writing),
        (DUTY_TO_KEEP, confirmed.duty_to_keep),
        (KEPT, confirmed.kept),
    ];
    let mut told = vec![CONFIRMED.fill(language, &name)];
    told.extend(counts.into_iter().filter_map(|([one, more], count)| match count {
        0 => None,
        1 => Some(one.in_language(language).to_owned()),
        _ => Some(more.fill(language, &[("count", &count.to_string())])),
    }));
    if confirmed.erased > 0 {
        told.push(BACKUPS.fill(language, &[("days", &confirmed.backup_days.to_string())]));
    }
    told.push(OWN_WORD.fill(language, &name));
    told
}

#[cfg(test)]
mod tests;
