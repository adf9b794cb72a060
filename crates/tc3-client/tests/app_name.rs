//! Names of the client in the headers of requests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::io::Write as _;
use std::sync::mpsc::channel;

use serde_json::json;
use tc3_client::api::ActionInfo;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Config, ErrorKind, blocking};

use crate::support::server::{serve, success};
use crate::support::{Reply, config, run};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn headers(config: Config) -> [String; 2] {
    let outcome = run(config, READ, &[Reply::ok()]);
    ["user-agent", "x-tc-requestclient"]
        .map(|name| outcome.requests[0].headers[name].to_str().unwrap().to_owned())
}

#[test]
fn both_clients_send_the_names_of_the_library_and_the_application() {
    let own = [format!("tc3-client/{VERSION}"), format!("tc3-client_{VERSION}")];
    assert_eq!(headers(config()), own);
    let with_app = config().with_app_name("lease-archive_2.0").unwrap();
    let expected = [
        format!("tc3-client/{VERSION} app/lease-archive_2.0"),
        format!("tc3-client_{VERSION}; lease-archive_2.0"),
    ];
    assert_eq!(headers(with_app.clone()), expected);
    let both = [
        format!("contracts/1.2.3 tc3-client/{VERSION} app/lease-archive_2.0"),
        format!("contracts_1.2.3; tc3-client_{VERSION}; lease-archive_2.0"),
    ];
    // In any order; the last call counts.
    assert_eq!(headers(with_app.with_library("contracts", "1.2.3").unwrap()), both);
    let reversed = config().with_library("other", "0").unwrap();
    let reversed = reversed.with_library("contracts", "1.2.3").unwrap();
    let reversed = reversed.with_app_name("other").unwrap();
    assert_eq!(headers(reversed.with_app_name("lease-archive_2.0").unwrap()), both);
}

#[test]
fn the_longest_names_are_within_the_limit_of_the_service() {
    let name = "n".repeat(50);
    let config = config().with_app_name(&name).unwrap();
    let [_, client] = headers(config.with_library("essbasic", VERSION).unwrap());
    assert!(client.len() <= 128, "{client}");
}

#[test]
fn an_invalid_name_is_an_error() {
    for (name, why) in [
        ("", "it is empty"),
        ("two words", "it contains ' '"),
        ("a/b", "it contains '/'"),
        ("a;b", "it contains ';'"),
        ("line\r\nX-Other: 1", "it contains '\\r'"),
        ("电子签", "it contains '电'"),
        (&"n".repeat(51), "it has more than 50 characters"),
    ] {
        let error = config().with_app_name(name).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains("use 1 to 50 ASCII letters"), "{error}");
        assert!(config().with_library(name, "1").is_err());
        assert!(config().with_library("library", name).is_err());
    }
}

#[test]
fn every_transport_sends_the_names() {
    let body = json!({});
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls: [&dyn Fn(Config); 3] = [
        &|config| {
            let client = Client::new(config).unwrap();
            runtime.block_on(client.call_json(READ, &body)).unwrap();
        },
        &|config| {
            let client = Client::on_hyper(config).unwrap();
            runtime.block_on(client.call_json(READ, &body)).unwrap();
        },
        &|config| {
            blocking::Client::new(config).unwrap().call_json(READ, &body).unwrap();
        },
    ];
    for call in calls {
        let (sender, heads) = channel();
        let url = serve(move |head, stream| {
            sender.send(head).unwrap();
            stream.write_all(success().as_bytes())
        });
        let direct = TransportConfig::default().with_proxy(Proxy::None);
        let config = config().with_endpoint_url(&url).unwrap().with_transport_config(direct);
        call(config.with_app_name("lease-archive").unwrap());
        // The call is sent once.
        let heads: Vec<String> = heads.try_iter().collect();
        let [head] = heads.as_slice() else { panic!("{heads:?}") };
        let head = head.to_ascii_lowercase();
        let agents: Vec<&str> =
            head.lines().filter(|line| line.starts_with("user-agent:")).collect();
        assert_eq!(agents, [format!("user-agent: tc3-client/{VERSION} app/lease-archive")]);
        let client = format!("x-tc-requestclient: tc3-client_{VERSION}; lease-archive\r\n");
        assert!(head.contains(&client), "{head}");
    }
}
