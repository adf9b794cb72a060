//! What `cargo xtask bench --check` holds.

use std::collections::BTreeMap;

use super::Subject;
use super::calls::Calls;
use crate::error::Error;

/// Figures of a subject, by name.
pub(super) type Figures = BTreeMap<String, f64>;

/// What was measured, of the subjects that were chosen.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) calls: Option<Calls>,
    figures: BTreeMap<Subject, Figures>,
}

impl Measured {
    pub(super) fn add(&mut self, subject: Subject, figures: Figures) {
        self.figures.insert(subject, figures);
    }
}

enum Target {
    /// The time of a part, as a part of what is beside it.
    Part(&'static str, f64),
    /// What a part allocates.
    Allocations(&'static str, u64),
    /// The CPU time of a call by one, as a part of that by another: one after the other, and so many at once.
    Calls(&'static str, &'static str, usize, f64),
    /// A figure of another subject.
    Figure(Subject, &'static str, f64),
}

const TARGETS: &[Target] = &[
    Target::Part("sign 256 B", 1.10),
    Target::Part("sign 2 KiB", 1.10),
    // The header.
    Target::Allocations("sign 256 B", 1),
    Target::Allocations("sign 2 KiB", 1),
    Target::Part("encode", 1.05),
    Target::Part("decode", 0.80),
    Target::Calls("ours, async", "reqwest", 64, 1.05),
    Target::Calls("ours, hyper", "hyper", 64, 1.10),
    Target::Calls("ours, blocking", "ureq", 8, 1.05),
    Target::Calls("ours, async", "tencentcloud-sdk", 64, 1.0),
    Target::Calls("ours, async", "tencent-sdk, async", 64, 1.0),
    Target::Calls("ours, blocking", "tencent-sdk, blocking", 8, 1.0),
    Target::Calls("ours, blocking", "the Python SDK", 8, 1.0 / 15.0),
    Target::Calls("ours, async", "the Node SDK", 64, 1.0 / 10.0),
    // Wall: nine tenths of the files a second.
    Target::Figure(Subject::Archive, "ours, blocking / ureq, files synced", 1.0 / 0.9),
    Target::Figure(Subject::Archive, "ours, async / reqwest, files synced", 1.0 / 0.9),
    Target::Figure(Subject::Memory, "ours, blocking, bytes more by a contract", 64.0),
    Target::Figure(Subject::Memory, "ours, async, bytes more by a contract", 64.0),
    Target::Figure(Subject::Builds, "models, emitted / derived, check", 0.5),
    Target::Figure(Subject::Builds, "models, emitted / derived, release", 0.5),
    Target::Figure(Subject::Builds, "models, CPU of `flows` / its lines", 1.5),
    Target::Figure(Subject::Builds, "essbasic, blocking / ureq, cold build", 1.25),
    Target::Figure(Subject::Builds, "essbasic, async / reqwest, cold build", 1.25),
    Target::Figure(Subject::Builds, "essbasic, hyper / reqwest, cold build", 1.25),
    Target::Figure(Subject::Builds, "essbasic, blocking, bytes above ureq", 409_600.0),
    Target::Figure(Subject::Builds, "essbasic, async, bytes above reqwest", 409_600.0),
    Target::Figure(Subject::Builds, "essbasic, hyper, bytes above reqwest", 409_600.0),
    Target::Figure(Subject::Generator, "codegen --check, CPU s", 1.0),
    Target::Figure(Subject::Generator, "sweep of all versions, CPU s", 60.0),
];

/// Prints how each target fares; those that are missed are the error. What could not be measured is said.
pub(super) fn check(measured: &Measured) -> Result<(), Error> {
    println!("| target | at most | measured | |\n|---|---|---|---|");
    let mut missed = Vec::new();
    for (name, limit, figure) in TARGETS.iter().flat_map(|target| of(target, measured)) {
        let (figure, verdict) = match figure {
            None => ("-".to_owned(), "not measured"),
            Some(figure) if figure <= limit => (format!("{figure:.3}"), "holds"),
            Some(figure) => {
                missed.push(format!("{name}: {figure:.3}, and at most {limit:.3} is the target"));
                (format!("{figure:.3}"), "missed")
            }
        };
        println!("| {name} | {limit:.3} | {figure} | {verdict} |");
    }
    if missed.is_empty() { Ok(()) } else { Err(Error::new(missed.join("\n"))) }
}

/// What it says of which figures: name, limit, figure. Nothing of what nobody asked for.
fn of(target: &Target, measured: &Measured) -> Vec<(String, f64, Option<f64>)> {
    if let Target::Figure(subject, name, limit) = *target {
        let figures = measured.figures.get(&subject).into_iter();
        return figures.map(|all| (name.to_owned(), limit, all.get(name).copied())).collect();
    }
    let Some(Calls { rounds, parts }) = &measured.calls else { return Vec::new() };
    match *target {
        Target::Figure(..) => Vec::new(),
        Target::Part(name, limit) => vec![(name.to_owned(), limit, parts.ratio(name))],
        Target::Allocations(name, limit) => {
            let pair = parts.counted().iter().find(|pair| pair.name == name);
            let count = pair.and_then(|pair| pair.ours_allocations);
            let name = format!("{name}, allocations");
            vec![(name, limit as f64, count.map(|count| count as f64))]
        }
        Target::Calls(name, other, at_once, limit) => [1, at_once]
            .map(|concurrency| {
                let ratio = rounds.cpu_ratio(name, other, concurrency);
                (format!("{name} / {other}, {concurrency} at once"), limit, ratio)
            })
            .to_vec(),
    }
}
