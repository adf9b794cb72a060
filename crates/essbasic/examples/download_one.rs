//! Waits until every party has signed a contract, and downloads its PDF:
//!
//! ```sh
//! TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=... \
//! ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=... \
//!     cargo run -p essbasic --features async --example download_one -- FLOW_ID
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its result")]

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

use essbasic::{Client, Config, DownloadOptions, WaitOptions, WaitOutcome, agent, credentials};

/// Waits for one contract and downloads its files.
pub async fn download(
    client: &Client,
    flow_id: &str,
    folder: &Path,
) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let waits = client.wait([flow_id], &WaitOptions::default()).await?;
    match waits.first().map(|flow| &flow.outcome) {
        Some(WaitOutcome::Signed) => {}
        // The reason was written by a person, and may be confidential.
        Some(WaitOutcome::Ended { status, reason: _ }) => {
            return Err(format!("{flow_id} ended with status {status}").into());
        }
        other => return Err(format!("{flow_id} is not signed: {other:?}").into()),
    }
    // A link expires after five minutes. It is requested here, and again if it has expired.
    let report = client.download([flow_id], &DownloadOptions::to(folder)).await?;
    match report.flows.into_iter().next() {
        Some(flow) => match flow.error {
            None => Ok(flow.files.into_iter().filter_map(|file| file.path).collect()),
            Some(error) => Err(error.into()),
        },
        None => Ok(Vec::new()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let flow_id = env::args().nth(1).ok_or("usage: download_one FLOW_ID")?;
    let [app, organization, operator] =
        ["ESSBASIC_APP_ID", "ESSBASIC_ORGANIZATION", "ESSBASIC_OPERATOR"].map(env::var);
    let agent = agent(app?, organization?, operator?);
    let client = Client::new(Config::new(credentials::default_chain()), agent)?;
    for path in download(&client, &flow_id, Path::new("contracts")).await? {
        println!("{}", path.display());
    }
    Ok(())
}
