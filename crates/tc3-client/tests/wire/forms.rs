//! Forms of requests.

use serde_json::json;
use tc3_client::api::ActionInfo;
use tc3_client::transport::Proxy;
use tc3_client::{BaseUrl, CallOptions, Endpoint, ErrorKind};

use super::server::{Received, Server};
use super::{call_each, config, no_fields};

/// Makes a call with each transport, verifies the signatures, and returns one of the requests, which are the same.
fn received(info: ActionInfo<'_>, options: &CallOptions, fields: &serde_json::Value) -> Received {
    let (server, proxy) = (Server::start(), Server::start());
    let direct = Endpoint::Url(BaseUrl::parse("http://api.invalid").unwrap())
        .with_address(&server.addr.to_string())
        .unwrap();
    let proxied = Endpoint::Url(BaseUrl::parse("http://api.invalid").unwrap());
    let through = Proxy::Url(format!("http://{}", proxy.addr).parse().unwrap());
    for config in [config(direct, Proxy::None), config(proxied, through)] {
        for (name, result) in call_each(&config, options, info, fields) {
            result.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    let requests = [server.take(), proxy.take()].concat();
    assert_eq!(requests.len(), 6);
    let first = requests[0].clone();
    for request in requests {
        request.verify(info.service);
        assert_eq!(request.header("host"), Some("api.invalid"));
        let target = request.target.strip_prefix("http://api.invalid").unwrap_or(&request.target);
        assert_eq!((&request.method, target), (&first.method, first.target.as_str()));
        assert_eq!(request.body, first.body);
        assert_eq!(request.header("content-type"), first.header("content-type"));
    }
    first
}

#[test]
fn fields_of_a_query_are_sorted_and_sent_as_signed() {
    let info = ActionInfo::new("cvm", "2017-03-12", "DescribeInstances").query();
    let fields = json!({
        "Limit": 10,
        "Filters": [{"Name": "zone", "Values": ["ap-guangzhou-1", "名 +&=/?#%'\"<>{}|\\^`[]~*"]}],
        "Flag": true,
        "Absent": null,
    });
    let request = received(info, &CallOptions::default(), &fields);
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.target,
        "/?Filters.0.Name=zone&Filters.0.Values.0=ap-guangzhou-1&Filters.0.Values.1=\
         %E5%90%8D%20%2B%26%3D%2F%3F%23%25%27%22%3C%3E%7B%7D%7C%5C%5E%60%5B%5D~%2A&Flag=true&Limit=10"
    );
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.header("x-tc-action"), Some("DescribeInstances"));
    assert!(request.body.is_empty());
    let request = received(info, &CallOptions::default(), &no_fields());
    assert_eq!(request.target, "/");
}

#[test]
fn paths_are_sent_as_signed() {
    for path in ["/v1/ai/hunyuan/", "/a%2Fb//c;d=e,f@g:h/~i.j/*'()!$&+", "/.well-known/..x"] {
        let info = ActionInfo::new("tcb", "2018-06-08", "Chat").with_path(path);
        let request = received(info, &CallOptions::default(), &json!({"key": "value"}));
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", path));
        assert_eq!(request.body, br#"{"key":"value"}"#);
        let request = received(info.query(), &CallOptions::default(), &json!({"key": "a b"}));
        assert_eq!(request.target, format!("{path}?key=a%20b"));
    }
}

/// The headers are those of the official SDKs: `X-CLS-TopicId`.
#[test]
fn raw_bodies_are_sent_with_their_fields_as_headers() {
    let info = ActionInfo::new("cls", "2020-10-16", "UploadLog").octet_stream();
    let octets: Vec<u8> = (0..=255).collect();
    let fields = json!({"TopicId": "e621fdb8-16f4-41cf-bc73-5aead0b75a03", "CompressType": ""});
    let signed = CallOptions::default().with_octets(octets.clone());
    for (options, sha256) in
        [(signed.clone(), None), (signed.with_unsigned_payload(), Some("UNSIGNED-PAYLOAD"))]
    {
        let request = received(info, &options, &fields);
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/"));
        assert_eq!(request.body, octets);
        assert_eq!(request.header("content-type"), Some("application/octet-stream"));
        assert_eq!(request.header("x-cls-topicid"), fields["TopicId"].as_str());
        assert_eq!(request.header("x-cls-compresstype"), Some(""));
        assert_eq!(request.header("x-tc-content-sha256"), sha256);
    }
}

#[test]
fn forms_that_do_not_fit_fail_before_anything_is_sent() {
    let server = Server::start();
    let endpoint = Endpoint::Url(BaseUrl::parse(&format!("http://{}", server.addr)).unwrap());
    let config = config(endpoint, Proxy::None);
    let info = ActionInfo::new("cls", "2020-10-16", "UploadLog");
    let octets = CallOptions::default().with_octets("x");
    for (info, options, fields, expected) in [
        (info, octets.clone(), no_fields(), "with_octets"),
        (info.query(), octets.clone(), no_fields(), "with_octets"),
        (info.octet_stream(), CallOptions::default(), no_fields(), "with_octets"),
        (info.octet_stream(), octets.clone(), json!({"A": ["x"]}), "`A`"),
        (info.octet_stream(), octets, json!({"A": "x\ny"}), "`A`"),
        (info.query(), CallOptions::default(), json!({"A": "x".repeat(40_000)}), "32768"),
        (info.with_path("/a b"), CallOptions::default(), no_fields(), "path"),
        (info.with_path("/a/../b"), CallOptions::default(), no_fields(), "path"),
    ] {
        for (name, result) in call_each(&config, &options, info, &fields) {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request, "{name}: {error}");
            assert!(error.to_string().contains(expected), "{name}: {error}");
        }
    }
    assert!(server.take().is_empty());
}
