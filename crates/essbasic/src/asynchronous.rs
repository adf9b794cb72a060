use std::time::Duration;

use essbasic_models::{Agent, FlowDetailInfo};
use tc3_client::api::Action;
use tc3_client::transport;
use tokio::task::{JoinSet, spawn_blocking};

use crate::agent::{complete, flow_ids};
use crate::archive::{Archive, ArchiveOptions, ArchiveReport};
use crate::batch::{Batched, Batches, Look};
#[cfg(feature = "object-store")]
use crate::download::StoreSink;
use crate::download::{DownloadEvent, DownloadOptions, Report};
use crate::download::{
    Fetch, FetchOutcome, FileSink, FolderSink, Job, Step, StepOutcome, WaitStep, exchange_failed,
    file_request,
};
use crate::error::{Error, FlowError};
use crate::links::{FlowLinks, LinksJob};
use crate::next::Next;
use crate::stop::Stop;
use crate::wait::{FlowWait, Signals, WaitJob, WaitOptions};

/// An async client of the e-sign service, on behalf of one agent. Clones are cheap and share
/// connections, credentials and the rate limit.
///
/// Dropping a future cancels what it does: a half-written file is removed, an unfinished upload aborted.
#[derive(Debug, Clone)]
pub struct Client {
    client: tc3_client::Client,
    agent: Agent,
}

impl Client {
    /// A client on reqwest and tokio.
    ///
    /// # Errors
    /// Where the configuration is unusable.
    #[cfg(feature = "reqwest")]
    pub fn new(config: tc3_client::Config, agent: Agent) -> Result<Self, Error> {
        Ok(Self::from_client(tc3_client::Client::new(config)?, agent))
    }

    /// A client on hyper and tokio.
    ///
    /// # Errors
    /// Where the configuration is unusable.
    #[cfg(feature = "hyper")]
    pub fn on_hyper(config: tc3_client::Config, agent: Agent) -> Result<Self, Error> {
        Ok(Self::from_client(tc3_client::Client::on_hyper(config)?, agent))
    }

    /// A client over another client, which keeps its transport and limits.
    pub fn from_client(client: tc3_client::Client, agent: Agent) -> Self {
        Self { client, agent }
    }

    /// On whose behalf contracts are looked up and fetched.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The client underneath, for calls by name.
    pub fn client(&self) -> &tc3_client::Client {
        &self.client
    }

    /// Makes any typed call.
    ///
    /// # Errors
    /// See [`tc3_client::Error`].
    pub async fn call<R>(&self, request: &R) -> Result<R::Response, Error>
    where
        R: Action + Sync,
        R::Response: Send,
    {
        Ok(self.client.call(request).await?)
    }

    /// Asks for the download links of contracts: any number, fifty a call. One result for each
    /// contract given, in that order; one given twice is asked for once. The links live five minutes.
    ///
    /// # Errors
    /// Where a call fails in a way that all would: keys, permissions, the agent, the connection.
    pub async fn links<I>(&self, flows: I) -> Result<Vec<FlowLinks>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut job = LinksJob::new(complete(&self.agent)?, flow_ids(flows));
        while let Next::Step(request) = job.next() {
            let answer = self.client.call(&request).await;
            job.on(self.client.now(), answer)?;
        }
        Ok(job.finish())
    }

    /// Looks contracts up, a hundred a call: their states, parties and times, in the order given.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn details<I>(
        &self,
        flows: I,
    ) -> Result<Vec<Result<FlowDetailInfo, FlowError>>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.run_batches(Look, flow_ids(flows)).await
    }

    /// Makes the calls for any number of things, one after another.
    pub(crate) async fn run_batches<B>(
        &self,
        kind: B,
        items: impl IntoIterator<Item = B::Item>,
    ) -> Result<Vec<Result<B::Done, FlowError>>, Error>
    where
        B: Batched,
        B::Request: Sync,
        <B::Request as Action>::Response: Send,
    {
        let mut batches = Batches::new(kind, complete(&self.agent)?, items);
        while let Next::Step(request) = batches.next() {
            let answer = self.client.call(&request).await;
            batches.on(answer)?;
        }
        Ok(batches.finish())
    }

    /// Waits until each contract is signed by all and its PDF composed, or ends otherwise, or the time
    /// is up; a hundred contracts a call.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn wait<I>(&self, flows: I, options: &WaitOptions) -> Result<Vec<FlowWait>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let agent = complete(&self.agent)?;
        let mut job = WaitJob::new(agent, flow_ids(flows), options.clone(), self.client.now());
        loop {
            match job.next(self.client.now()) {
                Next::Step(request) => {
                    // A request that a stop cuts off changes nothing.
                    if let Some(answer) = options.stop.race(self.client.call(&request)).await {
                        job.on(self.client.now(), answer)?;
                    }
                }
                Next::Wait(time) => {
                    sleep(&self.client, &options.stop, options.signals(), time).await;
                }
                Next::Done => return Ok(job.finish()),
            }
        }
    }

    /// Downloads contracts to files. Each ends with its files on disk or the reason why not; a file
    /// stands under its name only when it is whole.
    ///
    /// # Errors
    /// Where the folder cannot be written, the disk is full, the store refuses what every file needs, or a
    /// call fails in a way that all would. Files saved before that stay.
    pub async fn download<I>(&self, flows: I, options: &DownloadOptions) -> Result<Report, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let agent = complete(&self.agent)?;
        let (flows, all) = (flow_ids(flows), options.clone());
        let now = self.client.now();
        let job = spawn_blocking(move || Job::new(agent, &flows, all, now));
        let job = job.await.map_err(|_| Error::Interrupted)??;
        self.run_job(job, options, &mut |_| ()).await?.finish()
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
    pub async fn archive<I>(
        &self,
        flows: I,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<String> + 'static,
    {
        let (agent, began) = (complete(&self.agent)?, self.client.now());
        let all = options.clone();
        let ids: Box<dyn Iterator<Item = String> + Send> =
            Box::new(flows.into_iter().map(Into::into));
        let archive = spawn_blocking(move || Archive::open(agent, ids, all));
        let mut archive = archive.await.map_err(|_| Error::Interrupted)??;
        while let Next::Step((pause, job)) = archive.next_job() {
            options.download.stop.race(self.client.sleep(pause)).await;
            let keep = &mut |job: &mut Job| archive.record(job);
            let job = self.run_job(job, &options.download, keep).await?;
            archive.end_job(job)?;
        }
        let now = self.client.now();
        spawn_blocking(move || archive.finish(began, now)).await.map_err(|_| Error::Interrupted)?
    }

    /// Does a job to its end; `keep` is shown it whenever something has ended.
    async fn run_job(
        &self,
        mut job: Job,
        options: &DownloadOptions,
        keep: &mut (dyn FnMut(&mut Job) + Send),
    ) -> Result<Job, Error> {
        // Dropping the set cancels what runs in it.
        let mut tasks = JoinSet::new();
        loop {
            match job.next(self.client.now()) {
                Next::Step(step) => {
                    let (client, options) = (self.client.clone(), options.clone());
                    tasks.spawn(run(client, options, step));
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
                // A panic, in the caller's function say, is the caller's, as it is in the other driver.
                Some(Err(error)) if error.is_panic() => {
                    std::panic::resume_unwind(error.into_panic());
                }
                Some(Err(_)) | None => return Err(Error::Interrupted),
            }
        }
    }
}

async fn run(client: tc3_client::Client, options: DownloadOptions, step: Step) -> StepOutcome {
    let stop = &options.stop;
    if stop.race(client.sleep(step.delay())).await.is_none() {
        return StepOutcome::Cancelled(step);
    }
    match step {
        Step::Status(check) => match stop.race(client.call(&check.request)).await {
            Some(answer) => StepOutcome::Status(check, answer),
            None => StepOutcome::Cancelled(Step::Status(check)),
        },
        Step::Links(ask) => match stop.race(client.call(&ask.request)).await {
            Some(answer) => StepOutcome::Links(ask, answer),
            None => StepOutcome::Cancelled(Step::Links(ask)),
        },
        Step::Wait(WaitStep::Poll(poll)) => match stop.race(client.call(&*poll)).await {
            Some(answer) => StepOutcome::Poll(answer),
            None => StepOutcome::Cancelled(Step::Wait(WaitStep::Poll(poll))),
        },
        Step::Wait(WaitStep::Sleep(time)) => {
            sleep(&client, stop, options.signals(), time).await;
            StepOutcome::Slept
        }
        Step::Fetch(fetch) => {
            let end = run_fetch(&client, &options, &fetch).await;
            StepOutcome::Fetch(fetch, end.unwrap_or_else(|end| end))
        }
    }
}

/// Sleeps until the time is over, a callback is received or the job is stopped.
async fn sleep(
    client: &tc3_client::Client,
    stop: &Stop,
    signals: Option<&Signals>,
    time: Duration,
) {
    let sleep = client.sleep(time);
    match signals {
        Some(signals) => stop.race(signals.wait_or(sleep)).await,
        None => stop.race(sleep).await,
    };
}

async fn run_fetch(
    client: &tc3_client::Client,
    options: &DownloadOptions,
    fetch: &Fetch,
) -> Result<FetchOutcome, FetchOutcome> {
    let response = client
        .send(file_request(fetch, options, client.endpoint())?)
        .await
        .map_err(|error| exchange_failed(&error))?;
    match FileSink::new(fetch, &response)? {
        FileSink::Folder(file) => to_folder(options, response.body, file).await,
        #[cfg(feature = "object-store")]
        FileSink::Store(object) => to_store(options, response.body, object).await,
    }
}

async fn to_folder(
    options: &DownloadOptions,
    mut body: transport::AsyncBody,
    mut file: FolderSink,
) -> Result<FetchOutcome, FetchOutcome> {
    let mut pieces = Vec::new();
    loop {
        let piece = body.chunk().await.map_err(|error| exchange_failed(&error))?;
        let ended = piece.is_none();
        pieces.extend(piece);
        // The disk is slow beside a runtime's tasks: it is used in large steps, on its own threads.
        if ended || pieces.iter().map(transport::Bytes::len).sum::<usize>() >= DISK_STEP {
            let written = std::mem::take(&mut pieces);
            options.emit(DownloadEvent::Bytes(written.iter().map(|p| p.len() as u64).sum()));
            let step = spawn_blocking(move || {
                written.iter().try_for_each(|piece| file.write(piece))?;
                if ended { Err(file.finish()) } else { Ok(file) }
            });
            file = match step.await {
                Ok(step) => step?,
                Err(_) => {
                    return Err(FetchOutcome::Disk(std::io::Error::other("the runtime stopped")));
                }
            };
        }
    }
}

#[cfg(feature = "object-store")]
async fn to_store(
    options: &DownloadOptions,
    mut body: transport::AsyncBody,
    mut object: StoreSink,
) -> Result<FetchOutcome, FetchOutcome> {
    loop {
        match body.chunk().await {
            Ok(Some(piece)) => {
                options.emit(DownloadEvent::Bytes(piece.len() as u64));
                object = object.write(piece).await?;
            }
            Ok(None) => return Ok(object.finish().await),
            Err(error) => return Err(object.abort(exchange_failed(&error)).await),
        }
    }
}

/// Bytes gathered before they are written.
const DISK_STEP: usize = 256 << 10;
