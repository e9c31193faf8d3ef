//! Which refusals a route has, as groups; each is described from its code.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::web::error::ErrorBody;
use crate::web::error::ErrorCode::{
    self, BodyTooLarge, Busy, Conflict, ForeignOrigin, HeadersTooLarge, IncompleteBody, Internal, Invalid,
    MalformedBody, NotAllowed, NotFound, Sealed, TooManyAttempts, TooManyCases, TooManyEmergencies, TooSlow,
    Unauthenticated, Unavailable, UnknownHost, UnsupportedMediaType,
};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: $($code:ident),+;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                described(&[$($code),+])
            }
        }
    )+};
}

refusals! {
    /// Of every route.
    Always: UnknownHost, HeadersTooLarge;
    /// Of every route that needs a token.
    Reading: Unauthenticated, NotAllowed, UnknownHost, TooManyAttempts, HeadersTooLarge, Internal, Sealed,
        Unavailable, Busy, TooSlow;
    /// Of routes that name a case in their path: those of [`Reading`], that it is not found, and
    /// that too many were opened.
    Finding: Unauthenticated, NotAllowed, NotFound, UnknownHost, TooManyAttempts, TooManyCases, HeadersTooLarge, Internal,
        Sealed, Unavailable, Busy, TooSlow;
    /// Of routes that are not there for every caller, beside those of [`Reading`].
    Absent: NotFound;
    /// Of the route that opens a case in an emergency, beside those of [`Reading`].
    Emergency: NotFound, TooManyAttempts, TooManyEmergencies;
    /// Of routes that take a case behind the question mark, beside those of [`Reading`].
    Asking: NotFound, Invalid;
    /// Of routes that take a body.
    Sending: MalformedBody, IncompleteBody, BodyTooLarge, UnsupportedMediaType, Invalid;
    /// Of unsafe methods.
    Changing: NotAllowed, ForeignOrigin, Conflict;
}

/// Codes with one status stand in one answer.
fn described(codes: &[ErrorCode]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<ErrorCode>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_str().to_owned()).or_default().push(*code);
    }
    by_status.into_iter().map(|(status, codes)| (status, RefOr::T(answer(&codes)))).collect()
}

fn answer(codes: &[ErrorCode]) -> Response {
    let described = codes.iter().map(|code| {
        let word = serde_json::to_value(code).unwrap_or_default();
        format!("`{}`: {}", word.as_str().unwrap_or_default(), code.description())
    });
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    ResponseBuilder::new()
        .description(described.collect::<Vec<_>>().join("\n\n"))
        .content("application/json", body)
        .build()
}
