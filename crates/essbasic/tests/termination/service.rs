//! Scripted service and file server, in virtual time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use essbasic::Stop;
use essbasic::transport::{
    Bytes, HeaderMap, Method, Request, Response, StatusCode, TransportError, TransportErrorKind,
    header,
};
use serde_json::{Value, json};

/// Start of a run, in seconds since the Unix epoch.
pub const EPOCH: u64 = 1_800_000_000;

const PDF: &[u8] = b"%PDF-1.7 a contract %%EOF";

/// Behavior of the service and the network for one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Found,
    /// The last signature was made at the start of the run.
    JustSigned,
    Unsigned,
    Unknown,
    /// The file server responds with status 500.
    Failing,
    /// The file server responds with status 429.
    Throttled,
    /// The connection is interrupted in the middle of the file.
    Interrupted,
    /// Every link has expired.
    Expired,
    Redirected,
}

impl Fate {
    pub const ALL: [Self; 9] = [
        Self::Found,
        Self::JustSigned,
        Self::Unsigned,
        Self::Unknown,
        Self::Failing,
        Self::Throttled,
        Self::Interrupted,
        Self::Expired,
        Self::Redirected,
    ];
}

/// Outcome of a request for several contracts.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    Success,
    Throttled,
    Interrupted,
    Fatal,
}

#[derive(Debug, Clone)]
pub struct Script {
    pub fates: Vec<Fate>,
    /// Outcomes of the calls, cyclic.
    pub calls: Vec<Call>,
    /// Durations of the HTTP exchanges in milliseconds, cyclic, so that they end in any order.
    pub delays: Vec<u64>,
    /// Number of requests, and of milliseconds after them, until the job is stopped.
    pub stop: Option<(usize, u64)>,
}

impl Script {
    /// Creates a script for contracts of one fate, with a service that never fails.
    pub fn uniform(count: usize, fate: Fate) -> Self {
        Self { fates: vec![fate; count], calls: vec![Call::Success], delays: vec![0], stop: None }
    }

    pub fn ids(&self) -> Vec<String> {
        (0..self.fates.len()).map(|id| format!("yD{id:04}")).collect()
    }
}

/// Response body that may be interrupted.
pub struct Body {
    pub chunks: Vec<Bytes>,
    pub is_interrupted: bool,
}

impl Body {
    pub fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        match self.chunks.pop() {
            None if self.is_interrupted => {
                Err(TransportError::new(TransportErrorKind::Interrupted))
            }
            chunk => Ok(chunk),
        }
    }
}

type Reply = Result<Response<Body>, TransportError>;

/// The scripted service of one run. Clones share its state.
#[derive(Clone)]
pub struct Service(Arc<State>);

struct State {
    script: Script,
    fates: HashMap<String, Fate>,
    stop: Stop,
    counts: Mutex<Counts>,
    /// Schedules [`Service::stop`] after a delay.
    schedule: OnceLock<Box<dyn Fn(Duration) + Send + Sync>>,
}

#[derive(Default)]
struct Counts {
    requests: usize,
    calls: usize,
    stopped_at: Option<Duration>,
    ended_at: Duration,
}

impl Service {
    pub fn new(script: Script, stop: Stop) -> Self {
        let fates = script.ids().into_iter().zip(script.fates.clone()).collect();
        let counts = Mutex::new(Counts::default());
        Self(Arc::new(State { script, fates, stop, counts, schedule: OnceLock::new() }))
    }

    /// Starts the run. `schedule` calls [`stop`](Self::stop) after a delay.
    pub fn start(&self, schedule: impl Fn(Duration) + Send + Sync + 'static) {
        assert!(self.0.schedule.set(Box::new(schedule)).is_ok());
        self.stop_if_due(0);
    }

    fn stop_if_due(&self, requests: usize) {
        if let Some((after, millis)) = self.0.script.stop
            && after == requests
        {
            (self.0.schedule.get().unwrap())(Duration::from_millis(millis));
        }
    }

    pub fn stop(&self, now: Duration) {
        self.0.counts.lock().unwrap().stopped_at = Some(now);
        self.0.stop.stop();
    }

    pub fn end(&self, now: Duration) {
        self.0.counts.lock().unwrap().ended_at = now;
    }

    pub fn time_since_stop(&self) -> Duration {
        let counts = self.0.counts.lock().unwrap();
        counts.ended_at.saturating_sub(counts.stopped_at.unwrap())
    }

    /// Returns the duration of the next HTTP exchange.
    pub fn delay(&self) -> Duration {
        let mut counts = self.0.counts.lock().unwrap();
        let delays = &self.0.script.delays;
        let delay = delays[counts.requests % delays.len()];
        counts.requests += 1;
        let requests = counts.requests;
        drop(counts);
        self.stop_if_due(requests);
        Duration::from_millis(delay)
    }

    pub fn serve(&self, request: &Request) -> Reply {
        if request.method != Method::POST {
            return self.file(request.uri.path().trim_start_matches('/'));
        }
        let mut counts = self.0.counts.lock().unwrap();
        let call = self.0.script.calls[counts.calls % self.0.script.calls.len()];
        counts.calls += 1;
        drop(counts);
        let failure = |code: &str| {
            let error = json!({"Error": {"Code": code, "Message": "m"}, "RequestId": "r"});
            Ok(reply(200, json!({"Response": error}).to_string().into()))
        };
        match call {
            Call::Success => {}
            Call::Throttled => return failure("RequestLimitExceeded"),
            Call::Interrupted => return Err(TransportError::new(TransportErrorKind::Interrupted)),
            Call::Fatal => return failure("AuthFailure.SecretIdNotFound"),
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let ids = body["FlowIds"].as_array().unwrap().iter();
        let ids: Vec<&str> = ids.map(|id| id.as_str().unwrap()).collect();
        let content = match request.headers["x-tc-action"].to_str().unwrap() {
            "DescribeFlowDetailInfo" => {
                json!({"FlowInfo": ids.iter().filter_map(|id| self.details(id)).collect::<Vec<_>>()})
            }
            "DescribeResourceUrlsByFlows" => {
                let infos: Vec<Value> = ids.iter().filter_map(|id| self.links(id)).collect();
                json!({"FlowResourceUrlInfos": infos, "ErrorMessages": []})
            }
            action => panic!("{action}"),
        };
        Ok(reply(200, json!({"Response": content}).to_string().into()))
    }

    fn details(&self, id: &str) -> Option<Value> {
        let (status, signed) = match self.0.fates[id] {
            Fate::Unknown => return None,
            Fate::Unsigned => ("PART", 0),
            Fate::JustSigned => ("ALL", EPOCH),
            _ => ("ALL", EPOCH - 1_000),
        };
        let approvers = json!([{"ApproveTime": signed}]);
        Some(json!({"FlowId": id, "FlowStatus": status, "FlowApproverInfos": approvers}))
    }

    fn links(&self, id: &str) -> Option<Value> {
        let url = format!("https://file.ess.tencent.cn/{id}");
        let links = json!([{"Url": url, "Name": "lease", "Type": "PDF"}]);
        let is_known = self.0.fates[id] != Fate::Unknown;
        is_known.then(|| json!({"FlowId": id, "ResourceUrlInfos": links}))
    }

    fn file(&self, id: &str) -> Reply {
        match self.0.fates[id] {
            Fate::Failing => Ok(reply(500, Bytes::new())),
            Fate::Throttled => Ok(reply(429, Bytes::new())),
            Fate::Expired => Ok(reply(403, Bytes::new())),
            Fate::Redirected => Ok(reply(302, Bytes::new())),
            Fate::Interrupted => {
                let mut reply = reply(200, PDF.into());
                reply.body =
                    Body { chunks: vec![Bytes::from_static(&PDF[..9])], is_interrupted: true };
                Ok(reply)
            }
            _ => Ok(reply(200, PDF.into())),
        }
    }
}

fn reply(status: u16, body: Bytes) -> Response<Body> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    let body = Body { chunks: vec![body], is_interrupted: false };
    Response { status: StatusCode::from_u16(status).unwrap(), headers, body }
}
