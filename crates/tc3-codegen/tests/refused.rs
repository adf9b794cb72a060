//! Bad specs and overlays are refused, each with the file, the path in it and the reason.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

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
        provenance: "",
    });
    match result {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// Each case changes the good spec or overlay, and is refused with just that one problem.
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
fn the_good_pair_is_taken() {
    assert_eq!(problems(&spec().to_string(), &overlay().to_string()), [""; 0]);
}

#[test]
fn what_is_not_json_or_not_the_shape() {
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
fn a_key_given_twice() {
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
        "spec.json: /objects/Part/0/of: a `int64` has no `of`",
    );
    bad_spec(
        |spec| spec["objects"]["DoRequest"][1]["of"] = "Gone".into(),
        "spec.json: /objects/DoRequest/1/of: no object `Gone`",
    );
    bad_spec(
        |spec| spec["objects"]["DoRequest"][2]["of"] = "Gone".into(),
        "spec.json: /objects/DoRequest/2/of: neither a type nor an object `Gone`",
    );
    bad_spec(
        |spec| _ = spec["objects"]["DoRequest"][2].as_object_mut().unwrap().remove("of"),
        "spec.json: /objects/DoRequest/2/type: a `list` needs `of`",
    );
    bad_spec(
        |spec| spec["actions"]["Do"]["request"] = "Gone".into(),
        "spec.json: /actions/Do/request: no object `Gone`: the request of `Do` is missing",
    );
    bad_spec(
        |spec| spec["actions"]["Do"]["response"] = "Gone".into(),
        "spec.json: /actions/Do/response: no object `Gone`: the response of `Do` is missing",
    );
    bad_spec(
        |spec| spec["actions"]["Do"]["errors"][0] = "Code.B".into(),
        "spec.json: /actions/Do/errors/0: `Code.B` is in neither `codes` nor `common_codes`",
    );
    bad_spec(
        |spec| spec["objects"]["int64"] = json!([]),
        "spec.json: /objects/int64: an object may not have the name of a type",
    );
}

#[test]
fn names_that_fall_together() {
    bad_spec(
        |spec| spec["objects"]["DoRequest"][1]["name"] = "Name".into(),
        "spec.json: /objects/DoRequest/1/name: duplicate name `Name`: member 0 has it already",
    );
    bad_spec(
        |spec| {
            spec["objects"]["Part"] =
                json!([{"name": "QRCode", "type": "string"}, {"name": "QrCode", "type": "string"}]);
        },
        "spec.json: /objects/Part/1/name: two members with the Rust name `qr_code`: `QRCode` and `QrCode`; rename one in the overlay",
    );
    bad_spec(
        |spec| {
            spec["objects"]["Part"] =
                json!([{"name": "New", "type": "string"}, {"name": "WithNew", "type": "string"}]);
        },
        "spec.json: /objects/Part/1/name: its setter `with_new` is that of `New` too",
    );
    bad_spec(
        |spec| spec["objects"]["Part"][0]["name"] = "大小".into(),
        "spec.json: /objects/Part/0/name: no Rust name can be made of it: rename it in the overlay",
    );
    bad_spec(
        |spec| {
            spec["objects"]["A-B"] = json!([]);
            spec["objects"]["A_B"] = json!([]);
        },
        "spec.json: /objects/A_B: two types with the Rust name `A_B`: the object `A-B` has it already; rename one in the overlay",
    );
    bad_spec(
        |spec| spec["objects"]["ErrorCode"] = json!([]),
        "spec.json: /objects/ErrorCode: two types with the Rust name `ErrorCode`: the generated code has it already; rename one in the overlay",
    );
    bad_spec(
        |spec| spec["objects"]["--"] = json!([]),
        "spec.json: /objects/--: no Rust name can be made of it: rename it in the overlay",
    );
    bad_spec(
        |spec| spec["codes"] = json!({"Code.A": "", "CodeA": ""}),
        "spec.json: /codes/CodeA: its Rust name `CodeA` is that of `Code.A` too",
    );
}

#[test]
fn stale_entries_of_the_overlay() {
    let gone = "stale: no action `Gone`";
    bad_overlay(
        "retry_safe",
        json!({"Gone": "r"}),
        &format!("overlay.json: /retry_safe/Gone: {gone}"),
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
        json!({"objects": {"Part": {"members": {"Gone": "d"}}}}),
        "overlay.json: /docs/objects/Part/members/Gone: stale: `Part` has no member `Gone`",
    );
    let required = |member: &str, required: bool| json!([{"object": "DoRequest", "member": member, "required": required, "reason": "r"}]);
    bad_overlay(
        "required",
        required("Name", true),
        "overlay.json: /required/0/required: stale: the spec says so already",
    );
    bad_overlay(
        "required",
        required("Gone", true),
        "overlay.json: /required/0: stale: `DoRequest` has no member `Gone`",
    );
    bad_overlay(
        "renames",
        json!([{"object": "Gone", "to": "Here", "reason": "r"}]),
        "overlay.json: /renames/0: stale: no object `Gone`",
    );
    bad_overlay(
        "renames",
        json!([{"object": "Part", "member": "Gone", "to": "here", "reason": "r"}]),
        "overlay.json: /renames/0: stale: `Part` has no member `Gone`",
    );
    let nothing = "stale: no member that an earlier entry does not mark already";
    for entries in [
        json!([{"member": "Gone", "reason": "r"}]),
        json!([{"member": "*Gone", "reason": "r"}]),
        json!([{"object": "Part", "member": "Name", "reason": "r"}]),
    ] {
        bad_overlay("sensitive", entries, &format!("overlay.json: /sensitive/0: {nothing}"));
    }
    bad_overlay(
        "sensitive",
        json!([{"member": "N*", "reason": "r"}, {"member": "Name", "reason": "r"}]),
        &format!("overlay.json: /sensitive/1: {nothing}"),
    );
    bad_overlay(
        "shown",
        json!([{"member": "*e", "reason": "r"}, {"member": "*Id", "reason": "r"},
            {"member": "Name", "reason": "r"}]),
        &format!("overlay.json: /shown/2: {nothing}"),
    );
}

#[test]
fn a_text_that_nobody_judged() {
    bad_overlay(
        "shown",
        json!([{"member": "Name", "reason": "r"}]),
        "overlay.json: /shown: `DoResponse.RequestId`: a text that is neither in `sensitive` nor in `shown`",
    );
}

#[test]
fn value_sets_that_fit_nothing() {
    let set = |members: Value, values: Value| json!({"Kind": {"doc": "d", "reason": "r", "members": members, "values": values}});
    let a = json!([{"value": "A", "doc": "d"}]);
    bad_overlay(
        "values",
        set(json!(["Part.Gone"]), a.clone()),
        "overlay.json: /values/Kind/members/0: stale: `Part` has no member `Gone`",
    );
    bad_overlay(
        "values",
        set(json!(["Part"]), a.clone()),
        "overlay.json: /values/Kind/members/0: is not `Object.Member`",
    );
    bad_overlay(
        "values",
        set(json!(["Part.Size"]), a.clone()),
        "overlay.json: /values/Kind/members/0: `int64` does not hold such values",
    );
    bad_overlay(
        "values",
        set(json!([]), a),
        "overlay.json: /values/Kind/members: stale: types no member",
    );
    bad_overlay(
        "values",
        set(json!(["Part.Size"]), json!([{"value": 1, "doc": "d"}])),
        "overlay.json: /values/Kind/values/0: no Rust name can be made of it: give it a `name`",
    );
    bad_overlay(
        "values",
        set(json!(["DoRequest.Name"]), json!([{"value": "UNKNOWN", "doc": "d"}])),
        "overlay.json: /values/Kind/values/0: the Rust name `Unknown` is taken: give it a `name`",
    );
    bad_overlay(
        "values",
        set(
            json!(["DoRequest.Name"]),
            json!([{"value": "A", "doc": "d"}, {"value": 1, "name": "B", "doc": "d"}]),
        ),
        "overlay.json: /values/Kind/values: text and integer values in one set",
    );
}

#[test]
fn groups_hold_every_action_once() {
    bad_overlay(
        "groups",
        json!({"a": {"doc": "d", "actions": []}}),
        "overlay.json: /groups: the action `Do` is in no group",
    );
    bad_overlay(
        "groups",
        json!({"a": {"doc": "d", "actions": ["Do"]}, "b": {"doc": "d", "actions": ["Do"]}}),
        "overlay.json: /groups/b/actions/0: `Do` is in the group `a` already",
    );
    bad_overlay(
        "groups",
        json!({"a": {"doc": "d", "actions": ["Do", "Gone"]}}),
        "overlay.json: /groups/a/actions/1: stale: no action `Gone`",
    );
    bad_overlay(
        "groups",
        json!({"full": {"doc": "d", "actions": ["Do"]}}),
        "overlay.json: /groups/full: is reserved or no module name",
    );
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let mut bad = spec();
    bad["objects"]["Part"][0]["type"] = "integer".into();
    bad["actions"]["Do"]["request"] = "Gone".into();
    assert_eq!(problems(&bad.to_string(), &overlay().to_string()).len(), 2);
}
