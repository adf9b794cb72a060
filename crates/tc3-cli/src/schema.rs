//! Validation against the JSON Schemas of specifications, overlays and error classes, which editors use too.

use std::path::Path;

use serde_json::Value;
use tc3_codegen::Problem;

use crate::error::Error;
use crate::files::{shown, write};

/// Schemas by name.
const SCHEMAS: [(&str, &str); 3] = [
    ("errors", include_str!("../schema/errors.schema.json")),
    ("overlay", include_str!("../schema/overlay.schema.json")),
    ("spec", include_str!("../schema/spec.schema.json")),
];

/// Validates the text of a file against a schema: `errors`, `overlay` or `spec`.
///
/// # Errors
/// Returns an [`Error`] with every violation, or if there is no schema of this name.
pub fn check(path: &Path, name: &str, text: &str) -> Result<(), Error> {
    let schema = SCHEMAS.iter().find(|(known, _)| *known == name);
    let (_, schema) = schema.ok_or_else(|| Error::new(format!("unknown schema `{name}`")))?;
    let wrong = |reason: String| Error::new(format!("{name}.schema.json: {reason}"));
    let schema: Value = serde_json::from_str(schema).map_err(|error| wrong(error.to_string()))?;
    let validator = jsonschema::validator_for(&schema).map_err(|error| wrong(error.to_string()))?;
    let value: Value = tc3_codegen::parse(&shown(path), text)?;
    let problems: Vec<Problem> = validator
        .iter_errors(&value)
        .map(|error| Problem {
            file: shown(path),
            pointer: error.instance_path().to_string(),
            reason: error.to_string(),
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

/// Writes the schemas of specifications and overlays to a folder.
pub(crate) fn write_all(folder: &Path) -> Result<(), Error> {
    for (name, text) in SCHEMAS.iter().filter(|(name, _)| *name != "errors") {
        write(&folder.join(format!("{name}.schema.json")), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::read;

    fn spec_folder(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../api-spec").join(name)
    }

    fn refused(file: &str, name: &str, edit: impl Fn(&mut Value)) -> String {
        let path = spec_folder("essbasic/2021-05-26").join(file);
        let text = read(&path).unwrap();
        check(&path, name, &text).unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        edit(&mut value);
        check(&path, name, &value.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn the_spec_matches_its_schema_and_invalid_specs_do_not() {
        let refused = |pointer: &str, edit: &dyn Fn(&mut Value)| {
            let message = refused("spec.json", "spec", edit);
            assert!(message.contains(&format!("spec.json: {pointer}: ")), "{message}");
        };
        refused("/", &|spec| spec["extra"] = Value::Null);
        refused("/", &|spec| _ = spec.as_object_mut().unwrap().remove("version"));
        refused("/version", &|spec| spec["version"] = "v1".into());
        refused("/actions/UploadFiles/status", &|spec| {
            spec["actions"]["UploadFiles"]["status"] = "gone".into();
        });
        refused("/objects/Agent/0/type", &|spec| {
            spec["objects"]["Agent"][0]["type"] = "text".into()
        });
        refused("/objects/Agent/0", &|spec| spec["objects"]["Agent"][0]["type"] = "list".into());
        refused("/objects/Agent/0/of", &|spec| spec["objects"]["Agent"][0]["of"] = "string".into());
        refused("/objects/Agent/0/required", &|spec| {
            spec["objects"]["Agent"][0]["required"] = false.into();
        });
    }

    #[test]
    fn the_overlay_matches_its_schema_and_invalid_overlays_do_not() {
        let refused = |pointer: &str, edit: &dyn Fn(&mut Value)| {
            let message = refused("overlay.json", "overlay", edit);
            assert!(message.contains(&format!("overlay.json: {pointer}: ")), "{message}");
        };
        refused("/", &|overlay| overlay["extra"] = Value::Null);
        refused("/sensitive/0", &|overlay| {
            _ = overlay["sensitive"][0].as_object_mut().unwrap().remove("reason");
        });
        refused("/rate_limit/default", &|overlay| overlay["rate_limit"]["default"] = 0.into());
        refused("/hosts/0", &|overlay| overlay["hosts"][0] = serde_json::json!({"reason": "none"}));
        refused("/values/FlowStatus/values/0/value", &|overlay| {
            overlay["values"]["FlowStatus"]["values"][0]["value"] = true.into();
        });
        refused("/groups", &|overlay| overlay["groups"]["Not a feature"] = Value::Null);
        let code = "/errors/OperationDenied.NoQuota";
        let edited = |change: fn(&mut Value)| {
            move |overlay: &mut Value| change(&mut overlay["errors"]["OperationDenied.NoQuota"])
        };
        refused(&format!("{code}/class"), &edited(|entry| entry["class"] = "odd".into()));
        refused(&format!("{code}/retry"), &edited(|entry| entry["retry"] = "never".into()));
        refused(code, &edited(|entry| _ = entry.as_object_mut().unwrap().remove("reason")));
    }

    #[test]
    fn the_error_classes_match_their_schema_and_invalid_ones_do_not() {
        let path = spec_folder("common/errors.json");
        let text = read(&path).unwrap();
        check(&path, "errors", &text).unwrap();
        for edit in [
            |errors: &mut Value| errors["InvalidAction"]["class"] = "odd".into(),
            |errors: &mut Value| errors["InvalidAction"]["extra"] = "x".into(),
            |errors: &mut Value| errors["InvalidAction"]["affects_all"] = false.into(),
            |errors: &mut Value| {
                _ = errors["InvalidAction"].as_object_mut().unwrap().remove("source")
            },
            |errors: &mut Value| errors["a b"] = errors["InvalidAction"].clone(),
        ] {
            let mut value: Value = serde_json::from_str(&text).unwrap();
            edit(&mut value["errors"]);
            check(&path, "errors", &value.to_string()).unwrap_err();
        }
    }
}
