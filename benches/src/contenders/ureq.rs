//! ureq by hand.

use std::time::Duration;

use ureq::Agent;

use super::ByHand;
use crate::measure::{self, Load};
use crate::plain;

const LIMIT: Duration = Duration::from_secs(60);

/// That keeps so many connections.
pub(crate) fn agent(connections: usize) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        // A limit of the whole call would have ureq start a thread for each, to resolve the name.
        .timeout_connect(Some(LIMIT))
        .timeout_send_request(Some(LIMIT))
        .timeout_recv_response(Some(LIMIT))
        .timeout_recv_body(Some(LIMIT))
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections);
    config.build().into()
}

pub(super) fn run(load: &Load) {
    let agent = agent(load.concurrency);
    let caller = || {
        let (agent, mut by_hand) = (agent.clone(), ByHand::new(load));
        move || {
            let request = by_hand.request::<Vec<u8>>()?;
            Ok(plain::flows(&agent.run(request)?.body_mut().read_to_vec()?)?)
        }
    };
    measure::blocking(load, (0..load.concurrency).map(|_| caller()).collect());
}
