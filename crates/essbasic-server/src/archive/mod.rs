//! The archive loop: signed contracts become files, and files become evidence.

mod folder;
mod outcome;

use std::time::Duration;

use essbasic::{Client, DownloadOptions, NameTemplate, Stop};

pub(crate) use self::folder::Folder;

use self::outcome::settlements;
use crate::jobs::{Batch, Job};
use crate::ledger::{Claimed, Task};

/// Contracts of one request for links, the maximum of the service.
const BATCH: usize = 50;

/// Archives contracts.
pub(crate) struct Archiving {
    client: Client,
    options: DownloadOptions,
}

impl Archiving {
    /// Returns the job. A contract always gets the same names, so a second download replaces the same objects.
    pub(crate) fn new(
        client: Client,
        folder: Folder,
        names: NameTemplate,
        concurrency: usize,
        stop: Stop,
    ) -> Self {
        let options = DownloadOptions::to_sink(folder)
            .with_names(names)
            .with_concurrency(concurrency)
            .with_stop(stop);
        Self { client, options }
    }
}

impl Job for Archiving {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Archive;
    const LIMIT: usize = BATCH;

    async fn work(&self, claimed: &[Claimed]) -> Batch {
        let ids = claimed.iter().map(|contract| contract.flow_id.clone());
        match self.client.download(ids, &self.options).await {
            Ok(report) => Batch::Settled(settlements(claimed, &report)),
            Err(error) => Batch::Failed(error),
        }
    }
}

/// Delay before the attempt after this one: 5 s, doubled up to 10 minutes.
fn backoff(attempt: i64) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 8) - 1).unwrap_or_default();
    Duration::from_secs(5).saturating_mul(1 << doublings).min(Duration::from_secs(600))
}

/// Returns the number of milliseconds, for the ledger.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
