//! Downloads over links and connections that fail, with scripted transports and both drivers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use essbasic::transport::{
    AsyncBody, BlockingBody, Bytes, Method, Request, Response, TransportError, TransportErrorKind,
};
use essbasic::{DownloadOptions, Error, FlowErrorKind, Report, agent};

use crate::scripted::{Body, End, config, links, response};

const PDF: &str = "%PDF-1.7 a contract %%EOF";

/// The behavior of a link in one fetch.
#[derive(Debug, Clone)]
enum Link {
    Complete,
    Status(u16, &'static str),
    /// `Content-Length` exceeds the length of the body.
    Short,
    /// The connection breaks after these chunks.
    Breaks(Vec<&'static str>),
    Unreachable,
}

/// A service in which the link of each contract has scripted behaviors, and works after them.
#[derive(Clone)]
struct Service(Arc<Mutex<State>>);

struct State {
    links: BTreeMap<&'static str, VecDeque<Link>>,
    calls: usize,
    fetches: usize,
}

impl Service {
    fn new(links: &[(&'static str, &[Link])]) -> Self {
        let links = links.iter().map(|(flow, script)| (*flow, script.iter().cloned().collect()));
        Self(Arc::new(Mutex::new(State { links: links.collect(), calls: 0, fetches: 0 })))
    }

    fn serve(&self, request: &Request) -> Result<Response<Body>, TransportError> {
        let mut state = self.0.lock().unwrap();
        if request.method == Method::POST {
            state.calls += 1;
            return Ok(links(request, "c"));
        }
        state.fetches += 1;
        let flow = request.uri.path().trim_start_matches('/').to_owned();
        let script = state.links.get_mut(flow.as_str()).and_then(VecDeque::pop_front);
        match script.unwrap_or(Link::Complete) {
            Link::Complete => Ok(response(200, Some(PDF.len()), complete(PDF))),
            Link::Status(status, body) => Ok(response(status, None, complete(body))),
            Link::Short => Ok(response(200, Some(PDF.len() + 5), complete(PDF))),
            Link::Breaks(chunks) => {
                let chunks = chunks.into_iter().map(Bytes::from).collect();
                Ok(response(200, Some(PDF.len()), Body(chunks, End::Broken)))
            }
            Link::Unreachable => Err(TransportError::new(TransportErrorKind::Connect)),
        }
    }
}

fn complete(body: &'static str) -> Body {
    Body([body.into()].into(), End::Complete)
}

struct Outcome {
    report: Result<Report, Error>,
    names: Vec<String>,
    calls: usize,
    fetches: usize,
}

/// Downloads the scripted contracts with both clients, whose outcomes must be equal.
fn run(links: &[(&'static str, &[Link])], max_bytes: u64) -> Outcome {
    let config = config();
    let flows: Vec<&str> = links.iter().map(|(flow, _)| *flow).collect();
    let agent = agent("a", "o", "p");
    let outcome = |service: &Service, folder: &tempfile::TempDir, report| {
        let state = service.0.lock().unwrap();
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        Outcome { report, names, calls: state.calls, fetches: state.fetches }
    };
    let options = |folder: &tempfile::TempDir| {
        DownloadOptions::to(folder.path()).with_concurrency(1).with_max_file_bytes(max_bytes)
    };

    let (service, folder) = (Service::new(links), tempfile::tempdir().unwrap());
    let served = service.clone();
    let client = tc3_client::blocking::Client::with_transport(config.clone(), move |request| {
        served.serve(&request).map(|response| response.map(BlockingBody::stream))
    });
    let client = essbasic::blocking::Client::from_client(client.unwrap(), agent.clone());
    let report = client.download(flows.iter().copied(), &options(&folder));
    let blocking = outcome(&service, &folder, report);

    let (service, folder) = (Service::new(links), tempfile::tempdir().unwrap());
    let served = service.clone();
    let client = tc3_client::Client::with_transport(config, move |request| {
        let response = served.serve(&request).map(|response| response.map(AsyncBody::stream));
        std::future::ready(response)
    });
    let client = essbasic::Client::from_client(client.unwrap(), agent);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let report = runtime.block_on(client.download(flows.iter().copied(), &options(&folder)));
    let asynchronous = outcome(&service, &folder, report);

    assert_eq!(blocking.names, asynchronous.names);
    assert_eq!((blocking.calls, blocking.fetches), (asynchronous.calls, asynchronous.fetches));
    let errors = |outcome: &Outcome| match &outcome.report {
        Ok(report) => report.flows.iter().map(|flow| format!("{:?}", flow.error)).collect(),
        Err(error) => vec![error.to_string()],
    };
    assert_eq!(errors(&blocking), errors(&asynchronous));
    assert!(!format!("{:?}", errors(&asynchronous)).contains("SECRET"));
    asynchronous
}

fn run_one(script: &[Link]) -> (Option<FlowErrorKind>, Outcome) {
    let outcome = run(&[("f", script)], 1 << 20);
    let report = outcome.report.as_ref().unwrap();
    let kind = report.flows[0].error.as_ref().map(|error| error.kind);
    assert_eq!(outcome.names.len(), usize::from(kind.is_none()), "{:?}", outcome.names);
    (kind, outcome)
}

#[test]
fn retries_transient_faults() {
    for fault in [
        Link::Short,
        Link::Breaks(vec![]),
        Link::Breaks(vec!["%PDF", "-1.7 a"]),
        Link::Unreachable,
        Link::Status(500, ""),
        Link::Status(503, "busy"),
        Link::Status(200, "%PDF-1.7 cut"),
    ] {
        let (kind, outcome) = run_one(&[fault.clone(), fault.clone()]);
        assert_eq!(kind, None, "{fault:?}");
        assert_eq!((outcome.calls, outcome.fetches), (2, 3), "{fault:?}");
    }
}

#[test]
fn persistent_faults_fail_with_their_reason() {
    for (fault, expected) in [
        (Link::Short, FlowErrorKind::Content),
        (Link::Breaks(vec!["%PDF"]), FlowErrorKind::Network),
        (Link::Status(500, ""), FlowErrorKind::Link),
        (Link::Status(206, ""), FlowErrorKind::Link),
        (Link::Status(200, "PK"), FlowErrorKind::Content),
    ] {
        let (kind, outcome) = run_one(&vec![fault.clone(); 9]);
        assert_eq!(kind, Some(expected), "{fault:?}");
        assert_eq!(outcome.fetches, 4, "{fault:?}");
    }
}

#[test]
fn renews_expired_links_a_limited_number_of_times() {
    // An expired link may also return a web page.
    for (status, expected) in [
        (403, FlowErrorKind::Link),
        (404, FlowErrorKind::Link),
        (410, FlowErrorKind::Link),
        (200, FlowErrorKind::Content),
    ] {
        for expired in [1, 8] {
            let (kind, outcome) = run_one(&vec![Link::Status(status, "<Error/>"); expired]);
            assert_eq!((kind, outcome.calls, outcome.fetches), (None, expired + 2, expired + 1));
        }
        let (kind, outcome) = run_one(&vec![Link::Status(status, "<Error/>"); 99]);
        assert_eq!((kind, outcome.calls, outcome.fetches), (Some(expected), 10, 9));
    }
}

#[test]
fn does_not_retry_redirects_and_client_errors() {
    for status in [301, 302, 307, 400] {
        let (kind, outcome) = run_one(&[Link::Status(status, "")]);
        assert_eq!((kind, outcome.fetches), (Some(FlowErrorKind::Link), 1), "{status}");
    }
}

#[test]
fn rejects_a_file_that_exceeds_the_limit() {
    let outcome = run(&[("f", &[])], 10);
    let report = outcome.report.unwrap();
    assert_eq!(report.flows[0].error.as_ref().unwrap().kind, FlowErrorKind::Content);
    assert!(outcome.names.is_empty());
}

#[test]
fn a_failed_contract_does_not_affect_others() {
    let bad = vec![Link::Status(500, ""); 9];
    let outcome = run(&[("a", &[]), ("b", &bad), ("c", &[Link::Short]), ("d", &[])], 1 << 20);
    let report = outcome.report.unwrap();
    let failed: Vec<_> = report.failed().map(|flow| flow.flow_id.as_str()).collect();
    assert_eq!(failed, ["b"]);
    assert_eq!(outcome.names, ["c-a.pdf", "c-c.pdf", "c-d.pdf"]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["flows"][1]["error"]["kind"], "link");
}
