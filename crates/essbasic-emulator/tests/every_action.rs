//! Actions that the emulator does not model are checked, and answered with the right shape.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, clippy::indexing_slicing, reason = "each test file uses its part of it")]
mod support;

use essbasic_emulator::{Emulator, modelled_actions};
use essbasic_models::{CATALOGUE, visit_actions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use support::{agent, call, start};
use tc3_api::Action;
use tc3_api::Visitor;
use tc3_catalogue::skeleton::{full_skeleton, skeleton};
use tc3_catalogue::validation::misshapen;

/// The smallest body that the service takes, on behalf of the seeded agent.
fn body(action: &str) -> Value {
    let request = CATALOGUE.action(action).unwrap().request;
    let mut body = skeleton(request);
    if request.member("Agent").is_some() {
        body["Agent"] = agent();
    }
    body
}

struct Typed<'a> {
    emulator: &'a Emulator,
    modelled: Vec<&'static str>,
    deprecated: Vec<&'static str>,
    visited: usize,
}

impl Visitor for Typed<'_> {
    fn visit<A>(&mut self)
    where
        A: Action + DeserializeOwned + Clone + PartialEq + std::fmt::Debug,
        A::Response: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Default,
    {
        let name = A::INFO.name;
        self.visited += 1;
        let call = call(name, body(name));
        let headers = call.send(self.emulator).headers().clone();
        if !headers.contains_key("x-emulator-not-modelled") {
            self.modelled.push(name);
            return;
        }
        if headers.contains_key("x-emulator-deprecated") {
            self.deprecated.push(name);
        }
        let answer = call.answer(self.emulator);
        assert_eq!(answer["Error"], Value::Null, "{name}");
        let described = misshapen(&answer, CATALOGUE.action(name).unwrap().response);
        assert_eq!(described, [], "{name}");
        let typed: A::Response = serde_json::from_value(answer.clone()).unwrap();
        let again = serde_json::to_value(&typed).unwrap();
        assert_eq!(again, answer, "{name}");
        if answer.as_object().unwrap().len() > 1 {
            assert_ne!(typed, A::Response::default(), "{name}: the answer says nothing");
        }
    }
}

#[test]
fn every_action_is_answered_in_the_right_shape() {
    let emulator = start();
    let mut typed = Typed { emulator: &emulator, modelled: vec![], deprecated: vec![], visited: 0 };
    visit_actions(&mut typed);
    assert_eq!(typed.visited, 99);
    assert_eq!(typed.modelled, modelled_actions().collect::<Vec<_>>());
    assert_eq!(typed.modelled.len(), 13);
    let going = CATALOGUE.actions.iter().filter(|action| action.info.deprecated);
    assert_eq!(typed.deprecated, going.map(|action| action.info.name).collect::<Vec<_>>());
}

#[test]
fn every_action_refuses_what_its_description_does() {
    let emulator = start();
    for action in CATALOGUE.actions {
        let name = action.info.name;
        let code = |change: &dyn Fn(&mut Value)| {
            let mut body = body(name);
            change(&mut body);
            call(name, body).code(&emulator)
        };
        assert_eq!(code(&|body| body["Nonsense"] = 1.into()), "UnknownParameter", "{name}");
        for member in action.request.members {
            let wrong = json!([[{}]]);
            let refused = code(&|body| body[member.name] = wrong.clone());
            assert_eq!(refused, "InvalidParameter", "{name}.{}", member.name);
            if member.required {
                let refused = code(&|body| body[member.name] = Value::Null);
                assert_eq!(refused, "MissingParameter", "{name}.{}", member.name);
            }
        }
    }
}

#[test]
fn every_member_is_known_with_the_type_it_is_described_with() {
    for action in CATALOGUE.actions {
        let body = full_skeleton(action.request);
        assert_eq!(misshapen(&body, action.request), [], "{}", action.info.name);
    }
}
