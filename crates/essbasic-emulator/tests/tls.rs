//! TLS: whom clients must trust, and what goes wrong with handshakes on purpose, as it is on the wire.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use essbasic_emulator::{Emulator, Fault, FaultKind};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, RootCertStore};

fn client(emulator: &Emulator) -> Arc<ClientConfig> {
    let authority = emulator.authority_pem().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// What comes of a request over a connection of its own.
fn exchange(emulator: &Emulator, name: &str) -> std::io::Result<String> {
    let endpoint = emulator.endpoint();
    let mut stream = TcpStream::connect(endpoint.strip_prefix("https://").unwrap())?;
    stream.set_read_timeout(Some(Duration::from_millis(400)))?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(client(emulator), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    tls.write_all(b"GET /_emulator/stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    tls.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn its_authority_vouches_for_where_it_listens() {
    let emulator = Emulator::builder().tls().start().unwrap();
    for name in ["127.0.0.1", "::1", "localhost"] {
        assert!(exchange(&emulator, name).unwrap().starts_with("HTTP/1.1 200 OK"), "{name}");
    }
    let error = exchange(&emulator, "essbasic.invalid").unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    let other = Emulator::builder().tls().start().unwrap();
    assert_ne!(other.authority_pem(), emulator.authority_pem());
    assert_eq!(Emulator::builder().start().unwrap().authority_pem(), None);
}

#[test]
fn handshakes_go_wrong_as_asked() {
    let emulator = Emulator::builder().tls().start().unwrap();
    for kind in FaultKind::ALL.into_iter().filter(|kind| kind.hits_handshakes()) {
        assert!(!kind.is_carried_out());
        emulator.set_faults([Fault::new(kind).times(1)], 0);
        let error = exchange(&emulator, "localhost").unwrap_err();
        let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        match (kind, tls) {
            (FaultKind::TlsCut, None) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            (FaultKind::TlsStall, None) => assert!(
                matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "{error}"
            ),
            (FaultKind::TlsAlert, Some(rustls::Error::AlertReceived(alert))) => {
                assert_eq!(*alert, AlertDescription::HandshakeFailure);
            }
            (_, Some(rustls::Error::InvalidCertificate(wrong))) => match wrong {
                CertificateError::UnknownIssuer => assert_eq!(kind, FaultKind::TlsUntrusted),
                CertificateError::ExpiredContext { .. } => assert_eq!(kind, FaultKind::TlsExpired),
                CertificateError::NotValidForNameContext { .. } => {
                    assert_eq!(kind, FaultKind::TlsOtherName);
                }
                other => panic!("{kind}: {other}"),
            },
            other => panic!("{other:?}: {error}"),
        }
        // The next is made.
        let answer = exchange(&emulator, "localhost").unwrap();
        assert!(answer.contains(&format!("\"{kind}\":1")), "{answer}");
    }
}

#[test]
fn a_handshake_is_no_request() {
    let emulator = Emulator::builder().tls().start().unwrap();
    // The first is for requests of an action, which handshakes have none of.
    let for_nobody = Fault::new(FaultKind::TlsCut).action("handshake-of-mine");
    let for_requests = Fault::new(FaultKind::Reset).action("download");
    emulator.set_faults([for_nobody, for_requests, Fault::new(FaultKind::TlsAlert).rate(0.0)], 0);
    assert!(exchange(&emulator, "localhost").is_ok());
    let error = "tls-cut@download".parse::<Fault>().unwrap_err();
    assert!(error.contains("hits handshakes, which have no action"), "{error}");
    // Without TLS there are no handshakes.
    let error = Emulator::builder().faults([Fault::new(FaultKind::TlsCut)], 0).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let plain = Emulator::builder().start().unwrap();
    plain.set_faults([Fault::new(FaultKind::TlsCut)], 0);
    let address = plain.endpoint();
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert!(plain.stats().faults.is_empty());
}
