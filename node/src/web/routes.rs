//! The routes: one line for each. Every handler parses, asks the engine and maps the answer.

pub(crate) mod cases;
pub(crate) mod consents;
pub(crate) mod entries;
pub(crate) mod family;
pub(crate) mod node;
pub(crate) mod notices;
pub(crate) mod protection;
pub(crate) mod tasks;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, get, patch, post, put};

use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::pages;

/// A router, and what it routes.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Api>,
    listed: Vec<(&'static str, &'static str)>,
}

impl Routes {
    fn get<T: 'static>(self, path: &'static str, handler: impl Handler<T, Api>) -> Self {
        self.with("get", path, get(handler))
    }

    fn post<T: 'static>(self, path: &'static str, handler: impl Handler<T, Api>) -> Self {
        self.with("post", path, post(handler))
    }

    fn put<T: 'static>(self, path: &'static str, handler: impl Handler<T, Api>) -> Self {
        self.with("put", path, put(handler))
    }

    fn patch<T: 'static>(self, path: &'static str, handler: impl Handler<T, Api>) -> Self {
        self.with("patch", path, patch(handler))
    }

    fn with(mut self, method: &'static str, path: &'static str, handler: MethodRouter<Api>) -> Self {
        self.listed.push((method, path));
        Self { router: self.router.route(path, handler), ..self }
    }

    pub(crate) fn into_router(self) -> Router<Api> {
        self.router
    }

    /// Returns method and template of every route.
    #[cfg(test)]
    pub(crate) fn listed(&self) -> &[(&'static str, &'static str)] {
        &self.listed
    }
}

/// Everything under `/api`.
pub(crate) fn api() -> Routes {
    Routes::default()
        .get("/api/openapi.json", node::description)
        .get("/api/v1/cases", cases::list)
        .post("/api/v1/cases", cases::open)
        .get("/api/v1/cases/{case}", cases::show)
        .put("/api/v1/cases/{case}/level", cases::set_level)
        .post("/api/v1/cases/{case}/assignments", cases::assign)
        .get("/api/v1/cases/{case}/entries", entries::list)
        .post("/api/v1/cases/{case}/entries", entries::publish)
        .post("/api/v1/cases/{case}/entries/preview", entries::preview)
        .get("/api/v1/cases/{case}/entries/{entry}", entries::show)
        .patch("/api/v1/cases/{case}/entries/{entry}", entries::edit)
        .get("/api/v1/cases/{case}/consents", consents::list)
        .post("/api/v1/cases/{case}/consents", consents::ask)
        .post("/api/v1/cases/{case}/consents/preview", consents::preview)
        .get("/api/v1/cases/{case}/consents/{consent}/preview", consents::preview_asked)
        .post("/api/v1/cases/{case}/consents/{consent}/yes", consents::give)
        .post("/api/v1/cases/{case}/consents/{consent}/no", consents::refuse)
        .post("/api/v1/cases/{case}/consents/{consent}/withdrawal", consents::withdraw)
        .get("/api/v1/cases/{case}/notices", notices::list)
        .post("/api/v1/cases/{case}/consents/{consent}/exceptions", consents::except)
        .post("/api/v1/cases/{case}/consents/{consent}/review", consents::review)
        .post("/api/v1/cases/{case}/withdrawals", consents::withdraw_several)
        .get("/api/v1/cases/{case}/family", family::show)
        .post("/api/v1/cases/{case}/family", family::register)
        .post("/api/v1/cases/{case}/family/{registration}/approval", family::approve)
        .post("/api/v1/cases/{case}/family/{registration}/rejection", family::reject)
        .put("/api/v1/cases/{case}/guardian-access/{guardian}", family::limit)
        .get("/api/v1/cases/{case}/address-protection", protection::show)
        .put("/api/v1/cases/{case}/address-protection", protection::set)
        .post("/api/v1/cases/{case}/address-protection/approvals", protection::approve)
        .post("/api/v1/cases/{case}/address-protection/renewal", protection::renew)
        .get("/api/v1/tasks", tasks::list)
        .get("/api/v1/links", node::links)
        .get("/api/v1/disclosures", node::disclosures)
        .get("/api/v1/health", node::health)
}

/// Pages for people, and the style sheet that they share.
pub(crate) fn pages() -> Routes {
    Routes::default()
        .get("/", pages::start)
        .get("/style.css", pages::style)
        .get("/cases/{case}/print", pages::print::case)
}

/// For monitors: no token, no content, and not within the bound on work.
pub(crate) fn health() -> Routes {
    Routes::default().get("/health/live", node::live).get("/health/ready", node::ready)
}

/// Answers for addresses without a route, in the same words as for objects that are not found.
pub(crate) async fn unknown_route() -> ApiError {
    ApiError::NotFound
}

/// Answers for routes that take other methods.
pub(crate) async fn unknown_method() -> ApiError {
    ApiError::MethodNotAllowed
}
