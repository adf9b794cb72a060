//! `cargo xtask bench generator`: the CPU time of making models from specs, by xtask built for release.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::chart::{Chart, Line, save};
use super::numbers::median;
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, cpu, folder, keep};
use crate::cargo;
use crate::error::Error;
use crate::files::{root, write};

const ROUNDS: usize = 3;

fn build() -> Result<PathBuf, Error> {
    cargo::build(&["--package", "xtask"])?;
    Ok(root().join("target/release/xtask"))
}

/// The CPU seconds of a subcommand.
fn cost(xtask: &Path, arguments: &[&str]) -> Result<f64, Error> {
    cpu::seconds(Command::new(xtask).args(arguments).current_dir(root()))
}

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let xtask = build()?;
    let mut table = Table::new("generator", &[("CPU, s", 2)]);
    let mut figures = Figures::new();
    let check = |_| cost(&xtask, &["codegen", "--check"]);
    let checks: Result<Vec<f64>, Error> = (0..arguments.rounds(ROUNDS)).map(check).collect();
    let check = median(checks?.into_iter());
    table.row("`codegen --check`", [check]);
    figures.extend(check.map(|seconds| ("codegen --check, CPU s".to_owned(), seconds)));
    let sweep = match &arguments.tccli {
        None => None,
        Some(tccli) => {
            let out = folder().join("sweep");
            let (tccli, out) = (tccli.to_string_lossy(), out.to_string_lossy());
            Some(cost(&xtask, &["sweep", "--no-check", "--tccli", &tccli, "--out", &out])?)
        }
    };
    table.row("`sweep --no-check` of all versions", [sweep]);
    figures.extend(sweep.map(|seconds| ("sweep of all versions, CPU s".to_owned(), seconds)));
    println!("{}", table.markdown());
    keep("generator", &table)?;
    Ok(figures)
}

/// The cost of an object by the objects of a service: of 128, and of twice as many until 8192.
pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let xtask = build()?;
    let mut points = Vec::new();
    for objects in (0..7).map(|doubled| 128 << doubled) {
        let folder = folder().join("generator").join(objects.to_string());
        write(&folder.join("spec.json"), &spec(objects))?;
        let schema = "../../../../api-spec/schema/overlay.schema.json";
        write(&folder.join("overlay.json"), &format!("{{\"$schema\": {schema:?}}}\n"))?;
        let (from, to) = (folder.to_string_lossy(), folder.join("crate"));
        let to = to.to_string_lossy();
        let once = |_| cost(&xtask, &["codegen", "--spec", &from, "--out", &to]);
        let costs: Result<Vec<f64>, Error> = (0..arguments.rounds(ROUNDS)).map(once).collect();
        let cost = median(costs?.into_iter()).unwrap_or_default();
        points.push((objects as f64, cost * 1e6 / objects as f64));
    }
    save(
        "generator",
        &Chart {
            title: "Generator: CPU time of an object, µs, by objects of the service",
            lines: vec![Line { name: "ours".to_owned(), points }],
        },
    )
}

/// A service of so many objects, four to an action, five members to each: much as e-sign is.
fn spec(objects: usize) -> String {
    let actions = objects / 4;
    let mut text =
        "{\"$schema\": \"../../../../api-spec/schema/spec.schema.json\", \"service\": \"grown\", \
                    \"version\": \"2020-01-02\", \"title\": \"Grown\", \"actions\": {"
            .to_owned();
    // Writing to a text does not fail.
    for action in 0..actions {
        let comma = if action == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\n\"Do{action:04}\": {{\"title\": \"Action\", \"request\": \"Do{action:04}Request\", \
             \"response\": \"Do{action:04}Response\", \"status\": \"online\"}}"
        );
    }
    text.push_str("}, \"objects\": {");
    for action in 0..actions {
        let comma = if action == 0 { "" } else { "," };
        let name = format!("Do{action:04}");
        let _ =
            write!(text, "{comma}\n{}", object(&format!("{name}Request"), &format!("Asked{name}")));
        let _ = write!(text, ",\n{}", object(&format!("{name}Response"), &format!("Told{name}")));
        let _ = write!(
            text,
            ",\n{},\n{}",
            plain(&format!("Asked{name}")),
            plain(&format!("Told{name}"))
        );
    }
    text.push_str("}}\n");
    text
}

/// With a list of another.
fn object(name: &str, of: &str) -> String {
    let list = format!("{{\"name\": \"Parts\", \"type\": \"list\", \"of\": {of:?}}}");
    format!("{name:?}: [{list}, {}]", members(4))
}

fn plain(name: &str) -> String {
    format!("{name:?}: [{}]", members(5))
}

fn members(count: usize) -> String {
    let kinds = ["string", "int64", "bool", "string", "uint64"];
    let member = |(place, kind): (usize, &str)| {
        format!("{{\"name\": \"Member{place}\", \"type\": {kind:?}}}")
    };
    kinds.into_iter().enumerate().take(count).map(member).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grown_service_has_as_many_objects_as_asked_for() {
        let spec: serde_json::Value = serde_json::from_str(&spec(128)).unwrap();
        assert_eq!(spec["objects"].as_object().unwrap().len(), 128);
        assert_eq!(spec["actions"].as_object().unwrap().len(), 32);
    }
}
