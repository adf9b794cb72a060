//! A simulation without sockets or real time: scripted responses, a clock that only sleeping advances, and a trace
//! of the steps of a client. The same script runs through both clients.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

pub(crate) mod server;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::Credential;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, HeaderName, Request, Response, StatusCode,
    TransportError, TransportErrorKind,
};
use tc3_client::{
    AsyncSleep, BlockingSleep, CallOptions, Client, Clock, Config, Error, Now, blocking,
};

/// The scripted result of one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Response { status: u16, headers: Vec<(&'static str, String)>, body: String },
    Fail(TransportErrorKind),
}

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::json(200, json!({"Response": {"Done": true, "RequestId": "r-ok"}}))
    }

    pub(crate) fn error(code: &str) -> Self {
        let error = json!({"Code": code, "Message": format!("about {code}")});
        Self::json(200, json!({"Response": {"Error": error, "RequestId": "r-error"}}))
    }

    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::text(status, body.to_string())
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self::Response { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Response { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    fn into_result(self) -> Result<Response<Bytes>, TransportError> {
        match self {
            Self::Fail(kind) => Err(TransportError::new(kind)),
            Self::Response { status, headers, body } => Ok(Response {
                status: StatusCode::from_u16(status).unwrap(),
                headers: headers
                    .iter()
                    .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                    .collect::<HeaderMap>(),
                body: body.into(),
            }),
        }
    }
}

pub(crate) const START: u64 = 1_551_113_065;

#[derive(Clone, Default)]
pub(crate) struct Simulation(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    trace: Vec<String>,
    requests: Vec<Request>,
    elapsed: Duration,
}

impl Simulation {
    fn new(replies: &[Reply]) -> Self {
        let simulation = Self::default();
        simulation.0.lock().unwrap().replies = replies.iter().cloned().collect();
        simulation
    }

    fn serve(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.0.lock().unwrap();
        let header = |name: &str| {
            request.headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned()
        };
        let line = format!(
            "send {} at {} as {} within {:?}",
            header("x-tc-action"),
            header("x-tc-timestamp"),
            header("authorization").rsplit('=').next().unwrap(),
            request.timeout,
        );
        state.trace.push(line);
        state.requests.push(request);
        state.replies.pop_front().unwrap_or_else(Reply::ok).into_result()
    }

    fn wait(&self, time: Duration) {
        let mut state = self.0.lock().unwrap();
        state.trace.push(format!("sleep {time:?}"));
        state.elapsed += time;
    }
}

impl Clock for Simulation {
    fn now(&self) -> Now {
        let elapsed = self.0.lock().unwrap().elapsed;
        Now { unix: Duration::from_secs(START) + elapsed, monotonic: elapsed }
    }
}

impl BlockingSleep for Simulation {
    fn sleep(&self, time: Duration) {
        self.wait(time);
    }
}

#[async_trait::async_trait]
impl AsyncSleep for Simulation {
    async fn sleep(&self, time: Duration) {
        self.wait(time);
    }
}

/// The result of one script.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) trace: Vec<String>,
    pub(crate) requests: Vec<Request>,
    pub(crate) elapsed: Duration,
    pub(crate) results: Vec<Result<Value, Error>>,
}

impl Outcome {
    fn of(simulation: &Simulation, results: Vec<Result<Value, Error>>) -> Self {
        let state = std::mem::take(&mut *simulation.0.lock().unwrap());
        Self { trace: state.trace, requests: state.requests, elapsed: state.elapsed, results }
    }

    pub(crate) fn sends(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn error(&self) -> &Error {
        self.results[0].as_ref().unwrap_err()
    }
}

pub(crate) fn config() -> Config {
    Config::new(Credential::new("AKID", "SECRETEXAMPLE")).with_jitter_seed(1)
}

/// Runs a script of one call through both clients. Asserts that their steps are the same.
pub(crate) fn run(config: Config, info: ActionInfo<'_>, replies: &[Reply]) -> Outcome {
    run_calls(config, info, 1, replies)
}

pub(crate) fn run_calls(
    config: Config,
    info: ActionInfo<'_>,
    calls: usize,
    replies: &[Reply],
) -> Outcome {
    run_fresh(|| config.clone(), info, calls, replies)
}

/// As [`run_calls`], with a separate configuration for each client: clones would share the credential cache.
pub(crate) fn run_fresh(
    config: impl Fn() -> Config,
    info: ActionInfo<'_>,
    calls: usize,
    replies: &[Reply],
) -> Outcome {
    run_all(config, &CallOptions::default(), info, calls, replies)
}

/// Runs a script of one call with options.
pub(crate) fn run_with(
    config: Config,
    options: &CallOptions,
    info: ActionInfo<'_>,
    replies: &[Reply],
) -> Outcome {
    run_all(|| config.clone(), options, info, 1, replies)
}

fn run_all(
    config: impl Fn() -> Config,
    options: &CallOptions,
    info: ActionInfo<'_>,
    calls: usize,
    replies: &[Reply],
) -> Outcome {
    let body = json!({"FlowIds": ["f"]});

    let simulation = Simulation::new(replies);
    let server = simulation.clone();
    let client = blocking::Client::with_transport(
        config().with_clock(simulation.clone()).with_blocking_sleep(simulation.clone()),
        move |request| server.serve(request).map(|response| response.map(BlockingBody::from)),
    )
    .unwrap()
    .with_options(options.clone());
    let results = (0..calls).map(|_| client.call_json(info, &body)).collect();
    let blocking = Outcome::of(&simulation, results);

    let simulation = Simulation::new(replies);
    let server = simulation.clone();
    let client = Client::with_transport(
        config().with_clock(simulation.clone()).with_async_sleep(simulation.clone()),
        move |request| {
            let response = server.serve(request).map(|response| response.map(AsyncBody::from));
            std::future::ready(response)
        },
    )
    .unwrap()
    .with_options(options.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let results = runtime.block_on(async {
        let mut results = Vec::new();
        for _ in 0..calls {
            results.push(client.call_json(info, &body).await);
        }
        results
    });
    let asynchronous = Outcome::of(&simulation, results);

    assert_eq!(blocking.trace, asynchronous.trace);
    let show = |outcome: &Outcome| format!("{:?}", outcome.results);
    assert_eq!(show(&blocking), show(&asynchronous));
    asynchronous
}
