//! The value of the header `Date`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;

/// The value of the last second for which it was requested.
#[derive(Default)]
pub(super) struct Date(Mutex<Option<(u64, HeaderValue)>>);

impl Date {
    /// Returns the value at a time since the Unix epoch, up to the year 9999.
    pub(super) fn at(&self, time: Duration) -> Option<HeaderValue> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((second, value)) if *second == time.as_secs() => Some(value.clone()),
            _ => {
                let value = httpdate::fmt_http_date(UNIX_EPOCH + time);
                let value = HeaderValue::from_str(&value).ok()?;
                *last = Some((time.as_secs(), value.clone()));
                Some(value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_follows_the_time_in_both_directions() {
        let date = Date::default();
        for (milliseconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (999, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_000, "Thu, 01 Jan 1970 00:00:01 GMT"),
            (999, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(date.at(Duration::from_millis(milliseconds)).unwrap(), expected);
        }
    }
}
