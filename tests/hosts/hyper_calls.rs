//! Calls of the SDK on hyper with a TLS configuration of the program.

use essbasic::Client;
use essbasic::transport::HyperTransport;

use crate::support::{FLOW, Result, check, config_without_root, endpoints, operator, transport};

/// Calls the emulator on https.
pub(crate) async fn sdk_with(tls: rustls::ClientConfig) -> Result<()> {
    let [_, https] = endpoints()?;
    let transport = HyperTransport::with_rustls_config(&transport(), tls)?;
    let client = Client::with_transport(config_without_root(&https)?, operator()?, transport)?;
    check(client.details([FLOW]).await?)
}
