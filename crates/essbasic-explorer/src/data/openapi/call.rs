//! Responses of `POST /api/call/{Action}`.

use serde_json::{Map, Value, json};

/// Refusals of the explorer, which sends nothing to the service then: status, name and description.
const ERRORS: [(&str, &str, &str); 10] = [
    (
        "400",
        "BadRequest",
        "`missing_host`: the header Host is missing or repeated. `invalid_json`: the body is not JSON, or has a field twice.",
    ),
    ("401", "Unauthorized", "`unauthorized`: the token is missing or wrong."),
    (
        "403",
        "Forbidden",
        "`forbidden_origin`: the request comes from another origin. `write_not_allowed`: the action changes data, and the \
         explorer only reads. `confirmation_required`: the header `x-confirm-action` does not have the name of the action.",
    ),
    ("408", "Timeout", "`timeout`: the request did not arrive in time."),
    ("409", "Conflict", "`offline`: the explorer has no credential."),
    ("413", "TooLarge", "`too_large`: the body is too large."),
    (
        "415",
        "UnsupportedMediaType",
        "`unsupported_media_type`: the content type is not `application/json`.",
    ),
    ("421", "ForeignHost", "`foreign_host`: the header Host is not that of the explorer."),
    ("422", "InvalidRequest", "`invalid_request`: the body is not a JSON object."),
    (
        "502",
        "CallFailed",
        "`call_failed`: there is no response of the service, and `call` has what is known.",
    ),
];

/// Returns the header that a write requires.
pub(super) fn confirmation(action: &str) -> Value {
    json!({
        "name": "x-confirm-action",
        "in": "header",
        "required": true,
        "description": "The name of the action, which confirms that it may change data.",
        "schema": { "const": action },
    })
}

/// Returns the responses of an action.
pub(super) fn responses(action: &str, response: &Value) -> Value {
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "The service has responded, with a result or an error.",
            "content": { "application/json": { "schema": {
                "$ref": "#/components/schemas/explore.Call",
                "properties": {
                    "action": { "const": action },
                    "response": { "anyOf": [response, { "type": "null" }] },
                },
            } } },
        }),
    );
    for (status, name, _) in ERRORS {
        let reference = format!("#/components/responses/{name}");
        responses.insert(status.to_owned(), json!({ "$ref": reference }));
    }
    Value::Object(responses)
}

/// Returns the responses that all actions share.
pub(super) fn error_responses() -> Value {
    let response = |(_, name, description): (&str, &str, &str)| {
        let schema = match name {
            "CallFailed" => "#/components/schemas/explore.CallFailed",
            _ => "#/components/schemas/explore.Refusal",
        };
        let content = json!({ "application/json": { "schema": { "$ref": schema } } });
        (name.to_owned(), json!({ "description": description, "content": content }))
    };
    Value::Object(ERRORS.into_iter().map(response).collect())
}

/// Returns the schemas that all actions share. Their names have a dot, which names of the service have not.
pub(super) fn schemas() -> Vec<(String, Value)> {
    let text = json!({ "type": ["string", "null"] });
    let call = json!({
        "type": "object",
        "required": [
            "id", "action", "ok", "status", "request_id", "attempts", "duration_ms", "headers", "response", "error", "raw",
        ],
        "properties": {
            "id": { "type": "integer", "description": "Number of the call in the history." },
            "action": { "type": "string" },
            "ok": { "type": "boolean", "description": "False if the service returned an error." },
            "status": {
                "type": ["integer", "null"],
                "description": "HTTP status of the service; null without a response.",
            },
            "request_id": text,
            "attempts": { "type": "integer", "minimum": 0, "description": "Requests sent, retries included." },
            "duration_ms": { "type": "number", "minimum": 0, "description": "Time of all attempts, in milliseconds." },
            "headers": {
                "type": "array",
                "description": "Headers of the last response, each a name and a value.",
                "items": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 },
            },
            "response": {
                "type": ["object", "null"],
                "description": "Content of `Response`; null if the call failed.",
            },
            "error": { "anyOf": [{ "$ref": "#/components/schemas/explore.CallError" }, { "type": "null" }] },
            "raw": { "type": ["string", "null"], "description": "Body of the last response." },
        },
    });
    let call_error = json!({
        "type": "object",
        "required": ["code", "message", "hint", "kind", "is_outcome_unknown"],
        "properties": {
            "code": { "type": ["string", "null"], "description": "Error code of the service, if it returned one." },
            "message": { "type": "string" },
            "hint": { "type": ["string", "null"], "description": "Fix of the error, if one is known." },
            "kind": { "type": "string", "description": "Kind of the error; new ones may be added." },
            "is_outcome_unknown": {
                "type": "boolean",
                "description": "True if the service may have executed the action.",
            },
        },
    });
    let refusal = json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {
                "code": { "type": "string", "description": "A stable name of the error." },
                "message": { "type": "string", "description": "The cause." },
                "hint": { "type": ["string", "null"], "description": "The fix, if one is known." },
            },
        } },
    });
    let failed = json!({
        "$ref": "#/components/schemas/explore.Refusal",
        "required": ["call"],
        "properties": { "call": { "$ref": "#/components/schemas/explore.Call" } },
    });
    [("Call", call), ("CallError", call_error), ("CallFailed", failed), ("Refusal", refusal)]
        .map(|(name, schema)| (format!("explore.{name}"), schema))
        .into()
}
