//! TLS: certificates, and faults of handshakes on the wire.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may panic")]

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

/// Sends a request over a new connection, and returns the response.
fn exchange(emulator: &Emulator, name: &str) -> std::io::Result<String> {
    let endpoint = emulator.endpoint();
    let address = endpoint.strip_prefix("https://").unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(400)))?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(client(emulator), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    write!(tls, "GET /_emulator/stats HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    tls.read_to_string(&mut response)?;
    Ok(response)
}

#[test]
fn the_certificate_is_valid_for_the_listening_address() {
    let emulator = Emulator::builder().with_tls().start().unwrap();
    for name in ["127.0.0.1", "::1", "localhost"] {
        assert!(exchange(&emulator, name).unwrap().starts_with("HTTP/1.1 200 OK"), "{name}");
    }
    let error = exchange(&emulator, "essbasic.invalid").unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    let other = Emulator::builder().with_tls().start().unwrap();
    assert_ne!(other.authority_pem(), emulator.authority_pem());
    assert_eq!(Emulator::builder().start().unwrap().authority_pem(), None);
}

#[test]
fn injects_each_fault_of_handshakes() {
    let emulator = Emulator::builder().with_tls().start().unwrap();
    for kind in FaultKind::ALL.into_iter().filter(|kind| kind.hits_handshakes()) {
        assert!(!kind.executes_request());
        emulator.set_faults([Fault::new(kind).with_times(1)], 0);
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
        // The next handshake succeeds.
        let response = exchange(&emulator, "localhost").unwrap();
        assert!(response.contains(&format!("\"{kind}\":1")), "{response}");
    }
}

#[test]
fn faults_of_requests_do_not_hit_handshakes() {
    let emulator = Emulator::builder().with_tls().start().unwrap();
    // A fault with an action does not apply to handshakes, which have no action.
    let with_action = Fault::new(FaultKind::TlsCut).with_action("handshake-of-mine");
    let for_requests = Fault::new(FaultKind::Reset).with_action("download");
    emulator
        .set_faults([with_action, for_requests, Fault::new(FaultKind::TlsAlert).with_rate(0.0)], 0);
    assert!(exchange(&emulator, "localhost").is_ok());
    let error = "tls-cut@download".parse::<Fault>().unwrap_err();
    assert!(error.contains("hits handshakes, which have no action"), "{error}");
    // Without TLS, there are no handshakes.
    let error =
        Emulator::builder().with_faults([Fault::new(FaultKind::TlsCut)], 0).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let plain = Emulator::builder().start().unwrap();
    plain.set_faults([Fault::new(FaultKind::TlsCut)], 0);
    let address = plain.endpoint();
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 "), "{response}");
    assert!(plain.stats().faults.is_empty());
}
