//! The handle of one contract, with both clients.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests panic on failure"
)]

use std::future::ready;
use std::time::Duration;

use essbasic::transport::{AsyncBody, BlockingBody, Request};
use essbasic::{
    Agent, ArchiveOptions, Client, DownloadOptions, Error, FlowErrorKind, PdfOptions, WaitOptions,
    WaitOutcome, agent, blocking,
};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Status};

use crate::scripted::{self, Body, End};
use crate::support::{Driver, config, the_agent};

const SIGNED: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ";
const UNKNOWN: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0p1";

/// Calls a method of the handle of either client.
macro_rules! contract {
    ($driver:expr, $flow:expr, $method:ident($($argument:expr),*)) => {
        match $driver {
            Driver::Blocking(client) => client.contract($flow).$method($($argument),*),
            Driver::Async(client, runtime) => {
                runtime.block_on(client.contract($flow).$method($($argument),*))
            }
        }
    };
}

fn emulator() -> Emulator {
    Emulator::builder().with_rate_limit(None).start().unwrap()
}

fn drivers(emulator: &Emulator, agent: &Agent) -> [Driver; 2] {
    Driver::both(&config(emulator), agent)
}

fn kind(error: &Error) -> Option<FlowErrorKind> {
    error.flow().map(|error| error.kind)
}

#[test]
fn each_method_has_one_result() {
    let emulator = emulator();
    for driver in drivers(&emulator, &the_agent()) {
        let details = contract!(&driver, SIGNED, details()).unwrap();
        assert_eq!((details.flow_id.as_str(), details.flow_status.as_str()), (SIGNED, "ALL"));
        let links = contract!(&driver, SIGNED, links()).unwrap();
        assert_eq!(links[0].name, "合同,270481027143248.pdf");
        let options = WaitOptions::default().with_settle(Duration::ZERO);
        let outcome = contract!(&driver, SIGNED, wait(&options)).unwrap();
        assert!(outcome.is_signed());
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path());
        let report = call!(&driver, download([SIGNED], &options)).unwrap();
        let saved = std::fs::read(report.flows[0].files[0].path.as_ref().unwrap()).unwrap();
        assert_eq!(contract!(&driver, SIGNED, pdf()).unwrap(), saved);
    }
}

/// A contract of another agent has the same error, so that nobody learns of it.
#[test]
fn every_method_reports_an_unknown_contract_in_the_same_way() {
    let emulator = emulator();
    emulator.create_flow(NewFlow::new(APP_ID, "another organization", "foreign"));
    let short = WaitOptions::default().with_timeout(Duration::ZERO);
    let waiting = PdfOptions::default().with_wait(short.clone());
    let any = PdfOptions::default().with_any_state();
    for driver in drivers(&emulator, &the_agent()) {
        for flow in [UNKNOWN, "foreign"] {
            let folder = tempfile::tempdir().unwrap();
            let download = |options: DownloadOptions| {
                let report = call!(&driver, download([flow], &options)).unwrap();
                Error::from(report.flows[0].error.clone().unwrap())
            };
            let to_folder = || DownloadOptions::to(folder.path());
            let archive = ArchiveOptions::to(folder.path()).with_retry_rounds(0);
            let archived = call!(&driver, archive([flow], &archive)).unwrap();
            let archived = archived.flows().unwrap().next().unwrap().unwrap();
            for (method, error) in [
                ("details", contract!(&driver, flow, details()).unwrap_err()),
                ("links", contract!(&driver, flow, links()).unwrap_err()),
                ("wait", contract!(&driver, flow, wait(&short)).unwrap_err()),
                ("pdf", contract!(&driver, flow, pdf()).unwrap_err()),
                ("pdf of a wait", contract!(&driver, flow, pdf_with(&waiting)).unwrap_err()),
                ("pdf in any state", contract!(&driver, flow, pdf_with(&any)).unwrap_err()),
                ("cancel", contract!(&driver, flow, cancel("a reason")).unwrap_err()),
                ("download", download(to_folder())),
                ("download after a wait", download(to_folder().with_wait(short.clone()))),
                ("download in any state", download(to_folder().with_any_state())),
                ("archive", archived.error.unwrap().into()),
            ] {
                assert!(error.is_not_found() && !error.is_retryable(), "{method}: {error:?}");
                assert_eq!(kind(&error), Some(FlowErrorKind::NotFound), "{method}");
                let text = "contract not found, or not accessible to this agent";
                assert_eq!(error.to_string(), text, "{method}");
                assert_eq!(error.hint(), Some("check the flow ID and the agent"), "{method}");
                assert!(error.request_id().is_some_and(|id| !id.is_empty()), "{method}");
            }
        }
    }
}

/// An action may have an error code instead of a message per contract.
#[test]
fn the_error_code_of_an_unknown_contract_is_kept() {
    let refuse = |_: Request| {
        let error = r#"{"Response":{"Error":{"Code":"ResourceNotFound.Flow","Message":"m"},"RequestId":"r"}}"#;
        scripted::response(200, None, Body([error.into()].into(), End::Complete))
    };
    let serve = move |request| Ok(refuse(request).map(BlockingBody::stream));
    let client = blocking::Client::with_transport(scripted::config(), the_agent(), serve).unwrap();
    let serve = move |request| ready(Ok(refuse(request).map(AsyncBody::stream)));
    let other = Client::with_transport(scripted::config(), the_agent(), serve).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let short = WaitOptions::default().with_timeout(Duration::ZERO);
    for driver in [Driver::Blocking(client), Driver::Async(other, runtime)] {
        for error in [
            contract!(&driver, UNKNOWN, details()).unwrap_err(),
            contract!(&driver, UNKNOWN, links()).unwrap_err(),
            contract!(&driver, UNKNOWN, wait(&short)).unwrap_err(),
            contract!(&driver, UNKNOWN, pdf()).unwrap_err(),
            contract!(&driver, UNKNOWN, cancel("a reason")).unwrap_err(),
        ] {
            assert!(error.is_not_found() && !error.is_retryable(), "{error:?}");
            assert_eq!((error.code(), error.request_id()), ("ResourceNotFound.Flow", Some("r")));
            assert_eq!(error.to_string(), "contract not found, or not accessible to this agent");
        }
    }
}

#[test]
fn the_failure_of_the_contract_is_an_error() {
    let emulator = emulator();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "open"));
    let short = WaitOptions::default().with_timeout(Duration::ZERO);
    for driver in drivers(&emulator, &the_agent()) {
        let outcome = contract!(&driver, "open", wait(&short)).unwrap();
        assert!(matches!(outcome, WaitOutcome::Pending { error: None, .. }), "{outcome:?}");
        let error = contract!(&driver, "open", pdf()).unwrap_err();
        assert_eq!(kind(&error), Some(FlowErrorKind::NotSigned));
        assert!(error.is_retryable() && error.request_id().is_some());
        let any = PdfOptions::default().with_any_state();
        assert!(contract!(&driver, "open", pdf_with(&any)).unwrap().starts_with(b"%PDF-"));
        let small = PdfOptions::default().with_max_bytes(10);
        let error = contract!(&driver, SIGNED, pdf_with(&small)).unwrap_err();
        assert_eq!(kind(&error), Some(FlowErrorKind::Content));
    }
    for driver in drivers(&emulator, &agent("", "", "")) {
        let error = contract!(&driver, SIGNED, pdf()).unwrap_err();
        assert!(matches!(error, Error::Agent("AppId")));
    }
}

#[test]
fn a_contract_is_withdrawn_and_waited_for() {
    let emulator = emulator();
    for (index, driver) in drivers(&emulator, &the_agent()).into_iter().enumerate() {
        let flow = format!("flow{index}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &*flow));
        let withdrawal = contract!(&driver, &*flow, cancel("a reason")).unwrap();
        assert!(!withdrawal.task_id.is_empty());
        // The service withdraws it in the background.
        emulator.advance(Duration::from_secs(60));
        let options = WaitOptions::default().with_timeout(Duration::ZERO);
        let WaitOutcome::Ended { status, .. } = contract!(&driver, &*flow, wait(&options)).unwrap()
        else {
            panic!("the contract was not withdrawn");
        };
        assert_eq!(status.as_str(), "CANCEL");
        let flow = format!("signed{index}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &*flow));
        emulator.end(&flow, Status::Reject, "a reason").unwrap();
        let wait = PdfOptions::default().with_wait(options);
        let error = contract!(&driver, &*flow, pdf_with(&wait)).unwrap_err();
        assert_eq!(kind(&error), Some(FlowErrorKind::NotSigned));
    }
}
