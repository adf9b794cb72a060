//! Waits until one contract is signed by all, and downloads its PDF:
//!
//! ```sh
//! TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=... \
//! ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=... \
//!     cargo run -p essbasic --features async --example download_one -- FLOW_ID
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

use essbasic::{Client, Config, DownloadOptions, WaitOptions, WaitOutcome, agent, credentials};

/// The files of one contract, once it is signed by all.
pub async fn download(
    client: &Client,
    flow_id: &str,
    folder: &Path,
) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let waited = client.wait([flow_id], &WaitOptions::default()).await?;
    match waited.first().map(|flow| &flow.outcome) {
        Some(WaitOutcome::Signed) => {}
        // Why somebody refused is theirs to read, not an error's to show.
        Some(WaitOutcome::Ended { status, reason: _ }) => {
            return Err(format!("{flow_id} will have no file: it is {status}").into());
        }
        other => return Err(format!("{flow_id} has no file yet: {other:?}").into()),
    }
    // The link dies after five minutes; it is asked for here, and again where that was too late.
    let report = client.download([flow_id], &DownloadOptions::to(folder)).await?;
    match report.flows.into_iter().next() {
        Some(flow) => match flow.error {
            None => Ok(flow.files.into_iter().map(|file| file.path).collect()),
            Some(error) => Err(error.into()),
        },
        None => Ok(Vec::new()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let flow_id = env::args().nth(1).ok_or("give the contract's id")?;
    let [app, organization, operator] =
        ["ESSBASIC_APP_ID", "ESSBASIC_ORGANIZATION", "ESSBASIC_OPERATOR"].map(env::var);
    let agent = agent(app?, organization?, operator?);
    let client = Client::new(Config::new(credentials::default_chain()), agent)?;
    for path in download(&client, &flow_id, Path::new("contracts")).await? {
        println!("{}", path.display());
    }
    Ok(())
}
