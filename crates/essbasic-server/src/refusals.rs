//! Refused callbacks: counted for the status, and reported in the log at most once per minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use essbasic_callback::RefusalReason;
use tokio::time::Instant;

use crate::delay::millis;
use crate::ledger::RefusedCallbacks;

/// Fix of most refusals.
pub(crate) const HINT: &str =
    "compare token and key in the console of the platform with receive.keys";

/// Least time between two lines of the log.
const LOG_PERIOD: Duration = Duration::from_secs(60);

/// Refused callbacks of this process.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<State>);

#[derive(Default)]
struct State {
    count: i64,
    last: Option<Instant>,
    /// Kinds of those that the log does not have yet, with their numbers.
    unlogged: BTreeMap<&'static str, u64>,
    logged: Option<Instant>,
}

impl Refusals {
    /// Counts a refused callback. Without a reason, the store refused it.
    pub(crate) fn add(&self, reason: Option<RefusalReason>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count = state.count.saturating_add(1);
        state.last = Some(Instant::now());
        *state.unlogged.entry(kind(reason)).or_default() += 1;
        state.log();
    }

    /// Returns the number since the start of the process, for the heartbeat. Logs those that were refused in the minute after a line.
    pub(crate) fn report(&self) -> RefusedCallbacks {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.log();
        let age = state.last.map(|last| millis(last.elapsed()));
        RefusedCallbacks { count: state.count, age }
    }
}

impl State {
    fn log(&mut self) {
        if self.unlogged.is_empty() || self.logged.is_some_and(|at| at.elapsed() < LOG_PERIOD) {
            return;
        }
        self.logged = Some(Instant::now());
        let unlogged = std::mem::take(&mut self.unlogged);
        let count: u64 = unlogged.values().sum();
        let reasons: Vec<String> =
            unlogged.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
        tracing::warn!(count, reasons = reasons.join(", "), "refused callbacks; {HINT}");
    }
}

/// Returns the kind of a reason, in the log.
fn kind(reason: Option<RefusalReason>) -> &'static str {
    match reason {
        Some(RefusalReason::NoSignature) => "signature missing",
        Some(RefusalReason::MalformedSignature | RefusalReason::WrongToken) => "signature invalid",
        Some(RefusalReason::NotEncrypted | RefusalReason::NoKey | RefusalReason::WrongKey) => {
            "cannot decrypt"
        }
        Some(RefusalReason::TooOld) => "too old",
        _ => "malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn refusals_are_logged_once_per_minute() {
        let refusals = Refusals::default();
        assert_eq!(refusals.report(), RefusedCallbacks::default());
        let unlogged = || refusals.0.lock().unwrap().unlogged.values().sum::<u64>();
        for reason in [RefusalReason::WrongToken, RefusalReason::WrongKey, RefusalReason::NotJson] {
            refusals.add(Some(reason));
        }
        refusals.add(None);
        assert_eq!(unlogged(), 3, "the first is in the log");
        tokio::time::advance(Duration::from_millis(59_999)).await;
        let report = refusals.report();
        assert_eq!(report, RefusedCallbacks { count: 4, age: Some(59_999) });
        assert_eq!(unlogged(), 3);
        tokio::time::advance(Duration::from_millis(1)).await;
        refusals.report();
        assert_eq!(unlogged(), 0, "the heartbeat logs the others");
    }
}
