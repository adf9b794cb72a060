//! The two examples of the reference, and refused calls, made with the official clients.

use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION};
use serde_json::{Value, json};

use super::calls::{Call, make};
use super::clients::Client;

const ACTION: &str = "DescribeResourceUrlsByFlows";

fn example(first: &str) -> Value {
    let agent = json!({
        "AppId": APP_ID,
        "ProxyOrganizationOpenId": ORGANIZATION,
        "ProxyOperator": { "OpenId": OPERATOR },
        "ProxyAppId": "",
    });
    json!({ "Agent": agent, "FlowIds": [first, "yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh"] })
}

/// Returns calls that must fail, with the code of the error.
fn refused(method: &'static str) -> [(Call, &'static str); 5] {
    let right = Call::new("", ACTION, example("yDwivUUckpor6wtoUuogwQHCAB0ES0pQ")).by(method);
    let named = |name: &str| Call { name: format!("{name} by {method}"), ..right.clone() };
    [
        (Call { secret_key: "not the key", ..named("wrong key") }, "AuthFailure.SignatureFailure"),
        (Call { secret_id: "AKIDNOBODY", ..named("unknown id") }, "AuthFailure.SecretIdNotFound"),
        (
            Call {
                action: "DescribeNothing".to_owned(),
                described: false,
                ..named("unknown action")
            },
            "InvalidAction",
        ),
        (
            // The previous version, which is not emulated; the command line accepts no other.
            Call {
                action: "ArchiveFlow".to_owned(),
                version: "2020-12-22",
                described: false,
                ..named("unknown version")
            },
            "NoSuchVersion",
        ),
        (Call { body: json!({}), ..named("missing parameter") }, "MissingParameter"),
    ]
}

/// Makes the calls with each of the methods; the flag is true for an unsigned payload.
fn check(client: Client, methods: &[(&'static str, bool)]) {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    let mut calls = Vec::new();
    for &(method, unsigned) in methods {
        for first in ["yDwivUUckpor6wtoUuogwQHCAB0ES0pQ", "yDwivUUckpor6wtoUuogwQHCAB0ES0p1"] {
            let call = Call::new(first, ACTION, example(first)).by(method);
            calls.push((Call { unsigned, ..call }, "success"));
        }
        calls.extend(refused(method).map(|(call, code)| (Call { unsigned, ..call }, code)));
    }
    let (calls, outcomes): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    let Some(results) = make(client, &emulator, None, &calls) else { return };
    for (result, outcome) in results.iter().zip(outcomes) {
        assert_eq!(result.outcome(), outcome, "{client:?}: {result:?}");
        let first = &result.response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"];
        match result.name.as_str() {
            "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ" => {
                assert_eq!(result.response["ErrorMessages"], json!(["", ""]), "{client:?}");
                assert_eq!(first[0]["Name"], "合同,270481027143248.pdf", "{client:?}");
            }
            "yDwivUUckpor6wtoUuogwQHCAB0ES0p1" => {
                let messages = json!(["查询流程不存在", ""]);
                assert_eq!(result.response["ErrorMessages"], messages, "{client:?}");
                assert_eq!(*first, json!([]), "{client:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn the_python_sdk_gets_the_expected_responses() {
    check(Client::PythonSdk, &[("POST", false), ("GET", false), ("POST", true)]);
}

#[test]
fn the_node_sdk_gets_the_expected_responses() {
    check(Client::NodeSdk, &[("POST", false), ("GET", false)]);
}

#[test]
fn the_command_line_gets_the_expected_responses() {
    check(Client::CommandLine, &[("POST", false)]);
}
