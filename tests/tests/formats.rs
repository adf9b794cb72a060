//! Data types of `essbasic` are unchanged after a round trip through each format of serde that describes itself, also as
//! parts of other types. `official_samples` does the same for the models, and the tests of `essbasic-callback` for
//! messages.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use essbasic::models::{FlowApproverInfo, SignUrlEndpoint};
use essbasic::{
    Agent, ArchiveReport, ArchivedFlow, Contract, Document, ErrorCode, FileId, FlowError,
    FlowErrorKind, FlowId, FlowLinks, FlowStatus, FlowWait, Party, Reminder, Report, ReportedFlow,
    ResourceLink, SavedFile, Shard, SignLink, StartedContract, TemplateId, UploadedFile,
    WaitOutcome, Withdrawal,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use workspace_tests::round_trips;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Job<T> {
    attempts: u32,
    value: T,
    option: Option<T>,
    list: Vec<T>,
    map: BTreeMap<String, T>,
    pair: (T, bool),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat<T> {
    attempts: u32,
    #[serde(flatten)]
    value: T,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum External<T> {
    Value(T),
    Field { value: T },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tag_name")]
enum Internal<T> {
    Value(T),
    Field { value: T },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tag_name", content = "content")]
enum Adjacent<T> {
    Value(T),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged<T> {
    Number(u32),
    Value(T),
}

fn assert_round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    for (format, read) in round_trips(value) {
        match read {
            Some(read) => assert_eq!(read.as_ref(), Ok(value), "{format}"),
            None => assert_eq!(format, "TOML"),
        }
    }
}

/// Checks one value, given as the JSON that it is written as.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(json: &Value) {
    let value = || from::<T>(json);
    assert_eq!(serde_json::to_value(value()).unwrap(), *json);
    assert_round_trips(&value());
    assert_round_trips(&Job {
        attempts: 1,
        value: value(),
        option: Some(value()),
        list: vec![value(), value()],
        map: [("a".to_owned(), value())].into(),
        pair: (value(), true),
    });
    assert_round_trips(&External::Value(value()));
    assert_round_trips(&External::Field { value: value() });
    assert_round_trips(&Internal::Field { value: value() });
    assert_round_trips(&Adjacent::Value(value()));
    assert_round_trips(&Untagged::Value(value()));
    if json.is_object() {
        assert_round_trips(&Flat { attempts: 1, value: value() });
        assert_round_trips(&Internal::Value(value()));
    }
    check_without_description(&value(), json);
}

/// A format that does not describe itself refuses an object when it is written. It never changes a value.
#[track_caller]
fn check_without_description<T>(value: &T, json: &Value)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    match without_description(value) {
        Err(error) => assert_eq!(error, NOT_DESCRIBED),
        Ok(bytes) => {
            assert!(!json.is_object(), "{json} was written");
            // An open set is written as a string, and reading it is an error.
            if let Ok(read) = postcard::from_bytes::<T>(&bytes) {
                assert_eq!(read, *value);
            }
        }
    }
}

/// The error of postcard for an object: it needs the number of fields in advance.
const NOT_DESCRIBED: &str = "The length of a sequence must be known";

fn from<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn without_description<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, String> {
    let mut buffer = [0; 4096];
    let written = postcard::to_slice(value, &mut buffer).map_err(|error| error.to_string())?;
    Ok(written.to_vec())
}

macro_rules! check_each {
    ($($type:ty: $($json:tt),+;)+) => {
        $($(check::<$type>(&json!($json));)+)+
    };
}

#[test]
fn every_data_type_is_unchanged_by_every_format() {
    check_each! {
        FlowId: "yDwi", "", "合同 \"1\"\n";
        FileId: "file";
        TemplateId: "template";
        Shard: "2/5";
        FlowStatus: "ALL", "FUTURE";
        ErrorCode: "ResourceNotFound.Application", "Future.Code";
        SignUrlEndpoint: "WEIXINAPP", "FUTURE";
        FlowErrorKind: "refused", "not_found", "call", "missing", "link", "untrusted", "network", "content",
            "outcome_unknown", "destination", "not_signed", "stopped", "exists", "unknown";
        FlowError: {"kind": "not_signed", "message": "not signed by every party (PART)"};
        SavedFile: {"path": "合同/a.pdf", "key": "a.pdf", "bytes": 9_007_199_254_740_993_u64, "sha256": "00ff"};
        ReportedFlow: {"flow_id": "f", "files": []}, {"flow_id": "f", "files": [], "request_id": "r"},
            {"flow_id": "f", "status": "FUTURE", "files": [{"key": "x/a.pdf", "bytes": 0, "sha256": ""}],
             "error": {"kind": "link", "message": "m"}};
        Report: {"flows": []}, {"flows": [{"flow_id": "f", "status": "ALL", "files": []}]};
        ArchivedFlow: {"flow_id": "f"},
            {"flow_id": "f", "files": [["a.pdf", 7]], "sha256": ["00"], "status": "ALL"},
            {"flow_id": "f", "error": {"kind": "destination", "message": "m"}};
        ArchiveReport: {"total": 3, "already": 1, "saved": 1, "failed": 0, "not_started": 1, "unverified": 1, "bytes": 7,
            "stopped": true, "took": 1.25, "journal": "a/journal"};
        ResourceLink: {"url": "https://a/b?c=d", "name": "合同", "kind": "PDF", "requested_at": 7, "expires_at": 307};
        FlowLinks: {"flow_id": "f", "links": []}, {"flow_id": "f", "links": [], "request_id": "r"},
            {"flow_id": "f", "links": [{"url": "u", "name": "", "kind": "", "requested_at": 0, "expires_at": 1}]},
            {"flow_id": "f", "error": {"kind": "refused", "message": "m"}};
        WaitOutcome: {"state": "signed"}, {"state": "not_found"}, {"state": "pending"},
            {"state": "pending", "status": "PART", "error": {"kind": "call", "message": "m"}},
            {"state": "ended", "status": "REJECT", "reason": "价格"},
            {"state": "ended", "status": "FUTURE", "reason": ""};
        FlowWait: {"flow_id": "f", "outcome": {"state": "ended", "status": "CANCEL", "reason": ""}},
            {"flow_id": "f", "outcome": {"state": "not_found"}, "request_id": "r"};
        SignLink: {"url": "https://a/b", "name": "张三", "organization": ""},
            {"url": "https://a/b", "name": "", "organization": "", "request_id": "r"};
        UploadedFile: {"file_id": "a"}, {"file_id": "a", "request_id": "r"};
        StartedContract: {"flow_id": "f"}, {"flow_id": "f", "request_id": "r"};
        Reminder: {"message": "sent to 张三"}, {"message": "", "request_id": "r"};
        Withdrawal: {"task_id": "t"}, {"task_id": "t", "request_id": "r"};
        Document: {"name": "a.pdf", "body": "JVBERi0xLjc="};
        Party: {"ApproverType": "PERSON", "Name": "张三", "Mobile": "13800000000"};
        Contract: {"name": "合同", "unordered": false},
            {"name": "合同", "parties": [{"Name": "张三", "Mobile": "1"}], "deadline": 1_800_000_000,
             "unordered": true, "user_data": "b3JkZXIgNw==", "fields": [{"ComponentName": "n", "ComponentValue": "v"}]};
        Agent: {"AppId": "a"}, {"AppId": "a", "ProxyOrganizationOpenId": "o", "ProxyOperator": {"OpenId": "e"}};
        FlowApproverInfo: {"Name": "张三"};
    }
}

/// IDs are strings also in formats that do not describe themselves; maps of the SDK are refused there when they are
/// written, never when they are read.
#[test]
fn formats_that_do_not_describe_themselves_keep_ids_and_refuse_objects() {
    let id = FlowId::from("yDwi");
    assert_eq!(without_description(&id), without_description("yDwi"));
    assert_eq!(postcard::from_bytes(&without_description(&id).unwrap()), Ok(id));
    let shard = Shard::new(2, 5).unwrap();
    assert_eq!(postcard::from_bytes(&without_description(&shard).unwrap()), Ok(shard));

    let wait: FlowWait =
        serde_json::from_value(json!({"flow_id": "f", "outcome": {"state": "signed"}})).unwrap();
    for written in [
        without_description(&wait),
        without_description(&wait.outcome),
        without_description(&Agent::new("app")),
        without_description(&Contract::new("lease")),
    ] {
        assert_eq!(written, Err(NOT_DESCRIBED.to_owned()));
    }
}

/// A value of a newer version is kept or has a variant of its own, unless no variant would be true.
#[test]
fn values_of_a_newer_version_are_read() {
    let error: FlowError =
        serde_json::from_value(json!({"kind": "quantum", "message": "m", "new": [1]})).unwrap();
    assert_eq!((error.kind, error.message.as_str()), (FlowErrorKind::Unknown, "m"));
    let wait: FlowWait = serde_json::from_value(
        json!({"flow_id": "f", "new": {}, "outcome": {"state": "ended", "status": "NEW", "new": 1}}),
    )
    .unwrap();
    assert_eq!(
        wait.outcome,
        WaitOutcome::Ended { status: FlowStatus::from("NEW"), reason: String::new() }
    );
    for unknown in [json!({"state": "new"}), json!({"state": "ended"}), json!({})] {
        let error = serde_json::from_value::<WaitOutcome>(unknown).unwrap_err().to_string();
        assert!(error.contains("state"), "{error}");
    }
    let error = serde_json::from_value::<FlowLinks>(json!({"flow_id": "f"})).unwrap_err();
    assert!(error.to_string().contains("links or an error"), "{error}");
    let error = serde_json::from_value::<Shard>(json!("6/5")).unwrap_err();
    assert!(error.to_string().contains("expected INDEX/COUNT"), "{error}");
}

/// `Serialize` writes links and names, which `Debug` omits.
#[test]
fn secrets_are_serialized_and_not_shown() {
    let link = json!({"url": "https://a/?key=SECRET", "name": "SECRET", "organization": "SECRET"});
    let link: SignLink = serde_json::from_value(link).unwrap();
    let file = json!({"url": "SECRET", "name": "SECRET", "kind": "PDF", "requested_at": 1, "expires_at": 2});
    let links: FlowLinks =
        serde_json::from_value(json!({"flow_id": "f", "links": [file]})).unwrap();
    let contract = Contract::new("SECRET").party(Party::person("SECRET", "SECRET"));
    let contract = contract.user_data("SECRET").field("n", "SECRET");
    let document = Document::new("SECRET", "SECRET");
    let cases = [
        (format!("{link:?}"), serde_json::to_string(&link)),
        (format!("{links:?}"), serde_json::to_string(&links)),
        (format!("{contract:?}"), serde_json::to_string(&contract)),
        (format!("{document:?}"), serde_json::to_string(&document)),
    ];
    for (shown, written) in cases {
        assert!(!shown.contains("SECRET"), "{shown}");
        assert!(written.unwrap().contains("SECRET"), "{shown}");
    }
}

/// Results of requests in batches. serde represents a `Result` as an enum.
#[test]
fn results_of_batches_are_unchanged_by_every_format() {
    let results = json!([{"Ok": "f"}, {"Err": {"kind": "outcome_unknown", "message": "m"}}]);
    let results: Vec<Result<FlowId, FlowError>> = from(&results);
    assert!(results[0].is_ok() && results[1].is_err());
    assert_round_trips(&results);
}

/// IDs are keys of maps in formats with string keys.
#[test]
fn ids_are_keys_of_maps() {
    let map: BTreeMap<FlowId, TemplateId> =
        [("f".into(), "t".into()), ("g".into(), "u".into())].into();
    assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"f":"t","g":"u"}"#);
    assert_round_trips(&map);
}
