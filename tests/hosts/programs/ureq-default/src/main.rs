//! The SDK on ureq, next to ureq with its default features and to rustls with ring.

#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../rustls_host.rs"]
mod rustls_host;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::blocking::Client;
use essbasic::transport::UreqTransport;
use support::{
    FLOW, Result, ca, check, config, config_without_root, endpoints, operator, transport,
};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Uses ureq as a program does, without knowing of the SDK.
fn host() -> Result<()> {
    let [http, https] = endpoints()?;
    let root = Certificate::from_pem(&ca()?)?;
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[root])).build();
    let config = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false);
    let agent = ureq::Agent::new_with_config(config.proxy(None).build());
    agent.get(&http).call()?;
    agent.get(&https).call()?;
    Ok(())
}

fn sdk() -> Result<()> {
    for endpoint in endpoints()? {
        let client = Client::new(config(&endpoint)?, operator()?)?;
        check(client.details([FLOW])?)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    host()?;
    sdk()?;
    let tls = rustls_host::default_config()?;
    rustls_host::handshake(tls.clone())?;
    let [_, https] = endpoints()?;
    let transport = UreqTransport::with_rustls_config(&transport(), tls)?;
    let client = Client::with_transport(config_without_root(&https)?, operator()?, transport)?;
    check(client.details([FLOW])?)?;
    sdk()
}
