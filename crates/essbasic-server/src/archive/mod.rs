//! The archive loop: signed contracts become files, and files become evidence.

mod folder;
mod outage;
mod outcome;
mod sink;

use std::time::{Duration, Instant};

use essbasic::{
    Client, DownloadEvent, DownloadOptions, Error, FlowErrorKind, FlowStatus, NameTemplate,
    ReportedFlow, Stop,
};

pub(crate) use self::sink::{PROGRAM, Sink, Unusable};

use self::outage::Outage;
use self::outcome::{Rules, Storage, evidence};
use crate::jobs::{Batch, Job, Progress};
use crate::ledger::{Claimed, Outcome, Task};

/// Contracts of one request for links, the maximum of the service.
const BATCH: usize = 50;

/// Archives contracts.
pub(crate) struct Archiving {
    client: Client,
    sink: Sink,
    options: DownloadOptions,
    /// Of contracts that were relieved after every party had signed.
    relieved: DownloadOptions,
    rules: Rules,
    outage: Outage,
    /// Outages of the destination up to this duration do not pause the loop.
    grace: Duration,
}

impl Archiving {
    /// Returns the job. A contract always gets the same names, so a second download replaces the same objects.
    pub(crate) fn new(
        client: Client,
        sink: Sink,
        names: NameTemplate,
        concurrency: usize,
        max_attempts: i64,
        stop: Stop,
    ) -> Self {
        let options = sink
            .options()
            .with_names(names)
            .with_concurrency(concurrency)
            // The ledger makes contracts due after it.
            .with_settle(Duration::ZERO)
            .with_independent_contracts()
            .with_stop(stop);
        let relieved = options.clone().with_any_state();
        let (rules, outage, grace) = (Rules { max_attempts }, Outage::default(), outage::GRACE);
        Self { client, sink, options, relieved, rules, outage, grace }
    }

    /// Downloads contracts. Returns the results, and the error that ended the download early. Stored contracts are settled at once.
    async fn download(
        &self,
        claimed: &[Claimed],
        progress: &Progress,
    ) -> (Vec<ReportedFlow>, Option<Error>) {
        let [signed_options, relieved_options] =
            [&self.options, &self.relieved].map(|options| observed(options, claimed, progress));
        let (mut relieved, signed): (Vec<_>, Vec<_>) =
            claimed.iter().partition(|contract| contract.report.status == FlowStatus::Relieved);
        let mut flows = Vec::new();
        if !signed.is_empty() {
            let ids = signed.iter().map(|contract| contract.flow_id.clone());
            match self.client.download(ids, &signed_options).await {
                Ok(report) => flows = report.flows,
                Err(error) => return (flows, Some(error)),
            }
        }
        // Those that were relieved since the report.
        let late: Vec<_> = flows.extract_if(.., |flow| is_relieved(flow)).collect();
        relieved.extend(
            signed.into_iter().filter(|contract| {
                late.iter().any(|flow| flow.flow_id.as_str() == contract.flow_id)
            }),
        );
        if !relieved.is_empty() {
            let ids = relieved.into_iter().map(|contract| contract.flow_id.clone());
            match self.client.download(ids, &relieved_options).await {
                Ok(report) => flows.extend(report.flows),
                Err(error) => return (flows, Some(error)),
            }
        }
        (flows, None)
    }

    /// Returns the result of work if no file can be stored, as a check has shown that began at a time.
    fn unusable(
        &self,
        checked: Instant,
        claimed: &[Claimed],
        flows: &[ReportedFlow],
        unusable: Unusable,
    ) -> Batch {
        let is_long = self.outage.failed(checked, Instant::now(), self.grace);
        let settled = self.rules.settlements(claimed, flows, Storage::Unusable);
        let Unusable { cause, is_transient } = unusable;
        if is_long || !is_transient {
            return Batch::Unusable { cause, settled };
        }
        tracing::warn!(cause, task = Self::NAME, "the destination is unavailable");
        Batch::Settled(settled)
    }
}

impl Job for Archiving {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Archive;
    const LIMIT: usize = BATCH;

    async fn work(&self, claimed: &[Claimed], progress: Progress) -> Batch {
        let checked = Instant::now();
        // Without it, files are downloaded that cannot be stored.
        if self.outage.is_possible()
            && let Err(unusable) = self.sink.check().await
        {
            return self.unusable(checked, claimed, &[], unusable);
        }
        let (flows, ended) = self.download(claimed, &progress).await;
        match ended {
            Some(error) if flows.is_empty() => return Batch::Failed(error),
            // The results of the others are kept; these are released.
            _ => {}
        }
        if flows.iter().any(|flow| flow.error.is_none()) {
            self.outage.ended();
        }
        if !flows.iter().any(is_not_stored) {
            return Batch::Settled(self.rules.settlements(claimed, &flows, Storage::Usable));
        }
        // The work before may have been long, and the outage short.
        let checked = Instant::now();
        match self.sink.check().await {
            Err(unusable) => self.unusable(checked, claimed, &flows, unusable),
            // The destination rejects the files of these contracts only, or accepts them again.
            Ok(()) => Batch::Settled(self.rules.settlements(claimed, &flows, Storage::Usable)),
        }
    }
}

/// Returns options that report the progress, and settle each contract when its files are stored.
fn observed(
    options: &DownloadOptions,
    claimed: &[Claimed],
    progress: &Progress,
) -> DownloadOptions {
    let (claimed, progress) = (claimed.to_vec(), progress.clone());
    options.clone().on_event(move |event| {
        progress.advance();
        let DownloadEvent::Saved { flow_id, files, request_id, .. } = event else { return };
        let contract = claimed.iter().find(|one| one.flow_id == flow_id.as_str());
        if let Some(contract) = contract {
            let evidence = evidence(files, request_id);
            progress.settle(contract.settlement(Outcome::Archived(evidence)));
        }
    })
}

/// Returns whether the destination did not accept a file of the contract.
fn is_not_stored(flow: &ReportedFlow) -> bool {
    flow.error.as_ref().is_some_and(|error| error.kind == FlowErrorKind::Destination)
}

/// Returns whether the files were not stored only because the contract was relieved after every party had signed.
fn is_relieved(flow: &ReportedFlow) -> bool {
    let is_not_signed =
        flow.error.as_ref().is_some_and(|error| error.kind == FlowErrorKind::NotSigned);
    is_not_signed && flow.status == Some(FlowStatus::Relieved)
}

#[cfg(test)]
mod tests;
