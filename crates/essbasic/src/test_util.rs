//! Errors and reports for the tests of programs that handle them.
//!
//! ```
//! use essbasic::test_util::{api_error, call_failed, failed, report, saved};
//! use essbasic::models::DescribeFlowDetailInfoRequest;
//!
//! let error = api_error::<DescribeFlowDetailInfoRequest>("RequestLimitExceeded", "slow down", "id-1");
//! let report = report([saved("flow-1", []), failed("flow-2", call_failed(error))]);
//! assert!(report.failed().all(|flow| flow.error.as_ref().is_some_and(|error| error.is_throttled())));
//! ```

use std::path::Path;

use tc3_client::api::Action;
use tc3_client::transport::TransportError;

use crate::download::{Report, ReportedFlow, SavedFile};
use crate::error::{FlowError, FlowErrorKind};

/// Returns the error of a call that the API rejected, after one attempt.
pub fn api_error<R: Action>(code: &str, message: &str, request_id: &str) -> tc3_client::Error {
    tc3_client::test_util::api_error(&R::INFO, code, message, request_id)
}

/// Returns the error of a call whose HTTP exchange failed, after one attempt.
pub fn transport_error<R: Action>(cause: TransportError) -> tc3_client::Error {
    tc3_client::test_util::transport_error(&R::INFO, cause)
}

/// Returns the error of one contract.
pub fn flow_error(kind: FlowErrorKind, message: &str) -> FlowError {
    FlowError::new(kind, message)
}

/// Returns the error of one contract whose call failed.
pub fn call_failed(error: tc3_client::Error) -> FlowError {
    FlowError::of_call(FlowErrorKind::Call, error)
}

/// Returns a file that was saved to a folder.
pub fn saved_file(path: impl AsRef<Path>, bytes: u64, sha256: &str) -> SavedFile {
    let path = path.as_ref().to_owned();
    let key = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    SavedFile { path: Some(path), key, bytes, sha256: sha256.to_owned() }
}

/// Returns the result of a contract that is saved.
pub fn saved(flow_id: &str, files: impl IntoIterator<Item = SavedFile>) -> ReportedFlow {
    let files = files.into_iter().collect();
    ReportedFlow {
        flow_id: flow_id.into(),
        status: None,
        files,
        error: None,
        request_id: String::new(),
    }
}

/// Returns the result of a contract that failed.
pub fn failed(flow_id: &str, error: FlowError) -> ReportedFlow {
    ReportedFlow { error: Some(error), ..saved(flow_id, []) }
}

/// Returns the report of a download.
pub fn report(flows: impl IntoIterator<Item = ReportedFlow>) -> Report {
    Report { flows: flows.into_iter().collect() }
}
