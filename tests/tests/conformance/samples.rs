//! Every sample of the official reference, called by each official client.
//!
//! `tests/conformance/samples.txt` lists the samples that fail, with the reason. The emulator starts with the state of
//! `tests/conformance/state.json`, which contains the objects that the samples use. Responses must have the fields and types
//! that the reference shows.

use std::collections::BTreeMap;

use essbasic_emulator::{Emulator, Seed};
use serde_json::Value;
use workspace_tests::{Sample, official_samples};

use super::calls::{Call, make};
use super::clients::{Client, wheel};

/// Time of the calls, so that deadlines in the samples do not depend on the current time: 2021-05-26, the date of the API
/// version.
const NOW: u64 = 1_621_987_200;

/// Returns the samples that fail, by action and number, with the code of the error.
fn errors(method: &str) -> BTreeMap<String, &'static str> {
    let lines = include_str!("../../conformance/samples.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [action, number, code] => Some((format!("{action} {number}"), code)),
            [action, number, code, by] => {
                (by == method).then(|| (format!("{action} {number}"), code))
            }
            _ => panic!("expected action, number, code and method: {line:?}"),
        })
        .collect()
}

fn check(client: Client, method: &'static str) {
    let Some(wheel) = wheel() else { return };
    let reference = official_samples(wheel);
    let mut samples = Vec::new();
    for (action, of_action) in &reference {
        for (number, sample) in of_action.iter().enumerate() {
            samples.push((format!("{action} {number}"), action, sample));
        }
    }
    let call = |(name, action, sample): &(String, &String, &Sample)| {
        Call::new(name.as_str(), action, sample.body()).by(method)
    };
    let calls: Vec<Call> = samples.iter().map(call).collect();
    let state = Seed::from_json(include_str!("../../conformance/state.json")).unwrap();
    let builder = Emulator::builder().with_seed(state).with_rate_limit(None).with_manual_clock(NOW);
    let emulator = builder.start().unwrap();
    let Some(results) = make(client, &emulator, Some(NOW), &calls) else { return };

    let mut counts = emulator.stats().calls;
    for (action, samples) in &reference {
        assert_eq!(counts.remove(action), Some(samples.len() as u64), "{client:?}: {action}");
    }
    assert!(counts.is_empty(), "{client:?}: {counts:?}");
    assert_eq!((reference.len(), samples.len()), (99, 226));

    let mut errors = errors(method);
    let mut failures = Vec::new();
    for (result, (.., sample)) in results.iter().zip(&samples) {
        let outcome = errors.remove(&result.name).unwrap_or("success");
        if result.outcome() != outcome {
            failures.push(format!("{} is {}, not {outcome}", result.name, result.outcome()));
        }
        let shown: Value = serde_json::from_str(&sample.output).unwrap();
        if outcome == "success" && shown["Response"]["Error"].is_null() {
            differences(&result.name, &shown["Response"], &result.response, &mut failures);
        }
    }
    assert!(errors.is_empty(), "samples.txt contains unknown samples: {errors:?}");
    assert!(failures.is_empty(), "{client:?} by {method}: {failures:#?}");
}

/// Adds a failure for every field of the reference that the response lacks or has with another type. Only the first elements
/// of arrays are compared; empty arrays match every array.
fn differences(path: &str, shown: &Value, response: &Value, failures: &mut Vec<String>) {
    match (shown, response) {
        (Value::Object(shown), Value::Object(response)) => {
            for (name, shown) in shown {
                let response = response.get(name).unwrap_or(&Value::Null);
                differences(&format!("{path}.{name}"), shown, response, failures);
            }
        }
        (Value::Array(shown), Value::Array(response)) => {
            if let (Some(shown), Some(response)) = (shown.first(), response.first()) {
                differences(&format!("{path}[]"), shown, response, failures);
            }
        }
        (Value::Null, _)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => {}
        _ => failures.push(format!("{path} is {response}, shown as {shown}")),
    }
}

#[test]
fn the_python_sdk_calls_every_sample() {
    check(Client::PythonSdk, "POST");
    check(Client::PythonSdk, "GET");
}

#[test]
fn the_node_sdk_calls_every_sample() {
    check(Client::NodeSdk, "POST");
    check(Client::NodeSdk, "GET");
}

#[test]
fn the_command_line_calls_every_sample() {
    check(Client::CommandLine, "POST");
}
