//! Keys that are pasted in the place of another value are not shown.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use tempfile::TempDir;

use crate::support::{code, essbasic, essbasic_at, stderr, stdout};

const KEYS: [&str; 4] = [
    // An ID and its key, pasted as one.
    "AKIDz8krbsJ5yKBZQpn74WFkmLPxEXAMPLE#Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "\"Gu5t9xGARNpq86cd98joQYCN3EXAMPLE\"",
    "https://user:hidden-EXAMPLE@host#hidden-EXAMPLE",
];

#[test]
fn no_message_contains_a_pasted_key() {
    let home = TempDir::new().unwrap();
    for arguments in [
        &["KEY"][..],
        &["help", "KEY"],
        &["status", "KEY"],
        &["wait", "KEY", "--timeout", "1s"],
        &["status", "yDw", "--profile", "KEY"],
        &["status", "yDw", "--endpoint", "KEY"],
        &["status", "yDw", "--proxy", "KEY"],
        &["status", "yDw", "--call-timeout", "KEY"],
        &["status", "yDw", "--rate", "KEY"],
        &["wait", "yDw", "--interval", "KEY"],
        &["download", "yDw", "--out", "o", "--link-host", "KEY"],
        &["download", "yDw", "--out", "o", "--concurrency", "KEY"],
        &["archive", "yDw", "--out", "o", "--shard", "KEY"],
        &["archive", "yDw", "--out", "o", "--names", "KEY"],
        &["archive", "yDw", "--out", "o", "--names", "{KEY}"],
        &["archive", "yDw", "--out", "KEY://b"],
        &["call", "KEY"],
        &["call", "DescribeFlowDetailInfo", "--body", "KEY"],
        &["call", "DescribeZones", "--service", "KEY", "--version", "2017-03-12"],
        &["describe", "KEY"],
        &["skeleton", "KEY"],
        &["snippet", "KEY"],
        &["completions", "KEY"],
        &["listen", "--port", "KEY"],
        &["listen", "--port", "0", "--address", "KEY"],
        &["listen", "--port", "0", "--unsigned", "--command-timeout", "KEY", "--", "true"],
        &["sign", "--timestamp", "KEY"],
        &["sign", "--method", "KEY"],
        &["emulator", "--listen", "KEY"],
        &["emulator", "--flows", "KEY"],
        &["emulator", "--faults", "KEY"],
        &["emulator", "--faults", "reset=KEY"],
        &["emulator", "--speed", "KEY"],
        &["emulator", "--callback-url", "KEY"],
        &["emulator", "--secret-id", "KEY", "--secret-key", "x y"],
        &["emulator", "KEY"],
    ] {
        for key in KEYS {
            let arguments: Vec<String> =
                arguments.iter().map(|argument| argument.replace("KEY", key)).collect();
            let mut command = match &*arguments[0] {
                "status" | "wait" | "download" | "archive" | "call"
                    if !arguments.iter().any(|argument| argument == "--endpoint") =>
                {
                    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                    essbasic_at(home.path(), "http://127.0.0.1:1", &arguments)
                }
                _ => {
                    let mut command = essbasic(home.path());
                    command.args(&arguments);
                    command
                }
            };
            let output = command.output().unwrap();
            let shown = stderr(&output) + &stdout(&output);
            assert!(!shown.contains("EXAMPLE"), "{arguments:?}: {shown}");
            assert!([1, 2].contains(&code(&output)), "{arguments:?}: {shown}");
        }
    }
    for key in KEYS {
        let arguments = ["archive", "yDw", "--out", "s3://b/p", "--journal", "j"];
        let mut command = essbasic_at(home.path(), "http://127.0.0.1:1", &arguments);
        let output = command.env("AWS_PROFILE", key).output().unwrap();
        assert!(!stderr(&output).contains("EXAMPLE"), "{}", stderr(&output));
        assert_eq!(code(&output), 1);
    }
}
