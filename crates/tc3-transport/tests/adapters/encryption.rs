//! TLS: whom the transports trust, and how they tell that they do not.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tc3_transport::TransportErrorKind as Kind;

use crate::support::server::{Server, answer};
use crate::support::{New, SHORT, check, config, fetch, post, until};

each! {
    an_extra_root_is_trusted
    an_unknown_authority_is_tls
    another_name_is_tls
    a_time_past_or_to_come_is_tls
    a_refusal_is_tls
    what_is_no_tls_is_tls
    a_handshake_that_stalls_or_breaks_is_connect
    a_close_without_notice_is_no_end
}

/// A certificate for a name, its key, and the PEM of the authority that issued it.
pub(crate) fn certificate(name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>, String) {
    valid(name, 1975, 4096)
}

/// One that holds between these years.
fn valid(
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

/// A TLS server for a name, and its authority.
fn secured(name: &str) -> (Server, String) {
    serving(certificate(name))
}

fn serving(
    (certificate, key, pem): (CertificateDer<'static>, PrivateKeyDer<'static>, String),
) -> (Server, String) {
    let tls = server_config(certificate, key);
    let server = Server::start(move |connection| {
        connection.secure(&tls);
        while connection.receive().is_some() {
            connection.write(&answer(200, "", "secret"));
        }
    });
    (server, pem)
}

fn an_extra_root_is_trusted(new: New) {
    let (server, pem) = secured("localhost");
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

fn an_unknown_authority_is_tls(new: New) {
    let (server, _) = secured("localhost");
    let error = fetch(&*new(&config()).unwrap(), post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, &format!("localhost:{}", server.addr.port()));
    check(&error, Kind::Tls, "does not trust");
    assert!(server.received().is_empty());
}

fn another_name_is_tls(new: New) {
    let (server, pem) = secured("other.invalid");
    let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
    let error = fetch(&*transport, post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, "localhost");
    check(&error, Kind::Tls, "another name");
    assert!(server.received().is_empty());
}

fn a_time_past_or_to_come_is_tls(new: New) {
    for (from, to, what) in [(2021, 2022, "has expired"), (4000, 4096, "not valid yet")] {
        let (server, pem) = serving(valid("localhost", from, to));
        let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
        let error = fetch(&*transport, post(&server.https(), "x")).unwrap_err();
        check(&error, Kind::Tls, what);
        check(&error, Kind::Tls, "this machine's clock");
        assert!(server.received().is_empty());
    }
}

fn a_refusal_is_tls(new: New) {
    let server = Server::start(|connection| {
        // A fatal alert, handshake_failure.
        connection.write(&[21, 3, 3, 0, 2, 2, 40]);
        connection.stall();
    });
    let error = fetch(&*new(&config()).unwrap(), post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, "the server refused (HandshakeFailure)");
}

fn what_is_no_tls_is_tls(new: New) {
    let server = Server::start(|connection| {
        connection.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        connection.stall();
    });
    let error = fetch(&*new(&config()).unwrap(), post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, &server.addr.port().to_string());
}

fn a_handshake_that_stalls_or_breaks_is_connect(new: New) {
    let stalls = Server::start(|connection| connection.stall());
    let transport = new(&config().with_connect_timeout(SHORT)).unwrap();
    let error = fetch(&*transport, post(&stalls.https(), "x")).unwrap_err();
    check(&error, Kind::Connect, "timed out");

    let breaks = Server::start(|_| {});
    let error = fetch(&*new(&config()).unwrap(), post(&breaks.https(), "x")).unwrap_err();
    check(&error, Kind::Connect, &breaks.addr.port().to_string());
}

fn a_close_without_notice_is_no_end(new: New) {
    let (certificate, key, pem) = certificate("localhost");
    let tls = server_config(certificate, key);
    // TLS ends a stream with a notice. Without it, anybody on the way may have cut it.
    let server = Server::start(move |connection| {
        connection.secure(&tls);
        connection.receive();
        connection.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
    });
    let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
    let error = fetch(&*transport, post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Interrupted, &server.addr.port().to_string());
}
