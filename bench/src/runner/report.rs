//! Report of `calls`, as Markdown and JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::clients::{Competitor, Driver};
use super::numbers::{Cost, Parts, Rounds};

/// Medians of the rounds.
#[derive(Serialize)]
pub(super) struct Report {
    cpu_model: String,
    cores: usize,
    calls: Vec<Row>,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Row {
    competitor: &'static str,
    driver: &'static str,
    /// Number of threads or calls in flight.
    concurrency: usize,
    cpu_us: f64,
    /// Ratio to the CPU time of our client with the same driver.
    cpu_ratio: f64,
    wall_us: f64,
    allocations: Option<f64>,
    peak_kib: f64,
}

#[derive(Serialize)]
struct Part {
    name: String,
    ours_ns: f64,
    other: String,
    other_ns: f64,
    ratio: f64,
    ours_allocations: Option<u64>,
    other_allocations: Option<u64>,
}

impl Report {
    pub(super) fn of(competitors: &[Competitor], rounds: &Rounds, parts: &Parts) -> Self {
        let sequential = competitors.iter().map(|competitor| (competitor, 1));
        let concurrent = competitors.iter().map(|one| (one, one.driver.concurrency()));
        let row = |(competitor, concurrency): (&Competitor, usize)| {
            let median =
                |figure: fn(&Cost) -> f64| rounds.median(competitor.name, concurrency, figure);
            Some(Row {
                competitor: competitor.name,
                driver: if competitor.driver == Driver::Async { "async" } else { "blocking" },
                concurrency,
                cpu_us: median(Cost::cpu_us)?,
                cpu_ratio: rounds.cpu_ratio(
                    competitor.name,
                    competitor.driver.ours(),
                    concurrency,
                )?,
                wall_us: median(Cost::wall_us)?,
                allocations: rounds.allocations(competitor.name, concurrency),
                peak_kib: median(|cost| cost.peak_kib.unwrap_or_default() as f64)?,
            })
        };
        let part = |pair: &super::numbers::Pair| {
            Some(Part {
                name: pair.name.clone(),
                ours_ns: parts.median(&pair.name, |pair| pair.ours_ns)?,
                other: pair.other.clone(),
                other_ns: parts.median(&pair.name, |pair| pair.other_ns)?,
                ratio: parts.ratio(&pair.name)?,
                ours_allocations: pair.ours_allocations,
                other_allocations: pair.other_allocations,
            })
        };
        Self {
            cpu_model: cpu_model().unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            calls: sequential.chain(concurrent).filter_map(row).collect(),
            parts: parts.counted().iter().filter_map(part).collect(),
        }
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!("{} cores, {}\n", self.cores, self.cpu_model);
        text.push_str("\n| client | kind | in flight | CPU, µs | × ours | wall, µs | allocations | peak, MiB |\n");
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for row in &self.calls {
            let allocations = row.allocations.map_or("-".to_owned(), |count| format!("{count:.0}"));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.1} | {:.2} | {:.1} | {allocations} | {:.1} |",
                row.competitor,
                row.driver,
                row.concurrency,
                row.cpu_us,
                row.cpu_ratio,
                row.wall_us,
                row.peak_kib / 1024.0,
            );
        }
        text.push_str("\n| part | ours, ns | baseline | its ns | ratio | our allocations | its allocations |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for part in &self.parts {
            let count =
                |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
            let _ = writeln!(
                text,
                "| {} | {:.0} | {} | {:.0} | {:.2} | {} | {} |",
                part.name,
                part.ours_ns,
                part.other,
                part.other_ns,
                part.ratio,
                count(part.ours_allocations),
                count(part.other_allocations),
            );
        }
        text
    }
}

fn cpu_model() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}
