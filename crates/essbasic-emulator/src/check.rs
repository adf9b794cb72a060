//! Whether parameters are what the action's published description says.

use serde_json::Value;
use tc3_api::catalogue::ObjectMeta;
use tc3_api::check::{Violation, ViolationKind, violations};

use crate::error::ApiError;

/// Refuses unknown, missing and malformed parameters with the real service's codes, one at a time.
pub(crate) fn check(body: &Value, request: &'static ObjectMeta) -> Result<(), ApiError> {
    // What is not understood is refused before what is lacking.
    let worst = violations(body, request).into_iter().min_by_key(rank);
    worst.map_or(Ok(()), |violation| Err(refusal(&violation)))
}

fn rank(violation: &Violation) -> u8 {
    match violation.kind {
        ViolationKind::Unknown => 0,
        ViolationKind::WrongType(_) => 1,
        ViolationKind::Missing | ViolationKind::MissingWith(_) | ViolationKind::NoneOf(_) => 2,
        _ => 3,
    }
}

fn refusal(violation: &Violation) -> ApiError {
    let path = &violation.path;
    match &violation.kind {
        ViolationKind::Unknown => {
            ApiError::new("UnknownParameter", format!("The parameter `{path}` is not recognized."))
        }
        ViolationKind::WrongType(_) => {
            let message = format!("The parameter `{path}` has the wrong type.");
            ApiError::new("InvalidParameter", message)
        }
        ViolationKind::Missing | ViolationKind::MissingWith(_) => ApiError::missing(path),
        ViolationKind::NoneOf(paths) => ApiError::missing(&paths.join("` or `")),
        _ => ApiError::new("InvalidParameter", format!("The parameter {violation}.")),
    }
}
