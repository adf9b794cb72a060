//! The signed host, and the address that is dialed.

use tc3_client::api::ActionInfo;
use tc3_client::transport::Proxy;
use tc3_client::{BaseUrl, CallOptions, Endpoint, ErrorKind};

use super::server::Server;
use super::{call_each, config, no_fields};

const ACTION: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").with_test_host("Test.Example.");

fn url(text: &str) -> Endpoint {
    Endpoint::Url(BaseUrl::parse(text).unwrap())
}

/// Endpoints without TLS, and the host that each signs.
fn endpoints() -> Vec<(Endpoint, &'static str)> {
    vec![
        (url("http://api.invalid"), "api.invalid"),
        (url("http://api.invalid:80"), "api.invalid"),
        (url("http://API.Invalid."), "api.invalid"),
        (url("http://API.INVALID.:80/"), "api.invalid"),
        (url("http://api.invalid:443"), "api.invalid:443"),
        (url("http://api.invalid:8080"), "api.invalid:8080"),
        (url("http://192.0.2.1:80"), "192.0.2.1"),
        (url("http://[2001:DB8:0::1]:80"), "[2001:db8::1]"),
        (url("http://[2001:db8::1]:81"), "[2001:db8::1]:81"),
    ]
}

#[test]
fn the_host_is_normalized_signed_and_sent_to_another_address() {
    let server = Server::start();
    for (endpoint, host) in endpoints() {
        let endpoint = endpoint.with_address(&server.addr.to_string()).unwrap();
        let config = config(endpoint, Proxy::None);
        for (name, result) in call_each(&config, &CallOptions::default(), ACTION, &no_fields()) {
            result.unwrap_or_else(|error| panic!("{name} {host}: {error}"));
        }
        let received = server.take();
        assert_eq!(received.len(), 3);
        for request in received {
            assert_eq!(request.header("host"), Some(host));
            assert_eq!(request.target, "/");
            request.verify("essbasic");
        }
    }
}

/// A proxy that forwards a request takes the host from the request line, so both must be equal.
#[test]
fn a_proxy_receives_the_signed_host() {
    let proxy = Server::start();
    for (endpoint, host) in endpoints() {
        let url = format!("http://{}", proxy.addr).parse().unwrap();
        let config = config(endpoint, Proxy::Url(url));
        for (name, result) in call_each(&config, &CallOptions::default(), ACTION, &no_fields()) {
            result.unwrap_or_else(|error| panic!("{name} {host}: {error}"));
        }
        let received = proxy.take();
        assert_eq!(received.len(), 3);
        for request in received {
            assert_eq!(request.header("host"), Some(host));
            match &request.tunnel {
                // A tunnel needs a port.
                Some(target) => {
                    assert!([host.to_owned(), format!("{host}:80")].contains(target), "{target}");
                }
                None => assert_eq!(request.target, format!("http://{host}/")),
            }
            request.verify("essbasic");
        }
    }
}

#[test]
fn a_proxy_opens_a_tunnel_to_the_address() {
    let proxy = Server::start();
    for (endpoint, host) in endpoints() {
        let url = format!("http://{}", proxy.addr).parse().unwrap();
        let endpoint = endpoint.with_address("gateway.invalid:8443").unwrap();
        let config = config(endpoint, Proxy::Url(url));
        for (name, result) in call_each(&config, &CallOptions::default(), ACTION, &no_fields()) {
            match result {
                Ok(_) => assert_ne!(name, "reqwest"),
                Err(error) => {
                    assert_eq!(name, "reqwest", "{error}");
                    assert!(error.to_string().contains("another address"), "{error}");
                }
            }
        }
        let received = proxy.take();
        assert_eq!(received.len(), 2);
        for request in received {
            assert_eq!(request.tunnel.as_deref(), Some("gateway.invalid:8443"));
            assert_eq!(request.header("host"), Some(host));
            request.verify("essbasic");
        }
    }
}

/// The hosts of services need TLS, so the requests are only built.
#[test]
fn each_environment_signs_its_own_hosts() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (endpoint, host) in [
        (Endpoint::Production, "essbasic.tencentcloudapi.com"),
        (Endpoint::Test, "test.example"),
        (Endpoint::regional("ap-guangzhou").unwrap(), "essbasic.ap-guangzhou.tencentcloudapi.com"),
        (Endpoint::international(), "essbasic.intl.tencentcloudapi.com"),
        (Endpoint::finance("ap-shanghai").unwrap(), "essbasic.ap-shanghai-fsi.tencentcloudapi.com"),
        (Endpoint::domain("cloud.example").unwrap(), "essbasic.cloud.example"),
        (url("https://H.example:443"), "h.example"),
    ] {
        for address in [None, Some("10.0.0.5:8443")] {
            let endpoint = match address {
                Some(address) => endpoint.clone().with_address(address).unwrap(),
                None => endpoint.clone(),
            };
            let client = tc3_client::Client::on_hyper(config(endpoint, Proxy::None)).unwrap();
            let request = runtime.block_on(client.preview(ACTION, &no_fields())).unwrap();
            assert_eq!(request.uri.to_string(), format!("https://{host}/"));
            assert_eq!(request.headers["host"], host);
            assert_eq!(request.connect_to.as_ref().map(|address| address.as_str()), address);
        }
    }
    let unknown = ActionInfo::new("cvm", "2017-03-12", "DescribeZones");
    let client = tc3_client::Client::on_hyper(config(Endpoint::Test, Proxy::None)).unwrap();
    let error = runtime.block_on(client.preview(unknown, &no_fields())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
