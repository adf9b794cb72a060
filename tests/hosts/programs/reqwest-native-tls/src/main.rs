//! The SDK next to reqwest with native-tls, which both then use.

#[path = "../../../calls.rs"]
mod calls;
#[path = "../../../reqwest_host.rs"]
mod reqwest_host;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use support::Result;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    reqwest_host::host().await?;
    calls::sdk(Client::new).await
}
