//! One entry: what it says, who reads it, and the form that settles two answers.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};

use super::card::{Cards, EntryCard};
use crate::engine::answer::EntryItem;
use crate::engine::request::EditEntry;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::Posted;
use crate::web::pages::cases::staff_only;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::entry as entry_words;

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    entry: EntryId,
    card: EntryCard,
    conflicts: Vec<Conflict>,
    may_edit: bool,
    /// Where what belongs to a goal is written.
    measure: Option<String>,
    towards: Option<String>,
}

/// A field with two answers or more.
struct Conflict {
    key: &'static str,
    label: &'static str,
    /// How the answer is sent, and what it says.
    values: Vec<(String, String)>,
    may_settle: bool,
}

/// Shows an entry.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, entry)): Visiting<(CaseId, EntryId)>,
) -> Result<Response, PageError> {
    staff_only(&visitor)?;
    let item = api.engine.entry(&visitor.reader, case, entry).await?;
    let (is_holder, owner) = api.engine.standing(&visitor.reader, case).await?;
    let cards = Cards::of(&api, &visitor, is_holder, owner);
    let is_goal = item.kind == EntryKind::Goal;
    let shown = EntryPage {
        frame: Frame::new(&api, &visitor.asked, visitor.t("entry-title")),
        case,
        entry,
        conflicts: conflicts(&visitor, &cards, &item, is_holder),
        may_edit: !matches!(item.kind, EntryKind::CaseCard | EntryKind::Participants),
        measure: is_goal.then(|| format!("/cases/{case}/write?kind=measure&towards={entry}")),
        towards: item.towards.map(|to| format!("/cases/{case}/entries/{to}")),
        card: cards.card(&item),
    };
    page(StatusCode::OK, &shown)
}

fn conflicts(visitor: &Visitor, cards: &Cards<'_>, item: &EntryItem, is_holder: bool) -> Vec<Conflict> {
    let language = visitor.asked.language();
    let one = |(key, values): (&FieldKey, &Vec<FieldValue>)| Conflict {
        key: key.as_str(),
        label: entry_words::field(*key).in_language(language),
        values: values
            .iter()
            .map(|value| (sent(value), cards.writer.value(item.kind, *key, value)))
            .collect(),
        may_settle: is_holder,
    };
    item.view.conflicts.iter().map(one).collect()
}

/// A value as it stands in a form.
fn sent(value: &FieldValue) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Settles a field with two answers: one of those that stand there.
pub(crate) async fn settle(
    State(api): State<Api>,
    Visiting(visitor, (case, entry)): Visiting<(CaseId, EntryId)>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    staff_only(&visitor)?;
    let here = format!("/cases/{case}/entries/{entry}");
    let (is_holder, _) = api.engine.standing(&visitor.reader, case).await?;
    if !is_holder {
        return Err(ApiError::NotAllowed.into());
    }
    let item = api.engine.entry(&visitor.reader, case, entry).await?;
    let key: Option<FieldKey> = form.value("field").parse().ok();
    let values = key.and_then(|key| Some((key, item.view.conflicts.get(&key)?)));
    let chosen = values.and_then(|(key, values)| {
        Some((key, values.iter().find(|value| sent(value) == form.value("value"))?.clone()))
    });
    let Some((key, value)) = chosen else {
        return Err(ApiError::Conflict { reason: "the answers have changed; read them again" }.into());
    };
    let fields = std::collections::BTreeMap::from([(key, Some(value))]);
    api.engine.edit_entry(&visitor.reader, case, entry, EditEntry { fields }).await?;
    Ok(done(&api, &here, Key("notice-settled")))
}
