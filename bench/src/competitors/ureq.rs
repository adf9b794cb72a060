//! Hand-written calls over ureq.

use std::time::Duration;

use ureq::Agent;

use super::Manual;
use crate::measure::{self, Load};
use crate::plain;

const TIMEOUT: Duration = Duration::from_secs(60);

/// Returns an agent that keeps up to `connections` connections.
pub(crate) fn agent(connections: usize) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        // With a timeout for the whole call, ureq starts a thread per call to resolve the name.
        .timeout_connect(Some(TIMEOUT))
        .timeout_send_request(Some(TIMEOUT))
        .timeout_recv_response(Some(TIMEOUT))
        .timeout_recv_body(Some(TIMEOUT))
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections);
    config.build().into()
}

pub(super) fn run(load: &Load) {
    let agent = agent(load.concurrency);
    let caller = || {
        let (agent, mut manual) = (agent.clone(), Manual::new(load));
        move || {
            let request = manual.request::<Vec<u8>>()?;
            Ok(plain::flows(&agent.run(request)?.body_mut().read_to_vec()?)?)
        }
    };
    measure::blocking(load, (0..load.concurrency).map(|_| caller()).collect());
}
