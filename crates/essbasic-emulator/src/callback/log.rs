//! Log of callbacks.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use super::address::Address;
use super::exchange::ExchangeError;

/// Maximum number of callbacks in the log. Further ones replace the oldest.
const MAX_ENTRIES: usize = 200;

/// Callback and the outcome of its delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackEntry {
    /// Time of the change by the emulator's clock, in seconds since the Unix epoch.
    pub at: u64,
    /// `MsgType` of the message, or `ping`.
    pub msg_type: &'static str,
    /// Contract id; `None` for a ping.
    pub flow: Option<String>,
    /// Address of the receiver without its query, which may contain a secret.
    pub url: String,
    /// Outcome of the delivery.
    pub outcome: CallbackOutcome,
    /// Number of attempts, duplicates included.
    pub attempts: u32,
    /// Status of the last response; `None` if the last attempt got none.
    pub status: Option<u16>,
    /// Reason why the last attempt got no response.
    pub error: Option<String>,
}

/// Outcome of the delivery of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallbackOutcome {
    /// The delivery has not begun, or further attempts follow.
    Pending,
    /// The receiver responded with status 200.
    Acknowledged,
    /// No attempt was acknowledged.
    GivenUp,
}

/// Bounded log of callbacks.
#[derive(Debug, Default)]
pub(crate) struct CallbackLog {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    entries: VecDeque<CallbackEntry>,
    /// Number of entries that were removed.
    removed: u64,
}

/// Number of a callback in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogNumber(u64);

impl CallbackLog {
    /// Adds a callback that is not delivered yet.
    pub(crate) fn add(
        &self,
        msg_type: &'static str,
        flow: Option<&str>,
        address: &Address,
        at: Duration,
    ) -> LogNumber {
        let mut log = self.lock();
        if log.entries.len() == MAX_ENTRIES {
            log.entries.pop_front();
            log.removed += 1;
        }
        log.entries.push_back(CallbackEntry {
            at: at.as_secs(),
            msg_type,
            flow: flow.map(str::to_owned),
            url: address.without_query(),
            outcome: CallbackOutcome::Pending,
            attempts: 0,
            status: None,
            error: None,
        });
        LogNumber(log.removed + log.entries.len() as u64 - 1)
    }

    /// Records the result of an attempt. A callback that is acknowledged once remains so.
    pub(super) fn record(&self, number: LogNumber, result: &Result<StatusCode, ExchangeError>) {
        self.change(number, |entry| {
            entry.attempts = entry.attempts.saturating_add(1);
            entry.status = result.as_ref().ok().map(StatusCode::as_u16);
            entry.error = result.as_ref().err().map(ToString::to_string);
            if entry.status == Some(StatusCode::OK.as_u16()) {
                entry.outcome = CallbackOutcome::Acknowledged;
            }
        });
    }

    /// Records that no further attempt follows.
    pub(super) fn give_up(&self, number: LogNumber) {
        self.change(number, |entry| {
            if entry.outcome == CallbackOutcome::Pending {
                entry.outcome = CallbackOutcome::GivenUp;
            }
        });
    }

    /// Returns the callbacks, newest first.
    pub(crate) fn newest_first(&self) -> Vec<CallbackEntry> {
        self.lock().entries.iter().rev().cloned().collect()
    }

    fn change(&self, LogNumber(number): LogNumber, change: impl FnOnce(&mut CallbackEntry)) {
        let mut log = self.lock();
        let index = number.checked_sub(log.removed).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| log.entries.get_mut(index)) {
            change(entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_and_late_results_find_their_callback() {
        let log = CallbackLog::default();
        let address = Address::parse("http://127.0.0.1:1/hook?token=secret", false).unwrap();
        let numbers: Vec<_> = (0..MAX_ENTRIES as u64 + 2)
            .map(|at| log.add("FlowStatusChange", Some("f"), &address, Duration::from_secs(at)))
            .collect();
        log.record(numbers[0], &Ok(StatusCode::OK));
        log.record(numbers[2], &Err("refused".into()));
        log.give_up(numbers[2]);
        log.record(numbers[3], &Ok(StatusCode::OK));
        log.record(numbers[3], &Ok(StatusCode::BAD_GATEWAY));
        log.give_up(numbers[3]);
        let entries = log.newest_first();
        assert_eq!(entries.len(), MAX_ENTRIES);
        assert_eq!(entries[0].at, MAX_ENTRIES as u64 + 1);
        assert_eq!(entries[0].outcome, CallbackOutcome::Pending);
        assert_eq!(entries[0].url, "http://127.0.0.1:1/hook");
        let oldest = &entries[MAX_ENTRIES - 1];
        assert_eq!((oldest.at, oldest.outcome), (2, CallbackOutcome::GivenUp));
        assert_eq!(oldest.error.as_deref(), Some("refused"));
        let repeated = &entries[MAX_ENTRIES - 2];
        assert_eq!(repeated.outcome, CallbackOutcome::Acknowledged);
        assert_eq!((repeated.attempts, repeated.status), (2, Some(502)));
    }
}
