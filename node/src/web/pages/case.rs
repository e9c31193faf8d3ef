//! The case: who it is about and who holds the baton, goals with their measures, the child's voice,
//! and the log. Beside every entry stands who reads it.

pub(crate) mod card;
mod carried;
pub(crate) mod entry;

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::id::{AccountId, CaseId, EntryId};
use stafett_protocol::ledger::statement::Level;

use self::card::{Cards, EntryCard, MeasureRow};
use self::carried::CarriedCard;
use super::cases::{asked_for, first_name, level_name, staff_only, subject_words};
use super::print::capitalised;
use super::{Frame, PageError, done, page};
use crate::engine::answer::{EntryItem, TaskItem};
use crate::engine::overview::{CasePage, Outlook, is_over};
use crate::engine::request::SetLevel;
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::form::{Form, Posted};
use crate::web::live;
use crate::web::texts::{Key, Text};
use crate::web::visitor::{Visiting, Visitor};
use crate::words::{Namer, entry as entry_words, time};

type Choices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "case.html")]
struct Page<'a> {
    frame: Frame<'a>,
    case: CaseId,
    name: String,
    subject: String,
    owner: Option<String>,
    is_holder: bool,
    is_closed: bool,
    cannot_take: Vec<(Text, String)>,
    carried: Option<CarriedCard>,
    head: Vec<(Text, String)>,
    changed_since: Option<Text>,
    unreadable: usize,
    /// Whether the stafettholder's own case has no names, because they cannot be read.
    names_unreadable: bool,
    /// Whether the log shows what was chosen alone, and how many entries there are in all.
    is_filtered: bool,
    entries: usize,
    is_asked_for_voice: bool,
    goals: Vec<GoalCard>,
    loose: Vec<MeasureRow>,
    voices: Vec<EntryCard>,
    log: Vec<EntryCard>,
    drafts: Vec<DraftRow>,
    proposals: Vec<ProposalRow>,
    form: Form,
    areas: Choices,
    kinds: Choices,
    levels: Choices,
    people: Choices,
    assigned: Choices,
}

struct GoalCard {
    card: EntryCard,
    measures: Vec<MeasureRow>,
}

struct DraftRow {
    href: String,
    delete: String,
    title: String,
    day: String,
}

struct ProposalRow {
    title: String,
    state: Text,
    fields: Vec<(String, Vec<String>)>,
}

/// Shows a case.
pub(crate) async fn show(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    uri: Uri,
) -> Result<Response, PageError> {
    staff_only(&visitor)?;
    let shown = api.engine.case_page(&visitor.reader, case).await?;
    let live = live::address_of(&visitor, case, shown.seen);
    let language = visitor.asked.language();
    let cards = Cards::new(&api, &visitor, &shown);
    let summary = &shown.view.summary;
    let name = first_name(summary.subject_name.as_deref());
    let (areas, kinds) = (asked_for(&uri, "area"), asked_for(&uri, "kind"));
    let is_wanted = |item: &&EntryItem| {
        let in_area =
            areas.is_empty() || item.areas.iter().any(|area| areas.iter().any(|one| one == area.as_str()));
        in_area && (kinds.is_empty() || kinds.iter().any(|kind| kind == item.kind.as_str()))
    };
    let (goals, loose) = goals(&cards, &shown);
    let entries =
        || shown.view.entries.iter().filter(|item| item.kind != EntryKind::CaseCard || !is_own(&api, &shown));
    let voices: Vec<_> = entries().filter(|item| item.kind == EntryKind::ChildVoice).collect();
    let log = entries().filter(is_wanted).map(|item| cards.card(item)).collect();
    let mut form = Form::new();
    for area in &areas {
        form = form.put("area", area);
    }
    for kind in &kinds {
        form = form.put("kind", kind);
    }
    let level = summary.level.map(|level| u8::from(level).to_string());
    let named = |account: &AccountId| Some((account.to_string(), api.engine.person_name(*account)?));
    let rows = Page {
        frame: Frame::new(&api, &visitor.asked, visitor.t("case-title")).live(live),
        case,
        name: name.map_or_else(|| visitor.t("cases-unnamed").to_string(), str::to_owned),
        subject: subject_words(&visitor, shown.view.subject_kind, shown.age),
        owner: (!is_own(&api, &shown)).then(|| summary.owner_name.clone()),
        is_holder: shown.is_holder,
        is_closed: shown.is_closed,
        cannot_take: cannot_take(&api, &visitor, &shown),
        carried: shown.view.carried.as_ref().map(|came| CarriedCard::of(&api, &visitor, came)),
        head: head(&api, &visitor, &shown),
        changed_since: shown.looked_at.map(|at| {
            let zone = &api.engine.config().node.time_zone;
            visitor.t("case-since").with("moment", time::minute_of(at, zone, language))
        }),
        unreadable: shown.view.unreadable,
        names_unreadable: shown.is_holder && summary.subject_name.is_none(),
        is_filtered: !areas.is_empty() || !kinds.is_empty(),
        entries: entries().count(),
        is_asked_for_voice: voices.is_empty() && shown.is_holder,
        goals,
        loose,
        voices: voices.into_iter().map(|item| cards.card(item)).collect(),
        log,
        drafts: drafts(&api, &visitor, &shown, case),
        proposals: proposals(&visitor, &cards, &shown),
        form: form.put("level", level.unwrap_or_default()),
        areas: area_choices(&api, &visitor),
        kinds: kind_choices(&visitor, &shown),
        levels: levels(&api, &visitor),
        people: people(&api, &visitor, &shown),
        assigned: shown.assigned.iter().filter_map(named).collect(),
    };
    page(StatusCode::OK, &rows)
}

fn is_own(api: &Api, shown: &CasePage) -> bool {
    shown.view.summary.owner == api.engine.organisation()
}

/// The services that cannot take the case, each with its consent's page; for the stafettholder.
fn cannot_take(api: &Api, visitor: &Visitor, shown: &CasePage) -> Vec<(Text, String)> {
    let case = shown.view.summary.case;
    let row = |task: &TaskItem| {
        let service = api.engine.service(task.service.as_ref()?, visitor.asked.language());
        let day = time::day_of(task.due, &api.engine.config().node.time_zone);
        let words = visitor.t("consents-cannot-take").with("service", service).with("day", day);
        Some((words, format!("/cases/{case}/consents/{}", task.consent?)))
    };
    shown.view.tasks.iter().filter_map(row).collect()
}

/// What stays in sight: level, stafettholder, the next meeting and the next deadline.
fn head(api: &Api, visitor: &Visitor, shown: &CasePage) -> Vec<(Text, String)> {
    let mut outlook = Outlook::default();
    for item in &shown.view.entries {
        outlook.add(item.entry, item.kind, &item.view, shown.today);
    }
    let language = visitor.asked.language();
    let level = shown.view.summary.level.map(|level| level_name(&api.engine, level, language));
    let holder =
        if shown.is_holder { Some(visitor.t("cases-you").to_string()) } else { shown.holder.clone() };
    let rows = [
        (Key("cases-level"), level),
        (Key("cases-holder"), holder),
        (Key("cases-meeting"), outlook.next_meeting.map(time::day)),
        (Key("cases-deadline"), outlook.next_deadline.map(time::day)),
    ];
    rows.into_iter().filter_map(|(key, value)| Some((visitor.t(key), value?))).collect()
}

/// Goals with their measures, and measures that belong to none; what is late comes first.
fn goals(cards: &Cards<'_>, shown: &CasePage) -> (Vec<GoalCard>, Vec<MeasureRow>) {
    let of_kind = |kind| shown.view.entries.iter().filter(move |item| item.kind == kind);
    let goals: BTreeSet<EntryId> = of_kind(EntryKind::Goal).map(|item| item.entry).collect();
    let rows = |towards: Option<EntryId>| {
        let belongs = |item: &&EntryItem| item.towards.filter(|to| goals.contains(to)) == towards;
        let mut rows: Vec<_> = of_kind(EntryKind::Measure).filter(belongs).collect();
        rows.sort_by_key(|item| {
            let deadline = item.view.text(FieldKey::Deadline).to_owned();
            (is_over(&item.view), deadline, item.entry)
        });
        rows.into_iter().map(|item| cards.measure(item)).collect::<Vec<_>>()
    };
    let card = |item| GoalCard { card: cards.card(item), measures: rows(Some(item.entry)) };
    (of_kind(EntryKind::Goal).map(card).collect(), rows(None))
}

fn drafts(api: &Api, visitor: &Visitor, shown: &CasePage, case: CaseId) -> Vec<DraftRow> {
    let language = visitor.asked.language();
    let row = |draft: &stafett_protocol::case::Draft| {
        let kind = capitalised(entry_words::kind(draft.kind).in_language(language));
        let title = match draft.fields.get(&FieldKey::Title) {
            Some(stafett_protocol::entry::FieldValue::Text(title)) => format!("{kind}: {title}"),
            _ => kind,
        };
        DraftRow {
            href: format!("/cases/{case}/write?draft={}", draft.id),
            delete: format!("/cases/{case}/drafts/{}/delete", draft.id),
            title,
            day: time::minute_of(draft.updated_at, &api.engine.config().node.time_zone, language),
        }
    };
    shown.drafts.iter().map(row).collect()
}

fn proposals(visitor: &Visitor, cards: &Cards<'_>, shown: &CasePage) -> Vec<ProposalRow> {
    let state = |state: &str| match state {
        "returned" => visitor.t("case-proposal-returned"),
        _ => visitor.t("case-proposal-waiting"),
    };
    let own = shown.view.proposals.iter();
    own.map(|item| ProposalRow {
        title: cards.writer.title(item.kind, &item.view),
        state: state(&item.state),
        fields: cards.writer.fields(item.kind, &item.view),
    })
    .collect()
}

/// The municipality's areas.
pub(crate) fn area_choices(api: &Api, visitor: &Visitor) -> Choices {
    let areas = api.engine.config().areas.iter();
    areas.map(|area| (area.code.to_string(), api.engine.area(&area.code, visitor.asked.language()))).collect()
}

/// The kinds that there are in the log.
fn kind_choices(visitor: &Visitor, shown: &CasePage) -> Choices {
    let kinds: BTreeSet<_> = shown.view.entries.iter().map(|item| item.kind).collect();
    let language = visitor.asked.language();
    let words = |kind: &EntryKind| capitalised(entry_words::kind(*kind).in_language(language));
    kinds.iter().map(|kind| (kind.as_str().to_owned(), words(kind))).collect()
}

/// The levels in the municipality's words.
pub(crate) fn levels(api: &Api, visitor: &Visitor) -> Choices {
    let levels = (0..=3).filter_map(|level| Level::try_from(level).ok());
    let name = |level| level_name(&api.engine, level, visitor.asked.language());
    levels.map(|level| (u8::from(level).to_string(), name(level))).collect()
}

fn people(api: &Api, visitor: &Visitor, shown: &CasePage) -> Choices {
    let is_new = |(account, _): &(AccountId, String)| {
        *account != visitor.reader.account && !shown.assigned.contains(account)
    };
    let colleagues = api.engine.colleagues(&visitor.reader).into_iter().filter(is_new);
    let mut people: Choices = colleagues.map(|(account, name)| (account.to_string(), name)).collect();
    if !people.is_empty() {
        // Nobody gets a case by a slip of the hand.
        people.insert(0, (String::new(), visitor.t("baton-choose").to_string()));
    }
    people
}

/// Sets the level.
pub(crate) async fn set_level(
    State(api): State<Api>,
    Visiting(visitor, case): Visiting<CaseId>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    let level = form.value("level").parse().ok().and_then(|level: u8| Level::try_from(level).ok());
    let level = level.ok_or_else(|| ApiError::Invalid {
        field: Some("level".to_owned()),
        reason: "expected a level from 0 to 3".into(),
    })?;
    api.engine.set_level(&visitor.reader, case, SetLevel { level }).await?;
    Ok(done(&api, &place_of(&api, &visitor, case).await, Key("notice-level")))
}

/// Where whoever keeps a case sees it: a leader who keeps it for a stafettholder at a partner reads no case.
pub(crate) async fn place_of(api: &Api, visitor: &Visitor, case: CaseId) -> String {
    if api.engine.keeps_case(&visitor.reader, case).await {
        format!("/cases/{case}/baton")
    } else {
        format!("/cases/{case}")
    }
}
