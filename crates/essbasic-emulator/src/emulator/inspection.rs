//! Inspection of a running emulator, and test callbacks.

use std::io;

use bytes::Bytes;

use super::Emulator;
use crate::callback::config::Callback;
use crate::callback::log::CallbackEntry;
use crate::callback::single::TestCallback;
use crate::faults::fault::Fault;
use crate::limits;
use crate::pdf;
use crate::state::flow::{FlowInfo, TransitionError};

/// Contracts that match a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowList {
    /// Number of all contracts that match.
    pub total: usize,
    /// Newest matching contracts, newest first.
    pub flows: Vec<FlowInfo>,
}

impl Emulator {
    /// Returns the newest contracts whose id or title contains `filter`, at most `limit`. An empty filter matches
    /// all.
    pub fn flows(&self, filter: &str, limit: usize) -> FlowList {
        let shared = self.service.lock();
        let mut matching = shared.state.flows().rev().filter(|flow| {
            filter.is_empty() || flow.id.contains(filter) || flow.terms.name.contains(filter)
        });
        let flows: Vec<_> =
            matching.by_ref().take(limit).map(|flow| flow.info(shared.now)).collect();
        FlowList { total: flows.len() + matching.count(), flows }
    }

    /// Returns a contract of any organization; `None` if it does not exist.
    pub fn flow(&self, flow_id: &str) -> Option<FlowInfo> {
        let shared = self.service.lock();
        shared.state.flow(flow_id).map(|flow| flow.info(shared.now))
    }

    /// Returns the bytes of the contract's file as a link that is created now returns them; `None` if the contract does not
    /// exist. Not a download of the statistics.
    pub fn file(&self, flow_id: &str) -> Option<Bytes> {
        let (flow, now) = {
            let shared = self.service.lock();
            (shared.state.flow(flow_id)?.clone(), shared.now)
        };
        // Without the lock: the composition takes time.
        Some(pdf::file(&flow, flow.composed_signatures(now), self.service.pdf_size))
    }

    /// Returns the current faults with their remaining hits.
    pub fn faults(&self) -> Vec<Fault> {
        self.service.faults.current()
    }

    /// Returns how many seconds of the emulator's clock pass per real second.
    pub fn speed(&self) -> f64 {
        self.service.clock.speed()
    }

    /// Sets the speed of the clock, as [`Builder::with_speed`](crate::Builder::with_speed) does.
    ///
    /// # Errors
    /// Returns an error of kind [`io::ErrorKind::InvalidInput`] if the speed is not between 0 and
    /// [`Builder::MAX_SPEED`](crate::Builder::MAX_SPEED).
    pub fn set_speed(&self, speed: f64) -> io::Result<()> {
        limits::speed(speed).map_err(limits::invalid)?;
        self.service.set_speed(speed);
        Ok(())
    }

    /// Returns the last 200 callbacks with their outcomes, newest first.
    pub fn callbacks(&self) -> Vec<CallbackEntry> {
        self.service.callback_log.newest_first()
    }

    /// Sends one callback now, in one attempt: the status of a contract, or a ping without a contract. Returns the
    /// HTTP status of the receiver's response. Works with any runtime.
    ///
    /// The receiver must be on this machine. The message is encrypted and signed by the key and the token of
    /// `callback`, whose other options do not apply. It is in the log, but not in the statistics.
    ///
    /// # Errors
    /// Returns an error of kind
    /// - [`io::ErrorKind::InvalidInput`] if the URL, the key or the token is invalid, with
    ///   [`NotLoopback`](crate::NotLoopback) as cause if the receiver is not on this machine,
    /// - [`io::ErrorKind::NotFound`] if the contract does not exist.
    ///
    /// Returns an error of another kind if the receiver did not respond.
    pub async fn send_callback(
        &self,
        callback: &Callback,
        flow_id: Option<&str>,
    ) -> io::Result<u16> {
        let message = {
            let shared = self.service.lock();
            match flow_id.map(|id| shared.state.flow(id)) {
                Some(Some(flow)) => TestCallback::status_of(flow, shared.now),
                Some(None) => {
                    let error = TransitionError::NoSuchFlow;
                    return Err(io::Error::new(io::ErrorKind::NotFound, error));
                }
                None => TestCallback::ping(shared.now),
            }
        };
        let send = message.send(callback, &self.service.callback_log)?;
        // The exchange requires the emulator's runtime.
        self.server.spawn(send).await.map_err(io::Error::other)?
    }
}
