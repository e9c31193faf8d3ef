//! Opening a case: whom it is about, the family, and the level it starts on.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::consent::rule::SubjectKind;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::person::Role;

use super::{level_name, subject_key};
use crate::engine::EngineError;
use crate::engine::request::{NewGuardian, NewSubject, OpenCase};
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::Visitor;

/// The fields of each guardian: name, relation, parental responsibility.
const GUARDIANS: [[&str; 3]; 3] = [
    ["guardian-1-name", "guardian-1-relation", "guardian-1-responsible"],
    ["guardian-2-name", "guardian-2-relation", "guardian-2-responsible"],
    ["guardian-3-name", "guardian-3-relation", "guardian-3-responsible"],
];

const KINDS: [(&str, SubjectKind); 4] = [
    ("child", SubjectKind::Child),
    ("youth", SubjectKind::Youth),
    ("pregnant", SubjectKind::PregnantWoman),
    ("parent", SubjectKind::Parent),
];

/// What somebody is to the subject, and whether the relation can carry parental responsibility.
const RELATIONS: [(&str, Key, bool); 7] = [
    ("mother", Key("new-mother"), true),
    ("father", Key("new-father"), true),
    ("co-mother", Key("new-co-mother"), true),
    ("appointed-guardian", Key("new-appointed"), true),
    ("foster-parent", Key("new-foster"), false),
    ("child-welfare", Key("new-welfare"), false),
    ("other", Key("new-other"), true),
];

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "case_new.html")]
struct NewCasePage<'a> {
    frame: Frame<'a>,
    form: Form,
    kinds: Choices,
    levels: Choices,
    relations: Choices,
    yes: Choices,
}

/// Shows the form.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    may_open(&visitor)?;
    let form = Form::new().put("kind", "child").put("level", lowest(&api).to_string());
    shown(&api, &visitor, StatusCode::OK, form)
}

/// Opens the case.
pub(crate) async fn open(
    State(api): State<Api>,
    visitor: Visitor,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    may_open(&visitor)?;
    let request = read(&api, &visitor, &mut form);
    if let Some(request) = request.filter(|_| form.holds()) {
        match api.engine.open_case(&visitor.reader, request, form.press()).await {
            Ok(case) => return Ok(done(&api, &format!("/cases/{case}"), Key("notice-opened"))),
            Err(EngineError::Invalid { field: "birth_date", .. }) => {
                form.refuse("birth-date", visitor.t("new-birth-wrong"));
            }
            Err(EngineError::Invalid { field: "level", .. }) => {
                form.refuse("level", visitor.t("new-level-missing"));
            }
            Err(EngineError::Invalid { .. }) => form.refuse("name", visitor.t("new-does-not-fit")),
            Err(other) => return Err(other.into()),
        }
    }
    shown(&api, &visitor, StatusCode::UNPROCESSABLE_ENTITY, form)
}

fn may_open(visitor: &Visitor) -> Result<(), PageError> {
    let may = visitor.reader.role == Role::Employee && visitor.reader.service.is_some();
    if may { Ok(()) } else { Err(ApiError::NotFound.into()) }
}

fn lowest(api: &Api) -> u8 {
    api.engine.config().action_guide.entry_level
}

fn shown(api: &Api, visitor: &Visitor, status: StatusCode, form: Form) -> Result<Response, PageError> {
    let language = visitor.asked.language();
    let said = |value: &str, key: Key| (value.to_owned(), visitor.t(key).to_string());
    let levels = (lowest(api)..=3).filter_map(|level| Level::try_from(level).ok());
    let levels = levels.map(|level| (u8::from(level).to_string(), level_name(&api.engine, level, language)));
    let nobody = (String::new(), visitor.t("new-choose").to_string());
    let relations = RELATIONS.iter().map(|(value, key, _)| said(value, *key));
    let new = NewCasePage {
        frame: Frame::new(api, &visitor.asked, visitor.t("new-title")),
        form: form.with_id(),
        kinds: KINDS.iter().map(|(value, kind)| said(value, subject_key(*kind))).collect(),
        levels: levels.collect(),
        relations: std::iter::once(nobody).chain(relations).collect(),
        yes: vec![said("yes", Key("new-responsible-yes"))],
    };
    page(status, &new)
}

fn read(api: &Api, visitor: &Visitor, form: &mut Form) -> Option<OpenCase> {
    let kind = KINDS.iter().find(|(value, _)| *value == form.value("kind")).map(|(_, kind)| *kind);
    if kind.is_none() {
        form.refuse("kind", visitor.t("new-kind-missing"));
    }
    let name = form.require("name", visitor.t("new-name-missing"));
    let line = |form: &Form, field: &str| Some(form.value(field).to_owned()).filter(|line| !line.is_empty());
    let birth_date = line(form, "birth-date");
    let is_day =
        |text: &String| text.parse::<jiff::civil::Date>().is_ok_and(|born| born <= api.engine.today());
    if !birth_date.as_ref().is_none_or(is_day) {
        form.refuse("birth-date", visitor.t("new-birth-wrong"));
    }
    let number = line(form, "number").map(|number| number.replace(' ', "").parse());
    let national_identity_number = match number.transpose() {
        Ok(number) => number,
        Err(_) => {
            form.refuse("number", visitor.t("new-number-wrong"));
            None
        }
    };
    let level = form.value("level").parse().ok().and_then(|level: u8| Level::try_from(level).ok());
    if level.is_none() {
        form.refuse("level", visitor.t("new-level-missing"));
    }
    for field in ["name", "unit", "language", "address"] {
        form.check_line(field, visitor.t("form-wrong-text"));
    }
    let guardians = GUARDIANS.iter().filter_map(|fields| guardian(visitor, form, *fields)).collect();
    let subject = NewSubject {
        name,
        birth_date,
        national_identity_number,
        unit: line(form, "unit"),
        language: line(form, "language"),
        address: line(form, "address"),
    };
    Some(OpenCase { subject_kind: kind?, level: level?, subject, guardians })
}

fn guardian(
    visitor: &Visitor,
    form: &mut Form,
    [name, relation, responsible]: [&str; 3],
) -> Option<NewGuardian> {
    let is_responsible = form.has(responsible, "yes");
    let given = form.value(relation).to_owned();
    if form.value(name).is_empty() {
        if !given.is_empty() || is_responsible {
            form.refuse(name, visitor.t("new-guardian-name-missing"));
        }
        return None;
    }
    let Some((_, _, may)) = RELATIONS.iter().find(|(value, ..)| *value == given) else {
        form.refuse(relation, visitor.t("new-relation-missing"));
        return None;
    };
    form.check_line(name, visitor.t("form-wrong-text"));
    if is_responsible && !may {
        form.refuse(relation, visitor.t("new-responsible-wrong"));
    }
    Some(NewGuardian {
        name: form.value(name).to_owned(),
        relation: given,
        parental_responsibility: is_responsible,
    })
}
