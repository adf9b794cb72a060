//! What a call costs, beside what others make of the same call.
//!
//! Shared by the criterion benches, by the processes of `cargo xtask bench` and by those of `peers/`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed assumption ends the measurement; what is measured goes to the standard output"
)]

pub mod answer;
pub mod archive;
pub mod contenders;
pub mod measure;
pub mod minimal;
pub mod ours;
pub mod plain;

/// The action that is called.
pub const ACTION: &str = "DescribeResourceUrlsByFlows";
/// The service of [`ACTION`].
pub const SERVICE: &str = "essbasic";
/// The version of [`SERVICE`].
pub const VERSION: &str = "2021-05-26";

/// With whose keys requests are signed: nobody's, nobody checks them.
pub const SECRET_ID: &str = "AKIDBENCHBENCHBENCHBENCHBENCHBENCHBE";
/// See [`SECRET_ID`].
pub const SECRET_KEY: &str = "BenchBenchBenchBenchBenchBenchBe";

/// Contracts in a call: as many as the service takes.
pub const FLOWS: usize = 50;

/// The ids of so many contracts, as long as the service's are.
pub fn flow_ids(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("yDwhsUUckp3gl8j5UuFX33LSNo{index:06}")).collect()
}

/// Any error that ends a measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
