//! Overlay entries for pagination that do not apply are rejected, with the reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use serde_json::{Value, json};
use tc3_codegen::{Input, Source, generate};

fn spec() -> Value {
    json!({
        "$schema": "spec.schema.json", "service": "s", "version": "2020-01-02", "title": "S",
        "actions": {
            "Do": {"title": "Do", "request": "DoRequest", "response": "DoResponse", "status": "online"}
        },
        "objects": {
            "DoRequest": [
                {"name": "Offset", "type": "int64"},
                {"name": "Limit", "type": "int64"},
                {"name": "Marker", "type": "string"},
                {"name": "Part", "type": "object", "of": "Part"}
            ],
            "DoResponse": [
                {"name": "Items", "type": "list", "of": "Part"},
                {"name": "TotalCount", "type": "int64"},
                {"name": "Part", "type": "object", "of": "Part"},
                {"name": "RequestId", "type": "string"}
            ],
            "Part": [{"name": "Size", "type": "int64"}]
        }
    })
}

/// Returns the problems of a spec with an overlay of one section.
fn problems(spec: &Value, section: &str, content: Value) -> Vec<String> {
    let overlay = json!({"$schema": "overlay.schema.json", (section): content});
    let result = generate(Input {
        spec: Source { name: "spec.json", text: &spec.to_string() },
        overlay: Source { name: "overlay.json", text: &overlay.to_string() },
        docs: None,
        errors: None,
        provenance: "",
    });
    match result {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn pagination_that_does_not_apply_is_rejected() {
    let check = |spec: &Value, mut entry: Value, expected: &[&str]| {
        entry["reason"] = "r".into();
        assert_eq!(problems(spec, "pagination", json!({"Do": entry})), expected);
    };
    let valid = spec();
    for (entry, reason) in [
        (json!({}), "stale: the rules find the same"),
        (json!({"offset": "Offset", "items": "Items"}), "stale: the rules find the same"),
        (json!({"disabled": true, "items": "Items"}), "`disabled` excludes the other fields"),
        (json!({"items": "Gone"}), "stale: the response has no field `Gone`"),
        (json!({"items": "Part.Gone"}), "stale: the response has no field `Gone`"),
        (json!({"items": "TotalCount"}), "`TotalCount` has the type `int64`; expected one of list"),
        (json!({"page": "Gone"}), "stale: the request has no field `Gone`"),
        (
            json!({"page": "Part"}),
            "`Part` has the type `object`; expected one of int64, uint64, string",
        ),
        (
            json!({"page": "Offset", "offset": "Offset"}),
            "more than one of `offset`, `page` and `token`",
        ),
        (json!({"first": 0}), "`first` has no effect without a page number"),
        (json!({"token": "Marker", "first": 0}), "`first` has no effect without a page number"),
        (json!({"next": "TotalCount"}), "`next` has no effect without a token"),
        (json!({"token": "Marker"}), "the response has no token for `Marker`"),
        (json!({"more": "TotalCount", "over": "TotalCount"}), "both `more` and `over`"),
    ] {
        check(&valid, entry, &[&format!("overlay.json: /pagination/Do: {reason}")]);
    }
    for entry in [
        json!({"disabled": true}),
        json!({"page": "Offset"}),
        json!({"total": ""}),
        json!({"token": "Marker", "next": "TotalCount"}),
        json!({"total": "Part.Size"}),
    ] {
        check(&valid, entry, &[]);
    }
    let mut without = spec();
    without["objects"]["DoRequest"].as_array_mut().unwrap().drain(..3);
    let stale = "overlay.json: /pagination/Do: stale: the rules find no pages";
    check(&without, json!({"disabled": true}), &[stale]);
    let none = "overlay.json: /pagination/Do: the request has no position; state `offset`, `page` or `token`";
    check(&without, json!({"items": "Items"}), &[none]);
    let gone = json!({"Gone": {"disabled": true, "reason": "r"}});
    let stale = "overlay.json: /pagination/Gone: stale: no action `Gone`";
    assert_eq!(problems(&valid, "pagination", gone), [stale]);
    // A value set replaces the type of the field.
    let start = json!({"Start": {"doc": "d", "reason": "r", "fields": ["DoRequest.Offset"],
        "values": [{"value": 0, "name": "Zero", "doc": "d"}]}});
    let reason = "a field of the pages has a value set; disable one of both";
    assert_eq!(
        problems(&valid, "values", start),
        [format!("overlay.json: /pagination/Do: {reason}")]
    );
}
