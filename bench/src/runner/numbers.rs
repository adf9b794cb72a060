//! Measured costs and their medians.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Cost of a run, as printed by the competitor.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Cost {
    pub(super) calls: u64,
    pub(super) wall_seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) allocations_per_call: Option<f64>,
    pub(super) peak_kib: Option<u64>,
}

impl Cost {
    pub(super) fn cpu_us(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.calls as f64
    }

    pub(super) fn wall_us(&self) -> f64 {
        self.wall_seconds * 1e6 / self.calls as f64
    }
}

/// A part of a call and its baseline, as printed by `competitor micro`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) other: String,
    pub(super) ours_ns: f64,
    pub(super) other_ns: f64,
    pub(super) ours_allocations: Option<u64>,
    pub(super) other_allocations: Option<u64>,
}

/// Costs of all runs by competitor and concurrency, in the order of the rounds.
#[derive(Default)]
pub(super) struct Rounds {
    costs: BTreeMap<(String, usize), Vec<Cost>>,
    allocations: BTreeMap<(String, usize), f64>,
}

impl Rounds {
    pub(super) fn add(&mut self, name: &str, concurrency: usize, cost: Cost) {
        self.costs.entry((name.to_owned(), concurrency)).or_default().push(cost);
    }

    pub(super) fn set_allocations(&mut self, name: &str, concurrency: usize, allocations: f64) {
        self.allocations.insert((name.to_owned(), concurrency), allocations);
    }

    pub(super) fn allocations(&self, name: &str, concurrency: usize) -> Option<f64> {
        self.allocations.get(&(name.to_owned(), concurrency)).copied()
    }

    fn costs(&self, name: &str, concurrency: usize) -> &[Cost] {
        self.costs.get(&(name.to_owned(), concurrency)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn median(
        &self,
        name: &str,
        concurrency: usize,
        figure: impl Fn(&Cost) -> f64,
    ) -> Option<f64> {
        median(self.costs(name, concurrency).iter().map(figure))
    }

    /// Returns the median ratio of CPU times within a round.
    pub(super) fn cpu_ratio(&self, name: &str, other: &str, concurrency: usize) -> Option<f64> {
        self.ratio(name, other, concurrency, Cost::cpu_us)
    }

    /// Returns the median ratio of a figure within a round.
    pub(super) fn ratio(
        &self,
        name: &str,
        other: &str,
        concurrency: usize,
        figure: fn(&Cost) -> f64,
    ) -> Option<f64> {
        let rounds = self.costs(name, concurrency).iter().zip(self.costs(other, concurrency));
        median(rounds.map(|(cost, other)| figure(cost) / figure(other)))
    }
}

/// Costs of the parts in all rounds.
#[derive(Default)]
pub(super) struct Parts {
    rounds: Vec<Vec<Pair>>,
    counted: Vec<Pair>,
}

impl Parts {
    pub(super) fn add(&mut self, round: Vec<Pair>) {
        self.rounds.push(round);
    }

    pub(super) fn set_allocations(&mut self, counted: Vec<Pair>) {
        self.counted = counted;
    }

    /// Returns the parts with their allocations.
    pub(super) fn counted(&self) -> &[Pair] {
        &self.counted
    }

    pub(super) fn median(&self, name: &str, figure: impl Fn(&Pair) -> f64) -> Option<f64> {
        let named = |round: &Vec<Pair>| round.iter().find(|pair| pair.name == name).cloned();
        median(self.rounds.iter().filter_map(named).map(|pair| figure(&pair)))
    }

    pub(super) fn ratio(&self, name: &str) -> Option<f64> {
        self.median(name, |pair| pair.ours_ns / pair.other_ns)
    }
}

/// Returns the median; of an even number of values the mean of the middle two.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get(values.len().saturating_sub(1) / 2)?;
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cpu_seconds: f64) -> Cost {
        Cost {
            calls: 10,
            wall_seconds: 1.0,
            cpu_seconds,
            allocations_per_call: None,
            peak_kib: None,
        }
    }

    #[test]
    fn ratios_compare_runs_of_the_same_round() {
        let mut rounds = Rounds::default();
        for (ours, other) in [(1.0, 2.0), (8.0, 16.0), (3.0, 4.0)] {
            rounds.add("ours", 1, cost(ours));
            rounds.add("other", 1, cost(other));
        }
        assert_eq!(rounds.cpu_ratio("ours", "other", 1), Some(0.5));
        assert_eq!(rounds.cpu_ratio("ours", "other", 64), None);
        assert_eq!(rounds.median("ours", 1, Cost::cpu_us), Some(300_000.0));
        rounds.add("ours", 1, cost(9.0));
        assert_eq!(rounds.median("ours", 1, Cost::cpu_us), Some(550_000.0), "between 3 and 8");
    }
}
