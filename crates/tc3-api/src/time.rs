//! Timestamps of the services: integers since the Unix epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Converts seconds since the epoch. Zero, which the services send in place of an absent time, is `None`, as are
/// negative numbers and times that [`SystemTime`] cannot represent.
pub fn from_seconds(seconds: impl TryInto<u64>) -> Option<SystemTime> {
    since_epoch(seconds, Duration::from_secs)
}

/// Converts milliseconds since the epoch, as [`from_seconds`].
pub fn from_milliseconds(milliseconds: impl TryInto<u64>) -> Option<SystemTime> {
    since_epoch(milliseconds, Duration::from_millis)
}

fn since_epoch(number: impl TryInto<u64>, unit: impl Fn(u64) -> Duration) -> Option<SystemTime> {
    let number = number.try_into().ok().filter(|number| *number != 0)?;
    UNIX_EPOCH.checked_add(unit(number))
}

/// Returns the full seconds since the epoch; zero for times before it.
pub fn to_seconds(time: SystemTime) -> i64 {
    i64::try_from(elapsed(time).as_secs()).unwrap_or(i64::MAX)
}

/// Returns the full milliseconds since the epoch; zero for times before it.
pub fn to_milliseconds(time: SystemTime) -> i64 {
    i64::try_from(elapsed(time).as_millis()).unwrap_or(i64::MAX)
}

fn elapsed(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_a_round_trip() {
        let time = from_seconds(1_700_000_000_u64).unwrap_or(UNIX_EPOCH);
        assert_eq!((to_seconds(time), to_milliseconds(time)), (1_700_000_000, 1_700_000_000_000));
        assert_eq!(from_milliseconds(1_700_000_000_000_i64), Some(time));
        for invalid in [0_i64, -1, i64::MIN] {
            assert_eq!((from_seconds(invalid), from_milliseconds(invalid)), (None, None));
        }
        let _ = from_seconds(i64::MAX);
        assert_eq!(to_seconds(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
