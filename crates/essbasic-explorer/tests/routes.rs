//! All routes below `/api/`.

use std::sync::{Arc, Mutex};

use essbasic::Config;
use essbasic::credentials::Credential;
use essbasic::transport::{BlockingBody, Bytes, HeaderMap, Proxy, Request, Response, StatusCode};
use essbasic::transport::{TransportConfig, UreqTransport};
use essbasic_emulator::Emulator;
use essbasic_explorer::{BlockingCaller, Builder, Explorer, Mode, SessionKeys};
use serde_json::json;

use crate::support::serve;

/// Method and path of every route.
pub(crate) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/catalogue"),
    ("GET", "/api/search?q=flow"),
    ("GET", "/api/actions/DescribeFlowDetailInfo"),
    ("GET", "/api/items/Agent"),
    ("GET", "/api/skeleton/DescribeFlowDetailInfo"),
    ("GET", "/api/history"),
    ("GET", "/api/saved"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/emulator/flows"),
    ("GET", "/api/emulator/flows/ID"),
    ("POST", "/api/check/DescribeFlowDetailInfo"),
    ("POST", "/api/preview/DescribeFlowDetailInfo"),
    ("POST", "/api/call/DescribeFlowDetailInfo"),
    ("POST", "/api/snippet/DescribeFlowDetailInfo"),
    ("POST", "/api/sign"),
    ("POST", "/api/verify"),
    ("POST", "/api/callback/verify"),
    ("POST", "/api/file"),
    ("POST", "/api/saved"),
    ("POST", "/api/emulator/sign"),
    ("POST", "/api/emulator/reject"),
    ("POST", "/api/emulator/cancel"),
    ("POST", "/api/emulator/expire"),
    ("POST", "/api/emulator/clock"),
    ("POST", "/api/emulator/faults"),
    ("POST", "/api/emulator/callback"),
];

const ID: &str = "AKIDEXPLORERTESTKEYS";
const KEY: &str = "NEVERSENTTOTHEPAGE123456";
const TOKEN: &str = "sessiontokenofthetest";

const READ: &str = "/api/call/DescribeFlowDetailInfo";
const WRITE: &str = "/api/call/ChannelCancelFlow";
const FLOWS: &str = r#"{"FlowIds":["x"],"N":12345678901234567890123.10}"#;

fn keys() -> Credential {
    Credential::new(ID, KEY).with_token(TOKEN)
}

/// An explorer of an emulator with other keys than the default ones, as of another process.
fn of_emulator(mode: Mode, endpoint: &str) -> Builder {
    let keys = SessionKeys::new(keys());
    let config = Config::new(keys.clone()).with_endpoint_url(endpoint).unwrap();
    let transport = TransportConfig::default().with_proxy(Proxy::None);
    let caller = BlockingCaller::new(config, keys, UreqTransport::new(&transport).unwrap());
    Explorer::builder(mode).with_caller(caller.unwrap())
}

fn emulator() -> Emulator {
    Emulator::builder().with_temporary_credential(ID, KEY, TOKEN).start().unwrap()
}

/// An explorer of a service that responds with this body.
fn of_service(
    mode: Mode,
    content_type: &'static str,
    body: Vec<u8>,
) -> (Builder, Arc<Mutex<Vec<String>>>) {
    let sent = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&sent);
    let keys = SessionKeys::new(keys());
    let transport = move |request: Request| {
        log.lock().unwrap().push(request.uri.to_string());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        headers.insert("x-hostile", HOSTILE.parse().unwrap());
        let body = BlockingBody::from(Bytes::from(body.clone()));
        Ok(Response { status: StatusCode::OK, headers, body })
    };
    let caller = BlockingCaller::new(Config::new(keys.clone()), keys, transport).unwrap();
    (Explorer::builder(mode).with_caller(caller), sent)
}

const HOSTILE: &str = "<img src=x onerror=alert(1)>";

#[test]
fn keys_never_reach_the_page() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let builder = of_emulator(Mode::Production, &emulator.endpoint()).allow_writes();
    let explorer = serve(builder.with_saved(folder.path()).unwrap());
    let mut requests: Vec<(&str, &str)> = ROUTES
        .iter()
        .map(|(method, path)| (*path, if *method == "POST" { "{}" } else { "" }))
        .collect();
    requests.extend([
        ("/api/preview/DescribeFlowDetailInfo", FLOWS),
        (READ, FLOWS),
        (WRITE, r#"{"FlowId":"x","CancelMessage":"y"}"#),
        ("/api/sign", r#"{"action":"DescribeFlowDetailInfo","payload":"{}"}"#),
        (
            "/api/verify",
            r#"{"authorization":"TC3-HMAC-SHA256 Credential=AKIDEXPLORERTESTKEYS/2026-11-30/essbasic/tc3_request, SignedHeaders=content-type;host, Signature=0000000000000000000000000000000000000000000000000000000000000000","payload":"{}"}"#,
        ),
        ("/api/file", r#"{"url":"https://evil.example/"}"#),
        ("/api/saved", r#"{"action":"DescribeTemplates","body":{}}"#),
        ("/api/history", ""),
        ("/api/saved", ""),
        ("/", ""),
    ]);
    let confirm = "x-confirm-action: ChannelCancelFlow\n";
    for (path, body) in requests {
        let response = explorer.send(path, confirm, (!body.is_empty()).then_some(body));
        let all = format!("{}\n{}", response.head, response.text());
        assert!(!all.to_lowercase().contains(&KEY.to_lowercase()), "{path}: {all}");
        assert!(!all.to_lowercase().contains(TOKEN), "{path}: {all}");
    }
}

#[test]
fn signatures_are_shown_only_with_an_emulator_of_this_process() {
    let request = r#"{"action":"DescribeFlowDetailInfo","payload":"{}"}"#;
    for mode in [Mode::Emulator, Mode::Test, Mode::Production] {
        for is_own in [true, false] {
            let emulator = emulator();
            let mut builder = of_emulator(mode, &emulator.endpoint());
            if is_own {
                builder = builder.with_emulator(emulator);
            }
            let signed = serve(builder).send("/api/sign", "", Some(request)).json();
            assert_eq!(signed["signature"] != "***", is_own, "{mode:?} {signed}");
        }
    }
}

#[test]
fn a_preview_masks_the_signature_and_the_token() {
    let emulator = emulator();
    let agent = json!({"AppId": "app"});
    let builder = of_emulator(Mode::Production, &emulator.endpoint()).with_agent(agent);
    let explorer = serve(builder);
    let preview = explorer.send("/api/preview/DescribeFlowDetailInfo", "", Some(FLOWS)).json();
    let headers = preview["headers"].as_array().unwrap();
    let value = |name: &str| headers.iter().find(|header| header[0] == name).unwrap()[1].clone();
    assert!(value("authorization").as_str().unwrap().ends_with("Signature=***"), "{preview}");
    assert_eq!(value("x-tc-token"), "***");
    assert_eq!(preview["masked"], json!(["authorization", "x-tc-token"]));
    // The agent is added, and the digits are kept.
    assert_eq!(
        preview["body"],
        r#"{"Agent":{"AppId":"app"},"FlowIds":["x"],"N":12345678901234567890123.10}"#
    );
    let own = r#"{"Agent":{"AppId":"own"},"FlowIds":["x"]}"#;
    let preview = explorer.send("/api/preview/DescribeFlowDetailInfo", "", Some(own)).json();
    assert_eq!(preview["body"], own);
}

#[test]
fn calls_are_shown_with_their_facts_and_kept() {
    let emulator = emulator();
    let agent = json!({
        "AppId": essbasic_emulator::APP_ID,
        "ProxyOrganizationOpenId": essbasic_emulator::ORGANIZATION,
        "ProxyOperator": { "OpenId": essbasic_emulator::OPERATOR },
    });
    let builder = of_emulator(Mode::Emulator, &emulator.endpoint()).with_agent(agent);
    let explorer = serve(builder);
    let call = explorer.send(READ, "", Some(r#"{"FlowIds":["x"]}"#)).json();
    assert_eq!(
        (&call["ok"], &call["status"], &call["attempts"]),
        (&json!(true), &json!(200), &json!(1))
    );
    assert_eq!(call["request_id"], call["response"]["RequestId"]);
    assert!(call["headers"].as_array().unwrap().iter().any(|header| header[0] == "date"), "{call}");
    assert!(call["raw"].as_str().unwrap().starts_with("{\"Response\":"), "{call}");
    assert!(call["duration_ms"].as_f64().unwrap() > 0.0);
    // An error of the API is a result.
    let failed = explorer.send(READ, "", Some(r#"{"FlowIds":"x"}"#));
    assert_eq!(failed.status, 200);
    let failed = failed.json();
    assert_eq!((&failed["ok"], &failed["response"]), (&json!(false), &json!(null)));
    assert!(!failed["error"]["code"].as_str().unwrap().is_empty(), "{failed}");
    assert!(failed["error"]["is_outcome_unknown"].is_boolean(), "{failed}");
    // No response at all is not.
    drop(emulator);
    let lost = explorer.send(READ, "", Some(r#"{"FlowIds":["x"]}"#));
    assert_eq!((lost.status, &*lost.code()), (502, "call_failed"));
    assert_eq!(lost.json()["call"]["status"], json!(null));
    let history = explorer.send("/api/history", "", None).json();
    let calls = history["history"].as_array().unwrap();
    let ids: Vec<_> = calls.iter().map(|call| call["id"].as_u64().unwrap()).collect();
    assert_eq!((ids, &history["limit"]), (vec![3, 2, 1], &json!(50)));
    assert_eq!(calls[2]["response"]["RequestId"], call["request_id"]);
    assert_eq!(calls[1]["error_code"], failed["error"]["code"]);
}

#[test]
fn writes_need_a_permission_and_a_confirmation() {
    let body = r#"{"FlowId":"x","CancelMessage":"y"}"#;
    let other = "x-confirm-action: CreateSealByImage\n";
    let right = "x-confirm-action: ChannelCancelFlow\n";
    let twice = format!("{right}{other}");
    let success = br#"{"Response":{"RequestId":"r"}}"#.to_vec();
    for (mode, allowed) in [
        (Mode::Production, false),
        (Mode::Production, true),
        (Mode::Test, false),
        (Mode::Emulator, false),
    ] {
        let (builder, sent) = of_service(mode, "application/json", success.clone());
        let builder = if allowed { builder.allow_writes() } else { builder };
        let explorer = serve(builder);
        let may_write = allowed || mode == Mode::Emulator;
        for (headers, confirmed) in [("", false), (other, false), (&*twice, false), (right, true)] {
            let response = explorer.send(WRITE, headers, Some(body));
            let expected = match (may_write, confirmed) {
                (false, _) => (403, "write_not_allowed"),
                (true, false) => (403, "confirmation_required"),
                (true, true) => (200, ""),
            };
            assert_eq!((response.status, &*response.code()), expected, "{mode:?} {headers}");
        }
        assert_eq!(sent.lock().unwrap().len(), usize::from(may_write), "{mode:?}");
        assert_eq!(explorer.send(READ, "", Some("{}")).status, 200);
    }
    let explorer = serve(Explorer::builder(Mode::Offline));
    for path in [READ, "/api/preview/DescribeFlowDetailInfo"] {
        let response = explorer.send(path, "", Some("{}"));
        assert_eq!((response.status, &*response.code()), (409, "offline"));
    }
}

#[test]
fn content_of_the_service_is_json_only() {
    let text = json!({"Response": {
        HOSTILE: HOSTILE, "FlowInfo": [{"FlowName": HOSTILE}], "RequestId": HOSTILE,
    }});
    let error = json!({"Response": {
        "Error": {"Code": HOSTILE, "Message": HOSTILE}, "RequestId": HOSTILE,
    }});
    for (content_type, body) in [
        ("text/html", text.to_string()),
        ("application/json", error.to_string()),
        ("text/html", HOSTILE.to_owned()),
    ] {
        let (builder, _) = of_service(Mode::Production, content_type, body.into_bytes());
        let explorer = serve(builder);
        let hostile = format!("{{\"{HOSTILE}\":\"{HOSTILE}\"}}");
        for (path, body) in [
            (READ, Some("{}")),
            ("/api/history", None),
            ("/api/check/DescribeFlowDetailInfo", Some(&*hostile)),
            ("/api/preview/DescribeFlowDetailInfo", Some(&*hostile)),
            ("/api/snippet/DescribeFlowDetailInfo", Some(&*hostile)),
            ("/api/search?q=%3Cimg%20src=x%20onerror=alert(1)%3E", None),
            ("/api/items/%3Cimg%20onerror%3E", None),
            ("/%3Cimg%20onerror%3E", None),
        ] {
            let response = explorer.send(path, "", body);
            let head = &response.head;
            assert!(head.contains("content-type: application/json\r\n"), "{path}: {head}");
            assert!(head.contains("nosniff"), "{path}: {head}");
            assert!(!head.contains("onerror"), "{path}: {head}");
            response.json();
        }
    }
}

#[test]
fn a_response_with_a_duplicate_field_is_an_error_with_its_text() {
    for content in [
        r#""RequestId":"r","FlowInfo":[],"FlowInfo":[]"#,
        r#""RequestId":"r","FlowInfo":[{"A":1,"\u0041":2}]"#,
    ] {
        let body = format!("{{\"Response\":{{{content}}}}}");
        let (builder, _) = of_service(Mode::Production, "application/json", body.clone().into());
        let explorer = serve(builder);
        let received = explorer.send(READ, "", Some("{}"));
        let call = received.json();
        assert_eq!((received.status, &call["ok"]), (200, &json!(false)), "{call}");
        assert_eq!((&call["response"], &call["raw"]), (&json!(null), &json!(body)));
        assert_eq!(call["error"]["kind"], "decode", "{call}");
        assert!(call["error"]["message"].as_str().unwrap().contains("duplicate field"), "{call}");
        let history = explorer.send("/api/history", "", None);
        essbasic::api::json::check_duplicates(&history.body).unwrap();
        assert_eq!(history.json()["history"][0]["response"], json!(null));
    }
}

#[test]
fn a_panic_of_a_call_ends_the_request_and_not_the_server() {
    let keys = SessionKeys::new(keys());
    let transport = |_: Request| -> Result<Response<BlockingBody>, _> { panic!("of the test") };
    let caller = BlockingCaller::new(Config::new(keys.clone()), keys, transport).unwrap();
    let explorer = serve(Explorer::builder(Mode::Emulator).with_caller(caller));
    let confirm = "x-confirm-action: ChannelCancelFlow\n";
    for path in [READ, WRITE] {
        let failed = explorer.send(path, confirm, Some("{}"));
        assert_eq!((failed.status, &*failed.code()), (500, "internal"), "{path}");
    }
    // It has no task of its own: its connection ends.
    let link = r#"{"url":"https://file.ess.tencent.cn/a?hkey=k"}"#;
    assert!([0, 500].contains(&explorer.send("/api/file", "", Some(link)).status));
    assert_eq!(explorer.send("/api/catalogue", "", None).status, 200);
    // The shutdown waits for writes, of which none is left.
    drop(explorer);
}

#[test]
fn only_pdfs_of_allowed_hosts_are_fetched() {
    const LINK: &str = r#"{"url":"https://file.ess.tencent.cn/a?hkey=LINKKEY"}"#;
    let (builder, sent) = of_service(Mode::Production, "text/html", b"%PDF-1.7 ...".to_vec());
    let explorer = serve(builder);
    let pdf = explorer.send("/api/file", "", Some(LINK));
    assert_eq!((pdf.status, &*pdf.body), (200, &b"%PDF-1.7 ..."[..]));
    assert!(pdf.head.contains("content-type: application/pdf"), "{}", pdf.head);
    assert!(pdf.head.contains("nosniff"));
    for url in [
        "https://evil.example/a?hkey=LINKKEY",
        "http://file.ess.tencent.cn/?hkey=LINKKEY",
        "http://127.0.0.1:1/?hkey=LINKKEY",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://file.ess.tencent.cn@evil.example/",
        "",
    ] {
        let body = json!({ "url": url }).to_string();
        let refused = explorer.send("/api/file", "", Some(&body));
        assert_eq!((refused.status, &*refused.code()), (422, "invalid_request"), "{url}");
        assert!(!refused.text().contains("LINKKEY"), "{}", refused.text());
    }
    assert_eq!(sent.lock().unwrap().len(), 1);
    // A page of another type would run in the origin of the explorer.
    let (builder, _) = of_service(Mode::Production, "application/pdf", HOSTILE.into());
    let refused = serve(builder).send("/api/file", "", Some(LINK));
    assert_eq!((refused.status, &*refused.code()), (502, "call_failed"));
}

#[test]
fn the_history_is_bounded() {
    let body = br#"{"Response":{"RequestId":"r"}}"#.to_vec();
    let (builder, _) = of_service(Mode::Production, "application/json", body);
    let explorer = serve(builder);
    let large = format!("{{\"FlowIds\":[\"{}\"]}}", "x".repeat(300 << 10));
    assert_eq!(explorer.send(READ, "", Some(&large)).status, 200);
    let history = explorer.send("/api/history", "", None).json();
    assert_eq!(history["history"][0]["request"], json!(null));
    for _ in 0..50 {
        assert_eq!(explorer.send(READ, "", Some("{}")).status, 200);
    }
    let history = explorer.send("/api/history", "", None).json();
    let calls = history["history"].as_array().unwrap();
    assert_eq!((calls.len(), &calls[0]["id"], &calls[49]["id"]), (50, &json!(51), &json!(2)));
}

#[test]
fn requests_are_saved_as_files_of_this_user() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("saved"), folder.path().join("outside"));
    let explorer = serve(Explorer::builder(Mode::Offline).with_saved(&inside).unwrap());
    let save = |name: &str, body: &str| {
        let text = format!("{{\"action\":\"DescribeTemplates\",\"name\":{name},\"body\":{body}}}");
        explorer.send("/api/saved", "", Some(&text))
    };
    let created = save("\"合同-1\"", r#"{"N":12345678901234567890123.10,"A":"b"}"#).json();
    let path = inside.canonicalize().unwrap().join("DescribeTemplates.合同-1.json");
    assert_eq!(created["path"].as_str().unwrap(), path.to_str().unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("12345678901234567890123.10") && text.ends_with("}\n"), "{text}");
    assert!(
        created["command"].as_str().unwrap().starts_with("essbasic call DescribeTemplates --body ")
    );
    assert_eq!(save("null", "{}").json()["name"], "1");
    assert_eq!(save("null", "{}").json()["name"], "2");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(inside.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        symlink(&outside, inside.join("DescribeTemplates.link.json")).unwrap();
        assert_eq!(save("\"link\"", "{}").code(), "invalid_request");
        assert!(!outside.exists());
    }
    // The longest names: 64 characters, or 128 bytes.
    for (part, number) in [("x", 64), ("合", 42), ("𠀀", 32)] {
        let longest = part.repeat(number);
        assert_eq!(save(&format!("\"{longest}\""), "{}").json()["name"], longest);
        std::fs::remove_file(inside.join(format!("DescribeTemplates.{longest}.json"))).unwrap();
        let longer = save(&format!("\"{longest}{part}\""), "{}");
        assert_eq!((longer.status, &*longer.code()), (422, "invalid_request"), "{part}");
    }
    for (name, body, status, code) in [
        ("\"合同-1\"", "{}", 422, "invalid_request"),
        ("\"../outside\"", "{}", 422, "invalid_request"),
        ("\"a/b\"", "{}", 422, "invalid_request"),
        ("\"a.b\"", "{}", 422, "invalid_request"),
        ("\"\"", "{}", 422, "invalid_request"),
        ("\"a\\u0000\"", "{}", 422, "invalid_request"),
        ("\"b\"", "[]", 422, "invalid_request"),
        ("\"b\"", "{\"A\":1,\"A\":2}", 400, "invalid_json"),
        ("\"b\"", "{", 400, "invalid_json"),
    ] {
        let response = save(name, body);
        assert_eq!((response.status, &*response.code()), (status, code), "{name} {body}");
    }
    let list = explorer.send("/api/saved", "", None).json();
    let names: Vec<_> =
        list["saved"].as_array().unwrap().iter().map(|saved| saved["name"].clone()).collect();
    assert_eq!((names.len(), &list["enabled"]), (3, &json!(true)), "{list}");
    let closed = serve(Explorer::builder(Mode::Offline));
    let refused =
        closed.send("/api/saved", "", Some(r#"{"action":"DescribeTemplates","body":{}}"#));
    assert_eq!((refused.status, &*refused.code()), (409, "saving_disabled"));
    assert_eq!(closed.send("/api/saved", "", None).json(), json!({"enabled": false, "saved": []}));
}

#[test]
fn every_limit_of_a_search_is_checked() {
    let explorer = serve(Explorer::builder(Mode::Offline));
    let long = format!("q={}", "x".repeat(1001));
    for (query, status, code) in [
        ("q=flow&limit=2", 200, ""),
        ("q=flow&limit=501", 200, ""),
        ("q=flow&kind=action&lang=zh", 200, ""),
        ("", 200, ""),
        ("q=flow&limit=-1", 422, "invalid_request"),
        ("q=flow&limit=x", 422, "invalid_request"),
        ("q=flow&kind=other", 422, "invalid_request"),
        (&*long, 422, "invalid_request"),
    ] {
        let response = explorer.send(&format!("/api/search?{query}"), "", None);
        assert_eq!((response.status, &*response.code()), (status, code), "{query}");
    }
    let found = explorer.send("/api/search?q=flow&limit=2", "", None).json();
    assert_eq!(found["hits"].as_array().unwrap().len(), 2);
    assert!(found["total"].as_u64().unwrap() > 2 && found["took_ms"].is_number(), "{found}");
}
