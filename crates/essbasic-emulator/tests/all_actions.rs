//! Actions that the emulator does not model: checks and stub responses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use essbasic_emulator::{Emulator, modeled_actions};
use essbasic_models::{CATALOGUE, visit_actions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tc3_api::Visitor;
use tc3_api::{Action, Base64};
use tc3_catalogue::skeleton::{full_skeleton, skeleton};
use tc3_catalogue::validation::structural_violations;

use crate::support::{agent, call, start};

/// Returns the smallest valid body, with the agent of the default seed.
fn body(action: &str) -> Value {
    let request = CATALOGUE.action(action).unwrap().request;
    let mut body = skeleton(request);
    if request.field("Agent").is_some() {
        body["Agent"] = agent();
    }
    set_names(&mut body);
    body
}

/// Replaces the names, whose placeholders have characters that names do not have.
fn set_names(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "FlowName" | "FlowGroupName" => *value = "a".into(),
                    _ => set_names(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(set_names),
        _ => {}
    }
}

struct StubChecker<'a> {
    emulator: &'a Emulator,
    modeled: Vec<&'static str>,
    deprecated: Vec<&'static str>,
    visited: usize,
}

impl Visitor for StubChecker<'_> {
    fn visit<A>(&mut self)
    where
        A: Action + DeserializeOwned + Clone + PartialEq + std::fmt::Debug,
        A::Response: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Default,
    {
        let name = A::INFO.name;
        self.visited += 1;
        let call = call(name, body(name));
        let headers = call.send(self.emulator).headers().clone();
        if !headers.contains_key("x-emulator-not-modeled") {
            self.modeled.push(name);
            return;
        }
        if headers.contains_key("x-emulator-deprecated") {
            self.deprecated.push(name);
        }
        let response = call.response(self.emulator);
        assert_eq!(response["Error"], Value::Null, "{name}");
        let violations = structural_violations(&response, CATALOGUE.action(name).unwrap().response);
        assert_eq!(violations, [], "{name}");
        let typed: A::Response = serde_json::from_value(response.clone()).unwrap();
        let again = serde_json::to_value(&typed).unwrap();
        assert_eq!(again, response, "{name}");
        if response.as_object().unwrap().len() > 1 {
            assert_ne!(
                typed,
                A::Response::default(),
                "{name}: the response has default values only"
            );
        }
    }
}

#[test]
fn every_action_has_a_response_of_the_described_shape() {
    let emulator = start();
    let mut checker =
        StubChecker { emulator: &emulator, modeled: vec![], deprecated: vec![], visited: 0 };
    visit_actions(&mut checker);
    assert_eq!(checker.visited, 99);
    assert_eq!(checker.modeled, modeled_actions().collect::<Vec<_>>());
    assert_eq!(checker.modeled.len(), 15);
    let deprecated = CATALOGUE.actions.iter().filter(|action| action.info.deprecated);
    assert_eq!(checker.deprecated, deprecated.map(|action| action.info.name).collect::<Vec<_>>());
}

#[test]
fn every_action_rejects_invalid_parameters() {
    let emulator = start();
    for action in CATALOGUE.actions {
        let name = action.info.name;
        let code = |change: &dyn Fn(&mut Value)| {
            let mut body = body(name);
            change(&mut body);
            call(name, body).code(&emulator)
        };
        assert_eq!(code(&|body| body["Nonsense"] = 1.into()), "UnknownParameter", "{name}");
        for field in action.request.fields {
            let wrong = json!([[{}]]);
            let actual = code(&|body| body[field.name] = wrong.clone());
            assert_eq!(actual, "InvalidParameter", "{name}.{}", field.name);
            if field.required {
                let actual = code(&|body| body[field.name] = Value::Null);
                assert_eq!(actual, "MissingParameter", "{name}.{}", field.name);
            }
        }
    }
}

#[test]
fn a_body_with_every_field_has_the_described_shape() {
    for action in CATALOGUE.actions {
        let body = full_skeleton(action.request);
        assert_eq!(structural_violations(&body, action.request), [], "{}", action.info.name);
    }
}

/// Pictures in base64 have a limit of their own, below that of a request.
#[test]
fn contents_above_the_limit_of_their_field_are_refused() {
    let emulator = start();
    let mut checked = Vec::new();
    for meta in CATALOGUE.actions {
        for field in meta.request.fields.iter().filter(|field| field.base64) {
            // Larger ones do not fit into a request of most actions.
            let Some(max) = field.limits.bytes.filter(|max| *max <= 5 << 20) else { continue };
            let mut body = body(meta.info.name);
            for (size, expected) in [(max, "success"), (max + 1, "InvalidParameter")] {
                let content = vec![7; usize::try_from(size).unwrap()];
                body[field.name] = Value::String(Base64::encode(&content).as_str().to_owned());
                let code = call(meta.info.name, body.clone()).code(&emulator);
                assert_eq!(code, expected, "{} {}: {size}", meta.info.name, field.name);
            }
            checked.push(field.name);
        }
    }
    checked.sort_unstable();
    assert_eq!(checked, ["BusinessLicense", "BusinessLicense", "SealImage"]);
}
