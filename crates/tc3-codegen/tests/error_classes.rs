//! Error classes: entries without effect are rejected, and every code has a class.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use serde_json::{Value, json};
use tc3_codegen::{Input, Source, generate};

fn spec() -> Value {
    json!({
        "$schema": "spec.schema.json", "service": "s", "version": "2020-01-02", "title": "S",
        "actions": {
            "Do": {"title": "Do", "request": "DoRequest", "response": "DoResponse",
                "status": "online", "errors": ["Code.A"]}
        },
        "objects": {"DoRequest": [], "DoResponse": []},
        "codes": {"Code.A": "An A"}
    })
}

fn overlay() -> Value {
    json!({"$schema": "overlay.schema.json"})
}

const ERRORS: &str = r#"{"$schema": "errors.schema.json", "errors": {
    "Code.": {"class": "conflict", "source": "s"},
    "Code.B": {"class": "transient", "retry": "if_idempotent", "source": "s"}
}}"#;

/// Returns the problems of a service, next to the error classes of the platform.
fn problems(spec: &Value, overlay: &Value) -> Vec<String> {
    let result = generate(Input {
        spec: Source { name: "spec.json", text: &spec.to_string() },
        overlay: Source { name: "overlay.json", text: &overlay.to_string() },
        docs: None,
        errors: Some(Source { name: "errors.json", text: ERRORS }),
        provenance: "",
    });
    result.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn stale_error_classes_are_rejected() {
    let equal = "stale: equals the entry that applies without it";
    let mut spec = spec();
    spec["codes"] = json!({"Code.A": "An A", "Code.B": "A B", "Code.C.D": "A D", "Sole": "One"});
    // The entries, and the key of the stale one with the reason.
    for (entries, stale) in [
        (&[("Code.A", "rejected")] as &[_], None),
        (&[("Code.", "rejected")], None),
        (&[("Code.B", "rejected")], None),
        (&[("Code.C.D", "rejected")], None),
        (&[("Sole", "conflict")], None),
        (&[("Sole.", "conflict")], None),
        // The exact entry differs from the family, and equals the platform's family.
        (&[("Code.", "rejected"), ("Code.A", "conflict")], None),
        // The platform's exact entry takes precedence over the service's family.
        (&[("Code.", "rejected"), ("Code.B", "rejected")], None),
        (&[("Code.", "rejected"), ("Code.A", "rejected")], Some(("Code.A", equal))),
        (&[("Code.A", "conflict")], Some(("Code.A", equal))),
        (&[("Code.", "conflict")], Some(("Code.", equal))),
        (&[("Code.", "conflict"), ("Code.A", "rejected")], Some(("Code.", equal))),
        (&[("Sole.", "conflict"), ("Sole", "conflict")], Some(("Sole", equal))),
        (&[("Code.E", "rejected")], Some(("Code.E", "stale: no error code `Code.E`"))),
        (&[("Code.C.", "rejected")], Some(("Code.C.", "stale: no error code `Code.C.`"))),
        (&[("Other.", "rejected")], Some(("Other.", "stale: no error code `Other.`"))),
        (&[("Cod", "rejected")], Some(("Cod", "stale: no error code `Cod`"))),
    ] {
        let mut overlay = overlay();
        for (key, class) in entries {
            overlay["errors"][key] = json!({"class": class, "reason": "r"});
        }
        let expected = stale.map(|(key, reason)| format!("overlay.json: /errors/{key}: {reason}"));
        assert_eq!(problems(&spec, &overlay), Vec::from_iter(expected), "{entries:?}");
    }
}

#[test]
fn a_complete_service_has_a_class_for_every_error_code() {
    let missing = |codes: Value| {
        let mut spec = spec();
        spec["codes"] = codes;
        spec["actions"]["Do"]["errors"] = json!([]);
        let mut overlay = overlay();
        overlay["docs"] = json!({"complete": true});
        let problems = problems(&spec, &overlay);
        let of_class = |problem: &&String| problem.starts_with("overlay.json: /errors: no class");
        problems.iter().filter(of_class).count()
    };
    assert_eq!(missing(json!({"Code.A": "a", "Code": "c"})), 0);
    assert_eq!(missing(json!({"Code.A": "a", "Other.A": "o", "Codes": "c"})), 2);
}

#[test]
fn error_classes_of_the_platform_are_checked() {
    let generate = |errors: &str| {
        tc3_codegen::generate_errors(Source { name: "errors.json", text: errors }, "p")
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert!(generate(ERRORS).unwrap().contains("RetryRule::IfIdempotent"));
    let edited = |from: &str, to: &str| generate(&ERRORS.replace(from, to)).unwrap_err();
    assert_eq!(
        edited(r#""transient", "retry": "if_idempotent""#, r#""conflict""#),
        ["errors.json: /errors/Code.B: stale: equals the entry of its family"]
    );
    assert_eq!(
        edited(r#""source": "s"},"#, r#""hint": "Do this", "source": "s"},"#),
        [
            "errors.json: /errors/Code./hint: invalid hint; begin in lower case, and omit the final full stop"
        ]
    );
    assert!(edited("conflict", "odd")[0].contains("unknown variant `odd`"));
    assert!(edited("Code.B", "Code.")[0].contains("duplicate name `Code.`"));
    assert!(edited("Code.B", "!")[0].contains("invalid error code"));
    assert!(edited("Code.B", "Code.B.")[0].contains("invalid error code"));
}

#[test]
fn changes_of_error_classes_are_listed() {
    let errors = |text: &str| {
        tc3_codegen::parse::<tc3_codegen::errors::PlatformErrors>("errors.json", text).unwrap()
    };
    let new = ERRORS.replace("conflict", "billing").replace("Code.B", "Code.C");
    let changes = tc3_codegen::diff_errors(&errors(ERRORS), &errors(&new));
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("class of Code.") && lines[0].contains("Conflict, Never -> Billing"));
    assert!(lines[1].contains("Code.C") && lines[2].contains("Code.B"));
}
