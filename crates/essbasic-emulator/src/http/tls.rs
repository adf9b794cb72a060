//! TLS by an authority of the emulator's own, and what can be wrong with a handshake.

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

use crate::faults::{Connection, FaultKind};

/// The record of a fatal alert, handshake_failure (RFC 8446, 5.1 and 6.2).
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

type Authority = CertifiedIssuer<'static, KeyPair>;
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How handshakes are made.
pub(crate) struct Tls {
    /// The certificate of the authority, as PEM.
    authority: String,
    right: TlsAcceptor,
    untrusted: TlsAcceptor,
    expired: TlsAcceptor,
    other_name: TlsAcceptor,
}

impl Tls {
    /// Certificates for `localhost`, the loopback addresses and this address, of a new authority.
    pub(crate) fn new(address: IpAddr) -> io::Result<Self> {
        Self::issued(address).map_err(io::Error::other)
    }

    fn issued(address: IpAddr) -> Result<Self> {
        let (authority, stranger) = (authority("essbasic emulator")?, authority("stranger")?);
        let mut here = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(String::from))?;
        here.subject_alt_names.push(SanType::IpAddress(address));
        let mut expired = here.clone();
        expired.not_before = date_time_ymd(2021, 5, 26);
        expired.not_after = date_time_ymd(2022, 5, 26);
        let mut other = here.clone();
        other.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from("other.invalid")?)];
        Ok(Self {
            right: acceptor(here.clone(), &authority)?,
            untrusted: acceptor(here, &stranger)?,
            expired: acceptor(expired, &authority)?,
            other_name: acceptor(other, &authority)?,
            authority: authority.pem(),
        })
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// A connection over which requests can come.
    pub(crate) async fn accept(
        &self,
        mut stream: TcpStream,
        fault: Option<FaultKind>,
    ) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = match fault {
            Some(FaultKind::TlsUntrusted) => &self.untrusted,
            Some(FaultKind::TlsExpired) => &self.expired,
            Some(FaultKind::TlsOtherName) => &self.other_name,
            Some(fault) => return Err(refuse(&mut stream, fault).await),
            None => &self.right,
        };
        acceptor.accept(stream).await
    }
}

impl Connection for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Answers the client's first message with what is no handshake.
async fn refuse(stream: &mut TcpStream, fault: FaultKind) -> io::Error {
    // Of what cannot be sent any more, the client has learned otherwise.
    let _ = stream.read(&mut [0; 4096]).await;
    match fault {
        FaultKind::TlsStall => std::future::pending().await,
        FaultKind::TlsAlert => {
            let _ = stream.write_all(&ALERT).await;
            let _ = stream.shutdown().await;
            // Closed with something unread, it would be reset, and the alert lost.
            let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
        }
        _ => _ = stream.set_zero_linger(),
    }
    io::Error::other(fault.to_string())
}

fn authority(name: &str) -> Result<Authority> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn acceptor(mut params: CertificateParams, authority: &Authority) -> Result<TlsAcceptor> {
    params.distinguished_name.push(DnType::CommonName, "essbasic emulator at work");
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
