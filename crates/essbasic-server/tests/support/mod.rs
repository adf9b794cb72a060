//! Stores of the tests.

pub(crate) mod postgres;

use essbasic::FlowStatus;
use essbasic_server::ledger::{Claim, Message, Report, Task};

/// Lease of the tests, in milliseconds.
pub(crate) const LEASE: i64 = 60_000;

pub(crate) fn claim(task: Task, limit: usize) -> Claim {
    Claim { task, limit, max_attempts: 10 }
}

/// Returns a message without targets that reports a status.
pub(crate) fn reports(id: &str, flow_id: &str, status: FlowStatus, at: i64) -> Message {
    Message {
        id: id.to_owned(),
        kind: "FlowStatusChange".to_owned(),
        flow_id: Some(flow_id.to_owned()),
        report: Some(Report { status, at }),
        targets: Vec::new(),
        body: None,
    }
}
