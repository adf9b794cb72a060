//! A stop while the connection for a request that is not idempotent is being established.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::Credential;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Config, Error, Stop, blocking};

const INFO: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");

/// Far below the timeouts of connections and calls.
const SOON: Duration = Duration::from_secs(30);

/// A stage at which connecting stalls.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// The server does not answer the TLS handshake.
    Tls,
    /// The proxy does not answer `CONNECT`.
    Tunnel,
}

#[derive(Debug, Clone, Copy)]
enum Driver {
    Reqwest,
    Hyper,
    Ureq,
}

fn config(stage: Stage, listener: &TcpListener) -> Config {
    let address = listener.local_addr().unwrap();
    let proxy = match stage {
        Stage::Tls => Proxy::None,
        Stage::Tunnel => Proxy::Url(format!("http://{address}").parse().unwrap()),
    };
    let long = Duration::from_secs(600);
    Config::new(Credential::new("AKID", "key"))
        .with_endpoint_url(&format!("https://{address}"))
        .unwrap()
        .with_timeout(Some(long))
        .with_transport_config(
            TransportConfig::default().with_proxy(proxy).with_connect_timeout(long),
        )
}

fn call(driver: Driver, config: Config, stop: &Stop) -> Result<Option<Value>, Error> {
    let body = json!({});
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = match driver {
        Driver::Ureq => {
            let client = blocking::Client::new(config).unwrap();
            return client.call_json_cancellable(INFO, &body, stop);
        }
        Driver::Reqwest => Client::new(config),
        Driver::Hyper => Client::on_hyper(config),
    };
    runtime.block_on(client.unwrap().call_json_cancellable(INFO, &body, stop))
}

#[test]
fn a_create_whose_connection_is_not_established_is_withdrawn_at_a_stop() {
    for driver in [Driver::Reqwest, Driver::Hyper, Driver::Ureq] {
        for stage in [Stage::Tls, Stage::Tunnel] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let config = config(stage, &listener);
            let stop = Stop::default();
            let handle = stop.clone();
            let calling =
                std::thread::spawn(move || (call(driver, config, &handle), Instant::now()));
            let (mut connection, _) = listener.accept().unwrap();
            wait_for_data(&mut connection);
            let stopped = Instant::now();
            stop.stop();
            let (result, ended) = calling.join().unwrap();
            assert!(matches!(result, Ok(None)), "{driver:?}, {stage:?}: {result:?}");
            assert!(ended - stopped < SOON, "{driver:?}, {stage:?}");
        }
    }
}

/// Waits for the first byte of the handshake or of the request to the proxy.
fn wait_for_data(connection: &mut TcpStream) {
    assert_eq!(connection.read(&mut [0]).unwrap(), 1);
}
