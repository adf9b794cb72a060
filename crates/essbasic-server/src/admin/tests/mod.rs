//! Every route over a ledger in memory.

mod contracts;
mod messages;
mod process;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use essbasic::FlowStatus;
use essbasic_explorer::{Explorer, Mode};
use essbasic_page::Token;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower_service::Service as _;

use super::{Admin, guarded};
use crate::ledger::{
    Claim, Claimed, Ledger, ManualClock, Message, Outcome, Reason, Report, Task, WorkerId,
};
use crate::metrics::Metrics;
use crate::ops::Ops;
use crate::pulse::{Liveness, Pulse};
use crate::queries::TargetInfo;
use crate::worker::{self, Incarnation, Timing};

const TOKEN: &str = "0123456789abcdef";

/// Start of the clock: 2023-11-14T22:13:20.123Z.
const START: i64 = 1_700_000_000_123;

/// The routes, the ledger behind them, and its clock.
struct Page {
    router: Router,
    ledger: Ledger,
    clock: ManualClock,
    ops: Arc<Ops>,
    incarnation: Incarnation,
}

impl Page {
    fn new(is_writable: bool) -> Self {
        let clock = ManualClock::at(START);
        let ledger = Ledger::in_memory().with_clock(clock.clone());
        let (incarnation, heartbeat) = worker::incarnation();
        let timing = Timing { lease: Duration::from_secs(60), heartbeat: Duration::from_secs(15) };
        let name = "host:1".to_owned();
        let beating = heartbeat.run(
            ledger.clone(),
            name,
            timing,
            Arc::default(),
            Pulse::new(),
            std::future::pending(),
        );
        tokio::spawn(beating);
        let ops =
            Ops::new(ledger.clone(), Arc::new(Metrics::new(Vec::new(), true)), Liveness::default());
        let ops = Arc::new(ops);
        let target = |name: &str, types: &[&str]| TargetInfo {
            name: name.to_owned(),
            host: format!("{name}.example:8443"),
            types: types.iter().map(|name| (*name).to_owned()).collect(),
        };
        let admin = Admin {
            ledger: ledger.clone(),
            targets: vec![target("billing", &["FlowStatusChange"]), target("crm", &[])],
            per_action: 20,
            window: 1_025,
            is_writable,
            ops: Arc::clone(&ops),
            incarnation: incarnation.clone(),
        };
        let token = Token::new(TOKEN).unwrap();
        let explorer = Explorer::builder(Mode::Offline).mount();
        let router = guarded::router(admin, &explorer, 8081, token, &[]).unwrap();
        Self { router, ledger, clock, ops, incarnation }
    }

    /// Returns the worker of the process.
    async fn worker(&self) -> WorkerId {
        self.incarnation.clone().id().await.unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8081")
            .header("authorization", format!("Bearer {TOKEN}"));
        if method == "POST" {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().call(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let value = serde_json::from_slice(&bytes);
        (status, value.unwrap_or_else(|_| panic!("{path}: {bytes:?} is not JSON")))
    }

    /// Returns the body of a response of 200.
    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send("GET", path, "").await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// Returns the body of a response of 200.
    async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, value) = self.send("POST", path, &body.to_string()).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// Checks the status and the code of an error, and returns its text.
    async fn refused(&self, method: &str, path: &str, body: &str, expected: (u16, &str)) -> String {
        let (status, value) = self.send(method, path, body).await;
        let error = &value["error"];
        let code = error["code"].as_str().unwrap_or_default();
        assert_eq!((status, code), expected, "{method} {path} {body}: {value}");
        let hint = error["hint"].as_str().unwrap_or_default();
        assert!(!hint.is_empty() || code == "invalid_json", "{path}: {value}");
        format!("{}; {hint}", error["message"].as_str().unwrap())
    }

    /// Claims contracts and settles them.
    async fn settle(&self, worker: &WorkerId, task: Task, outcome: impl Fn(&Claimed) -> Outcome) {
        let claim = Claim { task, limit: 100, max_attempts: 10 };
        let claimed = self.ledger.claim(worker, claim).await.unwrap();
        let settlements = claimed.iter().map(|one| one.settlement(outcome(one)));
        self.ledger.settle(worker, 10, settlements.collect()).await.unwrap();
    }

    /// Adds contracts, which are dead for this reason.
    async fn dead(&self, flow_ids: &[&str], reason: Reason) {
        let worker = self.worker().await;
        let ids = flow_ids.iter().map(|id| (*id).to_owned()).collect();
        self.ledger.offer(ids, 0).await.unwrap();
        let outcome = |_: &Claimed| Outcome::Dead { reason, detail: "detail".to_owned() };
        self.settle(&worker, Task::Poll, outcome).await;
    }
}

/// Returns a message about a contract that is forwarded to targets.
fn message(id: &str, flow_id: &str, status: FlowStatus, targets: &[&str]) -> Message {
    Message {
        id: id.to_owned(),
        kind: "FlowStatusChange".to_owned(),
        flow_id: Some(flow_id.to_owned()),
        report: Some(Report { status, at: START }),
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
        body: (!targets.is_empty()).then(|| b"encrypted".to_vec()),
    }
}

/// Returns the names of the fields of an object, in the order of the alphabet.
fn fields(value: &Value) -> String {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}
