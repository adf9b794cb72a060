//! The processes of `cargo xtask bench archive`: contracts of an emulator to files in a folder, by this SDK
//! and by a bare loop over the client under it.
//!
//! The loop asks for links, fifty a call, fetches each file and puts it on disk. It looks no contract up,
//! checks nothing of what comes and remembers nothing.

mod disk;
mod emulate;
mod looped;
mod ours;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use essbasic_models::{Agent, DescribeResourceUrlsByFlowsRequest};
use tc3_client::credentials::Credential;
use tc3_client::{Config, RateLimit};

use self::disk::Durable;

/// What to do.
struct Job {
    endpoint: String,
    /// Ids of contracts, one a line.
    ids: PathBuf,
    folder: PathBuf,
    /// Downloads at a time.
    concurrency: usize,
}

/// `emulate FLOWS BYTES`, or `NAME ENDPOINT IDS FOLDER CONCURRENCY`.
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
        "reqwest-synced" => looped::asynchronous(&job, Durable::Synced),
        "reqwest-unsynced" => looped::asynchronous(&job, Durable::Not),
        "ureq-synced" => looped::blocking(&job, Durable::Synced),
        "ureq-unsynced" => looped::blocking(&job, Durable::Not),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

impl Job {
    /// Read as they are needed: all of them would be most of the memory.
    fn ids(&self) -> impl Iterator<Item = String> + Send + use<> {
        BufReader::new(File::open(&self.ids).unwrap()).lines().map(Result::unwrap)
    }

    /// The defaults, but for the rate limit, which would be all that is measured.
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

/// For the next links; `None` where there are no more contracts.
fn request(ids: &mut impl Iterator<Item = String>) -> Option<DescribeResourceUrlsByFlowsRequest> {
    let batch: Vec<String> = ids.take(crate::FLOWS).collect();
    (!batch.is_empty()).then(|| DescribeResourceUrlsByFlowsRequest::new(agent(), batch))
}
