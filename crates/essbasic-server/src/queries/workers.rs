//! Workers and samples.

use serde::Serialize;

use super::error::QueryError;
use crate::json::{SampleJson, WorkerJson};
use crate::ledger::{Ledger, WorkerId};

/// Samples of 7 days, one per minute.
const MAX_SAMPLES: usize = 10_080;

/// Workers that are alive.
#[derive(Serialize)]
pub(crate) struct WorkersJson {
    pub(crate) workers: Vec<WorkerItemJson>,
}

/// A worker.
#[derive(Serialize)]
pub(crate) struct WorkerItemJson {
    #[serde(flatten)]
    pub(crate) worker: WorkerJson,
    /// True for the worker of this process.
    #[serde(rename = "self")]
    pub(crate) is_own: bool,
}

/// Samples, earliest first.
#[derive(Serialize)]
pub(crate) struct SamplesJson {
    pub(crate) samples: Vec<SampleJson>,
}

/// Returns the workers that are alive. `own` is the worker of this process.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub(crate) async fn workers(
    ledger: &Ledger,
    own: Option<&WorkerId>,
) -> Result<WorkersJson, QueryError> {
    let workers = ledger.workers().await?.into_iter().map(|worker| WorkerItemJson {
        is_own: own.is_some_and(|own| own.as_str() == worker.id),
        worker: worker.into(),
    });
    Ok(WorkersJson { workers: workers.collect() })
}

/// Returns the latest samples since a time, in milliseconds since 1970.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub(crate) async fn samples(ledger: &Ledger, since: i64) -> Result<SamplesJson, QueryError> {
    let samples = ledger.samples(since).await?;
    let skipped = samples.len().saturating_sub(MAX_SAMPLES);
    Ok(SamplesJson { samples: samples.into_iter().skip(skipped).map(SampleJson::from).collect() })
}
