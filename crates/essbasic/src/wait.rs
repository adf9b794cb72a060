//! Waiting until contracts are signed by all, by asking a hundred a call.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use essbasic_models::{
    Agent, DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowDetailInfo,
    FlowStatus,
};
use tc3_client::Now;

use crate::error::{Error, FlowError};
use crate::links::{distinct, failed};

/// The most contracts that one call takes.
const BATCH: usize = 100;

/// Answers in a row that leave a contract out before it counts as not found: a new contract may take
/// a moment to be known.
const MISSES: u32 = 3;

/// A round sooner than this would only repeat the answer of the one before.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitOptions {
    /// The pause between two rounds of asking; 5 seconds. It grows by half with each round in which
    /// nothing changed.
    pub interval: Duration,
    /// The longest pause; one minute.
    pub max_interval: Duration,
    /// How long to wait in all; one hour.
    pub timeout: Duration,
    /// How long after the last signature the PDF is taken to be composed; 3 seconds, the most that
    /// the service's documentation names.
    pub settle: Duration,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(60),
            timeout: Duration::from_secs(3600),
            settle: Duration::from_secs(3),
        }
    }
}

impl WaitOptions {
    /// Sets [`interval`](Self::interval).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets [`max_interval`](Self::max_interval).
    #[must_use]
    pub fn with_max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = interval;
        self
    }

    /// Sets [`timeout`](Self::timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`settle`](Self::settle).
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }
}

/// What came of waiting for one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowWait {
    /// The contract.
    pub flow_id: String,
    /// How it ended, or how far it came.
    pub outcome: WaitOutcome,
}

/// How waiting for one contract ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitOutcome {
    /// Everybody has signed, and the PDF is composed.
    Signed,
    /// It will not be signed by all: `REJECT`, `CANCEL`, `DEADLINE`, `INVALID` or `RELIEVED`.
    Ended {
        /// Which of them.
        status: FlowStatus,
        /// The reason that the service gives for a refusal or a withdrawal; may be empty.
        reason: String,
    },
    /// The time was up. Holds the last state, if one was learnt, and else why not.
    Pending {
        /// The last state.
        status: Option<FlowStatus>,
        /// Why the last attempt to learn it failed.
        error: Option<FlowError>,
    },
    /// The service does not know the contract, or not as this agent's.
    NotFound,
}

/// What to do next.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, on the stack of its driver")]
pub(crate) enum WaitStep {
    Ask(DescribeFlowDetailInfoRequest),
    Sleep(Duration),
    Done,
}

/// Waits for any number of contracts.
pub(crate) struct WaitJob {
    agent: Agent,
    options: WaitOptions,
    asked: Vec<String>,
    /// Each contract once; known by its place here.
    flows: Vec<String>,
    /// Those still asked for.
    open: BTreeMap<usize, Open>,
    /// Those signed by all, by the time when their PDF is composed.
    composing: BTreeSet<(Duration, usize)>,
    ended: HashMap<usize, WaitOutcome>,
    /// The batches of this round that are still to be asked.
    batches: VecDeque<Vec<usize>>,
    deadline: Duration,
    interval: Duration,
    /// When the next round of asking is due.
    next_round: Duration,
    changed: bool,
}

#[derive(Default)]
struct Open {
    status: Option<FlowStatus>,
    error: Option<FlowError>,
    misses: u32,
}

impl WaitJob {
    pub(crate) fn new(agent: Agent, flow_ids: Vec<String>, options: WaitOptions, now: Now) -> Self {
        let flows = distinct(&flow_ids);
        Self {
            agent,
            open: (0..flows.len()).map(|flow| (flow, Open::default())).collect(),
            flows,
            asked: flow_ids,
            composing: BTreeSet::new(),
            ended: HashMap::new(),
            batches: VecDeque::new(),
            deadline: now.monotonic.saturating_add(options.timeout),
            interval: options.interval,
            next_round: now.monotonic,
            changed: true,
            options,
        }
    }

    pub(crate) fn next(&mut self, now: Now) -> WaitStep {
        while let Some(&(at, flow)) = self.composing.first()
            && at <= now.monotonic
        {
            self.composing.pop_first();
            self.ended.insert(flow, WaitOutcome::Signed);
        }
        let idle = self.open.is_empty() && self.composing.is_empty();
        if idle || now.monotonic >= self.deadline {
            return WaitStep::Done;
        }
        if self.batches.is_empty() && now.monotonic >= self.next_round {
            self.begin_round(now);
        }
        if let Some(batch) = self.batches.front() {
            let ids = batch.iter().filter_map(|&flow| self.flows.get(flow));
            let request = DescribeFlowDetailInfoRequest::new(self.agent.clone());
            return WaitStep::Ask(request.flow_ids(ids));
        }
        let composed = self.composing.first().map(|&(at, _)| at);
        let asking = (!self.open.is_empty()).then_some(self.next_round);
        let wake = composed.into_iter().chain(asking).fold(self.deadline, Duration::min);
        WaitStep::Sleep(wake.saturating_sub(now.monotonic))
    }

    fn begin_round(&mut self, now: Now) {
        self.interval = if self.changed {
            self.options.interval
        } else {
            self.interval.mul_f64(1.5).min(self.options.max_interval)
        };
        self.changed = false;
        self.next_round = now.monotonic.saturating_add(self.interval.max(SHORTEST_INTERVAL));
        let open: Vec<usize> = self.open.keys().copied().collect();
        self.batches = open.chunks(BATCH).map(<[usize]>::to_vec).collect();
    }

    pub(crate) fn on(
        &mut self,
        now: Now,
        answer: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) -> Result<(), Error> {
        let Some(batch) = self.batches.pop_front() else { return Ok(()) };
        let mut infos = match answer {
            Ok(answer) => {
                let infos = answer.flow_info.into_iter();
                infos.map(|info| (info.flow_id.clone(), info)).collect::<HashMap<_, _>>()
            }
            // A round that failed is followed by another.
            Err(error) => {
                let error = failed(error)?;
                for flow in batch {
                    if let Some(open) = self.open.get_mut(&flow) {
                        open.error = Some(error.clone());
                    }
                }
                return Ok(());
            }
        };
        for flow in batch {
            let info = self.flows.get(flow).and_then(|id| infos.remove(id));
            self.learn(flow, info, now);
        }
        Ok(())
    }

    fn learn(&mut self, flow: usize, info: Option<FlowDetailInfo>, now: Now) {
        let Some(open) = self.open.get_mut(&flow) else { return };
        open.error = None;
        let Some(info) = info else {
            open.misses += 1;
            if open.misses >= MISSES {
                self.end(flow, WaitOutcome::NotFound);
            }
            return;
        };
        open.misses = 0;
        if open.status.as_ref() != Some(&info.flow_status) {
            open.status = Some(info.flow_status.clone());
            self.changed = true;
        }
        match info.flow_status {
            FlowStatus::All => {
                self.open.remove(&flow);
                self.composing.insert((self.composed_at(&info, now), flow));
            }
            FlowStatus::Reject
            | FlowStatus::Cancel
            | FlowStatus::Deadline
            | FlowStatus::Invalid
            | FlowStatus::Relieved => {
                let (status, reason) = (info.flow_status, info.flow_message);
                self.end(flow, WaitOutcome::Ended { status, reason });
            }
            _ => {}
        }
    }

    fn end(&mut self, flow: usize, outcome: WaitOutcome) {
        self.open.remove(&flow);
        self.ended.insert(flow, outcome);
    }

    /// When the PDF is composed: at once where the last signature is old enough, and else after the
    /// whole time, since the clocks need not agree to the second.
    fn composed_at(&self, info: &FlowDetailInfo, now: Now) -> Duration {
        let times = info.flow_approver_infos.iter().map(|approver| approver.approve_time);
        let last = times.max().and_then(|at| u64::try_from(at).ok()).filter(|&at| at > 0);
        let settled = last.is_some_and(|at| {
            Duration::from_secs(at).saturating_add(self.options.settle) <= now.unix
        });
        if settled { now.monotonic } else { now.monotonic.saturating_add(self.options.settle) }
    }

    pub(crate) fn finish(mut self) -> Vec<FlowWait> {
        for (flow, open) in self.open {
            let pending = WaitOutcome::Pending { status: open.status, error: open.error };
            self.ended.insert(flow, pending);
        }
        for (_, flow) in self.composing {
            let status = Some(FlowStatus::All);
            self.ended.insert(flow, WaitOutcome::Pending { status, error: None });
        }
        let outcomes: HashMap<&str, &WaitOutcome> = self
            .ended
            .iter()
            .filter_map(|(&flow, outcome)| Some((self.flows.get(flow)?.as_str(), outcome)))
            .collect();
        let answers = self.asked.iter().map(|flow_id| FlowWait {
            flow_id: flow_id.clone(),
            outcome: outcomes.get(flow_id.as_str()).map_or(WaitOutcome::NotFound, |&o| o.clone()),
        });
        answers.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Waits against a function that says what each flow is at each time; tells how long it took.
    fn wait(
        ids: &[&str],
        options: WaitOptions,
        service: impl Fn(&str, u64) -> Option<Value>,
    ) -> (Vec<WaitOutcome>, Duration, u32) {
        let mut now = Now { unix: Duration::from_secs(1000), monotonic: Duration::ZERO };
        let asked = ids.iter().map(|id| (*id).to_owned()).collect();
        let mut job = WaitJob::new(Agent::new("app"), asked, options, now);
        let mut calls = 0;
        loop {
            match job.next(now) {
                WaitStep::Ask(request) => {
                    let asked = request.flow_ids.unwrap();
                    assert!(!asked.is_empty() && asked.len() <= BATCH);
                    let infos: Vec<Value> = asked
                        .iter()
                        .filter_map(|id| {
                            let mut info = service(id, now.monotonic.as_secs())?;
                            info["FlowId"] = json!(id);
                            Some(info)
                        })
                        .collect();
                    let answer = serde_json::from_value(json!({"FlowInfo": infos})).unwrap();
                    job.on(now, Ok(answer)).unwrap();
                    calls += 1;
                }
                WaitStep::Sleep(time) => {
                    assert!(!time.is_zero(), "a wait that does not wait");
                    now.unix += time;
                    now.monotonic += time;
                }
                WaitStep::Done => break,
            }
        }
        let outcomes = job.finish().into_iter().map(|flow| flow.outcome).collect();
        (outcomes, now.monotonic, calls)
    }

    fn status(status: &str) -> Option<Value> {
        Some(json!({"FlowStatus": status, "FlowMessage": "why"}))
    }

    #[test]
    fn each_contract_ends_as_it_should() {
        let options = WaitOptions::default().with_timeout(Duration::from_secs(300));
        let (outcomes, took, _) =
            wait(&["old", "soon", "reject", "gone", "stuck", "odd", "old"], options, |id, now| {
                match id {
                    "old" => Some(
                        json!({"FlowStatus": "ALL", "FlowApproverInfos": [{"ApproveTime": 900}]}),
                    ),
                    "soon" if now >= 20 => status("ALL"),
                    "reject" => status("REJECT"),
                    "gone" => None,
                    "odd" => status("BRAND_NEW"),
                    _ => status("PART"),
                }
            });
        assert_eq!(outcomes[0], WaitOutcome::Signed);
        assert_eq!(outcomes[1], WaitOutcome::Signed);
        let ended = WaitOutcome::Ended { status: FlowStatus::Reject, reason: "why".into() };
        assert_eq!(outcomes[2], ended);
        assert_eq!(outcomes[3], WaitOutcome::NotFound);
        let pending = |text: &str| WaitOutcome::Pending { status: Some(text.into()), error: None };
        assert_eq!((&outcomes[4], &outcomes[5]), (&pending("PART"), &pending("BRAND_NEW")));
        assert_eq!(outcomes[6], WaitOutcome::Signed);
        assert_eq!(took, Duration::from_secs(300));
    }

    #[test]
    fn a_fresh_signature_is_given_time_and_an_old_one_none() {
        let fresh = |_: &str, now: u64| {
            Some(json!({"FlowStatus": "ALL", "FlowApproverInfos": [{"ApproveTime": 999 + now}]}))
        };
        let (outcomes, took, calls) = wait(&["f"], WaitOptions::default(), fresh);
        assert_eq!((&outcomes[0], took.as_secs(), calls), (&WaitOutcome::Signed, 3, 1));
        let old = |_: &str, _: u64| {
            Some(json!({"FlowStatus": "ALL", "FlowApproverInfos": [{"ApproveTime": 900}]}))
        };
        let (outcomes, took, _) = wait(&["f"], WaitOptions::default(), old);
        assert_eq!((&outcomes[0], took), (&WaitOutcome::Signed, Duration::ZERO));
    }

    #[test]
    fn pauses_grow_while_nothing_changes() {
        let (_, took, calls) = wait(&["f"], WaitOptions::default(), |_, _| status("INIT"));
        assert_eq!(took, Duration::from_secs(3600));
        assert!((60..75).contains(&calls), "{calls} calls in an hour");
    }

    #[test]
    fn nothing_to_wait_for_and_no_time_end_at_once() {
        assert!(wait(&[], WaitOptions::default(), |_, _| None).0.is_empty());
        let none = WaitOptions::default().with_timeout(Duration::ZERO);
        let (outcomes, _, calls) = wait(&["f"], none, |_, _| status("ALL"));
        assert_eq!(calls, 0);
        assert_eq!(outcomes[0], WaitOutcome::Pending { status: None, error: None });
    }

    proptest! {
        #[test]
        fn whatever_the_service_says_it_ends_in_time_with_one_outcome_each(
            ids in prop::collection::vec("[a-e]{1,2}", 0..250),
            interval in 0_u64..20,
            seed: u64,
        ) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let options = WaitOptions::default()
                .with_interval(Duration::from_secs(interval))
                .with_timeout(Duration::from_secs(120));
            let states = ["INIT", "PART", "ALL", "REJECT", "RELIEVED", "NEW", ""];
            let (outcomes, took, _) = wait(&ids, options, |id, now| {
                let mixed = id.bytes().fold(seed ^ now, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
                status(states.get((mixed % 9) as usize)?)
            });
            prop_assert_eq!(outcomes.len(), ids.len());
            prop_assert!(took <= Duration::from_secs(120));
        }
    }
}
