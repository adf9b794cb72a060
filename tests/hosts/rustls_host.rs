//! A program's own use of rustls.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::support::{Result, ca, endpoints};

pub(crate) fn roots() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&ca()?)?)?;
    Ok(roots)
}

/// Makes a configuration without naming a provider. rustls panics if it is built with none or with several.
pub(crate) fn default_config() -> Result<ClientConfig> {
    Ok(ClientConfig::builder().with_root_certificates(roots()?).with_no_client_auth())
}

/// Sends a request to the emulator on https.
pub(crate) fn handshake(config: ClientConfig) -> Result<()> {
    let [_, https] = endpoints()?;
    let address = https.trim_start_matches("https://");
    let (host, _) = address.split_once(':').ok_or("no port")?;
    let mut tls = ClientConnection::new(Arc::new(config), host.to_owned().try_into()?)?;
    let mut socket = TcpStream::connect(address)?;
    tls.complete_io(&mut socket)?;
    tls.writer().write_all(b"GET / HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n\r\n")?;
    tls.complete_io(&mut socket)?;
    Ok(())
}
