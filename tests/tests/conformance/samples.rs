//! Every sample of the official reference, called by each official client.
//!
//! How each ends stands in `tests/conformance/samples.txt`, and why where it is an error; they are called
//! in the world of `tests/conformance/world.json`, which has what they name. What the clients are
//! answered has the members and types of what the reference shows.

use std::collections::BTreeMap;

use essbasic_emulator::{Emulator, Seed};
use serde_json::Value;
use workspace_tests::{Sample, official_samples};

use crate::calls::{Order, make};
use crate::clients::{Client, wheel};

/// When the samples are called, so that their deadlines have passed or not once and for all: 2021-05-26,
/// the day of the API's version.
const NOW: u64 = 1_621_987_200;

/// The samples that are not answered, each by its action and number, with the code of the error.
fn errors(method: &str) -> BTreeMap<String, &'static str> {
    let lines = include_str!("../../conformance/samples.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [action, number, code] => Some((format!("{action} {number}"), code)),
            [action, number, code, by] => {
                (by == method).then(|| (format!("{action} {number}"), code))
            }
            _ => panic!("{line:?} is none of action, number, code, method"),
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
    let order = |(name, action, sample): &(String, &String, &Sample)| {
        Order::new(name.as_str(), action, sample.body()).by(method)
    };
    let orders: Vec<Order> = samples.iter().map(order).collect();
    let world = Seed::from_json(include_str!("../../conformance/world.json")).unwrap();
    let builder = Emulator::builder().seed(world).rate_limit(None).manual_clock(NOW);
    let emulator = builder.start().unwrap();
    let Some(seen) = make(client, &emulator, Some(NOW), &orders) else { return };

    let mut calls = emulator.stats().calls;
    for (action, samples) in &reference {
        assert_eq!(calls.remove(action), Some(samples.len() as u64), "{client:?}: {action}");
    }
    assert!(calls.is_empty(), "{client:?}: {calls:?}");
    assert_eq!((reference.len(), samples.len()), (99, 226));

    let mut errors = errors(method);
    let mut wrong = Vec::new();
    for (seen, (.., sample)) in seen.iter().zip(&samples) {
        let ending = errors.remove(&seen.name).unwrap_or("answered");
        if seen.ending() != ending {
            wrong.push(format!("{} is {}, not {ending}", seen.name, seen.ending()));
        }
        let shown: Value = serde_json::from_str(&sample.output).unwrap();
        if ending == "answered" && shown["Response"]["Error"].is_null() {
            differences(&seen.name, &shown["Response"], &seen.answer, &mut wrong);
        }
    }
    assert!(errors.is_empty(), "samples.txt names what there is not: {errors:?}");
    assert!(wrong.is_empty(), "{client:?} by {method}: {wrong:#?}");
}

/// Notes the members that the reference shows and the answer lacks or has of another type. A list is
/// judged by its first elements: what it is empty of is not known.
fn differences(path: &str, shown: &Value, answer: &Value, wrong: &mut Vec<String>) {
    match (shown, answer) {
        (Value::Object(shown), Value::Object(answer)) => {
            for (name, shown) in shown {
                let answer = answer.get(name).unwrap_or(&Value::Null);
                differences(&format!("{path}.{name}"), shown, answer, wrong);
            }
        }
        (Value::Array(shown), Value::Array(answer)) => {
            if let (Some(shown), Some(answer)) = (shown.first(), answer.first()) {
                differences(&format!("{path}[]"), shown, answer, wrong);
            }
        }
        (Value::Null, _)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => {}
        _ => wrong.push(format!("{path} is {answer}, shown as {shown}")),
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
