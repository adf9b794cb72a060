//! A running emulator, as a test holds it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::api::service::{Service, Stats};
use crate::builder::Builder;
use crate::faults::Fault;
use crate::http::server::Server;
use crate::state::flow::{Refusal, Status, Who};
use crate::state::terms::NewFlow;

/// A running emulator; dropping it stops it and forgets everything.
pub struct Emulator {
    service: Arc<Service>,
    server: Server,
}

impl fmt::Debug for Emulator {
    /// Shows neither keys nor contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl Emulator {
    pub(crate) fn new(service: Arc<Service>, server: Server) -> Self {
        Self { service, server }
    }

    /// How to start one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The URL to call: `http://127.0.0.1:PORT`, or `https` with TLS.
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// The certificate, as PEM, of the authority that clients must trust where it speaks
    /// [TLS](Builder::tls).
    pub fn authority_pem(&self) -> Option<&str> {
        self.server.authority.as_deref()
    }

    /// The ids of all contracts signed by everybody, in the order of their creation.
    pub fn completed_flows(&self) -> Vec<String> {
        let shared = self.service.lock();
        let completed = shared.state.flows().filter(|flow| flow.status(shared.now) == Status::All);
        completed.map(|flow| (*flow.id).to_owned()).collect()
    }

    /// Creates a contract, now. One of the same id is replaced.
    pub fn create_flow(&self, flow: NewFlow) {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.create(flow, now);
    }

    /// Signs for the party of that name, or for the next one.
    ///
    /// # Errors
    /// Where the contract takes no further signature, or another party signs first.
    pub fn sign(&self, flow_id: &str, party: Option<&str>) -> Result<(), Refusal> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.sign(flow_id, Who::named(party), now).map(|_| ())
    }

    /// Refuses for the party of that name, or for the next one, for this reason.
    ///
    /// # Errors
    /// Where the contract takes no further signature.
    pub fn reject(&self, flow_id: &str, party: Option<&str>, reason: &str) -> Result<(), Refusal> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.refuse(flow_id, Who::named(party), reason, now)
    }

    /// Ends a contract otherwise than by its last signature: refused, withdrawn, expired, invalid or
    /// released.
    ///
    /// # Errors
    /// Where that does not lead on from the contract's state.
    pub fn end(&self, flow_id: &str, status: Status, reason: &str) -> Result<(), Refusal> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.end(flow_id, status, reason, now)
    }

    /// Turns the platform's switch for downloads, which holds for sub-organisations that have not
    /// turned their own.
    pub fn set_application_downloads(&self, app_id: &str, on: bool) {
        if let Some(app) = self.service.lock().state.applications.get_mut(app_id) {
            app.downloads = on;
        }
    }

    /// Turns a sub-organisation's own switch: authorised, refused (which wins over the platform's), or
    /// as if never touched.
    pub fn set_organization_downloads(&self, app_id: &str, organization: &str, on: Option<bool>) {
        let mut shared = self.service.lock();
        let app = shared.state.applications.get_mut(app_id);
        if let Some(known) = app.and_then(|app| app.organizations.get_mut(organization)) {
            known.downloads = on;
        }
    }

    /// Moves the clock ahead, at most to the end of the year 9999.
    pub fn advance(&self, by: Duration) {
        self.service.advance(by);
    }

    /// Replaces the faults, and the seed that draws the requests they hit. Faults of handshakes hit only with
    /// TLS. A rate below 0 or NaN never hits, a rate above 1 always does.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>, seed: u64) {
        self.service.faults.set(faults.into_iter().collect(), seed);
    }

    /// The emulator's time, since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.service.clock.now()
    }

    /// What the emulator has done so far.
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// Waits until each message that there was to send by callback is acknowledged or given up, and says
    /// whether that came about in time.
    pub fn callbacks_settled(&self, within: Duration) -> bool {
        self.service.callbacks.wait(within)
    }
}
