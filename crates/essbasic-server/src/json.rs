//! Forms of the ledger's values as JSON: in the admin API, and of the subcommands with `--json`.
//!
//! Times are in RFC 3339, in UTC with milliseconds.

use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use crate::ledger::{
    BodyState, Contract, Event, FileEvidence, ForwardView, MessageView, Sample, Selected,
    WorkerView,
};

/// Returns a time of the ledger, in milliseconds since 1970, in RFC 3339.
pub(crate) fn time(millis: i64) -> String {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    // Up to the year 9999, which is the last one of RFC 3339.
    let last = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since.min(last)).to_string()
}

/// A contract.
#[derive(Serialize)]
pub(crate) struct ContractJson {
    pub(crate) flow_id: String,
    pub(crate) state: &'static str,
    pub(crate) task: Option<&'static str>,
    pub(crate) status: String,
    pub(crate) status_at: Option<String>,
    pub(crate) due: Option<String>,
    pub(crate) attempts: i64,
    pub(crate) reason: Option<&'static str>,
    pub(crate) hint: Option<&'static str>,
    pub(crate) added_at: String,
    pub(crate) finished_at: Option<String>,
    pub(crate) result: Option<&'static str>,
    pub(crate) files: Vec<FileJson>,
    pub(crate) request_id: Option<String>,
}

/// A stored file.
#[derive(Serialize)]
pub(crate) struct FileJson {
    pub(crate) bytes: i64,
    pub(crate) sha256: String,
}

/// A contract with its timeline.
#[derive(Serialize)]
pub(crate) struct ContractDetailJson {
    #[serde(flatten)]
    pub(crate) contract: ContractJson,
    pub(crate) events: Vec<EventJson>,
}

/// An event of a timeline.
#[derive(Serialize)]
pub(crate) struct EventJson {
    pub(crate) number: i64,
    pub(crate) at: String,
    pub(crate) kind: String,
    pub(crate) detail: String,
}

/// A page of contracts.
#[derive(Serialize)]
pub(crate) struct ContractsJson {
    pub(crate) contracts: Vec<ContractJson>,
    /// `after` of the next page.
    pub(crate) next: Option<String>,
}

/// A message.
#[derive(Serialize)]
pub(crate) struct MessageJson {
    pub(crate) seq: i64,
    pub(crate) id: String,
    pub(crate) r#type: String,
    pub(crate) flow_id: Option<String>,
    pub(crate) received_at: String,
    pub(crate) has_body: bool,
    /// `stored`, `expired` or `not_stored`.
    pub(crate) body: &'static str,
    pub(crate) dead_forwards: i64,
    pub(crate) forwards: Vec<ForwardJson>,
}

/// A forward of a message.
#[derive(Serialize)]
pub(crate) struct ForwardJson {
    pub(crate) seq: i64,
    pub(crate) target: String,
    pub(crate) replay: bool,
    pub(crate) attempts: i64,
    pub(crate) due: String,
    pub(crate) delivered_at: Option<String>,
    pub(crate) dead: Option<&'static str>,
    pub(crate) hint: Option<&'static str>,
    pub(crate) replayed_at: Option<String>,
    pub(crate) failed_at: Option<String>,
    pub(crate) error: Option<String>,
}

/// A page of messages.
#[derive(Serialize)]
pub(crate) struct MessagesJson {
    pub(crate) messages: Vec<MessageJson>,
    /// `before` of the next page.
    pub(crate) next: Option<i64>,
}

/// Result of an operation on one contract.
#[derive(Serialize)]
pub(crate) struct SelectedJson {
    pub(crate) flow_id: String,
    /// `done`, `finished`, `not_found`, `not_dead`, `added`, `known` or `invalid`.
    pub(crate) result: &'static str,
}

/// Results of an operation on contracts.
#[derive(Serialize)]
pub(crate) struct ResultsJson {
    pub(crate) results: Vec<SelectedJson>,
}

/// A worker.
#[derive(Serialize)]
pub(crate) struct WorkerJson {
    id: String,
    name: String,
    entered_at: String,
    alive_until: String,
    claimed: i64,
}

/// Numbers at a minute.
#[derive(Serialize)]
pub(crate) struct SampleJson {
    minute: String,
    open: i64,
    dead: i64,
    finished: i64,
    messages: i64,
    backlog: i64,
}

impl From<Contract> for ContractJson {
    fn from(contract: Contract) -> Self {
        let (files, request_id) = match contract.evidence {
            Some(evidence) => (evidence.files, Some(evidence.request_id)),
            None => (Vec::new(), None),
        };
        let report_at = contract.report.at;
        Self {
            flow_id: contract.flow_id,
            state: contract.state.as_str(),
            task: contract.task.map(|task| task.as_str()),
            status: contract.report.status.to_string(),
            status_at: (report_at > 0).then(|| time(report_at)),
            due: contract.task.map(|_| time(contract.due)),
            attempts: contract.attempt,
            reason: contract.reason.map(|reason| reason.as_str()),
            hint: contract.reason.map(|reason| reason.hint()),
            added_at: time(contract.added_at),
            finished_at: contract.finished_at.map(time),
            result: contract.finish.map(|finish| finish.as_str()),
            files: files.into_iter().map(FileJson::from).collect(),
            request_id: request_id.filter(|id| !id.is_empty()),
        }
    }
}

impl From<FileEvidence> for FileJson {
    fn from(file: FileEvidence) -> Self {
        Self { bytes: file.bytes, sha256: file.sha256 }
    }
}

impl From<(Contract, Vec<Event>)> for ContractDetailJson {
    fn from((contract, events): (Contract, Vec<Event>)) -> Self {
        let events = events.into_iter().map(|event| EventJson {
            number: event.number,
            at: time(event.at),
            kind: event.kind,
            detail: event.detail,
        });
        Self { contract: contract.into(), events: events.collect() }
    }
}

impl From<MessageView> for MessageJson {
    fn from(message: MessageView) -> Self {
        Self {
            seq: message.seq,
            id: message.id,
            r#type: message.kind,
            flow_id: message.flow_id,
            received_at: time(message.received_at),
            has_body: message.body == BodyState::Stored,
            body: message.body.as_str(),
            dead_forwards: message.dead_forwards,
            forwards: message.forwards.into_iter().map(ForwardJson::from).collect(),
        }
    }
}

impl From<ForwardView> for ForwardJson {
    fn from(forward: ForwardView) -> Self {
        Self {
            seq: forward.seq,
            target: forward.target,
            replay: forward.replay,
            attempts: forward.attempt,
            due: time(forward.due),
            delivered_at: forward.delivered_at.map(time),
            dead: forward.dead.map(|reason| reason.as_str()),
            hint: forward.dead.map(|reason| reason.hint()),
            replayed_at: forward.replayed_at.map(time),
            failed_at: forward.failed_at.map(time),
            error: forward.error.filter(|error| !error.is_empty()),
        }
    }
}

impl From<WorkerView> for WorkerJson {
    fn from(worker: WorkerView) -> Self {
        Self {
            id: worker.id,
            name: worker.name,
            entered_at: time(worker.entered_at),
            alive_until: time(worker.alive_until),
            claimed: worker.claimed,
        }
    }
}

impl From<Sample> for SampleJson {
    fn from(sample: Sample) -> Self {
        Self {
            minute: time(sample.minute),
            open: sample.open,
            dead: sample.dead,
            finished: sample.finished,
            messages: sample.messages,
            backlog: sample.backlog,
        }
    }
}

/// Returns the code of a result.
pub(crate) fn selected(result: Selected) -> &'static str {
    match result {
        Selected::Done => "done",
        Selected::Finished => "finished",
        Selected::NotFound => "not_found",
        Selected::NotDead => "not_dead",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_and_never_fail() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1970-01-01T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (i64::MAX, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(time(millis), text);
        }
    }
}
