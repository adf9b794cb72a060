//! The archive loop: signed contracts become files, and files become evidence.

mod folder;
mod outcome;

use essbasic::{
    Client, DownloadOptions, FlowErrorKind, FlowStatus, NameTemplate, ReportedFlow, Stop,
};

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
    /// Of contracts that were relieved after every party had signed.
    relieved: DownloadOptions,
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
        let relieved = options.clone().with_any_state();
        Self { client, options, relieved }
    }
}

impl Job for Archiving {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Archive;
    const LIMIT: usize = BATCH;

    async fn work(&self, claimed: &[Claimed]) -> Batch {
        let (mut relieved, signed): (Vec<_>, Vec<_>) =
            claimed.iter().partition(|contract| contract.report.status == FlowStatus::Relieved);
        let mut flows = Vec::new();
        if !signed.is_empty() {
            let ids = signed.iter().map(|contract| contract.flow_id.clone());
            match self.client.download(ids, &self.options).await {
                Ok(report) => flows = report.flows,
                Err(error) => return Batch::Failed(error),
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
            match self.client.download(ids, &self.relieved).await {
                Ok(report) => flows.extend(report.flows),
                Err(error) if flows.is_empty() => return Batch::Failed(error),
                // The results of the others are kept; these are released.
                Err(_) => {}
            }
        }
        Batch::Settled(settlements(claimed, &flows))
    }
}

/// Returns whether the files were not stored only because the contract was relieved after every party had signed.
fn is_relieved(flow: &ReportedFlow) -> bool {
    let is_not_signed =
        flow.error.as_ref().is_some_and(|error| error.kind == FlowErrorKind::NotSigned);
    is_not_signed && flow.status == Some(FlowStatus::Relieved)
}

#[cfg(test)]
mod tests {
    use essbasic::credentials::Credential;
    use essbasic::{Config, agent};
    use essbasic_emulator::{
        APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Status,
    };

    use super::*;
    use crate::ledger::{Outcome, Report};

    #[tokio::test]
    async fn relieved_contracts_are_archived_whether_a_message_reported_it_or_not() {
        let emulator = Emulator::builder().start().unwrap();
        let claimed = [
            ("yDSigned000000000000000000000001", Status::All, FlowStatus::All),
            ("yDRelieved0000000000000000000002", Status::Relieved, FlowStatus::Relieved),
            ("yDRelieved0000000000000000000003", Status::Relieved, FlowStatus::All),
        ]
        .map(|(flow_id, status, reported)| {
            emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, flow_id));
            while emulator.sign(flow_id, None).is_ok() {}
            if status == Status::Relieved {
                emulator.end(flow_id, status, "").unwrap();
            }
            Claimed {
                flow_id: flow_id.to_owned(),
                task: Task::Archive,
                attempt: 1,
                report: Report { status: reported, at: 1 },
                added_at: 0,
            }
        });
        emulator.advance(std::time::Duration::from_secs(60));
        let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
            .with_endpoint_url(&emulator.endpoint())
            .unwrap();
        let client = Client::new(config, agent(APP_ID, ORGANIZATION, OPERATOR)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let archiving = Archiving::new(
            client,
            Folder::open(folder.path()).unwrap(),
            "{flow_id}-{file_index}".parse().unwrap(),
            4,
            Stop::default(),
        );
        let Batch::Settled(settlements) = archiving.work(&claimed).await else { panic!() };
        assert_eq!(settlements.len(), 3);
        for one in settlements {
            let outcome = &one.outcome;
            assert!(matches!(outcome, Outcome::Archived(_)), "{} {outcome:?}", one.flow_id);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
