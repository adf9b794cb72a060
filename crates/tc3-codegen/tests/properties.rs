//! For any input, the generator returns files or problems, never panics, and is deterministic.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests may panic")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tc3_codegen::{Input, Source, generate, missing_renames, parse};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Arbitrary names, with an emphasis on names that are difficult for generators.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "Option", "Result", "Box", "Vec", "String", "Self", "self", "crate", "super", "Type",
            "type", "New", "WithNew", "QRCode", "QrCode", "3D", "_", "", "str", "u64", "ErrorCode",
            "A_B", "A-B2", "A_B2", "a_b_2", "QrCode2", "QR_code_2", "ErrorCode2", "Object2", "field_2",
            "shared", "values", "catalogue", "generated", "visit_actions", "CATALOGUE", "codec",
            "a b", "A.B", "A-B", "Some", "None", "Ok", "Err", "IDs", "r#type", "\u{6587}",
        ]).prop_map(str::to_owned),
        1 => ".{0,5}",
    ]
}

/// A well-formed spec, with valid or dangling references and distinct or colliding names.
fn shaped_spec() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec![
        "string", "int64", "uint64", "float", "bool", "date", "binary", "object", "object", "list",
        "list", "other",
    ]);
    let field = (name(), kind, name(), any::<[bool; 4]>()).prop_map(|(name, kind, of, flags)| {
        let mut field = json!({"name": name, "type": kind, "required": flags[0],
            "disabled": flags[1], "output_required": flags[2], "nullable": flags[3]});
        if kind == "object" || kind == "list" {
            field["of"] = of.into();
        }
        field
    });
    let fields = prop::collection::vec(field, 0..5);
    let action = (name(), name(), name(), any::<bool>());
    (
        prop::collection::btree_map(name(), fields, 1..8),
        prop::collection::btree_map(name(), action, 0..3),
        prop::collection::btree_map(name(), ".{0,4}", 0..4),
    )
        .prop_map(|(mut objects, actions, codes)| {
            let known: Vec<String> = objects.keys().cloned().collect();
            let aim = |name: &str| {
                let index = name.len() % known.len();
                known.get(index).cloned().unwrap_or_default()
            };
            // Mostly valid references; otherwise every case fails at the first check.
            for field in objects.values_mut().flatten() {
                if let Some(of) = field.get("of").and_then(Value::as_str)
                    && of != "Option"
                {
                    field["of"] = aim(of).into();
                }
            }
            let actions: Map<String, Value> = actions
                .into_iter()
                .map(|(name, (title, request, response, skip))| {
                    let (request, response) = (aim(&request), aim(&response));
                    let action = json!({"title": title, "request": request, "response": response,
                        "status": "online", "skip_sign": skip});
                    (name, action)
                })
                .collect();
            json!({"$schema": "", "service": "s", "version": "v", "title": "*/ \n fn \" [t]",
                "actions": actions, "objects": objects, "codes": codes})
        })
}

fn run(spec: &str, overlay: &str) -> bool {
    let spec = Source { name: "spec.json", text: spec };
    let overlay = Source { name: "overlay.json", text: overlay };
    let input = Input { spec, overlay, docs: None, errors: None, provenance: "p" };
    let result = generate(input);
    assert_eq!(result, generate(input));
    for (path, text) in result.iter().flat_map(|output| &output.files) {
        assert!(syn::parse_file(text).is_ok(), "{path} is not valid Rust: {text}");
        assert!(!text.contains(['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}']), "{path}");
    }
    if let Err(problems) = &result {
        assert!(!problems.is_empty());
        assert!(problems.iter().all(|problem| !problem.reason.contains("internal error")));
    }
    result.is_ok()
}

#[test]
fn texts_cannot_end_or_reorder_a_comment() {
    let text = "a\rb\u{202e}c\u{2069} */ \u{2028}\n\n```";
    let object =
        |name: &str| json!([{"name": name, "type": "string"}, {"name": text, "type": "int64"}]);
    let spec = json!({"$schema": "", "service": "s", "version": "v", "title": text,
        "actions": {"Do": {"title": text, "request": "Q", "response": "A", "status": "online",
            "errors": [text]}},
        "objects": {"Q": object("Type"), "A": object("Name")}, "codes": {text: text}});
    let overlay = json!({"$schema": "", "groups": {"first": {"doc": text, "actions": ["Do"]}},
        "docs": {"actions": {"Do": text}, "objects": {"Q": {"doc": text, "fields": {"Type": text}}}}});
    assert!(run(&spec.to_string(), &overlay.to_string()));
}

/// Names that collide get numbers that no other name has, now or by default.
#[test]
fn automatic_renames_take_no_default_name() {
    let field = |name: &str| json!({"name": name, "type": "int64"});
    let spec = json!({"$schema": "", "service": "s", "version": "v", "title": "t", "actions": {},
    "objects": {
        "A-B": [], "A.B": [], "A_B": [], "A_B2": [], "A_B3": [],
        "generated": [], "generated2": [], "CATALOGUE": [], "shared": [], "\u{6587}": [],
        "Fields": [field("QRCode"), field("QrCode"), field("qr_code_2"), field("At"),
            field("AtFromTime"), field("\u{6587}")],
    }});
    let overlay = json!({"$schema": "",
        "times": [{"object": "Fields", "field": "At", "unit": "seconds"}]});
    let spec_text = spec.to_string();
    let spec = parse("spec.json", &spec_text).unwrap();
    let mut overlay: tc3_codegen::overlay::Overlay =
        parse("overlay.json", &overlay.to_string()).unwrap();
    let found = missing_renames(&spec, &overlay);
    let names: Vec<_> = found
        .iter()
        .map(|one| (one.object.as_str(), one.field.as_deref(), one.to.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("A.B", None, "A_B4"),
            ("A_B", None, "A_B5"),
            ("CATALOGUE", None, "CATALOGUE2"),
            ("generated", None, "generated3"),
            ("\u{6587}", None, "Object2"),
            ("Fields", Some("QrCode"), "qr_code_3"),
            ("Fields", Some("AtFromTime"), "at_from_time_2"),
            ("Fields", Some("\u{6587}"), "field_2"),
        ]
    );
    overlay.renames = found;
    assert_eq!(missing_renames(&spec, &overlay), []);
    assert!(run(&spec_text, &serde_json::to_string(&overlay).unwrap()));
}

proptest! {
    #[test]
    fn arbitrary_json(spec in any_json(), overlay in any_json()) {
        run(&spec.to_string(), &overlay.to_string());
    }

    #[test]
    fn arbitrary_text(spec in ".*", overlay in ".*") {
        run(&spec, &overlay);
    }

    #[test]
    fn arbitrary_specs(spec in shaped_spec()) {
        run(&spec.to_string(), r#"{"$schema": ""}"#);
    }

    #[test]
    fn arbitrary_overlay_entries(
        spec in shaped_spec(),
        key in prop::sample::select(vec![
            "rate_limit", "hosts", "forms", "idempotent", "required", "renames", "sensitive", "shown",
            "values", "groups", "docs", "limits", "rules", "times", "base64", "deprecated",
        ]),
        part in any_json(),
    ) {
        run(&spec.to_string(), &json!({"$schema": "", key: part}).to_string());
    }

    /// With the missing renames added, no names collide.
    #[test]
    fn found_renames_suffice(spec in shaped_spec()) {
        let text = spec.to_string();
        let Ok(parsed) = parse("spec.json", &text) else { return Ok(()) };
        let mut overlay: tc3_codegen::overlay::Overlay =
            parse("overlay.json", r#"{"$schema": ""}"#)?;
        overlay.renames = missing_renames(&parsed, &overlay);
        prop_assert_eq!(missing_renames(&parsed, &overlay), vec![]);
        let overlay = serde_json::to_string(&overlay)?;
        let result = generate(Input {
            spec: Source { name: "spec.json", text: &text },
            overlay: Source { name: "overlay.json", text: &overlay },
            docs: None,
            errors: None,
            provenance: "",
        });
        for problem in result.err().unwrap_or_default() {
            prop_assert!(!problem.reason.contains("overlay"), "{}", problem);
            prop_assert!(!problem.reason.contains("setter"), "{}", problem);
        }
    }
}
