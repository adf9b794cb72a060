//! Arguments as text.

use std::time::UNIX_EPOCH;

use super::error::QueryError;
use crate::ledger::limits::MAX_FLOW_ID_BYTES;
use crate::ledger::{Reason, State};

/// Returns the state with this code.
///
/// # Errors
/// Returns an error that lists the states, if there is no such state.
pub(crate) fn state(code: &str) -> Result<State, QueryError> {
    State::ALL.into_iter().find(|state| state.as_str() == code).ok_or_else(|| {
        QueryError::invalid_request(
            format!("no state is named {}", quoted(code)),
            format!("expected {}", listed(State::ALL.map(State::as_str))),
        )
    })
}

/// Returns the reason with this code.
///
/// # Errors
/// Returns an error that lists the reasons, if there is no such reason.
pub(crate) fn reason(code: &str) -> Result<Reason, QueryError> {
    Reason::from_code(code).ok_or_else(|| {
        QueryError::invalid_request(
            format!("no reason is named {}", quoted(code)),
            format!("expected {}", listed(Reason::ALL.map(Reason::as_str))),
        )
    })
}

/// Ways to replay dead forwards, for hints.
pub(crate) const REPLAY_DEAD: &str =
    "replay the messages with: essbasic-server messages replay --target NAME --dead";

/// Checks the ID of a contract that a person adds.
///
/// The service does not publish the format of IDs. Refused are characters that point to another kind of input: a path, a line of CSV,
/// JSON, a comment.
///
/// # Errors
/// Returns the cause, which contains nothing of the ID.
pub(crate) fn flow_id(id: &str) -> Result<(), &'static str> {
    if id.is_empty() {
        return Err("it is empty");
    }
    if id.len() > MAX_FLOW_ID_BYTES {
        return Err("it is too long");
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.chars().all(fits) || id.starts_with('.') {
        return Err("it contains a character other than letters, digits, - and _");
    }
    Ok(())
}

/// Returns a time in RFC 3339, such as `2026-11-30T06:03:14Z`, in milliseconds since 1970.
///
/// # Errors
/// Returns an error if the text is not such a time, in UTC.
pub(crate) fn time(text: &str) -> Result<i64, QueryError> {
    let invalid = || {
        QueryError::invalid_request(
            format!("invalid time {}", quoted(text)),
            "write it in UTC, as 2026-11-30T06:03:14Z",
        )
    };
    let time = humantime::parse_rfc3339(text).map_err(|_| invalid())?;
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| invalid())?;
    i64::try_from(since.as_millis()).map_err(|_| invalid())
}

/// Returns a number of at least 1 and at most `max`.
///
/// # Errors
/// Returns an error that names the argument, if the text is not such a number.
pub(crate) fn limit(name: &str, text: &str, max: usize) -> Result<usize, QueryError> {
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| {
        QueryError::invalid_request(
            format!("invalid {name} {}", quoted(text)),
            format!("expected 1 to {max}"),
        )
    })
}

/// Returns the number of a message: the `next` of a page.
///
/// # Errors
/// Returns an error if the text is not a number of at least 0.
pub(crate) fn seq(name: &str, text: &str) -> Result<i64, QueryError> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| {
        QueryError::invalid_request(
            format!("invalid {name} {}", quoted(text)),
            "give the `next` of the page before",
        )
    })
}

/// Returns the value of `true` or `false`.
///
/// # Errors
/// Returns an error that names the argument, if the text is another one.
pub(crate) fn flag(name: &str, text: &str) -> Result<bool, QueryError> {
    text.parse().map_err(|_| {
        QueryError::invalid_request(
            format!("invalid {name} {}", quoted(text)),
            "expected true or false",
        )
    })
}

/// Returns text of the caller in quotes, truncated.
pub(crate) fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 64;
    let is_short = text.chars().nth(MAX_CHARS).is_none();
    let start: String = text.chars().take(MAX_CHARS).collect();
    format!("{start:?}{}", if is_short { "" } else { "..." })
}

fn listed<const N: usize>(names: [&str; N]) -> String {
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_arguments_are_refused_with_what_is_expected() {
        for (error, expected) in [
            (
                state("ended").unwrap_err(),
                "no state is named \"ended\"; expected open, claimed, done or dead",
            ),
            (state("").unwrap_err(), "no state is named \"\"; expected open"),
            (
                reason("Not_found").unwrap_err(),
                "no reason is named \"Not_found\"; expected not_found, ",
            ),
            (time("yesterday").unwrap_err(), "invalid time \"yesterday\"; write it in UTC, as "),
            (time("1969-12-31T23:59:59Z").unwrap_err(), "invalid time"),
            (time("2026-11-30T06:03:14+08:00").unwrap_err(), "invalid time"),
            (limit("limit", "0", 9).unwrap_err(), "invalid limit \"0\"; expected 1 to 9"),
            (limit("limit", "10", 9).unwrap_err(), "invalid limit"),
            (limit("limit", "1e1", 9).unwrap_err(), "invalid limit"),
            (limit("limit", "99999999999999999999", 9).unwrap_err(), "invalid limit"),
            (flag("dead", "yes").unwrap_err(), "invalid dead \"yes\"; expected true or false"),
            (seq("before", "-1").unwrap_err(), "invalid before \"-1\"; give the `next`"),
            (seq("before", &"\n".repeat(500)).unwrap_err(), "invalid before \"\\n"),
        ] {
            let text = error.to_string();
            assert!(text.starts_with(expected), "{text}\n{expected}");
            assert!(error.code() == "invalid_request" && text.len() < 400, "{text}");
            assert!(!text.contains('\n'), "{text}");
        }
        assert_eq!(state("dead").unwrap(), State::Dead);
        assert_eq!(reason("body_expired").unwrap(), Reason::BodyExpired);
        assert_eq!(time("2023-11-14T22:13:20.123Z").unwrap(), 1_700_000_000_123);
        assert_eq!(limit("limit", "9", 9).unwrap(), 9);
        assert_eq!(seq("before", "0").unwrap(), 0);
        assert!(flag("dead", "true").unwrap() && !flag("dead", "false").unwrap());
    }

    #[test]
    fn ids_of_other_kinds_of_input_are_refused() {
        for id in ["yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh", "a.b", "-_", "合同9", &"x".repeat(128)] {
            assert_eq!(flow_id(id), Ok(()), "{id}");
        }
        for id in ["", "x y", "a/b", "id!", "a,b", ".a", "..", "a\0", "{}", "#a", &"x".repeat(129)]
        {
            assert!(flow_id(id).is_err(), "{id}");
        }
    }
}
