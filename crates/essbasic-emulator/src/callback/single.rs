//! Single callbacks that are sent on request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::address::Address;
use super::config::Callback;
use super::exchange::post;
use super::log::CallbackLog;
use super::message::{FLOW_STATUS_CHANGE, flow_status_change, last_event};
use super::seal::Seal;
use super::sender::PING;
use crate::state::flow::Flow;

/// Content of a test callback.
pub(crate) struct TestCallback {
    at: Duration,
    /// Contract id and message; `None` for a ping.
    change: Option<(String, Value)>,
}

impl TestCallback {
    pub(crate) fn ping(at: Duration) -> Self {
        Self { at, change: None }
    }

    /// Returns the message of the event that led to the current status of a contract.
    pub(crate) fn status_of(flow: &Flow, now: Duration) -> Self {
        let event = last_event(flow.status(now));
        let message = flow_status_change(flow, event, now);
        Self { at: now, change: Some(((*flow.id).to_owned(), message)) }
    }

    /// Checks the settings, and returns the exchange, which returns the status of the response.
    pub(crate) fn send(
        self,
        callback: &Callback,
        log: &Arc<CallbackLog>,
    ) -> io::Result<impl Future<Output = io::Result<u16>> + Send + 'static> {
        let address = Address::parse(&callback.url, false)?;
        let seal = Seal::of(callback)?;
        let (number, sealed) = match &self.change {
            Some((flow, message)) => {
                let number = log.add(FLOW_STATUS_CHANGE, Some(flow), &address, self.at);
                (number, seal.message(message))
            }
            None => (log.add(PING, None, &address, self.at), seal.ping()),
        };
        let log = Arc::clone(log);
        Ok(async move {
            let result = post(&address, &sealed).await;
            log.record(number, &result);
            log.give_up(number);
            result
                .map(|status| status.as_u16())
                .map_err(|error| io::Error::other(error.to_string()))
        })
    }
}
