//! What is asked otherwise where the family is asked whether the case may move: which services of one
//! municipality may take it over, and for how long the yes counts.

use std::collections::BTreeSet;

use stafett_protocol::consent::Consent;
use stafett_protocol::limits::MOVE_CONSENT_DAYS_MAX;
use stafett_protocol::municipality::{Service, ServiceCode};

use super::{Choices, service_of, service_value, usual_end_in};
use crate::engine::desk::{ConsentDesk, Recipient};
use crate::web::Api;
use crate::web::form::Form;
use crate::web::pages::consents::Say;
use crate::web::visitor::Visitor;

/// Whether the form asks for a move.
pub(super) fn is_move(form: &Form) -> bool {
    form.value("kind") == "move"
}

/// What the form of a move begins with.
pub(super) fn begun(api: &Api) -> Form {
    let days = u64::from(api.engine.config().consent.default_duration_days);
    Form::new().put("kind", "move").put("until", usual_end_in(api, days.min(MOVE_CONSENT_DAYS_MAX)))
}

/// The same with the services of the version before.
pub(super) fn next(form: Form, asked: &Consent) -> Form {
    let host = asked.recipient.host;
    let services = asked.services().map(|code| service_value(&Service { host, code: code.clone() }));
    services.fold(form, |form, service| form.put("services", service))
}

/// The services that were chosen: the first, and the others of the same municipality.
pub(super) fn services_of(visitor: &Visitor, form: &mut Form) -> Option<(Service, BTreeSet<ServiceCode>)> {
    let chosen: Option<Vec<Service>> = form.values("services").map(service_of).collect();
    let chosen =
        chosen.filter(|chosen| chosen.iter().all(|one| Some(one.host) == chosen.first().map(|one| one.host)));
    let mut chosen = chosen.unwrap_or_default().into_iter();
    let Some(first) = chosen.next() else {
        form.refuse("services", visitor.t("consents-wrong-services"));
        return None;
    };
    let also = chosen.map(|service| service.code).filter(|code| *code != first.code).collect();
    Some((first, also))
}

/// The services that take cases over; for a next version those of the same municipality.
pub(super) fn services<'a>(desk: &'a ConsentDesk, form: &Form) -> impl Iterator<Item = &'a Recipient> {
    let is_version = !form.value("supersedes").is_empty();
    let host = service_of(form.value("services")).map(|one| one.host).filter(|_| is_version);
    desk.moves_to.iter().filter(move |one| host.is_none_or(|host| one.service.host == host))
}

/// The areas that may go along to one of these services.
pub(super) fn areas<'a>(say: &Say<'_>, offered: impl Iterator<Item = &'a Recipient> + Clone) -> Choices {
    let config = say.engine.config();
    let goes = |code| offered.clone().any(|one| one.areas.as_ref().is_some_and(|areas| areas.contains(code)));
    let areas = config.areas.iter().filter(|area| goes(&area.code));
    areas.map(|area| (area.code.to_string(), say.area(&area.code))).collect()
}
