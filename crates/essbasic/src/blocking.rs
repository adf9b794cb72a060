//! The blocking client.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use essbasic_models::{Agent, FlowDetailInfo};
use tc3_client::Config;
use tc3_client::api::Action;

use crate::agent::{complete, flow_ids};
use crate::archive::{Archive, ArchiveOptions, ArchiveReport};
use crate::batch::{Batched, Batches, Look};
#[cfg(feature = "object-store")]
use crate::download::StoreRuntime;
use crate::download::{DownloadEvent, DownloadOptions, Report};
use crate::download::{
    Fetch, FetchOutcome, FileSink, Job, Step, StepOutcome, WaitStep, exchange_failed, file_request,
};
use crate::error::{Error, FlowError};
use crate::links::{FlowLinks, LinksJob};
use crate::next::Next;
use crate::stop::Stop;
use crate::wait::{FlowWait, Signals, WaitJob, WaitOptions};

/// A blocking client of the e-sign service, on behalf of one agent. Clones are cheap and share
/// connections, credentials and the rate limit.
#[derive(Debug, Clone)]
pub struct Client {
    client: tc3_client::blocking::Client,
    agent: Agent,
}

impl Client {
    /// A client on ureq.
    ///
    /// # Errors
    /// Where the configuration is unusable.
    pub fn new(config: Config, agent: Agent) -> Result<Self, Error> {
        Ok(Self::from_client(tc3_client::blocking::Client::new(config)?, agent))
    }

    /// A client over another client, which keeps its transport and limits.
    pub fn from_client(client: tc3_client::blocking::Client, agent: Agent) -> Self {
        Self { client, agent }
    }

    /// On whose behalf contracts are looked up and fetched.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The client underneath, for calls by name.
    pub fn client(&self) -> &tc3_client::blocking::Client {
        &self.client
    }

    /// Makes any typed call.
    ///
    /// # Errors
    /// See [`tc3_client::Error`].
    pub fn call<R: Action>(&self, request: &R) -> Result<R::Response, Error> {
        Ok(self.client.call(request)?)
    }

    /// Asks for the download links of contracts: any number, fifty a call. One result for each
    /// contract given, in that order; one given twice is asked for once. The links live five minutes.
    ///
    /// # Errors
    /// Where a call fails in a way that all would: keys, permissions, the agent, the connection.
    pub fn links<I>(&self, flows: I) -> Result<Vec<FlowLinks>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut job = LinksJob::new(complete(&self.agent)?, flow_ids(flows));
        while let Next::Step(request) = job.next() {
            let answer = self.client.call(&request);
            job.on(self.client.now(), answer)?;
        }
        Ok(job.finish())
    }

    /// Looks contracts up, a hundred a call: their states, parties and times, in the order given.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub fn details<I>(&self, flows: I) -> Result<Vec<Result<FlowDetailInfo, FlowError>>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.run_batches(Look, flow_ids(flows))
    }

    /// Makes the calls for any number of things, one after another.
    pub(crate) fn run_batches<B: Batched>(
        &self,
        kind: B,
        items: impl IntoIterator<Item = B::Item>,
    ) -> Result<Vec<Result<B::Done, FlowError>>, Error> {
        let mut batches = Batches::new(kind, complete(&self.agent)?, items);
        while let Next::Step(request) = batches.next() {
            let answer = self.client.call(&request);
            batches.on(answer)?;
        }
        Ok(batches.finish())
    }

    /// Waits until each contract is signed by all and its PDF composed, or ends otherwise, or the time
    /// is up; a hundred contracts a call.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub fn wait<I>(&self, flows: I, options: &WaitOptions) -> Result<Vec<FlowWait>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let agent = complete(&self.agent)?;
        let mut job = WaitJob::new(agent, flow_ids(flows), options.clone(), self.client.now());
        loop {
            match job.next(self.client.now()) {
                Next::Step(request) => {
                    if let Some(answer) = self.call_unless(&options.stop, &request) {
                        job.on(self.client.now(), answer)?;
                    }
                }
                Next::Wait(time) => {
                    let is_told = || options.signals().is_some_and(Signals::is_told);
                    let is_woken = || options.stop.is_stopped() || is_told();
                    self.client.sleep_unless(time, &is_woken);
                }
                Next::Done => return Ok(job.finish()),
            }
        }
    }

    /// Downloads contracts to files, with as many threads as downloads at a time. Each contract ends
    /// with its files on disk or the reason why not; a file stands under its name only when it is
    /// whole.
    ///
    /// # Errors
    /// Where the folder cannot be written, the disk is full, the store refuses what every file needs, or a
    /// call fails in a way that all would. Files saved before that stay.
    pub fn download<I>(&self, flows: I, options: &DownloadOptions) -> Result<Report, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let agent = complete(&self.agent)?;
        let job = Job::new(agent, &flow_ids(flows), options.clone(), self.client.now())?;
        self.run_job(job, options, &|_| ()).finish()
    }

    /// Archives contracts: as [`download`](Self::download), over as many runs as it takes. A journal
    /// remembers what is done; the same call again goes on where the last one ended, however it ended.
    ///
    /// Its memory grows with what is under way; the number of contracts adds some fifty bytes for each, which keep
    /// one from being fetched twice.
    ///
    /// # Errors
    /// Where the folder or the journal cannot be used, the store refuses what every file needs, or a call
    /// fails in a way that all would. What was done before that stays done.
    pub fn archive<I>(&self, flows: I, options: &ArchiveOptions) -> Result<ArchiveReport, Error>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<String> + 'static,
    {
        let (agent, began) = (complete(&self.agent)?, self.client.now());
        let ids = Box::new(flows.into_iter().map(Into::into));
        let archive = Mutex::new(Archive::open(agent, ids, options.clone())?);
        let lock = || archive.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let next = lock().next_job();
            let Next::Step((pause, job)) = next else { break };
            self.client.sleep_unless(pause, &|| options.download.stop.is_stopped());
            let job = self.run_job(job, &options.download, &|job| lock().record(job));
            lock().end_job(job)?;
        }
        let archive = archive.into_inner().unwrap_or_else(PoisonError::into_inner);
        archive.finish(began, self.client.now())
    }

    /// Does a job to its end; `keep` is shown it whenever something has ended.
    fn run_job(
        &self,
        job: Job,
        options: &DownloadOptions,
        keep: &(dyn Fn(&mut Job) + Sync),
    ) -> Job {
        let shared = Shared {
            job: Mutex::new(job),
            changed: Condvar::new(),
            #[cfg(feature = "object-store")]
            uploads: StoreRuntime::default(),
        };
        std::thread::scope(|scope| {
            // One more than downloads asks for links meanwhile, and another one waits for signatures.
            for _ in 0..options.effective_concurrency() + usize::from(options.wait.is_some()) {
                let worker = std::thread::Builder::new().name("essbasic-download".into());
                // Where no more threads are to be had, those that are do the work.
                if worker.spawn_scoped(scope, || self.work(&shared, options, keep)).is_err() {
                    break;
                }
            }
            self.work(&shared, options, keep);
        });
        shared.job.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, shared: &Shared, options: &DownloadOptions, keep: &(dyn Fn(&mut Job) + Sync)) {
        let _watch = Watch(shared);
        let mut job = shared.lock();
        loop {
            match job.next(self.client.now()) {
                Next::Step(step) => {
                    // A worker that takes a step wakes the next one, which does the same. What else may
                    // begin later follows from the end of a step, whose worker looks for it itself.
                    if job.may_have_step() {
                        shared.changed.notify_one();
                    }
                    drop(job);
                    let ended = self.run(shared, options, step);
                    job = shared.lock();
                    job.on(self.client.now(), ended);
                    keep(&mut job);
                }
                Next::Wait(_) => {
                    job = shared.changed.wait(job).unwrap_or_else(PoisonError::into_inner);
                }
                Next::Done => break,
            }
        }
        drop(job);
        shared.changed.notify_all();
    }

    fn run(&self, shared: &Shared, options: &DownloadOptions, step: Step) -> StepOutcome {
        let stop = &options.stop;
        if !self.client.sleep_unless(step.delay(), &|| stop.is_stopped()) {
            return StepOutcome::Cancelled(step);
        }
        match step {
            Step::Status(check) => match self.call_unless(stop, &check.request) {
                Some(answer) => StepOutcome::Status(check, answer),
                None => StepOutcome::Cancelled(Step::Status(check)),
            },
            Step::Links(ask) => match self.call_unless(stop, &ask.request) {
                Some(answer) => StepOutcome::Links(ask, answer),
                None => StepOutcome::Cancelled(Step::Links(ask)),
            },
            Step::Wait(WaitStep::Poll(poll)) => match self.call_unless(stop, &*poll) {
                Some(answer) => StepOutcome::Poll(answer),
                None => StepOutcome::Cancelled(Step::Wait(WaitStep::Poll(poll))),
            },
            Step::Wait(WaitStep::Sleep(time)) => {
                let is_told = || options.signals().is_some_and(Signals::is_told);
                self.client.sleep_unless(time, &|| is_told() || shared.lock().is_stopping());
                StepOutcome::Slept
            }
            Step::Fetch(fetch) => {
                let end = self.run_fetch(shared, options, &fetch).unwrap_or_else(|end| end);
                StepOutcome::Fetch(fetch, end)
            }
        }
    }

    /// Makes a call whose waits a stop ends; `None` if it did.
    fn call_unless<R: Action>(
        &self,
        stop: &Stop,
        request: &R,
    ) -> Option<Result<R::Response, tc3_client::Error>> {
        self.client.call_cancellable(request, &|| stop.is_stopped()).transpose()
    }

    #[cfg_attr(
        not(feature = "object-store"),
        expect(unused_variables, reason = "only a store needs what workers share")
    )]
    fn run_fetch(
        &self,
        shared: &Shared,
        options: &DownloadOptions,
        fetch: &Fetch,
    ) -> Result<FetchOutcome, FetchOutcome> {
        let response = self
            .client
            .send(file_request(fetch, options, self.client.endpoint())?)
            .map_err(|error| exchange_failed(&error))?;
        let receiving = FileSink::new(fetch, &response)?;
        let mut body = response.body;
        match receiving {
            FileSink::Folder(mut file) => {
                while let Some(piece) = body.chunk().map_err(|error| exchange_failed(&error))? {
                    file.write(&piece)?;
                    options.emit(DownloadEvent::Bytes(piece.len() as u64));
                }
                Ok(file.finish())
            }
            #[cfg(feature = "object-store")]
            FileSink::Store(mut object) => loop {
                match body.chunk() {
                    Ok(Some(piece)) => {
                        options.emit(DownloadEvent::Bytes(piece.len() as u64));
                        object = shared.uploads.block_on(object.write(piece))??;
                    }
                    Ok(None) => return shared.uploads.block_on(object.finish()),
                    Err(error) => {
                        return shared.uploads.block_on(object.abort(exchange_failed(&error)));
                    }
                }
            },
        }
    }
}

struct Shared {
    job: Mutex<Job>,
    /// Told when something has ended.
    changed: Condvar,
    #[cfg(feature = "object-store")]
    uploads: StoreRuntime,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the other workers end where one panics, in a caller's progress function say.
struct Watch<'a>(&'a Shared);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().abandon();
            self.0.changed.notify_all();
        }
    }
}
