//! Metrics, in the text format of OpenMetrics.

mod labels;
mod own;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{CallEvent, CallOutcome, Observer};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use self::labels::{
    ACTIONS, CALLED, CallLabel, FORWARDED, ForwardLabel, LoopLabel, OperationLabel, OutcomeLabel,
    PauseLabel, RESULTS, ResultLabel, SETTLED, STATES, StateLabel, TargetLabel,
};
use crate::ledger::{Counts, OPERATIONS, Outcome, Settlement, Timer};

/// Bounds of the durations of operations of the ledger, in seconds.
const LEDGER_BUCKETS: [f64; 8] = [0.001, 0.004, 0.016, 0.064, 0.25, 1.0, 5.0, 30.0];

/// Bounds of waits for the rate, in seconds.
const PERMIT_BUCKETS: [f64; 8] = [0.01, 0.05, 0.25, 1.0, 2.0, 5.0, 20.0, 60.0];

/// Metrics of this process, and numbers of the ledger.
pub(crate) struct Metrics {
    registry: Registry,
    store_up: Gauge<i64, AtomicI64>,
    callbacks: Family<ResultLabel, Counter<u64, AtomicU64>>,
    contracts: Family<StateLabel, Gauge<i64, AtomicI64>>,
    oldest_due: Gauge<i64, AtomicI64>,
    settled: Family<OutcomeLabel, Counter<u64, AtomicU64>>,
    calls: Family<CallLabel, Counter<u64, AtomicU64>>,
    permit_wait: Histogram,
    ledger: Family<OperationLabel, Histogram>,
    archived_bytes: Counter<u64, AtomicU64>,
    lease_losses: Counter<u64, AtomicU64>,
    last_success: Family<LoopLabel, Gauge<i64, AtomicI64>>,
    forwards: Family<ForwardLabel, Counter<u64, AtomicU64>>,
    forward_backlog: Family<TargetLabel, Gauge<i64, AtomicI64>>,
    forward_dead: Family<TargetLabel, Gauge<i64, AtomicI64>>,
    paused: Family<PauseLabel, Gauge<i64, AtomicI64>>,
    workers: Gauge<i64, AtomicI64>,
    /// Configured targets of forwards.
    targets: Vec<String>,
    /// Whether unfinished contracts are polled.
    is_polling: bool,
}

impl Metrics {
    /// Returns metrics that are all zero, with every label that is known. `targets` are the names of the configured targets;
    /// `is_polling` is true if unfinished contracts are polled. A loop that does not exist has no series.
    pub(crate) fn new(targets: Vec<String>, is_polling: bool) -> Self {
        let mut registry = Registry::with_prefix("essbasic");
        let store_up = Gauge::default();
        registry.register("store_up", "1 if messages can be committed", store_up.clone());
        let callbacks = Family::default();
        registry.register("callbacks", "Received callbacks", callbacks.clone());
        let contracts = Family::default();
        registry.register("contracts", "Contracts in the ledger", contracts.clone());
        let oldest_due = Gauge::default();
        registry.register(
            "oldest_due_seconds",
            "Time since the earliest due contract was due",
            oldest_due.clone(),
        );
        let settled = Family::default();
        registry.register("settled", "Settled claims", settled.clone());
        let calls = Family::default();
        registry.register("calls", "Calls of the service", calls.clone());
        let permit_wait = Histogram::new(PERMIT_BUCKETS);
        registry.register(
            "permit_wait_seconds",
            "Time that a request waits for the rate",
            permit_wait.clone(),
        );
        let ledger: Family<OperationLabel, Histogram> =
            Family::new_with_constructor(|| Histogram::new(LEDGER_BUCKETS));
        registry.register("ledger_seconds", "Time of operations of the ledger", ledger.clone());
        let archived_bytes = Counter::default();
        registry.register("archived_bytes", "Bytes of archived files", archived_bytes.clone());
        let lease_losses = Counter::default();
        registry.register("lease_losses", "Leases that expired", lease_losses.clone());
        let last_success = Family::default();
        registry.register(
            "last_success_timestamp_seconds",
            "Time of the last success of a loop",
            last_success.clone(),
        );
        let forwards = Family::default();
        registry.register("forwards", "Attempts to forward a message", forwards.clone());
        let forward_backlog = Family::default();
        registry.register("forward_backlog", "Messages to forward", forward_backlog.clone());
        let forward_dead = Family::default();
        registry.register("forward_dead", "Messages that were given up", forward_dead.clone());
        let paused = Family::default();
        registry.register("paused", "1 if a loop is paused for all replicas", paused.clone());
        let workers = Gauge::default();
        registry.register("workers", "Workers that are alive", workers.clone());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of this program", build);
        let metrics = Self {
            registry,
            store_up,
            callbacks,
            contracts,
            oldest_due,
            settled,
            calls,
            permit_wait,
            ledger,
            archived_bytes,
            lease_losses,
            last_success,
            forwards,
            forward_backlog,
            forward_dead,
            paused,
            workers,
            targets,
            is_polling,
        };
        metrics.create_known();
        metrics
    }

    /// Creates every series whose labels are known: an alert on a series that does not exist yet never fires.
    fn create_known(&self) {
        for result in RESULTS {
            drop(self.callbacks.get_or_create(&ResultLabel { result }));
        }
        for state in STATES {
            drop(self.contracts.get_or_create(&StateLabel { state }));
        }
        for outcome in SETTLED {
            drop(self.settled.get_or_create(&OutcomeLabel { outcome }));
        }
        for (action, outcome) in
            ACTIONS.into_iter().flat_map(|action| CALLED.map(|outcome| (action, outcome)))
        {
            drop(self.calls.get_or_create(&CallLabel { action, outcome }));
        }
        for op in OPERATIONS {
            drop(self.ledger.get_or_create(&OperationLabel { op }));
        }
        for name in ["archive", "upkeep"]
            .into_iter()
            .chain(self.is_polling.then_some("reconcile"))
            .chain((!self.targets.is_empty()).then_some("forward"))
        {
            drop(self.last_success.get_or_create(&LoopLabel { r#loop: name }));
        }
        self.set_paused(&[]);
        for target in &self.targets {
            drop(self.forward_dead.get_or_create(&TargetLabel { target: target.clone() }));
            drop(self.forward_backlog.get_or_create(&TargetLabel { target: target.clone() }));
            for outcome in FORWARDED {
                let label = ForwardLabel { target: target.clone(), outcome };
                drop(self.forwards.get_or_create(&label));
            }
        }
    }

    /// Counts the time that a request waits for the rate.
    pub(crate) fn permit_waited(&self, wait: Duration) {
        self.permit_wait.observe(wait.as_secs_f64());
    }

    /// Counts a callback.
    pub(crate) fn callback(&self, result: &'static str) {
        self.callbacks.get_or_create(&ResultLabel { result }).inc();
    }

    /// Counts accepted settlements, and the bytes that they archived.
    pub(crate) fn settlements(&self, settlements: &[Settlement], accepted: &[String]) {
        let accepted: HashSet<&str> = accepted.iter().map(String::as_str).collect();
        let counted = settlements.iter().filter(|one| accepted.contains(&*one.flow_id));
        for settlement in counted {
            let outcome = match &settlement.outcome {
                Outcome::Archived(evidence) => {
                    let bytes = evidence.files.iter().map(|file| file.bytes.max(0).unsigned_abs());
                    self.archived_bytes.inc_by(bytes.sum());
                    "archived"
                }
                Outcome::Observed { .. } => "observed",
                Outcome::Again { .. } => "again",
                Outcome::Dead { .. } => "dead",
                Outcome::Released { .. } => "released",
            };
            self.settled.get_or_create(&OutcomeLabel { outcome }).inc();
        }
    }

    /// Counts leases that expired. Each is counted by one replica.
    pub(crate) fn leases_lost(&self, count: usize) {
        self.lease_losses.inc_by(count as u64);
    }

    /// Sets the time of the last success of a loop.
    pub(crate) fn succeeded(&self, name: &'static str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        self.last_success.get_or_create(&LoopLabel { r#loop: name }).set(now);
    }

    /// Counts an attempt to forward.
    pub(crate) fn forwarded(&self, target: &str, outcome: &'static str) {
        let label = ForwardLabel { target: target.to_owned(), outcome };
        self.forwards.get_or_create(&label).inc();
    }

    /// Sets the numbers of the ledger.
    pub(crate) fn set_counts(&self, counts: &Counts) {
        let dead = counts.dead.values().sum();
        for (state, count) in [
            ("open", counts.open),
            ("claimed", counts.claimed),
            ("done", counts.done),
            ("dead", dead),
        ] {
            self.contracts.get_or_create(&StateLabel { state }).set(count);
        }
        let oldest = counts.oldest_due.map_or(0, |due| counts.now.saturating_sub(due).max(0));
        self.oldest_due.set(oldest / 1_000);
        self.set_by_target(&self.forward_backlog, &counts.forward_backlog);
        self.set_by_target(&self.forward_dead, &counts.forward_dead);
        self.workers.set(counts.workers);
    }

    /// Sets whether messages can be committed.
    pub(crate) fn set_store_up(&self, is_up: bool) {
        self.store_up.set(i64::from(is_up));
    }

    /// Returns the metrics as text, without the numbers of the ledger: those of an earlier time would hide that it is unavailable.
    ///
    /// # Errors
    /// Returns an error if a metric cannot be written.
    pub(crate) fn encode_without_ledger(&self) -> Result<String, fmt::Error> {
        Ok(own::without_ledger(&self.encode()?))
    }

    /// Sets numbers of the configured targets, and of removed ones until their messages are given up or deleted.
    fn set_by_target(
        &self,
        family: &Family<TargetLabel, Gauge<i64, AtomicI64>>,
        counts: &BTreeMap<String, i64>,
    ) {
        for target in self.targets.iter().filter(|one| !counts.contains_key(*one)) {
            family.get_or_create(&TargetLabel { target: target.clone() }).set(0);
        }
        for (target, count) in counts {
            family.get_or_create(&TargetLabel { target: target.clone() }).set(*count);
        }
    }

    /// Sets which loops are paused.
    pub(crate) fn set_paused(&self, paused: &[String]) {
        let forwards = self.targets.iter().map(|target| forward_loop(target));
        let jobs = ["archive"].into_iter().chain(self.is_polling.then_some("reconcile"));
        for name in jobs.map(str::to_owned).chain(forwards) {
            let is_paused = i64::from(paused.contains(&name));
            self.paused.get_or_create(&PauseLabel { r#loop: name }).set(is_paused);
        }
    }

    /// Returns the metrics as text.
    ///
    /// # Errors
    /// Returns an error if a metric cannot be written.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Timer for Metrics {
    fn record(&self, op: &'static str, elapsed: Duration) {
        self.ledger.get_or_create(&OperationLabel { op }).observe(elapsed.as_secs_f64());
    }
}

/// Returns the name of the loop that forwards to a target.
pub(crate) fn forward_loop(target: &str) -> String {
    format!("forward {target}")
}

/// Counts the calls of a client.
pub(crate) struct CallCounter(pub(crate) Arc<Metrics>);

impl Observer for CallCounter {
    fn on_call(&self, call: &CallEvent<'_>) {
        let outcome = match call.outcome {
            CallOutcome::Success => "success",
            CallOutcome::Failed { kind, .. } => kind.name(),
            _ => "cancelled",
        };
        let action = ACTIONS.into_iter().find(|known| *known == call.action).unwrap_or("other");
        self.0.calls.get_or_create(&CallLabel { action, outcome }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Evidence, FileEvidence};

    #[test]
    fn names_are_those_of_the_documentation() {
        let metrics = Metrics::new(vec!["billing".to_owned(), "idle".to_owned()], true);
        metrics.callback("new");
        let settlement = |flow_id: &str| Settlement {
            flow_id: flow_id.to_owned(),
            claim: 1,
            outcome: Outcome::Archived(Evidence {
                files: vec![FileEvidence { bytes: 7, sha256: String::new() }],
                request_id: String::new(),
            }),
        };
        metrics.settlements(&[settlement("a"), settlement("b")], &["b".to_owned()]);
        metrics.leases_lost(1);
        metrics.forwarded("billing", "delivered");
        metrics.succeeded("archive");
        let mut counts =
            Counts { open: 3, now: 10_000, oldest_due: Some(4_000), ..Counts::default() };
        counts.forward_backlog.insert("billing".to_owned(), 2);
        counts.forward_dead.insert("billing".to_owned(), 4);
        metrics.set_counts(&counts);
        metrics.set_paused(&["forward idle".to_owned()]);
        metrics.permit_waited(Duration::from_millis(20));
        metrics.record("claim", Duration::from_millis(2));
        let text = metrics.encode().unwrap();
        for line in [
            "essbasic_callbacks_total{result=\"new\"} 1",
            "essbasic_contracts{state=\"open\"} 3",
            "essbasic_oldest_due_seconds 6",
            "essbasic_settled_total{outcome=\"archived\"} 1",
            "essbasic_archived_bytes_total 7",
            "essbasic_lease_losses_total 1",
            "essbasic_forward_backlog{target=\"billing\"} 2",
            "essbasic_forwards_total{target=\"billing\",outcome=\"delivered\"} 1",
            "essbasic_workers 0",
            "essbasic_callbacks_total{result=\"unavailable\"} 0",
            "essbasic_calls_total{action=\"DescribeFlowDetailInfo\",outcome=\"success\"} 0",
            "essbasic_calls_total{action=\"DescribeResourceUrlsByFlows\",outcome=\"timeout\"} 0",
            "essbasic_permit_wait_seconds_count 1",
            "essbasic_permit_wait_seconds_bucket{le=\"0.05\"} 1",
            "essbasic_ledger_seconds_count{op=\"claim\"} 1",
            "essbasic_ledger_seconds_count{op=\"settle_forwards\"} 0",
            "essbasic_settled_total{outcome=\"dead\"} 0",
            "essbasic_forwards_total{target=\"idle\",outcome=\"dead\"} 0",
            "essbasic_forward_backlog{target=\"idle\"} 0",
            "essbasic_last_success_timestamp_seconds{loop=\"reconcile\"} 0",
            "essbasic_forward_dead{target=\"billing\"} 4",
            "essbasic_forward_dead{target=\"idle\"} 0",
            "essbasic_paused{loop=\"archive\"} 0",
            "essbasic_paused{loop=\"reconcile\"} 0",
            "essbasic_paused{loop=\"forward billing\"} 0",
            "essbasic_paused{loop=\"forward idle\"} 1",
            "essbasic_build_info{version=\"0.1.0\"} 1",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        let last = "essbasic_last_success_timestamp_seconds{loop=\"archive\"} 1";
        assert!(text.lines().any(|line| line.starts_with(last)), "{text}");
        // A target without a backlog is absent in the counts.
        metrics.set_counts(&Counts::default());
        let text = metrics.encode().unwrap();
        assert!(text.contains("essbasic_forward_backlog{target=\"billing\"} 0"), "{text}");
        assert!(text.contains("essbasic_forward_dead{target=\"billing\"} 0"), "{text}");
        metrics.set_paused(&[]);
        let text = metrics.encode().unwrap();
        assert!(text.contains("essbasic_paused{loop=\"forward idle\"} 0"), "{text}");
    }

    #[test]
    fn a_loop_that_does_not_exist_has_no_series() {
        let text = Metrics::new(Vec::new(), false).encode().unwrap();
        assert!(text.contains("essbasic_last_success_timestamp_seconds{loop=\"archive\"} 0"));
        assert!(text.contains("essbasic_paused{loop=\"archive\"} 0"));
        for name in ["reconcile", "forward"] {
            assert!(!text.contains(&format!("loop=\"{name}")), "{name}: {text}");
        }
    }
}
