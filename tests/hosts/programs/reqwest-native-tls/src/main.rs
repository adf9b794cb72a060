//! The SDK next to reqwest with native-tls, which both then use.

#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use support::{FLOW, Result, ca, check, config, endpoints, operator};

/// Uses reqwest as a program does, without knowing of the SDK.
async fn host() -> Result<()> {
    let [http, https] = endpoints()?;
    reqwest::Client::new().get(&http).send().await?;
    let root = reqwest::Certificate::from_pem(&ca()?)?;
    let client = reqwest::Client::builder().no_proxy().tls_certs_merge([root]).build()?;
    client.get(&https).send().await?;
    Ok(())
}

async fn sdk() -> Result<()> {
    for endpoint in endpoints()? {
        let client = Client::new(config(&endpoint)?, operator()?)?;
        check(client.details([FLOW]).await?)?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    host().await?;
    sdk().await
}
