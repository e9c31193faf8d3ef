//! A transition within the municipality: the stafettholder's checklist, what the leader of the unit
//! where the child begins sees and answers, and its beginning and end.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::{ItemCode, Service, ServiceCode};
use stafett_protocol::transition::Outcome;

use super::{Frame, PageError, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{
    ChecklistItem, ColleagueItem, ConsentStep, TransitionPart, TransitionView, UnderWay, UnitItem,
};
use crate::engine::request::{ChangeTransition, EndTransition, MarkItem, OpenTransition, ReceiveTransition};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{Namer, time};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "transition.html")]
struct TransitionPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_holder: bool,
    is_receiver: bool,
    /// What goes on, as sentences.
    sentences: Vec<Text>,
    consent: Option<(Text, Text, String)>,
    items: Vec<Row>,
    may_be_contact: Choices,
    is_received: bool,
    is_named: bool,
    form: Form,
}

/// One item of the checklist.
struct Row {
    code: ItemCode,
    name: String,
    /// The field of the form that changes its day.
    field: String,
    due: String,
    is_met: bool,
    is_marked: bool,
    is_late: bool,
    /// Whether it is the first that is not met.
    is_next: bool,
}

#[derive(Template)]
#[template(path = "transition_new.html")]
struct BeginPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    leaves: Choices,
    units: Choices,
    /// Whether the address is strictly confidential: then the node tells nobody there.
    is_hidden: bool,
    form: Form,
}

/// Shows the transition that is under way, or the form that begins one.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.transition(&visitor.reader, case).await?;
    let form = view.under_way.as_ref().map_or_else(Form::new, days_of);
    shown(&api, &visitor, &view, form, StatusCode::OK)
}

/// Begins a transition.
pub(crate) async fn begin(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let (from, to) = (unit_in(form.value("from")), unit_in(form.value("to")));
    if from.is_none() {
        form.refuse("from", visitor.t("transition-from-missing"));
    }
    if to.is_none() {
        form.refuse("to", visitor.t("transition-to-missing"));
    }
    form.require("on", visitor.t("transition-on-missing"));
    if let Some(to) = to.filter(|_| form.holds()) {
        let overlap_until = Some(form.value("overlap").to_owned()).filter(|day| !day.is_empty());
        let on = form.value("on").to_owned();
        let request = OpenTransition { from, to: to.service, unit: to.unit, on, overlap_until };
        match api.engine.open_transition(&visitor.reader, case, request, form.press()).await {
            Ok(_) => return Ok(done(&api, &address(case), Key("notice-transition-begun"))),
            Err(EngineError::Invalid { field, .. }) => refuse(&mut form, &visitor, field),
            Err(other) => return Err(other.into()),
        }
    }
    again(&api, &visitor, case, form).await
}

/// Changes the days.
pub(crate) async fn change(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.transition(&visitor.reader, case).await?;
    let items = view.under_way.iter().flat_map(|under_way| &under_way.items);
    // A day that nobody has touched moves with the start.
    let changed = items.filter_map(|item| {
        let day = form.value(&field_of(&item.item)).to_owned();
        (!day.is_empty() && day != item.due).then(|| (item.item.clone(), day))
    });
    let due: BTreeMap<_, _> = changed.collect();
    form.require("on", visitor.t("transition-on-missing"));
    form.require("overlap", visitor.t("transition-overlap-wrong"));
    if form.holds() {
        let (on, overlap_until) = (form.value("on").to_owned(), form.value("overlap").to_owned());
        let request = ChangeTransition { on, overlap_until, due };
        match api.engine.change_transition(&visitor.reader, case, request).await {
            Ok(()) => return Ok(done(&api, &address(case), Key("notice-saved"))),
            Err(EngineError::Invalid { field, .. }) => refuse(&mut form, &visitor, field),
            Err(other) => return Err(other.into()),
        }
    }
    again(&api, &visitor, case, form).await
}

/// Notes that an item is done, or that it is not after all.
pub(crate) async fn mark(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    let item = form.value("item").parse().map_err(|_| EngineError::NotFound);
    // Who may not do this is told so first.
    let view = api.engine.transition(&visitor.reader, case).await?;
    must_be(&view, TransitionPart::Holder)?;
    let request = MarkItem { item: item?, done: form.has("done", "yes") };
    match api.engine.mark_item(&visitor.reader, case, request).await {
        Err(EngineError::Invalid { .. }) => Err(EngineError::NotFound.into()),
        marked => {
            marked?;
            Ok(done(&api, &address(case), Key("notice-saved")))
        }
    }
}

/// Says that the receiving unit takes part.
pub(crate) async fn receive(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let contact = form.value("contact");
    let notice = match (contact.is_empty(), form.has("named", "yes")) {
        (true, true) => Key("notice-transition-nobody"),
        (true, false) => Key("notice-transition-received"),
        (false, _) => Key("notice-transition-contact"),
    };
    let contact = if contact.is_empty() { Ok(None) } else { contact.parse().map(Some) };
    let Ok(contact) = contact else {
        form.refuse("contact", visitor.t("transition-contact-wrong"));
        return again(&api, &visitor, case, form).await;
    };
    let request = ReceiveTransition { contact };
    match api.engine.receive_transition(&visitor.reader, case, request).await {
        Ok(()) => Ok(done(&api, &address(case), notice)),
        Err(EngineError::Invalid { .. } | EngineError::Conflict { .. }) => {
            form.refuse("contact", visitor.t("transition-contact-wrong"));
            again(&api, &visitor, case, form).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Ends the transition.
pub(crate) async fn end(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    let how = if form.has("how", "given-up") { Outcome::GivenUp } else { Outcome::Done };
    api.engine.end_transition(&visitor.reader, case, EndTransition { how }).await?;
    Ok(done(&api, &format!("/cases/{case}"), Key("notice-transition-ended")))
}

fn address(case: CaseId) -> String {
    format!("/cases/{case}/transition")
}

fn field_of(item: &ItemCode) -> String {
    format!("due-{item}")
}

fn must_be(view: &TransitionView, part: TransitionPart) -> Result<(), EngineError> {
    if view.part == part { Ok(()) } else { Err(EngineError::NotFound) }
}

fn refuse(form: &mut Form, visitor: &Visitor, field: &str) {
    match field {
        "from" => form.refuse("from", visitor.t("transition-from-missing")),
        "to" => form.refuse("to", visitor.t("transition-to-missing")),
        "overlap_until" => form.refuse("overlap", visitor.t("transition-overlap-wrong")),
        _ => form.refuse("on", visitor.t("transition-day-wrong")),
    }
}

/// What the form for the days says before anybody changes it.
fn days_of(under_way: &UnderWay) -> Form {
    let form = Form::new().put("on", &under_way.on);
    let form = form.put("overlap", under_way.overlap_until.clone().unwrap_or_default());
    let form = match &under_way.contact {
        Some(contact) => form.put("contact", contact.account.to_string()),
        None => form,
    };
    under_way.items.iter().fold(form, |form, item| form.put(&field_of(&item.item), &item.due))
}

async fn again(api: &Api, visitor: &Visitor, case: CaseId, form: Form) -> Result<Response, PageError> {
    let view = api.engine.transition(&visitor.reader, case).await?;
    shown(api, visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

fn shown(
    api: &Api,
    visitor: &Visitor,
    view: &TransitionView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let frame = Frame::new(api, &visitor.asked, visitor.t("transition-title"));
    let case = view.case;
    let Some(under_way) = &view.under_way else {
        let choices = |units: &[UnitItem]| -> Choices {
            let nothing = (String::new(), visitor.t("transition-choose").to_string());
            let named = units.iter().map(|unit| (value_of(unit), called(api, visitor, unit)));
            std::iter::once(nothing).chain(named).collect()
        };
        let form = match &view.leaves {
            Some(unit) if !form.is_touched("from") => form.put("from", value_of(unit)),
            _ => form,
        };
        let shown = BeginPage {
            frame,
            case,
            leaves: choices(&view.may_leave),
            units: choices(&view.may_go_to),
            is_hidden: view.is_hidden,
            form: form.with_id(),
        };
        return page(status, &shown);
    };
    let nobody = (String::new(), visitor.t("transition-nobody").to_string());
    let person = |one: &ColleagueItem| (one.account.to_string(), name_of(one));
    let contacts = under_way.may_be_contact.iter().map(person);
    let next = under_way.items.iter().find(|item| !item.is_met).map(|item| item.item.clone());
    let shown = TransitionPage {
        frame,
        case,
        is_holder: view.part == TransitionPart::Holder,
        is_receiver: view.part == TransitionPart::Receiver,
        sentences: sentences(api, visitor, view, under_way),
        consent: consent(api, visitor, case, under_way),
        items: under_way.items.iter().map(|item| row(api, visitor, item, next.as_ref())).collect(),
        may_be_contact: if under_way.may_be_contact.is_empty() {
            Vec::new()
        } else {
            std::iter::once(nobody).chain(contacts).collect()
        },
        is_received: under_way.received_at.is_some(),
        is_named: under_way.contact.is_some(),
        form,
    };
    page(status, &shown)
}

fn sentences(api: &Api, visitor: &Visitor, view: &TransitionView, under_way: &UnderWay) -> Vec<Text> {
    let from = under_way.from.as_ref().map(|from| called(api, visitor, from));
    let to = called(api, visitor, &under_way.to);
    let zone = &api.engine.config().node.time_zone;
    let day = time::day_of_text(&under_way.on);
    let received = under_way.received_at.map(|at| time::day_of(at, zone));
    let contact = under_way.contact.as_ref().map(name_of);
    let mut all = Vec::new();
    if view.part == TransitionPart::Receiver {
        all.push(comes(visitor, under_way.first_name.as_deref(), from, day));
        all.push(match (under_way.may_be_contact.is_empty(), received) {
            (true, None) => visitor.t("transition-comes-unknown"),
            (_, None) => visitor.t("transition-comes-open"),
            (_, Some(since)) => visitor.t("transition-you-received").with("day", since),
        });
        all.extend(contact.map(|name| visitor.t("transition-contact-is").with("name", name)));
        return all;
    }
    all.push(
        visitor.t("transition-goes").with("from", from.unwrap_or_default()).with("to", &to).with("day", day),
    );
    all.push(match (received, contact) {
        (None, _) if view.is_hidden => visitor.t("transition-not-told").with("to", to),
        (None, _) => visitor.t("transition-not-received").with("to", to),
        (Some(since), None) => visitor.t("transition-received").with("to", to).with("day", since),
        (Some(_), Some(name)) => visitor.t("transition-received-by").with("to", to).with("name", name),
    });
    all.extend(under_way.overlapping.iter().map(|one| {
        let until = time::day_of_text(&one.until);
        visitor.t("transition-overlaps").with("name", name_of(&one.who)).with("day", until)
    }));
    all
}

/// A unit as a choice of a form sends it: `service` or `service/unit`.
fn value_of(unit: &UnitItem) -> String {
    unit.unit.as_ref().map_or_else(|| unit.service.to_string(), |name| format!("{}/{name}", unit.service))
}

fn unit_in(value: &str) -> Option<UnitItem> {
    let (code, unit) = value.split_once('/').map_or((value, None), |(code, unit)| (code, Some(unit)));
    Some(UnitItem { service: code.parse().ok()?, unit: unit.map(str::to_owned) })
}

/// That a child begins here, and from where if that may be said.
pub(super) fn comes(visitor: &Visitor, name: Option<&str>, from: Option<String>, day: String) -> Text {
    let words = match (name, from.is_some()) {
        (Some(_), true) => visitor.t("transition-comes-named"),
        (Some(_), false) => visitor.t("transition-comes-named-alone"),
        (None, true) => visitor.t("transition-comes"),
        (None, false) => visitor.t("transition-comes-alone"),
    };
    words.with("name", name.unwrap_or_default()).with("from", from.unwrap_or_default()).with("day", day)
}

/// What the family has said, what the link says, and where it leads.
fn consent(api: &Api, visitor: &Visitor, case: CaseId, under_way: &UnderWay) -> Option<(Text, Text, String)> {
    let to = service_name(api, visitor, &under_way.to.service);
    let (words, link) = match under_way.consent_step? {
        ConsentStep::NotAsked => (visitor.t("transition-not-asked"), visitor.t("transition-ask")),
        ConsentStep::Asked => (visitor.t("transition-asked"), visitor.t("transition-see-consent")),
        ConsentStep::Given => (visitor.t("transition-given"), visitor.t("transition-see-consent")),
    };
    let below = under_way.consent.map_or_else(|| "new".to_owned(), |consent| consent.to_string());
    Some((words.with("to", to), link, format!("/cases/{case}/consents/{below}")))
}

fn row(api: &Api, visitor: &Visitor, item: &ChecklistItem, next: Option<&ItemCode>) -> Row {
    let known = api.engine.config().transitions.iter().find(|known| known.code == item.item);
    let name = known.map(|known| known.names.in_language(visitor.asked.language()).to_owned());
    Row {
        name: name.unwrap_or_else(|| item.item.to_string()),
        field: field_of(&item.item),
        code: item.item.clone(),
        due: time::day_of_text(&item.due),
        is_met: item.is_met,
        is_marked: item.is_marked,
        is_late: item.is_late,
        is_next: next == Some(&item.item),
    }
}

fn called(api: &Api, visitor: &Visitor, unit: &UnitItem) -> String {
    let service = service_name(api, visitor, &unit.service);
    unit.unit.as_ref().map_or_else(|| service.clone(), |unit| format!("{service}, {unit}"))
}

/// What an own service is called.
pub(super) fn service_name(api: &Api, visitor: &Visitor, code: &ServiceCode) -> String {
    let service = Service { host: api.engine.organisation(), code: code.clone() };
    api.engine.service(&service, visitor.asked.language())
}

fn name_of(who: &ColleagueItem) -> String {
    who.name.clone().unwrap_or_else(|| who.account.to_string())
}
