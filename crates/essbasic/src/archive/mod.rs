//! An archive: any number of contracts to files, over as many runs as it takes.

mod intake;
mod journal;
mod options;
mod report;

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use essbasic_models::Agent;
use tc3_client::Now;

use self::intake::{Intake, Shared, digest};
use self::journal::{Header, Journal, Record};
pub use self::options::{ArchiveOptions, Shard};
pub use self::report::{ArchiveReport, ArchivedFlow};
use crate::download::{DownloadEvent, FileNames, Job, Policy, ReportedFlow};
use crate::error::{Error, FlowErrorKind};
use crate::next::Next;

/// Calls in a row that may fail before their contracts do: with the pauses between them, some minutes.
const PATIENCE: u32 = 8;

/// How long to wait before contracts that failed for passing reasons are tried anew.
const PAUSE: Duration = Duration::from_secs(5);

/// An archive job between its downloads: knows what is done, and keeps what gets done.
pub(crate) struct Archive {
    agent: Agent,
    options: ArchiveOptions,
    intake: Shared,
    journal: Journal,
    /// Names that are given out.
    names: Option<FileNames>,
    /// Contracts to be tried anew.
    again: Vec<(usize, String)>,
    /// How many times that has been done.
    tries: u32,
    saved: u64,
    failed: u64,
    bytes: u64,
    /// What has kept the journal from being written.
    failure: Option<io::Error>,
}

impl Archive {
    /// Reads the journal and makes the folder ready.
    pub(crate) fn begin(
        agent: Agent,
        ids: Box<dyn Iterator<Item = String> + Send>,
        options: ArchiveOptions,
    ) -> Result<Self, Error> {
        let target = options.download.target();
        target.prepare()?;
        let header = Header {
            essbasic_archive: 1,
            app_id: agent.app_id.clone(),
            organization: agent.proxy_organization_open_id.clone().unwrap_or_default(),
            shard: options.shard.to_string(),
            store: target.identity(),
        };
        let path = options.journal_path();
        let (mut done, mut names) =
            (HashSet::new(), FileNames::new(options.download.names.clone()));
        // By a template of names alone, a file could be called as the journal is, and replace it.
        for ours in journal::names(&path) {
            names.take(&ours);
        }
        let names_of = target.clone();
        let settle = move || names_of.sync_names();
        let journal = Journal::open(&path, &header, settle, |record| {
            let here = target.holds(&record.files);
            if here {
                done.insert(digest(&record.flow_id));
                for (name, _) in &record.files {
                    names.take(name);
                }
            }
            here
        });
        let journal = journal.map_err(|error| Error::folder(&path, error))?;
        // Nobody else is at work here: the journal is ours.
        target.clear_leftovers()?;
        let teller = options.download.clone();
        let kept = move |flow_id: &str| teller.tell(DownloadEvent::Kept { flow_id });
        let intake = Shared::new(Intake::new(ids, options.shard, done, kept));
        Ok(Self {
            agent,
            options,
            intake,
            journal,
            names: Some(names),
            again: Vec::new(),
            tries: 0,
            saved: 0,
            failed: 0,
            bytes: 0,
            failure: None,
        })
    }

    /// Returns the next download, with the pause before it.
    pub(crate) fn next_job(&mut self) -> Next<(Duration, Job)> {
        let (names, pause) = match self.names.take() {
            None => return Next::Done,
            Some(names) if self.tries == 0 => (names, Duration::ZERO),
            Some(_) if self.again.is_empty() || self.options.download.stop.is_stopped() => {
                return Next::Done;
            }
            Some(names) => (names, PAUSE),
        };
        let source: Box<dyn Iterator<Item = (usize, String)> + Send> = match self.tries {
            0 => Box::new(self.intake.clone()),
            _ => Box::new(std::mem::take(&mut self.again).into_iter()),
        };
        self.tries += 1;
        let check = self.options.check.then_some(self.options.settle);
        let policy = Policy { check, patience: PATIENCE, names_later: true, ..Policy::default() };
        let options = self.options.download.clone();
        let job = Job::streaming(self.agent.clone(), source, options, policy, names);
        Next::Step((pause, job))
    }

    /// Keeps what has ended in a job since the last time.
    pub(crate) fn keep(&mut self, job: &mut Job) {
        for (place, flow) in job.take_ended() {
            if let Err(error) = self.keep_one(place, &flow) {
                let path = self.options.journal_path();
                self.failure.get_or_insert(error);
                job.stop(Error::folder(&path, io::ErrorKind::Other.into()));
            }
        }
    }

    fn keep_one(&mut self, place: usize, flow: &ReportedFlow) -> io::Result<()> {
        let passing = |kind| {
            use FlowErrorKind::{Call, Content, Link, Missing, Network, Store};
            matches!(kind, Call | Content | Network | Link | Missing | Store)
        };
        match &flow.error {
            Some(error)
                if self.tries <= self.options.second_tries
                    && passing(error.kind)
                    && !self.options.download.stop.is_stopped() =>
            {
                self.again.push((place, flow.flow_id.clone()));
                return Ok(());
            }
            Some(_) => self.failed += 1,
            None => self.saved += 1,
        }
        self.bytes += flow.files.iter().map(|file| file.bytes).sum::<u64>();
        self.journal.add(&Record::of(flow))
    }

    /// A job has ended, well or not.
    pub(crate) fn end_job(&mut self, mut job: Job) -> Result<(), Error> {
        self.keep(&mut job);
        if let Some(error) = self.failure.take() {
            return Err(Error::folder(&self.options.journal_path(), error));
        }
        self.names = Some(job.into_names()?);
        Ok(())
    }

    pub(crate) fn finish(self, began: Now, now: Now) -> Result<ArchiveReport, Error> {
        let path = self.options.journal_path();
        let journal = self.journal.close().map_err(|error| Error::folder(&path, error))?;
        let counts = self.intake.lock().counts;
        Ok(ArchiveReport {
            total: counts.total,
            already: counts.already,
            saved: self.saved,
            failed: self.failed,
            bytes: self.bytes,
            stopped: self.options.download.stop.is_stopped(),
            took: now.monotonic.saturating_sub(began.monotonic),
            journal,
        })
    }
}
