//! Endpoints and forms of requests over real sockets, with every transport of the crate: the request on the wire, and its
//! signature as a server verifies it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod endpoints;
mod forms;
mod server;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::Credential;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{CallOptions, Client, Config, Endpoint, Error, RetryPolicy, blocking};

const SECRET_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";

/// Returns the configuration of a call that is sent once.
fn config(endpoint: Endpoint, proxy: Proxy) -> Config {
    Config::new(Credential::new("AKID", SECRET_KEY))
        .with_endpoint(endpoint)
        .with_retry(RetryPolicy::none())
        .with_transport_config(TransportConfig::default().with_proxy(proxy))
}

/// Makes a call with each transport.
fn call_each(
    config: &Config,
    options: &CallOptions,
    info: ActionInfo<'_>,
    fields: &Value,
) -> Vec<(&'static str, Result<Value, Error>)> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hyper = Client::on_hyper(config.clone()).unwrap().with_options(options.clone());
    let reqwest = Client::new(config.clone()).unwrap().with_options(options.clone());
    let ureq = blocking::Client::new(config.clone()).unwrap().with_options(options.clone());
    vec![
        ("hyper", runtime.block_on(hyper.call_json(info, fields))),
        ("reqwest", runtime.block_on(reqwest.call_json(info, fields))),
        ("ureq", ureq.call_json(info, fields)),
    ]
}

fn no_fields() -> Value {
    json!({})
}
