//! The SDK on hyper with AWS-LC, next to rustls with its default features.

#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../rustls_host.rs"]
mod rustls_host;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use essbasic::transport::HyperTransport;
use support::{FLOW, Result, check, config, config_without_root, endpoints, operator, transport};

async fn sdk() -> Result<()> {
    for endpoint in endpoints()? {
        let client = Client::on_hyper(config(&endpoint)?, operator()?)?;
        check(client.details([FLOW]).await?)?;
    }
    Ok(())
}

/// Uses the SDK with a configuration of the program.
async fn sdk_with(tls: rustls::ClientConfig) -> Result<()> {
    let [_, https] = endpoints()?;
    let transport = HyperTransport::with_rustls_config(&transport(), tls)?;
    let client = Client::with_transport(config_without_root(&https)?, operator()?, transport)?;
    check(client.details([FLOW]).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    sdk().await?;
    assert!(rustls::crypto::CryptoProvider::get_default().is_none(), "the SDK installs a default");
    let tls = rustls_host::default_config()?;
    rustls_host::handshake(tls.clone())?;
    sdk_with(tls).await?;
    sdk().await
}
