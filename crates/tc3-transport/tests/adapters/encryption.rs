//! TLS: trusted certificates, and the errors of untrusted ones.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tc3_transport::TransportErrorKind as Kind;

use crate::support::server::{Server, response};
use crate::support::{New, SHORT, check, config, fetch, post, until};

each_tls! {
    an_extra_root_is_trusted
    an_unknown_authority_is_a_tls_error
    another_name_is_a_tls_error
    an_expired_or_future_certificate_is_a_tls_error
    a_refusal_is_a_tls_error
    a_response_without_tls_is_a_tls_error
    a_handshake_that_stalls_or_breaks_is_a_connect_error
    a_close_without_notice_is_interrupted
}

/// Returns a certificate for a name, its key, and the PEM of its issuer.
pub(crate) fn certificate(name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>, String) {
    certificate_between(name, 1975, 4096)
}

/// As [`certificate`], valid between these years.
fn certificate_between(
    name: &str,
    from: i32,
    to: i32,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let certificate = params.signed_by(&key, &authority).unwrap();
    (certificate.der().clone(), PrivateKeyDer::from(key), authority.pem())
}

pub(crate) fn server_config(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
}

/// Starts a TLS server for a name; returns it with the PEM of its authority.
fn tls_server(name: &str) -> (Server, String) {
    serving(certificate(name))
}

fn serving(
    (certificate, key, pem): (CertificateDer<'static>, PrivateKeyDer<'static>, String),
) -> (Server, String) {
    let tls = server_config(certificate, key);
    let server = Server::start(move |connection| {
        connection.secure(&tls);
        while connection.receive().is_some() {
            connection.write(&response(200, "", "secret"));
        }
    });
    (server, pem)
}

fn an_extra_root_is_trusted(new: New) {
    let (server, pem) = tls_server("localhost");
    let other = certificate("other.invalid").2;
    let both = format!("a company's authorities\n{other}\n{pem}");
    let transport = new(&config().with_extra_roots_pem(both)).unwrap();
    until(
        || server.reused("POST"),
        || {
            let got = fetch(&*transport, post(&server.https(), "x")).unwrap();
            assert_eq!(got, (200, b"secret".to_vec()));
        },
    );
}

fn an_unknown_authority_is_a_tls_error(new: New) {
    let (server, _) = tls_server("localhost");
    let error = fetch(&*new(&config()).unwrap(), post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, &format!("localhost:{}", server.addr.port()));
    check(&error, Kind::Tls, "does not trust");
    assert!(server.received().is_empty());
}

fn another_name_is_a_tls_error(new: New) {
    let (server, pem) = tls_server("other.invalid");
    let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
    let error = fetch(&*transport, post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, "localhost");
    check(&error, Kind::Tls, "another name");
    assert!(server.received().is_empty());
}

fn an_expired_or_future_certificate_is_a_tls_error(new: New) {
    for (from, to, what) in [(2021, 2022, "has expired"), (4000, 4096, "not valid yet")] {
        let (server, pem) = serving(certificate_between("localhost", from, to));
        let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
        let error = fetch(&*transport, post(&server.https(), "x")).unwrap_err();
        check(&error, Kind::Tls, what);
        check(&error, Kind::Tls, "this machine's clock");
        assert!(server.received().is_empty());
    }
}

fn a_refusal_is_a_tls_error(new: New) {
    let server = Server::start(|connection| {
        // A fatal alert, handshake_failure.
        connection.write(&[21, 3, 3, 0, 2, 2, 40]);
        connection.stall();
    });
    let error = fetch(&*new(&config()).unwrap(), post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, "the server refused the handshake (HandshakeFailure)");
}

fn a_response_without_tls_is_a_tls_error(new: New) {
    let server = Server::start(|connection| {
        connection.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        connection.stall();
    });
    let error = fetch(&*new(&config()).unwrap(), post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, &server.addr.port().to_string());
}

fn a_handshake_that_stalls_or_breaks_is_a_connect_error(new: New) {
    let stalls = Server::start(|connection| connection.stall());
    let transport = new(&config().with_connect_timeout(SHORT)).unwrap();
    let error = fetch(&*transport, post(&stalls.https(), "x")).unwrap_err();
    check(&error, Kind::Connect, "timed out");

    let breaks = Server::start(|_| {});
    let error = fetch(&*new(&config()).unwrap(), post(&breaks.https(), "x")).unwrap_err();
    check(&error, Kind::Connect, &breaks.addr.port().to_string());
}

fn a_close_without_notice_is_interrupted(new: New) {
    let (certificate, key, pem) = certificate("localhost");
    let tls = server_config(certificate, key);
    // TLS ends a stream with a close_notify alert. Without it, an attacker may have truncated the stream.
    let server = Server::start(move |connection| {
        connection.secure(&tls);
        connection.receive();
        connection.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
    });
    let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
    let error = fetch(&*transport, post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Interrupted, &server.addr.port().to_string());
}
