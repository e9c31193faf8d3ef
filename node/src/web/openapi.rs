//! The description of the API, made from the handlers and the types themselves.
//!
//! [`types`] describes what the protocol's types are in JSON; the protocol knows nothing of it.

pub mod examples;
pub mod refusals;
pub mod types;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::body::Bytes;
use serde_json::Value;
use stafett_protocol::entry::FieldKey;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::web::error::{ErrorBody, ErrorCode};
use crate::web::routes::{
    baton, cases, consents, emergencies, entries, family, moving, node, notices, protection, taken_in, tasks,
    transition,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stafett",
        description = "Holds and shares stafettlogger between municipalities, by the family's consent.\n\n\
            Moments are milliseconds since 1970-01-01T00:00:00Z; days are `YYYY-MM-DD`. Ids are random \
            and say nothing about order or number. What does not exist and what the caller may not know \
            are answered alike. A refusal has the body `ErrorBody`; its `error` is stable, its `message` \
            is not. A method that a route does not take is refused with 405 `method_not_allowed`. All \
            examples are invented.\n\n\
            Every page that a program shows to people carries the text on the duty to report and the duty to \
            avert, whole and always, as a part of the page. It stands here and in `showHealth`. No route tells \
            that somebody read it, and a program must not tell either.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
    ),
    servers((url = "/", description = "The node itself: loopback, or the municipality's proxy.")),
    paths(
        cases::list, cases::open, cases::show, cases::set_level, cases::assign, cases::cannot_take,
        cases::close,
        entries::list, entries::publish, entries::preview, entries::show, entries::edit,
        consents::list, consents::ask, consents::preview, consents::preview_asked,
        consents::give, consents::refuse, consents::withdraw, notices::list,
        consents::except, consents::review, consents::withdraw_several, consents::reconfirm,
        family::show, family::register, family::approve, family::reject, family::limit,
        protection::show, protection::set, protection::approve, protection::renew,
        tasks::list,
        emergencies::open, emergencies::list, emergencies::review, emergencies::case,
        baton::offers, baton::show, baton::reassign, baton::offer, baton::accept, baton::decline, baton::recall,
        baton::offer_there, baton::here::list, baton::here::show, baton::here::ask, baton::here::accept,
        baton::here::no, baton::here::give_back,
        transition::show, transition::open, transition::change, transition::mark, transition::receive,
        transition::end,
        moving::show, moving::offer, moving::note, moving::pack, moving::recall, moving::transfer,
        moving::list_coming, moving::show_coming, moving::ask, moving::decline, moving::accept, moving::cannot,
        moving::without, moving::refuse, moving::make_package, moving::package_file,
        moving::take_package_back, moving::register_acceptance,
        taken_in::list, taken_in::show, taken_in::ask, taken_in::decline, taken_in::open, taken_in::cannot,
        node::links, node::operations, node::disclosures, node::health, node::live, node::ready, node::description,
    ),
    components(schemas(ErrorBody, ErrorCode, types::ChangeHash, types::LockBasis)),
    security(("token" = [])),
    tags(
        (name = "cases", description = "Cases (saker): one child's, youth's, parent's or pregnant woman's."),
        (name = "entries", description = "Entries (oppføringer) of a stafettlogg."),
        (name = "consents", description = "Consents (samtykker): what the family allows."),
        (name = "family", description = "Who the family is, and how it is protected."),
        (name = "baton", description = "Who is stafettholder, and how the stafettpinne goes on."),
        (name = "transition", description = "From one service to another within the municipality (overgang)."),
        (name = "moving", description = "A family that moves to another municipality (flytting)."),
        (name = "emergency", description = "Opening a case in an emergency (nødåpning), and looking into it."),
        (name = "tasks", description = "What is to be done (oppgaver)."),
        (name = "node", description = "Links to partners, and what was disclosed on them."),
        (name = "monitoring", description = "For monitors and developers; no token."),
    ),
    modifiers(&BearerToken),
)]
struct Description;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A token for one person in one role, made by the node's operator. It is shown once; the \
                 node keeps its hash.",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = serde_json::to_value(Description::openapi()).unwrap_or_default();
    for (name, example) in examples::all() {
        let schema = document.pointer_mut(&format!("/components/schemas/{name}"));
        if let Some(Value::Object(schema)) = schema {
            schema.insert("examples".to_owned(), Value::Array(vec![example]));
        }
    }
    document
});

/// Returns the description (OpenAPI 3.1).
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Returns the description as it is sent: with the texts on the duty to report, so that a program
/// which has it has them, and asks for nothing more to show them.
pub fn json_with(duty_to_report: &[String]) -> Bytes {
    let mut document = document().clone();
    if let Some(Value::String(description)) = document.pointer_mut("/info/description") {
        for text in duty_to_report {
            description.push_str("\n\n");
            description.push_str(text);
        }
    }
    document.to_string().into()
}

/// Returns the names of all fields that bodies have.
pub fn field_names() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = FieldKey::ALL.iter().map(|key| key.as_str().to_owned()).collect();
    collect_names(document(), &mut names);
    names
}

fn collect_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                names.extend(properties.keys().cloned());
            }
            object.values().for_each(|inner| collect_names(inner, names));
        }
        Value::Array(elements) => elements.iter().for_each(|inner| collect_names(inner, names)),
        _ => {}
    }
}
