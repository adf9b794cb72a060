//! The data types of the SDK with its default features are unchanged by JSON. `tests/tests/formats.rs` has further formats and
//! the types of other features.

use std::error::Error;

use essbasic::models::{
    DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse,
    DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse,
};
use essbasic::{
    Agent, ArchiveReport, ArchivedFlow, ErrorCode, FileId, FlowError, FlowErrorKind, FlowId,
    FlowLinks, FlowStatus, FlowWait, Report, ReportedFlow, ResourceLink, SavedFile, Shard,
    TemplateId, WaitOutcome,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn check<T: Serialize + DeserializeOwned>(json: &str) -> Result<(), Box<dyn Error>> {
    let name = std::any::type_name::<T>();
    let expected: Value = serde_json::from_str(json)?;
    let value: T = serde_json::from_str(json).map_err(|error| format!("{name}: {error}"))?;
    let text = serde_json::to_string(&value)?;
    let again: T = serde_json::from_str(&text)?;
    let written: Value = serde_json::from_str(&text)?;
    if serde_json::to_value(&again)? != written || !contains(&written, &expected) {
        return Err(format!("{name}: {written}, expected {expected}").into());
    }
    Ok(())
}

/// Returns whether a value has all parts of the other. A type may write further fields.
fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::Object(value), Value::Object(part)) => {
            part.iter().all(|(key, part)| value.get(key).is_some_and(|value| contains(value, part)))
        }
        (Value::Array(value), Value::Array(part)) => {
            value.len() == part.len() && value.iter().zip(part).all(|(a, b)| contains(a, b))
        }
        _ => value == part,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    check::<FlowId>(r#""yDwi""#)?;
    check::<FileId>(r#""file""#)?;
    check::<TemplateId>(r#""template""#)?;
    check::<Shard>(r#""2/5""#)?;
    check::<FlowStatus>(r#""FUTURE""#)?;
    check::<ErrorCode>(r#""Future.Code""#)?;
    check::<FlowErrorKind>(r#""not_signed""#)?;
    check::<FlowError>(r#"{"kind":"not_signed","message":"m"}"#)?;
    check::<SavedFile>(
        r#"{"path":"a.pdf","key":"a.pdf","bytes":9007199254740993,"sha256":"00ff"}"#,
    )?;
    check::<ReportedFlow>(r#"{"flow_id":"f","files":[]}"#)?;
    check::<Report>(r#"{"flows":[{"flow_id":"f","status":"ALL","files":[]}]}"#)?;
    check::<ArchivedFlow>(r#"{"flow_id":"f","files":[["a.pdf",7]],"sha256":["00"]}"#)?;
    check::<ArchiveReport>(
        r#"{"total":1,"already":0,"saved":1,"failed":0,"not_started":0,"bytes":7,"stopped":false,"took":1.25,"journal":"j"}"#,
    )?;
    check::<ResourceLink>(
        r#"{"url":"u","name":"","kind":"PDF","requested_at":7,"expires_at":307}"#,
    )?;
    check::<FlowLinks>(r#"{"flow_id":"f","error":{"kind":"refused","message":"m"}}"#)?;
    check::<WaitOutcome>(r#"{"state":"ended","status":"REJECT","reason":"r"}"#)?;
    check::<FlowWait>(r#"{"flow_id":"f","outcome":{"state":"signed"}}"#)?;
    check::<Agent>(r#"{"AppId":"a","ProxyOperator":{"OpenId":"e"}}"#)?;
    check::<DescribeFlowDetailInfoRequest>(r#"{"Agent":{"AppId":"a"},"FlowIds":["f"]}"#)?;
    check::<DescribeFlowDetailInfoResponse>(
        r#"{"ApplicationId":"a","FlowInfo":[],"RequestId":"r"}"#,
    )?;
    check::<DescribeResourceUrlsByFlowsRequest>(r#"{"Agent":{"AppId":"a"},"FlowIds":["f"]}"#)?;
    check::<DescribeResourceUrlsByFlowsResponse>(
        r#"{"FlowResourceUrlInfos":[],"ErrorMessages":[],"RequestId":"r"}"#,
    )
}
