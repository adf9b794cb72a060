//! The archive job of this SDK, async and blocking.

use essbasic::{ArchiveOptions, ArchiveReport, Client, blocking};

use super::{Job, agent};
use crate::measure::Meter;

pub(super) fn asynchronous(job: &Job) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(job.config(), agent()).unwrap();
        let meter = Meter::start(None);
        print(&meter, &client.archive(job.ids(), &options(job)).await.unwrap());
    });
}

pub(super) fn blocking(job: &Job) {
    let client = blocking::Client::new(job.config(), agent()).unwrap();
    let meter = Meter::start(None);
    print(&meter, &client.archive(job.ids(), &options(job)).unwrap());
}

fn options(job: &Job) -> ArchiveOptions {
    ArchiveOptions::to(&job.folder).with_concurrency(job.concurrency)
}

fn print(meter: &Meter, report: &ArchiveReport) {
    assert!(report.is_complete() && report.saved == report.total, "contracts are missing");
    meter.print(report.saved);
}
