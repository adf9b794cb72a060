//! Handle of a running emulator.

mod for_tests;
pub(crate) mod inspection;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::api::service::{Service, Stats};
use crate::faults::fault::Fault;
use crate::http::server::Server;
use crate::state::flow::{Signer, Status, TransitionError};
use crate::state::terms::NewFlow;

/// Running emulator. Dropping it stops the server and discards all data.
pub struct Emulator {
    service: Arc<Service>,
    server: Server,
}

impl fmt::Debug for Emulator {
    /// Omits keys and data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl Emulator {
    pub(crate) fn new(service: Arc<Service>, server: Server) -> Self {
        Self { service, server }
    }

    /// Returns the endpoint URL: `http://127.0.0.1:PORT`, or `https` with TLS.
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// Returns the certificate of the authority that clients must trust, as PEM; `None` without
    /// TLS (`Builder::with_tls`).
    pub fn authority_pem(&self) -> Option<&str> {
        self.server.authority.as_deref()
    }

    /// Returns the ids of all completed contracts in the order of their creation.
    pub fn completed_flows(&self) -> Vec<String> {
        let shared = self.service.lock();
        let completed = shared.state.flows().filter(|flow| flow.status(shared.now) == Status::All);
        completed.map(|flow| (*flow.id).to_owned()).collect()
    }

    /// Creates a contract at the current time. A contract with the same id is replaced.
    pub fn create_flow(&self, flow: NewFlow) {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.create(flow, now);
    }

    /// Signs for the party with this name, or for the next party.
    ///
    /// # Errors
    /// Returns [`TransitionError`] if the contract or the party does not exist, or the contract has ended. Returns it
    /// also if the deadline of the party has passed, or if another party must sign first.
    pub fn sign(&self, flow_id: &str, party: Option<&str>) -> Result<(), TransitionError> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.sign(flow_id, Signer::named(party), now).map(|_| ())
    }

    /// Rejects the contract for the party with this name, or for the next party.
    ///
    /// # Errors
    /// Returns [`TransitionError`] if the contract or the party does not exist, or the contract has ended.
    pub fn reject(
        &self,
        flow_id: &str,
        party: Option<&str>,
        reason: &str,
    ) -> Result<(), TransitionError> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.reject(flow_id, Signer::named(party), reason, now)
    }

    /// Ends a contract with a status other than [`Status::All`].
    ///
    /// # Errors
    /// Returns [`TransitionError`] if the contract does not exist, or if its status does not allow this end.
    pub fn end(&self, flow_id: &str, status: Status, reason: &str) -> Result<(), TransitionError> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.end(flow_id, status, reason, now)
    }

    /// Sets the download permission of an application. It applies to sub-organizations without a permission of
    /// their own.
    pub fn set_application_downloads(&self, app_id: &str, on: bool) {
        if let Some(app) = self.service.lock().state.applications.get_mut(app_id) {
            app.downloads = on;
        }
    }

    /// Sets the download permission of a sub-organization, which overrides that of the application. `None` removes
    /// it.
    pub fn set_organization_downloads(&self, app_id: &str, organization: &str, on: Option<bool>) {
        let mut shared = self.service.lock();
        let app = shared.state.applications.get_mut(app_id);
        if let Some(known) = app.and_then(|app| app.organizations.get_mut(organization)) {
            known.downloads = on;
        }
    }

    /// Advances the clock, at most to the end of the year 9999.
    pub fn advance(&self, by: Duration) {
        self.service.advance(by);
    }

    /// Replaces the faults, and the seed by which the hit requests are drawn.
    ///
    /// Faults of handshakes have no effect without TLS. A rate below 0 or NaN never hits, a rate above 1 always
    /// does.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>, seed: u64) {
        self.service.faults.set(faults.into_iter().collect(), seed);
    }

    /// Returns the time of the emulator's clock since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.service.clock.now()
    }

    /// Returns the statistics since the start.
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// Waits until each callback is acknowledged or given up; returns `false` after the timeout.
    pub fn wait_for_callbacks(&self, timeout: Duration) -> bool {
        self.service.callbacks.wait(timeout)
    }
}
