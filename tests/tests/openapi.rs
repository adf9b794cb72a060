//! The OpenAPI document of the explorer: complete, and in agreement with the validation of requests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::BTreeSet;

use essbasic::catalogue::skeleton::{full_skeleton, skeleton};
use essbasic::catalogue::validation::{ViolationKind, violations};
use essbasic::models::CATALOGUE;
use essbasic_explorer::data::openapi::document;
use jsonschema::Validator;
use serde_json::{Value, json};

/// Returns a validator of a schema of the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    // References of the document are relative to its root.
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    jsonschema::options().build(&schema).unwrap()
}

fn operation<'a>(document: &'a Value, action: &str) -> &'a Value {
    &document["paths"][format!("/api/call/{action}")]["post"]
}

fn request(document: &Value, action: &str) -> Validator {
    let body = &operation(document, action)["requestBody"];
    validator(document, &body["content"]["application/json"]["schema"])
}

fn response(document: &Value, action: &str) -> Validator {
    let body = &operation(document, action)["responses"]["200"];
    validator(document, &body["content"]["application/json"]["schema"])
}

/// Calls a function with each value of a JSON document and its key.
fn walk(value: &Value, key: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(key, value);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, key, visit)),
        Value::Array(values) => values.iter().for_each(|value| walk(value, "", visit)),
        _ => {}
    }
}

#[test]
fn the_document_has_all_actions_and_no_dangling_references() {
    let document = document();
    assert_eq!(document, essbasic_explorer::data::openapi::document());
    assert_eq!(document["paths"].as_object().unwrap().len(), CATALOGUE.actions.len());
    let mut references = BTreeSet::new();
    walk(&document, "", &mut |key, value| {
        if key == "$ref" {
            references.insert(value.as_str().unwrap().to_owned());
        }
        if let Some(description) = value.get("description") {
            assert!(description.as_str().is_some_and(|text| !text.is_empty()), "{key}: {value}");
        }
    });
    let mut defined = BTreeSet::new();
    for kind in ["schemas", "responses"] {
        for (name, schema) in document["components"][kind].as_object().unwrap() {
            assert!(schema.is_object(), "{name}");
            defined.insert(format!("#/components/{kind}/{name}"));
        }
    }
    assert_eq!(references, defined);
    let [objects, sets] = [
        CATALOGUE.objects.iter().map(|object| object.name).collect::<BTreeSet<_>>(),
        CATALOGUE.values.iter().map(|set| set.name).collect(),
    ];
    assert!(objects.is_disjoint(&sets), "objects and value sets share the names of schemas");
    for action in CATALOGUE.actions {
        let operation = operation(&document, action.info.name);
        let is_write = operation["x-effect"] == "write";
        assert_eq!(is_write, operation.get("parameters").is_some(), "{}", action.info.name);
    }
}

#[test]
fn schemas_of_requests_agree_with_the_validation() {
    let document = document();
    let mut missing = 0;
    for action in CATALOGUE.actions {
        let name = action.info.name;
        let schema = request(&document, name);
        let body = skeleton(action.request);
        assert_eq!(schema.validate(&body).map_err(|error| error.to_string()), Ok(()), "{name}");
        // It has fields that exclude each other, which only the rules state.
        let all = full_skeleton(action.request);
        let only_rules = violations(&all, action.request)
            .iter()
            .all(|found| matches!(found.kind, ViolationKind::SeveralOf(_)));
        assert!(!only_rules || schema.is_valid(&all), "{name}");

        let mut unknown = body.clone();
        unknown["NoSuchField"] = json!(1);
        assert!(!schema.is_valid(&unknown), "{name}");
        for path in action.request.required_paths() {
            let mut without = body.clone();
            let (parent, field) = path.rsplit_once('.').unwrap_or(("", &path));
            let pointer = match parent {
                "" => String::new(),
                parent => format!("/{}", parent.replace('.', "/")),
            };
            let fields = without.pointer_mut(&pointer).and_then(Value::as_object_mut);
            if fields.and_then(|fields| fields.remove(field)).is_none() {
                continue;
            }
            let is_missing = violations(&without, action.request)
                .iter()
                .any(|found| found.path.starts_with(&path) && found.kind == ViolationKind::Missing);
            // The explorer adds the agent.
            assert_eq!(schema.is_valid(&without), !is_missing || path == "Agent", "{name}, {path}");
            missing += usize::from(is_missing);
        }
    }
    assert!(missing > 300, "{missing}");
}

#[test]
fn schemas_of_calls_accept_null_and_new_fields_in_responses() {
    let document = document();
    let call = |action: &str, response: Value| {
        json!({
            "id": 1, "action": action, "ok": true, "status": 200, "request_id": "a", "attempts": 1,
            "duration_ms": 1.5, "headers": [["date", "x"]], "response": response, "error": null, "raw": "",
        })
    };
    for action in CATALOGUE.actions {
        let name = action.info.name;
        let schema = response(&document, name);
        let all = full_skeleton(action.response);
        let mut new = all.clone();
        let mut nulls = all.clone();
        new["NewField"] = json!([1]);
        nulls.as_object_mut().unwrap().values_mut().for_each(|value| *value = Value::Null);
        for response in [all, new, nulls, json!({}), Value::Null] {
            let result = schema.validate(&call(name, response)).map_err(|error| error.to_string());
            assert_eq!(result, Ok(()), "{name}");
        }
        assert!(!schema.is_valid(&call("Other", json!({}))), "{name}");
        assert!(!schema.is_valid(&call(name, json!({ "RequestId": 1 }))), "{name}");
        assert!(!schema.is_valid(&call(name, json!([]))), "{name}");
    }
}

#[test]
fn values_that_are_not_known_are_accepted() {
    let document = document();
    for set in CATALOGUE.values {
        let schema = json!({ "$ref": format!("#/components/schemas/{}", set.name) });
        if document["components"]["schemas"].get(set.name).is_none() {
            continue;
        }
        let schema = validator(&document, &schema);
        for value in set.values {
            let wire = match value.wire.to_string().parse::<i64>() {
                Ok(number) if !schema.is_valid(&json!(value.wire.to_string())) => json!(number),
                _ => json!(value.wire.to_string()),
            };
            assert!(schema.is_valid(&wire), "{}: {wire}", set.name);
        }
        assert!(schema.is_valid(&json!("other")) ^ schema.is_valid(&json!(-987)), "{}", set.name);
    }
}
