//! The processes of `cargo xtask bench archive`: contracts of an emulator to files in a folder, by this SDK
//! and by a hand-written loop over the same HTTP client.
//!
//! The loop requests links for 50 contracts at a time, fetches each file and writes it. It reads no status,
//! verifies no content and keeps no journal.

mod baseline;
mod disk;
mod emulate;
mod ours;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use essbasic_models::{Agent, DescribeResourceUrlsByFlowsRequest};
use tc3_client::credentials::Credential;
use tc3_client::{Config, RateLimit};

use self::disk::Durability;

/// Contracts to archive.
struct Job {
    endpoint: String,
    /// File with contract IDs, one per line.
    ids: PathBuf,
    folder: PathBuf,
    /// Number of concurrent downloads.
    concurrency: usize,
}

/// Runs `emulate FLOWS BYTES`, or `NAME ENDPOINT IDS FOLDER CONCURRENCY`.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, job) = match *arguments {
        ["emulate", flows, bytes] => {
            emulate::run(flows.parse().unwrap(), bytes.parse().unwrap());
            return ExitCode::SUCCESS;
        }
        [name, endpoint, ids, folder, concurrency] => {
            let (ids, folder) = (ids.into(), folder.into());
            let concurrency = concurrency.parse().unwrap();
            (name, Job { endpoint: endpoint.to_owned(), ids, folder, concurrency })
        }
        _ => return ExitCode::FAILURE,
    };
    match name {
        "ours-async" => ours::asynchronous(&job),
        "ours-blocking" => ours::blocking(&job),
        "reqwest-synced" => baseline::asynchronous(&job, Durability::Synced),
        "reqwest-unsynced" => baseline::asynchronous(&job, Durability::Unsynced),
        "ureq-synced" => baseline::blocking(&job, Durability::Synced),
        "ureq-unsynced" => baseline::blocking(&job, Durability::Unsynced),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

impl Job {
    /// Reads the contract IDs one at a time; all of them would be most of the memory.
    fn ids(&self) -> impl Iterator<Item = String> + Send + use<> {
        BufReader::new(File::open(&self.ids).unwrap()).lines().map(Result::unwrap)
    }

    /// Returns the default configuration without rate limit.
    fn config(&self) -> Config {
        Config::new(Credential::new(SECRET_ID, SECRET_KEY))
            .with_endpoint_url(&self.endpoint)
            .unwrap()
            .with_rate_limit(RateLimit::Off)
    }
}

fn agent() -> Agent {
    essbasic::agent(APP_ID, ORGANIZATION, OPERATOR)
}

/// Returns the request for the next links; `None` if there are no more contracts.
fn request(ids: &mut impl Iterator<Item = String>) -> Option<DescribeResourceUrlsByFlowsRequest> {
    let batch: Vec<String> = ids.take(crate::FLOWS).collect();
    (!batch.is_empty()).then(|| DescribeResourceUrlsByFlowsRequest::new(agent(), batch))
}
