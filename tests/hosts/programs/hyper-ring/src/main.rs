//! The SDK on hyper with ring, next to rustls with ring.

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
    calls::sdk(Client::on_hyper).await?;
    assert!(rustls::crypto::CryptoProvider::get_default().is_none(), "the SDK installs a default");
    let tls = rustls_host::default_config()?;
    rustls_host::handshake(tls.clone())?;
    hyper_calls::sdk_with(tls).await?;
    calls::sdk(Client::on_hyper).await
}
