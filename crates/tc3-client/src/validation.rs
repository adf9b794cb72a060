//! Validation of a request before it is sent.

use tc3_api::ActionInfo;
use tc3_catalogue::Catalogue;
use tc3_catalogue::validation::violations_in;

use crate::error::{Error, ErrorKind};

/// Maximum number of violations in an error.
const MAX_SHOWN: usize = 5;

/// Validates a request body. Actions that are not in the catalogue are not validated.
///
/// # Errors
/// Returns an error that contains field names and limits, and no values.
pub(crate) fn validate(
    catalogue: &Catalogue,
    info: &ActionInfo<'_>,
    body: &[u8],
) -> Result<(), Error> {
    let action = catalogue
        .action(info.name)
        .filter(|found| (found.info.service, found.info.version) == (info.service, info.version));
    let Some(action) = action else { return Ok(()) };
    let violations = violations_in(body, action.request)
        .map_err(|error| Error::new(ErrorKind::Request, format!("invalid request: {error}")))?;
    if violations.is_empty() {
        return Ok(());
    }
    let mut shown: Vec<String> =
        violations.iter().take(MAX_SHOWN).map(ToString::to_string).collect();
    if violations.len() > MAX_SHOWN {
        shown.push(format!("{} more", violations.len() - MAX_SHOWN));
    }
    let message = format!("invalid request, not sent: {}", shown.join("; "));
    Err(Error::new(ErrorKind::Request, message))
}
