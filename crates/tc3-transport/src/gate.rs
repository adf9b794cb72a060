//! Withdrawal of requests that are not sent yet.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Size of a request body, in bytes, above which it is sent only after the server had the opportunity to refuse the headers
/// (`Expect: 100-continue`).
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
pub(crate) const EXPECT_CONTINUE: usize = 1 << 20;

/// No transport has announced that it asks before it sends the body.
const UNWATCHED: u8 = 0;
/// A transport is connecting.
const WAITING: u8 = 1;
/// The body is being sent, or has been sent.
const SENT: u8 = 2;
/// The request was withdrawn.
const CLOSED: u8 = 3;

/// A gate that the body of a request passes once the connection is established. Clones share one state.
///
/// The caller can [close](Self::close) it as long as nothing of the body has been sent, so that no server executes the
/// request later. A transport calls [`watch`](Self::watch) first and [`pass`](Self::pass) before it sends the body, as those
/// of this crate do. With a transport that does not, the gate cannot be closed.
#[derive(Clone, Default)]
pub struct SendGate(Arc<AtomicU8>);

impl SendGate {
    /// Closes the gate if the body has not passed it. Returns whether the gate is closed, which means that the request
    /// is never executed.
    pub fn close(&self) -> bool {
        let (success, failure) = (Ordering::SeqCst, Ordering::SeqCst);
        match self.0.compare_exchange(WAITING, CLOSED, success, failure) {
            Ok(_) => true,
            Err(state) => state == CLOSED,
        }
    }

    /// Returns whether the gate can be closed, or is closed.
    pub fn can_close(&self) -> bool {
        matches!(self.0.load(Ordering::SeqCst), WAITING | CLOSED)
    }

    /// Announces that the transport calls [`pass`](Self::pass) before it sends the body.
    pub fn watch(&self) {
        let (success, failure) = (Ordering::SeqCst, Ordering::SeqCst);
        // An error means that a clone of the request was sent before.
        let _ = self.0.compare_exchange(UNWATCHED, WAITING, success, failure);
    }

    /// Returns whether the body may be sent, after which the gate cannot be closed.
    pub fn pass(&self) -> bool {
        let update = |state| (state != CLOSED).then_some(SENT);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, update).is_ok()
    }
}

impl fmt::Debug for SendGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendGate").field("can_close", &self.can_close()).finish()
    }
}

/// The gate is closed.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed;

#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was withdrawn")
    }
}

#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
impl core::error::Error for Closed {}

/// The body of a request as ureq reads it. It passes the gate when it is read.
#[cfg(feature = "ureq")]
pub(crate) struct GatedReader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) gate: &'a SendGate,
}

#[cfg(feature = "ureq")]
impl std::io::Read for GatedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.gate.pass() {
            true => self.bytes.read(buffer),
            false => Err(std::io::Error::other(Closed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_closes_only_between_the_announcement_and_the_body() {
        let gate = SendGate::default();
        assert!(!gate.can_close() && !gate.close(), "no transport asks it");
        gate.watch();
        assert!(gate.can_close());
        let other = gate.clone();
        assert!(gate.close() && gate.close() && other.can_close());
        assert!(!other.pass());
        // A clone of the request may be sent again.
        gate.watch();
        assert!(!other.pass());

        let gate = SendGate::default();
        gate.watch();
        assert!(gate.pass());
        assert!(gate.pass());
        gate.watch();
        assert!(!gate.can_close() && !gate.close());
        assert!(gate.pass());
    }
}
