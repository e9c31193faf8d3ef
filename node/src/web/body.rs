//! Requests into types, and answers into JSON. What was sent is never repeated: a refusal names
//! the field if it is one of the API's own, and what was expected of it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::rejection::FailedToBufferBody::LengthLimitError;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::limits::BODY_BYTES_MAX;
use crate::web::openapi;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        if !is_plain_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let bytes = Bytes::from_request(request, api).await.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(LengthLimitError(_)) => {
                ApiError::BodyTooLarge { bytes_max: BODY_BYTES_MAX }
            }
            _ => ApiError::IncompleteBody,
        })?;
        parse(&bytes).map(Self)
    }
}

/// The ids of a path. What is no id names nothing, so it is not found.
pub(crate) struct In<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for In<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Path(ids) = Path::from_request_parts(parts, api).await.map_err(|_| ApiError::NotFound)?;
        Ok(Self(ids))
    }
}

/// The parameters behind the question mark.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        let Query(parameters) = Query::try_from_uri(&parts.uri).map_err(|_| ApiError::Invalid {
            field: None,
            reason: Cow::Borrowed("expected the documented parameters, each once"),
        })?;
        Ok(Self(parameters))
    }
}

/// Answers with JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, answer: &T) -> Response {
    match serde_json::to_vec(answer) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => {
            tracing::error!("an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page can send other content types to another origin without being asked for leave, but not
/// this one (Fetch, CORS-safelisted request headers).
fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = |parameter: &str| {
        parameter.eq_ignore_ascii_case("charset=utf-8") || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
    };
    is_json && parts.all(is_utf8) && !headers.contains_key(header::CONTENT_ENCODING)
}

/// Parses a body.
///
/// # Errors
/// [`ApiError::MalformedBody`] if it is no JSON, [`ApiError::Invalid`] if it is other JSON than
/// documented.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    // serde would take the values of an object in their order, without names, for the object.
    if first == Some(&b'[') {
        return Err(ApiError::Invalid { field: None, reason: "expected an object".into() });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| refusal(&error))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(parsed)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::MalformedBody { line: error.line(), column: error.column() }
}

/// serde's own message repeats the value, so only its beginning is looked at, which is serde's.
fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let inner = error.inner();
    if inner.classify() != Category::Data {
        return malformed(inner);
    }
    let mut field = known_path(error.path());
    let message = inner.to_string();
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(name) = missing.filter(|name| KNOWN_NAMES.contains(*name)) {
        field.push(name.to_owned());
        return ApiError::Invalid { field: Some(field.join(".")), reason: "the field is missing".into() };
    }
    let reason = if message.starts_with("unknown field") {
        "expected only documented fields"
    } else if message.starts_with("duplicate field") {
        "expected each field once"
    } else {
        "expected a value as documented for the field"
    };
    ApiError::Invalid { field: (!field.is_empty()).then(|| field.join(".")), reason: reason.into() }
}

/// Names of fields that the API documents. A key that a client made up can hold anything.
static KNOWN_NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(openapi::field_names);

/// Returns the path up to the first part that is not the API's own.
fn known_path(path: &serde_path_to_error::Path) -> Vec<String> {
    path.iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => KNOWN_NAMES.get(key).cloned(),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}
