//! The SDK on hyper without a TLS provider. The program passes a configuration, or installs a default.

#[path = "../../../calls.rs"]
mod calls;
#[path = "../../../hyper_calls.rs"]
mod hyper_calls;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../rustls_host.rs"]
mod rustls_host;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use support::Result;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let error = calls::sdk(Client::on_hyper).await.err().ok_or("there is a provider")?;
    assert!(error.to_string().contains("enable the feature `ring` or `aws-lc-rs`"), "{error}");
    let provider = rustls::crypto::ring::default_provider();
    let tls = rustls::ClientConfig::builder_with_provider(provider.clone().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls_host::roots()?)
        .with_no_client_auth();
    hyper_calls::sdk_with(tls).await?;
    provider.install_default().map_err(|_| "the SDK has installed a default")?;
    calls::sdk(Client::on_hyper).await
}
