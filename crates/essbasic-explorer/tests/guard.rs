//! The guard over raw sockets: every rule, on every kind of route.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use essbasic_explorer::{Explorer, Mode};

use crate::routes::ROUTES;
use crate::support::{Running, serve};

fn offline() -> Running {
    serve(Explorer::builder(Mode::Offline))
}

const GET: &str = "GET /api/catalogue HTTP/1.1\n";
const POST: &str = "POST /api/check/DescribeFlowDetailInfo HTTP/1.1\n";
const HOST: &str = "Host: 127.0.0.1:PORT\n";
const AUTH: &str = "Authorization: Bearer TOKEN\n";
const JSON: &str = "Content-Type: application/json\n";

/// Status, code, and the parts of a request.
const CASES: &[(u16, &str, &[&str])] = &[
    (200, "", &[GET, HOST, AUTH]),
    (200, "", &[POST, HOST, AUTH, JSON, "|{}"]),
    // Host.
    (200, "", &[GET, AUTH, "Host: localhost:PORT\n"]),
    (200, "", &[GET, AUTH, "Host: [::1]:PORT\n"]),
    (400, "missing_host", &[GET, AUTH]),
    (400, "missing_host", &["GET /api/catalogue HTTP/1.0\n", AUTH]),
    (400, "missing_host", &["GET / HTTP/1.1\n"]),
    (400, "missing_host", &[GET, AUTH, "Host:\n"]),
    (400, "missing_host", &[GET, AUTH, HOST, HOST]),
    (400, "missing_host", &[GET, AUTH, HOST, "Host: evil.example\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: 127.0.0.1\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: 127.0.0.1:1\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: 127.0.0.2:PORT\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: 0.0.0.0:PORT\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: evil.example:PORT\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: 127.0.0.1.evil.example:PORT\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: localhost.:PORT\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: user@127.0.0.1:PORT\n"]),
    (421, "foreign_host", &[GET, AUTH, "Host: 127.0.0.1:PORT, evil.example\n"]),
    (421, "foreign_host", &["GET / HTTP/1.1\n", "Host: evil.example:PORT\n"]),
    (421, "foreign_host", &["GET /assets/app.js HTTP/1.1\n", "Host: evil.example:PORT\n"]),
    (
        421,
        "foreign_host",
        &["POST /api/sign HTTP/1.1\n", "Host: evil.example\n", AUTH, JSON, "|{}"],
    ),
    // Targets in absolute form.
    (200, "", &["GET http://127.0.0.1:PORT/api/catalogue HTTP/1.1\n", HOST, AUTH]),
    (421, "foreign_host", &["GET http://evil.example/api/catalogue HTTP/1.1\n", HOST, AUTH]),
    (421, "foreign_host", &["GET https://127.0.0.1:PORT/api/catalogue HTTP/1.1\n", HOST, AUTH]),
    (
        421,
        "foreign_host",
        &["GET http://127.0.0.1:PORT/api/catalogue HTTP/1.1\n", "Host: evil.example\n", AUTH],
    ),
    (421, "foreign_host", &["CONNECT evil.example:443 HTTP/1.1\n", HOST, AUTH]),
    // Methods.
    (405, "method_not_allowed", &["OPTIONS /api/catalogue HTTP/1.1\n", HOST]),
    (405, "method_not_allowed", &["OPTIONS * HTTP/1.1\n", HOST]),
    (405, "method_not_allowed", &["PUT /api/saved HTTP/1.1\n", HOST, AUTH, JSON]),
    (405, "method_not_allowed", &["DELETE /api/history HTTP/1.1\n", HOST, AUTH]),
    (405, "method_not_allowed", &["TRACE / HTTP/1.1\n", HOST]),
    (405, "method_not_allowed", &["POST / HTTP/1.1\n", HOST, JSON, "|"]),
    (405, "method_not_allowed", &["GET /api/file HTTP/1.1\n", HOST, AUTH]),
    // Origins.
    (
        200,
        "",
        &[
            POST,
            HOST,
            AUTH,
            JSON,
            "Sec-Fetch-Site: same-origin\nOrigin: http://127.0.0.1:PORT\n",
            "|{}",
        ],
    ),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Sec-Fetch-Site: same-site\n", "|{}"]),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Sec-Fetch-Site: cross-site\n", "|{}"]),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Sec-Fetch-Site: none\n", "|{}"]),
    (
        403,
        "forbidden_origin",
        &[
            POST,
            HOST,
            AUTH,
            JSON,
            "Sec-Fetch-Site: same-origin\nSec-Fetch-Site: cross-site\n",
            "|{}",
        ],
    ),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Origin: null\n", "|{}"]),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Origin: http://evil.example\n", "|{}"]),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Origin: https://127.0.0.1:PORT\n", "|{}"]),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Origin: http://127.0.0.1:1\n", "|{}"]),
    (403, "forbidden_origin", &[POST, HOST, AUTH, JSON, "Origin: http://127.0.0.1\n", "|{}"]),
    // Content types.
    (200, "", &[POST, HOST, AUTH, "Content-Type: Application/JSON; charset=UTF-8\n", "|{}"]),
    (200, "", &[POST, HOST, AUTH, "Content-Type: application/json;charset=\"utf-8\"\n", "|{}"]),
    (415, "unsupported_media_type", &[POST, HOST, AUTH, "|{}"]),
    (415, "unsupported_media_type", &[POST, HOST, AUTH, "Content-Type: text/plain\n", "|{}"]),
    (
        415,
        "unsupported_media_type",
        &[POST, HOST, AUTH, "Content-Type: application/jsonx\n", "|{}"],
    ),
    (
        415,
        "unsupported_media_type",
        &[POST, HOST, AUTH, "Content-Type: text/plain; application/json\n", "|{}"],
    ),
    (
        415,
        "unsupported_media_type",
        &[POST, HOST, AUTH, "Content-Type: application/json, text/plain\n", "|{}"],
    ),
    (
        415,
        "unsupported_media_type",
        &[POST, HOST, AUTH, "Content-Type: application/json; charset=utf-7\n", "|{}"],
    ),
    (415, "unsupported_media_type", &[POST, HOST, AUTH, JSON, "Content-Type: text/plain\n", "|{}"]),
    (
        415,
        "unsupported_media_type",
        &[POST, HOST, AUTH, "Content-Type: application/x-www-form-urlencoded\n", "|a=1"],
    ),
    // Tokens.
    (200, "", &[GET, HOST, "Authorization: bearer TOKEN\n"]),
    (401, "unauthorized", &[GET, HOST]),
    (401, "unauthorized", &[GET, HOST, "Authorization: Bearer \n"]),
    (401, "unauthorized", &[GET, HOST, "Authorization: TOKEN\n"]),
    (401, "unauthorized", &[GET, HOST, "Authorization: Basic TOKEN\n"]),
    (401, "unauthorized", &[GET, HOST, "Authorization: Bearer TOKEN0\n"]),
    (401, "unauthorized", &[GET, HOST, "Authorization: Bearer 00000000000000000000000000000000\n"]),
    (401, "unauthorized", &[GET, HOST, AUTH, AUTH]),
    (401, "unauthorized", &["GET /api/catalogue?token=TOKEN HTTP/1.1\n", HOST]),
    (401, "unauthorized", &[GET, HOST, "Cookie: token=TOKEN\n"]),
    (401, "unauthorized", &["GET /api HTTP/1.1\n", HOST]),
    (401, "unauthorized", &["GET /api/none HTTP/1.1\n", HOST]),
    (401, "unauthorized", &["GET /api//catalogue HTTP/1.1\n", HOST]),
    // Spellings of a path that a route would not match.
    (404, "not_found", &["GET /%61pi/catalogue HTTP/1.1\n", HOST]),
    (404, "not_found", &["GET //api/catalogue HTTP/1.1\n", HOST]),
    (404, "not_found", &["GET /API/catalogue HTTP/1.1\n", HOST]),
    (404, "not_found", &["GET /assets/..%2fCargo.toml HTTP/1.1\n", HOST]),
    (404, "not_found", &["GET /assets/none.js HTTP/1.1\n", HOST]),
    (404, "not_found", &["GET /api/none HTTP/1.1\n", HOST, AUTH]),
    (404, "not_found", &["POST /nothing HTTP/1.1\n", HOST, JSON, "|body"]),
    (404, "not_found", &["PUT /nothing HTTP/1.1\n", HOST, "|body"]),
    (405, "method_not_allowed", &["POST / HTTP/1.1\n", HOST, JSON, "|body"]),
    // Paths that are not UTF-8.
    (404, "not_found", &["GET /assets/%ff HTTP/1.1\n", HOST]),
    (404, "not_found", &["GET /api/actions/%ff HTTP/1.1\n", HOST, AUTH]),
    (404, "not_found", &["GET /api/items/%ff HTTP/1.1\n", HOST, AUTH]),
    (404, "not_found", &["GET /api/skeleton/%ff HTTP/1.1\n", HOST, AUTH]),
    (404, "not_found", &["GET /api/emulator/flows/%ff HTTP/1.1\n", HOST, AUTH]),
    (404, "not_found", &["POST /api/check/%ff HTTP/1.1\n", HOST, AUTH, JSON, "|{}"]),
    (404, "not_found", &["POST /api/preview/%ff HTTP/1.1\n", HOST, AUTH, JSON, "|{}"]),
    (404, "not_found", &["POST /api/call/%ff HTTP/1.1\n", HOST, AUTH, JSON, "|{}"]),
    (404, "not_found", &["POST /api/snippet/%ff HTTP/1.1\n", HOST, AUTH, JSON, "|{}"]),
    (404, "not_found", &["POST /api/emulator/%ff HTTP/1.1\n", HOST, AUTH, JSON, "|{}"]),
    // Sizes: announced, and received.
    (413, "too_large", &[POST, HOST, AUTH, JSON, "Content-Length: 10485761\n"]),
    (413, "too_large", &[POST, HOST, AUTH, JSON, "Content-Length: 99999999999999999\n"]),
    (
        413,
        "too_large",
        &["POST /api/call/UploadFiles HTTP/1.1\n", HOST, AUTH, JSON, "Content-Length: 88080385\n"],
    ),
    (413, "too_large", &["GET / HTTP/1.1\n", HOST, "|body"]),
    (401, "unauthorized", &[POST, HOST, JSON, "Content-Length: 10485761\n"]),
];

const SECURITY: [&str; 5] = [
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'",
    "x-content-type-options: nosniff",
    "referrer-policy: no-referrer",
    "cross-origin-opener-policy: same-origin",
    "cross-origin-resource-policy: same-origin",
];

#[test]
fn every_rule_has_its_status() {
    let explorer = offline();
    for (status, code, parts) in CASES {
        let request = parts.concat();
        let response = explorer.raw(&request);
        assert_eq!((response.status, &*response.code()), (*status, *code), "{request}");
        for header in SECURITY {
            assert!(response.head.contains(header), "{header}\n{request}\n{}", response.head);
        }
        assert!(!response.head.contains("access-control"), "{request}");
        assert!(!response.head.contains("set-cookie"), "{request}");
        if *status >= 400 {
            assert!(response.head.contains("content-type: application/json"), "{request}");
            assert!(response.head.contains("cache-control: no-store"), "{request}");
            let error = response.json();
            assert!(!error["error"]["message"].as_str().unwrap().is_empty(), "{request}");
        }
        assert!(!response.text().contains(&explorer.token), "{request}");
    }
}

#[test]
fn other_methods_are_refused_with_those_of_the_path() {
    let explorer = offline();
    let allowed = |path: &str| match path {
        "/api/saved" => "get,head,post",
        _ if ROUTES.contains(&("POST", path)) => "post",
        _ => "get,head",
    };
    let pages = [("GET", "/"), ("GET", "/assets/app.js")];
    for (_, path) in ROUTES.iter().chain(&pages) {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X-OWN"] {
            let request = format!("{method} {path} HTTP/1.1\n{HOST}{AUTH}{JSON}");
            let response = explorer.raw(&request);
            let allow = format!("allow: {}\r\n", allowed(path));
            assert_eq!((response.status, &*response.code()), (405, "method_not_allowed"));
            assert!(response.head.contains(&allow), "{request}\n{}", response.head);
        }
    }
    let server = explorer.raw(&format!("OPTIONS * HTTP/1.1\n{HOST}"));
    assert!(server.head.contains("allow: get,head,post\r\n"), "{}", server.head);
}

#[test]
fn every_route_requires_the_token() {
    let explorer = offline();
    for (method, path) in ROUTES {
        for authorization in ["", "Authorization: Bearer 00000000000000000000000000000000\n"] {
            let request = format!("{method} {path} HTTP/1.1\n{HOST}{JSON}{authorization}|{{}}");
            let response = explorer.raw(&request);
            assert_eq!((response.status, &*response.code()), (401, "unauthorized"), "{request}");
        }
        // The same request of a page of another origin, even with the token.
        if *method == "POST" {
            let origin = "Origin: http://evil.example\n";
            let request = format!("{method} {path} HTTP/1.1\n{HOST}{JSON}{AUTH}{origin}|{{}}");
            assert_eq!(explorer.raw(&request).status, 403, "{request}");
        }
    }
    // What the page loads before it has the token.
    for path in ["/", "/assets/app.js", "/assets/style.css"] {
        let response = explorer.raw(&format!("GET {path} HTTP/1.1\n{HOST}"));
        assert_eq!(response.status, 200, "{path}");
        assert!(!response.text().contains(&explorer.token), "{path}");
    }
}

#[test]
fn a_body_that_is_longer_than_announced_is_refused() {
    let explorer = offline();
    let chunk = "x".repeat(1 << 20);
    let mut body = String::new();
    for _ in 0..11 {
        body += &format!("100000\r\n{chunk}\r\n");
    }
    let chunked = "Transfer-Encoding: chunked\n";
    let response =
        explorer.raw(&[POST, HOST, AUTH, JSON, chunked, "|", &body, "0\r\n\r\n"].concat());
    // The server may close the connection while the client still sends.
    assert!([0, 413].contains(&response.status), "{}", response.status);
    assert_eq!(explorer.send("/api/catalogue", "", None).status, 200);
}

#[test]
fn idle_and_slow_connections_keep_nobody_out() {
    let explorer = offline();
    let mut slow: Vec<_> = (0..64).map(|_| explorer.connect()).collect();
    for stream in &mut slow {
        // Half of a head.
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    }
    // A connection above the maximum closes the oldest one without a request.
    assert_eq!(explorer.send("/api/catalogue", "", None).status, 200);
    match slow[0].read(&mut [0]) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("{other:?}"),
    }
    let newest = slow.last_mut().unwrap();
    newest.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let open = newest.read(&mut [0]).unwrap_err();
    assert!(matches!(open.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{open}");
}

#[test]
fn garbage_does_not_end_the_server() {
    let explorer = offline();
    let long = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a: b\r\n".repeat(20_000));
    for bytes in ["\r\n\r\n", "\u{0}\u{1}", "GET", "GET / HTTP/9.9\r\n\r\n", &long] {
        let mut stream = explorer.connect();
        let _ = stream.write_all(bytes.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(explorer.send("/api/catalogue", "", None).status, 200);
}
