//! The two examples of the document, and calls that are refused, as users of the official clients see
//! them.

use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION};
use serde_json::{Value, json};

use crate::calls::{Order, make};
use crate::clients::Client;

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

/// Calls that must fail, and the code of the error.
fn refused(method: &'static str) -> [(Order, &'static str); 5] {
    let right = Order::new("", ACTION, example("yDwivUUckpor6wtoUuogwQHCAB0ES0pQ")).by(method);
    let named = |name: &str| Order { name: format!("{name} by {method}"), ..right.clone() };
    [
        (Order { secret_key: "not the key", ..named("wrong key") }, "AuthFailure.SignatureFailure"),
        (Order { secret_id: "AKIDNOBODY", ..named("unknown id") }, "AuthFailure.SecretIdNotFound"),
        (
            Order {
                action: "DescribeNothing".to_owned(),
                described: false,
                ..named("unknown action")
            },
            "InvalidAction",
        ),
        (
            // The version before this one, which is not emulated; the command line takes no other.
            Order {
                action: "ArchiveFlow".to_owned(),
                version: "2020-12-22",
                described: false,
                ..named("unknown version")
            },
            "NoSuchVersion",
        ),
        (Order { body: json!({}), ..named("missing parameter") }, "MissingParameter"),
    ]
}

/// Makes the calls in each of the client's ways: by this method, and with this for an unsigned payload.
fn check(client: Client, ways: &[(&'static str, bool)]) {
    let emulator = Emulator::builder().rate_limit(None).start().unwrap();
    let mut orders = Vec::new();
    for &(method, unsigned) in ways {
        for first in ["yDwivUUckpor6wtoUuogwQHCAB0ES0pQ", "yDwivUUckpor6wtoUuogwQHCAB0ES0p1"] {
            let order = Order::new(first, ACTION, example(first)).by(method);
            orders.push((Order { unsigned, ..order }, "answered"));
        }
        orders.extend(refused(method).map(|(order, code)| (Order { unsigned, ..order }, code)));
    }
    let (orders, endings): (Vec<_>, Vec<_>) = orders.into_iter().unzip();
    let Some(seen) = make(client, &emulator, None, &orders) else { return };
    for (seen, ending) in seen.iter().zip(endings) {
        assert_eq!(seen.ending(), ending, "{client:?}: {seen:?}");
        let first = &seen.answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"];
        match seen.name.as_str() {
            "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ" => {
                assert_eq!(seen.answer["ErrorMessages"], json!(["", ""]), "{client:?}");
                assert_eq!(first[0]["Name"], "合同,270481027143248.pdf", "{client:?}");
            }
            "yDwivUUckpor6wtoUuogwQHCAB0ES0p1" => {
                let messages = json!(["查询流程不存在", ""]);
                assert_eq!(seen.answer["ErrorMessages"], messages, "{client:?}");
                assert_eq!(*first, json!([]), "{client:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn the_python_sdk_gets_what_it_expects() {
    check(Client::PythonSdk, &[("POST", false), ("GET", false), ("POST", true)]);
}

#[test]
fn the_node_sdk_gets_what_it_expects() {
    check(Client::NodeSdk, &[("POST", false), ("GET", false)]);
}

#[test]
fn the_command_line_gets_what_it_expects() {
    check(Client::CommandLine, &[("POST", false)]);
}
