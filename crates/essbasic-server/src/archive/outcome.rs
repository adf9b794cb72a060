//! Outcomes of downloads as the ledger stores them.

use std::time::Duration;

use essbasic::{FlowError, FlowErrorKind, ReportedFlow};

use crate::delay::{backoff, millis};
use crate::jobs::after_outage;
use crate::ledger::{Claimed, Evidence, FileEvidence, Outcome, Reason, Settlement};

/// Delay after the first failed attempt.
const FIRST_BACKOFF: Duration = Duration::from_secs(5);

/// Longest delay between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(600);

/// Least delay until the next attempt if no file can be stored, in milliseconds.
const UNUSABLE_MS: i64 = 4_000;

/// State of the destination after the downloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// A file that it did not accept is a failure of its contract.
    Usable,
    /// No file can be stored. It uses up no attempt.
    Unusable,
}

/// Returns a settlement for each claimed contract.
pub(super) fn settlements(
    claimed: &[Claimed],
    flows: &[ReportedFlow],
    storage: Storage,
) -> Vec<Settlement> {
    claimed
        .iter()
        .map(|contract| {
            let flow = flows.iter().find(|flow| flow.flow_id.as_str() == contract.flow_id);
            let outcome = match (flow, storage) {
                (None, Storage::Usable) => Outcome::Released { delay: 0 },
                (None, Storage::Unusable) => unusable(),
                (Some(flow), Storage::Unusable) if super::is_not_stored(flow) => unusable(),
                (Some(flow), _) => outcome(contract, flow),
            };
            contract.settlement(outcome)
        })
        .collect()
}

/// Returns the outcome of a contract while no file can be stored. Jitter, so that replicas do not ask at the same time.
fn unusable() -> Outcome {
    Outcome::Released { delay: UNUSABLE_MS + fastrand::i64(0..=UNUSABLE_MS / 2) }
}

fn outcome(contract: &Claimed, flow: &ReportedFlow) -> Outcome {
    let Some(error) = &flow.error else {
        let files = flow.files.iter().map(|file| FileEvidence {
            bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
            sha256: file.sha256.clone(),
        });
        let request_id = flow.request_id.clone();
        return Outcome::Archived(Evidence { files: files.collect(), request_id });
    };
    failed(error.kind, error.is_retryable(), detail(error), contract.attempt)
}

/// Returns the outcome of a contract whose files are not complete.
fn failed(kind: FlowErrorKind, is_retryable: bool, detail: String, attempt: i64) -> Outcome {
    let reason = match kind {
        FlowErrorKind::Stopped => return Outcome::Released { delay: 0 },
        // A rejection of several contracts together is not retryable: one of them may be its cause.
        FlowErrorKind::Call if is_retryable => return after_outage(),
        FlowErrorKind::NotFound => Reason::NotFound,
        FlowErrorKind::Refused => Reason::NotPermitted,
        FlowErrorKind::Missing => Reason::NoFiles,
        // A resolver may have failed for a moment, or the allowlist is extended.
        FlowErrorKind::Untrusted => Reason::LinkRefused,
        FlowErrorKind::Link | FlowErrorKind::Network => Reason::DownloadFailed,
        FlowErrorKind::Content => Reason::InvalidFile,
        FlowErrorKind::Destination | FlowErrorKind::Exists => Reason::StorageFailed,
        // Of `NotSigned`, the status of the service may lag behind the callback.
        _ => Reason::ServiceFailed,
    };
    Outcome::Again { reason, delay: millis(backoff(attempt, FIRST_BACKOFF, MAX_BACKOFF)), detail }
}

/// Returns the cause for the timeline: the kind, the code and the request ID, without text of the service, which may have names.
fn detail(error: &FlowError) -> String {
    let parts = [error.kind.as_str(), error.code(), error.request_id().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_and_stops_use_up_no_attempt_and_no_failure_is_final() {
        let outcome = |kind, is_retryable| failed(kind, is_retryable, "detail".to_owned(), 2);
        assert_eq!(outcome(FlowErrorKind::Stopped, false), Outcome::Released { delay: 0 });
        let outage = outcome(FlowErrorKind::Call, true);
        assert!(matches!(outage, Outcome::Released { delay: 30_000..=37_500 }), "{outage:?}");
        for (kind, reason) in [
            (FlowErrorKind::Call, Reason::ServiceFailed),
            (FlowErrorKind::NotSigned, Reason::ServiceFailed),
            (FlowErrorKind::Untrusted, Reason::LinkRefused),
            (FlowErrorKind::Missing, Reason::NoFiles),
            (FlowErrorKind::Network, Reason::DownloadFailed),
        ] {
            let again = Outcome::Again { reason, delay: 10_000, detail: "detail".to_owned() };
            assert_eq!(outcome(kind, false), again, "{kind}");
        }
    }
}
