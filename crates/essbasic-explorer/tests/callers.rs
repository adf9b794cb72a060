//! Calls over the async and the blocking client have the same results.

use essbasic::api::ActionInfo;
use essbasic::credentials::Credential;
use essbasic::models::CATALOGUE;
use essbasic::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode, TransportError,
    TransportErrorKind,
};
use essbasic::{Config, RetryPolicy};
use essbasic_explorer::{AsyncCaller, BlockingCaller, CallRecord, Caller, SessionKeys};
use serde_json::value::RawValue;

const LINK: &str = "https://file.ess.tencent.cn/a?hkey=LINKKEY";

/// Status and body of a response; none for a failure of the transport.
type Script = Option<(u16, &'static [u8])>;

fn respond<B: From<Bytes>>(script: Script) -> Result<Response<B>, TransportError> {
    let (status, body) = script.ok_or(TransportError::new(TransportErrorKind::Interrupted))?;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let status = StatusCode::from_u16(status).unwrap();
    Ok(Response { status, headers, body: Bytes::from_static(body).into() })
}

fn config() -> (Config, SessionKeys) {
    let keys = SessionKeys::new(Credential::new("id", "KEYOFTHETEST"));
    (Config::new(keys.clone()).with_retry(RetryPolicy::none()), keys)
}

fn callers(script: Script) -> [Box<dyn Caller>; 2] {
    let (config, keys) = config();
    let transport = move |_: Request| respond::<BlockingBody>(script);
    let blocking = BlockingCaller::new(config, keys, transport).unwrap();
    let (config, keys) = self::config();
    let transport = move |_: Request| async move { respond::<AsyncBody>(script) };
    [Box::new(blocking), Box::new(AsyncCaller::new(config, keys, transport).unwrap())]
}

fn info() -> ActionInfo<'static> {
    let mut actions = CATALOGUE.actions.iter();
    actions.find(|action| action.info.name == "DescribeFlowDetailInfo").unwrap().info
}

fn body() -> Box<RawValue> {
    RawValue::from_string(r#"{"FlowIds":["x"],"N":12345678901234567890123.10}"#.to_owned()).unwrap()
}

fn facts(record: CallRecord) -> String {
    let result = record.result.map_err(|error| format!("{error} {:?}", error.hint()));
    let CallRecord { attempts, status, request_id, headers, body, .. } = record;
    format!("{result:?} {attempts} {status:?} {request_id:?} {headers:?} {body:?}")
}

#[tokio::test]
async fn both_callers_have_the_same_results() {
    let success = br#"{"Response":{"RequestId":"r","N":12345678901234567890123.10}}"#;
    let error = br#"{"Response":{"RequestId":"r","Error":{"Code":"C","Message":"m"}}}"#;
    for (script, words) in [
        (Some((200, &success[..])), ["Ok(", "12345678901234567890123.10", "Some(200)"]),
        (Some((200, error)), ["Err(", "C", "Some(\"r\")"]),
        (Some((502, b"<html>")), ["Err(", "502", "Some(502)"]),
        (None, ["Err(", " 1 None", "None"]),
    ] {
        let [blocking, async_] = callers(script);
        let blocking = facts(blocking.call(info(), body()).await);
        let async_ = facts(async_.call(info(), body()).await);
        assert_eq!(blocking, async_);
        for word in words {
            assert!(async_.contains(word), "{word}: {async_}");
        }
    }
}

#[tokio::test]
async fn both_callers_have_the_same_files() {
    for (script, link, max_bytes, expected) in [
        (Some((200, &b"%PDF-"[..])), LINK, 5, "Ok("),
        (Some((200, b"%PDF-")), LINK, 4, "Err(Failed("),
        (Some((403, b"expired")), LINK, 5, "returned the status 403"),
        (None, LINK, 5, "Err(Failed("),
        (Some((200, b"%PDF-")), "https://evil.example/a", 5, "Err(Refused"),
    ] {
        let [blocking, async_] = callers(script);
        let blocking = format!("{:?}", blocking.file(link, max_bytes).await);
        let async_ = format!("{:?}", async_.file(link, max_bytes).await);
        assert_eq!(blocking, async_);
        assert!(async_.contains(expected) && !async_.contains("LINKKEY"), "{async_}");
    }
}

#[tokio::test]
async fn both_callers_sign_with_the_keys_of_the_session() {
    for caller in callers(None) {
        let request = caller.preview(info(), body()).await.unwrap();
        assert_eq!(request.body, body().get().as_bytes());
        assert!(request.headers.contains_key("authorization"));
        assert_eq!(caller.credential().await.unwrap().secret_id(), "id");
    }
    let (_, keys) = config();
    assert!(
        AsyncCaller::new(Config::new(keys.clone()), keys, |_: Request| async {
            respond::<AsyncBody>(None)
        })
        .unwrap()
        .has_credential()
        .await
        .unwrap()
    );
}
