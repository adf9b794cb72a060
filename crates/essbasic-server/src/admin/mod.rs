//! The admin listener: the page, its API, and the Explorer below `/explorer/`, behind one guard.

mod arguments;
mod assets;
mod error;
mod explorer;
mod guarded;
mod routes;
mod settings;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

pub(crate) use self::explorer::explorer;
pub(crate) use self::guarded::check_host;
pub(crate) use self::settings::AdminSettings;
pub(crate) use self::token::AdminToken;

use crate::ledger::{Ledger, WorkerId};
use crate::ops::Ops;
use crate::queries::TargetInfo;
use crate::worker::Incarnation;

/// Path of the Explorer.
const EXPLORER: &str = "/explorer";

/// State of the API.
pub(crate) struct Admin {
    pub(crate) ledger: Ledger,
    pub(crate) targets: Vec<TargetInfo>,
    /// Requests per second and action.
    pub(crate) per_action: usize,
    /// Window of the rate, in milliseconds.
    pub(crate) window: i64,
    /// Whether the page may change contracts.
    pub(crate) is_writable: bool,
    pub(crate) ops: Arc<Ops>,
    /// The worker of this process.
    pub(crate) incarnation: Incarnation,
}

/// The state, as an argument of a route.
type Shared = axum::extract::State<Arc<Admin>>;

impl Admin {
    fn own(&self) -> Option<WorkerId> {
        self.incarnation.current()
    }
}
