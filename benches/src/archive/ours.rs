//! This SDK's archive job, with both drivers.

use essbasic::{ArchiveOptions, ArchiveReport, Client, blocking};

use super::{Job, agent};
use crate::measure::Begun;

pub(super) fn asynchronous(job: &Job) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(job.config(), agent()).unwrap();
        let begun = Begun::now(None);
        tell(&begun, &client.archive(job.ids(), &options(job)).await.unwrap());
    });
}

pub(super) fn blocking(job: &Job) {
    let client = blocking::Client::new(job.config(), agent()).unwrap();
    let begun = Begun::now(None);
    tell(&begun, &client.archive(job.ids(), &options(job)).unwrap());
}

fn options(job: &Job) -> ArchiveOptions {
    ArchiveOptions::to(&job.folder).with_concurrency(job.concurrency)
}

fn tell(begun: &Begun, report: &ArchiveReport) {
    assert!(report.is_complete() && report.saved == report.total, "not all are on disk");
    begun.tell(report.saved);
}
