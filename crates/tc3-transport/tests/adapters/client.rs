//! Transports over settings of the program: clients of reqwest, and configurations of TLS.

use reqwest::redirect::Policy;
use tc3_transport::{
    HyperTransport, Request, ReqwestTransport, TransportErrorKind as Kind, UreqTransport,
};

use crate::encryption::{certificate, server_config};
use crate::support::server::{Server, response};
use crate::support::{SHORT, check, config, fetch, get, post, reqwest_from_client};

#[test]
fn a_client_of_the_program_keeps_its_tls_and_timeouts() {
    let (certificate, key, pem) = certificate("localhost");
    let tls = server_config(certificate, key);
    let server = Server::start(move |connection| {
        connection.secure(&tls);
        while connection.receive().is_some() {
            connection.write(&response(200, "", "secret"));
        }
    });
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let builder = || reqwest::Client::builder().no_proxy();
    let transport = reqwest_from_client(builder().tls_certs_merge([root]).build().unwrap());
    let got = fetch(&*transport, post(&server.https(), "x")).unwrap();
    assert_eq!(got, (200, b"secret".to_vec()));
    let others = reqwest_from_client(builder().build().unwrap());
    let error = fetch(&*others, post(&server.https(), "x")).unwrap_err();
    check(&error, Kind::Tls, "does not trust");

    let stalls = Server::start(|connection| connection.stall());
    let transport = reqwest_from_client(builder().read_timeout(SHORT).build().unwrap());
    let error = fetch(&*transport, get(&stalls.http())).unwrap_err();
    check(&error, Kind::Timeout, "the response is incomplete");
    let request = Request { timeout: Some(SHORT), ..get(&stalls.http()) };
    let error = fetch(&*reqwest_from_client(builder().build().unwrap()), request).unwrap_err();
    check(&error, Kind::Timeout, "the response is incomplete");
}

#[test]
fn a_redirect_that_a_client_of_the_program_followed_is_an_error() {
    let elsewhere = Server::responding(response(200, "", "elsewhere"));
    let location = format!("Location: {}/other?sign=linkkey\r\n", elsewhere.http());
    let server = Server::responding(response(307, &location, "moved"));
    let builder = || reqwest::Client::builder().no_proxy();
    let follows = reqwest_from_client(builder().build().unwrap());
    let error = fetch(&*follows, get(&server.http())).unwrap_err();
    check(&error, Kind::Other, "redirect::Policy::none()");
    // A body is not sent again.
    assert_eq!(fetch(&*follows, post(&server.http(), "signed")).unwrap().0, 307);
    assert!(elsewhere.received().iter().all(|received| received.body.is_empty()));
    let transport = reqwest_from_client(builder().redirect(Policy::none()).build().unwrap());
    assert_eq!(fetch(&*transport, post(&server.http(), "signed")).unwrap().0, 307);
}

#[test]
fn a_client_of_the_program_sends_no_request_to_private_hosts() {
    let server = Server::responding(response(200, "", "inside"));
    let port = server.addr.port();
    let transport = reqwest_from_client(reqwest::Client::builder().no_proxy().build().unwrap());
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "metadata.tencentyun.com"] {
        let request = Request { public_only: true, ..get(&format!("http://{host}:{port}")) };
        let error = fetch(&*transport, request).unwrap_err();
        check(&error, Kind::NotPublic, &format!("{host}:{port}"));
    }
    assert!(server.received().is_empty());
}

#[test]
fn extra_roots_next_to_tls_settings_of_the_caller_are_refused() {
    let config = config().with_extra_roots_pem(certificate("localhost").2);
    let tls = || {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    for error in [
        HyperTransport::with_rustls_config(&config, tls()).err(),
        UreqTransport::with_rustls_config(&config, tls()).err(),
        ReqwestTransport::from_builder(&config, reqwest::Client::builder).err(),
    ] {
        check(&error.unwrap(), Kind::Tls, "add them to the");
    }
}

#[test]
fn extra_roots_without_a_certificate_are_refused_by_every_transport() {
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["no PEM", broken, no_certificate] {
        let config = config().with_extra_roots_pem(pem);
        for error in [
            HyperTransport::new(&config).err(),
            UreqTransport::new(&config).err(),
            ReqwestTransport::new(&config).err(),
        ] {
            check(&error.unwrap(), Kind::Tls, "certificate authorities");
        }
    }
}
