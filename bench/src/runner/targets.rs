//! Targets of `cargo xtask bench --check`.

use std::collections::BTreeMap;

use super::Subject;
use super::calls::Calls;
use super::error::Error;
use super::numbers::Rounds;

/// Figures of a subject, by name.
pub(super) type Figures = BTreeMap<String, f64>;

/// Results of the chosen subjects.
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
    /// Ratio of the time of a part to its baseline.
    Part(&'static str, f64),
    /// Number of allocations of a part.
    Allocations(&'static str, u64),
    /// Ratio of the CPU times of a call by two clients, with one call and with a number of calls in flight.
    Calls(&'static str, &'static str, usize, f64),
    /// The same with only this number of calls in flight.
    InFlight(&'static str, &'static str, usize, f64),
    /// Figure of another subject.
    Figure(Subject, &'static str, f64),
}

const TARGETS: &[Target] = &[
    Target::Part("sign 256 B", 1.10),
    Target::Part("sign 2 KiB", 1.10),
    // The header value.
    Target::Allocations("sign 256 B", 1),
    Target::Allocations("sign 2 KiB", 1),
    Target::Part("encode", 1.05),
    Target::Part("decode", 0.80),
    Target::Calls("ours, async", "reqwest", 64, 1.05),
    Target::InFlight("ours, hyper", "hyper", 1, 1.0),
    Target::InFlight("ours, hyper", "hyper", 64, 0.95),
    Target::Calls("ours, blocking", "ureq", 8, 1.05),
    Target::Calls("ours, async", "tencentcloud-sdk", 64, 1.0),
    Target::Calls("ours, async", "tencent-sdk, async", 64, 1.0),
    Target::Calls("ours, blocking", "tencent-sdk, blocking", 8, 1.0),
    Target::Calls("ours, blocking", "the Python SDK", 8, 1.0 / 15.0),
    Target::Calls("ours, async", "the Node SDK", 64, 1.0 / 10.0),
    // The floor: docs/performance.md.
    Target::Part("callback, 1 party", 3.6),
    Target::Part("callback, 50 parties", 5.3),
    Target::Part("callback, 1 party, typed", 1.05),
    Target::Part("callback, 50 parties, typed", 1.05),
    // Wall time: 90 % of the files per second.
    Target::Figure(Subject::Archive, "ours, blocking / ureq, files synced", 1.0 / 0.9),
    Target::Figure(Subject::Archive, "ours, async / reqwest, files synced", 1.0 / 0.9),
    Target::Figure(Subject::Memory, "ours, blocking, additional bytes per contract", 64.0),
    Target::Figure(Subject::Memory, "ours, async, additional bytes per contract", 64.0),
    Target::Figure(Subject::Builds, "models, CPU of `flows` / its lines", 1.5),
    // The floor: docs/performance.md.
    Target::Figure(Subject::Builds, "essbasic, blocking / ureq, hmac and sha2, cold build", 1.5),
    Target::Figure(Subject::Builds, "essbasic, async / reqwest, cold build", 1.2),
    Target::Figure(Subject::Builds, "essbasic, async / octocrab, cold build", 0.65),
    Target::Figure(Subject::Builds, "essbasic, async / aws-sdk-sts, cold build", 0.5),
    Target::Figure(Subject::Builds, "essbasic, hyper / reqwest, cold build", 1.25),
    Target::Figure(Subject::Builds, "essbasic, blocking, bytes above ureq", 409_600.0),
    Target::Figure(Subject::Builds, "essbasic, async, bytes above reqwest", 409_600.0),
    Target::Figure(Subject::Builds, "essbasic, hyper, bytes above reqwest", 409_600.0),
    // Half of the requests per second.
    Target::Figure(Subject::Emulator, "emulator / bare hyper, CPU per request", 2.0),
    Target::Figure(Subject::Emulator, "emulator, ms until it listens", 50.0),
    Target::Figure(Subject::Emulator, "essbasic --help, ms until its first output", 5.0),
    Target::Figure(Subject::Generator, "codegen --check, CPU s", 1.0),
    Target::Figure(Subject::Generator, "sweep of all versions, CPU s", 60.0),
    // The smaller of five times the vendor's dispatcher, and 0.8 callbacks of each connection per synchronization of the disk.
    Target::Figure(Subject::Server, "callbacks, SQLite: required / measured", 1.0),
    Target::Figure(Subject::Server, "callbacks, PostgreSQL: required / measured", 1.0),
    // A fifth of the dispatcher's.
    Target::Figure(Subject::Server, "peak, MB, SQLite", 24.0),
    Target::Figure(Subject::Server, "peak, MB, SQLite, with history", 24.0),
    Target::Figure(Subject::Server, "peak, MB, PostgreSQL", 24.0),
    Target::Figure(Subject::Server, "peak, MB, PostgreSQL, with history", 24.0),
    Target::Figure(Subject::Server, "files, SQLite: `essbasic archive` / replica", 1.0 / 0.8),
    Target::Figure(Subject::Server, "files, PostgreSQL: `essbasic archive` / replica", 1.0 / 0.8),
    Target::Figure(Subject::Server, "requests: 20 per second / three replicas", 1.0 / 0.93),
    Target::Figure(Subject::Server, "requests of three replicas in any second", 20.0),
    Target::Figure(Subject::Server, "idle, % of a core, SQLite", 0.5),
    Target::Figure(Subject::Server, "idle, % of a core, SQLite, with history", 0.5),
    Target::Figure(Subject::Server, "idle, % of a core, PostgreSQL", 0.5),
    Target::Figure(Subject::Server, "idle, % of a core, PostgreSQL, with history", 0.5),
    Target::Figure(Subject::Server, "callbacks, SQLite: time with history / without", 1.1),
    Target::Figure(Subject::Server, "callbacks, PostgreSQL: time with history / without", 1.1),
    Target::Figure(Subject::Server, "files, SQLite: time with history / without", 1.1),
    Target::Figure(Subject::Server, "files, PostgreSQL: time with history / without", 1.1),
];

/// Prints the result of each target.
///
/// # Errors
/// Returns an error that lists the missed targets.
pub(super) fn check(measured: &Measured) -> Result<(), Error> {
    println!("| target | at most | measured | |\n|---|---|---|---|");
    let mut missed = Vec::new();
    for (name, limit, figure) in TARGETS.iter().flat_map(|target| of(target, measured)) {
        let (figure, verdict) = match figure {
            None => ("-".to_owned(), "not measured"),
            Some(figure) if figure <= limit => (format!("{figure:.3}"), "holds"),
            Some(figure) => {
                missed
                    .push(format!("missed target {name}: {figure:.3}, at most {limit:.3} allowed"));
                (format!("{figure:.3}"), "missed")
            }
        };
        println!("| {name} | {limit:.3} | {figure} | {verdict} |");
    }
    if missed.is_empty() { Ok(()) } else { Err(Error::new(missed.join("\n"))) }
}

/// Returns name, limit and figure of a target; nothing if its subject was not measured.
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
        Target::InFlight(name, other, concurrency, limit) => {
            vec![in_flight(rounds, (name, other), concurrency, limit)]
        }
        Target::Calls(name, other, concurrency, limit) => [1, concurrency]
            .map(|concurrency| in_flight(rounds, (name, other), concurrency, limit))
            .to_vec(),
    }
}

fn in_flight(
    rounds: &Rounds,
    (name, other): (&str, &str),
    concurrency: usize,
    limit: f64,
) -> (String, f64, Option<f64>) {
    let ratio = rounds.cpu_ratio(name, other, concurrency);
    (format!("{name} / {other}, {concurrency} in flight"), limit, ratio)
}
