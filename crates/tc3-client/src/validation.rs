//! Validation of a request before it is sent.

use tc3_api::ActionInfo;
use tc3_catalogue::Catalogue;
use tc3_catalogue::validation::violations_in;

use crate::error::{Error, ErrorKind};

/// More than these would hide the first.
const MOST_TOLD: usize = 5;

/// Names members and limits, never values.
pub(crate) fn validate(
    catalogue: &Catalogue,
    info: &ActionInfo<'_>,
    body: &[u8],
) -> Result<(), Error> {
    let known = catalogue
        .action(info.name)
        .filter(|known| (known.info.service, known.info.version) == (info.service, info.version));
    let Some(action) = known else { return Ok(()) };
    let found = violations_in(body, action.request)
        .map_err(|error| Error::new(ErrorKind::Request, format!("invalid request: {error}")))?;
    if found.is_empty() {
        return Ok(());
    }
    let mut told: Vec<String> = found.iter().take(MOST_TOLD).map(ToString::to_string).collect();
    if found.len() > MOST_TOLD {
        told.push(format!("{} more", found.len() - MOST_TOLD));
    }
    let text = format!("not sent, the service would refuse it: {}", told.join("; "));
    Err(Error::new(ErrorKind::Request, text))
}
