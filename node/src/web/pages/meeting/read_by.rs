//! Who reads what is about to be written, and who of those present does not.

use std::collections::BTreeSet;

use stafett_config::Language;
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::Service;

use crate::engine::answer::{ConsentView, ReaderItem};
use crate::engine::request::NewEntry;
use crate::web::Api;
use crate::web::pages::PageError;
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
    /// What these readers were named for: areas and who is present.
    pub(super) seen: String,
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
    let language = visitor.asked.language();
    let words = |items: &[ReaderItem]| {
        let names: Vec<_> = items.iter().map(|item| api.engine.service(&item.service, language)).collect();
        names.join(" · ")
    };
    let areas: Vec<_> = request.areas.iter().map(ToString::to_string).collect();
    let by = words(&preview.readers);
    Ok(ReadBy {
        not_by: words(&preview.not_readers),
        present: unread(api, visitor, case, present, &preview.readers).await?,
        seen: format!("{} {by}", areas.join(",")).trim().to_owned(),
        by,
    })
}

/// The services among those present that are not among the readers.
pub(super) async fn unread(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    present: &[String],
    readers: &[ReaderItem],
) -> Result<String, PageError> {
    let language = visitor.asked.language();
    let reads = |service: &Service| readers.iter().any(|reader| reader.service == *service);
    let services = services(api, visitor, case).await?;
    let missing = services.iter().filter(|((_, name), service)| present.contains(name) && !reads(service));
    let names: Vec<_> = missing.map(|(_, service)| api.engine.service(service, language)).collect();
    Ok(names.join(" · "))
}

/// The services that somebody may come from: those of the municipality, and those that the family
/// was asked about. Each with its value in a form and the name that stands in the minutes.
pub(super) async fn services(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
) -> Result<Vec<((String, String), Service)>, PageError> {
    let host = api.engine.organisation();
    let own = api.engine.config().services.iter().map(|own| Service { host, code: own.code.clone() });
    let mut services: BTreeSet<Service> = own.collect();
    for consent in api.engine.consents(&visitor.reader, case).await? {
        if let ConsentView::Full(item) = consent {
            services.insert(item.asked.recipient);
        }
    }
    let named = services.into_iter().map(|service| {
        let value = format!("{}-{}", service.host, service.code);
        ((value, api.engine.service(&service, Language::Nb)), service)
    });
    Ok(named.collect())
}
