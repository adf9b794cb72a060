//! The report: a row for each property, and the evidence of violations.

use std::fmt::Display;

/// Violations of a property that are printed at most.
const MAX_SHOWN: usize = 5;

/// Report of a trial.
#[derive(Default)]
pub(crate) struct Report {
    facts: Vec<(String, String)>,
    properties: Vec<Property>,
}

/// A checked property.
pub(crate) struct Property {
    name: &'static str,
    /// Number of checked items.
    checked: usize,
    /// Evidence of violations.
    violations: Vec<String>,
}

impl Property {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, checked: 0, violations: Vec::new() }
    }

    /// Counts an item, and adds the evidence if the property does not hold.
    pub(crate) fn check(&mut self, holds: bool, evidence: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations.push(evidence());
        }
    }

    /// Adds violations of a property that is checked elsewhere.
    pub(crate) fn with_violations(mut self, checked: usize, violations: Vec<String>) -> Self {
        self.checked += checked;
        self.violations.extend(violations);
        self
    }
}

impl Report {
    /// Adds a row that is not checked.
    pub(crate) fn fact(&mut self, name: &str, value: impl Display) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    pub(crate) fn add(&mut self, properties: impl IntoIterator<Item = Property>) {
        self.properties.extend(properties);
    }

    pub(crate) fn is_success(&self) -> bool {
        self.properties.iter().all(|property| property.violations.is_empty())
    }

    /// Prints the table, and the evidence of violations.
    pub(crate) fn print(&self) {
        for (name, value) in &self.facts {
            println!("{name:<34} {value}");
        }
        println!("\n{:<58} {:>8} {:>10}", "property", "checked", "violations");
        for Property { name, checked, violations } in &self.properties {
            println!("{name:<58} {checked:>8} {:>10}", violations.len());
        }
        for Property { name, violations, .. } in &self.properties {
            if !violations.is_empty() {
                println!("\nviolated: {name}");
            }
            for violation in violations.iter().take(MAX_SHOWN) {
                println!("  {violation}");
            }
        }
        println!("\n{}", if self.is_success() { "all properties hold" } else { "FAILED" });
    }
}
