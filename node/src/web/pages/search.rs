//! Searching over what the visitor may read. What is searched for is posted, so it stands in no
//! address, title or log.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stafett_protocol::access::emergency::may_open;

use super::kin::is_family;
use super::{Frame, PageError, page};
use crate::engine::EngineError;
use crate::engine::search::Found;
use crate::web::Api;
use crate::web::form::{Form, Posted};
use crate::web::openings::count;
use crate::web::visitor::Visitor;
use crate::words::entry::kind;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    frame: Frame<'a>,
    form: Form,
    found: Option<Shown>,
    /// Whether the way to an emergency opening is told.
    may_open_in_emergency: bool,
}

struct Shown {
    count: usize,
    is_cut: bool,
    cases: Vec<ShownCase>,
}

struct ShownCase {
    name: Option<String>,
    owner: String,
    entries: Vec<ShownEntry>,
}

struct ShownEntry {
    path: String,
    title: String,
    around: String,
}

/// The form to search with.
pub(crate) async fn show(State(api): State<Api>, visitor: Visitor) -> Result<Response, PageError> {
    let frame = Frame::new(&api, &visitor.asked, visitor.t("search-title"));
    let may_open_in_emergency = may_open(&visitor.reader);
    page(StatusCode::OK, &SearchPage { frame, form: Form::new(), found: None, may_open_in_emergency })
}

/// What was found. It is the answer to the post itself: a redirect would carry the words in an address.
pub(crate) async fn find(
    State(api): State<Api>,
    visitor: Visitor,
    Posted(mut form): Posted,
) -> Result<Response, PageError> {
    let found = match api.engine.search(&visitor.reader, form.value("query")).await {
        Ok(found) => Some(shown(&api, &visitor, found)?),
        Err(EngineError::Invalid { field: "query", .. }) => {
            form.refuse("query", visitor.t("search-wrong"));
            None
        }
        Err(other) => return Err(other.into()),
    };
    let status = if form.holds() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::new(&api, &visitor.asked, visitor.t("search-title"));
    let may_open_in_emergency = may_open(&visitor.reader);
    page(status, &SearchPage { frame, form, found, may_open_in_emergency })
}

/// Every case of which something is shown counts as opened.
fn shown(api: &Api, visitor: &Visitor, found: Found) -> Result<Shown, PageError> {
    let language = visitor.asked.language();
    let mut cases = Vec::new();
    for of_case in found.cases {
        count(api, &visitor.reader, of_case.case)?;
        let entry = |hit: crate::engine::search::FoundEntry| {
            let word = kind(hit.kind).in_language(language);
            // The family reads an entry on its own page, which has all of them.
            let path = if is_family(visitor.reader.role) {
                format!("/family/{}#entry-{}", of_case.case, hit.entry)
            } else {
                format!("/cases/{}/entries/{}", of_case.case, hit.entry)
            };
            ShownEntry {
                path,
                title: if hit.title.is_empty() { word.to_owned() } else { format!("{word}: {}", hit.title) },
                around: hit.around,
            }
        };
        cases.push(ShownCase {
            name: of_case.subject_name,
            owner: of_case.owner_name,
            entries: of_case.entries.into_iter().map(entry).collect(),
        });
    }
    let count = cases.iter().map(|case| case.entries.len()).sum();
    Ok(Shown { count, is_cut: found.is_cut, cases })
}
