//! The form on paper, in the family's language: what is asked, and lines to sign.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, PersonId};

use super::ask::entry_line;
use super::{Asked, Say, consent_in};
use crate::engine::EngineError;
use crate::engine::answer::ConsentView;
use crate::web::Api;
use crate::web::pages::language::Chosen;
use crate::web::pages::{Frame, PageError, page};
use crate::web::texts::Key;
use crate::web::visitor::Visiting;
use crate::words::{entry as entry_words, time};

#[derive(Template)]
#[template(path = "consent-form.html")]
struct FormPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    consent: ConsentId,
    municipality: &'a str,
    subject: String,
    /// The service that reads, or where the case moves.
    service: String,
    is_move: bool,
    way: &'static str,
    /// The language that was wished for and is not there.
    lacks: Option<String>,
    rows: Vec<(String, String)>,
    exceptions: Vec<String>,
    reservations: Option<String>,
    givers: Vec<String>,
    today: String,
}

/// Shows the form. Only the stafettholder prints it.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, consent)): Visiting<(CaseId, ConsentId)>,
) -> Result<Response, PageError> {
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    let ConsentView::Full(item) = consent_in(&desk, consent)? else {
        return Err(EngineError::NotAllowed.into());
    };
    visitor.must_be_fresh(&visitor.asked.here)?;
    let asked = &item.asked;
    let wished = asked.language.as_ref().map(ToString::to_string);
    let (language, lacks) = language_of(wished.as_deref(), visitor.asked.language());
    let say = Say::within(&api.engine, language);
    let card: Vec<_> = asked
        .card_fields
        .iter()
        .map(|field| entry_words::field(field.key()).in_language(language).to_owned())
        .collect();
    let required: BTreeSet<PersonId> = item.given_by.keys().chain(&item.missing).copied().collect();
    // One sheet for all who sign: it names what each of them reads, and what was asked of all.
    let told = api.engine.entries_read_by_all(case, &required).await?;
    let is_told = |entry: &EntryId| asked.exceptions.contains(entry) && told.contains(entry);
    let more_is_closed = asked.exceptions.iter().chain(item.excepted.keys()).any(|entry| !is_told(entry));
    let row = |key: Key, value: String| (say.t(key).to_string(), value);
    let mut rows = vec![
        row(Key("consents-row-areas"), say.areas(&asked.areas)),
        row(Key("consents-row-kinds"), say.kinds(&asked.kinds)),
    ];
    if !card.is_empty() {
        rows.push(row(Key("consents-row-card"), say.listed(&card)));
    }
    if !Asked::of(asked).is_move() {
        rows.push(row(Key("consents-row-direction"), say.direction(asked.direction)));
    }
    rows.extend([
        row(Key("consents-row-purpose"), asked.purpose.clone()),
        row(Key("consents-row-from"), say.day(asked.from)),
        row(Key("consents-row-until"), say.last_day(asked.until)),
    ]);
    // The paper's own language on the whole page: it is read by the family.
    let asked_in = crate::web::visitor::Asked {
        chosen: Chosen { language, by_query: visitor.asked.chosen.by_query },
        ..visitor.asked.clone()
    };
    let is_move = Asked::of(asked).is_move();
    let title = if is_move { Key("consents-move-paper-title") } else { Key("consents-paper-title") };
    let shown = FormPage {
        frame: Frame::new(&api, &asked_in, say.t(title)),
        case,
        consent,
        municipality: &api.engine.config().node.name,
        subject: desk.subject_name.clone().unwrap_or_default(),
        is_move,
        way: say.way(&asked.recipient),
        service: if is_move { say.to(&Asked::of(asked)) } else { say.called(&Asked::of(asked)) },
        lacks,
        rows,
        exceptions: desk
            .entries
            .iter()
            .filter(|entry| is_told(&entry.entry))
            .map(|entry| entry_line(&say, entry))
            .chain(more_is_closed.then(|| say.t("consents-paper-more").to_string()))
            .collect(),
        reservations: asked.reservations.clone(),
        givers: required.iter().map(|person| say.person(&desk.parties, *person)).collect(),
        today: time::day_of(api.engine.now(), &api.engine.config().node.time_zone),
    };
    page(StatusCode::OK, &shown)
}

/// The language of the paper: the wished one where it is there, else bokmål, said on the paper;
/// that of the screen where none was wished for.
fn language_of(wished: Option<&str>, screen: Language) -> (Language, Option<String>) {
    let Some(wished) = wished else { return (screen, None) };
    match wished.split('-').next().unwrap_or_default() {
        "nb" | "no" => (Language::Nb, None),
        "nn" => (Language::Nn, None),
        _ => (Language::Nb, Some(wished.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_that_is_not_there_falls_back_to_bokmal_and_says_so() {
        assert_eq!(language_of(None, Language::Nn), (Language::Nn, None));
        assert_eq!(language_of(Some("nn"), Language::Nb), (Language::Nn, None));
        assert_eq!(language_of(Some("nb-NO"), Language::Nn), (Language::Nb, None));
        assert_eq!(language_of(Some("sma"), Language::Nn), (Language::Nb, Some("sma".to_owned())));
        assert_eq!(language_of(Some("so"), Language::Nb).0, Language::Nb);
    }
}
