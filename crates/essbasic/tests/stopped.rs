//! Stops while a server does not respond: every workflow of both drivers ends soon in real time, leaves no incomplete file,
//! and continues in the next run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use essbasic::models::DescribeFlowDetailInfoRequest;
#[cfg(feature = "start")]
use essbasic::models::SignUrlEndpoint;
use essbasic::transport::{BlockingTransport, TransportConfig, UreqTransport};
use essbasic::{
    Agent, ArchiveOptions, Config, DownloadOptions, Error, FlowErrorKind, Stop, WaitOptions,
    WaitOutcome, blocking,
};
use essbasic_emulator::{Emulator, Fault, FaultKind, Seed};

use crate::support::{Driver, config, the_agent};

const FLOWS: usize = 3;

/// Time in which a workflow ends after a stop: the grace of one second, and slack.
const LIMIT: Duration = Duration::from_secs(3);

const DETAILS: &str = "DescribeFlowDetailInfo";
const LINKS: &str = "DescribeResourceUrlsByFlows";
const FILE: &str = "download";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Work {
    Call,
    Details,
    Links,
    Wait,
    Download,
    Archive,
}

/// The workflows, and the requests that get no complete response.
const CASES: [(Work, &str, FaultKind); 11] = [
    (Work::Call, DETAILS, FaultKind::StallHead),
    (Work::Details, DETAILS, FaultKind::StallHead),
    (Work::Details, DETAILS, FaultKind::StallBody),
    (Work::Links, LINKS, FaultKind::StallHead),
    (Work::Wait, DETAILS, FaultKind::StallHead),
    (Work::Download, DETAILS, FaultKind::StallHead),
    (Work::Download, LINKS, FaultKind::StallBody),
    (Work::Download, FILE, FaultKind::StallBody),
    (Work::Archive, LINKS, FaultKind::StallHead),
    (Work::Archive, FILE, FaultKind::StallHead),
    (Work::Archive, FILE, FaultKind::StallBody),
];

const DRIVERS: [fn(&Config, &Agent) -> Driver; 2] = [Driver::blocking, Driver::on_reqwest];

impl Driver {
    fn with_stop(self, stop: Stop) -> Self {
        match self {
            Self::Blocking(client) => Self::Blocking(client.with_stop(stop)),
            Self::Async(client, runtime) => Self::Async(client.with_stop(stop), runtime),
        }
    }
}

/// Runs the workflow until the stop, and checks that nothing is reported as done.
fn run(driver: &Driver, work: Work, flows: Vec<String>, folder: &Path, stop: Stop) {
    match work {
        Work::Call => {
            let request = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(&flows);
            let result = call!(driver, call(&request));
            assert!(matches!(result, Err(Error::Stopped)), "{result:?}");
        }
        Work::Details => {
            let results = call!(driver, details(flows)).unwrap();
            assert_eq!(results.len(), FLOWS);
            let kinds = results.iter().map(|result| result.as_ref().unwrap_err().kind);
            assert!(kinds.eq([FlowErrorKind::Stopped; FLOWS]));
        }
        Work::Links => {
            let results = call!(driver, links(flows)).unwrap();
            assert_eq!(results.len(), FLOWS);
            let kinds = results.iter().map(|flow| flow.result.as_ref().unwrap_err().kind);
            assert!(kinds.eq([FlowErrorKind::Stopped; FLOWS]));
        }
        Work::Wait => {
            let options = WaitOptions::default().with_stop(stop);
            let results = call!(driver, wait(flows, &options)).unwrap();
            assert_eq!(results.len(), FLOWS);
            let pending = |outcome: &WaitOutcome| matches!(outcome, WaitOutcome::Pending { .. });
            assert!(results.iter().all(|flow| pending(&flow.outcome)), "{results:?}");
        }
        Work::Download => {
            let options = DownloadOptions::to(folder).with_stop(stop);
            let report = call!(driver, download(flows, &options)).unwrap();
            assert_eq!(report.flows.len(), FLOWS);
            let kinds = report.flows.iter().map(|flow| flow.error.as_ref().unwrap().kind);
            assert!(kinds.eq([FlowErrorKind::Stopped; FLOWS]), "{report:?}");
        }
        Work::Archive => {
            let options = ArchiveOptions::to(folder).with_stop(stop);
            let report = call!(driver, archive(flows, &options)).unwrap();
            assert!(report.stopped, "{report:?}");
            let counts = (report.saved, report.failed, report.not_started);
            assert_eq!(counts, (0, 0, FLOWS as u64), "{report:?}");
        }
    }
}

/// Returns the names of the files in a folder, without those of an archive job.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with(".essbasic-archive")).collect()
}

fn stop_and_resume(
    new: fn(&Config, &Agent) -> Driver,
    (work, action, kind): (Work, &str, FaultKind),
) {
    let emulator = Emulator::builder().with_seed(Seed::completed(FLOWS)).start().unwrap();
    let flows = emulator.completed_flows();
    let folder = tempfile::tempdir().unwrap();
    emulator.set_faults([Fault::new(kind).with_action(action)], 1);
    let stop = Stop::default();
    let driver = new(&config(&emulator), &the_agent()).with_stop(stop.clone());
    let label = format!("{work:?}, {action}, {kind}, {}", matches!(driver, Driver::Blocking(_)));
    let (ended, result) = channel();
    let (handle, out) = (stop.clone(), folder.path().to_owned());
    let job = std::thread::spawn({
        let flows = flows.clone();
        move || {
            run(&driver, work, flows, &out, handle);
            // After a panic nothing is sent.
            let _ = ended.send(Instant::now());
            driver
        }
    });
    let begun = Instant::now();
    while !emulator.stats().faults.contains_key(&kind) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{label}: no request");
        assert!(!job.is_finished(), "{label}: ended before the stop");
        std::thread::sleep(Duration::from_millis(5));
    }
    let stopped = Instant::now();
    stop.stop();
    let ended = result.recv_timeout(Duration::from_secs(30));
    let ended = ended.unwrap_or_else(|_| panic!("{label}: does not end")) - stopped;
    assert!(ended < LIMIT, "{label}: {ended:?}");
    assert_eq!(files(folder.path()), Vec::<String>::new(), "{label}");
    drop(job.join().unwrap());

    // The requests that were dropped get no late effect, and the next run completes.
    emulator.set_faults([], 1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(files(folder.path()), Vec::<String>::new(), "{label}");
    let driver = new(&config(&emulator), &the_agent());
    match work {
        Work::Download => {
            let options = DownloadOptions::to(folder.path());
            let report = call!(&driver, download(flows, &options)).unwrap();
            assert!(report.flows.iter().all(|flow| flow.error.is_none()), "{label}: {report:?}");
        }
        Work::Archive => {
            let options = ArchiveOptions::to(folder.path()).with_verify();
            let report = call!(&driver, archive(flows.clone(), &options)).unwrap();
            assert_eq!((report.saved, report.already), (FLOWS as u64, 0), "{label}: {report:?}");
            let again = call!(&driver, archive(flows, &options)).unwrap();
            assert_eq!((again.saved, again.already), (0, FLOWS as u64), "{label}: {again:?}");
        }
        _ => return,
    }
    assert_eq!(files(folder.path()).len(), FLOWS, "{label}");
}

#[test]
fn a_stop_drops_requests_that_get_no_response() {
    std::thread::scope(|scope| {
        for case in CASES {
            for new in DRIVERS {
                scope.spawn(move || stop_and_resume(new, case));
            }
        }
    });
}

/// A request in flight that may be dropped has a thread of its own. Without a stop no request may be dropped.
#[test]
fn blocking_requests_have_threads_of_their_own_only_with_a_stop() {
    let emulator = Emulator::builder().with_seed(Seed::completed(FLOWS)).start().unwrap();
    let flows = emulator.completed_flows();
    let threads = Arc::new(Mutex::new(Vec::new()));
    let (used, ureq) = (Arc::clone(&threads), UreqTransport::new(&TransportConfig::default()));
    let ureq = ureq.unwrap();
    let transport = move |request| {
        used.lock().unwrap().push(thread::current());
        ureq.send(request)
    };
    let client = blocking::Client::with_transport(config(&emulator), the_agent(), transport);
    let client = client.unwrap();
    for stop in [None, Some(Stop::default())] {
        let with_stop = |client: blocking::Client| match &stop {
            Some(stop) => client.with_stop(stop.clone()),
            None => client,
        };
        let client = with_stop(client.clone());
        let (folder, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut wait = WaitOptions::default();
        let mut download = DownloadOptions::to(folder.path());
        if let Some(stop) = &stop {
            wait = wait.with_stop(stop.clone());
            download = download.with_stop(stop.clone());
        }
        let mut archived = ArchiveOptions::to(archive.path());
        archived.download.clone_from(&download);
        archived.download.folder = archive.path().to_owned();
        let request = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(&flows);
        client.call(&request).unwrap();
        client.details(&flows).unwrap();
        client.links(&flows).unwrap();
        client.wait(&flows, &wait).unwrap();
        let own = std::mem::take(&mut *threads.lock().unwrap());
        assert_eq!(own.len(), 4);
        for thread in own {
            assert_eq!(thread.id() == thread::current().id(), stop.is_none(), "{thread:?}");
        }
        assert!(client.download(&flows, &download).unwrap().is_complete());
        assert!(client.archive(flows.clone(), &archived).unwrap().is_complete());
        let own = std::mem::take(&mut *threads.lock().unwrap());
        // The status, the links and each file.
        assert_eq!(own.len(), 2 * (2 + FLOWS));
        for thread in own {
            let is_worker =
                thread.id() == thread::current().id() || thread.name() == Some("essbasic-download");
            assert_eq!(is_worker, stop.is_none(), "{thread:?}");
        }
    }
}

/// The response to a request that creates something is awaited, and the remaining items are not requested.
#[cfg(feature = "start")]
#[test]
fn a_stop_does_not_drop_requests_that_are_not_idempotent() {
    for new in DRIVERS {
        let emulator = Emulator::builder().with_seed(Seed::completed(FLOWS)).start().unwrap();
        let flows = emulator.completed_flows();
        let action = "CreateSignUrls";
        emulator.set_faults([Fault::new(FaultKind::StallHead).with_action(action)], 1);
        let stop = Stop::default();
        let timeout = Duration::from_secs(4);
        let config = config(&emulator).with_timeout(Some(timeout));
        let driver = new(&config, &the_agent()).with_stop(stop.clone());
        let begun = Instant::now();
        let job = std::thread::spawn(move || {
            call!(&driver, sign_links(flows, SignUrlEndpoint::WeixinApp))
        });
        while !emulator.stats().faults.contains_key(&FaultKind::StallHead) {
            assert!(!job.is_finished());
            std::thread::sleep(Duration::from_millis(5));
        }
        stop.stop();
        let results = job.join().unwrap().unwrap();
        assert!(begun.elapsed() >= timeout - Duration::from_millis(50), "{:?}", begun.elapsed());
        let kinds: Vec<_> =
            results.iter().map(|result| result.as_ref().unwrap_err().kind).collect();
        // A request has one contract.
        let [first, rest] = [FlowErrorKind::OutcomeUnknown, FlowErrorKind::Stopped];
        assert_eq!(kinds, [first, rest, rest]);
    }
}
