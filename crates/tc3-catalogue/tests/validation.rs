//! Violations of a body, with their paths.

use serde_json::{Value, json};
use tc3_catalogue::validation::{
    MAX_VIOLATIONS, Violation, missing_required, structural_violations, violations, violations_in,
};
use tc3_catalogue::{Condition, FieldMeta, JsonType, Limits, Literal, ObjectMeta, Rule, RuleKind};

static INNER: ObjectMeta = ObjectMeta::new(
    "Inner",
    "Inner",
    "",
    &[
        FieldMeta::new("Id", "id", "", JsonType::String).required(),
        FieldMeta::new("Kind", "kind", "", JsonType::Int),
        FieldMeta::new("Code", "code", "", JsonType::String),
    ],
    &[Rule::new(
        RuleKind::Needs {
            when: Some(Condition::new("Kind", &[Literal::Int(3)])),
            paths: &["Code"],
        },
        "",
    )],
);
static ROOT: ObjectMeta =
    ObjectMeta::new(
        "Root",
        "Root",
        "",
        &[
            FieldMeta::new("Inner", "inner", "", JsonType::Object(&INNER)),
            FieldMeta::new("All", "all", "", JsonType::List(&JsonType::Object(&INNER))),
            FieldMeta::new("Ids", "ids", "", JsonType::List(&JsonType::String))
                .limits(Limits::new((Some(1), Some(2)), (None, Some(3)), None, (None, None))),
            FieldMeta::new("Body", "body", "", JsonType::String).base64().limits(Limits::new(
                (None, None),
                (None, None),
                Some(3),
                (None, None),
            )),
            FieldMeta::new("Size", "size", "", JsonType::Uint).limits(Limits::new(
                (None, None),
                (None, None),
                None,
                (Some(5), Some(9)),
            )),
        ],
        &[
            Rule::new(RuleKind::Needs { when: None, paths: &["Inner.Id"] }, ""),
            Rule::new(
                RuleKind::Needs {
                    when: Some(Condition::new("All.Kind", &[Literal::Int(7)])),
                    paths: &["Size"],
                },
                "",
            ),
            Rule::new(RuleKind::OneOf(&["Ids", "Body"]), ""),
            Rule::new(RuleKind::NotBoth(&["Ids", "Size"]), ""),
        ],
    );

fn messages(body: &Value) -> Vec<String> {
    violations(body, &ROOT).iter().map(Violation::to_string).collect()
}

#[test]
fn a_valid_body_has_no_violations() {
    assert_eq!(
        messages(&json!({"Inner": {"Id": "i", "Kind": 1}, "Ids": ["a", "三个字"]})),
        [""; 0]
    );
    assert_eq!(
        messages(&json!({"Inner": {"Id": "i"}, "Body": "YWJj", "Size": 9, "Ids": [], "All": null})),
        ["Ids: number of elements is 0, expected at least 1"],
        "an empty array is absent to a rule, and too short for a limit"
    );
}

#[test]
fn each_kind_of_violation_has_its_path() {
    for (body, expected) in [
        (json!([]), "the body: expected an object"),
        (json!({"Body": "YQ"}), "Inner.Id: missing required field"),
        (json!({"Inner": {"Id": ""}, "Body": "YQ"}), "Inner.Id: missing required field"),
        (
            json!({"Inner": {"Id": "i", "Kind": 3}, "Body": "YQ"}),
            "Inner.Code: missing field, required by Kind",
        ),
        (
            json!({"Inner": {"Id": "i"}, "Body": "YQ", "All": [{"Id": "i"}, {}]}),
            "All.1.Id: missing required field",
        ),
        (
            json!({"Inner": {"Id": "i"}, "Body": "YQ", "All": [{"Id": "i", "Kind": 7}, {"Id": "i"}]}),
            "Size: missing field, required by All.Kind",
        ),
        (json!({"Inner": {"Id": "i"}, "Body": "YQ", "X": 1}), "X: unknown field"),
        (json!({"Inner": {"Id": 1}, "Body": "YQ"}), "Inner.Id: expected a string"),
        (
            json!({"Inner": {"Id": "i"}, "Body": "YQ", "Size": -1}),
            "Size: expected a non-negative integer",
        ),
        (json!({"Inner": {"Id": "i"}, "Body": "YQ", "Size": 4}), "Size: is 4, expected at least 5"),
        (
            json!({"Inner": {"Id": "i"}, "Body": "YWJjZA=="}),
            "Body: number of bytes is 4, expected at most 3",
        ),
        (
            json!({"Inner": {"Id": "i"}, "Ids": ["a", "b", "c"]}),
            "Ids: number of elements is 3, expected at most 2",
        ),
        (
            json!({"Inner": {"Id": "i"}, "Ids": ["四个字。"]}),
            "Ids.0: number of characters is 4, expected at most 3",
        ),
        (json!({"Inner": {"Id": "i"}}), "the body: missing field, one of Ids, Body is required"),
        (
            json!({"Inner": {"Id": "i"}, "Ids": ["a"], "Size": 5}),
            "the body: only one of Ids, Size is allowed",
        ),
    ] {
        assert_eq!(messages(&body), [expected], "{body}");
    }
    let body = json!({"Inner": {"Kind": 3}, "Ids": ["a"]});
    assert_eq!(missing_required(&body, &ROOT), ["Inner.Id", "Inner.Code"]);
    let body = json!({"Inner": {}, "X": 1, "Ids": []});
    let structure: Vec<_> =
        structural_violations(&body, &ROOT).into_iter().map(|found| found.path).collect();
    assert_eq!(structure, ["Inner.Id", "X"]);
}

#[test]
fn the_violations_of_a_body_are_bounded() {
    let many = 500_000;
    let names: serde_json::Map<_, _> = (0..many).map(|n| (format!("x{n}"), json!(1))).collect();
    for body in [
        json!({"Inner": {"Id": "i"}, "Ids": vec![json!(1); many]}),
        json!({"Inner": {"Id": "i"}, "Ids": vec![json!("long"); many]}),
        json!({"Inner": {"Id": "i"}, "All": vec![json!({}); many]}),
        json!({"Inner": {"Id": "i"}, "All": vec![json!(null); many]}),
        Value::Object(names),
    ] {
        let found = violations(&body, &ROOT);
        assert_eq!(found.len(), MAX_VIOLATIONS);
        let paths: std::collections::HashSet<_> = found.iter().map(Violation::to_string).collect();
        assert_eq!(paths.len(), MAX_VIOLATIONS);
        assert!(structural_violations(&body, &ROOT).len() <= MAX_VIOLATIONS);
    }
}

#[test]
fn a_json_body_may_contain_numbers_of_any_size() {
    static NUMBERS: ObjectMeta = ObjectMeta::new(
        "Numbers",
        "Numbers",
        "",
        &[
            FieldMeta::new("Int", "int", "", JsonType::Int),
            FieldMeta::new("Uint", "uint", "", JsonType::Uint),
            FieldMeta::new("Float", "float", "", JsonType::Float),
            FieldMeta::new("Text", "text", "", JsonType::String),
            FieldMeta::new("Flag", "flag", "", JsonType::Bool),
        ],
        &[],
    );
    let found = |json: &str| {
        let found = violations_in(json.as_bytes(), &NUMBERS);
        found.map(|found| found.iter().map(|one| one.path.clone()).collect::<Vec<_>>())
    };
    for (json, paths) in [
        (r#"{"Int":-9223372036854775808,"Uint":18446744073709551615}"#, &[][..]),
        (r#"{"Int":9223372036854775808,"Uint":18446744073709551616}"#, &["Int", "Uint"]),
        (r#"{"Float":1e400,"Text":"\u00e9","Flag":true}"#, &[]),
        (r#"{"Float":-1e400,"Int":1e400,"Uint":-1}"#, &["Int", "Uint"]),
        (r#"{"Float":"1","Text":1,"Flag":1}"#, &["Float", "Text", "Flag"]),
        (r#"{"Float":null,"Text":[null],"Flag":{}}"#, &["Text", "Flag"]),
    ] {
        let found = found(json).unwrap();
        let mut paths: Vec<&str> = paths.to_vec();
        let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
        paths.sort();
        found.sort();
        assert_eq!(found, paths, "{json}");
    }
    for json in ["", "{", r#"{"Float":1e}"#, "{} {}"] {
        assert!(found(json).is_err(), "{json}");
    }
}
