//! The SDK with its default features next to rustls with its default features.

#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../rustls_host.rs"]
mod rustls_host;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use support::{FLOW, Result, check, config, endpoints, operator};

async fn sdk() -> Result<()> {
    for endpoint in endpoints()? {
        let client = Client::new(config(&endpoint)?, operator()?)?;
        check(client.details([FLOW]).await?)?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    sdk().await?;
    rustls_host::handshake(rustls_host::default_config()?)?;
    sdk().await
}
