//! Tasks of the overlay that do not fit the spec.

use serde_json::{Value, json};

use super::{overlay, problems, spec};

#[test]
fn tasks_that_do_not_fit_the_spec_are_refused() {
    let spec = {
        let mut spec = spec();
        spec["actions"]["Ask"] = json!({"title": "Ask", "request": "AskRequest",
            "response": "AskResponse", "status": "online"});
        spec["objects"]["AskRequest"] = json!([
            {"name": "Id", "type": "string", "required": true},
            {"name": "Name", "type": "string", "required": true},
            {"name": "Kind", "type": "uint64"}
        ]);
        spec["objects"]["AskResponse"] = json!([
            {"name": "State", "type": "int64"},
            {"name": "Parts", "type": "list", "of": "Part"}
        ]);
        spec["objects"]["DoResponse"] = json!([{"name": "Id", "type": "string"}]);
        spec
    };
    let valid = json!({"id": "Id", "status": {"field": "State", "succeeded": [1]}, "interval": 1,
        "starts": {"Do": {}}, "reason": "r"});
    let of = |tasks: Value| {
        let mut overlay = overlay();
        overlay["tasks"] = tasks;
        problems(&spec.to_string(), &overlay.to_string())
    };
    assert_eq!(of(json!({ "Ask": valid })), [""; 0]);
    for (pointer, value, at, expected) in [
        ("interval", json!(0), "/interval", "expected at least one second"),
        ("id", json!("Kind"), "/id", "`Kind` has the type `uint64`; expected a string"),
        ("id", json!("Gone"), "/id", "stale: `AskRequest` has no field `Gone`"),
        ("starts", json!({}), "/starts", "no action"),
        ("starts", json!({"Gone": {}}), "/starts/Gone", "stale: no action `Gone`"),
        (
            "starts",
            json!({"Do": {"set": {"Kind": -1}}}),
            "/starts/Do",
            "value Int(-1) of the wrong type for `uint64`",
        ),
        (
            "starts",
            json!({"Do": {"id": "Gone"}}),
            "/starts/Do",
            "stale: `DoResponse` has no field `Gone`",
        ),
        (
            "status",
            json!({"field": "State", "succeeded": []}),
            "/status",
            "no value of `succeeded`",
        ),
        (
            "status",
            json!({"field": "State", "succeeded": [1], "failed": [1]}),
            "/status",
            "duplicate value Int(1)",
        ),
        (
            "status",
            json!({"field": "State", "succeeded": ["END"]}),
            "/status",
            "value Text(\"END\") of the wrong type for `int64`",
        ),
        (
            "complete",
            json!({"list": "Parts", "any_of": ["Size"]}),
            "",
            "exactly one of `status` and `complete` is required",
        ),
    ] {
        let mut task = valid.clone();
        task[pointer] = value;
        let found = of(json!({ "Ask": task }));
        let is_expected =
            |one: &String| one.contains(&format!("/tasks/Ask{at}")) && one.ends_with(expected);
        assert!(found.iter().any(is_expected), "{expected}: {found:?}");
    }
    let mut complete = valid.clone();
    complete.as_object_mut().unwrap().remove("status");
    for (list, field, expected) in [
        ("State", "Size", "`State` is not an array of objects"),
        ("Parts", "Size", "`Size` has the type `int64`; expected a string"),
    ] {
        complete["complete"] = json!({"list": list, "any_of": [field]});
        let found = of(json!({ "Ask": complete }));
        assert!(found.iter().any(|one| one.ends_with(expected)), "{found:?}");
    }
    // The request that starts the task has a name, but requires none.
    let mut optional = spec.clone();
    optional["objects"]["DoRequest"][0]["required"] = json!(false);
    let mut with_task = overlay();
    with_task["tasks"] = json!({ "Ask": valid });
    // Both require a name, with different types in Rust.
    let mut with_set = with_task.clone();
    with_set["values"] = json!({"NameSet": {"doc": "A name.", "reason": "r", "fields": ["AskRequest.Name"],
        "values": [{"value": "A", "name": "A", "doc": "The first."}]}});
    for (spec, overlay) in [(&optional, with_task), (&spec, with_set)] {
        let found = problems(&spec.to_string(), &overlay.to_string());
        assert!(
            found[0].contains("the required field `Name` is neither in `set` nor required"),
            "{found:?}"
        );
    }
}
