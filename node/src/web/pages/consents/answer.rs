//! A giver's yes or no: registered by the stafettholder who heard or saw it, or said by the giver.
//! What the yes opens stands above the button.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::consent::{Evidence, Interpreter};
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_protocol::person::Role;

use super::ask::{Shown, optional};
use super::{Asked, Say, consent_in, refused};
use crate::engine::EngineError;
use crate::engine::answer::{ConsentItem, ConsentView, PartyItem};
use crate::engine::desk::ConsentDesk;
use crate::engine::request::{GiveConsent, RefuseConsent};
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::pages::{Frame, PageError, done, page};
use crate::web::texts::Key;
use crate::web::visitor::{Visiting, Visitor};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "consent-answer.html")]
struct AnswerPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    consent: ConsentId,
    service: String,
    is_move: bool,
    is_own: bool,
    may_open_self: bool,
    givers: Choices,
    answers: Choices,
    evidence: Choices,
    assurances: Choices,
    interpreters: Choices,
    witnesses: Choices,
    shown: Option<Shown>,
    form: Form,
}

/// Shows what is asked, and takes an answer.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, ids): Visiting<(CaseId, ConsentId)>,
) -> Result<Response, PageError> {
    let (case, consent) = ids;
    let form = Form::new().put("evidence", "oral").put("interpreter", "not-needed");
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    consent_in(&desk, consent)?;
    visitor.must_be_fresh(&visitor.asked.here)?;
    answer_page(&api, &visitor, ids, &desk, form, StatusCode::OK).await
}

/// Takes the answer.
pub(crate) async fn post(
    State(api): State<Api>,
    Visiting(visitor, ids): Visiting<(CaseId, ConsentId)>,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let (case, consent) = ids;
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    consent_in(&desk, consent)?;
    let here = format!("/cases/{case}/consents/{consent}");
    visitor.must_be_fresh(&format!("{here}/answer"))?;
    let said = match desk.as_person {
        Some(person) => own_word(&visitor, person, &mut form),
        None => heard_word(&visitor, &mut form),
    };
    let meant = said.as_ref().map(Word::giver_and_answer);
    let answered = match said {
        Some(Word::Yes(request)) => api.engine.give_consent(&visitor.reader, case, consent, *request).await,
        Some(Word::No(request)) => api.engine.refuse_consent(&visitor.reader, case, consent, request).await,
        None => return answer_page(&api, &visitor, ids, &desk, form, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    match answered {
        Ok(_) => Ok(done(&api, &here, Key("notice-answered"))),
        // The button was pressed twice: what was meant is so.
        Err(EngineError::Conflict { .. }) if is_so(&api, &visitor, ids, meant).await? => {
            Ok(done(&api, &here, Key("notice-answered")))
        }
        Err(error) => {
            refused(&mut form, error, &visitor, "answer")?;
            answer_page(&api, &visitor, ids, &desk, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

enum Word {
    Yes(Box<GiveConsent>),
    No(RefuseConsent),
}

impl Word {
    fn giver_and_answer(&self) -> (PersonId, bool) {
        match self {
            Self::Yes(request) => (request.giver, true),
            Self::No(request) => (request.giver, false),
        }
    }
}

/// Whether somebody's yes or no stands already.
async fn is_so(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    meant: Option<(PersonId, bool)>,
) -> Result<bool, EngineError> {
    let Some((giver, is_yes)) = meant else { return Ok(false) };
    let desk = api.engine.consent_desk(&visitor.reader, case).await?;
    Ok(match consent_in(&desk, consent)? {
        ConsentView::Own(item) if is_yes => item.yes.is_some() && item.status != "withdrawn",
        ConsentView::Own(item) => item.status == "refused",
        ConsentView::Full(item) if is_yes => {
            item.given_by.contains_key(&giver) && item.withdrawals.iter().all(|word| word.giver != giver)
        }
        ConsentView::Full(item) => item.refused_by.contains(&giver),
    })
}

fn answer_of(visitor: &Visitor, form: &mut Form) -> Option<bool> {
    match form.value("answer") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => {
            form.refuse("answer", visitor.t("consents-wrong-answer"));
            None
        }
    }
}

fn own_word(visitor: &Visitor, giver: PersonId, form: &mut Form) -> Option<Word> {
    if !answer_of(visitor, form)? {
        return Some(Word::No(RefuseConsent { giver }));
    }
    Some(Word::Yes(Box::new(GiveConsent {
        giver,
        evidence: None,
        about_self: form.has("about_self", "yes"),
        language: None,
        interpreter: Interpreter::NotNeeded,
        witness: None,
    })))
}

fn heard_word(visitor: &Visitor, form: &mut Form) -> Option<Word> {
    let giver = form.value("giver").parse::<PersonId>().ok();
    if giver.is_none() {
        form.refuse("giver", visitor.t("consents-wrong-giver"));
    }
    let answer = answer_of(visitor, form);
    if answer == Some(false) {
        return Some(Word::No(RefuseConsent { giver: giver? }));
    }
    let language = optional(form, visitor, "language");
    let witness = optional(form, visitor, "witness");
    let evidence = match form.value("evidence") {
        "filed" => Evidence::Filed { reference: form.value("reference").to_owned() },
        "electronic-id" => Evidence::ElectronicId { assurance: form.value("assurance").to_owned() },
        _ => Evidence::Oral,
    };
    let interpreter = match form.value("interpreter") {
        "present" => Interpreter::Present,
        "remote" => Interpreter::Remote,
        "declined" => Interpreter::Declined,
        _ => Interpreter::NotNeeded,
    };
    let about_self = form.has("about_self", "yes");
    let request =
        GiveConsent { giver: giver?, evidence: Some(evidence), about_self, language, interpreter, witness };
    (answer == Some(true) && form.holds()).then(|| Word::Yes(Box::new(request)))
}

async fn answer_page(
    api: &Api,
    visitor: &Visitor,
    (case, consent): (CaseId, ConsentId),
    desk: &ConsentDesk,
    form: Form,
    status: StatusCode,
) -> Result<Response, PageError> {
    let say = Say::new(&api.engine, visitor);
    let view = consent_in(desk, consent)?;
    let (asked, shown, givers) = match view {
        ConsentView::Own(item) => (Asked::own(item), None, Vec::new()),
        ConsentView::Full(item) => {
            let preview = api.engine.preview_asked_consent(&visitor.reader, case, consent).await?;
            let shown = Some(Shown::of(&say, preview));
            (Asked::of(&item.asked), shown, givers(&say, item, &desk.parties))
        }
    };
    if let ConsentView::Own(item) = view
        && !matches!(item.status.as_str(), "asked" | "refused")
    {
        return Err(EngineError::Conflict { reason: "nothing waits for this answer" }.into());
    }
    let is_own = desk.as_person.is_some();
    let page_shown = AnswerPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("consents-answer-title")),
        case,
        consent,
        service: say.called(&asked),
        is_move: asked.is_move(),
        is_own,
        may_open_self: !is_own || visitor.reader.role == Role::Guardian,
        givers,
        answers: answers(&say, is_own),
        evidence: evidence(&say),
        assurances: assurances(&say),
        interpreters: interpreters(&say),
        witnesses: if is_own { Vec::new() } else { witnesses(api, visitor, &say) },
        shown,
        form,
    };
    page(status, &page_shown)
}

/// Whose word can be registered: who must say yes, and adults who open what is about themselves.
fn givers(say: &Say<'_>, item: &ConsentItem, parties: &[PartyItem]) -> Choices {
    let is_asked = |party: &&PartyItem| {
        let is_adult = !matches!(party.capacity, Capacity::Subject | Capacity::ChildWelfareService);
        let has_said = item.given_by.contains_key(&party.person);
        item.missing.contains(&party.person) || (is_adult && !has_said)
    };
    let label = |party: &PartyItem| {
        let called = say.person(parties, party.person);
        let called = if item.missing.contains(&party.person) {
            called
        } else {
            say.t("consents-answer-self-only").with("who", called).to_string()
        };
        (party.person.to_string(), called)
    };
    parties.iter().filter(is_asked).map(label).collect()
}

fn answers(say: &Say<'_>, is_own: bool) -> Choices {
    let keys = if is_own {
        [("yes", Key("consents-answer-own-yes")), ("no", Key("consents-answer-own-no"))]
    } else {
        [("yes", Key("consents-answer-yes")), ("no", Key("consents-answer-no"))]
    };
    keys.map(|(value, key)| (value.to_owned(), say.t(key).to_string())).to_vec()
}

fn evidence(say: &Say<'_>) -> Choices {
    [
        ("oral", Key("consents-evidence-oral")),
        ("filed", Key("consents-evidence-paper")),
        ("electronic-id", Key("consents-evidence-id")),
    ]
    .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
    .to_vec()
}

/// The levels of ID-porten that may give a consent.
fn assurances(say: &Say<'_>) -> Choices {
    [
        ("", Key("consents-assurance-none")),
        ("idporten-loa-high", Key("consents-assurance-high")),
        ("idporten-loa-substantial", Key("consents-assurance-substantial")),
    ]
    .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
    .to_vec()
}

fn interpreters(say: &Say<'_>) -> Choices {
    [
        ("not-needed", Key("consents-interpreter-none")),
        ("present", Key("consents-interpreter-present")),
        ("remote", Key("consents-interpreter-remote")),
        ("declined", Key("consents-interpreter-declined")),
    ]
    .map(|(value, key)| (value.to_owned(), say.t(key).to_string()))
    .to_vec()
}

/// Colleagues of the same service, and nobody.
fn witnesses(api: &Api, visitor: &Visitor, say: &Say<'_>) -> Choices {
    let people = api.engine.people();
    let works = people.iter().filter(|person| {
        person.id != visitor.reader.account
            && person.service == visitor.reader.service
            && person.roles.iter().any(|role| !matches!(role, Role::Guardian | Role::Subject))
    });
    let nobody = (String::new(), say.t("consents-witness-none").to_string());
    std::iter::once(nobody).chain(works.map(|person| (person.id.to_string(), person.name.clone()))).collect()
}
