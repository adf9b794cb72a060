//! `cargo check` of the models crate by groups of actions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::super::chart::{Chart, Line, save};
use super::super::error::Error;
use super::super::files::{read, remove, root, write};
use super::super::numbers::median;
use super::super::table::Table;
use super::super::targets::Figures;
use super::scratch::Scratch;
use super::source::{CRATE, Source};

/// A copy of the models crate, below an empty program.
struct Models {
    scratch: Scratch,
    lines_without_groups: usize,
}

/// Number of measurements per cost, because the system counts hundredths of a second.
const MEASUREMENTS: usize = 5;

impl Models {
    fn new() -> Result<Self, Error> {
        let dependency = |name: &str, options: &str| {
            format!("{name} = {{ path = {:?}, {options} }}\n", root().join("crates").join(name))
        };
        let api = dependency("tc3-api", "default-features = false, features = [\"serde\"]");
        let catalogue = dependency("tc3-catalogue", "optional = true");
        let models = "models = { path = \"models\", features = [\"serde\"] }\n";
        let scratch = Scratch::new("models", models, "fn main() {}\n", "Cargo.lock")?;
        let folder = scratch.path("models");
        remove(&folder)?;
        let manifest = format!(
            "[package]\nname = \"models\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[features]\n{}\n\
             [dependencies]\n{api}{catalogue}",
            features()?
        );
        write(&folder.join("Cargo.toml"), &manifest)?;
        write(
            &folder.join("src/lib.rs"),
            "mod generated;\n\ninclude!(\"generated/exports.rs\");\n",
        )?;
        copy(&root().join(CRATE).join("src/generated"), &folder.join("src/generated"))?;
        scratch.fetch()?;
        let lines_without_groups = Source::with(&BTreeSet::new())?.lines();
        Ok(Self { scratch, lines_without_groups })
    }

    /// Returns the CPU time of a check with these groups, in seconds.
    fn cost(&self, groups: &[String]) -> Result<f64, Error> {
        let arguments = ["-p", "models", "--features", &groups.join(",")];
        let costs: Result<Vec<f64>, Error> =
            (0..MEASUREMENTS).map(|_| self.check_cost(&arguments)).collect();
        Ok(costs?.iter().sum::<f64>() / MEASUREMENTS as f64)
    }

    /// Returns the CPU time of checking only the models, without the time of a check that has nothing to do.
    fn check_cost(&self, arguments: &[&str]) -> Result<f64, Error> {
        // Compiles the dependencies.
        self.scratch.run("check", arguments)?;
        self.scratch.run("clean", &["-p", "models"])?;
        let cost = self.scratch.run("check", arguments)?;
        Ok(cost - self.scratch.run("check", arguments)?)
    }

    /// Returns the number of source lines of these groups.
    fn lines(&self, groups: &[String]) -> Result<f64, Error> {
        let lines = Source::with(&groups.iter().cloned().collect())?.lines();
        Ok((lines - self.lines_without_groups) as f64)
    }
}

/// Copies a folder of text files.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(from).map_err(|error| Error::io(from, &error))? {
        let entry = entry.map_err(|error| Error::io(from, &error))?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied)?;
        } else {
            write(&copied, &read(&path)?)?;
        }
    }
    Ok(())
}

/// Returns the lines of the section `[features]` of the models crate.
fn features() -> Result<String, Error> {
    let manifest = read(&root().join(CRATE).join("Cargo.toml"))?;
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('['));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// Returns the features of the models crate that are groups of actions.
fn groups() -> Result<Vec<String>, Error> {
    let features = features()?;
    let full = features.lines().find_map(|line| line.strip_prefix("full = "));
    full.and_then(|list| serde_json::from_str(list).ok())
        .ok_or_else(|| Error::new(format!("{CRATE}/Cargo.toml: missing feature `full`")))
}

/// Compares one group with all groups.
pub(super) fn run(rounds: usize, figures: &mut Figures) -> Result<Table, Error> {
    let (models, all) = (Models::new()?, groups()?);
    let one = ["flows".to_owned()];
    let mut costs = Vec::new();
    for round in 1..=rounds {
        eprintln!("builds: groups: round {round} of {rounds}");
        let none = models.cost(&[])?;
        costs.push((models.cost(&one)? - none, models.cost(&all)? - none));
    }
    let costs = || costs.iter().copied();
    let (one_cost, all_cost) =
        (median(costs().map(|cost| cost.0)), median(costs().map(|cost| cost.1)));
    let share = median(costs().map(|(one, all)| one / all));
    let (one_lines, all_lines) = (models.lines(&one)?, models.lines(&all)?);
    let line_share = one_lines / all_lines;
    let mut table = Table::new(
        "check of the models, minus no group",
        &[("`flows`", 3), ("`full`", 3), ("share", 3)],
    );
    table.row("CPU, s", [one_cost, all_cost, share]);
    let thousands = [Some(one_lines / 1e3), Some(all_lines / 1e3), Some(line_share)];
    table.row("thousand lines", thousands);
    let ratio = share.map(|share| share / line_share);
    figures.extend(ratio.map(|ratio| ("models, CPU of `flows` / its lines".to_owned(), ratio)));
    Ok(table)
}

/// Draws the cost of a check by number of enabled actions. Groups are enabled one after the other, the
/// smallest first.
pub(super) fn plot(rounds: usize) -> Result<(), Error> {
    let mut by_size = Vec::new();
    for group in groups()? {
        let enabled = BTreeSet::from([group.clone()]);
        by_size.push((Source::with(&enabled)?.lines(), group));
    }
    by_size.sort();
    let models = Models::new()?;
    let (mut enabled, mut points) = (Vec::new(), Vec::new());
    let last = by_size.len();
    for (index, (_, group)) in by_size.into_iter().enumerate() {
        enabled.push(group);
        let actions = Source::with(&enabled.iter().cloned().collect())?.actions() as f64;
        // Points that are close together could not be distinguished.
        let before = points.last().map_or(0.0, |point: &(f64, f64)| point.0);
        if actions < before * 1.4 && index + 1 < last {
            continue;
        }
        let cost = |_| Ok(models.cost(&enabled)? - models.cost(&[])?);
        let costs: Result<Vec<f64>, Error> = (0..rounds).map(cost).collect();
        let thousands = models.lines(&enabled)? / 1e3;
        let cost = median(costs?.into_iter()).unwrap_or_default() * 1e3;
        points.push((actions, cost / thousands));
    }
    save(
        "models",
        &Chart {
            title: "Check of the models: CPU ms per thousand lines, by enabled actions",
            lines: vec![Line { name: "ours".to_owned(), points }],
        },
    )
}
