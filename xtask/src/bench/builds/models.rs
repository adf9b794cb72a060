//! The models crate, as it is and by serde's derives, with a program that makes every call; and by groups.

use std::collections::BTreeSet;
use std::fs;

use super::scratch::Scratch;
use super::source::{CRATE, Source};
use crate::bench::chart::{Chart, Line, save};
use crate::bench::numbers::median;
use crate::bench::remove;
use crate::bench::table::Table;
use crate::bench::targets::Figures;
use crate::codegen::{BEGIN, END};
use crate::error::Error;
use crate::files::{read, root, write};

/// A program with a models crate below it, of which all else has been built.
struct Models {
    scratch: Scratch,
}

/// How to compile it: the profile's name, the command, and what it asks for.
const PROFILES: [(&str, &str, &[&str]); 2] =
    [("check", "check", &[]), ("release", "build", &["--release"])];

impl Models {
    /// As codegen has emitted it.
    fn emitted() -> Result<Self, Error> {
        let manifest = read(&root().join(CRATE).join("Cargo.toml"))?;
        let parts = manifest.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
        let (features, _) =
            parts.ok_or_else(|| Error::new(format!("{CRATE}/Cargo.toml has no marks")))?;
        let models = Self::new("emitted", &format!("[features]\n{features}"), "")?;
        let (from, to) = (root().join(CRATE).join("src/generated"), models.generated());
        for entry in fs::read_dir(&from).map_err(|error| Error::io(&from, &error))? {
            let entry = entry.map_err(|error| Error::io(&from, &error))?;
            let text = read(&entry.path())?;
            write(&to.join(entry.file_name()), &text)?;
        }
        Ok(models)
    }

    fn derived(source: &Source, all: &Source) -> Result<Self, Error> {
        let serde = "serde = { version = \"1\", features = [\"derive\"] }\n";
        let models = Self::new("derived", "[features]\nfull = []\nserde = []\n", serde)?;
        for (name, text) in source.derived(all)? {
            write(&models.generated().join(format!("{name}.rs")), &text)?;
        }
        Ok(models)
    }

    fn new(name: &str, features: &str, dependencies: &str) -> Result<Self, Error> {
        let api = root().join("crates/tc3-api");
        let api = format!("tc3-api = {{ path = {api:?}, features = [\"serde\"] }}\n");
        let catalogue = root().join("crates/tc3-catalogue");
        let catalogue = format!("tc3-catalogue = {{ path = {catalogue:?}, optional = true }}\n");
        // Both are types of serde.
        let own = "models = { path = \"models\", features = [\"full\", \"serde\"] }\n";
        let scratch = Scratch::new(name, &format!("{own}{api}"), &program()?)?;
        let folder = scratch.path("models");
        remove(&folder)?;
        let manifest = format!(
            "[package]\nname = \"models\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{features}\n\
             [dependencies]\n{api}{catalogue}{dependencies}"
        );
        write(&folder.join("Cargo.toml"), &manifest)?;
        write(&folder.join("src/lib.rs"), "mod generated;\n\npub use generated::*;\n")?;
        Ok(Self { scratch })
    }

    fn generated(&self) -> std::path::PathBuf {
        self.scratch.path("models/src/generated")
    }

    /// The CPU time of compiling both crates, without what cargo itself takes where all is done.
    fn cost(&self, command: &str, arguments: &[&str]) -> Result<f64, Error> {
        // What they stand on.
        self.scratch.run(command, arguments)?;
        let release = arguments.iter().filter(|argument| **argument == "--release");
        let clean: Vec<&str> =
            ["-p", "models", "-p", "program"].iter().chain(release).copied().collect();
        self.scratch.run("clean", &clean)?;
        let cost = self.scratch.run(command, arguments)?;
        Ok(cost - self.scratch.run(command, arguments)?)
    }
}

/// Encodes each request and decodes each answer.
fn program() -> Result<String, Error> {
    let mut text = include_str!("../../../templates/build/calls.rs").to_owned();
    text.push_str("fn main() {\n");
    for request in full()?.requests() {
        text.push_str(&format!("    call::<models::{request}>();\n"));
    }
    text.push_str("}\n");
    Ok(text)
}

/// The features of the models crate that are groups of actions.
fn groups() -> Result<Vec<String>, Error> {
    let manifest = read(&root().join(CRATE).join("Cargo.toml"))?;
    let full = manifest.lines().find_map(|line| line.strip_prefix("full = "));
    full.and_then(|list| serde_json::from_str(list).ok())
        .ok_or_else(|| Error::new(format!("{CRATE}/Cargo.toml has no feature `full`")))
}

fn full() -> Result<Source, Error> {
    Source::with(&groups()?.into_iter().collect())
}

/// Emitted code beside derived.
pub(super) fn run(rounds: usize, figures: &mut Figures) -> Result<Table, Error> {
    let server = groups()?.into_iter().chain(["server".to_owned()]).collect();
    let emitted = Models::emitted()?;
    let derived = Models::derived(&full()?, &Source::with(&server)?)?;
    let mut table = Table::new(
        "models and a program with all calls",
        &[("emitted", 2), ("derived", 2), ("ratio", 2)],
    );
    for models in [&emitted, &derived] {
        models.scratch.fetch()?;
        models.scratch.empty()?;
    }
    for (name, command, arguments) in PROFILES {
        let mut costs = Vec::new();
        for round in 1..=rounds {
            eprintln!("builds: models, {name}: round {round} of {rounds}");
            let ours = emitted.cost(command, arguments)?;
            costs.push((ours, derived.cost(command, arguments)?));
        }
        let costs = || costs.iter().copied();
        let ratio = median(costs().map(|(ours, other)| ours / other));
        let (ours, other) =
            (median(costs().map(|cost| cost.0)), median(costs().map(|cost| cost.1)));
        table.row(format!("{name}, CPU s"), [ours, other, ratio]);
        figures.extend(ratio.map(|ratio| (format!("models, emitted / derived, {name}"), ratio)));
    }
    let [ours, other] = [&emitted, &derived].map(|models| models.scratch.size());
    let (ours, other) = (ours? as f64 / 1e6, other? as f64 / 1e6);
    table.row("stripped program, MB", [Some(ours), Some(other), Some(ours / other)]);
    derived.scratch.empty()?;
    Ok(table)
}

/// The models alone, checked with some groups of actions.
struct Groups {
    models: Models,
    lines_of_none: usize,
}

/// How often one cost is taken, as the system counts hundredths of a second.
const REPEATED: usize = 5;

impl Groups {
    fn new() -> Result<Self, Error> {
        let models = Models::emitted()?;
        models.scratch.fetch()?;
        Ok(Self { models, lines_of_none: Source::with(&BTreeSet::new())?.lines() })
    }

    /// CPU seconds of a check with these.
    fn cost(&self, on: &[String]) -> Result<f64, Error> {
        let arguments = ["-p", "models", "--features", &on.join(",")];
        let once = |_| self.models.cost("check", &arguments);
        let costs: Result<Vec<f64>, Error> = (0..REPEATED).map(once).collect();
        Ok(costs?.iter().sum::<f64>() / REPEATED as f64)
    }

    /// Lines of source, above those that are always there.
    fn lines(&self, on: &[String]) -> Result<f64, Error> {
        let lines = Source::with(&on.iter().cloned().collect())?.lines();
        Ok((lines - self.lines_of_none) as f64)
    }
}

/// One group beside all of them.
pub(super) fn one_group(rounds: usize, figures: &mut Figures) -> Result<Table, Error> {
    let (groups, all) = (Groups::new()?, groups()?);
    let one = ["flows".to_owned()];
    let mut costs = Vec::new();
    for round in 1..=rounds {
        eprintln!("builds: groups: round {round} of {rounds}");
        let none = groups.cost(&[])?;
        costs.push((groups.cost(&one)? - none, groups.cost(&all)? - none));
    }
    let costs = || costs.iter().copied();
    let (few, many) = (median(costs().map(|cost| cost.0)), median(costs().map(|cost| cost.1)));
    let part = median(costs().map(|(one, all)| one / all));
    let (lines, of_all) = (groups.lines(&one)?, groups.lines(&all)?);
    let mut table = Table::new(
        "check of the models, above that of no group",
        &[("`flows`", 3), ("`full`", 3), ("part", 3)],
    );
    table.row("CPU, s", [few, many, part]);
    table.row("thousand lines", [Some(lines / 1e3), Some(of_all / 1e3), Some(lines / of_all)]);
    let more = part.map(|part| part / (lines / of_all));
    figures.extend(more.map(|more| ("models, CPU of `flows` / its lines".to_owned(), more)));
    Ok(table)
}

/// The cost of a check by actions that are on: each group after the others, the shortest first.
pub(super) fn plot(rounds: usize) -> Result<(), Error> {
    let mut by_length = Vec::new();
    for group in groups()? {
        let on = BTreeSet::from([group.clone()]);
        by_length.push((Source::with(&on)?.lines(), group));
    }
    by_length.sort();
    let groups = Groups::new()?;
    let (mut on, mut points) = (Vec::new(), Vec::new());
    let last = by_length.len();
    for (index, (_, group)) in by_length.into_iter().enumerate() {
        on.push(group);
        let actions = Source::with(&on.iter().cloned().collect())?.requests().len() as f64;
        // Places apart enough to be told from each other.
        let before = points.last().map_or(0.0, |point: &(f64, f64)| point.0);
        if actions < before * 1.4 && index + 1 < last {
            continue;
        }
        let cost = |_| Ok(groups.cost(&on)? - groups.cost(&[])?);
        let costs: Result<Vec<f64>, Error> = (0..rounds).map(cost).collect();
        let thousands = groups.lines(&on)? / 1e3;
        let cost = median(costs?.into_iter()).unwrap_or_default() * 1e3;
        points.push((actions, cost / thousands));
    }
    save(
        "models",
        &Chart {
            title: "Check of the models: CPU ms for a thousand lines, by actions that are on",
            lines: vec![Line { name: "ours".to_owned(), points }],
        },
    )
}
