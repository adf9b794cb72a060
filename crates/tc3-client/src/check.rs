//! Whether a request is one that the service takes, before it is sent.

use tc3_api::ActionInfo;
use tc3_api::catalogue::Catalogue;
use tc3_api::check::violations;

use crate::error::{Error, ErrorKind};

/// More than these would hide the first.
const MOST_TOLD: usize = 5;

/// Names members and limits, never values.
pub(crate) fn check(
    catalogue: &Catalogue,
    info: &ActionInfo<'_>,
    body: &[u8],
) -> Result<(), Error> {
    let known = catalogue
        .action(info.name)
        .filter(|known| (known.info.service, known.info.version) == (info.service, info.version));
    let Some(action) = known else { return Ok(()) };
    let Ok(body) = serde_json::from_slice(body) else {
        return Err(Error::new(ErrorKind::Request, "the request has no JSON form"));
    };
    let found = violations(&body, action.request);
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
