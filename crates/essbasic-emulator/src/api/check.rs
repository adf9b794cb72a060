//! Checks of parameters by the description of the action.

use serde_json::Value;
use tc3_catalogue::ObjectMeta;
use tc3_catalogue::validation::{Violation, ViolationKind, structural_violations, violations};

use crate::error::ApiError;

/// Checks names, types and required parameters.
///
/// # Errors
/// Returns the first violation, with the code of the real service.
pub(super) fn check_shape(body: &Value, request: &'static ObjectMeta) -> Result<(), ApiError> {
    first_error(structural_violations(body, request))
}

/// Checks limits and rules too.
///
/// # Errors
/// Returns the first violation, with the code of the real service.
pub(super) fn check_all(body: &Value, request: &'static ObjectMeta) -> Result<(), ApiError> {
    first_error(violations(body, request))
}

fn first_error(violations: Vec<Violation>) -> Result<(), ApiError> {
    // Unknown and malformed parameters are reported before missing ones.
    let first = violations.into_iter().min_by_key(rank);
    first.map_or(Ok(()), |violation| Err(error(&violation)))
}

fn rank(violation: &Violation) -> u8 {
    match violation.kind {
        ViolationKind::Unknown => 0,
        ViolationKind::WrongType(_) => 1,
        ViolationKind::Missing | ViolationKind::MissingWith(_) | ViolationKind::NoneOf(_) => 2,
        _ => 3,
    }
}

fn error(violation: &Violation) -> ApiError {
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
