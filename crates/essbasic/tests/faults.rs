//! What a download does about links and connections that misbehave, over scripted transports, the
//! same with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

mod scripted;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use essbasic::transport::{
    AsyncBody, BlockingBody, Bytes, Method, Request, Response, TransportError, TransportErrorKind,
};
use essbasic::{DownloadOptions, Error, FlowErrorKind, Report, agent};
use scripted::{Body, End, config, links, response};

const PDF: &str = "%PDF-1.7 a contract %%EOF";

/// How a link behaves once.
#[derive(Debug, Clone)]
enum Link {
    Whole,
    Status(u16, &'static str),
    /// `Content-Length` says more than comes.
    Short,
    /// Breaks off after these pieces.
    Breaks(Vec<&'static str>),
    Unreachable,
}

/// A service in which each contract's link behaves so the first time, so the second, and then well.
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
        match script.unwrap_or(Link::Whole) {
            Link::Whole => Ok(response(200, Some(PDF.len()), whole(PDF))),
            Link::Status(status, body) => Ok(response(status, None, whole(body))),
            Link::Short => Ok(response(200, Some(PDF.len() + 5), whole(PDF))),
            Link::Breaks(pieces) => {
                let pieces = pieces.into_iter().map(Bytes::from).collect();
                Ok(response(200, Some(PDF.len()), Body(pieces, End::Broken)))
            }
            Link::Unreachable => Err(TransportError::new(TransportErrorKind::Connect)),
        }
    }
}

fn whole(body: &'static str) -> Body {
    Body([body.into()].into(), End::Well)
}

struct Outcome {
    report: Result<Report, Error>,
    names: Vec<String>,
    calls: usize,
    fetches: usize,
}

/// Downloads the scripted contracts with both clients, which must come to the same.
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
        served.serve(&request).map(|answer| answer.map(BlockingBody::stream))
    });
    let client = essbasic::blocking::Client::from_client(client.unwrap(), agent.clone());
    let report = client.download(flows.iter().copied(), &options(&folder));
    let blocking = outcome(&service, &folder, report);

    let (service, folder) = (Service::new(links), tempfile::tempdir().unwrap());
    let served = service.clone();
    let client = tc3_client::Client::with_transport(config, move |request| {
        let answer = served.serve(&request).map(|answer| answer.map(AsyncBody::stream));
        std::future::ready(answer)
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

fn one(script: &[Link]) -> (Option<FlowErrorKind>, Outcome) {
    let outcome = run(&[("f", script)], 1 << 20);
    let report = outcome.report.as_ref().unwrap();
    let kind = report.flows[0].error.as_ref().map(|error| error.kind);
    assert_eq!(outcome.names.len(), usize::from(kind.is_none()), "{:?}", outcome.names);
    (kind, outcome)
}

#[test]
fn passing_faults_are_overcome() {
    for fault in [
        Link::Short,
        Link::Breaks(vec![]),
        Link::Breaks(vec!["%PDF", "-1.7 a"]),
        Link::Unreachable,
        Link::Status(500, ""),
        Link::Status(503, "busy"),
        Link::Status(200, "%PDF-1.7 cut"),
    ] {
        let (kind, outcome) = one(&[fault.clone(), fault.clone()]);
        assert_eq!(kind, None, "{fault:?}");
        assert_eq!((outcome.calls, outcome.fetches), (2, 3), "{fault:?}");
    }
}

#[test]
fn lasting_faults_end_with_their_reason() {
    for (fault, expected) in [
        (Link::Short, FlowErrorKind::Content),
        (Link::Breaks(vec!["%PDF"]), FlowErrorKind::Network),
        (Link::Status(500, ""), FlowErrorKind::Link),
        (Link::Status(206, ""), FlowErrorKind::Link),
        (Link::Status(200, "PK"), FlowErrorKind::Content),
    ] {
        let (kind, outcome) = one(&vec![fault.clone(); 9]);
        assert_eq!(kind, Some(expected), "{fault:?}");
        assert_eq!(outcome.fetches, 4, "{fault:?}");
    }
}

#[test]
fn a_dead_link_is_asked_for_anew_but_not_for_ever() {
    // A page in place of the file is what an expired link may open too.
    for (status, expected) in [
        (403, FlowErrorKind::Link),
        (404, FlowErrorKind::Link),
        (410, FlowErrorKind::Link),
        (200, FlowErrorKind::Content),
    ] {
        for dead in [1, 8] {
            let (kind, outcome) = one(&vec![Link::Status(status, "<Error/>"); dead]);
            assert_eq!((kind, outcome.calls, outcome.fetches), (None, dead + 2, dead + 1));
        }
        let (kind, outcome) = one(&vec![Link::Status(status, "<Error/>"); 99]);
        assert_eq!((kind, outcome.calls, outcome.fetches), (Some(expected), 10, 9));
    }
}

#[test]
fn redirects_and_refusals_are_final() {
    for status in [301, 302, 307, 400] {
        let (kind, outcome) = one(&[Link::Status(status, "")]);
        assert_eq!((kind, outcome.fetches), (Some(FlowErrorKind::Link), 1), "{status}");
    }
}

#[test]
fn a_file_past_the_bound_is_refused() {
    let outcome = run(&[("f", &[])], 10);
    let report = outcome.report.unwrap();
    assert_eq!(report.flows[0].error.as_ref().unwrap().kind, FlowErrorKind::Content);
    assert!(outcome.names.is_empty());
}

#[test]
fn one_contracts_trouble_is_not_anothers() {
    let bad = vec![Link::Status(500, ""); 9];
    let outcome = run(&[("a", &[]), ("b", &bad), ("c", &[Link::Short]), ("d", &[])], 1 << 20);
    let report = outcome.report.unwrap();
    let failed: Vec<_> = report.failed().map(|flow| flow.flow_id.as_str()).collect();
    assert_eq!(failed, ["b"]);
    assert_eq!(outcome.names, ["c-a.pdf", "c-c.pdf", "c-d.pdf"]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["flows"][1]["error"]["kind"], "link");
}
