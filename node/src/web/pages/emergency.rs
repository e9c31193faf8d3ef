//! Opening a case in an emergency (nødåpning): whom it is about is posted, so it stands in no address,
//! title or log. When nothing is opened the page says so and whom to call, and never why.

pub(crate) mod case;
pub(crate) mod reviews;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::access::emergency::may_open;
use stafett_protocol::entry::value::normalized;
use stafett_protocol::limits::{EMERGENCY_REASON_CHARACTERS_MAX, EMERGENCY_REASON_CHARACTERS_MIN};

use super::{Frame, PageError, page, see_other};
use crate::engine::EngineError;
use crate::engine::request::OpenEmergency;
use crate::web::Api;
use crate::web::emergencies::count;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::visitor::Visitor;

/// Where the form is.
const PATH: &str = "/emergency";

#[derive(Template)]
#[template(path = "emergency.html")]
struct EmergencyPage<'a> {
    frame: Frame<'a>,
    form: Form,
    /// Whether it was asked for and nothing was opened.
    is_not_opened: bool,
}

/// Shows the form.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    must_work(&visitor)?;
    visitor.must_be_fresh(PATH)?;
    form_page(&api, &visitor, StatusCode::OK, Form::new().with_id(), false)
}

/// Opens the case that is named, or says that none was opened.
pub(crate) async fn open(
    State(api): State<Api>,
    visitor: Visitor,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    must_work(&visitor)?;
    visitor.must_be_fresh(PATH)?;
    check(&mut form, &visitor);
    if !form.holds() {
        return form_page(&api, &visitor, StatusCode::UNPROCESSABLE_ENTITY, form, false);
    }
    let press = form.press();
    let request = OpenEmergency {
        name: form.value("name").to_owned(),
        birth_date: form.value("birth-date").to_owned(),
        reason: form.value("reason").to_owned(),
    };
    count(&api, &visitor.reader)?;
    match api.engine.open_emergency(&visitor.reader, request, press).await {
        Ok(_) => Ok(see_other("/emergency/case")),
        Err(EngineError::NotFound) => form_page(&api, &visitor, StatusCode::UNPROCESSABLE_ENTITY, form, true),
        Err(EngineError::Invalid { field: "birth_date", .. }) => {
            form.refuse("birth-date", visitor.t("emergency-birth-date-wrong"));
            form_page(&api, &visitor, StatusCode::UNPROCESSABLE_ENTITY, form, false)
        }
        Err(other) => Err(other.into()),
    }
}

/// Whoever works in a service has these pages; for others they are not there.
fn must_work(visitor: &Visitor) -> Result<(), PageError> {
    if may_open(&visitor.reader) { Ok(()) } else { Err(ApiError::NotFound.into()) }
}

/// Says what is wrong before anything is looked for.
fn check(form: &mut Form, visitor: &Visitor) {
    form.require("name", visitor.t("emergency-name-missing"));
    form.check_line("name", visitor.t("emergency-name-wrong"));
    let born = form.require("birth-date", visitor.t("emergency-birth-date-missing"));
    if born.parse::<jiff::civil::Date>().is_err() {
        form.refuse("birth-date", visitor.t("emergency-birth-date-wrong"));
    }
    let characters = normalized(form.value("reason")).chars().count();
    if !(EMERGENCY_REASON_CHARACTERS_MIN..=EMERGENCY_REASON_CHARACTERS_MAX).contains(&characters) {
        form.refuse("reason", visitor.t("emergency-reason-wrong"));
    }
    form.check_text("reason", visitor.t("emergency-reason-control"));
}

fn form_page(
    api: &Api,
    visitor: &Visitor,
    status: StatusCode,
    form: Form,
    is_not_opened: bool,
) -> Result<Response, PageError> {
    let frame = Frame::new(api, &visitor.asked, visitor.t("emergency-title"));
    page(status, &EmergencyPage { frame, form, is_not_opened })
}
