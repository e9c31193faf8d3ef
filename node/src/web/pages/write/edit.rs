//! Changing an entry. Only what was changed is sent on; what somebody else changed in the same
//! field meanwhile is shown before it would be written over.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::entry::content::Fields;
use stafett_protocol::entry::schema::{field, fields};
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, EntryId};

use super::fields::{Control, Shape, as_text, controls, read_fields, write_fields};
use crate::engine::EngineError;
use crate::engine::answer::EntryItem;
use crate::engine::preview::NamedBeyond;
use crate::engine::request::EditEntry;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::pages::case::card::{Cards, Readers};
use crate::web::pages::cases::staff_only;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};

#[derive(Template)]
#[template(path = "entry_edit.html")]
struct EditPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    entry: EntryId,
    heading: String,
    form: Form,
    controls: Vec<Control>,
    /// What each field said when the writing began.
    before: Vec<(String, String)>,
    readers: Readers,
    /// Whom the change names of those who not every reader knows to take part.
    names: NamedBeyond,
    /// What comes back with the button: the names and readers that the page said.
    seen: String,
}

/// Shows the form with what the entry says.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, (case, entry)): Visiting<(CaseId, EntryId)>,
) -> Result<Response, PageError> {
    let item = editable(&api, &visitor, case, entry).await?;
    let form = write_fields(Form::new(), &item.view.fields);
    shown(&api, &visitor, StatusCode::OK, &item, form, Warned::default()).await
}

async fn editable(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    entry: EntryId,
) -> Result<EntryItem, PageError> {
    staff_only(visitor)?;
    let item = api.engine.entry(&visitor.reader, case, entry).await?;
    match item.kind {
        EntryKind::CaseCard | EntryKind::Participants => Err(ApiError::NotAllowed.into()),
        _ => Ok(item),
    }
}

async fn shown(
    api: &Api,
    visitor: &Visitor,
    status: StatusCode,
    item: &EntryItem,
    form: Form,
    Warned { names, seen }: Warned,
) -> Result<Response, PageError> {
    let (is_holder, owner) = api.engine.standing(&visitor.reader, item.case).await?;
    let cards = Cards::of(api, visitor, is_holder, owner);
    let controls = controls(visitor, item.kind);
    // What the writing began from stays, so that an untouched field takes back nobody's words; what
    // was changed meanwhile has been told once it stands beside the field.
    let before: Vec<_> = controls
        .iter()
        .map(|control| {
            let said = control.name.parse().ok().and_then(|key: FieldKey| item.view.fields.get(&key));
            let (name, now) = (before_name(control.name), said.map(as_text).unwrap_or_default());
            let told = visitor.t("edit-changed-meanwhile").with("now", now.clone()).to_string();
            let is_kept = form.is_touched(&name) && form.error(control.name) != Some(told.as_str());
            let before = if is_kept { form.value(&name).to_owned() } else { now };
            (name, before)
        })
        .collect();
    let edited = EditPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("edit-title")),
        case: item.case,
        entry: item.entry,
        heading: cards.writer.title(item.kind, &item.view),
        before,
        form,
        controls,
        readers: cards.readers(item),
        names,
        seen,
    };
    page(status, &edited)
}

/// Whom a change names, and what a page that said so sends back.
#[derive(Default)]
struct Warned {
    names: NamedBeyond,
    seen: String,
}

impl Warned {
    async fn of(api: &Api, visitor: &Visitor, item: &EntryItem, edit: &EditEntry) -> Result<Self, PageError> {
        let names = api.engine.names_edited_in(&visitor.reader, item, edit).await?;
        let readers = item.readers.iter().map(|reader| reader.service.to_string());
        let readers = readers.collect::<Vec<_>>().join(" ");
        let seen = format!("{readers}|{}", names.line());
        Ok(Self { names, seen })
    }

    fn must_be_said(&self, form: &Form) -> bool {
        !self.names.is_empty() && form.value("entry-names") != self.seen
    }
}

fn before_name(field: &str) -> String {
    format!("entry-before-{field}")
}

/// Saves what was changed.
pub(crate) async fn save(
    State(api): State<Api>,
    Visiting(visitor, (case, entry)): Visiting<(CaseId, EntryId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let item = editable(&api, &visitor, case, entry).await?;
    let read = read_fields(&visitor, &mut form, item.kind);
    let changes = changes(&visitor, &mut form, &item, &read);
    if form.holds() {
        let edit = EditEntry { fields: changes };
        let named = Warned::of(&api, &visitor, &item, &edit).await?;
        if named.must_be_said(&form) {
            return shown(&api, &visitor, StatusCode::OK, &item, form, named).await;
        }
        let edited = if edit.fields.is_empty() {
            Ok(item.clone())
        } else {
            api.engine.edit_entry(&visitor.reader, case, entry, edit).await
        };
        let names = || fields(item.kind).iter().map(|field| field.key.as_str());
        let (first, longest) = (names().next().unwrap_or("title"), form.longest(names()).unwrap_or("title"));
        match edited {
            Ok(_) => return Ok(done(&api, &format!("/cases/{case}/entries/{entry}"), Key("notice-saved"))),
            Err(EngineError::Invalid { .. }) => form.refuse(longest, visitor.t("edit-does-not-fit")),
            Err(EngineError::Conflict { .. }) => form.refuse(first, visitor.t("edit-conflict")),
            Err(EngineError::NotAllowed) => form.refuse(first, visitor.t("edit-not-allowed")),
            Err(other) => return Err(other.into()),
        }
    }
    shown(&api, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &item, form, Warned::default()).await
}

/// What the form says otherwise than it did when the writing began.
fn changes(
    visitor: &Visitor,
    form: &mut Form,
    item: &EntryItem,
    read: &Fields,
) -> BTreeMap<FieldKey, Option<FieldValue>> {
    let mut changes = BTreeMap::new();
    for control in controls(visitor, item.kind) {
        let Ok(key) = control.name.parse::<FieldKey>() else { continue };
        let before = form.value(&before_name(control.name)).to_owned();
        let written = read.get(&key).map(as_text).unwrap_or_default();
        if written == before.trim() {
            continue;
        }
        let now = item.view.fields.get(&key).map(as_text).unwrap_or_default();
        if now.trim() != before.trim() && now.trim() != written {
            form.refuse(control.name, visitor.t("edit-changed-meanwhile").with("now", now));
            continue;
        }
        let is_required = field(item.kind, key).is_some_and(|field| field.required);
        let value = match (read.get(&key), &control.shape) {
            (Some(value), _) => Some(value.clone()),
            (None, Shape::Tick(_)) => Some(FieldValue::Flag(false)),
            (None, _) => None,
        };
        if value.is_none() && is_required {
            form.refuse(control.name, visitor.t("write-field-missing"));
        }
        changes.insert(key, value);
    }
    changes
}
