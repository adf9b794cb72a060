//! The blocking client.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use essbasic_models::{Agent, FlowDetailInfo};
use tc3_client::Config;
use tc3_client::api::Action;
use tc3_client::transport::{BlockingBody, BlockingTransport, Response};
use tc3_client::{CallOptions, Stop};

use crate::agent::{WithAgent, validated};
use crate::archive::{Archive, ArchiveOptions, ArchiveReport};
use crate::batch::{Batched, Batches, FlowDetails};
use crate::client_name::named;
#[cfg(feature = "object-store")]
use crate::download::AsyncWrite;
#[cfg(feature = "object-store")]
use crate::download::StoreRuntime;
use crate::download::{
    BlockingWrite, DownloadEvent, DownloadOptions, Fetch, FetchOutcome, FileSink, Job, Report,
    Step, StepOutcome, WaitStep, exchange_failed, file_request,
};
use crate::error::{Error, FlowError};
use crate::ids::{self, FlowId};
use crate::links::{FlowLinks, LinksJob};
use crate::next::Next;
use crate::trace::{Context, Workflow};
use crate::wait::{FlowWait, WaitJob, WaitOptions};

mod handle;
mod pages;
mod reader;
mod task;

pub use handle::ContractHandle;
pub use pages::Pages;
pub use reader::PdfReader;
pub use task::Task;

/// Blocking client of the e-sign service for one agent.
///
#[doc = include_str!("docs/client.md")]
#[derive(Debug, Clone)]
pub struct Client {
    client: tc3_client::blocking::Client,
    agent: Arc<Agent>,
    stop: Option<Stop>,
}

impl Client {
    /// Creates a client on ureq.
    ///
    /// # Errors
    /// Returns [`Error::Call`] if the configuration is invalid.
    pub fn new(config: Config, agent: Agent) -> Result<Self, Error> {
        Ok(Self::from_client(tc3_client::blocking::Client::new(named(config)?)?, agent))
    }

    #[doc = include_str!("docs/with_transport.md")]
    ///
    /// # Errors
    /// Returns [`Error::Call`] if the configuration is invalid.
    pub fn with_transport(
        config: Config,
        agent: Agent,
        transport: impl BlockingTransport + 'static,
    ) -> Result<Self, Error> {
        let client = tc3_client::blocking::Client::with_transport(named(config)?, transport)?;
        Ok(Self::from_client(client, agent))
    }

    #[doc = include_str!("docs/from_client.md")]
    pub fn from_client(client: tc3_client::blocking::Client, agent: Agent) -> Self {
        Self { client, agent: Arc::new(agent), stop: None }
    }

    #[doc = include_str!("docs/with_stop.md")]
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    #[doc = include_str!("docs/with_agent.md")]
    #[must_use]
    pub fn with_agent(&self, agent: Agent) -> Self {
        Self { agent: Arc::new(agent), ..self.clone() }
    }

    #[doc = include_str!("docs/with_region.md")]
    pub fn with_region(&self, region: impl Into<String>) -> Result<Self, Error> {
        Ok(Self { client: self.client.with_region(region)?, ..self.clone() })
    }

    #[doc = include_str!("docs/with_options.md")]
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { client: self.client.with_options(options), ..self.clone() }
    }

    #[doc = include_str!("docs/agent.md")]
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    #[doc = include_str!("docs/inner_client.md")]
    pub fn client(&self) -> &tc3_client::blocking::Client {
        &self.client
    }

    #[doc = include_str!("docs/call.md")]
    pub fn call<R: Action>(&self, request: &R) -> Result<R::Response, Error> {
        let request = WithAgent { request, agent: &self.agent };
        self.call_until(&request, self.stop.as_ref())?.ok_or(Error::Stopped)
    }

    /// Returns `None` if the call was stopped. Without a stop, the call runs on the thread of the caller.
    fn call_until<R: Action>(
        &self,
        request: &R,
        stop: Option<&Stop>,
    ) -> Result<Option<R::Response>, tc3_client::Error> {
        match stop {
            Some(stop) => self.client.call_cancellable(request, stop),
            None => self.client.call(request).map(Some),
        }
    }

    #[doc = include_str!("docs/links.md")]
    #[doc = include_str!("docs/errors.md")]
    pub fn links<I>(&self, flows: I) -> Result<Vec<FlowLinks>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        let mut job = LinksJob::new(validated(&self.agent)?, ids::collect(flows));
        while let Next::Step(request) = job.next() {
            match self.call_until(&request, self.stop.as_ref()).transpose() {
                Some(response) => job.on(self.client.now(), response)?,
                None => job.stop(),
            }
        }
        Ok(job.finish())
    }

    #[doc = include_str!("docs/details.md")]
    #[doc = include_str!("docs/errors.md")]
    pub fn details<I>(&self, flows: I) -> Result<Vec<Result<FlowDetailInfo, FlowError>>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        self.run_batches(FlowDetails, ids::collect(flows))
    }

    /// Applies one action to any number of items, one request after another.
    pub(crate) fn run_batches<B: Batched>(
        &self,
        action: B,
        items: impl IntoIterator<Item = B::Item>,
    ) -> Result<Vec<Result<B::Output, FlowError>>, Error> {
        let mut batches = Batches::new(action, validated(&self.agent)?, items);
        while let Next::Step(request) = batches.next() {
            match self.call_until(&request, self.stop.as_ref()).transpose() {
                Some(response) => batches.on(response)?,
                None => batches.stop(),
            }
        }
        Ok(batches.finish())
    }

    #[doc = include_str!("docs/wait.md")]
    #[doc = include_str!("docs/errors.md")]
    pub fn wait<I>(&self, flows: I, options: &WaitOptions) -> Result<Vec<FlowWait>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        let flows = ids::collect(flows);
        Workflow::wait().run_blocking(|| self.wait_for(flows, options))
    }

    fn wait_for(&self, flows: Vec<FlowId>, options: &WaitOptions) -> Result<Vec<FlowWait>, Error> {
        let agent = validated(&self.agent)?;
        let mut job = WaitJob::new(agent, flows, options.clone(), self.client.now());
        loop {
            match job.next(self.client.now()) {
                Next::Step(request) => {
                    let result = self.call_until(&request, options.stop.as_ref());
                    if let Some(response) = result.transpose() {
                        job.on(self.client.now(), response)?;
                    }
                }
                Next::Wait(time) => {
                    let has_signal = || job.signals().is_some_and(|signals| signals.is_pending());
                    let is_woken = || options.is_stopped() || has_signal();
                    self.client.sleep_unless(time, &is_woken);
                }
                Next::Done => return Ok(job.finish()),
            }
        }
    }

    #[doc = include_str!("docs/download.md")]
    pub fn download<I>(&self, flows: I, options: &DownloadOptions) -> Result<Report, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        let flows = ids::collect(flows);
        Workflow::download().run_blocking(|| {
            let agent = validated(&self.agent)?;
            let job = Job::new(agent, &flows, options.clone(), self.client.now())?;
            self.run_job(job, options, &|_| ()).finish()
        })
    }

    #[doc = include_str!("docs/archive.md")]
    pub fn archive<I>(&self, flows: I, options: &ArchiveOptions) -> Result<ArchiveReport, Error>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<FlowId> + 'static,
    {
        let ids = Box::new(flows.into_iter().map(Into::into));
        Workflow::archive().run_blocking(|| self.archive_all(ids, options))
    }

    fn archive_all(
        &self,
        ids: Box<dyn Iterator<Item = FlowId> + Send>,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error> {
        let (agent, began) = (validated(&self.agent)?, self.client.now());
        let archive = Mutex::new(Archive::open(agent, ids, options.clone())?);
        let lock = || archive.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let next = lock().next_job();
            let Next::Step((pause, job)) = next else { break };
            self.client.sleep_unless(pause, &|| options.download.is_stopped());
            let job = self.run_job(job, &options.download, &|job| lock().record(job));
            lock().end_job(job)?;
        }
        let archive = archive.into_inner().unwrap_or_else(PoisonError::into_inner);
        archive.finish(began, self.client.now())
    }

    /// Runs a job to its end, and calls `keep` after each step.
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
        let context = Context::current();
        let work = || context.enter(|| self.work(&shared, options, keep));
        std::thread::scope(|scope| {
            // One further thread requests links, and one waits for signatures.
            for _ in 0..options.effective_concurrency() + usize::from(options.wait.is_some()) {
                let worker = std::thread::Builder::new().name("essbasic-download".into());
                // If no more threads can be created, the existing ones do the work.
                if worker.spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            self.work(&shared, options, keep);
        });
        shared.job.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, shared: &Shared, options: &DownloadOptions, keep: &(dyn Fn(&mut Job) + Sync)) {
        let _guard = PanicGuard(shared);
        let mut job = shared.lock();
        loop {
            match job.next(self.client.now()) {
                Next::Step(step) => {
                    // A worker that takes a step wakes the next one, which does the same. Further steps become
                    // available at the end of a step, and its worker requests them itself.
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
        if !self.client.sleep_unless(step.delay(), &|| options.is_stopped()) {
            return StepOutcome::Cancelled(step);
        }
        match step {
            Step::Fetch(fetch) => {
                let end = self.run_fetch(shared, options, &fetch).unwrap_or_else(|end| end);
                StepOutcome::Fetch(fetch, end)
            }
            step => self.run_call(options, step, &|| shared.lock().is_stopping()),
        }
    }

    /// Performs a step that fetches no file.
    pub(crate) fn run_call(
        &self,
        options: &DownloadOptions,
        step: Step,
        is_stopping: &dyn Fn() -> bool,
    ) -> StepOutcome {
        let stop = options.stop.as_ref();
        match step {
            Step::Status(check) => match self.call_until(&check.request, stop).transpose() {
                Some(response) => StepOutcome::Status(check, response),
                None => StepOutcome::Cancelled(Step::Status(check)),
            },
            Step::Links(ask) => match self.call_until(&ask.request, stop).transpose() {
                Some(response) => StepOutcome::Links(ask, response),
                None => StepOutcome::Cancelled(Step::Links(ask)),
            },
            Step::Wait(WaitStep::Poll(poll)) => match self.call_until(&*poll, stop).transpose() {
                Some(response) => StepOutcome::Poll(response),
                None => StepOutcome::Cancelled(Step::Wait(WaitStep::Poll(poll))),
            },
            Step::Wait(WaitStep::Sleep(time, signals)) => {
                let has_signal = || signals.as_ref().is_some_and(|signals| signals.is_pending());
                self.client.sleep_unless(time, &|| has_signal() || is_stopping());
                StepOutcome::Slept
            }
            Step::Fetch(_) => StepOutcome::Cancelled(step),
        }
    }

    /// Requests a file.
    pub(crate) fn open(
        &self,
        options: &DownloadOptions,
        fetch: &Fetch,
    ) -> Result<Response<BlockingBody>, FetchOutcome> {
        let stop = options.stop.as_ref();
        let request = file_request(fetch, options, self.client.endpoint())?;
        let response = match stop {
            Some(stop) => self.client.send_cancellable(request, stop),
            None => self.client.send(request).map(Some),
        };
        response.map_err(|error| exchange_failed(&error, stop))?.ok_or(FetchOutcome::Stopped)
    }

    #[cfg_attr(
        not(feature = "object-store"),
        expect(unused_variables, reason = "only a store uses the state shared by the workers")
    )]
    fn run_fetch(
        &self,
        shared: &Shared,
        options: &DownloadOptions,
        fetch: &Fetch,
    ) -> Result<FetchOutcome, FetchOutcome> {
        let response = self.open(options, fetch)?;
        let receiving = FileSink::new(fetch, &response)?;
        let mut body = response.body;
        match receiving {
            FileSink::Folder(file) => receive(options, &mut body, file),
            FileSink::Blocking(file) => receive(options, &mut body, file),
            #[cfg(feature = "async-core")]
            FileSink::Async(_) => {
                let message = "the blocking client cannot write to an async sink".to_owned();
                Err(FetchOutcome::Destination(message, "use a sink that implements BlockingSink"))
            }
            #[cfg(feature = "object-store")]
            FileSink::Store(mut object) => loop {
                let stop = options.stop.as_ref();
                match body.chunk() {
                    Ok(Some(chunk)) => {
                        options.emit(DownloadEvent::Bytes(chunk.len() as u64));
                        object = shared.uploads.append(stop, object, chunk)?;
                    }
                    Ok(None) => return shared.uploads.finish(stop, object),
                    Err(error) => {
                        shared.uploads.block_on(stop, object.abort())?;
                        return Err(exchange_failed(&error, stop));
                    }
                }
            },
        }
    }
}

/// Passes the chunks of a body to a destination.
fn receive(
    options: &DownloadOptions,
    body: &mut BlockingBody,
    mut file: impl BlockingWrite,
) -> Result<FetchOutcome, FetchOutcome> {
    let chunk = |body: &mut BlockingBody| {
        body.chunk().map_err(|error| exchange_failed(&error, options.stop.as_ref()))
    };
    while let Some(bytes) = chunk(body)? {
        let length = bytes.len() as u64;
        file.write(bytes)?;
        options.emit(DownloadEvent::Bytes(length));
    }
    Ok(file.finish())
}

/// State shared by the workers of a job.
struct Shared {
    job: Mutex<Job>,
    /// Notified when a step has ended.
    changed: Condvar,
    #[cfg(feature = "object-store")]
    uploads: StoreRuntime,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the other workers if one panics, for example in an event handler of the caller.
struct PanicGuard<'a>(&'a Shared);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().abandon();
            self.0.changed.notify_all();
        }
    }
}
