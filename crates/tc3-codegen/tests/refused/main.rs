//! Invalid specs and overlays are rejected with file, path and reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod effects;
mod streams;
mod tasks;

use serde_json::{Value, json};
use tc3_codegen::{Input, Source, generate};

fn spec() -> Value {
    json!({
        "$schema": "spec.schema.json", "service": "s", "version": "2020-01-02", "title": "S",
        "actions": {
            "Do": {"title": "Do", "request": "DoRequest", "response": "DoResponse",
                "status": "online", "errors": ["Code.A"]}
        },
        "objects": {
            "DoRequest": [
                {"name": "Name", "type": "string", "required": true},
                {"name": "Part", "type": "object", "of": "Part"},
                {"name": "Parts", "type": "list", "of": "Part"}
            ],
            "DoResponse": [{"name": "RequestId", "type": "string"}],
            "Part": [{"name": "Size", "type": "int64"}]
        },
        "codes": {"Code.A": "An A"}
    })
}

fn overlay() -> Value {
    json!({"$schema": "overlay.schema.json"})
}

fn problems(spec: &str, overlay: &str) -> Vec<String> {
    let result = generate(Input {
        spec: Source { name: "spec.json", text: spec },
        overlay: Source { name: "overlay.json", text: overlay },
        docs: None,
        errors: None,
        provenance: "",
    });
    match result {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// Asserts that an edit of the valid spec causes exactly this problem.
fn bad_spec(edit: impl Fn(&mut Value), expected: &str) {
    let mut value = spec();
    edit(&mut value);
    assert_eq!(problems(&value.to_string(), &overlay().to_string()), [expected]);
}

fn bad_overlay(key: &str, entry: Value, expected: &str) {
    let mut value = overlay();
    value[key] = entry;
    assert_eq!(problems(&spec().to_string(), &value.to_string()), [expected]);
}

#[test]
fn the_valid_pair_is_accepted() {
    assert_eq!(problems(&spec().to_string(), &overlay().to_string()), [""; 0]);
}

#[test]
fn malformed_json_and_wrong_types() {
    let good = overlay().to_string();
    assert_eq!(
        problems("{", &good),
        ["spec.json: /: EOF while parsing an object at line 1 column 1"]
    );
    assert_eq!(problems("[]", "[]").len(), 2);
    let trailing = format!("{} x", spec());
    assert!(problems(&trailing, &good)[0].starts_with("spec.json: /: trailing characters"));
    bad_spec(
        |spec| spec["actions"]["Do"]["request"] = 7.into(),
        "spec.json: /actions/Do/request: invalid type: integer `7`, expected a string at line 1 column 78",
    );
    let mut extra = spec();
    extra["objects"]["Part"][0]["extra"] = 1.into();
    let found = problems(&extra.to_string(), &good);
    assert!(
        found[0].starts_with("spec.json: /objects/Part/0/extra: unknown field `extra`"),
        "{found:?}"
    );
}

#[test]
fn duplicate_keys() {
    let good = overlay().to_string();
    for (from, to, expected) in [
        (r#""Part":["#, r#""Part":[],"Part":["#, "spec.json: /objects: duplicate name `Part`"),
        (
            r#""Do":{"#,
            r#""Do":{"title":"","request":"DoRequest","response":"DoResponse","status":"online"},"Do":{"#,
            "spec.json: /actions: duplicate name `Do`",
        ),
        (r#""title":"S""#, r#""title":"S","title":"S""#, "spec.json: /: duplicate field `title`"),
    ] {
        let text = spec().to_string().replacen(from, to, 1);
        let found = problems(&text, &good);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn types_and_references() {
    bad_spec(
        |spec| spec["objects"]["Part"][0]["type"] = "integer".into(),
        "spec.json: /objects/Part/0/type: unknown type `integer`",
    );
    bad_spec(
        |spec| spec["objects"]["Part"][0]["of"] = "string".into(),
        "spec.json: /objects/Part/0/of: unexpected `of` of a `int64`",
    );
    bad_spec(
        |spec| spec["objects"]["DoRequest"][1]["of"] = "Gone".into(),
        "spec.json: /objects/DoRequest/1/of: unknown object `Gone`",
    );
    bad_spec(
        |spec| spec["objects"]["DoRequest"][2]["of"] = "Gone".into(),
        "spec.json: /objects/DoRequest/2/of: unknown type or object `Gone`",
    );
    bad_spec(
        |spec| _ = spec["objects"]["DoRequest"][2].as_object_mut().unwrap().remove("of"),
        "spec.json: /objects/DoRequest/2/type: missing `of` of a `list`",
    );
    bad_spec(
        |spec| spec["actions"]["Do"]["request"] = "Gone".into(),
        "spec.json: /actions/Do/request: unknown object `Gone`: the request of `Do` is missing",
    );
    bad_spec(
        |spec| spec["actions"]["Do"]["response"] = "Gone".into(),
        "spec.json: /actions/Do/response: unknown object `Gone`: the response of `Do` is missing",
    );
    bad_spec(
        |spec| spec["actions"]["Do"]["errors"][0] = "Code.B".into(),
        "spec.json: /actions/Do/errors/0: unknown error code `Code.B`; add it to `codes` or `common_codes`",
    );
    bad_spec(
        |spec| spec["objects"]["int64"] = json!([]),
        "spec.json: /objects/int64: an object must not have the name of a type",
    );
}

#[test]
fn colliding_names() {
    bad_spec(
        |spec| spec["objects"]["DoRequest"][1]["name"] = "Name".into(),
        "spec.json: /objects/DoRequest/1/name: duplicate name `Name`: also the name of field 0",
    );
    bad_spec(
        |spec| {
            spec["objects"]["Part"] =
                json!([{"name": "QRCode", "type": "string"}, {"name": "QrCode", "type": "string"}]);
        },
        "spec.json: /objects/Part/1/name: duplicate Rust field name `qr_code`: `QRCode` and `QrCode`; rename one in the overlay",
    );
    bad_spec(
        |spec| {
            spec["objects"]["Part"] =
                json!([{"name": "New", "type": "string"}, {"name": "WithNew", "type": "string"}]);
        },
        "spec.json: /objects/Part/1/name: duplicate setter name `with_new`: also the setter of `New`",
    );
    bad_spec(
        |spec| spec["objects"]["Part"][0]["name"] = "大小".into(),
        "spec.json: /objects/Part/0/name: not a valid Rust name; rename it in the overlay",
    );
    bad_spec(
        |spec| {
            spec["objects"]["A-B"] = json!([]);
            spec["objects"]["A_B"] = json!([]);
        },
        "spec.json: /objects/A_B: duplicate Rust type name `A_B`: also the name of the object `A-B`; rename one in the overlay",
    );
    bad_spec(
        |spec| spec["objects"]["ErrorCode"] = json!([]),
        "spec.json: /objects/ErrorCode: duplicate Rust type name `ErrorCode`: also the name of the generated code; rename one in the overlay",
    );
    bad_spec(
        |spec| spec["objects"]["--"] = json!([]),
        "spec.json: /objects/--: not a valid Rust name; rename it in the overlay",
    );
    bad_spec(
        |spec| spec["codes"] = json!({"Code.A": "", "CodeA": ""}),
        "spec.json: /codes/CodeA: duplicate Rust name `CodeA`: also the name of `Code.A`",
    );
}

#[test]
fn methods_of_timestamps_must_not_collide() {
    let integer = |name: &str| json!({"name": name, "type": "int64"});
    let times = |object: &str, field: &str| {
        json!({"$schema": "",
        "times": [{"object": object, "field": field, "unit": "seconds"}]})
    };
    let mut value = spec();
    value["objects"]["DoRequest"] =
        json!([integer("End"), integer("EndSystemTime"), integer("Start")]);
    let found = |value: &Value, overlay: &Value| problems(&value.to_string(), &overlay.to_string());
    assert_eq!(
        found(&value, &times("DoRequest", "End")),
        [
            "spec.json: /objects/DoRequest/0/name: duplicate method name `end_system_time`: also a method of `EndSystemTime`"
        ]
    );
    assert_eq!(found(&value, &times("DoRequest", "Start")), [""; 0]);
    value["objects"]["DoResponse"] = json!([integer("Clone"), integer("End")]);
    assert_eq!(
        found(&value, &times("DoResponse", "Clone")),
        ["spec.json: /objects/DoResponse/0/name: reserved method name `clone`; rename the field"]
    );
    assert_eq!(found(&value, &times("DoResponse", "End")), [""; 0]);
}

#[test]
fn stale_entries_of_the_overlay() {
    let gone = "stale: no action `Gone`";
    bad_overlay(
        "idempotent",
        json!({"Gone": "r"}),
        &format!("overlay.json: /idempotent/Gone: {gone}"),
    );
    bad_overlay(
        "rate_limit",
        json!({"default": 1, "actions": {"Gone": 1}, "reason": "r"}),
        &format!("overlay.json: /rate_limit/actions/Gone: {gone}"),
    );
    bad_overlay(
        "hosts",
        json!([{"action": "Gone", "host": "h", "reason": "r"}]),
        &format!("overlay.json: /hosts/0/action: {gone}"),
    );
    bad_overlay(
        "forms",
        json!([{"action": "Gone", "form": "query", "reason": "r"}]),
        &format!("overlay.json: /forms/0/action: {gone}"),
    );
    bad_overlay(
        "docs",
        json!({"actions": {"Gone": "d"}}),
        &format!("overlay.json: /docs/actions/Gone: {gone}"),
    );
    bad_overlay(
        "docs",
        json!({"objects": {"Gone": {}}}),
        "overlay.json: /docs/objects/Gone: stale: no object `Gone`",
    );
    bad_overlay(
        "docs",
        json!({"objects": {"Part": {"fields": {"Gone": "d"}}}}),
        "overlay.json: /docs/objects/Part/fields/Gone: stale: `Part` has no field `Gone`",
    );
    for table in ["codes", "meanings"] {
        bad_overlay(
            "docs",
            json!({table: {"Gone": "d"}}),
            &format!("overlay.json: /docs/{table}/Gone: stale: no error code `Gone`"),
        );
    }
    bad_overlay(
        "docs",
        json!({"meanings": {"Code.A": "An A"}}),
        "overlay.json: /docs/meanings/Code.A: stale: equals the spec",
    );
    let required = |field: &str, required: bool| json!([{"object": "DoRequest", "field": field, "required": required, "reason": "r"}]);
    bad_overlay(
        "required",
        required("Name", true),
        "overlay.json: /required/0/required: stale: equals the spec",
    );
    bad_overlay(
        "required",
        required("Gone", true),
        "overlay.json: /required/0: stale: `DoRequest` has no field `Gone`",
    );
    bad_overlay(
        "renames",
        json!([{"object": "Gone", "to": "Here", "reason": "r"}]),
        "overlay.json: /renames/0: stale: no object `Gone`",
    );
    bad_overlay(
        "renames",
        json!([{"object": "Part", "field": "Gone", "to": "here", "reason": "r"}]),
        "overlay.json: /renames/0: stale: `Part` has no field `Gone`",
    );
    let nothing = "stale: matches no further field";
    for entries in [
        json!([{"field": "Gone", "reason": "r"}]),
        json!([{"field": "*Gone", "reason": "r"}]),
        json!([{"object": "Part", "field": "Name", "reason": "r"}]),
    ] {
        bad_overlay("sensitive", entries, &format!("overlay.json: /sensitive/0: {nothing}"));
    }
    bad_overlay(
        "sensitive",
        json!([{"field": "N*", "reason": "r"}, {"field": "Name", "reason": "r"}]),
        &format!("overlay.json: /sensitive/1: {nothing}"),
    );
    bad_overlay(
        "shown",
        json!([{"field": "*e", "reason": "r"}, {"field": "*Id", "reason": "r"},
            {"field": "Name", "reason": "r"}]),
        &format!("overlay.json: /shown/2: {nothing}"),
    );
}

#[test]
fn hints_begin_in_lower_case_without_a_final_full_stop() {
    let problems_of = |hint: &str| {
        let mut value = overlay();
        value["docs"] = json!({"codes": {"Code.A": hint}});
        problems(&spec().to_string(), &value.to_string())
    };
    for hint in ["do this", "do this. Then do that", "use A", "IDs must exist", "`Name` is odd"] {
        assert_eq!(problems_of(hint), [""; 0], "{hint}");
    }
    let reason = "invalid hint; begin in lower case, and omit the final full stop";
    for hint in ["Do this", "A PDF is missing", "do this.", "do this. Then do that.", "do this "] {
        let expected = format!("overlay.json: /docs/codes/Code.A: {reason}");
        assert_eq!(problems_of(hint), [expected], "{hint}");
    }
}

#[test]
fn unclassified_string_fields() {
    bad_overlay(
        "shown",
        json!([{"field": "Name", "reason": "r"}]),
        "overlay.json: /shown: `DoResponse.RequestId`: unclassified string field; add it to `sensitive` or `shown`",
    );
}

#[test]
fn invalid_value_sets() {
    let set = |fields: Value, values: Value| json!({"Kind": {"doc": "d", "reason": "r", "fields": fields, "values": values}});
    let a = json!([{"value": "A", "doc": "d"}]);
    bad_overlay(
        "values",
        set(json!(["Part.Gone"]), a.clone()),
        "overlay.json: /values/Kind/fields/0: stale: `Part` has no field `Gone`",
    );
    bad_overlay(
        "values",
        set(json!(["Part"]), a.clone()),
        "overlay.json: /values/Kind/fields/0: invalid path; expected `Object.Field`",
    );
    bad_overlay(
        "values",
        set(json!(["Part.Size"]), a.clone()),
        "overlay.json: /values/Kind/fields/0: values of the wrong type for `int64`",
    );
    bad_overlay("values", set(json!([]), a), "overlay.json: /values/Kind/fields: stale: no fields");
    bad_overlay(
        "values",
        set(json!(["Part.Size"]), json!([{"value": 1, "doc": "d"}])),
        "overlay.json: /values/Kind/values/0: not a valid Rust name; set `name`",
    );
    bad_overlay(
        "values",
        set(json!(["DoRequest.Name"]), json!([{"value": "UNKNOWN", "doc": "d"}])),
        "overlay.json: /values/Kind/values/0: duplicate Rust name `Unknown`; set `name`",
    );
    bad_overlay(
        "values",
        set(json!(["DoRequest.Name"]), json!([{"value": "A", "name": "from", "doc": "d"}])),
        "overlay.json: /values/Kind/values/0: duplicate Rust name `from`; set `name`",
    );
    bad_overlay(
        "values",
        set(
            json!(["DoRequest.Name"]),
            json!([{"value": "A", "doc": "d"}, {"value": 1, "name": "B", "doc": "d"}]),
        ),
        "overlay.json: /values/Kind/values: mixed string and integer values",
    );
}

#[test]
fn every_action_belongs_to_one_group() {
    bad_overlay(
        "groups",
        json!({"a": {"doc": "d", "actions": []}}),
        "overlay.json: /groups: action `Do` has no group",
    );
    bad_overlay(
        "groups",
        json!({"a": {"doc": "d", "actions": ["Do"]}, "b": {"doc": "d", "actions": ["Do"]}}),
        "overlay.json: /groups/b/actions/0: `Do` is also in the group `a`",
    );
    bad_overlay(
        "groups",
        json!({"a": {"doc": "d", "actions": ["Do", "Gone"]}}),
        "overlay.json: /groups/a/actions/1: stale: no action `Gone`",
    );
    for name in [
        "full",
        "codec",
        "exports",
        "generated",
        "type",
        "crate",
        "3d",
        "a-b",
        "a/b",
        "..",
        "",
        "Upper",
        "con",
        "lpt1",
    ] {
        let escaped = name.replace('/', "~1");
        bad_overlay(
            "groups",
            json!({name: {"doc": "d", "actions": ["Do"]}}),
            &format!("overlay.json: /groups/{escaped}: reserved or invalid module name"),
        );
    }
}

#[test]
fn all_problems_of_a_file_are_reported() {
    let mut bad = spec();
    bad["objects"]["Part"][0]["type"] = "integer".into();
    bad["actions"]["Do"]["request"] = "Gone".into();
    assert_eq!(problems(&bad.to_string(), &overlay().to_string()).len(), 2);
}
