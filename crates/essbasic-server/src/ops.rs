//! The listener of probes and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::ledger::{Error, Ledger};
use crate::metrics::Metrics;
use crate::pulse::Liveness;
use crate::{http, local_host};

/// Time for the store to respond to a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time for which the result of a check is used again.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

/// Media type of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// State that the listener reports.
pub(crate) struct Ops {
    ledger: Ledger,
    metrics: Arc<Metrics>,
    liveness: Liveness,
    /// Set when the process no longer accepts work.
    is_draining: AtomicBool,
    /// Latest check of the store.
    checked: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Ops {
    pub(crate) fn new(ledger: Ledger, metrics: Arc<Metrics>, liveness: Liveness) -> Self {
        let (is_draining, checked) = (AtomicBool::new(false), Mutex::default());
        Self { ledger, metrics, liveness, is_draining, checked }
    }

    /// Returns the reason if messages cannot be committed. Probes within one second share a check, so that they are no load.
    pub(crate) async fn check_commits(&self) -> Result<(), String> {
        let mut checked = self.checked.lock().await;
        if let Some((_, result)) = checked.as_ref().filter(|(at, _)| at.elapsed() < CHECK_PERIOD) {
            return result.clone();
        }
        let result = match timeout(PROBE_TIMEOUT, self.ledger.check_commits()).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("the store did not respond within 3 s".to_owned()),
        };
        *checked = Some((Instant::now(), result.clone()));
        result
    }

    /// Returns whether the process no longer accepts work.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Reports that the process stops.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// Names of paused loops.
    degraded: Vec<String>,
    /// Reasons why the process is not ready, and causes of pauses.
    reasons: Vec<String>,
}

/// Returns the routes of the listener. On the loopback address, browsers of this machine could reach it under any name. On others,
/// kubelets and Prometheus use names of services.
pub(crate) fn router(ops: Arc<Ops>, is_loopback: bool) -> Router {
    let router = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .layer(from_fn(http::in_flight))
        .with_state(ops);
    if is_loopback { router.layer(from_fn(local_host::check)) } else { router }
}

/// Reports whether every task makes progress. It does not depend on the store, or an outage would restart all replicas.
async fn live(State(ops): State<Arc<Ops>>) -> (StatusCode, String) {
    let stalled = ops.liveness.stalled();
    match stalled.is_empty() {
        true => (StatusCode::OK, "ok\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("stalled: {}\n", stalled.join(", "))),
    }
}

/// Reports whether callbacks can be committed. A paused loop does not make the process unready: callbacks are still received.
async fn ready(State(ops): State<Arc<Ops>>) -> (StatusCode, Json<Readiness>) {
    let mut readiness = Readiness { ready: true, degraded: Vec::new(), reasons: Vec::new() };
    if let Err(reason) = ops.check_commits().await {
        readiness.ready = false;
        readiness.reasons.push(reason);
    } else if let Ok(Ok(pauses)) = timeout(PROBE_TIMEOUT, ops.ledger.pauses()).await {
        for pause in pauses {
            readiness.reasons.push(format!("{} is paused: {}", pause.name, pause.cause));
            readiness.degraded.push(pause.name);
        }
    }
    if ops.is_draining() {
        readiness.ready = false;
        readiness.reasons.push("the process is stopping".to_owned());
    }
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}

async fn metrics(State(ops): State<Arc<Ops>>) -> Response {
    ops.metrics.set_store_up(ops.check_commits().await.is_ok());
    let numbers = async {
        let counts = ops.ledger.counts().await?;
        Ok::<_, Error>((counts, ops.ledger.pauses().await?))
    };
    let text = match timeout(PROBE_TIMEOUT, numbers).await {
        Ok(Ok((counts, pauses))) => {
            ops.metrics.set_counts(&counts);
            let paused: Vec<String> = pauses.into_iter().map(|pause| pause.name).collect();
            ops.metrics.set_paused(&paused);
            ops.metrics.encode()
        }
        _ => ops.metrics.encode_without_ledger(),
    };
    match text {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::ledger::Fault;

    /// Returns the metrics as a scrape of this moment returns them.
    async fn scrape(ops: &Arc<Ops>) -> String {
        let body = metrics(State(Arc::clone(ops))).await.into_body();
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_unavailable_store_is_reported_without_old_numbers() {
        let ledger = Ledger::in_memory();
        let metrics = Arc::new(Metrics::new(Vec::new(), true));
        let ops = Arc::new(Ops::new(ledger.clone(), metrics, Liveness::default()));
        for (operation, up, has_numbers) in
            [("", 1, true), ("CheckStore", 0, true), ("CountAll", 1, false), ("", 1, true)]
        {
            ledger.inject(operation, Fault::Refused);
            let text = scrape(&ops).await;
            let line = format!("essbasic_store_up {up}");
            assert!(text.lines().any(|known| known == line), "{operation:?}: {text}");
            assert_eq!(text.contains("essbasic_contracts"), has_numbers, "{operation:?}: {text}");
            tokio::time::advance(CHECK_PERIOD).await;
        }
    }
}
