//! Spans of calls and workflows, with both clients. Every thread that works for a caller keeps the span of the caller.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod spans;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::models::DescribeFlowDetailInfoRequest;
use essbasic::{
    ArchiveOptions, Client, Config, DownloadOptions, Error, Stop, WaitOptions, agent, blocking,
};
use essbasic_emulator::{
    APP_ID, Emulator, Fault, FaultKind, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY,
};
use spans::{Message, Span, Spans};
use tracing::Level;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Work {
    Call,
    Wait,
    Download,
    Archive,
    Pdf,
}

const WORKFLOWS: [(Work, &str); 4] = [
    (Work::Wait, "essbasic.wait"),
    (Work::Download, "essbasic.download"),
    (Work::Archive, "essbasic.archive"),
    (Work::Pdf, "essbasic.pdf"),
];

fn config(emulator: &Emulator, key: &str) -> Config {
    Config::new(Credential::new(SECRET_ID, key)).with_endpoint_url(&emulator.endpoint()).unwrap()
}

/// Performs work with one of the clients. The handlers of its events log a message, and count them.
fn perform_counted(
    config: Config,
    work: Work,
    flows: &[String],
    is_async: bool,
    events: &Arc<AtomicUsize>,
) -> Result<(), Error> {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
    // A stop adds threads of blocking requests.
    let stop = Stop::default();
    let wait = WaitOptions::default().with_stop(stop.clone()).with_settle(Duration::ZERO);
    let log = || {
        let events = Arc::clone(events);
        move || {
            events.fetch_add(1, Ordering::SeqCst);
            tracing::info!("handler");
        }
    };
    let of_wait = log();
    let wait = wait.on_event(move |_| of_wait());
    let download = |to: &Path| {
        let log = log();
        DownloadOptions::to(to).with_stop(stop.clone()).on_event(move |_| log())
    };
    let archive = |to: &Path| {
        let log = log();
        ArchiveOptions::to(to).with_stop(stop.clone()).on_event(move |_| log())
    };
    let request = DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids(flows.to_vec());
    let path = folder.path();
    if !is_async {
        let client = blocking::Client::new(config, agent)?.with_stop(stop.clone());
        return match work {
            Work::Call => client.call(&request).map(drop),
            Work::Wait => client.wait(flows, &wait).map(drop),
            Work::Download => client.download(flows, &download(path)).map(drop),
            Work::Archive => client.archive(flows.to_vec(), &archive(path)).map(drop),
            Work::Pdf => client.contract(&*flows[0]).pdf().map(drop),
        };
    }
    let client = Client::new(config, agent)?;
    // With threads, so that tasks run on others than that of the caller.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        match work {
            Work::Call => client.call(&request).await.map(drop),
            Work::Wait => client.wait(flows, &wait).await.map(drop),
            Work::Download => client.download(flows, &download(path)).await.map(drop),
            Work::Archive => client.archive(flows.to_vec(), &archive(path)).await.map(drop),
            Work::Pdf => client.contract(&*flows[0]).pdf().await.map(drop),
        }
    })
}

fn perform(config: Config, work: Work, flows: &[String], is_async: bool) -> Result<(), Error> {
    perform_counted(config, work, flows, is_async, &Arc::default())
}

/// Returns the spans of calls and those with this name.
fn split(spans: &[Span], name: &str) -> (Vec<Span>, Vec<Span>) {
    let named = |name: &str| spans.iter().filter(|span| span.name == name).cloned().collect();
    (named("tc3_call"), named(name))
}

fn assert_within(messages: &[Message], names: &[&str], label: &str) {
    for message in messages {
        assert!(message.within.ends_with(names), "{label}: {message:?}");
    }
}

#[test]
fn the_span_of_the_caller_contains_everything() {
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    for (work, name) in WORKFLOWS {
        for is_async in [false, true] {
            let label = format!("{work:?} async: {is_async}");
            let config = config(&emulator, SECRET_KEY);
            let events = Arc::default();
            let (result, spans, messages) =
                Spans::of(|| perform_counted(config, work, &flows, is_async, &events));
            result.unwrap();
            let (calls, workflows) = split(&spans, name);
            assert!(!calls.is_empty(), "{label}");
            assert_eq!(workflows.len(), 1, "{label}");
            let workflow = &workflows[0];
            assert_eq!((workflow.level, &workflow.within[..]), (Level::INFO, &["caller"][..]));
            assert_eq!(workflow.fields["essbasic.failed"], "0");
            assert!(!workflow.fields.contains_key("error.type"));
            for call in &calls {
                assert_eq!(call.within, [name, "caller"], "{label}: {call:?}");
            }
            // None is lost on a thread without the subscriber of the caller.
            let handled = messages.iter().filter(|message| message.text == "handler").count();
            assert_eq!(handled > 0, work != Work::Pdf, "{label}");
            assert_eq!(handled, events.load(Ordering::SeqCst), "{label}");
            assert_within(&messages, &[name, "caller"], &label);
        }
    }
}

#[test]
fn each_file_has_an_event_without_its_name() {
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    for (work, count) in
        [(Work::Download, flows.len()), (Work::Archive, flows.len()), (Work::Pdf, 1)]
    {
        for is_async in [false, true] {
            let label = format!("{work:?} async: {is_async}");
            let fault = Fault::new(FaultKind::BadGateway).with_action("download").with_times(1);
            emulator.set_faults([fault], 1);
            let (result, _, messages) =
                Spans::of(|| perform(config(&emulator, SECRET_KEY), work, &flows, is_async));
            result.unwrap();
            let ended = |text: &str| {
                messages.iter().filter(|message| message.text == text).cloned().collect::<Vec<_>>()
            };
            let complete = ended("file complete");
            assert_eq!(complete.len(), count, "{label}");
            for message in &complete {
                assert!(flows.contains(&message.fields["flow_id"]), "{message:?}");
                assert!(message.fields["bytes"].parse::<u64>().unwrap() > 0, "{message:?}");
            }
            let failed = ended("file failed");
            assert_eq!(failed.len(), 1, "{label}");
            assert_eq!(failed[0].fields["kind"], "link");
            // All names of the emulator's files begin with this word.
            assert!(!format!("{messages:?}").contains("合同"), "{label}");
        }
    }
}

#[test]
fn the_final_failure_is_recorded() {
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let code = "AuthFailure.SignatureFailure";
    for (work, name) in WORKFLOWS {
        for is_async in [false, true] {
            let label = format!("{work:?} async: {is_async}");
            let config = config(&emulator, "ANOTHERKEY");
            let (result, spans, messages) = Spans::of(|| perform(config, work, &flows, is_async));
            assert_eq!(result.unwrap_err().code(), code, "{label}");
            let (calls, workflows) = split(&spans, name);
            let fields = &workflows[0].fields;
            assert_eq!([&fields["error.type"], &fields["otel.status_code"]], [code, "ERROR"]);
            assert!(!fields.contains_key("essbasic.failed"));
            let fields = &calls[0].fields;
            assert_eq!([&fields["error.type"], &fields["otel.status_code"]], [code, "ERROR"]);
            assert!(messages.iter().any(|message| message.text == "workflow failed"), "{label}");
            assert!(messages.iter().any(|message| message.text == "call failed"), "{label}");
            assert_within(&messages, &[name, "caller"], &label);
        }
    }
}

#[test]
fn the_span_of_a_call_has_the_names_of_opentelemetry() {
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let endpoint = emulator.endpoint();
    let port = endpoint.rsplit_once(':').unwrap().1;
    let action = "DescribeFlowDetailInfo";
    for is_async in [false, true] {
        // One throttled attempt, then a success.
        let fault = Fault::new(FaultKind::Throttled).with_action(action).with_times(1);
        emulator.set_faults([fault], 1);
        let (result, spans, _) =
            Spans::of(|| perform(config(&emulator, SECRET_KEY), Work::Call, &flows, is_async));
        result.unwrap();
        let (calls, _) = split(&spans, "");
        assert_eq!((calls.len(), calls[0].level), (1, Level::INFO));
        let mut fields = calls[0].fields.clone();
        let id = fields.remove("tencentcloud.request_id").unwrap();
        assert!(!id.is_empty());
        let expected = [
            ("http.request.resend_count", "1"),
            ("http.response.status_code", "200"),
            ("otel.kind", "client"),
            ("otel.name", "essbasic/DescribeFlowDetailInfo"),
            ("rpc.method", "essbasic/DescribeFlowDetailInfo"),
            ("rpc.system.name", "tencentcloud-api"),
            ("server.address", "127.0.0.1"),
            ("server.port", port),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())).into());

        // A failure.
        let (result, spans, _) =
            Spans::of(|| perform(config(&emulator, "ANOTHERKEY"), Work::Call, &flows, is_async));
        result.unwrap_err();
        let (calls, _) = split(&spans, "");
        let fields = &calls[0].fields;
        for name in ["error.type", "rpc.status_code"] {
            assert_eq!(fields[name], "AuthFailure.SignatureFailure");
        }
        assert_eq!(fields["otel.status_code"], "ERROR");
    }
}
