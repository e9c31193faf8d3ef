//! The pages for people: rendered here, readable without a script, the same frame around each.
//!
//! Every page carries the text on the duty to report (law 20). It is part of the page that is
//! asked for anyway: no route, query, header, row or count knows whether it was opened, nothing
//! in it leads back to this node, and a link that was followed looks like one that was not.
//!
//! Deliberately absent: forms, cookies and scripts. Who reads is told by the bearer token, as in
//! the API.

pub(crate) mod language;
pub(crate) mod print;
pub(crate) mod refusal;
pub(crate) mod words;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use stafett_config::duty_to_report::{DutyPhone, DutyText};
use stafett_config::{Language, NodeConfig};

use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::pages::language::Chosen;
use crate::words::{Words, time};

const STYLE: &str = include_str!("assets/style.css");

/// What surrounds every page.
pub(crate) struct Frame<'a> {
    chosen: Chosen,
    title: String,
    municipality: &'a str,
    duty: &'a DutyText,
    phones: Vec<DutyPhone>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(config: &'a NodeConfig, chosen: Chosen, title: String) -> Self {
        Self {
            chosen,
            title,
            municipality: &config.node.name,
            duty: config.duty_to_report.text(chosen.language),
            phones: config.duty_to_report.phones(chosen.language),
        }
    }

    fn say(&self, words: Words) -> String {
        words.fill(self.chosen.language, &[("municipality", self.municipality)])
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

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    frame: Frame<'a>,
}

/// The first page: whose node this is, and whom to ask.
pub(crate) async fn start(State(api): State<Api>, chosen: Chosen) -> Result<Response, ApiError> {
    let config = api.engine.config();
    let title = words::START_TITLE.fill(chosen.language, &[("municipality", &config.node.name)]);
    page(StatusCode::OK, &StartPage { frame: Frame::new(config, chosen, title) })
}

/// The style sheet of every page.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLE).into_response()
}

/// Answers with a page.
fn page(status: StatusCode, template: &impl Template) -> Result<Response, ApiError> {
    let text = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        ApiError::Internal
    })?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    Ok((status, kind, text).into_response())
}
