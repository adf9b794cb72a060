//! Responses that are not the complete file of the contract.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use essbasic::{DownloadOptions, FlowErrorKind};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::server::{KEY, PDF, Request, Server, response, statuses};
use super::{all_clients, with_each};

const PAGE: &[u8] = b"<!DOCTYPE html><html><body>%PDF-1.7 sign in again %%EOF</body></html>";

/// The description of a file in a link, and the response of the link.
struct Case {
    name: &'static str,
    kind: Value,
    title: &'static str,
    response: Vec<u8>,
}

fn case(name: &'static str, response: impl AsRef<[u8]>) -> Case {
    Case { name, kind: json!("PDF"), title: "lease", response: response.as_ref().to_vec() }
}

fn typed(name: &'static str, kind: Value, title: &'static str, response: Vec<u8>) -> Case {
    Case { name, kind, title, response }
}

fn raw(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

fn chunked(headers: &str, body: &[u8], end: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", body.len());
    let head = raw(&format!("200 OK\r\nTransfer-Encoding: chunked{headers}"), size.as_bytes());
    [&head, body, b"\r\n", end].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Returns a file before and after the last signature.
fn revisions() -> (Vec<u8>, Vec<u8>) {
    let first = PDF.to_vec();
    let second = [PDF, b"2 0 obj the last signature\n%%EOF\n"].concat();
    (first, second)
}

fn service(cases: Vec<Case>) -> Server {
    let cases: BTreeMap<_, _> = cases.into_iter().map(|case| (case.name, case)).collect();
    Server::start(move |request, out| {
        if request.is_call() {
            return out.write(&links(request, |flow| {
                let case = &cases[flow];
                (case.kind.clone(), case.title)
            }));
        }
        out.write(&cases[flow(request).as_str()].response);
    })
}

/// Returns the flow ID of the contract whose file is requested.
fn flow(request: &Request) -> String {
    let path = request.line.split(' ').nth(1).unwrap();
    path.trim_start_matches('/').split('?').next().unwrap().to_owned()
}

fn links(request: &Request, file: impl Fn(&str) -> (Value, &'static str)) -> Vec<u8> {
    if let Some(statuses) = statuses(request) {
        return statuses;
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let flows = body["FlowIds"].as_array().unwrap().iter().map(|flow| flow.as_str().unwrap());
    let infos = flows.map(|flow| {
        let (kind, title) = file(flow);
        let url = format!("http://{}/{flow}?hkey={KEY}", request.host());
        json!({"FlowId": flow, "ResourceUrlInfos": [{"Url": url, "Name": title, "Type": kind}]})
    });
    let infos: Vec<Value> = infos.collect();
    let body =
        json!({"Response": {"FlowResourceUrlInfos": infos, "ErrorMessages": [], "RequestId": "r"}});
    response(200, "", body.to_string().as_bytes())
}

fn refused() -> Vec<Case> {
    let (first, second) = revisions();
    let part = format!("Content-Range: bytes 0-{}/{}\r\n", first.len() - 1, second.len());
    let cut = |headers: &str, body: &[u8], length: usize| {
        raw(&format!("200 OK\r\nContent-Length: {length}{headers}"), body)
    };
    let mut cases = vec![
        case("partial-status", response(206, &part, &first)),
        case("partial-status-without-range", response(206, "", &first)),
        case("part-of-the-file", response(200, &part, &first)),
        case("range-in-other-unit", response(200, "Content-Range: pages 1-2/3\r\n", &first)),
        case("until-closed", raw("200 OK\r\nConnection: close", &first)),
        case("until-closed-1.0", [b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &first].concat()),
        case("shorter-than-announced", cut("", &first, second.len())),
        case("last-chunk-missing", chunked("", &first, b"")),
        case("cut-in-the-last-chunk", chunked("", &first, b"0")),
        case("two-lengths", response(200, "Content-Length: 3\r\n", &first)),
        case("gzip-until-closed", raw("200 OK\r\nContent-Encoding: gzip", &gzip(&first))),
        case("page", response(200, "Content-Type: text/html\r\n", PAGE)),
        case("page-until-closed", raw("200 OK\r\nConnection: close", PAGE)),
        case("page-as-pdf", response(200, "Content-Type: application/pdf\r\n", PAGE)),
        case("no-end", response(200, "", b"%PDF-1.7\n1 0 obj")),
        case("picture", response(200, "", b"\x89PNG\r\n\x1a\n....%%EOF")),
    ];
    let kinds = [
        ("kind-empty", json!("")),
        ("kind-null", json!(null)),
        ("kind-blank", json!(" PDF")),
        ("kind-dot", json!(".pdf")),
        ("kind-zip", json!("ZIP")),
        ("kind-picture", json!("JPG")),
        ("kind-png", json!("png")),
        ("kind-unknown", json!("OFD")),
        ("kind-html", json!("HTML")),
    ];
    cases.extend(kinds.map(|(name, kind)| typed(name, kind, "lease", response(200, "", PAGE))));
    for (name, title) in [("title-zip", "lease.zip"), ("title-html", "lease.html")] {
        cases.push(typed(name, json!(""), title, response(200, "", PAGE)));
    }
    let codings =
        ["gzip", "GZIP", "x-gzip", "gzip, identity", "identity, gzip", "br", "deflate", "zstd"];
    for (name, coding) in
        ["coded-1", "coded-2", "coded-3", "coded-4", "coded-5", "coded-6", "coded-7", "coded-8"]
            .into_iter()
            .zip(codings)
    {
        // The body is not encoded, so that it would be accepted as a PDF if the header were ignored.
        let headers = format!("Content-Encoding: {coding}\r\n");
        cases.push(case(name, response(200, &headers, &first)));
    }
    cases
}

fn accepted() -> Vec<(Case, Vec<u8>)> {
    let (_, complete) = revisions();
    let archive = b"PK\x03\x04....".to_vec();
    let length = |headers: &str| response(200, headers, &complete);
    let pdf = |case: Case| (case, complete.clone());
    vec![
        pdf(case("length", length(""))),
        pdf(case("identity", length("Content-Encoding: identity\r\n"))),
        pdf(case("other-media-type", length("Content-Type: text/html\r\n"))),
        pdf(case("chunked", chunked("", &complete, b"0\r\n\r\n"))),
        pdf(typed("blank", json!(" PDF"), "lease", length(""))),
        pdf(typed("dot", json!(".pdf"), "lease", length(""))),
        pdf(typed("null", json!(null), "lease", length(""))),
        pdf(typed("empty", json!(""), "lease.pdf", length(""))),
        (typed("zip", json!("ZIP"), "lease", response(200, "", &archive)), archive.clone()),
    ]
}

#[test]
fn never_saves_an_incomplete_or_wrong_file() {
    let names: Vec<&str> = refused().iter().map(|case| case.name).collect();
    let service = service(refused());
    with_each(&all_clients(&service), |client| {
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_concurrency(64);
        let report = client.download_checked(&names, &options);
        for flow in &report.flows {
            let error = flow.error.as_ref().unwrap_or_else(|| panic!("{} is saved", flow.flow_id));
            let kinds = [FlowErrorKind::Content, FlowErrorKind::Link, FlowErrorKind::Network];
            assert!(kinds.contains(&error.kind), "{}: {error}", flow.flow_id);
            let is_page = flow.flow_id.as_str().starts_with("page");
            assert!(!is_page || error.message.contains("web page"), "{}: {error}", flow.flow_id);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    });
}

#[test]
fn saves_a_complete_file_with_any_label() {
    let names: Vec<&str> = accepted().iter().map(|(case, _)| case.name).collect();
    let service = service(accepted().into_iter().map(|(case, _)| case).collect());
    for client in all_clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let report = client.download_checked(&names, &DownloadOptions::to(folder.path()));
        for (flow, (_, expected)) in report.flows.iter().zip(accepted()) {
            assert_eq!(flow.error, None, "{}", flow.flow_id);
            assert_eq!(
                std::fs::read(flow.files[0].path.as_ref().unwrap()).unwrap(),
                expected,
                "{}",
                flow.flow_id
            );
        }
    }
}

/// Encoded files, although no encoding was requested: they are decoded or refused.
#[test]
fn never_saves_an_encoded_file() {
    let (_, complete) = revisions();
    let codings = ["gzip", "GZIP", "x-gzip", "gzip, identity", "gzip, gzip"];
    let names = ["one", "two", "three", "four", "five"];
    let cases = || {
        names.into_iter().zip(codings).map(|(name, coding)| {
            let headers = format!("\r\nContent-Encoding: {coding}");
            typed(name, json!("OFD"), "lease", chunked(&headers, &gzip(&complete), b"0\r\n\r\n"))
        })
    };
    let service = service(cases().collect());
    with_each(&all_clients(&service), |client| {
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_concurrency(8);
        for flow in &client.download_checked(&names, &options).flows {
            match &flow.error {
                Some(error) => assert_eq!(error.kind, FlowErrorKind::Content, "{error}"),
                None => assert_eq!(
                    std::fs::read(flow.files[0].path.as_ref().unwrap()).unwrap(),
                    complete
                ),
            }
        }
    });
}

#[test]
fn renews_a_link_that_returns_a_web_page() {
    for client in 0..3 {
        let fetches = Mutex::new(0);
        let service = Server::start(move |request, out| {
            if request.is_call() {
                return out.write(&links(request, |_| (json!("PDF"), "lease")));
            }
            assert!(request.line.contains(KEY));
            let mut fetches = fetches.lock().unwrap();
            *fetches += 1;
            out.write(&response(200, "", if *fetches < 3 { PAGE } else { PDF }));
        });
        let Some(client) = all_clients(&service).into_iter().nth(client) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let report = client.download_checked(&["flow"], &DownloadOptions::to(folder.path()));
        assert!(report.is_complete(), "{report:?}");
        let seen = service.take_seen();
        let calls = seen.iter().filter(|line| line.starts_with("POST ")).count();
        assert_eq!((calls, seen.len()), (4, 7), "{seen:?}");
    }
}

#[test]
fn requests_files_without_encoding() {
    let service = Server::start(move |request, out| {
        if request.is_call() {
            return out.write(&links(request, |_| (json!("PDF"), "lease")));
        }
        let codings = request.headers("accept-encoding");
        out.write(&response(if codings == ["identity"] { 200 } else { 400 }, "", PDF));
    });
    for client in all_clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let report = client.download_checked(&["flow"], &DownloadOptions::to(folder.path()));
        assert!(report.is_complete(), "{report:?}");
    }
}

#[test]
fn clamps_extreme_file_timeouts() {
    let service = Server::start(|request, out| {
        if request.is_call() {
            return out.write(&links(request, |_| (json!("PDF"), "lease")));
        }
        std::thread::sleep(Duration::from_millis(100));
        out.write(&response(200, "", PDF));
    });
    with_each(&all_clients(&service), |client| {
        for (timeout, is_saved) in [
            (Duration::ZERO, false),
            (Duration::from_nanos(1), false),
            (Duration::from_secs(u64::MAX), true),
            (Duration::MAX, true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let options = DownloadOptions::to(folder.path()).with_file_timeout(timeout);
            let report = client.download_checked(&["flow"], &options);
            assert_eq!(report.is_complete(), is_saved, "{timeout:?}: {report:?}");
        }
    });
}
