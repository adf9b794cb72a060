//! Errors for the tests of programs that handle them.
//!
//! ```
//! use tc3_client::api::ActionInfo;
//! use tc3_client::test_util::api_error;
//!
//! let info = ActionInfo::new("cvm", "2017-03-12", "DescribeZones");
//! let error = api_error(&info, "RequestLimitExceeded", "too many requests", "id-1");
//! assert!(error.is_throttled());
//! ```

use tc3_api::{ActionInfo, ApiError};
use tc3_transport::TransportError;

use crate::error::Error;

/// Returns the error of a call that the API rejected, after one attempt.
pub fn api_error(info: &ActionInfo<'_>, code: &str, message: &str, request_id: &str) -> Error {
    let error = ApiError { code: code.to_owned(), message: message.to_owned() };
    of_call(info, Error::api(info, &error, request_id.to_owned(), 200), true)
}

/// Returns the error of a call whose HTTP exchange failed, after one attempt.
pub fn transport_error(info: &ActionInfo<'_>, cause: TransportError) -> Error {
    let sent = !cause.kind().never_sent();
    of_call(info, Error::transport(cause), sent)
}

/// Returns the error of a call whose timeout expired before its first attempt.
pub fn timeout_error(info: &ActionInfo<'_>) -> Error {
    let error = Error::unsent("the timeout of the call has expired");
    error.of_call(info.name, 0, false)
}

fn of_call(info: &ActionInfo<'_>, error: Error, sent: bool) -> Error {
    let error = error.of_call(info.name, 1, sent);
    match !info.idempotent && error.may_be_executed() {
        true => error.with_unknown_outcome(),
        false => error,
    }
}
