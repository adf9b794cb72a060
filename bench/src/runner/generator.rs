//! `cargo xtask bench generator`: CPU time of generating models from specs, by a release build of xtask.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::chart::{Chart, Line, save};
use super::error::Error;
use super::files::{folder, root, save_results, write};
use super::numbers::median;
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, cargo, cpu};

const ROUNDS: usize = 3;

fn build() -> Result<PathBuf, Error> {
    cargo::build(&["--package", "xtask"])?;
    Ok(root().join("target/release/xtask"))
}

/// Returns the CPU time of a subcommand, in seconds.
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
            Some(cost(&xtask, &["sweep", "--tccli", &tccli, "--out", &out])?)
        }
    };
    table.row("`sweep` of all versions", [sweep]);
    figures.extend(sweep.map(|seconds| ("sweep of all versions, CPU s".to_owned(), seconds)));
    println!("{}", table.markdown());
    save_results("generator", &table)?;
    Ok(figures)
}

/// Draws the cost per object by the number of objects of a service, from 128 to 8192.
pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let xtask = build()?;
    let mut points = Vec::new();
    for objects in (0..7).map(|doublings| 128 << doublings) {
        let folder = folder().join("generator").join(objects.to_string());
        write(&folder.join("spec.json"), &spec(objects))?;
        let schema = "../../../../api-spec/schema/overlay.schema.json";
        write(&folder.join("overlay.json"), &format!("{{\"$schema\": {schema:?}}}\n"))?;
        let (from, to) = (folder.to_string_lossy(), folder.join("models"));
        let to = to.to_string_lossy();
        let once = |_| cost(&xtask, &["codegen", "--spec", &from, "--out", &to]);
        let costs: Result<Vec<f64>, Error> = (0..arguments.rounds(ROUNDS)).map(once).collect();
        let cost = median(costs?.into_iter()).unwrap_or_default();
        points.push((objects as f64, cost * 1e6 / objects as f64));
    }
    save(
        "generator",
        &Chart {
            title: "Generator: CPU time per object, µs, by objects of the service",
            lines: vec![Line { name: "ours".to_owned(), points }],
        },
    )
}

/// Returns the spec of a service with four objects per action and five fields per object, similar to e-sign.
fn spec(objects: usize) -> String {
    let actions = objects / 4;
    let mut text =
        "{\"$schema\": \"../../../../api-spec/schema/spec.schema.json\", \"service\": \"large\", \
                    \"version\": \"2020-01-02\", \"title\": \"Large\", \"actions\": {"
            .to_owned();
    // Writing to a string cannot fail.
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
            write!(text, "{comma}\n{}", object(&format!("{name}Request"), &format!("Input{name}")));
        let _ = write!(text, ",\n{}", object(&format!("{name}Response"), &format!("Output{name}")));
        let _ = write!(
            text,
            ",\n{},\n{}",
            leaf(&format!("Input{name}")),
            leaf(&format!("Output{name}"))
        );
    }
    text.push_str("}}\n");
    text
}

/// Returns an object with an array of another.
fn object(name: &str, of: &str) -> String {
    let list = format!("{{\"name\": \"Parts\", \"type\": \"list\", \"of\": {of:?}}}");
    format!("{name:?}: [{list}, {}]", fields(4))
}

fn leaf(name: &str) -> String {
    format!("{name:?}: [{}]", fields(5))
}

fn fields(count: usize) -> String {
    let kinds = ["string", "int64", "bool", "string", "uint64"];
    let field = |(index, kind): (usize, &str)| {
        format!("{{\"name\": \"Field{index}\", \"type\": {kind:?}}}")
    };
    kinds.into_iter().enumerate().take(count).map(field).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_spec_has_the_requested_number_of_objects() {
        let spec: serde_json::Value = serde_json::from_str(&spec(128)).unwrap();
        assert_eq!(spec["objects"].as_object().unwrap().len(), 128);
        assert_eq!(spec["actions"].as_object().unwrap().len(), 32);
    }
}
