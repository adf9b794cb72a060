//! TLS with a generated certificate authority, and the faults of handshakes.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::Connection;
use crate::faults::kind::FaultKind;

/// Record of the fatal alert handshake_failure (RFC 8446, 5.1 and 6.2).
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

type Authority = CertifiedIssuer<'static, KeyPair>;
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Acceptors of TLS connections, one for each certificate.
pub(crate) struct Tls {
    /// Certificate of the authority, as PEM.
    authority: String,
    valid: TlsAcceptor,
    untrusted: TlsAcceptor,
    expired: TlsAcceptor,
    other_name: TlsAcceptor,
}

impl Tls {
    /// Issues certificates of a new authority for `localhost`, the loopback addresses and this address.
    pub(crate) fn new(address: IpAddr) -> io::Result<Self> {
        Self::issue(address).map_err(io::Error::other)
    }

    fn issue(address: IpAddr) -> Result<Self> {
        let authority = new_authority("essbasic emulator")?;
        let untrusted = new_authority("untrusted")?;
        let mut valid =
            CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(String::from))?;
        valid.subject_alt_names.push(SanType::IpAddress(address));
        let mut expired = valid.clone();
        expired.not_before = date_time_ymd(2021, 5, 26);
        expired.not_after = date_time_ymd(2022, 5, 26);
        let mut other = valid.clone();
        other.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from("other.invalid")?)];
        Ok(Self {
            valid: acceptor(valid.clone(), &authority)?,
            untrusted: acceptor(valid, &untrusted)?,
            expired: acceptor(expired, &authority)?,
            other_name: acceptor(other, &authority)?,
            authority: authority.pem(),
        })
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Performs the handshake with the certificate that the fault requires.
    ///
    /// # Errors
    /// Returns an error if the handshake fails, or if the fault ends the connection.
    pub(crate) async fn accept(
        &self,
        mut stream: TcpStream,
        fault: Option<FaultKind>,
    ) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = match fault {
            Some(FaultKind::TlsUntrusted) => &self.untrusted,
            Some(FaultKind::TlsExpired) => &self.expired,
            Some(FaultKind::TlsOtherName) => &self.other_name,
            Some(fault) => return Err(fail(&mut stream, fault).await),
            None => &self.valid,
        };
        acceptor.accept(stream).await
    }
}

impl Connection for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Responds to the client's first message without a handshake.
async fn fail(stream: &mut TcpStream, fault: FaultKind) -> io::Error {
    // Errors are ignored: the connection is closed in any case.
    let _ = stream.read(&mut [0; 4096]).await;
    match fault {
        FaultKind::TlsStall => std::future::pending().await,
        FaultKind::TlsAlert => {
            let _ = stream.write_all(&ALERT).await;
            let _ = stream.shutdown().await;
            // A connection that is closed with unread data is reset, and the alert is lost.
            let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
        }
        _ => _ = stream.set_zero_linger(),
    }
    io::Error::other(fault.to_string())
}

fn new_authority(name: &str) -> Result<Authority> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn acceptor(mut params: CertificateParams, authority: &Authority) -> Result<TlsAcceptor> {
    params.distinguished_name.push(DnType::CommonName, "essbasic emulator server");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?.der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from(key))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
