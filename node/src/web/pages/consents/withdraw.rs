//! Taking a yes back: what happens now, what the other side is asked and what it may have to keep,
//! and one button.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::consent::{Channel, WithdrawnPart};
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_protocol::municipality::{AreaCode, Service};

use super::{Asked, Say, consent_in, refused};
use crate::engine::EngineError;
use crate::engine::answer::ConsentView;
use crate::engine::desk::ConsentDesk;
use crate::engine::request::WithdrawConsent;
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "consent-withdraw.html")]
struct WithdrawPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    consent: ConsentId,
    service: String,
    is_move: bool,
    way: &'static str,
    is_partner: bool,
    is_own: bool,
    givers: Choices,
    channels: Choices,
    parts: Choices,
    areas: Choices,
    form: Form,
}

/// What a person may take back here, and on whose behalf.
struct May<'a> {
    recipient: &'a Service,
    is_move: bool,
    service: String,
    areas: Vec<&'a AreaCode>,
    givers: Vec<PersonId>,
    about_self: bool,
}

/// Says what happens, before it does.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, ids): Visiting<(CaseId, ConsentId)>,
) -> Result<Response, PageError> {
    let desk = api.engine.consent_desk(&visitor.reader, ids.0).await?;
    consent_in(&desk, ids.1)?;
    visitor.must_be_fresh(&visitor.asked.here)?;
    let form = Form::new().put("part", "whole").put("channel", "oral");
    withdraw_page(&api, &visitor, ids, &desk, form, StatusCode::OK)
}

/// Takes it back.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, ids): Visiting<(CaseId, ConsentId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let (case, consent) = ids;
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    consent_in(&desk, consent)?;
    let here = format!("/cases/{case}/consents/{consent}");
    visitor.must_be_fresh(&format!("{here}/withdraw"))?;
    let Some(request) = request_of(&visitor, &desk, &mut form) else {
        return withdraw_page(&api, &visitor, ids, &desk, form, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let notice = match form.value("part") {
        "areas" => Key("notice-withdrawn-areas"),
        "self" => Key("notice-withdrawn-self"),
        _ => Key("notice-withdrawn"),
    };
    match api.engine.withdraw_consent(&visitor.reader, case, consent, request.clone()).await {
        Ok(_) => Ok(done(&api, &here, notice)),
        // The button was pressed twice: what was meant is so.
        Err(EngineError::Conflict { .. }) if is_so(&api, &visitor, ids, &request).await? => {
            Ok(done(&api, &here, notice))
        }
        Err(error) => {
            refused(&mut form, error, &visitor, "part")?;
            withdraw_page(&api, &visitor, ids, &desk, form, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

/// Whether a giver has taken back already what is wished.
async fn is_so(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    wished: &WithdrawConsent,
) -> Result<bool, EngineError> {
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    let words = match consent_in(&desk, consent)? {
        ConsentView::Own(item) => &item.withdrawals,
        ConsentView::Full(item) => &item.withdrawals,
    };
    let said = || words.iter().filter(|word| word.giver == wished.giver).map(|word| &word.part);
    let taken: BTreeSet<&AreaCode> = said()
        .filter_map(|part| match part {
            WithdrawnPart::Areas { areas } => Some(areas),
            WithdrawnPart::Whole | WithdrawnPart::AboutSelf => None,
        })
        .flatten()
        .collect();
    let is_whole = said().any(|part| *part == WithdrawnPart::Whole);
    Ok(is_whole
        || match &wished.areas {
            Some(areas) => areas.iter().all(|area| taken.contains(area)),
            None => wished.about_self && said().any(|part| *part == WithdrawnPart::AboutSelf),
        })
}

fn request_of(visitor: &Visitor, desk: &ConsentDesk, form: &mut Form) -> Option<WithdrawConsent> {
    let giver = desk.as_person.or_else(|| form.value("giver").parse().ok());
    if giver.is_none() {
        form.refuse("giver", visitor.t("consents-wrong-giver"));
    }
    let channel = match (desk.as_person, form.value("channel")) {
        (Some(_), _) => None,
        (None, "written") => Some(Channel::Written),
        (None, _) => Some(Channel::Oral),
    };
    let areas: Option<BTreeSet<AreaCode>> = match form.value("part") {
        "areas" => {
            let areas = form.values("areas").map(str::parse).collect::<Result<BTreeSet<_>, _>>();
            let areas = areas.ok().filter(|areas| !areas.is_empty());
            if areas.is_none() {
                form.refuse("areas", visitor.t("consents-wrong-areas"));
            }
            areas
        }
        _ => None,
    };
    let about_self = form.value("part") == "self";
    if !matches!(form.value("part"), "whole" | "areas" | "self") {
        form.refuse("part", visitor.t("consents-wrong-part"));
    }
    form.holds().then_some(WithdrawConsent { giver: giver?, channel, areas, about_self })
}

fn may<'a>(say: &Say<'_>, desk: &ConsentDesk, view: &'a ConsentView) -> Result<May<'a>, EngineError> {
    let nothing = || EngineError::Conflict { reason: "nothing is left to take back" };
    match view {
        ConsentView::Own(item) => {
            let yes = item.yes.as_ref().filter(|_| item.status != "withdrawn").ok_or_else(nothing)?;
            Ok(May {
                recipient: &item.recipient,
                is_move: Asked::own(item).is_move(),
                service: say.called(&Asked::own(item)),
                areas: item.areas.iter().collect(),
                givers: desk.as_person.into_iter().collect(),
                about_self: yes.about_self,
            })
        }
        ConsentView::Full(item) => {
            let is_over = matches!(item.status.as_str(), "withdrawn" | "expired" | "superseded");
            if is_over || item.given_by.is_empty() {
                return Err(nothing());
            }
            Ok(May {
                recipient: &item.asked.recipient,
                is_move: Asked::of(&item.asked).is_move(),
                service: say.called(&Asked::of(&item.asked)),
                areas: item.open_areas.iter().collect(),
                givers: item.given_by.keys().copied().collect(),
                about_self: item.given_by.values().any(|yes| yes.about_self),
            })
        }
    }
}

fn withdraw_page(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    desk: &ConsentDesk,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let may = may(&say, desk, consent_in(desk, consent)?)?;
    let named = |keys: &[(&str, Key)]| {
        keys.iter().map(|(value, key)| ((*value).to_owned(), say.t(key).to_string())).collect::<Choices>()
    };
    let mut parts = named(&[("whole", Key("consents-part-whole"))]);
    if may.areas.len() > 1 {
        parts.extend(named(&[("areas", Key("consents-part-areas"))]));
    }
    if may.about_self {
        parts.extend(named(&[("self", Key("consents-part-self"))]));
    }
    let only_one = may.givers.len() == 1;
    let form = match may.givers.first() {
        Some(giver) if only_one && form.value("giver").is_empty() => form.put("giver", giver.to_string()),
        _ => form,
    };
    let shown = WithdrawPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("consents-withdraw-title")),
        case,
        consent,
        is_move: may.is_move,
        way: say.way(may.recipient),
        is_partner: may.recipient.host != api.engine.organisation(),
        is_own: desk.as_person.is_some(),
        givers: may
            .givers
            .iter()
            .map(|giver| (giver.to_string(), say.person(&desk.parties, *giver)))
            .collect(),
        channels: named(&[
            ("oral", Key("consents-channel-oral")),
            ("written", Key("consents-channel-written")),
        ]),
        areas: if may.areas.len() > 1 {
            may.areas.iter().map(|area| (area.to_string(), say.area(area))).collect()
        } else {
            Vec::new()
        },
        parts,
        service: may.service,
        form,
    };
    page(status, &shown)
}
