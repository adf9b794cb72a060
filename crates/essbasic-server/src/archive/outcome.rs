//! Outcomes of downloads as the ledger stores them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{FlowError, FlowErrorKind, ReportedFlow, SavedFile};

use crate::delay::{backoff, millis};
use crate::jobs::{after_outage, described};
use crate::ledger::{Claimed, Evidence, FileEvidence, Outcome, Reason, Settlement};

/// Delay after the first failed attempt.
const FIRST_BACKOFF: Duration = Duration::from_secs(5);

/// Longest delay between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(600);

/// Period after the signatures for which a download is attempted at least.
const MIN_DOWNLOADING: Duration = Duration::from_secs(24 * 3_600);

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

/// Rules for contracts whose files are not complete.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Attempts after which a contract is dead.
    pub(super) max_attempts: i64,
}

impl Rules {
    /// Returns a settlement for each claimed contract.
    pub(super) fn settlements(
        self,
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
                    (Some(flow), _) => self.outcome(contract, flow, SystemTime::now()),
                };
                contract.settlement(outcome)
            })
            .collect()
    }

    fn outcome(self, contract: &Claimed, flow: &ReportedFlow, now: SystemTime) -> Outcome {
        let Some(error) = &flow.error else {
            return Outcome::Archived(evidence(&flow.files, &flow.request_id));
        };
        let outcome = failed(error.kind, error.is_retryable(), detail(error), contract.attempt);
        self.limited(outcome, contract.attempt, contract.report.at.max(contract.added_at), now)
    }

    /// Does not count the last attempt of a download soon after the signatures, which were reported or found at a time: the file servers, or
    /// the network to them, may be unavailable while the service responds.
    fn limited(self, outcome: Outcome, attempt: i64, signed_at: i64, now: SystemTime) -> Outcome {
        let signed_at = UNIX_EPOCH + Duration::from_millis(signed_at.max(0).unsigned_abs());
        let age = now.duration_since(signed_at).unwrap_or_default();
        match outcome {
            Outcome::Again { reason: Reason::DownloadFailed, delay, .. }
                if attempt >= self.max_attempts && age < MIN_DOWNLOADING =>
            {
                Outcome::Released { delay }
            }
            outcome => outcome,
        }
    }
}

/// Returns the evidence of stored files.
pub(super) fn evidence(files: &[SavedFile], request_id: &str) -> Evidence {
    let files = files.iter().map(|file| FileEvidence {
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        sha256: file.sha256.clone(),
    });
    Evidence { files: files.collect(), request_id: request_id.to_owned() }
}

/// Returns the outcome of a contract while no file can be stored. Jitter, so that replicas do not ask at the same time.
fn unusable() -> Outcome {
    Outcome::Released { delay: UNUSABLE_MS + fastrand::i64(0..=UNUSABLE_MS / 2) }
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
    described(error.kind.as_str(), error.code(), error.request_id())
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

    #[test]
    fn downloads_are_attempted_for_a_day_after_the_signatures() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let hours = |hours: u64| i64::try_from((1_000_000 - hours * 3_600) * 1_000).unwrap();
        let again = |attempt| Outcome::Again {
            reason: Reason::DownloadFailed,
            delay: millis(backoff(attempt, FIRST_BACKOFF, MAX_BACKOFF)),
            detail: String::new(),
        };
        for (attempt, reported, added, is_counted) in [
            (9, hours(1), 0, true),
            (10, hours(1), 0, false),
            (10, hours(23), 0, false),
            (10, hours(25), 0, true),
            (10, hours(25), hours(2), false),
            // The clock of another machine is ahead.
            (10, hours(0) + 60_000, 0, false),
            (10, 0, 0, true),
            (10, i64::MIN, i64::MIN, true),
        ] {
            let outcome = Rules { max_attempts: 10 }.limited(
                again(attempt),
                attempt,
                reported.max(added),
                now,
            );
            let is_again = matches!(outcome, Outcome::Again { .. });
            assert_eq!(is_again, is_counted, "{attempt} {reported} {added}");
        }
        let other = Outcome::Again { reason: Reason::NoFiles, delay: 1, detail: String::new() };
        assert_eq!(Rules { max_attempts: 10 }.limited(other.clone(), 10, hours(1), now), other);
    }
}
