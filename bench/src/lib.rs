//! A call and an archive by this SDK, by hand-written baselines and by other clients.
//!
//! Shared by the criterion benchmarks, by the processes of `cargo xtask bench` and by those of `peers/`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed measurement ends the process; results are written to standard output"
)]

pub mod archive;
pub mod competitors;
pub mod measure;
pub mod minimal;
pub mod ours;
pub mod plain;
pub mod response;

/// The action of the call.
pub const ACTION: &str = "DescribeResourceUrlsByFlows";
/// The service of [`ACTION`].
pub const SERVICE: &str = "essbasic";
/// The version of [`SERVICE`].
pub const VERSION: &str = "2021-05-26";

/// ID of the key that signs requests; the server does not verify signatures.
pub const SECRET_ID: &str = "AKIDBENCHBENCHBENCHBENCHBENCHBENCHBE";
/// Key of [`SECRET_ID`].
pub const SECRET_KEY: &str = "BenchBenchBenchBenchBenchBenchBe";

/// Number of contracts in a call, the maximum of the service.
pub const FLOWS: usize = 50;

/// Returns `count` contract IDs of the service's length.
pub fn flow_ids(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("yDwhsUUckp3gl8j5UuFX33LSNo{index:06}")).collect()
}

/// Error that ends a measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
