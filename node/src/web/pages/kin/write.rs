//! What somebody of the family writes: a guardian's input, or the child's own words. Who reads it
//! is told before it is published, and it is published to no others. No name is put into it: it goes
//! to services with whom the family shared none, and the owner knows who wrote it.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::entry::{About, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::AreaCode;

use super::must_be_family;
use crate::engine::EngineError;
use crate::engine::answer::EntryPreview;
use crate::engine::desk::FamilyCase;
use crate::engine::preview::NamedBeyond;
use crate::engine::request::NewEntry;
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::pages::consents::Say;
use crate::web::pages::write::fingerprint;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "family-write.html")]
struct WritePage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_subject: bool,
    areas: Choices,
    abouts: Choices,
    form: Form,
}

#[derive(Template)]
#[template(path = "family-publish.html")]
struct PublishPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    text: String,
    /// Whom the text names of those who not every reader knows to take part, as far as the writer may know.
    names: NamedBeyond,
    readers: Vec<String>,
    button: String,
    carried: Vec<(String, String)>,
    seen: String,
    has_changed: bool,
}

/// Shows the form.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let known = api.engine.as_family(&visitor.reader, case).await?;
    must_be_family(&known)?;
    write_page(&api, &visitor, &known, Form::new().put("about", "child"), StatusCode::OK)
}

/// Shows who will read it, or publishes it.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let known = api.engine.as_family(&visitor.reader, case).await?;
    must_be_family(&known)?;
    if form.value("act") == "back" {
        return write_page(&api, &visitor, &known, form, StatusCode::OK);
    }
    let entry = entry_of(&api, &visitor, &known, &mut form).await?;
    let Some(entry) = entry.filter(|_| form.holds()) else {
        return write_page(&api, &visitor, &known, form, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let preview = match api.engine.preview_entry(&visitor.reader, case, &entry).await {
        Ok(preview) => preview,
        Err(error) => return refused(&api, &visitor, &known, form, error),
    };
    if form.value("act") != "publish" || form.value("entry-readers") != seen(&known, &form, &preview) {
        let names = api.engine.names_beyond_readers(&visitor.reader, case, &entry, &preview).await?;
        return publish_page(&api, &visitor, &known, &form.with_id(), (&preview, names));
    }
    match api.engine.publish_written(&visitor.reader, case, entry, form.written_in()).await {
        Ok(_) => Ok(done(&api, &format!("/family/{case}"), Key("notice-published"))),
        Err(error) => refused(&api, &visitor, &known, form, error),
    }
}

fn refused(
    api: &Api,
    visitor: &Visitor,
    known: &FamilyCase,
    mut form: Form,
    error: EngineError,
) -> Result<Response, PageError> {
    if !matches!(error, EngineError::Invalid { .. }) {
        return Err(error.into());
    }
    form.refuse("text", visitor.t("family-wrong-text"));
    write_page(api, visitor, known, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Who would read it, so that nothing is published to others than those whom the page named.
fn seen(known: &FamilyCase, form: &Form, preview: &EntryPreview) -> String {
    format!("{} {}", family_reads(known, form).0, fingerprint(preview)).trim().to_owned()
}

/// What is said of those of the family who read it.
fn family_reads(known: &FamilyCase, form: &Form) -> Key {
    let is_about_self = !known.is_subject && form.value("about") == "self";
    match (known.is_subject, is_withheld(known, form), is_about_self) {
        (true, true, _) => Key("family-reads-not-guardians"),
        (true, false, _) => Key("family-reads-guardians"),
        (false, _, true) => Key("family-reads-self"),
        (false, _, false) => Key("family-reads-family"),
    }
}

fn is_withheld(known: &FamilyCase, form: &Form) -> bool {
    known.is_subject && form.has("withheld", "yes")
}

async fn entry_of(
    api: &Api,
    visitor: &Visitor,
    known: &FamilyCase,
    form: &mut Form,
) -> Result<Option<NewEntry>, EngineError> {
    let text = form.require("text", visitor.t("family-wrong-text"));
    form.check_text("text", visitor.t("form-wrong-text"));
    let areas = form.values("areas").map(str::parse).collect::<Result<BTreeSet<AreaCode>, _>>();
    let Ok(areas) = areas else {
        form.refuse("areas", visitor.t("consents-wrong-areas"));
        return Ok(None);
    };
    let about = if !known.is_subject && form.value("about") == "self" {
        About::Guardian(api.engine.own_person(&visitor.reader, known.case).await?)
    } else {
        About::Subject
    };
    let mut fields = BTreeMap::from([(FieldKey::Description, FieldValue::Text(text))]);
    let withheld = is_withheld(known, form);
    let kind = if known.is_subject { EntryKind::ChildVoice } else { EntryKind::GuardianInput };
    if withheld {
        fields.insert(FieldKey::WithheldFromGuardians, FieldValue::Flag(true));
    }
    Ok(Some(NewEntry {
        kind,
        areas,
        about: BTreeSet::from([about]),
        fields,
        towards: None,
        hidden_from_guardians: withheld,
    }))
}

fn write_page(
    api: &Api,
    visitor: &Visitor,
    known: &FamilyCase,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let areas = api.engine.config().areas.iter();
    let choice = |value: &str, key: Key| (value.to_owned(), say.t(key).to_string());
    let shown = WritePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("family-write-title")),
        case: known.case,
        is_subject: known.is_subject,
        areas: areas.map(|area| (area.code.to_string(), say.area(&area.code))).collect(),
        abouts: vec![
            choice("child", Key("family-write-about-child")),
            choice("self", Key("family-write-about-self")),
        ],
        form: form.with_id(),
    };
    page(status, &shown)
}

/// Names every reader: the stafettholder, those of the family who read it, and the services.
fn publish_page(
    api: &Api,
    visitor: &Visitor,
    known: &FamilyCase,
    form: &Form,
    (preview, names): (&EntryPreview, NamedBeyond),
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let services: Vec<_> = preview.readers.iter().map(|reader| say.service(&reader.service)).collect();
    let family = say.t(family_reads(known, form)).to_string();
    let holder = say.t("family-reads-holder").to_string();
    let readers: Vec<_> = [holder, family].into_iter().chain(services.clone()).collect();
    let named: Vec<_> =
        [say.t("family-reads-holder-short").to_string()].into_iter().chain(services).collect();
    let carried = form.pairs().filter(|(name, _)| !["act", "entry-readers"].contains(name));
    let before = form.value("entry-readers");
    let seen = seen(known, form, preview);
    let shown = PublishPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("family-publish-title")),
        case: known.case,
        text: form.value("text").to_owned(),
        names,
        button: say.t("family-publish").with("readers", say.listed(&named)).to_string(),
        readers,
        carried: carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        has_changed: !before.is_empty() && before != seen,
        seen,
    };
    page(StatusCode::OK, &shown)
}
