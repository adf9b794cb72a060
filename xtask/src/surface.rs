//! `cargo xtask surface`: compares the public dependencies of each library with the table in
//! docs/stability.md.
//!
//! It reads the JSON output of rustdoc. That format is unstable, so only names and ids are used; if these
//! change, every row of the table is reported as unused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::{Map, Value};
use tc3_cli::{Error, read};

use crate::root::root;

const TABLE: &str = "docs/stability.md";

/// Set in the environment of this program if cargo runs it as rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// A library of the workspace, and a crate with types in its public API.
type Pair = (String, String);

pub(crate) fn run(Arguments {}: &Arguments) -> Result<(), Error> {
    let allowed = rows(&read(&root().join(TABLE))?);
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata = parse(&metadata, Path::new("cargo metadata"))?;
    let target = metadata.get("target_directory").and_then(Value::as_str).unwrap_or("target");
    let members = members(&metadata);
    // One command for all libraries: the features of the workspace are those for which clippy has checked the dependencies.
    let mut document = vec!["doc", "--quiet", "--no-deps", "--lib", "--all-features"];
    let libraries = || members.iter().filter(|member| member.published_library);
    document.extend(libraries().flat_map(|member| ["--package", &member.name]));
    cargo(&document)?;
    let mut shown = BTreeMap::new();
    for member in libraries() {
        let file = format!("doc/{}.json", member.name.replace('-', "_"));
        let path = Path::new(target).join(file);
        for (foreign, example) in foreign(&parse(&read(&path)?, &path)?) {
            if members.iter().all(|member| member.name.replace('-', "_") != foreign) {
                shown.insert((member.name.clone(), foreign), example);
            }
        }
    }
    let problems = compare(&shown, &allowed);
    if problems.is_empty() { Ok(()) } else { Err(Error::new(problems.join("\n"))) }
}

/// Returns whether cargo runs this program as rustdoc.
pub(crate) fn is_rustdoc() -> bool {
    std::env::var_os(AS_RUSTDOC).is_some()
}

/// Runs rustdoc with unstable options enabled. In the environment of cargo, `RUSTC_BOOTSTRAP` would recompile most
/// dependencies, whose build scripts read it.
pub(crate) fn rustdoc() -> ExitCode {
    let status = Command::new("rustdoc")
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    let succeeded = status.is_ok_and(|status| status.success());
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs `cargo` with this program as rustdoc, and returns its output.
fn cargo(arguments: &[&str]) -> Result<String, Error> {
    let this = std::env::current_exe().map_err(|error| Error::new(format!("xtask: {error}")))?;
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .env("RUSTDOC", this)
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .env(AS_RUSTDOC, "1")
        .current_dir(root())
        .output()
        .map_err(|error| Error::new(format!("cargo: {error}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::new(String::from_utf8_lossy(&output.stderr)))
    }
}

fn parse(text: &str, path: &Path) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::new(format!("{}: {error}", path.display())))
}

struct Member {
    name: String,
    published_library: bool,
}

fn members(metadata: &Value) -> Vec<Member> {
    let list = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let library = |package: &Value| {
        list(package, "targets")
            .iter()
            .any(|target| list(target, "kind").iter().any(|kind| kind == "lib"))
    };
    list(metadata, "packages")
        .iter()
        .filter_map(|package| {
            let name = package.get("name")?.as_str()?.to_owned();
            // `publish = false` is an empty array of registries.
            let published = package.get("publish").is_some_and(Value::is_null);
            Some(Member { name, published_library: published && library(package) })
        })
        .collect()
}

/// Returns the public dependencies in a rustdoc JSON, each with an example type.
fn foreign(document: &Value) -> BTreeMap<String, String> {
    let items = |key| document.get(key).and_then(Value::as_object).into_iter().flatten();
    let crates: BTreeMap<u64, &str> = items("external_crates")
        .filter_map(|(id, krate)| Some((id.parse().ok()?, krate.get("name")?.as_str()?)))
        .collect();
    let mut ids = BTreeSet::new();
    for (_, item) in items("index") {
        let ours = item.get("crate_id").and_then(Value::as_u64) == Some(0);
        if let (true, Some(inner)) = (ours && !is_generic_impl(item), item.get("inner")) {
            collect(inner, &mut ids);
        }
    }
    items("paths")
        .filter(|(id, _)| id.parse().is_ok_and(|id: u64| ids.contains(&id)))
        .filter_map(|(_, summary)| {
            let name = *crates.get(&summary.get("crate_id")?.as_u64()?)?;
            let path: Vec<&str> =
                summary.get("path")?.as_array()?.iter().filter_map(Value::as_str).collect();
            let of_rust = ["std", "core", "alloc", "proc_macro"].contains(&name);
            (!of_rust).then(|| (name.to_owned(), path.join("::")))
        })
        .collect()
}

/// Returns whether the item is an auto trait implementation or a blanket implementation.
fn is_generic_impl(item: &Value) -> bool {
    let fact = |key: &str| item.pointer(&format!("/inner/impl/{key}"));
    fact("is_synthetic").is_some_and(|value| value == true)
        || fact("blanket_impl").is_some_and(|value| !value.is_null())
}

/// Collects the ids of all items named in a signature: objects with an id, and a path or, in a re-export, a
/// source.
fn collect(value: &Value, ids: &mut BTreeSet<u64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Object(object) => {
            ids.extend(named(object));
            object.values().for_each(|value| collect(value, ids));
        }
        _ => {}
    }
}

fn named(object: &Map<String, Value>) -> Option<u64> {
    let name = object.get("path").or_else(|| object.get("source"))?;
    name.is_string().then(|| object.get("id")?.as_u64())?
}

/// Returns the first two columns of the rows of a table, if both are in backticks.
fn rows(text: &str) -> BTreeSet<Pair> {
    let cell = |text: &str| {
        let text = text.trim().strip_prefix('`')?.strip_suffix('`')?;
        Some(text.to_owned())
    };
    text.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|');
            Some((cell(cells.next()?)?, cell(cells.next()?)?))
        })
        .collect()
}

fn compare(shown: &BTreeMap<Pair, String>, allowed: &BTreeSet<Pair>) -> Vec<String> {
    let new = shown.iter().filter(|(pair, _)| !allowed.contains(pair)).map(
        |((library, foreign), example)| {
            format!("{library} exposes {example} of {foreign}; hide it, or add a row with the reason to {TABLE}")
        },
    );
    let gone = allowed.iter().filter(|pair| !shown.contains_key(pair)).map(|(library, foreign)| {
        format!("{library} no longer exposes {foreign}; remove its row from {TABLE}")
    });
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(inner: Value) -> Value {
        json!({
            "index": { "1": { "crate_id": 0, "inner": inner }, "2": { "crate_id": 7, "inner": { "path": "x", "id": 21 } } },
            "paths": {
                "20": { "crate_id": 7, "path": ["http", "Method"] },
                "21": { "crate_id": 8, "path": ["bytes", "Bytes"] },
                "22": { "crate_id": 1, "path": ["std", "string", "String"] }
            },
            "external_crates": { "1": { "name": "std" }, "7": { "name": "http" }, "8": { "name": "bytes" } }
        })
    }

    fn found(inner: Value) -> Vec<String> {
        foreign(&document(inner)).into_keys().collect()
    }

    #[test]
    fn nested_types_of_a_signature_are_found() {
        let deep = json!({ "function": { "sig": { "inputs": [["a", { "resolved_path": {
            "path": "Option", "id": 22, "args": { "types": [{ "path": "Method", "id": 20 }] } } }]] } } });
        assert_eq!(found(deep), ["http"]);
        assert_eq!(
            found(json!({ "use": { "source": "bytes::Bytes", "name": "B", "id": 21 } })),
            ["bytes"]
        );
        assert_eq!(found(json!({ "impl": { "trait": { "path": "Buf", "id": 21 } } })), ["bytes"]);
    }

    #[test]
    fn auto_traits_blanket_impls_and_modules_are_ignored() {
        for given in
            [json!({ "is_synthetic": true }), json!({ "blanket_impl": { "generic": "T" } })]
        {
            let mut given = given;
            given["trait"] = json!({ "path": "Same", "id": 21 });
            assert!(found(json!({ "impl": given })).is_empty());
        }
        assert!(found(json!({ "module": { "items": [20, 21] } })).is_empty());
    }

    #[test]
    fn new_types_and_stale_rows_are_reported() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let allowed = rows(
            "| crate | exposes | for |\n|---|---|---|\n| `a` | `http` | reason |\n| `a` | `old` | |\n",
        );
        assert_eq!(allowed, BTreeSet::from([pair("a", "http"), pair("a", "old")]));
        let shown = BTreeMap::from([
            (pair("a", "http"), "http::Method".to_owned()),
            (pair("a", "bytes"), "bytes::Bytes".to_owned()),
        ]);
        let problems = compare(&shown, &allowed);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].contains("a exposes bytes::Bytes of bytes"));
        assert!(problems[1].contains("a no longer exposes old"));
    }
}
