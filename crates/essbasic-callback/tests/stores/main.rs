//! Receivers that share a message store: in memory, and in a file outside of the process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

mod contract;
mod file_store;
mod model;
mod outcomes;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic_callback::Message;

/// Lease of each claim in these tests.
const LEASE: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_146_600 + seconds)
}

fn message(msg_id: &str) -> Message {
    Message::from_json(format!(r#"{{"MsgId":"{msg_id}","MsgType":"OrgAuth"}}"#)).unwrap()
}
