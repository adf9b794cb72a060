//! The last calls, in memory.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Maximum number of calls.
pub(crate) const MAX_CALLS: usize = 50;

/// Maximum size of a request or a response that is kept, in bytes.
const MAX_KEPT_BYTES: usize = 256 << 10;

/// The last calls.
#[derive(Default)]
pub(crate) struct History {
    last: u64,
    calls: VecDeque<Entry>,
}

/// A call. Bodies that are too large are `null`.
#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    /// Number of the call, from one.
    pub(crate) id: u64,
    /// Time of its end by RFC 3339.
    pub(crate) at: String,
    pub(crate) action: &'static str,
    pub(crate) effect: &'static str,
    pub(crate) ok: bool,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) duration_ms: f64,
    pub(crate) attempts: u32,
    pub(crate) request: Option<Box<RawValue>>,
    pub(crate) response: Option<Box<RawValue>>,
    pub(crate) error: Option<Value>,
}

impl History {
    /// Adds a call and returns its number. At the maximum, the oldest call is forgotten.
    pub(crate) fn add(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.id = self.last;
        entry.request = entry.request.filter(|body| is_small(body));
        entry.response = entry.response.filter(|body| is_small(body));
        if self.calls.len() >= MAX_CALLS {
            self.calls.pop_back();
        }
        self.calls.push_front(entry);
        self.last
    }

    /// Returns the calls, the newest first.
    pub(crate) fn calls(&self) -> Vec<Entry> {
        self.calls.iter().cloned().collect()
    }
}

fn is_small(body: &RawValue) -> bool {
    body.get().len() <= MAX_KEPT_BYTES
}
