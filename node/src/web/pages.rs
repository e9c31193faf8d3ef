//! The pages for people: rendered here, complete without a script, the same frame around each.
//!
//! Every page carries the text on the duty to report (law 20). It is part of the page that is
//! asked for anyway: no route, query, header, row or count knows whether it was opened, nothing
//! in it leads back to this node, and a link that was followed looks like one that was not.
//!
//! # How to add a page
//!
//! 1. **A file** `pages/NAME.rs` with a template struct whose first field is `frame: Frame<'a>`, and
//!    a template `view/NAME.html` that begins with `{% extends "frame.html" %}` and fills the block
//!    `main`. The frame has the one `h1`: the title, unless the block `heading` says more (a name
//!    stands there, never in the title), or the block `top` puts it into `<div class="case-head">`.
//! 2. **A route** in `routes::pages`: reads with `.get`, acts with `.post`. Addresses hold ids and
//!    never a name, a number or what was searched for.
//! 3. **A handler** that takes `State(api): State<Api>` and then who asks:
//!    [`Visitor`](crate::web::visitor::Visitor), below a case
//!    [`Visiting<CaseId>`](crate::web::visitor::Visiting) or `Visiting<(CaseId, EntryId)>`, which
//!    counts openings. It asks the engine with `visitor.reader`, and answers with
//!    `page(StatusCode::OK, &Template { frame: Frame::new(&api, &visitor.asked, visitor.t("cases-title")), .. })`.
//!    It returns `Result<Response, PageError>`; `?` takes `EngineError` and `ApiError`.
//! 4. **Texts** in `texts/nb/NAME.ftl` and `texts/nn/NAME.ftl`, keys that begin with the page's name.
//!    In a template `{{ frame.t("cases-late").with("count", late) }}`, in Rust `visitor.t("...")`.
//!    Plurals are chosen in the text: `{ $count -> [one] ... *[other] ... }`. A key is always
//!    written out as the argument of `t` or as `Key("...")`, also in a `match`, so that the tests in
//!    `texts/tests.rs` find it. Words that other paths share (roles, areas, kinds) are in
//!    [`crate::words`].
//! 5. **A form** is `{% import "form.html" as forms %}`, then `{{ forms::errors(frame, form) }}` and
//!    `{{ forms::text(form, "title", frame.t("x-title"), "") }}`, `forms::area`, `forms::date`,
//!    `forms::tick`, `forms::choose`; the template has a field `form: Form`. The handler of its post
//!    takes [`Posted(form)`](crate::web::form::Posted) last, says what is wrong with `form.refuse`
//!    or `form.require`, and if not `form.holds()` shows the page again with
//!    `StatusCode::UNPROCESSABLE_ENTITY`. What was done ends with
//!    `done(&api, "/cases", Key("notice-saved"))`: a redirect, and a notice on the next page; a new
//!    notice joins [`notice::ALL`]. A form that publishes an entry has `{{ forms::id(form) }}`, gets its
//!    id where it is shown with [`Form::with_id`](crate::web::form::Form::with_id), and publishes with
//!    `publish_written`, so that pressing twice publishes once.
//! 6. **A page of a case that stays open** asks [`live::address`](crate::web::live::address) before it
//!    reads what it shows, and gives it to `Frame::live`.
//! 7. **A fresh login** for what shares, withdraws, exports, or opens in an emergency:
//!    `visitor.must_be_fresh(path_of_the_form)?` where the form is shown and where it is posted.
//! 8. **A test** in `web/tests`: `node.log_in(Who::Holder).await` gives a browser with
//!    `get(path)` and `post(path, &[("field", "value")])`; `tests::pages` runs every page there is
//!    through the checks of frame, headers and language: add the page to `all_pages`.
//!
//! Classes are Designsystemet's (`ds-button` with `data-variant`, `ds-card`, `ds-alert` with
//! `data-color`, `ds-heading` with `data-size`, `ds-tag`, `ds-table`, `ds-details`, `ds-link`) and
//! those of `assets/stafett.css` (`columns`, `stack`, `row`, `list`, `case-head`, `scroll`). What is
//! used anew of Designsystemet gets its line in `assets/plain.css` too. Nothing is inline: no
//! `style`, no `on...`, no script in a page. htmx's attributes may be added where a page is whole
//! without them.

mod about;
pub(crate) mod case;
pub(crate) mod cases;
pub(crate) mod closing;
pub(crate) mod language;
pub(crate) mod login;
pub(crate) mod notice;
pub(crate) mod print;
pub(crate) mod refusal;
pub(crate) mod words;
pub(crate) mod write;

pub(crate) mod consents;
pub(crate) mod hand;
pub(crate) mod household;
pub(crate) mod kin;
pub(crate) mod looks;

pub(crate) mod baton;
pub(crate) mod coming;
pub(crate) mod disclosures;
pub(crate) mod emergency;
pub(crate) mod meeting;
pub(crate) mod moving;
pub(crate) mod operations;
pub(crate) mod search;
pub(crate) mod stalled;
pub(crate) mod transition;
pub(crate) mod unit;
pub(crate) mod without;

use std::any::Any;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use stafett_config::duty_to_report::{DutyPhone, DutyText};
use stafett_config::{Language, NodeConfig};
use stafett_protocol::person::Role;

use crate::engine::EngineError;
use crate::web::Api;
use crate::web::cookie::Cookie;
use crate::web::error::ApiError;
use crate::web::look;
use crate::web::pages::language::Chosen;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Asked;
use crate::words::{Words, role, time};

/// What surrounds every page.
pub(crate) struct Frame<'a> {
    chosen: Chosen,
    title: String,
    municipality: &'a str,
    duty: &'a DutyText,
    phones: Vec<DutyPhone>,
    notice: Option<Key>,
    here: String,
    who: Who,
    live: Option<String>,
}

/// Whom the frame shows as being here.
enum Who {
    /// It is not said: a refusal does not depend on who asks.
    Unsaid,
    /// Nobody, who may log in if the node has a login.
    Nobody { may_log_in: bool },
    /// A person with a session.
    Person { name: String, role: Role, others: Vec<Role> },
}

/// A person as the frame shows it.
struct PersonHere<'a> {
    name: &'a str,
    role: &'static str,
    others: Vec<OtherRole>,
}

/// A page that a role begins from, as the frame leads to it.
struct PlaceLink {
    words: Text,
    href: &'static str,
    is_here: bool,
}

/// A role that a person may change to.
struct OtherRole {
    word: String,
    name: &'static str,
}

impl<'a> Frame<'a> {
    /// The frame of a page that was asked for. The title is no name and no number: it stands in the
    /// browser's history.
    pub(crate) fn new(api: &'a Api, asked: &Asked, title: impl ToString) -> Self {
        let who = match &asked.session {
            Some(session) => Who::Person {
                name: session.name.clone(),
                role: session.reader.role,
                others: session.roles.iter().copied().filter(|role| *role != session.reader.role).collect(),
            },
            None => Who::Nobody { may_log_in: login::is_offered(api) },
        };
        let bare = Self::bare(api.engine.config(), asked.chosen, title.to_string());
        Self { notice: asked.notice, here: asked.here.clone(), who, ..bare }
    }

    /// The frame of a page that is the same for everybody.
    pub(crate) fn bare(config: &'a NodeConfig, chosen: Chosen, title: String) -> Self {
        Self {
            chosen,
            title,
            municipality: &config.node.name,
            duty: config.duty_to_report.text(chosen.language),
            phones: config.duty_to_report.phones(chosen.language),
            notice: None,
            here: "/".to_owned(),
            who: Who::Unsaid,
            live: None,
        }
    }

    /// The same on a page that says itself when something else would be shown by now.
    pub(crate) fn live(self, address: Option<String>) -> Self {
        Self { live: address, ..self }
    }

    /// A text in the language of the page.
    pub(crate) fn t(&self, key: impl Into<Key>) -> Text {
        Text::new(self.chosen.language, key)
    }

    fn say(&self, words: Words) -> String {
        words.fill(self.chosen.language, &[("municipality", self.municipality)])
    }

    fn person(&self) -> Option<PersonHere<'_>> {
        let Who::Person { name, role: own, others } = &self.who else { return None };
        let called = |of: Role| role(of).in_language(self.chosen.language);
        let other = |of: &Role| OtherRole { word: login::word(*of), name: called(*of) };
        Some(PersonHere { name, role: called(*own), others: others.iter().map(other).collect() })
    }

    /// Where the person may go from anywhere; nothing if that is the first page alone.
    fn places(&self) -> Vec<PlaceLink> {
        let Who::Person { role, .. } = &self.who else { return Vec::new() };
        let link = |(key, href): &(Key, &'static str)| PlaceLink {
            words: self.t(key),
            href,
            is_here: self.here == *href,
        };
        places_of(*role).iter().map(link).collect()
    }

    fn may_log_in(&self) -> bool {
        matches!(self.who, Who::Nobody { may_log_in: true })
    }

    #[expect(clippy::unused_self, reason = "a template reaches what its module does not name by the frame")]
    fn sheets(&self) -> impl Iterator<Item = &'static look::Asset> {
        look::sheets()
    }

    #[expect(clippy::unused_self, reason = "a template reaches what its module does not name by the frame")]
    fn scripts(&self) -> impl Iterator<Item = &'static look::Asset> {
        look::scripts()
    }

    fn lang(&self) -> &'static str {
        self.chosen.language.as_str()
    }

    fn other_lang(&self) -> &'static str {
        other(self.chosen.language).as_str()
    }

    fn other_language(&self) -> &'static str {
        match other(self.chosen.language) {
            Language::Nb => "Bokmål",
            Language::Nn => "Nynorsk",
        }
    }

    /// The start page, in the language that the reader chose on this one.
    fn home(&self) -> &'static str {
        match (self.chosen.by_query, self.chosen.language) {
            (false, _) => "/",
            (true, Language::Nb) => "/?lang=nb",
            (true, Language::Nn) => "/?lang=nn",
        }
    }

    fn duty_source(&self) -> String {
        let day = time::day(self.duty.valid_from);
        let sources = self.duty.sources.join("; ");
        words::DUTY_SOURCE.fill(self.chosen.language, &[("day", &day), ("sources", &sources)])
    }
}

const fn other(language: Language) -> Language {
    match language {
        Language::Nb => Language::Nn,
        Language::Nn => Language::Nb,
    }
}

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) enum PageError {
    /// It is refused, as the API refuses it.
    Refused(ApiError),
    /// The login is too long ago for this.
    LogInAgain {
        /// Where the person goes on after that.
        back: String,
    },
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<EngineError> for PageError {
    fn from(error: EngineError) -> Self {
        Self::Refused(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(error) => error.into_response(),
            Self::LogInAgain { back } => see_other(&login::address("/login/again", &back)),
        }
    }
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    frame: Frame<'a>,
    log_in: bool,
    /// Whether somebody is here in a role that has no page.
    is_without: bool,
}

/// The first page: whose node this is, and whom to ask.
pub(crate) async fn start(State(api): State<Api>, asked: Asked) -> Result<Response, PageError> {
    if let Some(home) = asked.session.as_ref().and_then(|session| home_of(session.reader.role)) {
        return Ok(see_other(home));
    }
    let values = [("municipality", api.engine.config().node.name.as_str())];
    let title = words::START_TITLE.fill(asked.language(), &values);
    let log_in = asked.session.is_none() && login::is_offered(&api);
    let is_without = asked.session.is_some();
    page(StatusCode::OK, &StartPage { frame: Frame::new(&api, &asked, title), log_in, is_without })
}

/// The pages that are for a role as such, and not for one case.
const fn places_of(role: Role) -> &'static [(Key, &'static str)] {
    match role {
        Role::Employee => &[
            (Key("cases-title"), "/cases"),
            (Key("baton-offers-title"), "/baton"),
            (Key("search-title"), "/search"),
        ],
        Role::UnitLeader => &[
            (Key("cases-title"), "/cases"),
            (Key("unit-title"), "/unit"),
            (Key("emergency-reviews-title"), "/emergency/reviews"),
            (Key("baton-offers-title"), "/baton"),
            (Key("search-title"), "/search"),
        ],
        Role::ServiceLeader => &[
            (Key("inbox-title"), "/inbox"),
            (Key("cases-title"), "/cases"),
            (Key("emergency-reviews-title"), "/emergency/reviews"),
            (Key("search-title"), "/search"),
        ],
        Role::BtiCoordinator => &[(Key("stalled-title"), "/stalled"), (Key("coming-title"), "/moves")],
        Role::Guardian | Role::Subject => {
            &[(Key("family-title"), "/family"), (Key("search-title"), "/search")]
        }
        Role::DataProtectionOfficer => &[
            (Key("disclosures-title"), "/disclosures"),
            (Key("emergency-reviews-title"), "/emergency/reviews"),
        ],
        _ => &[],
    }
}

/// The page on which somebody who has logged in begins the day; the first page for others.
const fn home_of(role: Role) -> Option<&'static str> {
    match role {
        Role::Employee | Role::UnitLeader => Some("/cases"),
        Role::ServiceLeader => Some("/inbox"),
        Role::Guardian | Role::Subject => Some("/family"),
        Role::BtiCoordinator => Some("/stalled"),
        Role::ItOperator => Some("/operations"),
        Role::DataProtectionOfficer => Some("/disclosures"),
        _ => None,
    }
}

/// Answers with a page. The title of one that shows a form again because it was refused begins
/// with that, for whoever hears the title first.
///
/// # Errors
/// [`ApiError::Internal`] if the template cannot be rendered.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Result<Response, PageError> {
    let is_refused = matches!(status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT);
    let refused: Option<(&str, &dyn Any)> = is_refused.then_some(("refused", &()));
    let text = template.render_with_values(&refused).map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        ApiError::Internal
    })?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    Ok((status, kind, text).into_response())
}

/// Answers a post that was carried out: leads to a page of this node, which says so.
pub(crate) fn done(api: &Api, to: &str, notice: Key) -> Response {
    let mut response = see_other(to);
    response.headers_mut().append(header::SET_COOKIE, api.cookies.set(Cookie::Notice, notice.0));
    response
}

/// Leads to another page, which is then read with `GET`.
pub(crate) fn see_other(to: &str) -> Response {
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
