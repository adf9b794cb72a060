use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

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
            Next::Step(request) => {
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
            Next::Wait(time) => {
                assert!(!time.is_zero(), "a wait that does not wait");
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
fn each_contract_ends_as_it_should() {
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
    let none = || WaitOptions::default().with_timeout(Duration::ZERO);
    let (outcomes, took, calls) = wait(&["f"], none(), |_, _| status("PART"));
    assert_eq!((took, calls), (Duration::ZERO, 1));
    let pending = WaitOutcome::Pending { status: Some(FlowStatus::Part), error: None };
    assert_eq!(outcomes[0], pending);
}

#[test]
fn what_becomes_known_is_told_once() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let options = WaitOptions::default().on_event({
        let told = Arc::clone(&told);
        move |event| {
            told.lock().unwrap().push(match event {
                WaitEvent::Status { flow_id, status } => format!("{flow_id} {}", status.as_str()),
                WaitEvent::Ended { flow_id, outcome } => format!("{flow_id} {outcome:?}"),
            });
        }
    });
    wait(&["f", "f"], options, |_, now| status(if now < 30 { "PART" } else { "ALL" }));
    assert_eq!(*told.lock().unwrap(), ["f PART", "f ALL", "f Signed"]);
}

#[cfg(feature = "ureq")]
#[test]
fn only_a_wait_that_never_worked_ends_where_the_server_is_out_of_reach() {
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
    let mut never = job();
    assert!(matches!(never.next(now), Next::Step(_)));
    assert!(never.on(now, Err(unreachable())).is_err());

    let mut once = job();
    assert!(matches!(once.next(now), Next::Step(_)));
    let answer = json!({"FlowInfo": [{"FlowId": "f", "FlowStatus": "PART"}]});
    once.on(now, Ok(serde_json::from_value(answer).unwrap())).unwrap();
    now.monotonic += Duration::from_secs(100);
    assert!(matches!(once.next(now), Next::Step(_)));
    once.on(now, Err(unreachable())).unwrap();
    let WaitOutcome::Pending { status, error } = once.finish().remove(0).outcome else { panic!() };
    assert_eq!(status, Some(FlowStatus::Part));
    assert_eq!(error.unwrap().kind, FlowErrorKind::Call);
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

#[test]
fn callbacks_end_a_wait_without_a_further_question() {
    let signals = Signals::new();
    signals.tell("early", FlowStatus::All, "");
    signals.tell("somebody else's", FlowStatus::All, "");
    let told = signals.clone();
    let options = WaitOptions::default().with_signals(signals);
    let (outcomes, took, calls) = wait(&["early", "later", "silent"], options, move |id, now| {
        // The second is told of while the first question is answered.
        told.tell("later", FlowStatus::Reject, "terms");
        status(if id == "silent" && now >= 60 { "ALL" } else { "PART" })
    });
    let refused = WaitOutcome::Ended { status: FlowStatus::Reject, reason: "terms".to_owned() };
    assert_eq!(outcomes, [WaitOutcome::Signed, refused, WaitOutcome::Signed]);
    assert_eq!((took.as_secs(), calls), (63, 2));
}
