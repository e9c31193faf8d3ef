//! The routes: one line for each. Every handler parses, asks the engine and maps the answer.

pub(crate) mod baton;
pub(crate) mod cases;
pub(crate) mod consents;
pub(crate) mod emergencies;
pub(crate) mod entries;
pub(crate) mod family;
pub(crate) mod moving;
pub(crate) mod node;
pub(crate) mod notices;
pub(crate) mod protection;
pub(crate) mod taken_in;
pub(crate) mod tasks;
pub(crate) mod transition;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, get, patch, post, put};

use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::live;
use crate::web::look;
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
        .post("/api/v1/cases/{case}/consents/{consent}/reconfirmation", consents::reconfirm)
        .get("/api/v1/links", node::links)
        .get("/api/v1/operations", node::operations)
        .get("/api/v1/disclosures", node::disclosures)
        .get("/api/v1/health", node::health)
        .post("/api/v1/cases/{case}/closing", cases::close)
        .get("/api/v1/batons", baton::offers)
        .get("/api/v1/cases/{case}/baton", baton::show)
        .put("/api/v1/cases/{case}/baton", baton::reassign)
        .get("/api/v1/batons/here", baton::here::list)
        .get("/api/v1/batons/here/{baton}", baton::here::show)
        .post("/api/v1/batons/here/{baton}/request", baton::here::ask)
        .post("/api/v1/batons/here/{baton}/acceptance", baton::here::accept)
        .post("/api/v1/batons/here/{baton}/no", baton::here::no)
        .post("/api/v1/batons/here/{baton}/return", baton::here::give_back)
        .post("/api/v1/cases/{case}/baton/offers", baton::offer)
        .post("/api/v1/cases/{case}/baton/service", baton::offer_there)
        .post("/api/v1/cases/{case}/baton/offers/{offer}/acceptance", baton::accept)
        .post("/api/v1/cases/{case}/baton/offers/{offer}/refusal", baton::decline)
        .post("/api/v1/cases/{case}/baton/offers/{offer}/recall", baton::recall)
        .post("/api/v1/cases/{case}/refusal", cases::cannot_take)
        .get("/api/v1/cases/{case}/transition", transition::show)
        .post("/api/v1/cases/{case}/transition", transition::open)
        .put("/api/v1/cases/{case}/transition", transition::change)
        .post("/api/v1/cases/{case}/transition/item", transition::mark)
        .post("/api/v1/cases/{case}/transition/receive", transition::receive)
        .post("/api/v1/cases/{case}/transition/end", transition::end)
        .get("/api/v1/cases/{case}/move", moving::show)
        .post("/api/v1/cases/{case}/move", moving::offer)
        .put("/api/v1/cases/{case}/move/note", moving::note)
        .post("/api/v1/cases/{case}/move/package", moving::pack)
        .post("/api/v1/cases/{case}/move/recall", moving::recall)
        .post("/api/v1/cases/{case}/move/transfer", moving::transfer)
        .post("/api/v1/cases/{case}/move/hand", moving::make_package)
        .get("/api/v1/cases/{case}/move/hand/file", moving::package_file)
        .post("/api/v1/cases/{case}/move/hand/taken-back", moving::take_package_back)
        .post("/api/v1/cases/{case}/move/hand/acceptance", moving::register_acceptance)
        .get("/api/v1/moves", moving::list_coming)
        .get("/api/v1/moves/by-hand", taken_in::list)
        .get("/api/v1/moves/by-hand/{arrival}", taken_in::show)
        .post("/api/v1/moves/by-hand/{arrival}/request", taken_in::ask)
        .post("/api/v1/moves/by-hand/{arrival}/refusal", taken_in::decline)
        .post("/api/v1/moves/by-hand/{arrival}/opening", taken_in::open)
        .post("/api/v1/moves/by-hand/{arrival}/no", taken_in::cannot)
        .get("/api/v1/moves/{succession}", moving::show_coming)
        .post("/api/v1/moves/{succession}/request", moving::ask)
        .post("/api/v1/moves/{succession}/refusal", moving::decline)
        .post("/api/v1/moves/{succession}/acceptance", moving::accept)
        .post("/api/v1/moves/{succession}/no", moving::cannot)
        .get("/api/v1/cases/{case}/move/without", moving::without)
        .post("/api/v1/cases/{case}/move/without", moving::refuse)
        .post("/api/v1/emergency-openings", emergencies::open)
        .get("/api/v1/emergency-openings", emergencies::list)
        .post("/api/v1/emergency-openings/{opening}/review", emergencies::review)
        .get("/api/v1/emergency-case", emergencies::case)
}

/// Pages for people, and what they look like.
pub(crate) fn pages() -> Routes {
    Routes::default()
        .get("/", pages::start)
        .get("/assets/{hash}/{name}", look::asset)
        .get("/login", pages::login::show)
        .get("/login/again", pages::login::show_again)
        .post("/login/demo", pages::login::demo)
        .get("/login/{provider}/start", pages::login::provider::start)
        .get("/login/{provider}/return", pages::login::provider::come_back)
        .post("/logout", pages::login::log_out)
        .post("/role", pages::login::change_role)
        .post("/language", pages::login::change_language)
        .get("/cases/{case}/live", live::follow)
        .get("/cases/{case}/print", pages::print::case)
        .get("/cases", pages::cases::list)
        .get("/cases/new", pages::cases::new::show)
        .post("/cases/new", pages::cases::new::open)
        .get("/inbox", pages::cases::inbox::show)
        .get("/unit", pages::unit::show)
        .get("/stalled", pages::stalled::show)
        .get("/cases/{case}", pages::case::show)
        .post("/cases/{case}/level", pages::case::set_level)
        .post("/cases/{case}/assign", pages::cases::inbox::assign)
        .post("/cases/{case}/unassign", pages::cases::inbox::unassign)
        .get("/cases/{case}/write", pages::write::show)
        .post("/cases/{case}/write", pages::write::take)
        .post("/cases/{case}/drafts/{draft}/delete", pages::write::delete)
        .get("/cases/{case}/entries/{entry}", pages::case::entry::show)
        .post("/cases/{case}/entries/{entry}/settle", pages::case::entry::settle)
        .get("/cases/{case}/entries/{entry}/edit", pages::write::edit::show)
        .post("/cases/{case}/entries/{entry}/edit", pages::write::edit::save)
        .get("/cases/{case}/consents", pages::consents::list)
        .get("/cases/{case}/consents/new", pages::consents::ask::show)
        .post("/cases/{case}/consents/new", pages::consents::ask::post)
        .get("/cases/{case}/consents/{consent}", pages::consents::one::show)
        .post("/cases/{case}/consents/{consent}", pages::consents::one::post)
        .get("/cases/{case}/consents/{consent}/answer", pages::consents::answer::show)
        .post("/cases/{case}/consents/{consent}/answer", pages::consents::answer::post)
        .get("/cases/{case}/consents/{consent}/withdraw", pages::consents::withdraw::show)
        .post("/cases/{case}/consents/{consent}/withdraw", pages::consents::withdraw::post)
        .get("/cases/{case}/consents/{consent}/form", pages::consents::paper::show)
        .get("/cases/{case}/family", pages::household::show)
        .post("/cases/{case}/family", pages::household::post)
        .get("/cases/{case}/family/circle", pages::household::circle::show)
        .post("/cases/{case}/family/circle", pages::household::circle::post)
        .get("/cases/{case}/looks", pages::looks::list)
        .get("/family", pages::kin::cases)
        .get("/family/{case}", pages::kin::home)
        .get("/family/{case}/write", pages::kin::write::show)
        .post("/family/{case}/write", pages::kin::write::post)
        .get("/family/{case}/guardians", pages::kin::guardians::show)
        .post("/family/{case}/guardians", pages::kin::guardians::post)
        .get("/baton", pages::baton::offers)
        .get("/baton/{baton}", pages::baton::here::show)
        .post("/baton/{baton}/ask", pages::baton::here::ask)
        .post("/baton/{baton}/accept", pages::baton::here::accept)
        .post("/baton/{baton}/no", pages::baton::here::no)
        .post("/baton/{baton}/return", pages::baton::here::give_back)
        .get("/cases/{case}/close", pages::closing::show)
        .post("/cases/{case}/close", pages::closing::close)
        .get("/cases/{case}/baton", pages::baton::show)
        .get("/cases/{case}/baton/offer", pages::baton::offer_form)
        .post("/cases/{case}/baton/offer", pages::baton::offer)
        .post("/cases/{case}/baton/service", pages::baton::offer_there)
        .get("/cases/{case}/baton/give", pages::baton::give_form)
        .post("/cases/{case}/baton/give", pages::baton::give)
        .post("/cases/{case}/baton/{offer}/accept", pages::baton::accept)
        .post("/cases/{case}/baton/{offer}/decline", pages::baton::decline)
        .post("/cases/{case}/baton/{offer}/recall", pages::baton::recall)
        .get("/cases/{case}/meeting", pages::meeting::show)
        .post("/cases/{case}/meeting", pages::meeting::begin)
        .get("/cases/{case}/meeting/{meeting}", pages::meeting::wall::show)
        .get("/cases/{case}/meeting/{meeting}/write", pages::meeting::write::show)
        .post("/cases/{case}/meeting/{meeting}/write", pages::meeting::write::publish)
        .get("/cases/{case}/meeting/{meeting}/end", pages::meeting::end::show)
        .post("/cases/{case}/meeting/{meeting}/end", pages::meeting::end::end)
        .get("/cases/{case}/transition", pages::transition::show)
        .post("/cases/{case}/transition", pages::transition::begin)
        .post("/cases/{case}/transition/days", pages::transition::change)
        .post("/cases/{case}/transition/item", pages::transition::mark)
        .post("/cases/{case}/transition/receive", pages::transition::receive)
        .post("/cases/{case}/transition/end", pages::transition::end)
        .get("/cases/{case}/move", pages::moving::show)
        .post("/cases/{case}/move/offer", pages::moving::offer)
        .post("/cases/{case}/move/note", pages::moving::note)
        .post("/cases/{case}/move/package", pages::moving::pack)
        .post("/cases/{case}/move/recall", pages::moving::recall)
        .get("/cases/{case}/move/transfer", pages::moving::transfer_form)
        .post("/cases/{case}/move/transfer", pages::moving::transfer)
        .get("/cases/{case}/move/hand", pages::hand::show)
        .post("/cases/{case}/move/hand", pages::hand::make)
        .get("/cases/{case}/move/hand/file", pages::hand::fetch)
        .post("/cases/{case}/move/hand/taken-back", pages::hand::take_back)
        .post("/cases/{case}/move/hand/acceptance", pages::hand::accept)
        .get("/moves", pages::coming::list)
        .get("/moves/hand/{arrival}", pages::coming::hand::show)
        .post("/moves/hand/{arrival}/ask", pages::coming::hand::ask)
        .post("/moves/hand/{arrival}/decline", pages::coming::hand::decline)
        .post("/moves/hand/{arrival}/open", pages::coming::hand::open)
        .post("/moves/hand/{arrival}/no", pages::coming::hand::cannot)
        .get("/moves/{succession}", pages::coming::show)
        .post("/moves/{succession}/ask", pages::coming::ask)
        .post("/moves/{succession}/decline", pages::coming::decline)
        .post("/moves/{succession}/accept", pages::coming::accept)
        .post("/moves/{succession}/no", pages::coming::cannot)
        .get("/cases/{case}/move/without", pages::without::show)
        .post("/cases/{case}/move/without", pages::without::refuse)
        .get("/operations", pages::operations::show)
        .get("/disclosures", pages::disclosures::show)
        .get("/search", pages::search::show)
        .post("/search", pages::search::find)
        .get("/cases/{case}/decline", pages::cases::inbox::decline_form)
        .post("/cases/{case}/decline", pages::cases::inbox::decline)
        .get("/emergency", pages::emergency::show)
        .post("/emergency", pages::emergency::open)
        .get("/emergency/case", pages::emergency::case::show)
        .get("/emergency/reviews", pages::emergency::reviews::list)
        .post("/emergency/reviews/{opening}", pages::emergency::reviews::review)
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
