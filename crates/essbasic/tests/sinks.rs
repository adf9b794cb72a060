//! Downloads to sinks of the caller, with scripted transports: both clients, and both kinds of sinks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use essbasic::transport::{
    AsyncBody, BlockingBody, Bytes, Method, Request, Response, TransportError, async_trait,
};
use essbasic::{
    AsyncSink, AsyncSinkWriter, BlockingSink, BlockingSinkWriter, Client, DownloadOptions, Error,
    FlowErrorKind, Report, SinkFile, agent, blocking,
};

use crate::scripted::{Body, End, config, links, response};

/// Length of the PDF. The async client collects fewer bytes before it calls a blocking sink.
const LENGTH: usize = 300_000;

fn pdf() -> Vec<u8> {
    let mut pdf = b"%PDF-1.7 ".to_vec();
    pdf.resize(LENGTH - 5, b' ');
    pdf.extend_from_slice(b"%%EOF");
    pdf
}

/// The behavior of a link in one fetch.
#[derive(Debug, Clone, Copy)]
enum Link {
    Complete,
    Breaks,
    Page,
    Cut,
    Forbidden,
}

/// The operation of a sink that fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Begin(ErrorKind),
    Write(ErrorKind),
    Finish(ErrorKind),
}

/// Serves links with these behaviors, which work after them.
fn serve(
    script: &Mutex<VecDeque<Link>>,
    request: &Request,
) -> Result<Response<Body>, TransportError> {
    if request.method == Method::POST {
        return Ok(links(request, "c"));
    }
    let body = |bytes: &[u8], end| Body([Bytes::copy_from_slice(bytes)].into(), end);
    let next = script.lock().unwrap().pop_front();
    Ok(match next.unwrap_or(Link::Complete) {
        Link::Complete => response(200, Some(LENGTH), body(&pdf(), End::Complete)),
        Link::Breaks => response(200, Some(LENGTH), body(&pdf()[..290_000], End::Broken)),
        Link::Page => response(200, Some(6), body(b"<html>", End::Complete)),
        Link::Cut => response(200, Some(8), body(b"%PDF-1.7", End::Complete)),
        Link::Forbidden => response(403, None, Body(VecDeque::new(), End::Complete)),
    })
}

/// Keeps files, records calls, and fails as scripted.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
    faults: VecDeque<Fault>,
    calls: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

struct Writer {
    recorder: Recorder,
    fault: Fault,
    name: String,
    content: Vec<u8>,
}

impl Recorder {
    fn call(&self, call: impl Into<String>) {
        self.0.lock().unwrap().calls.push(call.into());
    }

    fn start(&self, file: &SinkFile) -> io::Result<Writer> {
        self.call(format!("begin {} {:?}", file.name, file.bytes));
        assert!(file.name.contains(file.flow_id.as_str()) || file.name.starts_with("c"));
        assert!(!format!("{file:?}").contains(".pdf"));
        let fault = match file.flow_id.as_str() {
            "g" => Fault::None,
            _ => self.0.lock().unwrap().faults.pop_front().unwrap_or(Fault::None),
        };
        match fault {
            Fault::Begin(kind) => Err(kind.into()),
            _ => {
                let (recorder, name) = (self.clone(), file.name.clone());
                Ok(Writer { recorder, fault, name, content: Vec::new() })
            }
        }
    }
}

impl Writer {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.content.extend_from_slice(bytes);
        match self.fault {
            Fault::Write(kind) => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn complete(self) -> io::Result<String> {
        self.recorder.call("finish");
        if let Fault::Finish(kind) = self.fault {
            return Err(kind.into());
        }
        let key = format!("key of {}", self.name);
        self.recorder.0.lock().unwrap().files.insert(key.clone(), self.content);
        Ok(key)
    }
}

impl BlockingSink for Recorder {
    fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>> {
        Ok(Box::new(self.start(file)?))
    }
}

impl BlockingSinkWriter for Writer {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.append(&bytes)
    }

    fn finish(self: Box<Self>) -> io::Result<String> {
        self.complete()
    }

    fn abort(self: Box<Self>) {
        self.recorder.call("abort");
    }
}

#[async_trait]
impl AsyncSink for Recorder {
    async fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn AsyncSinkWriter>> {
        Ok(Box::new(self.start(file)?))
    }
}

#[async_trait]
impl AsyncSinkWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.append(&bytes)
    }

    async fn finish(self: Box<Self>) -> io::Result<String> {
        self.complete()
    }

    async fn abort(self: Box<Self>) {
        self.recorder.call("abort");
    }
}

/// The report, the calls of the sink, and its files.
struct Outcome {
    report: Result<Report, Error>,
    calls: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

fn outcome(recorder: &Recorder, report: Result<Report, Error>) -> Outcome {
    let record = std::mem::take(&mut *recorder.0.lock().unwrap());
    Outcome { report, calls: record.calls, files: record.files }
}

fn recorder(faults: &[Fault]) -> Recorder {
    let faults = faults.iter().copied().collect();
    Recorder(Arc::new(Mutex::new(Record { faults, ..Record::default() })))
}

fn blocking_client(script: &[Link]) -> blocking::Client {
    let script = Mutex::new(script.iter().copied().collect());
    let transport = move |request: Request| {
        serve(&script, &request).map(|response| response.map(BlockingBody::stream))
    };
    blocking::Client::with_transport(config(), agent("a", "o", "p"), transport).unwrap()
}

fn async_client(script: &[Link]) -> Client {
    let script = Mutex::new(script.iter().copied().collect());
    let transport = move |request: Request| {
        let response = serve(&script, &request);
        std::future::ready(response.map(|response| response.map(AsyncBody::stream)))
    };
    Client::with_transport(config(), agent("a", "o", "p"), transport).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Downloads contracts in each way. The outcomes must be equal.
fn run(flows: &[&str], script: &[Link], faults: &[Fault]) -> Outcome {
    let options = |options: DownloadOptions| options.with_concurrency(1);
    let flows = || flows.iter().copied();
    let mut outcomes = Vec::new();

    let sink = recorder(faults);
    let to = options(DownloadOptions::to_sink(sink.clone()));
    outcomes.push(outcome(&sink, blocking_client(script).download(flows(), &to)));

    let sink = recorder(faults);
    let to = options(DownloadOptions::to_sink(Arc::new(sink.clone())));
    outcomes.push(outcome(&sink, block_on(async_client(script).download(flows(), &to))));

    let sink = recorder(faults);
    let to = options(DownloadOptions::to_async_sink(Arc::new(sink.clone())));
    outcomes.push(outcome(&sink, block_on(async_client(script).download(flows(), &to))));

    for outcome in &outcomes {
        assert_eq!(outcome.calls, outcomes[0].calls);
        assert_eq!(outcome.files, outcomes[0].files);
        match (&outcome.report, &outcomes[0].report) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            (one, other) => {
                let text =
                    |report: &Result<Report, Error>| report.as_ref().unwrap_err().to_string();
                assert_eq!(text(one), text(other));
            }
        }
        assert!(!format!("{:?}", outcome.report).contains("SECRET"));
    }
    outcomes.swap_remove(0)
}

#[test]
fn a_file_is_finished_only_after_all_checks() {
    const BEGIN: &str = "begin c-f.pdf Some(300000)";
    let other = ErrorKind::Other;
    // Script of the links, faults of the sink, calls of the sink.
    for (script, faults, calls) in [
        (vec![], vec![], vec![BEGIN, "finish"]),
        (vec![Link::Forbidden], vec![], vec![BEGIN, "finish"]),
        (vec![Link::Breaks], vec![], vec![BEGIN, "abort", BEGIN, "finish"]),
        (vec![Link::Page], vec![], vec!["begin c-f.pdf Some(6)", "abort", BEGIN, "finish"]),
        (vec![Link::Cut], vec![], vec!["begin c-f.pdf Some(8)", "abort", BEGIN, "finish"]),
        (vec![], vec![Fault::Begin(other)], vec![BEGIN, BEGIN, "finish"]),
        (vec![], vec![Fault::Write(other)], vec![BEGIN, "abort", BEGIN, "finish"]),
        (vec![], vec![Fault::Finish(other)], vec![BEGIN, "finish", BEGIN, "finish"]),
    ] {
        let outcome = run(&["f"], &script, &faults);
        assert_eq!(outcome.calls, calls, "{script:?} {faults:?}");
        let files = BTreeMap::from([("key of c-f.pdf".to_owned(), pdf())]);
        assert_eq!(outcome.files, files, "{script:?} {faults:?}");
        let report = outcome.report.unwrap();
        let file = &report.flows[0].files[0];
        assert_eq!((file.path.as_ref(), &*file.key), (None, "key of c-f.pdf"));
        assert_eq!((file.bytes, file.sha256.len()), (LENGTH as u64, 64));
        assert!(report.is_complete());
    }
}

#[test]
fn a_file_that_the_sink_rejects_fails_its_contract() {
    let exists = ErrorKind::AlreadyExists;
    for (fault, kind, fetches) in [
        (Fault::Begin(exists), FlowErrorKind::Exists, 1),
        (Fault::Finish(exists), FlowErrorKind::Exists, 1),
        (Fault::Begin(ErrorKind::Other), FlowErrorKind::Destination, 4),
        (Fault::Write(ErrorKind::StorageFull), FlowErrorKind::Destination, 4),
        (Fault::Finish(ErrorKind::PermissionDenied), FlowErrorKind::Destination, 4),
    ] {
        let outcome = run(&["f", "g"], &[], &vec![fault; fetches]);
        let report = outcome.report.unwrap();
        assert_eq!(report.flows[0].error.as_ref().unwrap().kind, kind, "{fault:?}");
        assert!(report.flows[1].error.is_none(), "{fault:?}");
        let begun = outcome.calls.iter().filter(|call| call.starts_with("begin c-f")).count();
        assert_eq!((begun, outcome.files.len()), (fetches, 1), "{fault:?}");
    }
}

#[test]
fn a_sink_that_rejects_every_file_ends_the_download() {
    let flows: Vec<String> = (0..40).map(|flow| flow.to_string()).collect();
    let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
    let outcome = run(&flows, &[], &vec![Fault::Finish(ErrorKind::Other); 1_000]);
    assert!(matches!(outcome.report, Err(Error::Destination { .. })));
    assert!(outcome.files.is_empty() && outcome.calls.len() < 20);
}

#[test]
fn the_blocking_client_refuses_an_async_sink() {
    let sink = recorder(&[]);
    let options = DownloadOptions::to_async_sink(sink.clone());
    let error = blocking_client(&[]).download(["f"], &options).unwrap_err();
    assert!(matches!(error, Error::Destination { .. }), "{error}");
    assert!(error.hint().unwrap().contains("BlockingSink"));
    assert!(outcome(&sink, Err(error)).calls.is_empty());
}

#[test]
fn names_need_no_flow_id() {
    let sink = recorder(&[]);
    let options = DownloadOptions::to_sink(sink.clone()).with_names("{name}".parse().unwrap());
    let report = blocking_client(&[]).download(["f", "g"], &options).unwrap();
    assert!(report.is_complete());
    let files = outcome(&sink, Ok(report)).files;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["key of c (2).pdf", "key of c.pdf"]);
}
