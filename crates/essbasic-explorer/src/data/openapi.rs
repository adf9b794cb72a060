//! OpenAPI document of the calls that the explorer serves: `POST /api/call/{Action}`.

mod call;
mod schema;

use std::collections::BTreeMap;

use essbasic::catalogue::skeleton::skeleton;
use essbasic::catalogue::{ActionMeta, Effect};
use essbasic::models::CATALOGUE;
use serde_json::{Map, Value, json};

use schema::{Schemas, set};

const DESCRIPTION: &str = "\
Calls of Tencent e-sign (电子签, essbasic 2021-05-26) through `essbasic explore`, which signs them. The keys stay in its \
process.\n\n\
The server is on loopback and accepts only its own host names. It selects a free port unless `--port` is given, and prints \
its URL with a token for this run.\n\n\
An error of the service is a response with the status 200 and `\"ok\": false`.";

/// Returns the document, in version 3.1 of OpenAPI. It depends on the version of this crate only.
pub fn document() -> Value {
    let mut schemas = Schemas::new(CATALOGUE.actions);
    let mut paths = Map::new();
    let mut groups = BTreeMap::new();
    for action in CATALOGUE.actions {
        groups.entry(action.group).or_insert_with(|| json!({ "name": action.group }));
        let path = format!("/api/call/{}", action.info.name);
        paths.insert(path, json!({ "post": operation(action, &mut schemas) }));
    }
    let mut components = schemas.into_components();
    components.extend(call::schemas());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "essbasic explore",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
        },
        "servers": [{
            "url": "http://127.0.0.1:{port}",
            "variables": { "port": { "default": "8080", "description": "The value of --port." } },
        }],
        "security": [{ "token": [] }],
        "tags": groups.into_values().collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": call::error_responses(),
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The 32 hexadecimal digits after `#token=` in the URL that `essbasic explore` prints.",
            } },
        },
    })
}

fn operation(action: &ActionMeta, schemas: &mut Schemas) -> Value {
    let info = &action.info;
    let name = info.name;
    let mut operation = json!({
        "operationId": name,
        "summary": action.doc.lines().next().unwrap_or_default(),
        "description": description(action),
        "tags": [action.group],
        "requestBody": {
            "required": true,
            "content": { "application/json": {
                "schema": schemas.request(action.request),
                "example": example(action),
            } },
        },
        "responses": call::responses(name, &schemas.response(action.response)),
        "x-idempotent": info.idempotent,
        "x-effect": action.effect.name(),
    });
    if action.effect == Effect::Write {
        set(&mut operation, "parameters", json!([call::confirmation(name)]));
    }
    if info.deprecated {
        set(&mut operation, "deprecated", json!(true));
    }
    if let Some(limit) = info.rate_limit {
        set(&mut operation, "x-rate-limit", json!(limit));
    }
    operation
}

/// Returns a body to fill in, without the agent, which the explorer adds.
fn example(action: &ActionMeta) -> Value {
    let mut body = skeleton(action.request);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("Agent");
    }
    body
}

fn description(action: &ActionMeta) -> String {
    let mut text = format!("{}\n\n{}", action.title, action.doc);
    if action.effect == Effect::Write {
        text.push_str(
            "\n\nThis action changes data. Outside the emulator it requires `essbasic explore --allow-writes`, or \
             `admin.writable` of essbasic-server.",
        );
    }
    if let Some(limit) = action.info.rate_limit {
        text.push_str(&format!("\n\nRate limit: {limit} requests per second."));
    }
    if !action.errors.is_empty() {
        text.push_str("\n\nError codes of the service:\n");
        for code in action.errors {
            text.push_str(&format!("\n- `{code}`"));
            if let Some(code) = CATALOGUE.code(code) {
                text.push_str(&format!(": {}", code.doc));
            }
        }
    }
    text
}
