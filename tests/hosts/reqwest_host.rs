//! A program's own use of reqwest.

use crate::support::{Result, ca, endpoints};

/// Uses reqwest as a program without the SDK does.
pub(crate) async fn host() -> Result<()> {
    let [http, https] = endpoints()?;
    reqwest::Client::new().get(&http).send().await?;
    let root = reqwest::Certificate::from_pem(&ca()?)?;
    let client = reqwest::Client::builder().no_proxy().tls_certs_merge([root]).build()?;
    client.get(&https).send().await?;
    Ok(())
}
