//! From the callback of a signed contract to its PDF on disk.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use essbasic::credentials::Credential;
use essbasic::{
    Config, DownloadOptions, FlowStatus, RateLimit, Signals, WaitOptions, WaitOutcome, agent,
};
use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{
    CallbackKey, CallbackService, FlowCallbackStatus, Message, MessageData, MsgType, Received,
    Receiver, Token,
};
use essbasic_emulator::{
    APP_ID, Callback, CallbackChaos, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID,
    SECRET_KEY,
};
use serde_json::json;

const TOKEN: &str = "the token";
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn receiver() -> Receiver {
    Receiver::new(Token::new(TOKEN).unwrap(), CallbackKey::new(KEY).unwrap())
}

fn config(emulator: &Emulator) -> Config {
    let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY));
    config.with_endpoint_url(&emulator.endpoint()).unwrap()
}

#[test]
fn a_callback_leads_to_a_downloaded_file() {
    let emulator = Emulator::builder().start().unwrap();
    let sender = Sender::new(Token::new(TOKEN).unwrap(), CallbackKey::new(KEY).unwrap());
    let receiver = receiver();

    let flow_id = emulator.completed_flows().remove(0);
    let data = json!({ "FlowId": flow_id, "FlowCallbackStatus": 4 });
    let callback = sender.send(&message("1", &MsgType::FlowStatusChange, data));
    let signature = callback.signature.as_deref();
    let received = receiver.receive(signature, &callback.body, SystemTime::now()).unwrap();
    let Received::New(delivery) = received else { panic!("{received:?}") };
    let message = delivery.accept();
    let MessageData::FlowStatusChange(flow) = &message.data else { panic!("{message:?}") };
    assert_eq!(flow.flow_callback_status, Some(FlowCallbackStatus::All));

    let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
    let client = essbasic::blocking::Client::new(config(&emulator), agent).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = client.download([&*flow.flow_id], &DownloadOptions::to(folder.path())).unwrap();
    assert!(report.is_complete() && report.saved().count() == 1);
}

/// Receives callbacks until the runtime is dropped; returns the URL.
async fn serve(signals: Signals) -> String {
    let service = CallbackService::new(receiver(), move |message: Message| {
        signals.notify(&message);
        async { Ok::<_, Infallible>(()) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    let app = axum::Router::new().route_service("/callback", service);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

const COUNT: usize = 120;

#[test]
fn a_wait_with_callbacks_queries_the_status_only_once() {
    for blocking in [true, false] {
        let signals = Signals::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = runtime.block_on(serve(signals.clone()));
        let delay = Duration::from_millis(50);
        let chaos = CallbackChaos { duplicate_rate: 0.5, delay, reorder: true, seed: 1 };
        let callback = Callback::to(url).with_token(TOKEN).with_key(KEY).with_chaos(chaos);
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let builder = Emulator::builder().with_manual_clock(now).with_callback(callback);
        let emulator = builder.with_rate_limit(None).start().unwrap();
        let ids: Vec<String> = (0..COUNT).map(|n| format!("yDwA{n:028}")).collect();
        for id in &ids {
            emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        }
        let config = config(&emulator);
        let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
        let options = WaitOptions::default().with_signals(signals).with_settle(Duration::ZERO);
        let waiting = {
            let ids = ids.clone();
            std::thread::spawn(move || {
                if blocking {
                    let client = essbasic::blocking::Client::new(config, agent).unwrap();
                    client.wait(ids, &options).unwrap()
                } else {
                    let client = essbasic::Client::new(config, agent).unwrap();
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    runtime.block_on(client.wait(ids, &options)).unwrap()
                }
            })
        };
        let queries = || emulator.stats().calls.get("DescribeFlowDetailInfo").copied();
        while queries() != Some(2) {
            std::thread::yield_now();
        }
        for (index, id) in ids.iter().enumerate() {
            if index == 7 {
                emulator.reject(id, None, "价格不对").unwrap();
                continue;
            }
            emulator.sign(id, None).unwrap();
            emulator.sign(id, None).unwrap();
        }
        emulator.advance(Duration::from_secs(3));
        let ended = waiting.join().unwrap();
        assert_eq!(ended.len(), COUNT);
        for (index, (flow, id)) in ended.iter().zip(&ids).enumerate() {
            assert_eq!(&flow.flow_id, id);
            match &flow.outcome {
                WaitOutcome::Signed => assert_ne!(index, 7),
                WaitOutcome::Ended { status, reason } => {
                    assert_eq!((index, status, &**reason), (7, &FlowStatus::Reject, "价格不对"));
                }
                other => panic!("{id}: {other:?}"),
            }
        }
        assert_eq!(queries(), Some(2), "the status was queried again after a callback");
    }
}

/// A wait for each contract, in tasks and in threads, and one channel for all.
#[test]
fn waits_for_single_contracts_share_the_callbacks() {
    const WAITS: usize = 60;
    for blocking in [true, false] {
        let signals = Signals::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = runtime.block_on(serve(signals.clone()));
        let callback = Callback::to(url).with_token(TOKEN).with_key(KEY);
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let builder = Emulator::builder().with_manual_clock(now).with_callback(callback);
        let emulator = builder.with_rate_limit(None).start().unwrap();
        let ids: Vec<String> = (0..WAITS).map(|n| format!("yDwB{n:028}")).collect();
        for id in &ids {
            emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        }
        // The callback of the first contract arrives before its wait starts.
        let (early, others) = ids.split_first().unwrap();
        let sign = |id: &str| {
            emulator.sign(id, None).unwrap();
            emulator.sign(id, None).unwrap();
        };
        sign(early);
        emulator.advance(Duration::from_secs(3));
        assert!(emulator.wait_for_callbacks(Duration::from_secs(60)));
        let config = config(&emulator).with_rate_limit(RateLimit::Off);
        let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
        let options = WaitOptions::default().with_signals(signals).with_settle(Duration::ZERO);
        let queries = || emulator.stats().calls.get("DescribeFlowDetailInfo").copied();
        let outcomes: Vec<WaitOutcome> = std::thread::scope(|scope| {
            let waits: Vec<_> = if blocking {
                let client = essbasic::blocking::Client::new(config, agent).unwrap();
                let wait = |id| {
                    let (client, options) = (client.clone(), &options);
                    scope.spawn(move || client.wait([id], options).unwrap().remove(0).outcome)
                };
                ids.iter().map(wait).collect()
            } else {
                let client = essbasic::Client::new(config, agent).unwrap();
                let wait = |id: &String| {
                    let (client, options, id) = (client.clone(), options.clone(), id.clone());
                    let wait = async move { client.wait([id], &options).await };
                    let wait = runtime.spawn(wait);
                    let runtime = runtime.handle().clone();
                    scope.spawn(move || runtime.block_on(wait).unwrap().unwrap().remove(0).outcome)
                };
                ids.iter().map(wait).collect()
            };
            // Each of the other waits has polled its contract once before the callback.
            while queries() < Some((WAITS - 1) as u64) {
                std::thread::yield_now();
            }
            others.iter().for_each(|id| sign(id));
            emulator.advance(Duration::from_secs(3));
            waits.into_iter().map(|wait| wait.join().unwrap()).collect()
        });
        assert!(outcomes.iter().all(|outcome| *outcome == WaitOutcome::Signed), "{outcomes:?}");
        let polled = "a contract was polled after its callback";
        assert_eq!(queries(), Some((WAITS - 1) as u64), "{polled}");
    }
}
