//! Who the family of a case is, for the stafettholder and the leader who answers for the case:
//! registered by hand from a document, approved by another person, and what each guardian reads.

pub(crate) mod circle;

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::consent::Channel;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::id::{CaseId, PersonId, RegistrationId};
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::person::Role;

use super::consents::Say;
use super::{Frame, PageError, done, page};
use crate::engine::EngineError;
use crate::engine::answer::{FamilyView, PartyItem, RegistrationItem};
use crate::engine::request::{KnownParty, LimitGuardian, NewGuardian, RegisterFamily};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::time;

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "household.html")]
struct HouseholdPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    is_leader: bool,
    /// Whether the visitor registers who the family is: another approves it.
    registers: bool,
    parties: Vec<Member>,
    waiting: Vec<Waiting>,
    capacities: Choices,
    relations: Choices,
    areas: Choices,
    channels: Choices,
    form: Form,
}

/// Somebody of the family.
struct Member {
    person: PersonId,
    name: String,
    relation: String,
    capacity: String,
    /// The field of the form that says what the person is from here on; none for the subject.
    field: Option<String>,
    closed: String,
    closed_areas: BTreeSet<String>,
    /// Whether the youth decides what this guardian reads.
    is_limited_by_youth: bool,
}

/// A registration that waits for a leader.
struct Waiting {
    id: RegistrationId,
    members: Vec<String>,
    birth_date: Option<String>,
    document: String,
    at: String,
    is_overtaken: bool,
    is_own: bool,
}

/// Shows the family.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let family = api.engine.family(&visitor.reader, case).await?;
    let form = usual(&family);
    household_page(&api, &visitor, case, &family, form, StatusCode::OK).await
}

/// What the form says before anybody changes it: everybody stays what the person is.
fn usual(family: &FamilyView) -> Form {
    let known = family.parties.iter().filter(|party| party.capacity != Capacity::Subject);
    known.fold(Form::new(), |form, party| {
        form.put(&format!("capacity-{}", party.person), capacity_word(party.capacity))
    })
}

/// Registers, approves, rejects, or sets what a guardian reads.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let family = api.engine.family(&visitor.reader, case).await?;
    let reader = &visitor.reader;
    let (act, of) = form.value("act").split_once(' ').unwrap_or((form.value("act"), ""));
    let (act, of) = (act.to_owned(), of.to_owned());
    let registration = || of.parse::<RegistrationId>().map_err(|_| EngineError::NotFound);
    let (answered, notice) = match act.as_str() {
        "approve" => {
            // Whoever is approved reads from here on.
            visitor.must_be_fresh(&format!("/cases/{case}/family"))?;
            (api.engine.approve_family(reader, case, registration()?).await, Key("notice-family-approved"))
        }
        "reject" => {
            (api.engine.reject_family(reader, case, registration()?).await, Key("notice-family-rejected"))
        }
        "limit" => (limit(&api, &visitor, case, &of, &form).await, Key("notice-saved")),
        _ => match request_of(&visitor, &family, &mut form) {
            Some(request) => {
                let done = api.engine.register_family(reader, case, request, form.press()).await.map(|_| ());
                (done, Key("notice-family-registered"))
            }
            None => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                return household_page(&api, &visitor, case, &family, form, status).await;
            }
        },
    };
    match answered {
        Ok(()) => Ok(done(&api, &format!("/cases/{case}/family"), notice)),
        Err(EngineError::Invalid { field, .. }) => {
            let (field, key) = match field {
                "document" => ("document", Key("household-wrong-document")),
                "birth_date" => ("birth_date", Key("household-wrong-birth")),
                "channel" => ("channel", Key("household-wrong-channel")),
                _ => ("name", Key("household-wrong-persons")),
            };
            form.refuse(field, visitor.t(key));
            household_page(&api, &visitor, case, &family, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(EngineError::Conflict { .. }) => {
            form.refuse("act", visitor.t("household-wrong-changed"));
            household_page(&api, &visitor, case, &family, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn limit(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    guardian: &str,
    form: &Form,
) -> Result<(), EngineError> {
    let guardian: PersonId = guardian.parse().map_err(|_| EngineError::NotFound)?;
    let closed = form.values("closed").map(str::parse).collect::<Result<BTreeSet<AreaCode>, _>>();
    let closed = closed.map_err(|_| EngineError::NotFound)?;
    let channel = match form.value("channel") {
        "written" => Some(Channel::Written),
        _ => Some(Channel::Oral),
    };
    api.engine.limit_guardian(&visitor.reader, case, guardian, LimitGuardian { closed, channel }).await
}

fn request_of(visitor: &Visitor, family: &FamilyView, form: &mut Form) -> Option<RegisterFamily> {
    let document = form.require("document", visitor.t("household-wrong-document"));
    let known = family.parties.iter().filter(|party| party.capacity != Capacity::Subject);
    let parties = known.filter_map(|party| {
        let capacity = capacity_of(form.value(&format!("capacity-{}", party.person)))?;
        Some(KnownParty { person: party.person, capacity })
    });
    let parties = parties.collect();
    let mut persons = Vec::new();
    let name = form.value("name").to_owned();
    form.check_line("name", visitor.t("form-wrong-text"));
    if !name.is_empty() {
        let relation = form.require("relation", visitor.t("household-wrong-relation"));
        let parental_responsibility = form.has("responsible", "yes");
        persons.push(NewGuardian { name, relation, parental_responsibility });
    }
    let birth_date = Some(form.value("birth_date").to_owned()).filter(|text| !text.is_empty());
    form.holds().then_some(RegisterFamily { parties, persons, birth_date, document })
}

async fn household_page(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
    family: &FamilyView,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let config = api.engine.config();
    let own = visitor.reader.account;
    let choice = |value: &str, key: Key| (value.to_owned(), say.t(key).to_string());
    let form = form.with_id();
    let is_leader = visitor.reader.role == Role::UnitLeader;
    let registers = !is_leader || api.engine.keeps_case(&visitor.reader, case).await;
    let shown = HouseholdPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("household-title")),
        case,
        is_leader,
        registers,
        parties: family.parties.iter().map(|party| member(&say, family, party)).collect(),
        waiting: family.registrations.iter().map(|one| waiting(&say, one, own)).collect(),
        capacities: capacities(&say),
        relations: relations(&say),
        areas: config.areas.iter().map(|area| (area.code.to_string(), say.area(&area.code))).collect(),
        channels: vec![
            choice("oral", Key("consents-channel-oral")),
            choice("written", Key("consents-channel-written")),
        ],
        form,
    };
    page(status, &shown)
}

fn member(say: &Say<'_>, family: &FamilyView, party: &PartyItem) -> Member {
    let is_subject = party.capacity == Capacity::Subject;
    let closed = || family.closed_to.get(&party.person).into_iter().flatten();
    Member {
        person: party.person,
        name: party.name.clone().unwrap_or_else(|| say.t("consents-somebody").to_string()),
        relation: say.relation(party),
        capacity: say.t(capacity_key(party.capacity)).to_string(),
        field: (!is_subject).then(|| format!("capacity-{}", party.person)),
        closed: say.areas(closed()),
        closed_areas: closed().map(ToString::to_string).collect(),
        is_limited_by_youth: family.is_youth
            && matches!(
                party.capacity,
                Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian
            ),
    }
}

fn waiting(say: &Say<'_>, item: &RegistrationItem, own: stafett_protocol::id::AccountId) -> Waiting {
    let line = |party: &PartyItem| {
        format!("{}: {}", say.person(&item.parties, party.person), say.t(capacity_key(party.capacity)))
    };
    Waiting {
        id: item.registration,
        members: item.parties.iter().map(line).collect(),
        birth_date: item.birth_date.as_deref().map(time::day_of_text),
        document: item.document.clone(),
        at: say.minute(item.at),
        is_overtaken: item.is_overtaken,
        is_own: item.by == Some(own),
    }
}

const CAPACITIES: [Capacity; 5] = [
    Capacity::GuardianWithParentalResponsibility,
    Capacity::ParentWithoutParentalResponsibility,
    Capacity::AppointedGuardian,
    Capacity::FosterParent,
    Capacity::ChildWelfareService,
];

fn capacity_word(capacity: Capacity) -> &'static str {
    match capacity {
        Capacity::Subject => "subject",
        Capacity::GuardianWithParentalResponsibility => "guardian",
        Capacity::ParentWithoutParentalResponsibility => "parent",
        Capacity::AppointedGuardian => "appointed",
        Capacity::FosterParent => "foster",
        Capacity::ChildWelfareService => "child-welfare",
    }
}

fn capacity_of(word: &str) -> Option<Capacity> {
    CAPACITIES.into_iter().find(|capacity| capacity_word(*capacity) == word)
}

pub(super) fn capacity_key(capacity: Capacity) -> Key {
    match capacity {
        Capacity::Subject => Key("household-is-subject"),
        Capacity::GuardianWithParentalResponsibility => Key("household-is-guardian"),
        Capacity::ParentWithoutParentalResponsibility => Key("household-is-parent"),
        Capacity::AppointedGuardian => Key("household-is-appointed"),
        Capacity::FosterParent => Key("household-is-foster"),
        Capacity::ChildWelfareService => Key("household-is-child-welfare"),
    }
}

fn capacities(say: &Say<'_>) -> Choices {
    let known =
        CAPACITIES.iter().map(|one| (capacity_word(*one).to_owned(), say.t(capacity_key(*one)).to_string()));
    known.chain([("gone".to_owned(), say.t("household-is-gone").to_string())]).collect()
}

fn relations(say: &Say<'_>) -> Choices {
    [
        ("", Key("household-relation-none")),
        ("mother", Key("household-mother")),
        ("father", Key("household-father")),
        ("co-mother", Key("household-co-mother")),
        ("appointed-guardian", Key("household-appointed-guardian")),
        ("foster-parent", Key("household-foster-parent")),
        ("child-welfare", Key("household-child-welfare")),
        ("other", Key("household-other")),
    ]
    .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
    .to_vec()
}
