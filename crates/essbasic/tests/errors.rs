//! Errors keep their cause: class, code, request ID, fix and source of a failed call.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::error::Error as StdError;
use std::io;

use essbasic::api::ErrorClass;
use essbasic::models::{
    CATALOGUE, ChannelCancelFlowRequest, DescribeFlowDetailInfoRequest, ERRORS, ErrorCode,
};
use essbasic::test_util::{
    api_error, call_failed, failed, flow_error, report, saved, saved_file, transport_error,
};
use essbasic::transport::{TransportError, TransportErrorKind};
use essbasic::{Error, FlowError, FlowErrorKind, Report};

type Read = DescribeFlowDetailInfoRequest;
type Cancel = ChannelCancelFlowRequest;

/// The predicates of an error that are true.
fn predicates(error: &Error) -> Vec<&'static str> {
    let all = [
        ("retryable", error.is_retryable()),
        ("throttled", error.is_throttled()),
        ("authentication", error.is_authentication()),
        ("permission", error.is_permission()),
        ("not_found", error.is_not_found()),
        ("invalid_parameter", error.is_invalid_parameter()),
        ("limit_exceeded", error.is_limit_exceeded()),
        ("timeout", error.is_timeout()),
        ("connect", error.is_connect()),
        ("outcome_unknown", error.is_outcome_unknown()),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
}

#[test]
fn predicates_follow_the_class_of_the_code() {
    for (code, expected) in [
        ("RequestLimitExceeded.UinLimitExceeded", &["retryable", "throttled"][..]),
        ("InternalError.Db", &["retryable"]),
        ("AuthFailure.SignatureExpire", &["authentication"]),
        ("AuthFailure.SecretIdNotFound", &["authentication"]),
        ("AuthFailure.UnauthorizedOperation", &["permission"]),
        ("OperationDenied.NoFlowPermission", &["permission"]),
        ("ResourceNotFound.Flow", &["not_found"]),
        ("InvalidParameter.Application", &["not_found"]),
        ("InvalidParameter.Mobile", &["invalid_parameter"]),
        ("LimitExceeded.FlowIds", &["limit_exceeded"]),
        ("OperationDenied.NoQuota", &["limit_exceeded"]),
        ("OperationDenied.FlowHasTerminated", &[]),
        ("Brand.New", &[]),
    ] {
        let error = Error::from(api_error::<Read>(code, "m", "id-1"));
        assert_eq!(predicates(&error), expected, "{code}");
        assert_eq!((error.code(), error.request_id()), (code, Some("id-1")));
        assert_eq!(error.hint(), ErrorCode::from(code).hint(), "{code}");
        assert!(!error.to_string().contains(error.hint().unwrap_or("\0")), "{error}");
    }
    let internal = Error::from(api_error::<Cancel>("InternalError", "m", "id-1"));
    assert_eq!(predicates(&internal), ["retryable", "outcome_unknown"]);
    for (kind, expected) in [
        (TransportErrorKind::Resolve, &["retryable", "connect"][..]),
        (TransportErrorKind::Tls, &["connect"]),
        (TransportErrorKind::Timeout, &["retryable", "timeout"]),
        (TransportErrorKind::BodyTooLarge, &[]),
    ] {
        let error = Error::from(transport_error::<Read>(TransportError::new(kind)));
        assert_eq!(predicates(&error), expected, "{kind}");
    }
    assert_eq!(predicates(&Error::Stopped), [""; 0]);
}

#[test]
fn every_code_of_the_specification_has_one_class_and_a_fix() {
    assert!(CATALOGUE.codes.len() > 200);
    for code in CATALOGUE.codes {
        let rule = ERRORS.rule(code.code);
        assert_ne!(rule.class, ErrorClass::Unknown, "{}", code.code);
        assert_eq!(ErrorCode::from(code.code).class(), rule.class, "{}", code.code);
        assert!(ERRORS.hint(code.code).is_some_and(|hint| !hint.is_empty()), "{}", code.code);
    }
}

#[test]
fn messages_of_the_chain_are_not_repeated() {
    let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "port 1 is closed");
    let cause = || {
        let error = TransportError::new(TransportErrorKind::Connect);
        error.with_detail("127.0.0.1:1").with_source(refused())
    };
    let call = transport_error::<Read>(cause());
    assert_eq!(call.to_string(), "DescribeFlowDetailInfo: connection failed: 127.0.0.1:1");
    assert!(call.cause().unwrap().is::<TransportError>());
    let flow = call_failed(call.clone());
    let error = Error::from(call.clone());
    for error in [&call as &dyn StdError, &flow, &error] {
        assert_eq!(error.to_string(), call.to_string());
        let source = error.source().unwrap();
        assert!(source.is::<io::Error>() && source.source().is_none(), "{source}");
    }
    assert_eq!(flow.call().unwrap().attempts(), 1);
}

#[test]
fn errors_of_contracts_keep_the_facts_of_the_call() {
    let throttled = call_failed(api_error::<Read>("RequestLimitExceeded", "slow down", "id-1"));
    assert_eq!((throttled.code(), throttled.request_id()), ("RequestLimitExceeded", Some("id-1")));
    assert!(throttled.is_throttled() && throttled.is_retryable() && throttled.hint().is_some());
    let copy = throttled.clone();
    assert_eq!(copy, throttled);
    for kind in [FlowErrorKind::Refused, FlowErrorKind::Untrusted, FlowErrorKind::Exists] {
        let error = flow_error(kind, "no");
        assert!(!error.is_retryable() && !error.is_throttled() && error.call().is_none());
        assert_eq!((error.code(), error.request_id(), error.hint()), ("", None, None));
    }
    assert!(flow_error(FlowErrorKind::Network, "broken").is_retryable());
}

#[test]
fn an_unknown_contract_is_recognized_after_json() {
    let error = flow_error(FlowErrorKind::NotFound, "m");
    assert!(error.is_not_found() && !error.is_retryable());
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json["kind"], "not_found");
    assert!(serde_json::from_value::<FlowError>(json).unwrap().is_not_found());
    assert!(Error::from(error).is_not_found());
}

#[test]
fn errors_survive_json_without_their_call() {
    let files = [saved_file("a.pdf", 3, "00")];
    let error = call_failed(api_error::<Read>("ResourceNotFound.Flow", "none", "id-1"));
    // It has neither code nor request ID.
    let timeout = transport_error::<Read>(TransportError::new(TransportErrorKind::Timeout));
    let report = report([saved("a", files), failed("b", error), failed("c", call_failed(timeout))]);
    let json = serde_json::to_value(&report).unwrap();
    let error = json.pointer("/flows/1/error").unwrap();
    for name in ["kind", "message", "hint", "code", "request_id"] {
        assert!(error.get(name).is_some_and(|value| value.is_string()), "{name}: {json}");
    }
    let read: Report = serde_json::from_value(json).unwrap();
    assert_eq!(read, report);
    assert!(read.failed().all(|flow| flow.error.as_ref().unwrap().call().is_none()));
    let old: FlowError =
        serde_json::from_value(serde_json::json!({"kind": "link", "message": "m"})).unwrap();
    assert_eq!(old, flow_error(FlowErrorKind::Link, "m"));
}
