//! Times as the services write them: whole numbers since the epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `None` for zero, which the services write where there is no time, and for what no clock shows.
pub fn from_seconds(seconds: impl TryInto<u64>) -> Option<SystemTime> {
    since_epoch(seconds, Duration::from_secs)
}

/// As [`from_seconds`], of milliseconds.
pub fn from_milliseconds(milliseconds: impl TryInto<u64>) -> Option<SystemTime> {
    since_epoch(milliseconds, Duration::from_millis)
}

fn since_epoch(number: impl TryInto<u64>, unit: impl Fn(u64) -> Duration) -> Option<SystemTime> {
    let number = number.try_into().ok().filter(|number| *number != 0)?;
    UNIX_EPOCH.checked_add(unit(number))
}

/// Whole seconds since the epoch; zero before it.
pub fn to_seconds(time: SystemTime) -> i64 {
    i64::try_from(until(time).as_secs()).unwrap_or(i64::MAX)
}

/// Whole milliseconds since the epoch; zero before it.
pub fn to_milliseconds(time: SystemTime) -> i64 {
    i64::try_from(until(time).as_millis()).unwrap_or(i64::MAX)
}

fn until(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        let time = from_seconds(1_700_000_000_u64).unwrap_or(UNIX_EPOCH);
        assert_eq!((to_seconds(time), to_milliseconds(time)), (1_700_000_000, 1_700_000_000_000));
        assert_eq!(from_milliseconds(1_700_000_000_000_i64), Some(time));
        for odd in [0_i64, -1, i64::MIN] {
            assert_eq!((from_seconds(odd), from_milliseconds(odd)), (None, None));
        }
        let _ = from_seconds(i64::MAX);
        assert_eq!(to_seconds(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
