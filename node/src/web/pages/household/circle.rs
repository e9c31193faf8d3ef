//! Who may know of the case at all: the protection of the family's address (law 15), for the
//! stafettholder and the leader who answers for the case. The address and the title of the page, and
//! whatever leads to it, say nothing of what stands on it.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_protocol::person::Role;
use stafett_protocol::protection::AddressProtection;

use crate::engine::EngineError;
use crate::engine::answer::ProtectionView;
use crate::engine::request::{ApproveSharing, ProtectAddress};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::pages::consents::Say;
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "circle.html")]
struct CirclePage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_leader: bool,
    is_set: bool,
    state: String,
    until: Option<String>,
    grades: Choices,
    guardians: Choices,
    sharing: Vec<Sharing>,
    form: Form,
}

/// A consent that the leader may let count.
struct Sharing {
    consent: ConsentId,
    service: String,
    areas: String,
    is_approved: bool,
}

/// Shows how the address is protected.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let view = api.engine.address_protection(&visitor.reader, case).await?;
    let form = Form::new().put("protection", grade_word(view.protection));
    let form = view.safe_for.iter().fold(form, |form, person| form.put("safe_for", person.to_string()));
    circle_page(&api, &visitor, case, &view, form, StatusCode::OK).await
}

/// Sets or renews it, or lets one consent count.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let view = api.engine.address_protection(&visitor.reader, case).await?;
    let reader = &visitor.reader;
    let here = format!("/cases/{case}/family/circle");
    let (act, of) = form.value("act").split_once(' ').unwrap_or((form.value("act"), ""));
    let answered = match act {
        "renew" => api.engine.renew_protection(reader, case).await,
        "approve" => {
            visitor.must_be_fresh(&here)?;
            let consent = of.parse().map_err(|_| EngineError::NotFound)?;
            api.engine.approve_sharing(reader, case, ApproveSharing { consent }).await
        }
        _ => match request_of(&form) {
            Some(request) => {
                // What only closes is taken at once: safety comes first.
                if api.engine.would_open(reader, case, &request).await? {
                    visitor.must_be_fresh(&here)?;
                }
                api.engine.protect_address(reader, case, request).await
            }
            None => Err(EngineError::Invalid { field: "protection", reason: String::new() }),
        },
    };
    match answered {
        Ok(()) => Ok(done(&api, &here, Key("notice-saved"))),
        Err(EngineError::NotAllowed) => {
            form.refuse("protection", visitor.t("circle-wrong-leader"));
            circle_page(&api, &visitor, case, &view, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(EngineError::Invalid { field, .. }) => {
            let field = if field == "safe_for" { "safe_for" } else { "protection" };
            form.refuse(field, visitor.t("circle-wrong"));
            circle_page(&api, &visitor, case, &view, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(EngineError::Conflict { .. }) => {
            form.refuse("protection", visitor.t("household-wrong-changed"));
            circle_page(&api, &visitor, case, &view, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(other) => Err(other.into()),
    }
}

fn request_of(form: &Form) -> Option<ProtectAddress> {
    let word = form.value("protection");
    let protection = GRADES.into_iter().find(|grade| grade_word(*grade) == word)?;
    let safe_for = form.values("safe_for").map(str::parse).collect::<Result<BTreeSet<PersonId>, _>>();
    Some(ProtectAddress { protection, safe_for: safe_for.ok()? })
}

const GRADES: [AddressProtection; 3] =
    [AddressProtection::None, AddressProtection::Confidential, AddressProtection::StrictlyConfidential];

fn grade_word(grade: AddressProtection) -> &'static str {
    match grade {
        AddressProtection::None => "none",
        AddressProtection::Confidential => "confidential",
        AddressProtection::StrictlyConfidential => "strictly-confidential",
    }
}

fn grade_key(grade: AddressProtection) -> Key {
    match grade {
        AddressProtection::None => Key("circle-none"),
        AddressProtection::Confidential => Key("circle-confidential"),
        AddressProtection::StrictlyConfidential => Key("circle-strict"),
    }
}

async fn circle_page(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    view: &ProtectionView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let family = api.engine.family(&visitor.reader, case).await?;
    let guardians = family.parties.iter().filter(|party| {
        matches!(party.capacity, Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian)
    });
    let is_leader = visitor.reader.role == Role::UnitLeader;
    let mut sharing = Vec::new();
    if is_leader && view.protection == AddressProtection::Confidential {
        for (consent, service, areas) in api.engine.approvable_sharing(&visitor.reader, case).await? {
            sharing.push(Sharing {
                consent,
                service: say.service(&service),
                areas: say.areas(&areas),
                is_approved: view.approved.contains(&consent),
            });
        }
    }
    let shown = CirclePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("circle-title")),
        case,
        is_leader,
        is_set: view.protection != AddressProtection::None,
        state: say.t(grade_key(view.protection)).to_string(),
        until: view.runs_until.map(|until| say.last_day(until)),
        grades: GRADES
            .map(|grade| (grade_word(grade).to_owned(), say.t(grade_key(grade)).to_string()))
            .to_vec(),
        guardians: guardians
            .map(|party| (party.person.to_string(), say.person(&family.parties, party.person)))
            .collect(),
        sharing,
        form,
    };
    page(status, &shown)
}
