//! The family's page: each guardian and the youth, each in the own name, reads what is agreed,
//! writes, answers and takes back. Nothing here tells one of them what another said.

pub(crate) mod guardians;
pub(crate) mod readers;
pub(crate) mod write;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::consent::ConsentKind;
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::person::Role;

use self::readers::KnownReaders;
use super::case::card::Readers;
use super::consents::{Asked, Say};
use super::print::Writer;
use super::{Frame, PageError, page, see_other};
use crate::engine::EngineError;
use crate::engine::answer::{CaseView, ConsentView, EntryItem, NoticeItem, OwnConsent};
use crate::engine::desk::FamilyCase;
use crate::notice::NoticeText;
use crate::web::Api;
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{entry as entry_words, time};

/// Whether a role is one of the family's, whose pages are below `/family`.
pub(crate) fn is_family(role: Role) -> bool {
    matches!(role, Role::Guardian | Role::Subject)
}

#[derive(Template)]
#[template(path = "family-cases.html")]
struct CasesPage<'a> {
    frame: Frame<'a>,
    cases: Vec<(CaseId, String)>,
}

#[derive(Template)]
#[template(path = "family.html")]
struct FamilyPage<'a> {
    frame: Frame<'a>,
    case: CaseId,
    hello: String,
    subject: String,
    is_subject: bool,
    reads: bool,
    decides: bool,
    holder: Option<String>,
    /// The municipality whose case it is by now, if it has moved.
    moved_to: Option<String>,
    asked: Vec<Question>,
    goals: Vec<Goal>,
    agreed: Vec<Measure>,
    others: Vec<Told>,
    /// How many entries more there are that cannot be read.
    unreadable: usize,
    informed: Vec<Informed>,
    back: Vec<Question>,
    notices: Vec<NoticeText>,
}

/// A question to this person, or a word of this person's.
struct Question {
    consent: ConsentId,
    is_move: bool,
    service: String,
    state: String,
    purpose: String,
}

/// A service that has information.
struct Informed {
    consent: ConsentId,
    service: String,
    what: String,
    until: String,
}

struct Goal {
    entry: EntryId,
    title: String,
    text: String,
    readers: Readers,
    measures: Vec<Measure>,
}

impl Goal {
    fn measures(&self) -> &[Measure] {
        &self.measures
    }
}

/// What somebody does by when.
struct Measure {
    entry: EntryId,
    title: String,
    who: String,
    by: Option<String>,
    status: Option<String>,
    at_home: bool,
    readers: Readers,
}

/// Another entry of the log.
struct Told {
    entry: EntryId,
    heading: String,
    day: String,
    /// Everything that it says, as on paper.
    fields: Vec<(String, Vec<String>)>,
    readers: Readers,
}

/// The own cases; the one at once if there is one.
pub(crate) async fn cases(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    let cases = api.engine.family_cases(&visitor.reader).await?;
    if let [only] = cases.as_slice() {
        return Ok(see_other(&format!("/family/{}", only.case)));
    }
    let say = Say::new(&api.engine, &visitor);
    let cases = cases.into_iter().map(|known| (known.case, subject_words(&say, &known))).collect();
    let shown = CasesPage { frame: Frame::new(&api, &visitor.asked, visitor.t("family-title")), cases };
    page(StatusCode::OK, &shown)
}

/// Whom a log is about, by the first name.
fn subject_words(say: &Say<'_>, known: &FamilyCase) -> String {
    match &known.subject_name {
        _ if known.is_subject => say.t("family-you").to_string(),
        Some(name) => first_name(name).to_owned(),
        None => say.t("family-the-child").to_string(),
    }
}

fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// One case as somebody of its family sees it.
pub(crate) async fn home(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
) -> Result<Response, PageError> {
    let reader = &visitor.reader;
    let known = api.engine.as_family(reader, case).await?;
    let view = if known.reads { Some(api.engine.case(reader, case).await?) } else { None };
    let notices = if known.reads { api.engine.notices(reader, case).await? } else { Vec::new() };
    let consents = api.engine.consents(reader, case).await?;
    let entries = view.as_ref().map(|view| view.entries.as_slice()).unwrap_or_default();
    let readers = api.engine.known_readers(reader, case, &consents, entries).await?;
    let say = Say::new(&api.engine, &visitor);
    let logged = Logged { view: view.as_ref(), readers: KnownReaders::new(&say, case, readers) };
    let shown = family_page(&api, &visitor, &known, &logged, &consents, notices);
    page(StatusCode::OK, &shown)
}

/// What somebody of the family reads of the log, and what this person may know of its readers.
struct Logged<'a> {
    view: Option<&'a CaseView>,
    readers: KnownReaders<'a>,
}

fn family_page<'a>(
    api: &'a Api,
    visitor: &Visitor,
    known: &FamilyCase,
    logged: &Logged<'_>,
    consents: &[ConsentView],
    notices: Vec<NoticeItem>,
) -> FamilyPage<'a> {
    let (say, view) = (logged.readers.say, logged.view);
    let own: Vec<&OwnConsent> = consents.iter().filter_map(as_own).collect();
    let with = |status: &[&str]| -> Vec<&OwnConsent> {
        own.iter().copied().filter(|item| status.contains(&item.status.as_str())).collect()
    };
    let question = |item: &OwnConsent| Question {
        consent: item.id,
        is_move: item.kind == ConsentKind::Transfer,
        service: say.called(&Asked::own(item)),
        state: say.own_state(item),
        purpose: item.purpose.clone(),
    };
    let informed = |item: &OwnConsent| Informed {
        consent: item.id,
        service: say.called(&Asked::own(item)),
        what: say
            .t("family-informed-what")
            .with("kinds", say.kinds(&item.kinds))
            .with("areas", say.areas(&item.areas_left()))
            .to_string(),
        until: say.last_day(item.until),
    };
    let shares = |item: &&&OwnConsent| item.kind == ConsentKind::Share;
    let holder = view.and_then(|view| view.baton.as_ref()).and_then(|baton| api.engine.holder_called(baton));
    let (goals, agreed, others) = view.map(|view| entries(&logged.readers, view)).unwrap_or_default();
    let name = visitor.asked.session.as_ref().map(|session| first_name(&session.name).to_owned());
    let hello = match name {
        Some(name) => say.t("family-hello").with("name", name),
        None => say.t("family-hello-nobody"),
    };
    FamilyPage {
        frame: Frame::new(api, &visitor.asked, visitor.t("family-title")),
        case: known.case,
        hello: hello.to_string(),
        subject: subject_words(say, known),
        is_subject: known.is_subject,
        reads: known.reads,
        decides: known.decides,
        holder: holder.filter(|_| known.moved_to.is_none()),
        moved_to: known.moved_to.clone(),
        asked: with(&["asked"]).into_iter().map(question).collect(),
        informed: with(&["in-force"]).iter().filter(shares).map(|item| informed(item)).collect(),
        back: with(&["withdrawn", "refused", "not-in-force"]).into_iter().map(question).collect(),
        notices: notices.into_iter().map(|item| in_language(item, say.language)).collect(),
        goals,
        agreed,
        others,
        unreadable: view.map(|view| view.unreadable).unwrap_or_default(),
    }
}

fn as_own(view: &ConsentView) -> Option<&OwnConsent> {
    match view {
        ConsentView::Own(item) => Some(item),
        ConsentView::Full(_) => None,
    }
}

fn in_language(item: NoticeItem, language: Language) -> NoticeText {
    match language {
        Language::Nb => item.nb,
        Language::Nn => item.nn,
    }
}

/// Goals with their measures, measures and agreements without a goal, and the rest of the log.
fn entries(known: &KnownReaders<'_>, view: &CaseView) -> (Vec<Goal>, Vec<Measure>, Vec<Told>) {
    let say = known.say;
    let of = |kind: EntryKind| view.entries.iter().filter(move |item| item.kind == kind);
    let is_done = |item: &EntryItem| matches!(item.view.text(FieldKey::Status), "cancelled");
    let goals: Vec<Goal> = of(EntryKind::Goal)
        .map(|goal| Goal {
            entry: goal.entry,
            title: goal.view.text(FieldKey::Title).to_owned(),
            text: goal.view.text(FieldKey::Description).to_owned(),
            readers: known.of(goal.entry),
            measures: of(EntryKind::Measure)
                .filter(|item| item.towards == Some(goal.entry))
                .map(|item| measure(known, item))
                .collect(),
        })
        .collect();
    let has_goal = |item: &EntryItem| of(EntryKind::Goal).any(|goal| item.towards == Some(goal.entry));
    let loose = of(EntryKind::Measure).filter(|item| !has_goal(item));
    let agreed = loose.chain(of(EntryKind::Agreement).filter(|item| !is_done(item)));
    let agreed = agreed.map(|item| measure(known, item)).collect();
    let is_shown_above = |kind| {
        matches!(kind, EntryKind::Goal | EntryKind::Measure | EntryKind::Agreement | EntryKind::CaseCard)
    };
    let others = view.entries.iter().filter(|item| !is_shown_above(item.kind));
    let writer = Writer::new(say.engine, say.language);
    (goals, agreed, others.map(|item| told(known, &writer, item)).collect())
}

fn measure(known: &KnownReaders<'_>, item: &EntryItem) -> Measure {
    let deadline = item.view.text(FieldKey::Deadline);
    let code = item.view.text(FieldKey::Status);
    let status = entry_words::code(item.kind, FieldKey::Status, code);
    Measure {
        entry: item.entry,
        title: item.view.text(FieldKey::Title).to_owned(),
        who: item.view.text(FieldKey::Responsible).to_owned(),
        by: (!deadline.is_empty()).then(|| time::day_of_text(deadline)),
        status: status.map(|words| words.in_language(known.say.language).to_owned()),
        readers: known.of(item.entry),
        at_home: item.view.fields.get(&FieldKey::AtHome) == Some(&FieldValue::Flag(true)),
    }
}

fn told(known: &KnownReaders<'_>, writer: &Writer<'_>, item: &EntryItem) -> Told {
    Told {
        entry: item.entry,
        heading: writer.title(item.kind, &item.view),
        day: known.say.day(item.stored_at),
        fields: writer.fields(item.kind, &item.view),
        readers: known.of(item.entry),
    }
}

/// Somebody who is of no family has no page here.
fn must_be_family(known: &FamilyCase) -> Result<(), EngineError> {
    if known.reads { Ok(()) } else { Err(EngineError::NotFound) }
}
