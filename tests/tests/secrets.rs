//! Drives calls, waits and downloads, good and bad, with everything logged at the most verbose level,
//! and finds no key, token, link key or personal datum in the log, an error or a `Debug`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::models::DescribeFlowDetailInfoRequest;
use essbasic::{Config, DownloadOptions, RetryPolicy, WaitOptions, agent};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION};

const ID: &str = "AKIDTEST";
const KEY: &str = "the-secret-key";
const TOKEN: &str = "the-session-token";
const FLOW: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn add(&self, what: impl Debug) {
        writeln!(self.0.lock().unwrap(), "{what:?}").unwrap();
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn config(endpoint: &str, key: &str) -> Config {
    let credential = Credential::new(ID, key).with_token(TOKEN);
    Config::new(credential)
        .with_endpoint_url(endpoint)
        .unwrap()
        .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)))
}

fn drive(log: &Log, emulator: &Emulator, endpoint: &str, key: &str, flows: &[&str]) {
    let config = config(endpoint, key);
    let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
    let folder = tempfile::tempdir().unwrap();
    let options = DownloadOptions::to(folder.path());
    let wait = WaitOptions::default().with_timeout(Duration::from_millis(200));
    let request = DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids([FLOW]);
    log.add((&config, &agent, &options, &request, emulator));

    let client = essbasic::blocking::Client::new(config.clone(), agent.clone()).unwrap();
    log.add(&client);
    log.add(client.call(&request));
    log.add(client.links(flows.iter().copied()));
    log.add(client.wait(flows.iter().copied(), &wait));
    log.add(client.download(flows.iter().copied(), &options));

    let client = essbasic::Client::new(config, agent).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        log.add(&client);
        log.add(client.call(&request).await);
        log.add(client.links(flows.iter().copied()).await);
        log.add(client.wait(flows.iter().copied(), &wait).await);
        log.add(client.download(flows.iter().copied(), &options).await);
    });
}

#[test]
fn nothing_secret_is_ever_shown() {
    let log = Log::default();
    let writer = log.clone();
    // The HTTP libraries write to the `log` crate.
    tracing_log::LogTracer::init().unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let emulator =
        Emulator::builder().temporary_credential(ID, KEY, TOKEN).rate_limit(None).start().unwrap();
    let mut personal = NewFlow::new(APP_ID, ORGANIZATION, "personal");
    personal.parties = vec![("典子谦本人".into(), None)];
    emulator.create_flow(personal);

    let flows = [FLOW, "personal", "unknown"];
    drive(&log, &emulator, &emulator.endpoint(), KEY, &flows);
    drive(&log, &emulator, &emulator.endpoint(), "the-secret-key-but-wrong", &flows);
    drive(&log, &emulator, "http://127.0.0.1:1", KEY, &flows);

    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    // The log is one, and not an empty one.
    for expected in ["attempt", "DescribeFlowDetailInfo", "request_id", "SignatureFailure", FLOW] {
        assert!(text.contains(expected), "{expected}");
    }
    // ureq writes every request's URL at the level `debug` of the `log` crate, and every byte at
    // `trace`, which no setting of its own prevents. The transport's documentation warns of it.
    let ours = |line: &&str| !line.contains("log.target=\"ureq");
    for secret in [KEY, "but-wrong", TOKEN, "hkey", "典子谦本人", "李四", "138****", "Signature="]
    {
        let found: Vec<_> =
            text.lines().filter(ours).filter(|line| line.contains(secret)).take(3).collect();
        assert!(found.is_empty(), "{secret} is in {found:#?}");
    }
}
