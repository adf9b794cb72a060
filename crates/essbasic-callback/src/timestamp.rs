//! Times in messages.

use std::time::SystemTime;

use tc3_api::time;

/// The lowest number that is read as milliseconds. In seconds it would be after the year 5100.
const MIN_MILLISECONDS: i64 = 100_000_000_000;

/// Converts seconds or milliseconds since 1970, as the reference does not state the unit; `None` for zero and
/// negative numbers.
pub(crate) fn from_unix(number: i64) -> Option<SystemTime> {
    if number < MIN_MILLISECONDS {
        time::from_seconds(number)
    } else {
        time::from_milliseconds(number)
    }
}
