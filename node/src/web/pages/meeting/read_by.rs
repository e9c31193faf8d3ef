//! Who reads what is about to be written, and who of those present does not.

use std::collections::{BTreeMap, BTreeSet};

use stafett_config::Language;
use stafett_protocol::entry::{FieldKey, FieldValue};
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::Service;

use crate::engine::answer::{EntryItem, EntryPreview, ReaderItem};
use crate::engine::preview::NamedBeyond;
use crate::engine::request::NewEntry;
use crate::web::Api;
use crate::web::form::Form;
use crate::web::pages::PageError;
use crate::web::pages::case::card::service_names;
use crate::web::pages::write::fingerprint;
use crate::web::visitor::Visitor;
use crate::words::Namer;

/// The readers of one entry, in words.
pub(super) struct ReadBy {
    /// Services that read it; empty if none but the stafettholder and the family.
    pub(super) by: String,
    /// Services with a consent in the case that do not.
    pub(super) not_by: String,
    /// Services that are present and do not.
    pub(super) present: String,
    /// Whom the text names of those who not every reader knows to take part.
    pub(super) names: NamedBeyond,
    services: BTreeSet<Service>,
    fingerprint: String,
    /// What else these readers were named for.
    rest: String,
}

impl ReadBy {
    /// What comes back with the button of a page that names these readers.
    pub(super) fn seen(&self) -> String {
        seen(&[self])
    }
}

/// What comes back with the button of a page: the readers that it named, and what it named them for.
pub(super) fn seen(named: &[&ReadBy]) -> String {
    let readers: Vec<_> = named.iter().map(|one| one.fingerprint.as_str()).collect();
    let rest: Vec<_> = named.iter().map(|one| one.rest.as_str()).collect();
    format!("{}|{}", readers.join(";"), rest.join("|")).trim().to_owned()
}

/// Whether a page that was shown before named other readers.
pub(super) fn has_changed(before: &str, now: &str) -> bool {
    let readers = |seen: &str| seen.split('|').next().unwrap_or_default().to_owned();
    !before.is_empty() && readers(before) != readers(now)
}

/// The readers for a button, all together.
pub(super) fn for_button(api: &Api, visitor: &Visitor, named: &[&ReadBy]) -> String {
    let services: BTreeSet<_> = named.iter().flat_map(|one| one.services.iter().cloned()).collect();
    if services.is_empty() {
        return visitor.t("write-only-you").to_string();
    }
    service_names(api, visitor, services.into_iter())
}

/// Asks who would read an entry.
pub(super) async fn read_by(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    request: &NewEntry,
    present: &[String],
) -> Result<ReadBy, PageError> {
    let preview = api.engine.preview_entry(&visitor.reader, case, request).await?;
    named(api, visitor, case, request, present, &preview).await
}

/// Who reads what is written in an entry that there is already.
pub(super) async fn of_entry(
    api: &Api,
    visitor: &Visitor,
    item: &EntryItem,
    fields: &BTreeMap<FieldKey, FieldValue>,
    present: &[String],
) -> Result<ReadBy, PageError> {
    let written = NewEntry {
        kind: item.kind,
        areas: item.areas.clone(),
        about: item.about.clone(),
        fields: fields.clone(),
        towards: None,
        hidden_from_guardians: false,
    };
    let preview =
        EntryPreview { readers: item.readers.clone(), not_readers: Vec::new(), waiting: Vec::new() };
    named(api, visitor, item.case, &written, present, &preview).await
}

async fn named(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    request: &NewEntry,
    present: &[String],
    preview: &EntryPreview,
) -> Result<ReadBy, PageError> {
    let names = api.engine.names_beyond_readers(&visitor.reader, case, request, preview).await?;
    let words =
        |items: &[ReaderItem]| service_names(api, visitor, items.iter().map(|item| item.service.clone()));
    let areas: Vec<_> = request.areas.iter().map(ToString::to_string).collect();
    let services = services(api, visitor, case).await?;
    let present = unread(api, visitor, &services, present, &preview.readers);
    Ok(ReadBy {
        by: words(&preview.readers),
        not_by: words(&preview.not_readers),
        services: preview.readers.iter().map(|item| item.service.clone()).collect(),
        fingerprint: fingerprint(preview),
        rest: [areas.join(","), present.clone(), names.line()].join("|"),
        present,
        names,
    })
}

/// Who is present, for the warning: those whom the minutes name, and the services that were ticked.
/// A tick stands in no entry: a reader would learn of another service from it (law 2).
pub(super) async fn present(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    form: &Form,
    lines: Vec<String>,
) -> Result<Vec<String>, PageError> {
    let services = services(api, visitor, case).await?;
    let ticked = services.into_iter().filter(|((value, _), _)| form.has("services", value));
    Ok(lines.into_iter().chain(ticked.map(|((_, name), _)| name)).collect())
}

/// A service with its value in a form and its name.
pub(super) type Named = ((String, String), Service);

/// The services among those present that are not among the readers.
pub(super) fn unread(
    api: &Api,
    visitor: &Visitor,
    services: &[Named],
    present: &[String],
    readers: &[ReaderItem],
) -> String {
    let language = visitor.asked.language();
    let reads = |service: &Service| readers.iter().any(|reader| reader.service == *service);
    let is_present = |name: &str| present.iter().any(|line| is_called(line, name));
    let missing = services.iter().filter(|((_, name), service)| is_present(name) && !reads(service));
    let names: Vec<_> = missing.map(|(_, service)| api.engine.service(service, language)).collect();
    names.join(" · ")
}

/// Whether somebody wrote a service's name, with its municipality in brackets or without.
fn is_called(line: &str, name: &str) -> bool {
    let line = line.trim().to_lowercase();
    let name = name.to_lowercase();
    let bare = name.split('(').next().unwrap_or_default().trim();
    line == name || line == bare
}

/// The services that can be ticked in a form, with what they are called.
pub(super) async fn service_choices(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
) -> Result<Vec<(String, String)>, PageError> {
    let language = visitor.asked.language();
    let services = services(api, visitor, case).await?.into_iter();
    Ok(services.map(|((value, _), service)| (value, api.engine.service(&service, language))).collect())
}

/// The services that somebody may come from: those of the municipality, and those that the family
/// was asked about. The look at the case is logged before a meeting is shown; this is no other.
pub(super) async fn services(api: &Api, visitor: &Visitor, case: CaseId) -> Result<Vec<Named>, PageError> {
    let host = api.engine.organisation();
    let own = api.engine.config().services.iter().map(|own| Service { host, code: own.code.clone() });
    let mut services: BTreeSet<Service> = own.collect();
    services.extend(api.engine.services_asked_for(&visitor.reader, case).await?);
    let named = services.into_iter().map(|service| {
        let value = format!("{}-{}", service.host, service.code);
        ((value, api.engine.service(&service, Language::Nb)), service)
    });
    Ok(named.collect())
}
