//! The one map from refusals to HTTP. None tells more than the caller may know, and none repeats
//! what was sent.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::EngineError;
use crate::engine::seal::SealReason;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is no JSON.
    #[error("the body is no JSON at line {line}, column {column}")]
    MalformedBody {
        /// From 1.
        line: usize,
        /// From 1; 0 at a line's start.
        column: usize,
    },
    /// The body did not arrive whole.
    #[error("the body did not arrive whole")]
    IncompleteBody,
    /// No token, an unknown one, or one that no longer holds.
    #[error("expected a bearer token that holds")]
    Unauthenticated,
    /// The request comes from a page of another origin.
    #[error("requests from other origins are refused")]
    ForeignOrigin,
    /// The request names no host, or one that this node is not.
    #[error("expected the name of this node as host")]
    UnknownHost,
    /// The caller may see it, but not do this.
    #[error("this role may not do that")]
    NotAllowed,
    /// It does not exist, or is not for this caller: the answer is the same.
    #[error("there is no such thing for you")]
    NotFound,
    /// The address takes other methods.
    #[error("the address takes other methods")]
    MethodNotAllowed,
    /// It does not fit what holds by now.
    #[error("{reason}")]
    Conflict {
        /// What stands in the way.
        reason: &'static str,
    },
    /// The body is too large.
    #[error("expected a body of at most {bytes_max} bytes")]
    BodyTooLarge {
        /// Bytes that a body may have.
        bytes_max: usize,
    },
    /// The body is not said to be JSON.
    #[error("expected content type application/json, without encoding")]
    UnsupportedMediaType,
    /// A part of the request is not as documented.
    #[error("{reason}")]
    Invalid {
        /// Which part; none if the whole.
        field: Option<String>,
        /// What was expected.
        reason: Cow<'static, str>,
    },
    /// The peer presented too many wrong tokens.
    #[error("too many wrong tokens; wait before the next try")]
    TooManyAttempts {
        /// For how long.
        wait: Duration,
    },
    /// The person opened too many cases.
    #[error("too many different cases in an hour")]
    TooManyCases {
        /// For how long no further one is opened.
        wait: Duration,
    },
    /// The person tried to open too many cases in an emergency.
    #[error("too many emergency openings in an hour")]
    TooManyEmergencies {
        /// For how long none is tried.
        wait: Duration,
    },
    /// The head is too large.
    #[error("expected headers of at most {bytes_max} bytes")]
    HeadersTooLarge {
        /// Bytes that they may have.
        bytes_max: usize,
    },
    /// A bug.
    #[error("the node failed on this request")]
    Internal,
    /// The node is sealed, or what is asked for is: it was restored, or its clock is in doubt.
    #[error("{}", reason.words())]
    Sealed {
        /// Why.
        reason: SealReason,
    },
    /// The store cannot be read or written now.
    #[error("the store is not available")]
    Unavailable,
    /// Too much is worked on.
    #[error("too many requests are worked on")]
    Busy,
    /// The answer was not there in time.
    #[error("the answer took too long; what was asked for may have been done")]
    TooSlow,
}

/// The code of a refusal: stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is documented at its variant of ApiError, and by its description")]
pub enum ErrorCode {
    MalformedBody,
    IncompleteBody,
    Unauthenticated,
    ForeignOrigin,
    UnknownHost,
    NotAllowed,
    NotFound,
    MethodNotAllowed,
    Conflict,
    BodyTooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyAttempts,
    TooManyCases,
    TooManyEmergencies,
    HeadersTooLarge,
    Internal,
    Sealed,
    Unavailable,
    Busy,
    TooSlow,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 21] = [
        Self::MalformedBody,
        Self::IncompleteBody,
        Self::Unauthenticated,
        Self::ForeignOrigin,
        Self::UnknownHost,
        Self::NotAllowed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::TooManyAttempts,
        Self::TooManyCases,
        Self::TooManyEmergencies,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Sealed,
        Self::Unavailable,
        Self::Busy,
        Self::TooSlow,
    ];

    /// Returns the status of answers with this code.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedBody | Self::IncompleteBody => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::ForeignOrigin | Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyAttempts | Self::TooManyCases | Self::TooManyEmergencies => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Sealed | Self::Unavailable | Self::Busy | Self::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns what the code means and what to do about it, for the API's description.
    pub const fn description(self) -> &'static str {
        match self {
            Self::MalformedBody => "The body is no JSON. The message says where; mend the body.",
            Self::IncompleteBody => "The body did not arrive whole. Send it again.",
            Self::Unauthenticated => {
                "There is no token, or it does not hold: unknown, expired, revoked, or its role is no \
                 longer the person's. Get another token."
            }
            Self::ForeignOrigin => "A page of another origin sent the request. Call from a program.",
            Self::UnknownHost => "The Host header does not name this node. Use a loopback name or address.",
            Self::NotAllowed => "The caller may see the object, but the role may not do this.",
            Self::NotFound => {
                "There is no such object or route, or it is not for this caller; the answers cannot be \
                 told apart."
            }
            Self::MethodNotAllowed => "The route takes other methods; the Allow header names them.",
            Self::Conflict => "The request does not fit what holds by now. Read anew, then decide.",
            Self::BodyTooLarge => "The body has more than 1,048,576 bytes.",
            Self::UnsupportedMediaType => {
                "The body is not sent as application/json in UTF-8 without encoding."
            }
            Self::Invalid => {
                "A part of the request is not as documented; `field` names it where it is known."
            }
            Self::TooManyAttempts => {
                "Ten wrong tokens came from this address in a minute. Wait for the seconds in Retry-After."
            }
            Self::TooManyCases => {
                "The caller opened 200 different cases in an hour; those can be opened again. Others wait for \
                 the seconds in Retry-After."
            }
            Self::TooManyEmergencies => {
                "The caller tried to open five cases in an emergency in an hour. Wait for the seconds in \
                 Retry-After, and ask the stafettholder or a leader meanwhile."
            }
            Self::HeadersTooLarge => "The request's target and headers have more than 16,384 bytes.",
            Self::Internal => "A bug. The node's log has more; report it to whoever runs the node.",
            Self::Sealed => {
                "The node was restored or its clock is in doubt: it shares nothing, and shows nothing of other \
                 municipalities, until its operator has opened it. The message says which command is next. \
                 Withdrawals, refusals and blocks are taken all the same."
            }
            Self::Unavailable => "The store cannot be read or written now. Nothing was done; try later.",
            Self::Busy => "Too many requests are worked on. Nothing was done; try after Retry-After.",
            Self::TooSlow => "The answer took too long. What was asked for may have been done: read anew.",
        }
    }
}

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What kind of refusal it is.
    pub error: ErrorCode,
    /// The part of the request that is not as documented, such as `fields.title`; left out if it is
    /// not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// What was expected, in English, for developers. Its wording may change.
    pub message: String,
}

impl ApiError {
    /// Returns the code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::MalformedBody { .. } => ErrorCode::MalformedBody,
            Self::IncompleteBody => ErrorCode::IncompleteBody,
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::ForeignOrigin => ErrorCode::ForeignOrigin,
            Self::UnknownHost => ErrorCode::UnknownHost,
            Self::NotAllowed => ErrorCode::NotAllowed,
            Self::NotFound => ErrorCode::NotFound,
            Self::MethodNotAllowed => ErrorCode::MethodNotAllowed,
            Self::Conflict { .. } => ErrorCode::Conflict,
            Self::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
            Self::UnsupportedMediaType => ErrorCode::UnsupportedMediaType,
            Self::Invalid { .. } => ErrorCode::Invalid,
            Self::TooManyAttempts { .. } => ErrorCode::TooManyAttempts,
            Self::TooManyCases { .. } => ErrorCode::TooManyCases,
            Self::TooManyEmergencies { .. } => ErrorCode::TooManyEmergencies,
            Self::HeadersTooLarge { .. } => ErrorCode::HeadersTooLarge,
            Self::Internal => ErrorCode::Internal,
            Self::Sealed { .. } => ErrorCode::Sealed,
            Self::Unavailable => ErrorCode::Unavailable,
            Self::Busy => ErrorCode::Busy,
            Self::TooSlow => ErrorCode::TooSlow,
        }
    }

    fn header(&self) -> Option<(header::HeaderName, HeaderValue)> {
        match self {
            Self::Unauthenticated => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stafett\"")))
            }
            Self::TooManyAttempts { wait }
            | Self::TooManyCases { wait }
            | Self::TooManyEmergencies { wait } => {
                Some((header::RETRY_AFTER, wait.as_secs().saturating_add(1).into()))
            }
            Self::Busy => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _ => None,
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound => Self::NotFound,
            EngineError::NotAllowed => Self::NotAllowed,
            EngineError::Invalid { field, reason } => {
                Self::Invalid { field: Some(field.to_owned()), reason: reason.into() }
            }
            EngineError::Conflict { reason } => Self::Conflict { reason },
            EngineError::Sealed(reason) => Self::Sealed { reason },
            unavailable @ (EngineError::Store(_) | EngineError::Fault(_)) => {
                let cause = std::error::Error::source(&unavailable).map(ToString::to_string);
                tracing::error!(error = %unavailable, cause, "a request was not carried out");
                Self::Unavailable
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = self.to_string();
        let header = self.header();
        let error = self.code();
        let field = match self {
            Self::Invalid { field, .. } => field,
            _ => None,
        };
        let mut response = crate::web::body::json(error.status(), &ErrorBody { error, field, message });
        // What a page says of it is looked up by the code.
        response.extensions_mut().insert(error);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
