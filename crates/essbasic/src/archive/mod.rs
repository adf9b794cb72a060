//! An archive: any number of contracts to files, over as many runs as it takes.

mod intake;
mod journal;
mod options;
mod recovery;
mod report;

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::Duration;

use essbasic_models::Agent;
use tc3_client::Now;

use self::intake::{Intake, Shared};
use self::journal::{Header, Journal, Record, VERSION};
pub use self::options::{ArchiveOptions, Shard};
use self::recovery::Recovery;
pub use self::report::{ArchiveReport, ArchivedFlow};
use crate::download::{DownloadEvent, FileNames, Job, Policy, ReportedFlow};
use crate::error::{Error, FlowErrorKind};
use crate::next::Next;

/// Calls in a row that may fail before their contracts do: with the pauses between them, some minutes.
const PATIENCE: u32 = 8;

/// Most rounds after the first, whatever the options say.
const MAX_SECOND_TRIES: u32 = 100;

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
    /// Their failures, until they end otherwise.
    retried: HashMap<String, Record>,
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
        options.check()?;
        let target = options.download.target();
        target.prepare()?;
        let path = options.journal_path();
        let mut names = FileNames::of_archive(options.download.names.clone(), &target);
        // By a template of names only, a file could have the journal's.
        for ours in journal::names(&path) {
            names.take(&ours);
        }
        let mut recovery = Recovery {
            target: target.clone(),
            shared: options.is_shared(),
            verify: options.verify,
            stop: options.download.stop.clone(),
            done: HashSet::new(),
            names,
            unfinished: HashMap::new(),
        };
        let job = journal::Job {
            header: Header {
                essbasic_archive: VERSION,
                app_id: agent.app_id.clone(),
                organization: agent.proxy_organization_open_id.clone().unwrap_or_default(),
                shard: options.shard.to_string(),
                store: target.identity(),
            },
            store_v1: target.identity_v1(),
        };
        let names_of = target.clone();
        let settle = move || names_of.sync_names();
        let journal = Journal::open(&path, &job, settle, &mut recovery);
        let journal = journal.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => Error::Stopped,
            _ => Error::folder(&path, error),
        })?;
        target.remove_orphans()?;
        let mut names = recovery.names;
        names.record_in(journal.ledger());
        let teller = options.download.clone();
        let kept = move |flow_id: &str| teller.tell(DownloadEvent::AlreadySaved { flow_id });
        let intake = Shared::new(Intake::new(ids, options.shard, recovery.done, kept));
        Ok(Self {
            agent,
            options,
            intake,
            journal,
            names: Some(names),
            again: Vec::new(),
            retried: HashMap::new(),
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
        self.tries = self.tries.saturating_add(1);
        let is_checked = self.options.check && !self.options.download.any_state;
        let check = is_checked.then_some(self.options.settle);
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
        let record = Record::of(flow);
        match &flow.error {
            Some(error)
                if self.tries <= self.options.retry_rounds.min(MAX_SECOND_TRIES)
                    && passing(error.kind)
                    && !self.options.download.stop.is_stopped() =>
            {
                self.again.push((place, flow.flow_id.clone()));
                self.retried.insert(flow.flow_id.clone(), record);
                return Ok(());
            }
            Some(_) => self.failed += 1,
            None => self.saved += 1,
        }
        self.retried.remove(&flow.flow_id);
        self.bytes += flow.files.iter().map(|file| file.bytes).sum::<u64>();
        self.journal.add(&record)
    }

    /// A job has ended, well or not.
    pub(crate) fn end_job(&mut self, mut job: Job) -> Result<(), Error> {
        self.keep(&mut job);
        if let Some(error) = self.failure.take().or_else(|| self.journal.check().err()) {
            return Err(Error::folder(&self.options.journal_path(), error));
        }
        self.names = Some(job.into_names()?);
        Ok(())
    }

    pub(crate) fn finish(mut self, began: Now, now: Now) -> Result<ArchiveReport, Error> {
        let path = self.options.journal_path();
        // Contracts that were to be tried again when the job was stopped.
        for (_, record) in std::mem::take(&mut self.retried) {
            self.failed += 1;
            self.bytes += record.files.iter().map(|file| file.1).sum::<u64>();
            self.journal.add(&record).map_err(|error| Error::folder(&path, error))?;
        }
        let journal = self.journal.close().map_err(|error| Error::folder(&path, error))?;
        let stopped = self.options.download.stop.is_stopped();
        let mut intake = self.intake.lock();
        if stopped {
            intake.count_rest();
        }
        let counts = intake.counts;
        Ok(ArchiveReport {
            total: counts.total,
            already: counts.already,
            saved: self.saved,
            failed: self.failed,
            not_started: counts.total - counts.already - self.saved - self.failed,
            bytes: self.bytes,
            stopped,
            took: now.monotonic.saturating_sub(began.monotonic),
            journal,
        })
    }
}
