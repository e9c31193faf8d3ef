//! Writing (Skriv): choose what, write it, see who will read it, publish. Or keep it as a draft,
//! which is its author's alone; or change what was written.

pub(crate) mod edit;
mod fields;

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use stafett_protocol::case::{Draft, DraftRevision};
use stafett_protocol::entry::schema::fields;
use stafett_protocol::entry::{About, EntryKind, FieldKey};
use stafett_protocol::id::{CaseId, DraftId, EntryId};
use stafett_protocol::municipality::AreaCode;

use self::fields::{Control, Shape, controls, read_fields, refuse_content, refuse_values, write_fields};
use super::case::area_choices;
use super::case::card::service_names;
use super::cases::{asked_for, staff_only};
use super::print::capitalised;
use super::{Frame, PageError, about, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{CaseView, EntryPreview};
use crate::engine::drafts::SaveDraft;
use crate::engine::entries::WrittenIn;
use crate::engine::preview::NamedBeyond;
use crate::engine::request::NewEntry;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::entry as entry_words;

/// What can be written with this form. A meeting has a page of its own, and the list of
/// participants and the case card are made elsewhere.
const KINDS: [EntryKind; 10] = [
    EntryKind::Goal,
    EntryKind::Measure,
    EntryKind::Note,
    EntryKind::Concern,
    EntryKind::ChildVoice,
    EntryKind::BrightSpot,
    EntryKind::GuardianInput,
    EntryKind::Evaluation,
    EntryKind::Agreement,
    EntryKind::Decision,
];

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "write_kind.html")]
struct KindPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    name: String,
    kinds: Choices,
}

#[derive(Template)]
#[template(path = "write.html")]
struct WritePage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    name: String,
    heading: String,
    form: Form,
    controls: Vec<Control>,
    areas: Choices,
    about: Choices,
    hide: Choices,
    may_save: bool,
}

#[derive(Template)]
#[template(path = "write_review.html")]
struct ReviewPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    name: String,
    heading: String,
    shown: Vec<(String, Vec<String>)>,
    areas: String,
    readers: String,
    not_readers: Vec<String>,
    waiting: Vec<String>,
    names: NamedBeyond,
    /// Whether guardians do not read it, which others who read it are not told.
    is_hidden: bool,
    has_changed: bool,
    goals: Choices,
    form: Form,
    /// Everything that was written, to come back with the button.
    kept: Vec<(String, String)>,
    may_save: bool,
}

/// A case in which something is written.
struct Room {
    case: CaseId,
    view: CaseView,
    is_own: bool,
}

impl Room {
    async fn of(api: &Api, visitor: &Visitor, case: CaseId) -> Result<Self, PageError> {
        staff_only(visitor)?;
        let view = api.engine.case(&visitor.reader, case).await?;
        if view.summary.task == "inbox" {
            return Err(ApiError::NotAllowed.into());
        }
        let is_own = view.summary.owner == api.engine.organisation();
        Ok(Self { case, view, is_own })
    }

    fn name(&self, visitor: &Visitor) -> String {
        about::subject_name(visitor, &self.view)
    }
}

/// Shows the form, or the choice of what to write.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    uri: Uri,
) -> Result<Response, PageError> {
    let room = Room::of(&api, &visitor, case).await?;
    if let Some(draft) = asked_for(&uri, "draft").first() {
        let draft: DraftId = draft.parse().map_err(|_| ApiError::NotFound)?;
        let own = api.engine.draft(&visitor.reader, case, draft).await?;
        let form = from_draft(&own.draft).put("entry-revision", own.revision.to_string());
        return form_page(&api, &visitor, &room, StatusCode::OK, own.draft.kind, form);
    }
    let kind = asked_for(&uri, "kind").first().and_then(|kind| kind.parse().ok());
    let Some(kind) = kind.filter(|kind| KINDS.contains(kind)) else {
        return kind_page(&api, &visitor, &room);
    };
    let mut form = Form::new().put("entry-about", "subject");
    if let Some(towards) = asked_for(&uri, "towards").first().and_then(|to| to.parse::<EntryId>().ok()) {
        form = form.put("entry-towards", towards.to_string());
        let goal = room.view.entries.iter().find(|item| item.entry == towards);
        for area in goal.iter().flat_map(|goal| &goal.areas) {
            form = form.put("entry-area", area.as_str());
        }
    }
    if kind == EntryKind::Measure {
        form = form.put(FieldKey::Status.as_str(), "planned");
    }
    if matches!(kind, EntryKind::Evaluation | EntryKind::Decision | EntryKind::ChildVoice) {
        form = form.put(FieldKey::Date.as_str(), api.engine.today().to_string());
    }
    form_page(&api, &visitor, &room, StatusCode::OK, kind, form)
}

fn kind_page(api: &Api, visitor: &Visitor, room: &Room) -> Result<Response, PageError> {
    let language = visitor.asked.language();
    let words = |kind: &EntryKind| capitalised(entry_words::kind(*kind).in_language(language));
    let kinds = KINDS.iter().map(|kind| (kind.as_str().to_owned(), words(kind))).collect();
    let frame = Frame::new(api, &visitor.asked, visitor.t("write-title"));
    page(StatusCode::OK, &KindPage { frame, case: room.case, name: room.name(visitor), kinds })
}

fn form_page(
    api: &Api,
    visitor: &Visitor,
    room: &Room,
    status: StatusCode,
    kind: EntryKind,
    form: Form,
) -> Result<Response, PageError> {
    let hide = (kind == EntryKind::ChildVoice && room.is_own)
        .then(|| ("yes".to_owned(), visitor.t("write-hide").to_string()));
    let written = WritePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("write-title")),
        case: room.case,
        name: room.name(visitor),
        heading: heading(visitor, kind),
        controls: controls(visitor, kind),
        areas: area_choices(api, visitor),
        about: about::choices(visitor, &room.view),
        hide: hide.into_iter().collect(),
        may_save: room.is_own,
        form: form.with("entry-kind", kind.as_str()).with_id(),
    };
    page(status, &written)
}

fn heading(visitor: &Visitor, kind: EntryKind) -> String {
    capitalised(entry_words::kind(kind).in_language(visitor.asked.language()))
}

fn from_draft(draft: &Draft) -> Form {
    let mut form = write_fields(Form::new(), &draft.fields).put("entry-draft", draft.id.to_string());
    for area in &draft.areas {
        form = form.put("entry-area", area.as_str());
    }
    for whom in &draft.about {
        form = form.put(about::FIELD, about::value(whom));
    }
    if draft.fields.get(&FieldKey::WithheldFromGuardians) == Some(&true.into()) {
        form = form.put("entry-hide", "yes");
    }
    form
}

/// What was written, and the draft that it was.
struct Written {
    entry: NewEntry,
    draft: Option<DraftId>,
    revision: Option<DraftRevision>,
}

fn read(visitor: &Visitor, form: &mut Form, kind: EntryKind, is_own: bool) -> Written {
    let mut fields = read_fields(visitor, form, kind);
    let is_hidden = is_own && kind == EntryKind::ChildVoice && form.has("entry-hide", "yes");
    if is_hidden {
        fields.insert(FieldKey::WithheldFromGuardians, true.into());
    }
    let areas: BTreeSet<AreaCode> = form.values("entry-area").filter_map(|area| area.parse().ok()).collect();
    let about: BTreeSet<About> = form.values(about::FIELD).filter_map(about::read).collect();
    if about.is_empty() {
        form.refuse(about::FIELD, visitor.t("write-about-missing"));
    }
    let towards = form.value("entry-towards").parse().ok();
    Written {
        entry: NewEntry { kind, areas, about, fields, towards, hidden_from_guardians: is_hidden },
        draft: form.value("entry-draft").parse().ok(),
        revision: form.value("entry-revision").parse().ok(),
    }
}

/// Takes what was written: keeps it as a draft, shows who would read it, or publishes it.
pub(crate) async fn take(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let room = Room::of(&api, &visitor, case).await?;
    let kind = form.value("entry-kind").parse().ok().filter(|kind| KINDS.contains(kind));
    let Some(kind) = kind else { return kind_page(&api, &visitor, &room) };
    let wish = form.value("do").to_owned();
    if wish == "write" {
        return form_page(&api, &visitor, &room, StatusCode::OK, kind, form);
    }
    let written = read(&visitor, &mut form, kind, room.is_own);
    if wish == "draft" {
        return save(&api, &visitor, &room, written, form).await;
    }
    refuse_content(&visitor, &mut form, &written.entry);
    if written.entry.areas.is_empty() {
        form.refuse("entry-area", visitor.t("write-area-missing"));
    }
    if !form.holds() {
        return form_page(&api, &visitor, &room, StatusCode::UNPROCESSABLE_ENTITY, kind, form);
    }
    let preview = match api.engine.preview_entry(&visitor.reader, case, &written.entry).await {
        Ok(preview) => preview,
        Err(error) => return refused(&api, &visitor, &room, kind, form, error),
    };
    let seen = fingerprint(&preview);
    if wish != "publish" || form.value("entry-readers") != seen {
        let has_changed = wish == "publish";
        return review(&api, &visitor, &room, &written.entry, &preview, form, has_changed).await;
    }
    let written_in = WrittenIn { draft: written.draft.filter(|_| room.is_own), ..form.written_in() };
    match api.engine.publish_written(&visitor.reader, case, written.entry, written_in).await {
        Ok(_) if room.is_own => Ok(done(&api, &format!("/cases/{case}"), Key("notice-published"))),
        Ok(_) => Ok(done(&api, &format!("/cases/{case}"), Key("notice-proposed"))),
        Err(error) => refused(&api, &visitor, &room, kind, form, error),
    }
}

/// Who would read it, so that nothing is published to others than those whom the page named.
pub(super) fn fingerprint(preview: &EntryPreview) -> String {
    let services = preview.readers.iter().map(|reader| reader.service.to_string());
    services.collect::<Vec<_>>().join(" ")
}

/// Shows the form again with what the engine found, so that nothing that was written is lost.
fn refused(
    api: &Api,
    visitor: &Visitor,
    room: &Room,
    kind: EntryKind,
    mut form: Form,
    error: EngineError,
) -> Result<Response, PageError> {
    let (field, key) = match &error {
        EngineError::Invalid { field: "areas", .. } => ("entry-area", Key("write-area-wrong")),
        EngineError::Invalid { field: "about", .. } => ("entry-about", Key("write-about-missing")),
        EngineError::Invalid { .. } => {
            let names = fields(kind).iter().map(|field| field.key.as_str());
            (form.longest(names).unwrap_or("entry-area"), Key("write-does-not-fit"))
        }
        EngineError::NotAllowed => ("entry-area", Key("write-not-allowed")),
        EngineError::Conflict { .. } => ("entry-area", Key("write-conflict")),
        _ => return Err(error.into()),
    };
    form.refuse(field, visitor.t(key));
    form_page(api, visitor, room, StatusCode::UNPROCESSABLE_ENTITY, kind, form)
}

async fn save(
    api: &Api,
    visitor: &Visitor,
    room: &Room,
    written: Written,
    mut form: Form,
) -> Result<Response, PageError> {
    let (kind, case) = (written.entry.kind, room.case);
    refuse_values(visitor, &mut form, &written.entry);
    if !form.holds() {
        return form_page(api, visitor, room, StatusCode::UNPROCESSABLE_ENTITY, kind, form);
    }
    let draft = SaveDraft {
        draft: written.draft,
        written_on: written.revision.filter(|_| written.draft.is_some()),
        kind,
        areas: written.entry.areas,
        about: written.entry.about,
        fields: written.entry.fields,
    };
    match api.engine.save_draft(&visitor.reader, case, draft).await {
        Ok(_) => Ok(done(api, &format!("/cases/{case}"), Key("notice-draft"))),
        Err(error) => refused(api, visitor, room, kind, form, error),
    }
}

/// The last step before publishing: what becomes visible, to whom, and to whom it does not.
async fn review(
    api: &Api,
    visitor: &Visitor,
    room: &Room,
    entry: &NewEntry,
    preview: &EntryPreview,
    form: Form,
    has_changed: bool,
) -> Result<Response, PageError> {
    use crate::words::{Namer, listed};
    let language = visitor.asked.language();
    let names = api.engine.names_beyond_readers(&visitor.reader, room.case, entry, preview).await?;
    let writer = super::print::Writer::new(&api.engine, language);
    let view = stafett_protocol::entry::EntryView {
        fields: entry.fields.clone(),
        conflicts: std::collections::BTreeMap::new(),
    };
    let areas: Vec<_> = entry.areas.iter().map(|area| api.engine.area(area, language)).collect();
    let each = |item: &crate::engine::answer::ReaderItem| api.engine.service(&item.service, language);
    let mut readers = service_names(api, visitor, preview.readers.iter().map(|item| item.service.clone()));
    if readers.is_empty() {
        readers = visitor.t("write-only-you").to_string();
    }
    if !room.is_own {
        let owner = visitor.t("write-and-owner").with("owner", &room.view.summary.owner_name).to_string();
        readers = listed(language, &[readers, owner]);
    }
    let form = form.with_id();
    let own = ["do", "entry-readers", "entry-towards"];
    let kept = form.pairs().filter(|(name, _)| !own.contains(name));
    let kept = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let title = |item: &crate::engine::answer::EntryItem| writer.title(item.kind, &item.view);
    let goals = room.view.entries.iter().filter(|item| item.kind == EntryKind::Goal);
    let mut goals: Choices = goals.map(|item| (item.entry.to_string(), title(item))).collect();
    if entry.kind == EntryKind::Goal {
        goals.clear();
    } else if !goals.is_empty() {
        goals.insert(0, (String::new(), visitor.t("write-no-goal").to_string()));
    }
    let reviewed = ReviewPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("write-review-title")),
        case: room.case,
        name: room.name(visitor),
        heading: writer.title(entry.kind, &view),
        shown: writer.fields(entry.kind, &view),
        areas: listed(language, &areas),
        readers,
        not_readers: preview.not_readers.iter().map(each).collect(),
        waiting: preview.waiting.iter().map(|item| api.engine.service(&item.service, language)).collect(),
        names,
        is_hidden: entry.hidden_from_guardians,
        has_changed,
        goals,
        kept,
        may_save: room.is_own,
        form: form.with("entry-readers", fingerprint(preview)),
    };
    page(StatusCode::OK, &reviewed)
}

/// Deletes a draft.
pub(crate) async fn delete(
    State(api): State<Api>,
    Visiting(visitor, (case, draft)): Visiting<(CaseId, DraftId)>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    staff_only(&visitor)?;
    api.engine.delete_draft(&visitor.reader, case, draft).await?;
    Ok(done(&api, &format!("/cases/{case}"), Key("notice-draft-deleted")))
}
