//! The commands in an empty folder, with a synthetic reference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

#[path = "commands/call.rs"]
mod call;
#[path = "commands/files.rs"]
mod files;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

fn member(name: &str, kind: &str, of: &str) -> Value {
    json!({"name": name, "type": kind, "member": of, "document": "The <name> of https://doc.example/."})
}

/// A folder with a reference of one service.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let required = |mut member: Value| {
        member["required"] = true.into();
        member
    };
    let api = json!({
        "metadata": {"apiVersion": "2021-02-03", "serviceNameCN": "See https://svc.example/"},
        "actions": {"Do": {"name": "Do it, see https://a.example/x_y", "document": "Does it.", "input": "DoRequest",
            "output": "DoResponse", "status": "online"}},
        "objects": {
            "DoRequest": {"members": [required(member("Name", "string", "string")),
                member("Parts", "list", "Part"), member("Other", "object", "shared")]},
            "DoResponse": {"members": [member("RequestId", "string", "string")]},
            "Part": {"members": [member("Part", "object", "Part"), required(member("Count", "int", "uint64"))]},
            "shared": {"members": [member("type", "string", "string")]},
            "generated": {"members": []}
        }
    });
    let package = folder.path().join("pkg/tccli");
    fs::create_dir_all(package.join("services/svc/v20210203")).unwrap();
    fs::write(package.join("__init__.py"), "__version__ = '1.2.3'\n").unwrap();
    fs::write(package.join("services/svc/v20210203/api.json"), api.to_string()).unwrap();
    folder
}

fn tc3(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tc3"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TENCENTCLOUD_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .env("HOME", folder)
        .env("TENCENTCLOUD_SECRET_ID", "id")
        .env("TENCENTCLOUD_SECRET_KEY", "key")
        // A proxy of the environment must not receive a call to loopback.
        .env("NO_PROXY", "*")
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs a command and returns its exit status, stdout and stderr.
fn ran(folder: &Path, line: &str) -> (i32, String, String) {
    let arguments: Vec<&str> = line.split(' ').collect();
    let output = tc3(folder, &arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

const IMPORT: &str = "import --tccli pkg --service svc --out svc-spec";
const CODEGEN: &str = "codegen --spec svc-spec --out svc-models";

fn imported() -> TempDir {
    let folder = folder();
    let (status, out, err) = ran(folder.path(), IMPORT);
    assert_eq!(status, 0, "{err}");
    assert!(out.starts_with("svc 2021-02-03 of tccli 1.2.3: 1 actions, 5 objects"), "{out}");
    folder
}

/// Returns the content of every file below a folder, by path.
fn everything(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
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
fn a_generated_crate_compiles_with_the_published_crates() {
    let folder = imported();
    let at = folder.path();
    let (status, _, err) = ran(at, CODEGEN);
    assert_eq!(status, 0, "{err}");
    let manifest = fs::read_to_string(at.join("svc-models/Cargo.toml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for line in [
        "name = \"svc-models\"".to_owned(),
        "publish = false".to_owned(),
        format!("tc3-api = {{ version = \"{version}\", default-features = false }}"),
        format!("tc3-catalogue = {{ version = \"{version}\", optional = true }}"),
    ] {
        assert!(manifest.lines().any(|found| found == line), "{line} in {manifest}");
    }
    // Unlike `RUSTFLAGS`, lints of the package do not change the flags of its dependencies.
    let lints = "\n[lints.rust]\nwarnings = { level = \"deny\", priority = -1 }\n";
    fs::write(at.join("svc-models/Cargo.toml"), manifest + lints).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::copy(root.join("Cargo.lock"), at.join("svc-models/Cargo.lock")).unwrap();
    for arguments in [&["check"][..], &["doc", "--no-deps"]] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).args(["--quiet", "--offline", "--all-features"]);
        for name in ["tc3-api", "tc3-catalogue", "tc3-json"] {
            let path = root.join("crates").join(name);
            cargo.arg("--config").arg(format!("patch.crates-io.{name}.path={path:?}"));
        }
        let output = cargo
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("RUSTDOCFLAGS", "-D warnings")
            .current_dir(at.join("svc-models"))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {arguments:?}: {error}");
    }
}

#[test]
fn check_reports_stale_files_and_changes_nothing() {
    let folder = imported();
    let at = folder.path();
    let check = format!("{CODEGEN} --check");
    let (status, out, err) = ran(at, &check);
    assert_eq!(status, 2, "{err}");
    assert!(out.contains("+pub struct DoRequest"), "{out}");
    assert!(err.contains(&format!("regenerate it with: tc3 {CODEGEN}")), "{err}");
    assert!(!at.join("svc-models").exists());
    assert_eq!(ran(at, CODEGEN).0, 0);
    assert_eq!(ran(at, &check), (0, String::new(), String::new()));
    let files = everything(&at.join("svc-models"));
    assert_eq!(ran(at, CODEGEN), (0, String::new(), String::new()));
    assert_eq!(everything(&at.join("svc-models")), files);
    // The files are the same on every machine.
    for (path, text) in files {
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains(at.to_str().unwrap()), "{}", path.display());
    }
}

/// Editors find the schemas next to the files.
#[test]
fn the_schemas_of_a_specification_exist() {
    let folder = imported();
    for name in ["spec", "overlay"] {
        let text = fs::read_to_string(folder.path().join(format!("svc-spec/{name}.json"))).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        let schema = file["$schema"].as_str().unwrap();
        assert!(folder.path().join("svc-spec").join(schema).exists(), "{schema}");
    }
}

#[test]
fn names_that_are_no_packages_or_services_are_refused_before_anything_is_written() {
    let folder = imported();
    let before = everything(folder.path());
    for name in [
        "3d-models",
        "self",
        "async",
        "core",
        "test",
        "tc3-api",
        "Models",
        "a.b",
        "con",
        "_x",
        "mod\u{e8}le",
    ] {
        let (status, out, err) =
            ran(folder.path(), &format!("codegen --spec svc-spec --out new/{name}"));
        assert_eq!((status, out.as_str()), (1, ""), "{name}");
        assert!(err.contains(&format!("`{name}` cannot be the name of a crate: ")), "{err}");
    }
    for name in ["..", "../svc", "svc/v20210203", "", "a b"] {
        let arguments = ["import", "--tccli", "pkg", "--service", name, "--out", "new"];
        let output = tc3(folder.path(), &arguments);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(err.contains(&format!("invalid service name `{name}`")), "{err}");
    }
    // Names of the reference.
    let path = folder.path().join("pkg/tccli/services/svc/v20210203/api.json");
    let reference = fs::read_to_string(&path).unwrap();
    for (name, other) in [("shared", "../shared"), ("generated", "a b"), ("Do", "Do/It")] {
        let odd = reference.replace(&format!("\"{name}\""), &format!("\"{other}\""));
        fs::write(&path, odd).unwrap();
        let (status, out, err) = ran(folder.path(), "import --tccli pkg --service svc --out new");
        assert_eq!((status, out.as_str()), (1, ""), "{other}");
        assert!(err.contains("new/spec.json: ") && err.contains(other), "{err}");
    }
    fs::write(&path, reference).unwrap();
    let (status, _, err) = ran(folder.path(), "import --tccli pkg --service gone --out new");
    assert!(status == 1 && err == "error: unknown service `gone`\n", "{err}");
    let version = folder.path().join("pkg/tccli/__init__.py");
    fs::write(&version, "").unwrap();
    let (status, _, err) = ran(folder.path(), "import --tccli pkg --service svc --out new");
    assert!(status == 1 && err == "error: tccli/__init__.py: no __version__\n", "{err}");
    fs::write(&version, "__version__ = '1.2.3'\n").unwrap();
    assert_eq!(everything(folder.path()), before);
}

#[test]
fn a_stale_overlay_is_reported_after_an_import() {
    let folder = imported();
    let overlay =
        json!({"$schema": "schema/overlay.schema.json", "idempotent": {"Gone": "It was a read."}});
    fs::write(folder.path().join("svc-spec/overlay.json"), overlay.to_string()).unwrap();
    let (status, _, err) = ran(folder.path(), IMPORT);
    assert_eq!(status, 2);
    assert!(err.contains("overlay.json: /idempotent/Gone: stale: no action `Gone`"), "{err}");
    let (status, out, err) = ran(folder.path(), CODEGEN);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("stale: no action `Gone`") && !folder.path().join("svc-models").exists());
}

#[test]
fn changes_are_shown_and_breaking_ones_can_be_refused() {
    let folder = imported();
    let at = folder.path();
    let new = ran(at, "import --tccli pkg --service svc --out svc-new");
    assert_eq!(new.0, 0);
    let diff = "diff svc-spec svc-new --deny-breaking";
    assert_eq!(ran(at, diff), (0, "0 changes, 0 of them breaking\n".to_owned(), String::new()));
    let path = at.join("svc-new/spec.json");
    let mut spec: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    spec["objects"]["DoRequest"].as_array_mut().unwrap().remove(1);
    fs::write(&path, spec.to_string()).unwrap();
    let (status, out, _) = ran(at, diff);
    assert_eq!(status, 2);
    assert!(out.contains("removed: field DoRequest.Parts (breaking"), "{out}");
    assert_eq!(ran(at, "diff svc-spec svc-new").0, 0);
    assert_eq!(ran(at, "diff svc-spec nowhere").0, 1);
}

#[test]
fn words_are_searched_in_names_titles_and_documentation() {
    let folder = imported();
    let at = folder.path();
    let (status, out, _) = ran(at, "search --spec svc-spec do");
    assert_eq!(status, 0);
    assert!(out.starts_with("action  Do  Do it, see https://a.example/x_y\n"), "{out}");
    let (status, out, _) = ran(at, "search --spec svc-spec count PART");
    assert_eq!((status, out.lines().count()), (0, 1), "{out}");
    assert!(out.starts_with("field   Part.Count  The "), "{out}");
    assert_eq!(ran(at, "search --spec svc-spec zzzz").0, 2);
    let (status, _, err) = ran(at, "search word");
    assert!(status == 1 && err.contains("spec.json does not exist; give a folder"), "{err}");
}

/// Answers one request with this body, and returns the request.
fn server(body: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        let is_complete = |request: &[u8]| {
            let text = String::from_utf8_lossy(request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
            });
            length.is_some_and(|length| body.len() >= length.parse().unwrap())
        };
        while !is_complete(&request) {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the request ended early");
            request.extend_from_slice(&buffer[..count]);
        }
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, thread)
}

#[test]
fn a_call_keeps_digits_and_order() {
    let folder = imported();
    let (url, thread) =
        server(r#"{"Response": {"Z": 1.50, "A": 12345678901234567890123, "RequestId": "r"}}"#);
    let body = r#"{"Name":"n","Parts":[{"Count":18446744073709551615}]}"#;
    let call = ["call", "svc", "Do", "--spec", "svc-spec", "--endpoint", &url, "--body", body];
    let output = tc3(folder.path(), &call);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "{\"Z\":1.50,\"A\":12345678901234567890123,\"RequestId\":\"r\"}\n"
    );
    let request = thread.join().unwrap();
    assert!(request.ends_with(body), "{request}");
    let head = request.to_ascii_lowercase();
    for header in ["x-tc-action: do\r\n", "x-tc-version: 2021-02-03\r\n"] {
        assert!(head.contains(header), "{header} in {request}");
    }
}

#[test]
fn a_body_that_violates_the_specification_is_not_sent() {
    let folder = imported();
    let call = |body: &str, more: &[&str]| {
        let call = ["call", "svc", "Do", "--spec", "svc-spec", "--dry-run", "--body", body];
        let output = tc3(folder.path(), &[&call[..], more].concat());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let nested = r#"{"Name":"n","Parts":[{"Count":1,"Part":{"Count":-1,"Part":{"No":1}}}]}"#;
    for (body, reasons) in [
        ("{}", "Name: missing required field"),
        (r#"{"Name":1}"#, "Name: expected a string"),
        (r#"{"Name":"n","No":1}"#, "No: unknown field"),
        (r#"{"Name":"n","Other":[]}"#, "Other: expected an object"),
        (
            nested,
            "Parts.0.Part.Count: expected a non-negative integer; Parts.0.Part.Part.No: unknown field; \
             Parts.0.Part.Part.Count: missing required field",
        ),
    ] {
        let (status, out, err) = call(body, &[]);
        assert_eq!((status, out.as_str()), (1, ""), "{body}");
        let expected = format!("error: Do was not called: {reasons}; correct the body");
        assert!(err.starts_with(&expected), "{err}");
        assert!(call(body, &["--unchecked"]).1.ends_with(&format!("\n\n{body}\n")));
    }
    for (body, why) in [
        ("[]", "it is another JSON value"),
        ("{", "invalid body: "),
        (r#"{"Name":"n","Name":"m"}"#, "give each field once"),
        ("@gone.json", "gone.json cannot be read"),
    ] {
        let (status, _, err) = call(body, &[]);
        assert!(status == 1 && err.contains(why), "{body}: {err}");
    }
    let overlay = json!({"$schema": "schema/overlay.schema.json",
        "required": [{"object": "DoRequest", "field": "Name", "required": false, "reason": "Tried."}],
        "limits": [{"object": "Part", "field": "Count", "max": 5}],
        "rules": [{"object": "DoRequest", "one_of": ["Name", "Other"]}]});
    fs::write(folder.path().join("svc-spec/overlay.json"), overlay.to_string()).unwrap();
    let (_, _, err) = call(r#"{"Parts":[{"Count":6}]}"#, &[]);
    let expected = "Parts.0.Count: is 6, expected at most 5; the body: missing field, one of Name, Other is required";
    assert!(err.contains(expected), "{err}");
}

#[test]
fn a_call_without_a_specification_needs_a_version() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let (status, out, _) =
        ran(at, "call cvm DescribeZones --version 2017-03-12 --region ap-guangzhou --dry-run");
    assert_eq!(status, 0);
    for part in [
        "POST https://cvm.tencentcloudapi.com/",
        "x-tc-region: ap-guangzhou",
        "authorization: TC3-HMAC-SHA256 ",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    let (status, _, err) = ran(at, "call cvm DescribeZones");
    assert!(
        status == 1 && err.contains("--version <DATE>") && err.ends_with("; see --help\n"),
        "{err}"
    );
    let folder = imported();
    for (line, why) in [
        ("call cvm Do --spec svc-spec", "the specification is of `svc`, not of `cvm`"),
        (
            "call svc Do --spec svc-spec --version 2020-01-01",
            "of version 2021-02-03, not of 2020-01-01",
        ),
        ("call svc Gone --spec svc-spec", "svc 2021-02-03 has no action `Gone`"),
        ("call svc Do --spec svc-spec --call-timeout 5", "write it as 30s"),
        ("call svc Do --spec svc-spec --body {\"Name\":\"\"} --endpoint ftp://x", "--endpoint: "),
    ] {
        let (status, out, err) = ran(folder.path(), line);
        assert_eq!((status, out.as_str()), (1, ""), "{line}");
        assert!(err.contains(why) && err.lines().count() <= 2, "{line}: {err}");
    }
}

#[test]
fn help_and_errors_have_the_exit_status_of_the_documentation() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    for command in ["import", "codegen", "diff", "search", "call"] {
        let (status, out, _) = ran(at, &format!("{command} --help"));
        assert!(status == 0 && out.contains("Exit status: 0"), "{command}: {out}");
    }
    assert_eq!(
        ran(at, "--version"),
        (0, format!("tc3 {}\n", env!("CARGO_PKG_VERSION")), String::new())
    );
    let (status, _, err) = ran(at, "codegen --nowhere x");
    assert!(status == 1 && err.lines().count() == 1 && err.ends_with("; see --help\n"), "{err}");
    assert_eq!(tc3(at, &[]).status.code(), Some(1));
}
