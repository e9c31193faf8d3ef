//! The baton: who is stafettholder since when, how it is offered, and how an offer is answered.

pub(crate) mod here;
mod note;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::municipality::Service;

use super::case::levels;
use super::{Frame, PageError, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{BatonPart, BatonView, ColleagueItem};
use crate::engine::request::{OfferBaton, ReassignBaton};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{Namer, time};

#[derive(Template)]
#[template(path = "batons.html")]
struct OffersPage<'a> {
    frame: Frame<'a>,
    offers: Vec<OfferToMe>,
    /// Of other municipalities' cases.
    here: Vec<here::Row>,
}

struct OfferToMe {
    case: CaseId,
    from: String,
    until: String,
}

/// The offers that wait for the visitor's answer.
pub(crate) async fn offers(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    let language = visitor.asked.language();
    let zone = &api.engine.config().node.time_zone;
    let offers = api.engine.baton_offers(&visitor.reader).await?.into_iter().map(|offer| OfferToMe {
        case: offer.case,
        from: called(&api, &offer.from, language),
        until: time::minute_of(offer.lapses_at, zone, language),
    });
    let frame = Frame::new(&api, &visitor.asked, visitor.t("baton-offers-title"));
    let here = here::rows(&api, &visitor).await?;
    page(StatusCode::OK, &OffersPage { frame, offers: offers.collect(), here })
}

#[derive(Template)]
#[template(path = "baton.html")]
struct BatonPage<'a> {
    frame: Frame<'a>,
    view: BatonView,
    subject: Option<String>,
    holder: String,
    since: String,
    offered: Option<Offered>,
    form: Form,
    levels: Vec<(String, String)>,
    people: Vec<(String, String)>,
    assigned: Vec<(String, String)>,
}

/// An offer that waits, as its page says it.
struct Offered {
    id: BatonOfferId,
    to: String,
    until: String,
    note: Option<String>,
    /// Whether it is to a service of another municipality.
    is_there: bool,
}

impl BatonPage<'_> {
    fn is_holder(&self) -> bool {
        self.view.part == BatonPart::Holder
    }

    fn is_leader(&self) -> bool {
        self.view.part == BatonPart::Leader
    }

    fn is_receiver(&self) -> bool {
        self.view.part == BatonPart::Receiver
    }

    /// Whether the stafettholder works in another municipality.
    fn is_held_there(&self) -> bool {
        self.view.holder.host.is_some()
    }
}

/// Who has the baton of a case, and what the visitor may do with it.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.baton(&visitor.reader, case).await?;
    let language = visitor.asked.language();
    let zone = &api.engine.config().node.time_zone;
    let offered = view.offer.as_ref().map(|offer| Offered {
        id: offer.offer,
        to: match (&offer.to, &offer.to_service) {
            (Some(to), _) => called(&api, to, language),
            (None, Some(service)) => api.engine.service(service, language),
            (None, None) => String::new(),
        },
        until: time::minute_of(offer.lapses_at, zone, language),
        note: offer.note.clone().filter(|note| !note.is_empty()),
        is_there: offer.to_service.is_some(),
    });
    let kept = if view.keeps { Some(api.engine.kept(&visitor.reader, case).await?) } else { None };
    let level = kept.as_ref().map(|kept| u8::from(kept.level).to_string()).unwrap_or_default();
    let assigned: Vec<AccountId> = kept.map(|kept| kept.assigned).unwrap_or_default();
    let named = |account: &AccountId| Some((account.to_string(), api.engine.person_name(*account)?));
    let shown = BatonPage {
        form: Form::new().put("level", level),
        levels: if view.keeps { levels(&api, &visitor) } else { Vec::new() },
        people: if view.keeps { people(&api, &visitor, &assigned) } else { Vec::new() },
        assigned: assigned.iter().filter_map(named).collect(),
        frame: Frame::new(&api, &visitor.asked, visitor.t("baton-title")),
        subject: view.subject_name.as_deref().map(first_name),
        holder: called(&api, &view.holder, language),
        since: time::day_of(view.since, zone),
        offered,
        view,
    };
    page(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "baton_form.html")]
struct BatonForm<'a> {
    frame: Frame<'a>,
    case: CaseId,
    /// Whether the leader gives it; else the holder offers it.
    gives: bool,
    form: Form,
    people: Vec<(String, String)>,
    /// The services of other municipalities that the holder may choose, beside none.
    services: Vec<(String, String)>,
}

/// The form by which the holder offers the baton, with a note that is begun.
pub(crate) async fn offer_form(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&format!("/cases/{case}/baton/offer"))?;
    let view = must_be(&api, &visitor, case, BatonPart::Holder).await?;
    let begun = note::begun(&api, &visitor, case).await?;
    form_page(&api, &visitor, &view, Form::new().put("note", begun), StatusCode::OK)
}

/// Offers the baton.
pub(crate) async fn offer(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&format!("/cases/{case}/baton/offer"))?;
    let view = must_be(&api, &visitor, case, BatonPart::Holder).await?;
    form.check_text("note", visitor.t("form-wrong-text"));
    if let Some(to) = chosen(&mut form, &visitor).filter(|_| form.holds()) {
        let request = OfferBaton { to, note: form.value("note").to_owned() };
        match api.engine.offer_baton(&visitor.reader, case, request, form.press()).await {
            Ok(_) => return Ok(done(&api, &format!("/cases/{case}/baton"), Key("notice-baton-offered"))),
            Err(EngineError::Conflict { .. }) => form.refuse("to", visitor.t("baton-offer-waits")),
            Err(EngineError::Invalid { field: "to", .. }) => form.refuse("to", visitor.t("baton-to-wrong")),
            Err(EngineError::Invalid { field: "note", .. }) => {
                form.refuse("note", visitor.t("baton-note-long"));
            }
            Err(other) => return Err(other.into()),
        }
    }
    form_page(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Offers the baton to a service of another municipality.
pub(crate) async fn offer_there(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&format!("/cases/{case}/baton/offer"))?;
    let view = must_be(&api, &visitor, case, BatonPart::Holder).await?;
    match service_of(form.value("service")) {
        Some(service) => {
            let reader = &visitor.reader;
            match api.engine.offer_baton_to_service(reader, case, service, form.press()).await {
                Ok(_) => {
                    return Ok(done(&api, &format!("/cases/{case}/baton"), Key("notice-baton-service")));
                }
                Err(EngineError::Conflict { .. }) => form.refuse("service", visitor.t("baton-there-wrong")),
                Err(other) => return Err(other.into()),
            }
        }
        None => form.refuse("service", visitor.t("baton-there-missing")),
    }
    let begun = note::begun(&api, &visitor, case).await?;
    form_page(&api, &visitor, &view, form.put("note", begun), StatusCode::UNPROCESSABLE_ENTITY)
}

/// A service as its choice in the form says it: whose it is, and which.
fn service_of(chosen: &str) -> Option<Service> {
    let (host, code) = chosen.split_once('.')?;
    Some(Service { host: host.parse().ok()?, code: code.parse().ok()? })
}

/// The form by which the leader gives the baton to somebody.
pub(crate) async fn give_form(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&format!("/cases/{case}/baton/give"))?;
    let view = must_be(&api, &visitor, case, BatonPart::Leader).await?;
    form_page(&api, &visitor, &view, Form::new(), StatusCode::OK)
}

/// Gives the baton to somebody by the leader's word.
pub(crate) async fn give(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    visitor.must_be_fresh(&format!("/cases/{case}/baton/give"))?;
    let view = must_be(&api, &visitor, case, BatonPart::Leader).await?;
    if let Some(to) = chosen(&mut form, &visitor) {
        match api.engine.reassign_baton(&visitor.reader, case, ReassignBaton { to }).await {
            Ok(()) => return Ok(done(&api, &format!("/cases/{case}/baton"), Key("notice-baton-given"))),
            // The button was pressed twice: what was meant is so.
            Err(EngineError::Invalid { field: "to", .. }) if view.holder.account == to => {
                return Ok(done(&api, &format!("/cases/{case}/baton"), Key("notice-baton-given")));
            }
            Err(EngineError::Invalid { field: "to", .. }) => form.refuse("to", visitor.t("baton-to-wrong")),
            Err(other) => return Err(other.into()),
        }
    }
    form_page(&api, &visitor, &view, form, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Takes the baton over. The receiver has read the note on the page that has the button.
pub(crate) async fn accept(
    State(api): State<Api>,
    Visiting(visitor, (case, offer)): Visiting<(CaseId, BatonOfferId)>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.accept_baton(&visitor.reader, case, offer).await?;
    Ok(done(&api, &format!("/cases/{case}/baton"), Key("notice-baton-accepted")))
}

/// Says no to an offer.
pub(crate) async fn decline(
    State(api): State<Api>,
    Visiting(visitor, (case, offer)): Visiting<(CaseId, BatonOfferId)>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    api.engine.decline_baton(&visitor.reader, case, offer).await?;
    Ok(done(&api, "/baton", Key("notice-baton-declined")))
}

/// Takes an offer back.
pub(crate) async fn recall(
    State(api): State<Api>,
    Visiting(visitor, (case, offer)): Visiting<(CaseId, BatonOfferId)>,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    match api.engine.recall_baton(&visitor.reader, case, offer).await {
        // The button was pressed twice, or the other has declined: nothing is offered any longer.
        Err(EngineError::NotFound) => {
            let view = must_be(&api, &visitor, case, BatonPart::Holder).await?;
            if view.offer.is_some() {
                return Err(EngineError::NotFound.into());
            }
        }
        recalled => recalled?,
    }
    Ok(done(&api, &format!("/cases/{case}/baton"), Key("notice-baton-recalled")))
}

/// The baton as somebody with this part in it sees it; nobody else learns that there is a form.
async fn must_be(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    part: BatonPart,
) -> Result<BatonView, PageError> {
    let view = api.engine.baton(&visitor.reader, case).await?;
    if view.part == part { Ok(view) } else { Err(EngineError::NotFound.into()) }
}

fn chosen(form: &mut Form, visitor: &Visitor) -> Option<AccountId> {
    let to = form.require("to", visitor.t("baton-to-missing"));
    if to.is_empty() {
        return None;
    }
    let account = to.parse().ok();
    if account.is_none() {
        form.refuse("to", visitor.t("baton-to-wrong"));
    }
    account
}

fn form_page(
    api: &Api,
    visitor: &Visitor,
    view: &BatonView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let language = visitor.asked.language();
    let gives = view.part == BatonPart::Leader;
    let nobody = (String::new(), visitor.t("baton-choose").to_string());
    let person = |one: &ColleagueItem| (one.account.to_string(), called(api, one, language));
    let title = if gives { visitor.t("baton-give-title") } else { visitor.t("baton-offer-title") };
    let form = form.with_id();
    let shown = BatonForm {
        frame: Frame::new(api, &visitor.asked, title),
        case: view.case,
        gives,
        form,
        services: services(api, visitor, view),
        people: std::iter::once(nobody).chain(view.may_get.iter().map(person)).collect(),
    };
    page(status, &shown)
}

fn services(api: &Api, visitor: &Visitor, view: &BatonView) -> Vec<(String, String)> {
    if view.services.is_empty() {
        return Vec::new();
    }
    let none = (String::new(), visitor.t("baton-there-choose").to_string());
    let words = |one: &Service| {
        (format!("{}.{}", one.host, one.code), api.engine.service(one, visitor.asked.language()))
    };
    std::iter::once(none).chain(view.services.iter().map(words)).collect()
}

/// Who may be given a case here, beside those who work with it and nobody.
fn people(api: &Api, visitor: &Visitor, assigned: &[AccountId]) -> Vec<(String, String)> {
    let is_new = |(account, _): &(AccountId, String)| !assigned.contains(account);
    let colleagues = api.engine.colleagues(&visitor.reader).into_iter().filter(is_new);
    let nobody = (String::new(), visitor.t("baton-choose").to_string());
    std::iter::once(nobody).chain(colleagues.map(|(account, name)| (account.to_string(), name))).collect()
}

/// A colleague's name with the service.
fn called(api: &Api, who: &ColleagueItem, language: Language) -> String {
    let name = who.name.clone().unwrap_or_else(|| who.account.to_string());
    match &who.service {
        Some(code) => {
            let host = who.host.unwrap_or_else(|| api.engine.organisation());
            let service = Service { host, code: code.clone() };
            format!("{name} ({})", api.engine.service(&service, language))
        }
        None => name,
    }
}

fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}
