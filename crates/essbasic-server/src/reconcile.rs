//! The reconcile loop: polls contracts whose end no callback has reported yet.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{Client, FlowError, FlowErrorKind};

use crate::delay::millis;
use crate::jobs::{Batch, Job, Progress, after_outage, described};
use crate::ledger::{Claimed, Outcome, Reason, Report, Task};

/// Contracts of one request, the maximum of the service.
const BATCH: usize = 100;

/// Polls contracts.
pub(crate) struct Reconciling(pub(crate) Client);

impl Job for Reconciling {
    const NAME: &'static str = "reconcile";
    const TASK: Task = Task::Poll;
    const LIMIT: usize = BATCH;

    async fn work(&self, claimed: &[Claimed], _progress: Progress) -> Batch {
        let ids = claimed.iter().map(|contract| contract.flow_id.clone());
        let details = match self.0.details(ids).await {
            Ok(details) => details,
            Err(error) => return Batch::Failed(error),
        };
        let settlements = claimed.iter().zip(details).map(|(contract, details)| {
            let delay = delay(contract);
            let outcome = match details {
                Ok(details) => Outcome::Observed {
                    report: Report { status: details.flow_status, at: 0 },
                    delay,
                },
                Err(error) => failed(error.kind, error.is_retryable(), detail(&error), delay),
            };
            contract.settlement(outcome)
        });
        Batch::Settled(settlements.collect())
    }
}

/// Returns the cause for the timeline, without text of the service, which may have names.
fn detail(error: &FlowError) -> String {
    described(error.kind.as_str(), error.code(), error.request_id())
}

/// Returns the outcome of a contract without details.
fn failed(kind: FlowErrorKind, is_retryable: bool, detail: String, delay: i64) -> Outcome {
    let reason = match kind {
        FlowErrorKind::Stopped => return Outcome::Released { delay: 0 },
        // A rejection of several contracts together is not retryable: one of them may be its cause.
        FlowErrorKind::Call if is_retryable => return after_outage(),
        FlowErrorKind::NotFound => Reason::NotFound,
        FlowErrorKind::Refused => Reason::NotPermitted,
        _ => Reason::ServiceFailed,
    };
    Outcome::Again { reason, delay, detail }
}

/// Returns the delay until the next poll, in milliseconds: longer for older contracts, with a jitter of a tenth.
fn delay(contract: &Claimed) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let added = Duration::from_millis(contract.added_at.max(0).unsigned_abs());
    let delay = period(now.saturating_sub(added));
    let jitter = delay.mul_f64(0.1 * fastrand::f64());
    millis(delay + jitter)
}

/// Returns the period of polls of a contract of this age. Callbacks report most changes, so polls are rare.
fn period(age: Duration) -> Duration {
    const HOUR: u64 = 3_600;
    match age.as_secs() / HOUR {
        0 => Duration::from_secs(60),
        1..24 => Duration::from_secs(600),
        24..720 => Duration::from_secs(HOUR),
        _ => Duration::from_secs(6 * HOUR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_and_stops_use_up_no_attempt() {
        let released = |kind, is_retryable| match failed(kind, is_retryable, "code".to_owned(), 7) {
            Outcome::Released { delay } => Some(delay),
            _ => None,
        };
        assert_eq!(released(FlowErrorKind::Stopped, false), Some(0));
        let delay = released(FlowErrorKind::Call, true).unwrap();
        assert!((30_000..=37_500).contains(&delay), "{delay}");
        for (kind, reason) in [
            (FlowErrorKind::Call, Reason::ServiceFailed),
            (FlowErrorKind::NotFound, Reason::NotFound),
            (FlowErrorKind::Refused, Reason::NotPermitted),
            (FlowErrorKind::Missing, Reason::ServiceFailed),
        ] {
            let again = Outcome::Again { reason, delay: 7, detail: "code".to_owned() };
            assert_eq!(failed(kind, false, "code".to_owned(), 7), again, "{kind}");
        }
    }

    #[test]
    fn older_contracts_are_polled_less_often() {
        let ages = [0, 3_599, 3_600, 86_399, 86_400, 2_591_999, 2_592_000, u64::MAX / 2];
        let periods = ages.map(|age| period(Duration::from_secs(age)).as_secs());
        assert_eq!(periods, [60, 60, 600, 600, 3_600, 3_600, 21_600, 21_600]);
    }
}
