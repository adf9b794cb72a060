//! Whether parameters are what the action's published description says.

use serde_json::Value;
use tc3_catalogue::ObjectMeta;
use tc3_catalogue::validation::{Violation, ViolationKind, misshapen, violations};

use crate::error::ApiError;

/// Refuses unknown, missing and malformed parameters with the real service's codes, one at a time.
pub(crate) fn check_shape(body: &Value, request: &'static ObjectMeta) -> Result<(), ApiError> {
    refuse_worst(misshapen(body, request))
}

/// Limits and rules too, of an action that is not modelled and so does not know its own.
pub(crate) fn check_all(body: &Value, request: &'static ObjectMeta) -> Result<(), ApiError> {
    refuse_worst(violations(body, request))
}

fn refuse_worst(found: Vec<Violation>) -> Result<(), ApiError> {
    // What is not understood is refused before what is lacking.
    let worst = found.into_iter().min_by_key(rank);
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
