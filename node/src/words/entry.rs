//! What entries, their fields and the codes in them are called.

use std::collections::BTreeSet;

use stafett_config::Language;
use stafett_protocol::entry::schema::{FieldType, field as schema_of};
use stafett_protocol::entry::{EntryKind, FieldKey};

use super::{Words, listed};

/// What a kind is called within a sentence.
pub(crate) const fn kind(kind: EntryKind) -> Words {
    match kind {
        EntryKind::CaseCard => Words::new("saksopplysninger", "saksopplysningar"),
        EntryKind::Participants => Words::new("deltakere", "deltakarar"),
        EntryKind::Concern => Words::same("undring"),
        EntryKind::Goal => Words::same("mål"),
        EntryKind::Measure => Words::same("tiltak"),
        EntryKind::Meeting => Words::same("møte"),
        EntryKind::AgendaPoint => Words::same("sak til møte"),
        EntryKind::Agreement => Words::same("avtale"),
        EntryKind::Decision => Words::new("beslutning", "avgjerd"),
        EntryKind::Evaluation => Words::same("evaluering"),
        EntryKind::ChildVoice => Words::new("barnets stemme", "stemma til barnet"),
        EntryKind::GuardianInput => Words::new("foresattes innspill", "innspel frå føresette"),
        EntryKind::Note => Words::same("notat"),
        EntryKind::BrightSpot => Words::same("lysglimt"),
    }
}

/// Several kinds in a sentence; all of them are not counted up.
pub(crate) fn kinds(language: Language, kinds: &BTreeSet<EntryKind>) -> String {
    const EVERYTHING: Words = Words::new("alle slags oppføringer", "alle slag oppføringar");
    let is_everything =
        EntryKind::ALL.iter().all(|kind| *kind == EntryKind::CaseCard || kinds.contains(kind));
    if is_everything {
        return EVERYTHING.in_language(language).to_owned();
    }
    let words: Vec<_> = kinds.iter().map(|one| kind(*one).in_language(language).to_owned()).collect();
    listed(language, &words)
}

/// What a field is called.
pub(crate) const fn field(key: FieldKey) -> Words {
    match key {
        FieldKey::Title => Words::same("Tittel"),
        FieldKey::Description => Words::new("Beskrivelse", "Beskriving"),
        FieldKey::Strengths => Words::new("Styrker", "Styrkar"),
        FieldKey::Tried => Words::same("Prøvd før"),
        FieldKey::ObservedSince => Words::new("Lagt merke til siden", "Lagt merke til sidan"),
        FieldKey::FormulatedBy => Words::same("Formulert av"),
        FieldKey::SetOn => Words::new("Målet ble satt", "Målet blei sett"),
        FieldKey::Attainment => Words::new("Måloppnåelse", "Måloppnåing"),
        FieldKey::AttainmentNote => Words::new("Om måloppnåelsen", "Om måloppnåinga"),
        FieldKey::Responsible => Words::new("Ansvarlig", "Ansvarleg"),
        FieldKey::Start => Words::same("Start"),
        FieldKey::Deadline => Words::same("Frist"),
        FieldKey::Status => Words::same("Status"),
        FieldKey::AtHome => Words::new("Hjemme", "Heime"),
        FieldKey::Effect => Words::same("Effekt"),
        FieldKey::EffectNote => Words::same("Om effekten"),
        FieldKey::Date => Words::same("Dato"),
        FieldKey::Time => Words::same("Klokkeslett"),
        FieldKey::Place => Words::new("Sted", "Stad"),
        FieldKey::Mode => Words::same("Møteform"),
        FieldKey::Chair => Words::new("Møteleder", "Møteleiar"),
        FieldKey::Invited => Words::new("Innkalt", "Innkalla"),
        FieldKey::Present => Words::new("Til stede", "Til stades"),
        FieldKey::Absent => Words::same("Forfall"),
        FieldKey::Summary => Words::same("Referat"),
        FieldKey::NextMeeting => Words::same("Neste møte"),
        FieldKey::Position => Words::same("Nummer"),
        FieldKey::Decision => Words::new("Beslutning", "Avgjerd"),
        FieldKey::Reason => Words::new("Begrunnelse", "Grunngiving"),
        FieldKey::DecidedBy => Words::new("Besluttet av", "Avgjort av"),
        FieldKey::OnTrack => Words::new("På rett vei", "På rett veg"),
        FieldKey::ChildHeard => Words::new("Barnet er hørt", "Barnet er høyrt"),
        FieldKey::Disagreement => Words::new("Uenighet", "Usemje"),
        FieldKey::ObtainedBy => Words::new("Hvordan", "Korleis"),
        FieldKey::Author => Words::new("Skrevet av", "Skrive av"),
        FieldKey::WithheldFromGuardians => Words::new("Ikke for foresatte", "Ikkje for føresette"),
        FieldKey::Guardian => Words::new("Foresatt", "Føresett"),
        FieldKey::Participants => Words::new("Deltakere", "Deltakarar"),
        FieldKey::Name => Words::new("Navn", "Namn"),
        FieldKey::Role => Words::same("Rolle"),
        FieldKey::Service => Words::new("Tjeneste", "Teneste"),
        FieldKey::Employer => Words::new("Arbeidsgiver", "Arbeidsgivar"),
        FieldKey::Municipality => Words::same("Kommune"),
        FieldKey::Phone => Words::same("Telefon"),
        FieldKey::Email => Words::same("E-post"),
        FieldKey::BirthDate => Words::same("Fødselsdato"),
        FieldKey::NationalIdentityNumber => Words::same("Fødselsnummer"),
        FieldKey::SubjectKind => Words::new("Saken gjelder", "Saka gjeld"),
        FieldKey::Unit => Words::new("Enhet", "Eining"),
        FieldKey::Group => Words::same("Gruppe"),
        FieldKey::School => Words::new("Skole", "Skule"),
        FieldKey::Language => Words::same("Språk"),
        FieldKey::Interpreter => Words::same("Tolk"),
        FieldKey::Level => Words::same("Nivå"),
        FieldKey::Step => Words::new("Trinn", "Steg"),
        FieldKey::Guardians => Words::new("Foresatte", "Føresette"),
        FieldKey::ParentalResponsibility => Words::same("Foreldreansvar"),
        FieldKey::Address => Words::same("Adresse"),
    }
}

/// What a code of a field is called; none if the text is no code but somebody's own words.
pub(crate) fn code(kind: EntryKind, key: FieldKey, text: &str) -> Option<Words> {
    let is_code = matches!(schema_of(kind, key)?.of, FieldType::Choice(codes) if codes.contains(&text));
    is_code.then(|| word_of(text)).flatten()
}

fn word_of(code: &str) -> Option<Words> {
    Some(match code {
        "child" => Words::same("barnet"),
        "youth" => Words::new("ungdommen", "ungdomen"),
        "parent" => Words::same("forelderen"),
        "pregnant" => Words::same("den gravide"),
        "guardian" => Words::new("foresatt", "føresett"),
        "service" => Words::new("tjenesten", "tenesta"),
        "together" => Words::new("sammen", "saman"),
        "opened" => Words::new("opprettet", "oppretta"),
        "active" => Words::same("aktiv"),
        "waiting" => Words::same("på vent"),
        "in-transfer" => Words::same("under overføring"),
        "closed" => Words::new("avsluttet", "avslutta"),
        "archived" => Words::same("arkivert"),
        "joint" => Words::same("felles"),
        "sole" => Words::new("alene", "åleine"),
        "unknown" => Words::new("ukjent", "ukjend"),
        "appointed-guardian" => Words::new("oppnevnt verge", "oppnemnd verje"),
        "foster-home" => Words::new("fosterhjem", "fosterheim"),
        "child-welfare" => Words::same("barnevernet"),
        "open" => Words::new("åpen", "open"),
        "kept" => Words::new("holdt", "halden"),
        "not-kept" => Words::new("ikke holdt", "ikkje halden"),
        "cancelled" => Words::same("avlyst"),
        "large" => Words::same("i stor grad"),
        "some" => Words::new("i noen grad", "i nokon grad"),
        "small" => Words::same("i liten grad"),
        "none" => Words::same("ingen"),
        "good" => Words::same("god"),
        "planned" => Words::new("planlagt", "planlagd"),
        "started" => Words::same("i gang"),
        "postponed" => Words::new("utsatt", "utsett"),
        "done" => Words::same("gjennomført"),
        "ended-without-effect" => Words::new("avsluttet uten effekt", "avslutta utan effekt"),
        "held" => Words::new("holdt", "halde"),
        "in-person" => Words::same("fysisk"),
        "video" => Words::same("video"),
        "telephone" => Words::same("telefon"),
        "written" => Words::new("skriftlig", "skriftleg"),
        "change" => Words::same("endre"),
        "continue" => Words::new("videreføre", "vidareføre"),
        "level-up" => Words::new("opp et nivå", "opp eit nivå"),
        "level-down" => Words::new("ned et nivå", "ned eit nivå"),
        "close" => Words::same("avslutte"),
        "coordinating-unit" => Words::new("melde til koordinerende enhet", "melde til koordinerande eining"),
        "yes" => Words::same("ja"),
        "partly" => Words::same("delvis"),
        "no" => Words::same("nei"),
        "conversation" => Words::same("samtale"),
        "drawing" => Words::new("tegning", "teikning"),
        "form" => Words::same("skjema"),
        "play" => Words::new("lek", "leik"),
        "other" => Words::new("annet", "anna"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use stafett_protocol::entry::schema::fields;

    use super::*;

    #[test]
    fn every_code_of_every_field_has_words() {
        for kind in EntryKind::ALL {
            for field in fields(kind) {
                let FieldType::Choice(codes) = field.of else { continue };
                for text in codes {
                    assert!(code(kind, field.key, text).is_some(), "{kind} {} {text}", field.key);
                }
            }
        }
    }

    #[test]
    fn all_kinds_are_not_counted_up_and_all_but_one_are() {
        let mut all: BTreeSet<_> = EntryKind::ALL.into();
        all.remove(&EntryKind::CaseCard);

        assert_eq!(kinds(Language::Nb, &all), "alle slags oppføringer");
        all.remove(&EntryKind::Note);
        assert!(kinds(Language::Nb, &all).starts_with("deltakere, undring, mål, "));
    }

    #[test]
    fn free_text_that_looks_like_a_code_is_left_as_it_is() {
        assert!(code(EntryKind::Note, FieldKey::Description, "done").is_none());
        assert!(code(EntryKind::Measure, FieldKey::Status, "somebody's words").is_none());
    }
}
