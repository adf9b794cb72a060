//! The async client.

use std::sync::Arc;
use std::time::Duration;

use essbasic_models::{Agent, FlowDetailInfo};
use tc3_client::api::Action;
use tc3_client::transport::AsyncTransport;
use tc3_client::{CallOptions, Stop};
use tokio::task::JoinSet;

use crate::agent::{WithAgent, validated};
use crate::archive::{Archive, ArchiveOptions, ArchiveReport};
use crate::batch::{Batched, Batches, FlowDetails};
use crate::client_name::named;
use crate::download::{DownloadOptions, Job, Report, Step, StepOutcome, WaitStep};
use crate::error::{Error, FlowError};
use crate::ids::{self, FlowId};
use crate::links::{FlowLinks, LinksJob};
use crate::next::Next;
use crate::trace::{Workflow, in_context, spawn_blocking};
use crate::until_stop::{call_until, unless_stopped};
use crate::wait::{FlowWait, SignalQueue, WaitJob, WaitOptions};

mod pages;
mod task;
mod transfer;

pub use pages::Pages;
pub use task::Task;
pub(crate) use transfer::open;

/// Async client of the e-sign service for one agent.
///
#[doc = include_str!("docs/client.md")]
///
/// Dropping a future cancels its work: a partial file is removed, and an unfinished upload is aborted.
#[derive(Debug, Clone)]
pub struct Client {
    client: tc3_client::Client,
    agent: Arc<Agent>,
    stop: Option<Stop>,
}

impl Client {
    /// Creates a client on reqwest and tokio.
    ///
    /// # Errors
    /// Returns [`Error::Call`] if the configuration is invalid.
    #[cfg(feature = "reqwest")]
    pub fn new(config: tc3_client::Config, agent: Agent) -> Result<Self, Error> {
        Ok(Self::from_client(tc3_client::Client::new(named(config)?)?, agent))
    }

    /// Creates a client on hyper and tokio.
    ///
    /// # Errors
    /// Returns [`Error::Call`] if the configuration is invalid, or if there is no TLS provider: enable the feature `ring`
    /// or `aws-lc-rs`.
    #[cfg(feature = "hyper")]
    pub fn on_hyper(config: tc3_client::Config, agent: Agent) -> Result<Self, Error> {
        Ok(Self::from_client(tc3_client::Client::on_hyper(named(config)?)?, agent))
    }

    #[doc = include_str!("docs/with_transport.md")]
    ///
    /// # Errors
    /// Returns [`Error::Call`] if the configuration is invalid.
    pub fn with_transport(
        config: tc3_client::Config,
        agent: Agent,
        transport: impl AsyncTransport + 'static,
    ) -> Result<Self, Error> {
        let client = tc3_client::Client::with_transport(named(config)?, transport)?;
        Ok(Self::from_client(client, agent))
    }

    #[doc = include_str!("docs/from_client.md")]
    pub fn from_client(client: tc3_client::Client, agent: Agent) -> Self {
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
    pub fn client(&self) -> &tc3_client::Client {
        &self.client
    }

    pub(crate) fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    #[doc = include_str!("docs/call.md")]
    pub async fn call<R>(&self, request: &R) -> Result<R::Response, Error>
    where
        R: Action + Sync,
        R::Response: Send,
    {
        let request = WithAgent { request, agent: &self.agent };
        call_until(&self.client, &request, self.stop.as_ref()).await?.ok_or(Error::Stopped)
    }

    #[doc = include_str!("docs/links.md")]
    #[doc = include_str!("docs/errors.md")]
    pub async fn links<I>(&self, flows: I) -> Result<Vec<FlowLinks>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        let mut job = LinksJob::new(validated(&self.agent)?, ids::collect(flows));
        while let Next::Step(request) = job.next() {
            match call_until(&self.client, &request, self.stop.as_ref()).await.transpose() {
                Some(response) => job.on(self.client.now(), response)?,
                None => job.stop(),
            }
        }
        Ok(job.finish())
    }

    #[doc = include_str!("docs/details.md")]
    #[doc = include_str!("docs/errors.md")]
    pub async fn details<I>(
        &self,
        flows: I,
    ) -> Result<Vec<Result<FlowDetailInfo, FlowError>>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        self.run_batches(FlowDetails, ids::collect(flows)).await
    }

    /// Applies one action to any number of items, one request after another.
    pub(crate) async fn run_batches<B>(
        &self,
        action: B,
        items: impl IntoIterator<Item = B::Item>,
    ) -> Result<Vec<Result<B::Output, FlowError>>, Error>
    where
        B: Batched,
        B::Request: Sync,
        <B::Request as Action>::Response: Send,
    {
        let mut batches = Batches::new(action, validated(&self.agent)?, items);
        while let Next::Step(request) = batches.next() {
            match call_until(&self.client, &request, self.stop.as_ref()).await.transpose() {
                Some(response) => batches.on(response)?,
                None => batches.stop(),
            }
        }
        Ok(batches.finish())
    }

    #[doc = include_str!("docs/wait.md")]
    #[doc = include_str!("docs/errors.md")]
    pub async fn wait<I>(&self, flows: I, options: &WaitOptions) -> Result<Vec<FlowWait>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        Workflow::wait().run(self.wait_for(ids::collect(flows), options)).await
    }

    async fn wait_for(
        &self,
        flows: Vec<FlowId>,
        options: &WaitOptions,
    ) -> Result<Vec<FlowWait>, Error> {
        let agent = validated(&self.agent)?;
        let mut job = WaitJob::new(agent, flows, options.clone(), self.client.now());
        loop {
            match job.next(self.client.now()) {
                Next::Step(request) => {
                    let call = call_until(&self.client, &request, options.stop.as_ref());
                    if let Some(response) = call.await.transpose() {
                        job.on(self.client.now(), response)?;
                    }
                }
                Next::Wait(time) => {
                    sleep(&self.client, options.stop.as_ref(), job.signals(), time).await;
                }
                Next::Done => return Ok(job.finish()),
            }
        }
    }

    #[doc = include_str!("docs/download.md")]
    pub async fn download<I>(&self, flows: I, options: &DownloadOptions) -> Result<Report, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        Workflow::download().run(self.download_all(ids::collect(flows), options)).await
    }

    async fn download_all(
        &self,
        flows: Vec<FlowId>,
        options: &DownloadOptions,
    ) -> Result<Report, Error> {
        let agent = validated(&self.agent)?;
        let all = options.clone();
        let now = self.client.now();
        let job = spawn_blocking(move || Job::new(agent, &flows, all, now));
        let job = job.await.map_err(|_| Error::Interrupted)??;
        self.run_job(job, options, &mut |_| ()).await?.finish()
    }

    #[doc = include_str!("docs/archive.md")]
    pub async fn archive<I>(
        &self,
        flows: I,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<FlowId> + 'static,
    {
        let ids = Box::new(flows.into_iter().map(Into::into));
        Workflow::archive().run(self.archive_all(ids, options)).await
    }

    async fn archive_all(
        &self,
        ids: Box<dyn Iterator<Item = FlowId> + Send>,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error> {
        let (agent, began) = (validated(&self.agent)?, self.client.now());
        let all = options.clone();
        let archive = spawn_blocking(move || Archive::open(agent, ids, all));
        let mut archive = archive.await.map_err(|_| Error::Interrupted)??;
        while let Next::Step((pause, job)) = archive.next_job() {
            unless_stopped(options.download.stop.as_ref(), self.client.sleep(pause)).await;
            let keep = &mut |job: &mut Job| archive.record(job);
            let job = self.run_job(job, &options.download, keep).await?;
            archive.end_job(job)?;
        }
        let now = self.client.now();
        spawn_blocking(move || archive.finish(began, now)).await.map_err(|_| Error::Interrupted)?
    }

    /// Runs a job to its end, and calls `keep` after each step.
    async fn run_job(
        &self,
        mut job: Job,
        options: &DownloadOptions,
        keep: &mut (dyn FnMut(&mut Job) + Send),
    ) -> Result<Job, Error> {
        // Dropping the set cancels its tasks.
        let mut tasks = JoinSet::new();
        loop {
            match job.next(self.client.now()) {
                Next::Step(step) => {
                    let (client, options) = (self.client.clone(), options.clone());
                    tasks.spawn(in_context(run(client, options, step)));
                    continue;
                }
                Next::Wait(_) => {}
                Next::Done => return Ok(job),
            }
            match tasks.join_next().await {
                Some(Ok(ended)) => {
                    job.on(self.client.now(), ended);
                    keep(&mut job);
                }
                // A panic of a handler of the caller is propagated, as in the blocking client.
                Some(Err(error)) if error.is_panic() => {
                    std::panic::resume_unwind(error.into_panic());
                }
                Some(Err(_)) | None => return Err(Error::Interrupted),
            }
        }
    }
}

async fn run(client: tc3_client::Client, options: DownloadOptions, step: Step) -> StepOutcome {
    let stop = options.stop.as_ref();
    let Some(()) = unless_stopped(stop, client.sleep(step.delay())).await else {
        return StepOutcome::Cancelled(step);
    };
    match step {
        Step::Fetch(fetch) => {
            let end = transfer::run(&client, &options, &fetch).await;
            StepOutcome::Fetch(fetch, end.unwrap_or_else(|end| end))
        }
        step => run_call(&client, &options, step).await,
    }
}

/// Performs a step that fetches no file.
pub(crate) async fn run_call(
    client: &tc3_client::Client,
    options: &DownloadOptions,
    step: Step,
) -> StepOutcome {
    let stop = options.stop.as_ref();
    match step {
        Step::Status(check) => match call_until(client, &check.request, stop).await.transpose() {
            Some(response) => StepOutcome::Status(check, response),
            None => StepOutcome::Cancelled(Step::Status(check)),
        },
        Step::Links(ask) => match call_until(client, &ask.request, stop).await.transpose() {
            Some(response) => StepOutcome::Links(ask, response),
            None => StepOutcome::Cancelled(Step::Links(ask)),
        },
        Step::Wait(WaitStep::Poll(poll)) => {
            match call_until(client, &*poll, stop).await.transpose() {
                Some(response) => StepOutcome::Poll(response),
                None => StepOutcome::Cancelled(Step::Wait(WaitStep::Poll(poll))),
            }
        }
        Step::Wait(WaitStep::Sleep(time, signals)) => {
            sleep(client, stop, signals.as_ref(), time).await;
            StepOutcome::Slept
        }
        Step::Fetch(_) => StepOutcome::Cancelled(step),
    }
}

/// Sleeps for this time, or until a callback is received or the job is stopped.
async fn sleep(
    client: &tc3_client::Client,
    stop: Option<&Stop>,
    signals: Option<&Arc<SignalQueue>>,
    time: Duration,
) {
    let sleep = client.sleep(time);
    match signals {
        Some(signals) => unless_stopped(stop, signals.race(sleep)).await,
        None => unless_stopped(stop, sleep).await,
    };
}
