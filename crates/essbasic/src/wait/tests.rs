use super::*;
use crate::ids::collect;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Runs a wait in virtual time against a service that returns the details of a flow at a time in seconds. Returns the
/// outcomes, the duration and the number of requests.
fn wait(
    ids: &[&str],
    options: WaitOptions,
    service: impl Fn(&str, u64) -> Option<Value>,
) -> (Vec<WaitOutcome>, Duration, u32) {
    let mut now = Now { unix: Duration::from_secs(1000), monotonic: Duration::ZERO };
    let flow_ids = collect(ids.iter().copied());
    let mut job = WaitJob::new(Agent::new("app"), flow_ids, options, now);
    let mut calls = 0;
    loop {
        match job.next(now) {
            Next::Step(request) => {
                let polled = request.flow_ids.unwrap();
                assert!(!polled.is_empty() && polled.len() <= BATCH);
                let infos: Vec<Value> = polled
                    .iter()
                    .filter_map(|id| {
                        let mut info = service(id, now.monotonic.as_secs())?;
                        info["FlowId"] = json!(id);
                        Some(info)
                    })
                    .collect();
                let response = serde_json::from_value(json!({"FlowInfo": infos})).unwrap();
                job.on(now, Ok(response)).unwrap();
                calls += 1;
            }
            Next::Wait(time) => {
                assert!(!time.is_zero(), "a wait of zero");
                now.unix += time;
                now.monotonic += time;
            }
            Next::Done => break,
        }
    }
    let outcomes = job.finish().into_iter().map(|flow| flow.outcome).collect();
    (outcomes, now.monotonic, calls)
}

fn status(status: &str) -> Option<Value> {
    Some(json!({"FlowStatus": status, "FlowMessage": "why"}))
}

#[test]
fn reports_the_outcome_of_each_contract() {
    let options = WaitOptions::default().with_timeout(Duration::from_secs(300));
    let (outcomes, took, _) = wait(
        &["old", "soon", "reject", "gone", "stuck", "odd", "old"],
        options,
        |id, now| match id {
            "old" => {
                Some(json!({"FlowStatus": "ALL", "FlowApproverInfos": [{"ApproveTime": 900}]}))
            }
            "soon" if now >= 20 => status("ALL"),
            "reject" => status("REJECT"),
            "gone" => None,
            "odd" => status("BRAND_NEW"),
            _ => status("PART"),
        },
    );
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
fn waits_for_composition_only_after_a_recent_signature() {
    let recent = |_: &str, now: u64| {
        Some(json!({"FlowStatus": "ALL", "FlowApproverInfos": [{"ApproveTime": 999 + now}]}))
    };
    let (outcomes, took, calls) = wait(&["f"], WaitOptions::default(), recent);
    assert_eq!((&outcomes[0], took.as_secs(), calls), (&WaitOutcome::Signed, 3, 1));
    let old = |_: &str, _: u64| {
        Some(json!({"FlowStatus": "ALL", "FlowApproverInfos": [{"ApproveTime": 900}]}))
    };
    let (outcomes, took, _) = wait(&["f"], WaitOptions::default(), old);
    assert_eq!((&outcomes[0], took), (&WaitOutcome::Signed, Duration::ZERO));
}

#[test]
fn interval_grows_while_no_status_changes() {
    let (_, took, calls) = wait(&["f"], WaitOptions::default(), |_, _| status("INIT"));
    assert_eq!(took, Duration::from_secs(3600));
    assert!((60..75).contains(&calls), "{calls} calls in an hour");
}

#[test]
fn ends_at_once_without_contracts_or_with_a_zero_timeout() {
    assert!(wait(&[], WaitOptions::default(), |_, _| None).0.is_empty());
    let zero = || WaitOptions::default().with_timeout(Duration::ZERO);
    let (outcomes, took, calls) = wait(&["f"], zero(), |_, _| status("PART"));
    assert_eq!((took, calls), (Duration::ZERO, 1));
    let pending = WaitOutcome::Pending { status: Some(FlowStatus::Part), error: None };
    assert_eq!(outcomes[0], pending);
}

#[test]
fn emits_each_event_once() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let options = WaitOptions::default().on_event({
        let events = Arc::clone(&events);
        move |event| {
            events.lock().unwrap().push(match event {
                WaitEvent::Status { flow_id, status } => format!("{flow_id} {}", status.as_str()),
                WaitEvent::Ended { flow_id, outcome } => format!("{flow_id} {outcome:?}"),
            });
        }
    });
    wait(&["f", "f"], options, |_, now| status(if now < 30 { "PART" } else { "ALL" }));
    assert_eq!(*events.lock().unwrap(), ["f PART", "f ALL", "f Signed"]);
}

#[cfg(feature = "ureq")]
#[test]
fn an_unreachable_server_ends_a_wait_only_before_the_first_response() {
    let unreachable = || {
        let config = tc3_client::Config::new(tc3_client::credentials::Credential::new("id", "key"))
            .with_retry(tc3_client::RetryPolicy::none());
        let kind = tc3_client::transport::TransportErrorKind::Connect;
        let client = tc3_client::blocking::Client::with_transport(config, move |_| {
            Err(tc3_client::transport::TransportError::new(kind))
        });
        let request = DescribeFlowDetailInfoRequest::new(Agent::new("app"));
        client.unwrap().call(&request).unwrap_err()
    };
    let mut now = Now { unix: Duration::from_secs(1000), monotonic: Duration::ZERO };
    let job = || WaitJob::new(Agent::new("app"), vec!["f".into()], WaitOptions::default(), now);
    let mut first = job();
    assert!(matches!(first.next(now), Next::Step(_)));
    assert!(first.on(now, Err(unreachable())).is_err());

    let mut later = job();
    assert!(matches!(later.next(now), Next::Step(_)));
    let response = json!({"FlowInfo": [{"FlowId": "f", "FlowStatus": "PART"}]});
    later.on(now, Ok(serde_json::from_value(response).unwrap())).unwrap();
    now.monotonic += Duration::from_secs(100);
    assert!(matches!(later.next(now), Next::Step(_)));
    later.on(now, Err(unreachable())).unwrap();
    let WaitOutcome::Pending { status, error } = later.finish().remove(0).outcome else { panic!() };
    assert_eq!(status, Some(FlowStatus::Part));
    assert_eq!(error.unwrap().kind, FlowErrorKind::Call);
}

#[cfg(feature = "test-util")]
#[test]
fn a_contract_that_the_service_reports_as_unknown_ends_the_wait() {
    let unknown = || {
        let info = &<DescribeFlowDetailInfoRequest as tc3_client::api::Action>::INFO;
        tc3_client::test_util::api_error(info, "ResourceNotFound.Flow", "m", "r")
    };
    let mut now = Now { unix: Duration::from_secs(1000), monotonic: Duration::ZERO };
    let mut job = WaitJob::new(Agent::new("app"), vec!["f".into()], WaitOptions::default(), now);
    let mut calls = 0;
    loop {
        match job.next(now) {
            Next::Step(_) => {
                calls += 1;
                job.on(now, Err(unknown())).unwrap();
            }
            Next::Wait(time) => {
                now.unix += time;
                now.monotonic += time;
            }
            Next::Done => break,
        }
    }
    assert_eq!(calls, MAX_MISSES);
    let WaitOutcome::Pending { error, .. } = job.finish().remove(0).outcome else { panic!() };
    assert!(error.unwrap().is_not_found());
}

proptest! {
    #[test]
    fn ends_before_the_timeout_with_one_outcome_per_contract(
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

#[test]
fn a_callback_ends_the_wait_without_another_request() {
    let signals = Signals::new();
    signals.send("early", FlowStatus::All, "");
    signals.send("unrelated", FlowStatus::All, "");
    let sender = signals.clone();
    let options = WaitOptions::default().with_signals(signals);
    let (outcomes, took, calls) = wait(&["early", "later", "silent"], options, move |id, now| {
        // The callback for the second contract arrives during the first request.
        sender.send("later", FlowStatus::Reject, "terms");
        status(if id == "silent" && now >= 60 { "ALL" } else { "PART" })
    });
    let refused = WaitOutcome::Ended { status: FlowStatus::Reject, reason: "terms".to_owned() };
    assert_eq!(outcomes, [WaitOutcome::Signed, refused, WaitOutcome::Signed]);
    assert_eq!((took.as_secs(), calls), (63, 2));
}
