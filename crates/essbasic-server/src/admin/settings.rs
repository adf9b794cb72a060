//! Settings of the admin listener, from the configuration.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use essbasic_explorer::Mount;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::token::AdminToken;
use super::{Admin, guarded};
use crate::config::Config;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::ops::Ops;
use crate::pace::window;
use crate::queries::TargetInfo;
use crate::worker::Incarnation;

/// Time for calls of the Explorer in flight at the end of the process.
const CALLS: Duration = Duration::from_secs(10);

/// Settings of the admin listener.
pub(crate) struct AdminSettings {
    pub(crate) token: AdminToken,
    targets: Vec<TargetInfo>,
    per_action: usize,
    window: i64,
    is_writable: bool,
    allowed_hosts: Vec<String>,
    explorer: Mount,
}

impl AdminSettings {
    /// Opens the token.
    ///
    /// # Errors
    /// Returns an error that names the key of the configuration.
    pub(crate) fn new(config: &Config, explorer: Mount) -> Result<Self, Failure> {
        Ok(Self {
            token: AdminToken::open(config)?,
            targets: config.forward.iter().map(TargetInfo::from).collect(),
            per_action: config.rate.per_action as usize,
            window: window(config.rate.margin),
            is_writable: config.admin.writable,
            allowed_hosts: config.admin.allowed_hosts.clone(),
            explorer,
        })
    }

    /// Returns a future that completes when no call of the Explorer is in flight that may change data: its outcome must reach the page.
    pub(crate) fn idle(&self) -> impl Future<Output = ()> + Send + 'static {
        let explorer = self.explorer.clone();
        async move { drop(timeout(CALLS, explorer.idle()).await) }
    }

    /// Returns the routes of the listener, behind its guard.
    ///
    /// # Errors
    /// Returns an error if the system does not report the address of the listener.
    pub(crate) fn router(
        self,
        listener: &TcpListener,
        ledger: Ledger,
        ops: Arc<Ops>,
        incarnation: Incarnation,
    ) -> Result<Router, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(format!("admin.listen: {error}"));
        let port = listener.local_addr().map_err(|error| failed(&error))?.port();
        let admin = Admin {
            ledger,
            targets: self.targets,
            per_action: self.per_action,
            window: self.window,
            is_writable: self.is_writable,
            ops,
            incarnation,
        };
        guarded::router(admin, &self.explorer, port, self.token.token, &self.allowed_hosts)
            .map_err(|error| failed(&error))
    }
}
