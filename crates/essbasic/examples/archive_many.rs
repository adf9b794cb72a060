//! Archives the contracts whose IDs are in a file, one per line. A second run continues the first:
//!
//! ```sh
//! TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=... \
//! ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=... \
//!     cargo run -p essbasic --features blocking --example archive_many -- ids.txt archive
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its result")]

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use essbasic::blocking::Client;
use essbasic::{ArchiveOptions, Config, NameTemplate, agent, credentials};

/// Archives contracts, prints the reason of each failure, and returns whether all contracts are saved.
pub fn archive(client: &Client, ids: &Path, folder: &Path) -> Result<bool, Box<dyn Error>> {
    // The IDs are read on demand, so that the file may have any length.
    let ids = BufReader::new(File::open(ids)?).lines().map_while(Result::ok);
    let ids = ids.filter(|id| !id.trim().is_empty());
    let names: NameTemplate = "{date}-{name}-{flow_id}".parse()?;
    let options = ArchiveOptions::to(folder).with_names(names).with_concurrency(16);
    let report = client.archive(ids, &options)?;
    println!(
        "{} contracts: {} saved, {} saved before, {} failed",
        report.total, report.saved, report.already, report.failed
    );
    for flow in report.flows()? {
        let flow = flow?;
        if let Some(error) = flow.error {
            println!("{}: {error}", flow.flow_id);
        }
    }
    Ok(report.is_complete())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(ids), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: archive_many IDS_FILE FOLDER".into());
    };
    let [app, organization, operator] =
        ["ESSBASIC_APP_ID", "ESSBASIC_ORGANIZATION", "ESSBASIC_OPERATOR"].map(env::var);
    let agent = agent(app?, organization?, operator?);
    let client = Client::new(Config::new(credentials::default_chain()), agent)?;
    match archive(&client, Path::new(&ids), Path::new(&folder))? {
        true => Ok(()),
        false => Err("some contracts are not saved; run the same command again".into()),
    }
}
