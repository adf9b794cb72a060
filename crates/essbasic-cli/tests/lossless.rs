//! `essbasic call` keeps the digits and the order of JSON, in the request as in the response.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::process::Output;

use tempfile::TempDir;

use crate::support::server::{Server, answer};
use crate::support::{code, essbasic, stderr, stdout};

const FIELDS: &str = r#""Z":18446744073709551616,"A":[123456789.123456789,1E5,1e400,-0.0]"#;

struct Call {
    home: TempDir,
    server: Server,
}

impl Call {
    fn new() -> Self {
        let response = format!("{{\"Response\": {{{FIELDS},\n  \"RequestId\" : \"r\"}}}}");
        let server = Server::start(move |_, _| answer(200, "application/json", response.clone()));
        Self { home: TempDir::new().unwrap(), server }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = essbasic(self.home.path());
        command.env("TENCENTCLOUD_SECRET_ID", "id").env("TENCENTCLOUD_SECRET_KEY", "key");
        command.args(["--app-id", "app", "--organization", "org", "--operator", "user"]);
        command.args(["--endpoint", &self.server.url(), "call"]).args(arguments);
        let output = command.output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        output
    }
}

#[test]
fn digits_and_order_are_kept_both_ways() {
    let call = Call::new();
    let body = format!("{{ {FIELDS}, \"B\":{{\"b\" : 1.50,\"a\":2}} }}");
    let sent = format!("{{{FIELDS},\"B\":{{\"b\" : 1.50,\"a\":2}}}}");
    let arguments = ["Do", "--service", "svc", "--version", "2020-01-01", "--body", &body];
    let output = call.run(&arguments);
    assert_eq!(call.server.seen()[0].body, sent);
    assert_eq!(stdout(&output), format!("{{{FIELDS},\"RequestId\":\"r\"}}\n"));
    let output = call.run(&[&arguments[..], &["--dry-run"]].concat());
    assert!(stdout(&output).ends_with(&format!("\n{sent}\n")), "{}", stdout(&output));
}

#[test]
fn the_agent_is_appended_to_the_body() {
    let call = Call::new();
    let body = r#"{"FlowIds":["yDwA"],"FlowGroupId":"g"}"#;
    call.run(&["DescribeFlowDetailInfo", "--unchecked", "--body", body]);
    let agent =
        r#"{"AppId":"app","ProxyOperator":{"OpenId":"user"},"ProxyOrganizationOpenId":"org"}"#;
    let sent = format!(r#"{{"FlowIds":["yDwA"],"FlowGroupId":"g","Agent":{agent}}}"#);
    assert_eq!(call.server.seen()[0].body, sent);
}
