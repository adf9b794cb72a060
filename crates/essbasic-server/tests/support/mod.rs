//! Stores of the tests.

pub(crate) mod postgres;

use essbasic::FlowStatus;
use essbasic_server::ledger::{Claim, Ledger, ManualClock, Message, Report, Task, WorkerId};

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

/// Day in milliseconds.
pub(crate) const DAY: i64 = 24 * 3_600_000;

/// Returns an empty ledger in memory, and its clock.
pub(crate) fn ledger() -> (Ledger, ManualClock) {
    let clock = ManualClock::at(1_800_000_000_000);
    (Ledger::in_memory().with_clock(clock.clone()), clock)
}

/// Enters a worker.
pub(crate) async fn enter(ledger: &Ledger) -> WorkerId {
    ledger.enter("worker", LEASE).await.unwrap().0
}

/// Returns a message that is forwarded to `target`.
pub(crate) fn forwarded(id: &str, flow_id: &str) -> Message {
    let mut message = reports(id, flow_id, FlowStatus::Part, 1);
    message.targets = vec!["target".to_owned()];
    message.body = Some(b"ciphertext".to_vec());
    message
}
