//! Targets of forwards and their health.

use std::collections::BTreeSet;

use serde::Serialize;

use super::error::QueryError;
use crate::config::Forward;
use crate::json::time;
use crate::ledger::{Ledger, TargetHealth};

/// A configured target.
#[derive(Clone)]
pub(crate) struct TargetInfo {
    pub(crate) name: String,
    /// Host of the URL, with the port. The rest of the URL may contain a secret.
    pub(crate) host: String,
    pub(crate) types: Vec<String>,
}

impl From<&Forward> for TargetInfo {
    fn from(forward: &Forward) -> Self {
        let rest = forward.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
        Self { name: forward.name.clone(), host, types: forward.types.clone() }
    }
}

/// Targets.
#[derive(Serialize)]
pub(crate) struct TargetsJson {
    pub(crate) targets: Vec<TargetJson>,
}

/// A target and its health.
#[derive(Serialize)]
pub(crate) struct TargetJson {
    pub(crate) name: String,
    pub(crate) host: Option<String>,
    pub(crate) types: Vec<String>,
    pub(crate) backlog: i64,
    pub(crate) dead: i64,
    /// `ok`, `failing` or `idle`.
    pub(crate) state: &'static str,
    pub(crate) last_delivered_at: Option<String>,
    pub(crate) last_error: Option<String>,
    /// Time of `last_error`.
    pub(crate) last_error_at: Option<String>,
    pub(crate) configured: bool,
}

/// Returns the configured targets, in their order, and then others that have forwards.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub(crate) async fn targets(
    ledger: &Ledger,
    configured: &[TargetInfo],
) -> Result<TargetsJson, QueryError> {
    let counts = ledger.counts().await?;
    let known: BTreeSet<&String> = configured.iter().map(|target| &target.name).collect();
    let others: BTreeSet<&String> = counts
        .forward_backlog
        .keys()
        .chain(counts.forward_dead.keys())
        .filter(|name| !known.contains(name))
        .collect();
    let names = configured.iter().map(|target| &target.name).chain(others);
    let views =
        ledger.target_health(names.take(crate::ledger::limits::MAX_BATCH).cloned().collect());
    let targets = views.await?.into_iter().map(|view| {
        let info = configured.iter().find(|target| target.name == view.name);
        let backlog = counts.forward_backlog.get(&view.name).copied().unwrap_or(0);
        TargetJson {
            host: info.map(|info| info.host.clone()),
            types: info.map(|info| info.types.clone()).unwrap_or_default(),
            backlog,
            dead: counts.forward_dead.get(&view.name).copied().unwrap_or(0),
            state: state(&view, backlog),
            last_delivered_at: view.delivered_at.map(time),
            last_error_at: view.failed_at.map(time),
            last_error: view.error.filter(|error| !error.is_empty()),
            configured: info.is_some(),
            name: view.name,
        }
    });
    Ok(TargetsJson { targets: targets.collect() })
}

/// Returns the state of a target: `failing` after a failure until the next delivery, and `idle` if nothing was forwarded lately.
fn state(view: &TargetHealth, backlog: i64) -> &'static str {
    match (view.failed_at, view.delivered_at) {
        (Some(failed_at), delivered_at) if delivered_at.is_none_or(|at| at <= failed_at) => {
            "failing"
        }
        (_, None) if backlog == 0 => "idle",
        _ => "ok",
    }
}
