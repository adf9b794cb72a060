//! Archives: resumable downloads of any number of contracts, with a journal.

mod journal;
mod options;
mod queue;
mod recovery;
mod report;
mod shard;

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::Duration;

use essbasic_models::Agent;
use tc3_client::Now;

use self::journal::{Header, Journal, Record, VERSION};
pub use self::options::ArchiveOptions;
use self::queue::{Queue, SharedQueue};
use self::recovery::Recovery;
pub use self::report::{ArchiveReport, ArchivedFlow};
pub use self::shard::Shard;
use crate::download::{DownloadEvent, FileNames, Job, Policy, ReportedFlow, verification_error};
use crate::error::Error;
use crate::ids::FlowId;
use crate::next::Next;

/// Maximum number of consecutive failed calls: some minutes with the backoff between them.
const MAX_CALL_FAILURES: u32 = 8;

/// Upper limit of [`ArchiveOptions::retry_rounds`].
const MAX_RETRY_ROUNDS: u32 = 100;

/// Delay before a round of retries.
const ROUND_DELAY: Duration = Duration::from_secs(5);

/// The state of an archive job: one download job per round, whose results are recorded in the journal.
pub(crate) struct Archive {
    agent: Agent,
    options: ArchiveOptions,
    queue: SharedQueue,
    journal: Journal,
    /// The assigned names; `None` while a download job uses them.
    names: Option<FileNames>,
    /// Contracts to retry in the next round.
    to_retry: Vec<(usize, FlowId)>,
    /// The failures of contracts that are retried, until they have another result.
    retried: HashMap<FlowId, Record>,
    /// Number of rounds that were started.
    rounds: u32,
    saved: u64,
    failed: u64,
    bytes: u64,
    /// The error of writing the journal.
    failure: Option<io::Error>,
}

impl Archive {
    /// Reads the journal and prepares the folder.
    ///
    /// # Errors
    /// Returns [`Error::Names`] if names may collide, [`Error::Folder`] if the folder or the journal cannot be used, and
    /// [`Error::Destination`] if an object of an earlier run cannot be verified.
    pub(crate) fn open(
        agent: Agent,
        ids: Box<dyn Iterator<Item = FlowId> + Send>,
        options: ArchiveOptions,
    ) -> Result<Self, Error> {
        options.check()?;
        let target = options.download.target();
        target.prepare()?;
        let path = options.journal_path();
        let mut names = FileNames::for_archive(options.download.names.clone());
        // Otherwise a template without flow ID could assign the name of the journal to a file.
        for name in journal::names(&path) {
            names.mark_used(&name);
        }
        let mut recovery = Recovery {
            target: target.clone(),
            shared: options.is_shared(),
            verify: options.verify,
            checks_status: options.checks_status(),
            stop: options.download.stop.clone(),
            saved: HashSet::new(),
            unverified: HashSet::new(),
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
        let synced = target.clone();
        let sync_files = move || synced.sync_names();
        let journal = Journal::open(&path, &job, sync_files, &mut recovery);
        let journal = journal.map_err(|error| match verification_error(&error) {
            Some(_) => target.error(error),
            None => Error::folder(&path, error),
        })?;
        target.remove_orphans()?;
        let mut names = recovery.names;
        names.set_intent_log(journal.intent_log());
        let events = options.download.clone();
        let on_saved = move |flow_id: &FlowId| events.emit(DownloadEvent::AlreadySaved { flow_id });
        let queue = Queue::new(ids, options.shard, recovery.saved, on_saved);
        let queue = SharedQueue::new(queue.with_unverified(recovery.unverified));
        Ok(Self {
            agent,
            options,
            queue,
            journal,
            names: Some(names),
            to_retry: Vec::new(),
            retried: HashMap::new(),
            rounds: 0,
            saved: 0,
            failed: 0,
            bytes: 0,
            failure: None,
        })
    }

    /// Returns the next download job, with the delay before it.
    pub(crate) fn next_job(&mut self) -> Next<(Duration, Job)> {
        let (names, delay) = match self.names.take() {
            None => return Next::Done,
            Some(names) if self.rounds == 0 => (names, Duration::ZERO),
            Some(_) if self.to_retry.is_empty() || self.options.download.is_stopped() => {
                return Next::Done;
            }
            Some(names) => (names, ROUND_DELAY),
        };
        let source: Box<dyn Iterator<Item = (usize, FlowId)> + Send> = match self.rounds {
            0 => Box::new(self.queue.clone()),
            _ => Box::new(std::mem::take(&mut self.to_retry).into_iter()),
        };
        self.rounds = self.rounds.saturating_add(1);
        let policy = Policy {
            status_check: self.options.checks_status().then_some(self.options.settle),
            max_call_failures: MAX_CALL_FAILURES,
            defer_name_sync: true,
            ..Policy::default()
        };
        let options = self.options.download.clone();
        let job = Job::streaming(self.agent.clone(), source, options, policy, names);
        Next::Step((delay, job))
    }

    /// Records the contracts of a job that have ended since the last call.
    pub(crate) fn record(&mut self, job: &mut Job) {
        for (index, flow) in job.take_ended() {
            if let Err(error) = self.record_flow(index, &flow) {
                let path = self.options.journal_path();
                self.failure.get_or_insert(error);
                job.stop(Error::folder(&path, io::ErrorKind::Other.into()));
            }
        }
    }

    fn record_flow(&mut self, index: usize, flow: &ReportedFlow) -> io::Result<()> {
        let record = Record::of(flow);
        match &flow.error {
            Some(error)
                if self.rounds <= self.options.retry_rounds.min(MAX_RETRY_ROUNDS)
                    && error.is_transient()
                    && !self.options.download.is_stopped() =>
            {
                self.to_retry.push((index, flow.flow_id.clone()));
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

    /// Records the rest of a job that has ended.
    ///
    /// # Errors
    /// Returns the error that stopped the job, or [`Error::Folder`] if the journal cannot be written.
    pub(crate) fn end_job(&mut self, mut job: Job) -> Result<(), Error> {
        self.record(&mut job);
        if let Some(error) = self.failure.take().or_else(|| self.journal.check().err()) {
            return Err(Error::folder(&self.options.journal_path(), error));
        }
        self.names = Some(job.into_names()?);
        Ok(())
    }

    pub(crate) fn finish(mut self, start: Now, now: Now) -> Result<ArchiveReport, Error> {
        let path = self.options.journal_path();
        // Contracts whose retry was cancelled by a stop.
        for (_, record) in std::mem::take(&mut self.retried) {
            self.failed += 1;
            self.bytes += record.files.iter().map(|file| file.1).sum::<u64>();
            self.journal.add(&record).map_err(|error| Error::folder(&path, error))?;
        }
        let journal = self.journal.close().map_err(|error| Error::folder(&path, error))?;
        let stopped = self.options.download.is_stopped();
        let mut queue = self.queue.lock();
        if stopped {
            queue.count_rest();
        }
        let counts = queue.counts;
        Ok(ArchiveReport {
            total: counts.total,
            already: counts.already,
            unverified: counts.unverified,
            saved: self.saved,
            failed: self.failed,
            not_started: counts.total - counts.already - self.saved - self.failed,
            bytes: self.bytes,
            stopped,
            took: now.monotonic.saturating_sub(start.monotonic),
            journal,
        })
    }
}
