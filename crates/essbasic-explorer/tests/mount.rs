//! The page below a path of another page.

use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::get;
use essbasic_explorer::{Explorer, Mode, Mount};
use essbasic_page::{Guard, Hints, Limits, Token, serve_router};
use tokio::sync::oneshot;

use crate::routes::ROUTES;
use crate::support::Running;

const HINTS: Hints = Hints { open: "open the admin page", host: "add it to allowed_hosts" };

/// A page with a route of its own, and the explorer at `/explorer/`.
fn mounted() -> Running {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let token = Token::random().unwrap();
    let mount = Explorer::builder(Mode::Offline).below_page("ask the operator").mount();
    let outer = Router::new()
        .route("/", get(|| async { "outer" }))
        .route("/api/status", get(|| async { "status" }));
    let router = Guard::new(port, token.clone(), HINTS)
        .with_api("/api", |_| 2)
        .with_api("/explorer/api", Mount::max_body_bytes)
        .wrap(essbasic_page::mount(outer, "/explorer", mount.routes()));
    let limits = Limits {
        max_connections: 8,
        head_timeout: std::time::Duration::from_secs(5),
        closing_time: std::time::Duration::from_secs(1),
    };
    Running::start(
        port,
        token.expose().to_owned(),
        move |stopped: oneshot::Receiver<()>| async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let stop = async { drop(stopped.await) };
            serve_router(listener, limits, router, stop, mount.idle()).await;
        },
    )
}

#[test]
fn every_route_is_below_the_path_and_requires_the_token() {
    let server = mounted();
    for (method, path) in ROUTES {
        let body = (*method == "POST").then_some("{}");
        let direct = server.send(path, "", body);
        assert_eq!((direct.status, &*direct.code()), (404, "not_found"), "{path}");
        let path = format!("/explorer{path}");
        let below = server.send(&path, "", body);
        assert_ne!(below.status, 401, "{path}");
        assert!(
            below.code() != "not_found" || below.text().contains("action"),
            "{path}: {}",
            below.text()
        );
        let request = format!(
            "{method} {path} HTTP/1.1\nHost: 127.0.0.1:PORT\nContent-Type: application/json\n|{}",
            body.unwrap_or_default()
        );
        let refused = server.raw(&request);
        assert_eq!((refused.status, &*refused.code()), (401, "unauthorized"), "{path}");
        assert!(refused.text().contains("open the admin page"), "{}", refused.text());
    }
    assert_eq!(server.send("/api/status", "", None).text(), "status");
}

#[test]
fn hints_are_of_the_page_above() {
    let server = mounted();
    let catalogue = server.send("/explorer/api/catalogue", "", None).text();
    assert!(catalogue.contains("\"is_mounted\":true"), "{catalogue}");
    let refused = server.send("/explorer/api/call/ChannelCancelFlow", "", Some("{}"));
    assert_eq!((refused.status, &*refused.code()), (403, "write_not_allowed"));
    assert!(refused.text().contains("ask the operator"), "{}", refused.text());
}

#[test]
fn the_page_and_its_files_have_relative_urls() {
    let server = mounted();
    let redirect = server.send("/explorer", "", None);
    assert_eq!(redirect.status, 307);
    assert!(redirect.head.contains("location: explorer/\r\n"), "{}", redirect.head);
    assert_eq!(server.send("/", "", None).text(), "outer");
    let page = server.send("/explorer/", "", None);
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    let page = page.text();
    let mut files = 0;
    for attribute in ["href=\"", "src=\""] {
        for url in page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            if url.starts_with('#') || url.starts_with("data:") {
                continue;
            }
            assert!(!url.starts_with('/'), "{url}");
            assert_eq!(server.send(&format!("/explorer/{url}"), "", None).status, 200, "{url}");
            files += 1;
        }
    }
    assert!(files >= 3, "{page}");
    // A file of all pages.
    assert_eq!(server.send("/explorer/assets/dom.js", "", None).status, 200);
}
