//! The SDK on hyper without a TLS provider. The program passes a configuration, or installs a default.

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
    let error = sdk().await.err().ok_or("there is a provider")?;
    assert!(error.to_string().contains("enable the feature `ring` or `aws-lc-rs`"), "{error}");
    let provider = rustls::crypto::ring::default_provider();
    let tls = rustls::ClientConfig::builder_with_provider(provider.clone().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls_host::roots()?)
        .with_no_client_auth();
    sdk_with(tls).await?;
    provider.install_default().map_err(|_| "the SDK has installed a default")?;
    sdk().await
}
