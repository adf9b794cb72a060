//! Errors as responses.

use std::borrow::Cow;
use std::fmt;

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

/// Media type of JSON.
pub(super) const JSON: &str = "application/json";

/// An error: its status, a code, the cause and the fix.
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    /// The call that failed, as JSON.
    call: Option<Box<RawValue>>,
}

impl fmt::Debug for ApiError {
    /// Omits the call, which contains bodies.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident: $status:ident, $code:literal;)*) => {
        impl ApiError {$(
            $(#[$doc])*
            pub(crate) fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(StatusCode::$status, $code, message.into())
            }
        )*}
    };
}

errors! {
    missing_host: BAD_REQUEST, "missing_host";
    foreign_host: MISDIRECTED_REQUEST, "foreign_host";
    unauthorized: UNAUTHORIZED, "unauthorized";
    forbidden_origin: FORBIDDEN, "forbidden_origin";
    write_not_allowed: FORBIDDEN, "write_not_allowed";
    confirmation_required: FORBIDDEN, "confirmation_required";
    not_found: NOT_FOUND, "not_found";
    saving_disabled: CONFLICT, "saving_disabled";
    no_emulator: NOT_FOUND, "no_emulator";
    method_not_allowed: METHOD_NOT_ALLOWED, "method_not_allowed";
    timeout: REQUEST_TIMEOUT, "timeout";
    offline: CONFLICT, "offline";
    no_credential: CONFLICT, "no_credential";
    too_large: PAYLOAD_TOO_LARGE, "too_large";
    unsupported_media_type: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type";
    invalid_json: BAD_REQUEST, "invalid_json";
    invalid_request: UNPROCESSABLE_ENTITY, "invalid_request";
    call_failed: BAD_GATEWAY, "call_failed";
    internal: INTERNAL_SERVER_ERROR, "internal";
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: Cow<'static, str>) -> Self {
        Self { status, code, message, hint: None, call: None }
    }

    /// Adds the fix.
    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the call that failed.
    pub(crate) fn with_call(mut self, call: &impl Serialize) -> Self {
        self.call = serde_json::value::to_raw_value(call).ok();
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, code, message, hint, call } = self;
        let body = Body {
            error: Error { code, message: &message, hint: hint.as_deref() },
            call: call.as_deref(),
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
