//! Tasks: actions that start work, and the wait for its end, with both clients.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::future::ready;
use std::time::Duration;

use essbasic::models::{
    CancelTaskStatus, ChannelBatchCancelFlowsRequest, ConvertibleFileType,
    CreateFileConvertTaskRequest, DescribeCancelFlowsTaskRequest, FileConvertStatus,
};
use essbasic::transport::{AsyncBody, BlockingBody, Request};
use essbasic::{
    Client, Contract, Document, Error, Party, Stop, TaskOptions, TaskOutcome, agent, blocking,
};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};

use crate::scripted::{self, Body, End};
use crate::support::{Driver, config, the_agent};

/// Calls a method of the handle of a task of either client.
macro_rules! start {
    ($driver:expr, $request:expr, |$task:ident, $run:ident| $body:expr) => {
        match $driver {
            Driver::Blocking(client) => {
                let $task = client.start_task($request).unwrap();
                let $run = |options: &TaskOptions| $task.wait(options);
                $body
            }
            Driver::Async(client, runtime) => {
                let $task = runtime.block_on(client.start_task($request)).unwrap();
                let $run = |options: &TaskOptions| runtime.block_on($task.wait(options));
                $body
            }
        }
    };
}

fn once() -> TaskOptions {
    TaskOptions::default().with_timeout(Duration::ZERO)
}

#[test]
fn a_task_is_started_and_waited_for() {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    for (index, driver) in Driver::both(&config(&emulator), &the_agent()).into_iter().enumerate() {
        let flow = format!("open{index}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &*flow));
        let request = ChannelBatchCancelFlowsRequest::new(the_agent(), [&*flow, "unknown"]);
        let query = start!(&driver, &request, |task, wait| {
            let failed: Vec<bool> =
                task.response().fail_messages.iter().map(|text| !text.is_empty()).collect();
            assert_eq!(failed, [false, true]);
            // The emulator completes it a second later.
            let TaskOutcome::Pending { response: Some(response), error: None } =
                wait(&once()).unwrap()
            else {
                panic!("the task has ended");
            };
            assert_eq!(response.task_status, CancelTaskStatus::Processing);
            emulator.advance(Duration::from_secs(1));
            let done = wait(&TaskOptions::default()).unwrap().succeeded().unwrap();
            assert_eq!(done.success_flow_ids, [flow]);
            assert_eq!(done.failure_flows.len(), 1);
            task.query().unwrap().clone()
        });
        // In another process, with the agent of its client.
        let mut json = serde_json::to_value(&query).unwrap();
        assert_eq!(json["TaskId"], query.task_id);
        json["Agent"] = serde_json::to_value(the_agent()).unwrap();
        let stored: DescribeCancelFlowsTaskRequest = serde_json::from_value(json).unwrap();
        let outcome = call!(&driver, wait_task(&stored, &once())).unwrap();
        assert!(outcome.succeeded().is_some());
        let unknown = DescribeCancelFlowsTaskRequest::new(the_agent(), "unknown");
        let error = call!(&driver, wait_task(&unknown, &once())).unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}

#[test]
fn a_converted_file_is_used_in_a_contract() {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let document = Document::new("lease.docx", "words");
        let file = call!(&driver, upload([document])).unwrap().remove(0).unwrap();
        let format = ConvertibleFileType::Docx;
        let request =
            CreateFileConvertTaskRequest::new(the_agent(), format, "lease.docx", &file.file_id);
        start!(&driver, &request, |task, wait| {
            let TaskOutcome::Pending { response: Some(response), .. } = wait(&once()).unwrap()
            else {
                panic!("the task has ended");
            };
            assert_eq!(response.task_status, FileConvertStatus::Processing);
            emulator.advance(Duration::from_secs(1));
            let done = wait(&TaskOptions::default()).unwrap().succeeded().unwrap();
            let contract =
                Contract::new("lease").party(Party::person("张三", "13800000000").signs_at("乙方"));
            let started = call!(&driver, start_from_files([(done.resource_id, contract)])).unwrap();
            assert!(started[0].is_ok(), "{started:?}");
        });
    }
}

#[test]
fn a_response_without_an_id_has_started_no_task() {
    let serve = |_: Request| {
        let body = r#"{"Response":{"TaskId":"","FailMessages":["m"],"RequestId":"r"}}"#;
        scripted::response(200, None, Body([body.into()].into(), End::Complete))
    };
    let transport = move |request| Ok(serve(request).map(BlockingBody::stream));
    let agent = agent("a", "o", "p");
    let client =
        blocking::Client::with_transport(scripted::config(), agent.clone(), transport).unwrap();
    let transport = move |request| ready(Ok(serve(request).map(AsyncBody::stream)));
    let other = Client::with_transport(scripted::config(), agent.clone(), transport).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let request = ChannelBatchCancelFlowsRequest::new(agent, ["f"]);
    for driver in [Driver::Blocking(client), Driver::Async(other, runtime)] {
        start!(&driver, &request, |task, wait| {
            assert!(task.query().is_none());
            assert!(matches!(wait(&TaskOptions::default()).unwrap(), TaskOutcome::NotStarted));
            assert_eq!(task.response().fail_messages, ["m"]);
        });
    }
}

#[test]
fn the_stop_of_the_client_or_of_the_options_ends_the_wait() {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    let stopped = || {
        let stop = Stop::default();
        stop.stop();
        stop
    };
    let query = DescribeCancelFlowsTaskRequest::new(the_agent(), "unknown");
    let request = ChannelBatchCancelFlowsRequest::new(the_agent(), ["f"]);
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let options = TaskOptions::default().with_stop(stopped());
        let outcome = call!(&driver, wait_task(&query, &options)).unwrap();
        assert!(matches!(outcome, TaskOutcome::Pending { response: None, error: None }));
        let driver = match driver {
            Driver::Blocking(client) => Driver::Blocking(client.with_stop(stopped())),
            Driver::Async(client, runtime) => Driver::Async(client.with_stop(stopped()), runtime),
        };
        let outcome = call!(&driver, wait_task(&query, &TaskOptions::default())).unwrap();
        assert!(matches!(outcome, TaskOutcome::Pending { .. }));
        let error = match &driver {
            Driver::Blocking(client) => client.start_task(&request).map(drop),
            Driver::Async(client, runtime) => {
                runtime.block_on(client.start_task(&request)).map(drop)
            }
        };
        assert!(matches!(error, Err(Error::Stopped)));
    }
    assert!(emulator.stats().calls.is_empty());
}
