//! The rate of requests of all replicas.

use serde::Serialize;

use super::error::QueryError;
use crate::ledger::{Ledger, Pace};

/// Second in milliseconds.
const SECOND_MS: i64 = 1_000;

/// Used and free moments.
#[derive(Serialize)]
pub(crate) struct RateJson {
    pub(crate) per_action: usize,
    pub(crate) actions: Vec<ActionJson>,
}

/// Moments of an action.
#[derive(Serialize)]
pub(crate) struct ActionJson {
    pub(crate) action: String,
    /// Moments of the last second.
    pub(crate) used: usize,
    /// Moments that can be booked now.
    pub(crate) free: usize,
}

/// Returns the moments of each action. `limit` requests are allowed in `window` milliseconds.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub(crate) async fn rate(
    ledger: &Ledger,
    limit: usize,
    window: i64,
) -> Result<RateJson, QueryError> {
    let booked = ledger.paces().await?;
    let now = booked.now;
    let actions = booked.actions.into_iter().map(|(action, moments)| {
        let last = now.saturating_sub(SECOND_MS)..=now;
        let used = moments.iter().filter(|moment| last.contains(moment)).count();
        let pace = Pace { action, count: limit, limit, window, delay: 0, horizon: 0 };
        let free = pace.free(moments, now);
        ActionJson { action: pace.action, used, free }
    });
    Ok(RateJson { per_action: limit, actions: actions.collect() })
}
