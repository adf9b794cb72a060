//! Errors as responses.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

/// Media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// An error of a route: its status, a code, the cause and the fix. Its body is
/// `{"error":{"code":CODE,"message":CAUSE,"hint":FIX}}`.
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    /// A further field of the body, as JSON.
    field: Option<(&'static str, Box<RawValue>)>,
}

impl fmt::Debug for ApiError {
    /// Omits the message, and the further field, which may contain personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// The body of an error.
#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
    #[serde(flatten)]
    field: Option<BTreeMap<&'static str, &'a RawValue>>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

macro_rules! errors {
    ($($name:ident: $status:ident, $code:literal;)*) => {
        impl ApiError {$(
            #[doc = concat!("Returns an error with the code `", $code, "`.")]
            pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(StatusCode::$status, $code, message)
            }
        )*}
    };
}

errors! {
    missing_host: BAD_REQUEST, "missing_host";
    foreign_host: MISDIRECTED_REQUEST, "foreign_host";
    unauthorized: UNAUTHORIZED, "unauthorized";
    forbidden_origin: FORBIDDEN, "forbidden_origin";
    not_found: NOT_FOUND, "not_found";
    method_not_allowed: METHOD_NOT_ALLOWED, "method_not_allowed";
    timeout: REQUEST_TIMEOUT, "timeout";
    too_large: PAYLOAD_TOO_LARGE, "too_large";
    unsupported_media_type: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type";
    invalid_json: BAD_REQUEST, "invalid_json";
    invalid_request: UNPROCESSABLE_ENTITY, "invalid_request";
    internal: INTERNAL_SERVER_ERROR, "internal";
}

impl ApiError {
    /// Returns an error with this status, code and cause.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), hint: None, field: None }
    }

    /// Adds the fix.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a field to the body, next to `error`.
    #[must_use]
    pub fn with_field(mut self, name: &'static str, value: &impl Serialize) -> Self {
        self.field = serde_json::value::to_raw_value(value).ok().map(|value| (name, value));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, code, message, hint, field } = self;
        let body = Body {
            error: Error { code, message: &message, hint: hint.as_deref() },
            field: field.as_ref().map(|(name, value)| BTreeMap::from([(*name, &**value)])),
        };
        // Strings and a JSON text can always be written.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(axum::body::Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
