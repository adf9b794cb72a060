//! End-to-end tests of the commands with a synthetic reference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

struct Ran {
    success: bool,
    out: String,
    err: String,
}

fn xtask(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap();
    Ran {
        success: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn member(name: &str, kind: &str, of: &str) -> Value {
    json!({"name": name, "type": kind, "member": of, "document": "prose", "example": "x"})
}

/// A reference with one service of two versions.
fn api() -> Value {
    let mut required = member("Name", "string", "string");
    required["required"] = 1.into();
    json!({
        "metadata": {"apiVersion": "2021-02-03", "serviceNameCN": "S"},
        "actions": {
            "Do": {"name": "Title", "document": "prose", "input": "DoRequest",
                "output": "DoResponse", "status": "online"},
            "Old": {"name": "Old", "input": "DoRequest", "output": "DoResponse"}
        },
        "objects": {
            "DoRequest": {"members": [required, member("Parts", "list", "Part"),
                member("QRCode", "string", "string"), member("QrCode", "int", "uint64")]},
            "DoResponse": {"members": [member("RequestId", "string", "string")]},
            "Part": {"members": [member("Part", "object", "Part"), member("On", "string", "date")]}
        },
        "version": "1.0"
    })
}

struct Place {
    root: TempDir,
}

impl Place {
    fn new(api: &Value) -> Self {
        let place = Self { root: TempDir::new().unwrap() };
        place.put("pkg/tccli/__init__.py", "__version__ = '1.2.3'\n");
        place.put("pkg/tccli/services/svc/v20200101/api.json", "{}");
        place.put("pkg/tccli/services/svc/v20210203/api.json", &api.to_string());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    fn import(&self, more: &[&str]) -> Ran {
        self.import_from("pkg", more)
    }

    fn import_from(&self, tccli: &str, more: &[&str]) -> Ran {
        let (tccli, out) = (self.path(tccli), self.path("spec"));
        let mut arguments = vec!["import", "--service", "svc", "--tccli", tccli.to_str().unwrap()];
        arguments.extend(["--out", out.to_str().unwrap()]);
        arguments.extend(more);
        xtask(&arguments)
    }

    fn codegen(&self, more: &[&str]) -> Ran {
        let (spec, out) = (self.path("spec"), self.path("svc-models"));
        let mut arguments = vec!["codegen", "--spec", spec.to_str().unwrap()];
        arguments.extend(["--out", out.to_str().unwrap()]);
        arguments.extend(more);
        xtask(&arguments)
    }
}

const CODES: &str = r#"{"note": "n", "actions": {"Do": ["B", "A"], "Gone": ["A"]},
    "codes": {"A": "An A", "B": "A B"},
    "common": {"C": {"description": "d", "judgement": "j", "retry": "no"}}}"#;

#[test]
fn an_import_excludes_prose() {
    let place = Place::new(&api());
    place.put("codes.json", CODES);
    let codes = place.path("codes.json");
    let ran = place.import(&["--error-codes", codes.to_str().unwrap()]);
    assert!(ran.success, "{}", ran.err);
    for line in [
        "svc 2021-02-03 of tccli 1.2.3: 2 actions, 3 objects, 2 error codes",
        "contradiction: no error codes for action Old",
        "contradiction: error codes for action Gone, which is not in the reference; ignored",
        "overlay: renamed DoRequest.QrCode to `qr_code_2`",
    ] {
        assert!(ran.out.contains(line), "{line} in {}", ran.out);
    }
    let text = fs::read_to_string(place.path("spec/spec.json")).unwrap();
    assert!(!text.contains("prose") && !text.contains("example"), "{text}");
    let spec = place.json("spec/spec.json");
    assert_eq!(
        spec["objects"]["DoRequest"],
        json!([
            {"name": "Name", "type": "string", "required": true},
            {"name": "Parts", "type": "list", "of": "Part"},
            {"name": "QRCode", "type": "string"},
            {"name": "QrCode", "type": "uint64"}
        ])
    );
    assert_eq!(spec["objects"]["Part"][1]["type"], "date");
    assert_eq!(spec["actions"]["Do"]["errors"], json!(["A", "B"]));
    let source = place.json("spec/SOURCE.json");
    assert_eq!(source["version"], "1.2.3");
    assert_eq!(source["counts"]["fields"], 7);
    assert_eq!(source["reference"]["file"], "tccli/services/svc/v20210203/api.json");
    assert_eq!(source["error_codes"]["file"], "codes.json");
    assert!(!source.to_string().contains(place.root.path().to_str().unwrap()));
}

#[test]
fn a_second_import_keeps_the_overlay_and_reports_changes() {
    let place = Place::new(&api());
    place.put("codes.json", CODES);
    let codes = place.path("codes.json");
    assert!(place.import(&["--error-codes", codes.to_str().unwrap()]).success);
    let overlay = json!({"$schema": "overlay.schema.json",
        "idempotent": {"Old": "A read."},
        "renames": [{"object": "DoRequest", "field": "QRCode", "to": "picture", "reason": "Ours."}],
        "docs": {"objects": {"Part": {"doc": "A part."}}}})
    .to_string();
    place.put("spec/overlay.json", &overlay);

    let again = place.import(&[]);
    assert!(again.success, "{}", again.err);
    assert_eq!(again.out.lines().count(), 1, "{}", again.out);
    assert_eq!(fs::read_to_string(place.path("spec/overlay.json")).unwrap(), overlay);
    assert_eq!(place.json("spec/spec.json")["actions"]["Do"]["errors"], json!(["A", "B"]));
    assert_eq!(place.json("spec/SOURCE.json")["error_codes"]["file"], "codes.json");

    let mut api = api();
    let actions = api["actions"].as_object_mut().unwrap();
    actions.remove("Old");
    actions["Do"]["status"] = "deprecated".into();
    api["objects"]["Part"]["members"][1]["member"] = "string".into();
    api["objects"]["Part"]["members"].as_array_mut().unwrap().push(member("New", "bool", "bool"));
    api["objects"]["DoRequest"]["members"][0]["required"] = false.into();
    place.put("pkg/tccli/services/svc/v20210203/api.json", &api.to_string());
    let changed = place.import(&[]);
    assert!(!changed.success);
    for line in [
        "deprecated: action Do: deprecated by the service",
        "removed: action Old (breaking: its request type is removed)",
        "changed: type of field Part.On: date -> string",
        "added: field Part.New",
        "changed: requirement of field DoRequest.Name: required -> optional (breaking: a setter instead of \
         an argument of `new`)",
    ] {
        assert!(changed.out.lines().any(|found| found == line), "{line} in {}", changed.out);
    }
    assert!(changed.err.contains("/idempotent/Old: stale: no action `Old`"), "{}", changed.err);
    assert_eq!(fs::read_to_string(place.path("spec/overlay.json")).unwrap(), overlay);
}

#[test]
fn a_wheel_equals_its_folder() {
    let place = Place::new(&api());
    let mut wheel = zip::ZipWriter::new(fs::File::create(place.path("t.whl")).unwrap());
    for name in ["tccli/__init__.py", "tccli/services/svc/v20210203/api.json"] {
        wheel.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        wheel.write_all(&fs::read(place.path("pkg").join(name)).unwrap()).unwrap();
    }
    wheel.finish().unwrap();
    assert!(place.import(&["--version", "2021-02-03"]).success);
    let from_folder = fs::read(place.path("spec/spec.json")).unwrap();
    let ran = place.import_from("t.whl", &[]);
    assert!(ran.success, "{}", ran.err);
    assert_eq!(fs::read(place.path("spec/spec.json")).unwrap(), from_folder);
    let source = place.json("spec/SOURCE.json");
    assert_eq!(source["wheel"]["file"], "t.whl");
    assert_eq!(source["wheel"]["sha256"].as_str().unwrap().len(), 64);
}

/// 65 MiB of spaces in a wheel of 64 KiB, and unbounded nesting.
#[test]
fn oversized_and_deeply_nested_input_is_rejected() {
    let place = Place::new(&api());
    for (text, why) in [
        (" ".repeat(65 << 20), "exceeds the limit of 64 MiB"),
        ("[".repeat(1 << 20), "v20210203/api.json: "),
        (format!("{{\"actions\":{}", "{\"a\":".repeat(1 << 18)), "v20210203/api.json: "),
    ] {
        let mut wheel = zip::ZipWriter::new(fs::File::create(place.path("t.whl")).unwrap());
        for (name, text) in [
            ("tccli/__init__.py", "__version__ = '1'\n"),
            ("tccli/services/svc/v20210203/api.json", &text),
        ] {
            wheel.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            wheel.write_all(text.as_bytes()).unwrap();
        }
        wheel.finish().unwrap();
        let ran = place.import_from("t.whl", &[]);
        assert!(!ran.success && ran.err.contains(why), "{}", ran.err);
        assert!(ran.err.len() < 1_000);
        assert!(!place.path("spec").exists());
    }
}

#[test]
fn a_failed_import_writes_nothing() {
    let mut odd = api();
    odd["objects"]["Part"]["members"][1]["member"] = "moon".into();
    let place = Place::new(&odd);
    let ran = place.import(&[]);
    let at = "tccli/services/svc/v20210203/api.json: /objects/Part/members/1/type: ";
    assert!(ran.err.contains(&format!("{at}unknown type `string` of `moon`")), "{}", ran.err);
    assert!(!ran.success && !place.path("spec").exists());

    let place = Place::new(&api());
    let ran = place.import(&["--version", "2019-01-01"]);
    assert!(
        ran.err.contains(
            "unknown version 2019-01-01 of `svc`; expected one of 2020-01-01, 2021-02-03"
        ),
        "{}",
        ran.err
    );
    let ran = place.import(&["--version", "2020-01-01"]);
    assert!(ran.err.contains("v20200101/api.json: /: missing field"), "{}", ran.err);
    assert!(!place.import_from("gone", &[]).success);
    place.put("text.whl", "no zip");
    assert!(place.import_from("text.whl", &[]).err.contains("invalid wheel"));
    assert!(!place.path("spec").exists());
}

fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
        } else {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn stale_files_are_detected_and_regenerated() {
    let place = Place::new(&api());
    assert!(place.import(&[]).success);
    let stale = place.codegen(&["--check"]);
    assert!(!stale.success && !place.path("svc-models").exists());
    assert!(stale.err.contains("+pub struct DoRequest"), "{}", stale.err);
    assert!(
        stale.err.contains("regenerate them with: cargo xtask codegen --spec "),
        "{}",
        stale.err
    );

    assert!(place.codegen(&[]).success);
    assert!(place.codegen(&["--check"]).success);
    let first = everything(&place.path("svc-models"));
    assert!(place.codegen(&[]).success);
    assert_eq!(everything(&place.path("svc-models")), first);
    let manifest = fs::read_to_string(place.path("svc-models/Cargo.toml")).unwrap();
    assert!(
        manifest.contains("full = []") && manifest.contains("\ntc3-api = { path = "),
        "{manifest}"
    );

    place.put("svc-models/src/generated/stray.rs", "fn stray() {}\n");
    let shared = place.path("svc-models/src/generated/shared.rs");
    fs::write(&shared, fs::read_to_string(&shared).unwrap().replace("DoRequest", "Edited"))
        .unwrap();
    place.put("svc-models/Cargo.toml", &manifest.replace("full = []", "full = [\"x\"]"));
    let stale = place.codegen(&["--check"]);
    for part in ["-fn stray() {}", "-pub struct Edited", "+pub struct DoRequest", "+full = []"] {
        assert!(stale.err.contains(part), "{part} in {}", stale.err);
    }
    assert!(!stale.success);
    assert!(place.codegen(&[]).success);
    assert_eq!(everything(&place.path("svc-models")), first);
}

#[test]
fn codegen_validates_against_the_schema() {
    let place = Place::new(&api());
    assert!(place.import(&[]).success);
    let mut spec = place.json("spec/spec.json");
    spec["version"] = "v1".into();
    place.put("spec/spec.json", &spec.to_string());
    let ran = place.codegen(&[]);
    assert!(!ran.success && ran.err.contains("spec.json: /version: "), "{}", ran.err);
}

#[test]
fn a_manifest_without_marks_is_not_changed() {
    let place = Place::new(&api());
    assert!(place.import(&[]).success);
    place.put("svc-models/Cargo.toml", "[package]\n");
    let ran = place.codegen(&[]);
    assert!(!ran.success && ran.err.contains("Cargo.toml: missing marks"), "{}", ran.err);
    assert_eq!(everything(&place.path("svc-models")).len(), 1);
}

#[test]
fn two_specs_are_compared() {
    let place = Place::new(&api());
    assert!(place.import(&[]).success);
    fs::create_dir_all(place.path("old")).unwrap();
    fs::copy(place.path("spec/spec.json"), place.path("old/spec.json")).unwrap();
    let (old, new) = (place.path("old"), place.path("spec/spec.json"));
    let diff = |more: &[&str]| {
        xtask(&[&["diff", old.to_str().unwrap(), new.to_str().unwrap()], more].concat())
    };
    let ran = diff(&["--deny-breaking"]);
    assert!(ran.success && ran.out == "0 changes, 0 of them breaking\n", "{}", ran.out);
    let mut spec = place.json("spec/spec.json");
    spec["objects"]["DoRequest"].as_array_mut().unwrap().remove(2);
    spec["actions"]["Old"]["status"] = "offline".into();
    place.put("spec/spec.json", &spec.to_string());
    let ran = diff(&[]);
    for part in [
        "removed: field DoRequest.QRCode (breaking: its struct field is removed)\n",
        "2 changes, 2 of them breaking\n\nFor the changelog:\n\n### Deprecated\n\n- **Breaking**",
        "- **Breaking** (its struct field is removed): field DoRequest.QRCode\n",
    ] {
        assert!(ran.success && ran.out.contains(part), "{part} in {}", ran.out);
    }
    let ran = diff(&["--deny-breaking"]);
    assert!(!ran.success && ran.err.contains("2 breaking changes"), "{}", ran.err);
    assert!(!xtask(&["diff", "nowhere", "nowhere"]).success);
}
