//! The admin listener over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Server;

const HOST: &str = "Host: 127.0.0.1:PORT\n";
const AUTH: &str = "Authorization: Bearer TOKEN\n";
const JSON: &str = "Content-Type: application/json\n";

/// Method and path of each route that requires the token.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/status"),
    ("GET", "/api/contracts"),
    ("POST", "/api/contracts"),
    ("GET", "/api/contracts/a"),
    ("POST", "/api/contracts/a/retry"),
    ("POST", "/api/contracts/a/drop"),
    ("POST", "/api/retry"),
    ("GET", "/api/messages"),
    ("GET", "/api/messages/a"),
    ("POST", "/api/messages/a/replay"),
    ("GET", "/api/forwards"),
    ("GET", "/api/workers"),
    ("GET", "/api/rate"),
    ("GET", "/api/samples"),
    ("GET", "/api/none"),
    ("GET", "/explorer/api/catalogue"),
    ("GET", "/explorer/api/history"),
    ("POST", "/explorer/api/call/DescribeFlowDetailInfo"),
    ("POST", "/explorer/api/file"),
    ("GET", "/explorer/api/emulator/flows"),
    ("POST", "/explorer/api/emulator/sign"),
];

/// The admin listener of a server.
struct Admin {
    port: String,
    token: String,
}

impl Admin {
    fn new(server: &Server) -> Self {
        let port = server.admin.trim_start_matches("http://127.0.0.1:").trim_end_matches('/');
        let token = std::fs::read_to_string(&server.admin_token_file).unwrap();
        Self { port: port.to_owned(), token: token.trim().to_owned() }
    }

    /// Sends a request whose head and body are separated by `|`, and returns the status, the head and the body of its response.
    fn raw(&self, request: &str) -> (u16, String, String) {
        let (head, body) = request.split_once('|').unwrap_or((request, ""));
        let mut head = head.replace("PORT", &self.port).replace("TOKEN", &self.token);
        if !body.is_empty() {
            head += &format!("Content-Length: {}\n", body.len());
        }
        let text = format!("{}Connection: close\r\n\r\n{body}", head.replace('\n', "\r\n"));
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), head.to_ascii_lowercase(), body.to_owned())
    }

    fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.raw(&format!("GET {path} HTTP/1.1\n{HOST}{AUTH}"));
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = format!("POST {path} HTTP/1.1\n{HOST}{AUTH}{JSON}|{body}");
        let (status, _, body) = self.raw(&request);
        (status, serde_json::from_str(&body).unwrap())
    }
}

fn code(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    value["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_ready_line_names_the_listener_and_the_file_of_its_token() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    assert!(server.admin.starts_with("http://127.0.0.1:"), "{}", server.admin);
    assert!(server.admin.ends_with('/') && !server.admin.contains('#'), "{}", server.admin);
    let file = Path::new(&server.admin_token_file);
    assert!(file.is_absolute() && file.ends_with("admin_token"), "{}", file.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let admin = Admin::new(&server);
    assert_eq!(admin.token.len(), 32);
    // The page without the token, which it reads from its fragment.
    for path in
        ["/", "/assets/app.js", "/assets/style.css", "/explorer/", "/explorer/assets/app.js"]
    {
        let (status, head, body) = admin.raw(&format!("GET {path} HTTP/1.1\n{HOST}"));
        assert_eq!(status, 200, "{path}");
        assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
        assert!(!body.contains(&admin.token), "{path}");
    }
    let (status, head, _) = admin.raw(&format!("GET /explorer HTTP/1.1\n{HOST}"));
    assert!(status == 307 && head.contains("location: explorer/"), "{head}");
    let log = server.log("admin page: http://127.0.0.1:");
    assert!(!log.contains(&admin.token), "{log}");
}

#[test]
fn every_route_is_guarded() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let admin = Admin::new(&server);
    for (method, path) in ROUTES {
        let body = if *method == "POST" { "|{}" } else { "" };
        let line = format!("{method} {path} HTTP/1.1\n");
        let origin = "Origin: http://evil.example\n";
        let wrong = format!("Authorization: Bearer {}\n", "0".repeat(32));
        let mut cases = vec![
            (401, "unauthorized", [HOST, JSON].concat()),
            (401, "unauthorized", [HOST, JSON, &wrong].concat()),
            (401, "unauthorized", [HOST, JSON, AUTH, AUTH].concat()),
            (401, "unauthorized", [HOST, JSON, "Authorization: Basic TOKEN\n"].concat()),
            (401, "unauthorized", [HOST, JSON, "Cookie: token=TOKEN\n"].concat()),
            (400, "missing_host", [AUTH, JSON].concat()),
            (400, "missing_host", [HOST, HOST, AUTH, JSON].concat()),
            (421, "foreign_host", ["Host: evil.example\n", AUTH, JSON].concat()),
            (421, "foreign_host", ["Host: evil.example:PORT\n", AUTH, JSON].concat()),
            (421, "foreign_host", ["Host: 127.0.0.1:1\n", AUTH, JSON].concat()),
        ];
        if *method == "POST" {
            cases.push((403, "forbidden_origin", [HOST, AUTH, JSON, origin].concat()));
            let site = "Sec-Fetch-Site: cross-site\n";
            cases.push((403, "forbidden_origin", [HOST, AUTH, JSON, site].concat()));
            cases.push((415, "unsupported_media_type", [HOST, AUTH].concat()));
            let form = "Content-Type: text/plain\n";
            cases.push((415, "unsupported_media_type", [HOST, AUTH, form].concat()));
        }
        for (status, expected, headers) in cases {
            let request = [&line, &headers, body].concat();
            let (found, head, text) = admin.raw(&request);
            assert_eq!((found, &*code(&text)), (status, expected), "{request}");
            for header in ["x-content-type-options: nosniff", "cache-control: no-store"] {
                assert!(head.contains(header), "{request}\n{head}");
            }
            assert!(!head.contains("access-control-") && !head.contains("set-cookie"), "{head}");
            assert!(!text.contains(&admin.token), "{request}");
        }
        for other in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let request = format!("{other} {path} HTTP/1.1\n{HOST}{AUTH}{JSON}");
            let status = admin.raw(&request).0;
            assert!([404, 405].contains(&status), "{request}: {status}");
        }
    }
    // Other spellings of a path reach no route.
    for path in [
        "//api/status",
        "/API/status",
        "/%61pi/status",
        "/./api/status",
        "/x/../api/status",
        "/explorer//api/history",
        "/explorer/%61pi/history",
        "/explorer/../api/status",
        "/api/status/",
    ] {
        let (status, _, body) = admin.raw(&format!("GET {path} HTTP/1.1\n{HOST}"));
        assert!([401, 404].contains(&status), "{path}: {status} {body}");
    }
    let (status, _, _) = admin.raw(&format!("GET /api/status HTTP/1.1\n{HOST}{AUTH}"));
    assert_eq!(status, 200);
}

#[test]
fn contracts_are_listed_added_and_dropped() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let admin = Admin::new(&server);
    let status = admin.get("/api/status");
    assert_eq!((&status["store"], &status["writable"]), (&json!("sqlite"), &json!(true)));
    assert_eq!((&status["ready"], &status["explorer"]), (&json!(true), &json!("/explorer/")));
    server.wait_for("essbasic_contracts{state=\"done\"}", 20);
    let done = admin.get("/api/contracts?state=done&limit=1");
    let contract = &done["contracts"][0];
    assert_eq!((&contract["state"], &contract["result"]), (&json!("done"), &json!("archived")));
    assert_eq!(contract["files"][0]["sha256"].as_str().unwrap().len(), 64);
    assert!(done["next"].is_string(), "{done}");
    let detail = admin.get(&format!("/api/contracts/{}", contract["flow_id"].as_str().unwrap()));
    let last = detail["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["kind"], "archived");

    let added = admin.post("/api/contracts", &json!({ "flow_ids": ["yDabsent"] }));
    let result = |text: &str| json!({ "results": [{ "flow_id": "yDabsent", "result": text }] });
    assert_eq!(added, (200, result("added")));
    let dropped = admin.post("/api/contracts/yDabsent/drop", &json!({}));
    assert_eq!(dropped, (200, result("done")));
    let found = admin.get("/api/contracts/yDabsent");
    assert_eq!((&found["state"], &found["result"]), (&json!("done"), &json!("dropped")));
    let (status, error) = admin.post("/api/contracts/yDabsent/retry", &json!({}));
    assert_eq!((status, error), (200, result("finished")));

    let end = Instant::now() + Duration::from_secs(60);
    while admin.get("/api/messages")["messages"].as_array().unwrap().is_empty() {
        assert!(Instant::now() < end, "no message");
        std::thread::sleep(Duration::from_millis(50));
    }
    let workers = admin.get("/api/workers");
    assert_eq!(workers["workers"][0]["self"], true, "{workers}");
    let rate = admin.get("/api/rate");
    let actions = rate["actions"].as_array().unwrap();
    assert!(actions.iter().any(|one| one["action"] == "DescribeFlowDetailInfo"), "{rate}");
    assert!(admin.get("/api/samples")["samples"].is_array());
    assert_eq!(admin.get("/api/forwards"), json!({ "targets": [] }));
    let replay = admin.post("/api/messages/m/replay", &json!({ "target": "x" }));
    assert_eq!((replay.0, &replay.1["error"]["code"]), (404, &json!("unknown_target")));
}

#[test]
fn calls_of_the_explorer_use_the_rate_of_the_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let admin = Admin::new(&server);
    let catalogue = admin.get("/explorer/api/catalogue");
    assert_eq!(catalogue["mode"], "emulator", "{catalogue}");
    server.wait_for("essbasic_contracts{state=\"done\"}", 20);
    let done = admin.get("/api/contracts?state=done&limit=1");
    let flow_id = done["contracts"][0]["flow_id"].as_str().unwrap();
    // An action that the loops do not call.
    let action = "DescribeUsage";
    let moments = || {
        let rate = admin.get("/api/rate");
        rate["actions"].as_array().unwrap().iter().any(|one| one["action"] == action)
    };
    assert!(!moments());
    let path = format!("/explorer/api/call/{action}");
    let (status, response) =
        admin.post(&path, &json!({ "StartDate": "2026-11-01", "EndDate": "2026-11-02" }));
    assert!([200, 502].contains(&status), "{response}");
    assert!(moments(), "the call booked no moment: {response}");
    let path = "/explorer/api/call/DescribeFlowDetailInfo";
    let (status, response) = admin.post(path, &json!({ "FlowIds": [flow_id] }));
    assert_eq!((status, &response["ok"]), (200, &json!(true)), "{response}");
    let flows = admin.get("/explorer/api/emulator/flows");
    assert!(flows["total"].as_u64().unwrap() >= 20, "{flows}");
    assert_eq!(server.stop(), Some(0));
}
