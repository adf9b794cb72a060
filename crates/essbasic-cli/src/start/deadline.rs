//! The `deadline` of a contract in the input of `start`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone};
use serde_json::Value;

/// Latest deadline from now that counts as plausible. Unix times in milliseconds lie far beyond it.
const MAX_AHEAD: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Time zone of dates without a time: China Standard Time, in which the service works.
const DATE_OFFSET_SECONDS: i32 = 8 * 3600;

const FORMS: &str = "write a duration such as \"30d\", a date such as \"2030-12-31\", a time such as \
                     \"2030-12-31T18:00:00+08:00\", or Unix seconds in the future";

/// Returns the time that a deadline means.
///
/// # Errors
/// Returns the reason if the value has none of the accepted forms, or lies in the past or more than ten
/// years ahead.
pub(super) fn parse(value: &Value, now: SystemTime) -> Result<SystemTime, String> {
    let refuse = |why: &str| Err(format!("deadline {value} {why}; {FORMS}"));
    let Some(deadline) = time(value, now) else { return refuse("has an unknown form") };
    match deadline.duration_since(now) {
        Err(_) if is_number(value) => refuse("has no unit and is in the past as Unix seconds"),
        Err(_) => refuse("is in the past"),
        Ok(Duration::ZERO) => refuse("is now"),
        Ok(ahead) if ahead > MAX_AHEAD => refuse("is more than 10 years ahead"),
        Ok(_) => Ok(deadline),
    }
}

fn time(value: &Value, now: SystemTime) -> Option<SystemTime> {
    let text = match value {
        Value::Number(_) => return unix(value.as_u64()?),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    if is_number(value) {
        return unix(text.parse().ok()?);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return unix(u64::try_from(time.timestamp()).ok()?);
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let end = date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
        let end = FixedOffset::east_opt(DATE_OFFSET_SECONDS)?.from_local_datetime(&end).single()?;
        return unix(u64::try_from(end.timestamp()).ok()?);
    }
    now.checked_add(humantime::parse_duration(text).ok()?)
}

fn unix(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Whether the value is a number, or a string of digits.
fn is_number(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().bytes().all(|byte| byte.is_ascii_digit()),
        value => value.is_number(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn every_form_is_read() {
        // 2030-01-01T00:00:00Z.
        const NOW: u64 = 1_893_456_000;
        for (json, expected) in [
            (r#""30d""#, NOW + 30 * 86_400),
            (r#""1h 30m""#, NOW + 5400),
            (r#"" 30s ""#, NOW + 30),
            (r#""2030-01-31""#, NOW + 31 * 86_400 - 8 * 3600),
            (r#""2030-01-01T12:00:00Z""#, NOW + 12 * 3600),
            (r#""2030-01-01T18:00:00+08:00""#, NOW + 10 * 3600),
            (r#""2030-01-01T18:00:00.5+08:00""#, NOW + 10 * 3600),
            ("1893456060", NOW + 60),
            (r#""1893456060""#, NOW + 60),
        ] {
            let value = serde_json::from_str(json).unwrap();
            assert_eq!(parse(&value, at(NOW)), Ok(at(expected)), "{json}");
        }
        for (json, why) in [
            (r#""30""#, "has no unit"),
            ("30", "has no unit"),
            ("0", "has no unit"),
            (r#""0""#, "has no unit"),
            ("1893456000", "is now"),
            (r#""0s""#, "is now"),
            ("1893456060000", "more than 10 years ahead"),
            (r#""1893456060000""#, "more than 10 years ahead"),
            (r#""18446744073709551615""#, "unknown form"),
            ("18446744073709551615", "unknown form"),
            (r#""18446744073709551615s""#, "unknown form"),
            (r#""11y""#, "more than 10 years ahead"),
            (r#""2029-12-31""#, "in the past"),
            (r#""1969-12-31""#, "unknown form"),
            (r#""262142-12-31""#, "unknown form"),
            (r#""2030-02-30""#, "unknown form"),
            (r#""2029-12-31T00:00:00Z""#, "in the past"),
            (r#""2030-12-31 18:00""#, "unknown form"),
            (r#""soon""#, "unknown form"),
            (r#""""#, "unknown form"),
            (r#"" ""#, "unknown form"),
            ("-1", "unknown form"),
            ("1.5", "unknown form"),
            ("1e400", "unknown form"),
            ("true", "unknown form"),
            ("[]", "unknown form"),
        ] {
            let Ok(value) = serde_json::from_str::<Value>(json) else { continue };
            let error = parse(&value, at(NOW)).unwrap_err();
            assert!(error.starts_with(&format!("deadline {value} ")), "{error}");
            assert!(error.contains(why) && error.contains("\"30d\""), "{json}: {error}");
        }
    }
}
