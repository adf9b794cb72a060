//! Outcomes of downloads as the ledger stores them.

use essbasic::{FlowError, FlowErrorKind, Report, ReportedFlow};

use super::{backoff, millis};
use crate::ledger::{Claimed, Evidence, FileEvidence, Outcome, Reason, Settlement};

/// Returns a settlement for each claimed contract.
pub(super) fn settlements(claimed: &[Claimed], report: &Report) -> Vec<Settlement> {
    claimed
        .iter()
        .map(|contract| {
            let flow = report.flows.iter().find(|flow| flow.flow_id.as_str() == contract.flow_id);
            Settlement {
                flow_id: contract.flow_id.clone(),
                task: contract.task,
                attempt: contract.attempt,
                outcome: flow
                    .map_or(Outcome::Released { delay: 0 }, |flow| outcome(contract, flow)),
            }
        })
        .collect()
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
    let delay = millis(backoff(contract.attempt));
    // The status of the service may lag behind the callback.
    if error.kind == FlowErrorKind::NotSigned {
        return Outcome::Again { reason: Reason::ServiceFailed, delay, detail: detail(error) };
    }
    if error.kind == FlowErrorKind::Stopped {
        return Outcome::Released { delay: 0 };
    }
    match reason(error.kind) {
        (reason, true) => Outcome::Again { reason, delay, detail: detail(error) },
        (reason, false) => Outcome::Dead { reason, detail: detail(error) },
    }
}

/// Returns the reason of a failure, and whether another attempt may succeed.
fn reason(kind: FlowErrorKind) -> (Reason, bool) {
    match kind {
        FlowErrorKind::NotFound => (Reason::NotFound, true),
        FlowErrorKind::Refused => (Reason::NotPermitted, true),
        FlowErrorKind::Missing => (Reason::NoFiles, true),
        FlowErrorKind::Untrusted => (Reason::LinkRefused, false),
        FlowErrorKind::Link | FlowErrorKind::Network => (Reason::DownloadFailed, true),
        FlowErrorKind::Content => (Reason::InvalidFile, true),
        FlowErrorKind::Destination | FlowErrorKind::Exists => (Reason::StorageFailed, true),
        _ => (Reason::ServiceFailed, true),
    }
}

/// Returns the cause for the timeline: the kind, the code and the request ID, without text of the service, which may have names.
fn detail(error: &FlowError) -> String {
    let parts = [error.kind.as_str(), error.code(), error.request_id().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
