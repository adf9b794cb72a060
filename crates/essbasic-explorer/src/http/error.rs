//! Errors of the explorer as responses.

use std::borrow::Cow;

use axum::http::StatusCode;
use essbasic_page::ApiError;

macro_rules! errors {
    ($($name:ident: $status:ident;)*) => {$(
        pub(super) fn $name(message: impl Into<Cow<'static, str>>) -> ApiError {
            ApiError::new(StatusCode::$status, stringify!($name), message)
        }
    )*};
}

errors! {
    write_not_allowed: FORBIDDEN;
    confirmation_required: FORBIDDEN;
    saving_disabled: CONFLICT;
    no_emulator: NOT_FOUND;
    offline: CONFLICT;
    no_credential: CONFLICT;
    call_failed: BAD_GATEWAY;
}
