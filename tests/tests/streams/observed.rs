//! Observers of calls with streams.

use std::sync::{Arc, Mutex};

use tc3_client::{AttemptEvent, CallEvent, CallOutcome, Observer};

use super::clients::{ALL, config, open};
use super::server::{Server, chunked};
use super::{events, hunyuan};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn add(&self, what: &str, outcome: CallOutcome<'_>, id: Option<&str>) {
        let outcome = match outcome {
            CallOutcome::Success => "success".to_owned(),
            CallOutcome::Cancelled => "cancelled".to_owned(),
            failed => failed.error_type().unwrap_or_default().to_owned(),
        };
        let line = format!("{what} {outcome} {}", id.unwrap_or("-"));
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Lines {
    fn on_attempt(&self, attempt: &AttemptEvent<'_>) {
        self.add("attempt", attempt.outcome, attempt.request_id);
    }

    fn on_call(&self, call: &CallEvent<'_>) {
        self.add("call", call.outcome, call.request_id);
    }
}

#[test]
fn a_call_ends_with_its_stream() {
    let complete = chunked("text/event-stream", &events(&["a", "b"]));
    let cut = complete[..complete.len() - 5].to_vec();
    let mut failed = events(&["a"]);
    failed.push("data: {\"ErrorMsg\":{\"Code\":4000,\"Msg\":\"m\"}}\n\n".to_owned());
    let failed = chunked("text/event-stream", &failed);
    for transport in ALL {
        for (response, outcome) in
            [(&complete, "success"), (&cut, "interrupted"), (&failed, "4000")]
        {
            let lines = Lines::default();
            let server = Server::responding(response.clone());
            let config = config(&server.url).with_observer(lines.clone());
            let mut stream = open(transport, config, &hunyuan()).unwrap();
            assert_eq!(lines.take(), ["attempt success of-head"]);
            stream.next().unwrap().unwrap();
            assert_eq!(lines.take(), [""; 0]);
            drop(stream.collect());
            assert_eq!(lines.take(), [format!("call {outcome} of-head")], "{transport:?}");
        }
        let lines = Lines::default();
        let server = Server::responding(complete.clone());
        let config = config(&server.url).with_observer(lines.clone());
        let mut stream = open(transport, config, &hunyuan()).unwrap();
        stream.next().unwrap().unwrap();
        drop(stream);
        assert_eq!(lines.take(), ["attempt success of-head", "call cancelled of-head"]);
    }
}
