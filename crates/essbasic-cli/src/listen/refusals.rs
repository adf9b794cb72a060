//! Notes of refused requests on stderr.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::output;

/// Time between two lines of one reason.
const INTERVAL: Duration = Duration::from_secs(10);

/// Notes of refused requests, at most one per reason and interval: anybody can send what is refused.
#[derive(Default)]
pub(super) struct Refusals {
    /// By reason; there are about fifteen.
    noted: Mutex<HashMap<String, Noted>>,
}

struct Noted {
    at: Instant,
    /// Number of refusals since the last line.
    since: u64,
}

impl Refusals {
    /// Notes a refusal. The reason must not contain data that the client has sent.
    pub(super) fn note(&self, reason: &str) {
        if let Some(line) = self.line(reason, Instant::now()) {
            output::note(line);
        }
    }

    fn line(&self, reason: &str, now: Instant) -> Option<String> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match noted.get_mut(reason) {
            Some(last) if now.saturating_duration_since(last.at) < INTERVAL => {
                last.since = last.since.saturating_add(1);
                return None;
            }
            Some(Noted { since: since @ 1.., .. }) => {
                format!("refused a request: {reason} (and {since} more before it)")
            }
            _ => format!("refused a request: {reason}"),
        };
        noted.insert(reason.to_owned(), Noted { at: now, since: 0 });
        Some(line)
    }

    /// Says how many had no line.
    pub(super) fn end(&self) {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let since = noted.values().fold(0_u64, |sum, noted| sum.saturating_add(noted.since));
        if since > 0 {
            output::note(format_args!("refused requests without a line of their own: {since}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_one_line_per_interval() {
        let refusals = Refusals::default();
        let start = Instant::now();
        for (second, reason, expected) in [
            (0, "a", Some("refused a request: a")),
            (0, "b", Some("refused a request: b")),
            (1, "a", None),
            (9, "a", None),
            (10, "a", Some("refused a request: a (and 2 more before it)")),
            (19, "a", None),
            (25, "b", Some("refused a request: b")),
            (90, "a", Some("refused a request: a (and 1 more before it)")),
        ] {
            let line = refusals.line(reason, start + Duration::from_secs(second));
            assert_eq!(line.as_deref(), expected, "{reason} after {second} s");
        }
    }
}
