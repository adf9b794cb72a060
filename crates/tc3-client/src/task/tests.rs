//! The engine of tasks against scripted responses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use tc3_api::json;
use tc3_api::{Action, ActionInfo, Envelope};

use super::*;
use crate::stop::Stop;
use crate::test_util::{api_error, transport_error};

struct Query;

impl Action for Query {
    const INFO: ActionInfo<'static> =
        ActionInfo::new("cvm", "2017-03-12", "DescribeTask").idempotent();
    type Response = i64;

    fn encode(&self) -> Result<Vec<u8>, json::Error> {
        Ok(Vec::new())
    }

    fn decode(_: &[u8]) -> Result<Envelope<i64>, json::Error> {
        unreachable!("the engine decodes nothing")
    }
}

impl TaskQuery for Query {
    const INTERVAL: Duration = Duration::from_secs(2);
    const RUNNING_CODES: &'static [&'static str] = &["ResourceNotFound.File"];

    fn state(response: &i64) -> TaskState {
        match response {
            8 => TaskState::Succeeded,
            -2 => TaskState::Failed,
            _ => TaskState::Running,
        }
    }
}

/// Response to a query.
#[derive(Clone, Copy)]
enum Reply {
    Status(i64),
    Code(&'static str),
    Broken,
    /// The query is stopped.
    Stopped,
}

/// Runs a wait in virtual time. The last reply is repeated. Returns the outcome, and the time of each query in seconds.
fn wait(options: &TaskOptions, replies: &[Reply]) -> (String, Vec<f64>) {
    let mut now = Now { unix: Duration::from_secs(1000), monotonic: Duration::ZERO };
    let (mut waiting, mut queries) = (Waiting::new::<Query>(options, now), Vec::new());
    loop {
        match waiting.next(now) {
            Step::Query => {
                let reply = replies[queries.len().min(replies.len() - 1)];
                queries.push(now.monotonic.as_secs_f64());
                let response = match reply {
                    Reply::Status(status) => Ok(Some(status)),
                    Reply::Code(code) => Err(api_error(&Query::INFO, code, "m", "r")),
                    Reply::Broken => {
                        let kind = tc3_transport::TransportErrorKind::Interrupted;
                        let cause = tc3_transport::TransportError::new(kind);
                        Err(transport_error(&Query::INFO, cause))
                    }
                    Reply::Stopped => {
                        options.stop().unwrap().stop();
                        Ok(None)
                    }
                };
                if let Err(error) = waiting.on(Query::state, response) {
                    return (format!("error {}", error.code()), queries);
                }
            }
            Step::Sleep(time) => {
                assert!(!time.is_zero(), "a sleep of zero");
                now.monotonic += time;
            }
            Step::Done => {
                let outcome = match waiting.finish() {
                    TaskOutcome::Succeeded(status) => format!("succeeded {status}"),
                    TaskOutcome::Failed(status) => format!("failed {status}"),
                    TaskOutcome::Pending { response, error } => {
                        format!("pending {response:?} {}", error.is_some())
                    }
                    TaskOutcome::NotStarted => unreachable!("the wait has a query"),
                };
                return (outcome, queries);
            }
        }
    }
}

#[test]
fn the_state_or_the_timeout_ends_the_wait() {
    use Reply::{Broken, Code, Status};
    let options = TaskOptions::default().with_timeout(Duration::from_secs(60));
    for (replies, expected, queries) in [
        (&[Status(8)][..], "succeeded 8", 1),
        (&[Status(0), Status(4), Status(8)], "succeeded 8", 3),
        (&[Status(0), Status(-2)], "failed -2", 2),
        // A status of a later version.
        (&[Status(99), Status(8)], "succeeded 8", 2),
        (&[Status(0)], "pending Some(0) false", 7),
        (&[Code("ResourceNotFound.File"), Status(8)], "succeeded 8", 2),
        (&[Code("ResourceNotFound.File")], "pending None true", 7),
        (&[Code("ResourceNotFound")], "error ResourceNotFound", 1),
        (&[Status(0), Code("AuthFailure")], "error AuthFailure", 2),
        (&[Broken], "error ", 1),
        (&[Status(0), Broken, Status(8)], "succeeded 8", 3),
        (&[Code("ResourceNotFound.File"), Broken, Status(8)], "succeeded 8", 3),
        (&[Status(0), Broken], "pending Some(0) true", 7),
        (&[Status(0), Broken, Status(0)], "pending Some(0) false", 7),
    ] {
        let (outcome, times) = wait(&options, replies);
        assert_eq!((outcome.as_str(), times.len()), (expected, queries), "{times:?}");
    }
}

#[test]
fn intervals_grow_up_to_the_maximum() {
    let options = TaskOptions::default().with_timeout(Duration::from_secs(20));
    let (_, times) = wait(&options, &[Reply::Status(0)]);
    assert_eq!(times, [0.0, 2.0, 5.0, 9.5, 16.25]);
    let short = options.clone().with_max_interval(Duration::from_secs(3));
    assert_eq!(wait(&short, &[Reply::Status(0)]).1, [0.0, 2.0, 5.0, 8.0, 11.0, 14.0, 17.0]);
    // The interval of the caller is not shortened by the default maximum.
    let day = Duration::from_secs(24 * 3600);
    let slow = TaskOptions::default().with_interval(Duration::from_secs(600)).with_timeout(day);
    let (_, times) = wait(&slow, &[Reply::Status(0)]);
    assert_eq!(times.len(), 144);
    let zero = TaskOptions::default().with_timeout(Duration::ZERO);
    assert_eq!(wait(&zero, &[Reply::Status(0)]), ("pending Some(0) false".to_owned(), vec![0.0]));
}

#[test]
fn a_stop_ends_the_wait() {
    let stop = Stop::default();
    let options = TaskOptions::default().with_stop(stop.clone());
    let replies = [Reply::Status(4), Reply::Stopped];
    assert_eq!(wait(&options, &replies), ("pending Some(4) false".to_owned(), vec![0.0, 2.0]));
    assert_eq!(wait(&options, &replies), ("pending None false".to_owned(), Vec::new()));
}
