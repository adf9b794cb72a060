//! The `deadline` of a contract in the input of `start`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::parse_rfc3339;
use serde_json::Value;

/// Earliest deadline from now: nobody can sign sooner.
const MIN_AHEAD: Duration = Duration::from_secs(60);

/// Latest plausible deadline from now. Unix times in milliseconds are far beyond it.
const MAX_AHEAD: Duration = Duration::from_secs(10 * 366 * 86_400);

/// One day, in seconds.
const DAY: u64 = 86_400;

/// Offset from UTC of dates without a time, in seconds: China Standard Time, in which the service works.
const DATE_OFFSET: u64 = 8 * 3600;

const FORMS: &str = "write a duration such as \"30d\", a date such as \"2030-12-31\", a time such as \
                     \"2030-12-31T18:00:00+08:00\", or Unix seconds in the future";

/// Returns the time of a deadline.
///
/// # Errors
/// Returns the reason if the value has none of the accepted forms, or is in the past, less than a minute or
/// more than ten years ahead.
pub(super) fn parse(value: &Value, now: SystemTime) -> Result<SystemTime, String> {
    let refuse = |why: &str| Err(format!("deadline {value} {why}; {FORMS}"));
    let Some(deadline) = time(value, now) else { return refuse("has an unknown form") };
    match deadline.duration_since(now) {
        Err(_) if is_number(value) => refuse("has no unit and is in the past as Unix seconds"),
        Err(_) => refuse("is in the past"),
        Ok(ahead) if ahead < MIN_AHEAD => refuse("is less than a minute ahead"),
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
    if let Some(seconds) = date_time(text) {
        return unix(seconds);
    }
    if let Ok(midnight) = parse_rfc3339(&format!("{text}T00:00:00Z")) {
        return unix((seconds(midnight)? + DAY).checked_sub(DATE_OFFSET)?);
    }
    now.checked_add(humantime::parse_duration(text).ok()?)
}

/// Returns the Unix time of an RFC 3339 date-time with any offset, in whole seconds.
fn date_time(text: &str) -> Option<u64> {
    if let Ok(time) = parse_rfc3339(text) {
        return seconds(time);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    if !local.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let field = |digits: &str, max: u64| {
        let is_field = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|&value: &u64| is_field && value <= max)
    };
    let offset_seconds = field(hours, 23)? * 3600 + field(minutes, 59)? * 60;
    let local = seconds(parse_rfc3339(&format!("{local}Z")).ok()?)?;
    match offset.as_bytes().first()? {
        b'+' => local.checked_sub(offset_seconds),
        b'-' => local.checked_add(offset_seconds),
        _ => None,
    }
}

fn seconds(time: SystemTime) -> Option<u64> {
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn unix(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Returns whether the value is a number, or a string of digits.
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
            (r#"" 60s ""#, NOW + 60),
            (r#""2030-01-31""#, NOW + 31 * 86_400 - 8 * 3600),
            (r#""2030-01-01T12:00:00Z""#, NOW + 12 * 3600),
            (r#""2030-01-01T18:00:00+08:00""#, NOW + 10 * 3600),
            (r#""2030-01-01T18:00:00.5+08:00""#, NOW + 10 * 3600),
            (r#""2030-01-01T18:00:00-05:30""#, NOW + 23 * 3600 + 1800),
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
            ("1893456000", "less than a minute"),
            ("1893456059", "less than a minute"),
            (r#""0s""#, "less than a minute"),
            (r#""1s""#, "less than a minute"),
            (r#""59s""#, "less than a minute"),
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
            (r#""2030-12-31T18:00:00""#, "unknown form"),
            (r#""2030-12-31T18:00:00+8:00""#, "unknown form"),
            (r#""2030-12-31T18:00:00+24:00""#, "unknown form"),
            (r#""2030-12-31T18:00:00+08:60""#, "unknown form"),
            (r#""2030-12-31T18:00:00+-1:00""#, "unknown form"),
            (r#""2030-12-31T18:00:00*08:00""#, "unknown form"),
            (r#""2030-12-31T18:00:00Z+08:00""#, "unknown form"),
            (r#""合合合""#, "unknown form"),
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
