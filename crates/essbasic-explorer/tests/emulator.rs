//! Routes of the emulator's panel.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};
use essbasic_explorer::{Explorer, Mode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower_service::Service;

const NOW: u64 = 1_700_000_000;
const PORT: u16 = 8080;

fn explorer() -> Explorer {
    let emulator = Emulator::builder().with_manual_clock(NOW).start().unwrap();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDwLease1"));
    Explorer::builder(Mode::Emulator).with_emulator(emulator).build(PORT).unwrap()
}

/// Sends a request of the page: GET without a body, POST with one.
async fn send(explorer: &Explorer, path: &str, body: Option<&str>) -> (StatusCode, Value) {
    let url = explorer.url();
    let (_, token) = url.split_once("#token=").unwrap();
    let request = Request::builder()
        .method(if body.is_some() { "POST" } else { "GET" })
        .uri(path)
        .header("host", format!("127.0.0.1:{PORT}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.unwrap_or_default().to_owned()))
        .unwrap();
    let response = explorer.router().call(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn contracts_the_clock_and_faults_are_shown_and_changed() {
    let explorer = explorer();
    let (status, all) = send(&explorer, "/api/emulator/flows", None).await;
    assert_eq!((status, &all["flows"][0]["flow"]), (StatusCode::OK, &json!("yDwLease1")));
    let (_, found) = send(&explorer, "/api/emulator/flows?q=Lease1", None).await;
    assert_eq!((&found["total"], &found["now"]), (&json!(1), &json!(NOW)));
    let (_, none) = send(&explorer, "/api/emulator/flows?q=%E6%97%A0%E6%AD%A4", None).await;
    assert_eq!((&none["total"], &none["flows"]), (&json!(0), &json!([])));
    let sign = r#"{"flow":"yDwLease1","party":0}"#;
    let (status, signed) = send(&explorer, "/api/emulator/sign", Some(sign)).await;
    assert_eq!((status, &signed["status"]), (StatusCode::OK, &json!("PART")));
    let (_, flow) = send(&explorer, "/api/emulator/flows/yDwLease1", None).await;
    assert_eq!(flow, signed);
    let cancel = r#"{"flow":"yDwLease1","reason":"内容错误"}"#;
    let (_, cancelled) = send(&explorer, "/api/emulator/cancel", Some(cancel)).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["reason"]),
        (&json!("CANCEL"), &json!("内容错误"))
    );
    let (_, set) =
        send(&explorer, "/api/emulator/clock", Some(r#"{"advance_seconds":60,"speed":2}"#)).await;
    assert_eq!(set["speed"], 2.0);
    assert!(set["now"].as_u64() >= Some(NOW + 60));
    let fault = r#"{"faults":[{"kind":"throttled","times":1}]}"#;
    let (_, set) = send(&explorer, "/api/emulator/faults", Some(fault)).await;
    assert_eq!(
        (&set["faults"][0]["kind"], &set["faults"][0]["times"]),
        (&json!("throttled"), &json!(1))
    );
}

#[tokio::test]
async fn errors_have_a_code_and_a_fix() {
    let explorer = explorer();
    for (path, body, status, code) in [
        ("sign", r#"{"flow":"none"}"#, 404, "not_found"),
        ("sign", r#"{"flow":"yDwLease1","party":1}"#, 422, "invalid_request"),
        ("sign", "{}", 422, "invalid_request"),
        ("sign", "{", 400, "invalid_json"),
        ("expire", r#"{"flow":"yDwLease1","when":1}"#, 422, "invalid_request"),
        ("clock", r#"{"advance_seconds":-1}"#, 422, "invalid_request"),
        ("faults", r#"{"faults":[{"kind":"reset","rate":2}]}"#, 422, "invalid_request"),
        ("callback", r#"{"url":"http://example.com/"}"#, 422, "invalid_request"),
        ("other", "{}", 404, "not_found"),
    ] {
        let (found, response) = send(&explorer, &format!("/api/emulator/{path}"), Some(body)).await;
        assert_eq!(
            (found.as_u16(), &response["error"]["code"]),
            (status, &json!(code)),
            "{path} {body}"
        );
        assert!(!response["error"]["message"].as_str().unwrap().is_empty());
    }
    let (_, response) = send(&explorer, "/api/emulator/sign", Some(r#"{"flow":"none"}"#)).await;
    assert_eq!(response["error"]["hint"], "check the ID, or create the contract first");
}

#[tokio::test]
async fn without_an_emulator_every_route_says_so() {
    let explorer = Explorer::builder(Mode::Offline).build(PORT).unwrap();
    for (path, body) in [
        ("flows", None),
        ("flows/yDwLease1", None),
        ("sign", Some("{}")),
        ("clock", Some("{}")),
        ("faults", Some("{}")),
        ("callback", Some("{}")),
    ] {
        let (status, response) = send(&explorer, &format!("/api/emulator/{path}"), body).await;
        assert_eq!(
            (status, &response["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("no_emulator"))
        );
        assert_eq!(response["error"]["hint"], "start `essbasic explore --emulated`");
    }
}
