use serde_json::{Value, json};

use super::*;
use crate::data::signature::sign;

const ID: &str = "AKIDEXAMPLE";
const KEY: &str = "SECRETEXAMPLE";
const NOW: u64 = 1_551_113_065;
const BODY: &str = r#"{"FlowName":"合同","Deadline":1893456000,"Url":"https://a.example/b"}"#;

fn base() -> Value {
    json!({
        "secret_id": ID, "secret_key": KEY, "timestamp": NOW, "host": "h.example:8443",
        "action": "UploadFiles", "payload": BODY, "query": "a=1",
    })
}

fn with(mut fields: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    fields
}

/// Returns the signature of the request with these changes.
fn signed(changes: &Value) -> crate::data::signature::Signed {
    let request: SignRequest = serde_json::from_value(with(base(), changes)).unwrap();
    sign(&request, None, NOW).unwrap()
}

fn verdict(changes: &Value) -> Verdict {
    let request: VerifyRequest = serde_json::from_value(with(base(), changes)).unwrap();
    verify(&request, None, NOW).unwrap()
}

fn given(header: &str) -> Value {
    json!({ "authorization": header })
}

fn header(changes: &Value) -> String {
    signed(changes).signature.authorization
}

#[test]
fn a_signature_with_an_empty_key_is_not_that_of_the_session() {
    let credential = |key: &str| essbasic::credentials::Credential::new(ID, key);
    let session = Keys::of_credential(credential(KEY), false);
    let own = with(base(), &json!({ "secret_id": null, "secret_key": null }));
    for two_headers in [false, true] {
        let own = with(own.clone(), &json!({ "two_headers": two_headers }));
        let request: SignRequest = serde_json::from_value(own.clone()).unwrap();
        let header = |key: &str| {
            let keys = Keys::of_credential(credential(key), true);
            sign(&request, Some(&keys), NOW).unwrap().signature.authorization
        };
        let compared = |header: &str| {
            let request = serde_json::from_value(with(own.clone(), &given(header))).unwrap();
            verify(&request, Some(&session), NOW).unwrap()
        };
        assert!(compared(&header(KEY)).matches);
        let empty = compared(&header(""));
        assert_eq!((empty.matches, empty.departs), (false, Some(Part::Signature)));
        assert_eq!(empty.reason.unwrap(), "it was signed with an empty SecretKey");
        let other = compared(&header("OTHER"));
        assert!(!other.matches && !other.reason.unwrap().contains("empty"));
    }
    let entered = verdict(&given(&{
        let keys = Keys::of_credential(credential(""), true);
        let request: SignRequest = serde_json::from_value(own).unwrap();
        sign(&request, Some(&keys), NOW).unwrap().signature.authorization
    }));
    assert!(entered.reason.unwrap().contains("empty SecretKey"));
}

#[test]
fn the_signature_of_the_request_matches() {
    let good = header(&json!({}));
    for text in
        [good.clone(), format!("Authorization: {good}"), header(&json!({ "two_headers": true }))]
    {
        let verdict = verdict(&given(&text));
        assert!(verdict.matches && verdict.departs.is_none(), "{verdict:?}");
        assert!(text.ends_with(&verdict.expected.authorization));
        assert_eq!((verdict.hint, verdict.difference), (None, None));
    }
    let request: VerifyRequest = serde_json::from_value(with(base(), &given(&good))).unwrap();
    let late = verify(&request, None, NOW + 301).unwrap();
    assert!(late.matches && late.hint.unwrap().contains("301 seconds"));
}

#[test]
fn the_first_difference_has_its_reason() {
    let good = header(&json!({}));
    let python =
        r#"{"FlowName": "\u5408\u540c", "Deadline": 1893456000, "Url": "https://a.example/b"}"#;
    let php = r#"{"FlowName":"\u5408\u540c","Deadline":1893456000,"Url":"https:\/\/a.example\/b"}"#;
    let sorted = r#"{"Deadline":1893456000,"FlowName":"合同","Url":"https://a.example/b"}"#;
    let indented = serde_json::to_string_pretty(&json!({ "A": 1 })).unwrap();
    let flipped = match good.strip_suffix('0') {
        Some(rest) => format!("{rest}1"),
        None => format!("{}0", &good[..good.len() - 1]),
    };
    let other = json!({ "secret_key": "OTHER" });
    for (text, changes, part, reason, line) in [
        ("TC3-HMAC-SHA256 Credential=x".to_owned(), json!({}), Part::Form, "malformed", None),
        (good.replace(ID, "AKIDOTHER"), json!({}), Part::SecretId, "AKIDOTHER", None),
        (good.replace("2019-02-25", "2019-02-26"), json!({}), Part::Date, "in China", None),
        (good.replace("2019-02-25", "2019-02-24"), json!({}), Part::Date, "another day", None),
        (good.replace("/essbasic/", "/ess/"), json!({}), Part::Service, "ess", None),
        (good.replace(";host", ""), json!({}), Part::SignedHeaders, "host is not signed", None),
        (
            good.replace("x-tc-action", "x-tc-version"),
            json!({}),
            Part::SignedHeaders,
            "x-tc-version",
            None,
        ),
        (flipped, json!({}), Part::Signature, "another SecretKey", None),
        (header(&other), json!({}), Part::Signature, "another SecretKey", None),
        (
            good.clone(),
            json!({ "secret_key": format!(" {KEY}") }),
            Part::Signature,
            "without the spaces",
            None,
        ),
        (
            header(&json!({ "payload": format!("{BODY}\n") })),
            json!({}),
            Part::Signature,
            "a line end",
            Some(9),
        ),
        (
            header(&json!({ "payload": "" })),
            json!({}),
            Part::Signature,
            "an empty payload",
            Some(9),
        ),
        (
            header(&json!({ "payload": python })),
            json!({}),
            Part::Signature,
            "Python's json.dumps",
            Some(9),
        ),
        (header(&json!({ "payload": php })), json!({}), Part::Signature, "as by PHP", Some(9)),
        (
            header(&json!({ "payload": sorted })),
            json!({}),
            Part::Signature,
            "sorted fields",
            Some(9),
        ),
        (
            header(&json!({ "payload": indented })),
            json!({ "payload": "{\"A\":1}" }),
            Part::Signature,
            "indentation",
            Some(9),
        ),
        (
            good.clone(),
            json!({ "payload": python }),
            Part::Signature,
            "another SecretKey, body",
            None,
        ),
        (
            header(&json!({ "unsigned_payload": true })),
            json!({}),
            Part::Signature,
            "an unsigned payload",
            Some(9),
        ),
        (
            header(&json!({ "host": "h.example" })),
            json!({}),
            Part::Signature,
            "host h.example instead",
            Some(5),
        ),
        (
            header(&json!({ "host": "file.ess.tencent.cn" })),
            json!({}),
            Part::Signature,
            "file.ess.tencent.cn",
            Some(5),
        ),
        (
            header(&json!({ "content_type": "application/json; charset=utf-8" })),
            json!({}),
            Part::Signature,
            "charset=utf-8 instead",
            Some(4),
        ),
        (
            header(&json!({ "method": "GET", "content_type": "application/json" })),
            json!({}),
            Part::Signature,
            "the method GET",
            Some(1),
        ),
        (
            header(&json!({})),
            json!({ "path": "/v1" }),
            Part::Signature,
            "the path / instead",
            Some(2),
        ),
        (header(&json!({ "query": "" })), json!({}), Part::Signature, "without the query", Some(3)),
        (
            header(&json!({ "timestamp": NOW + 1 })),
            json!({}),
            Part::Signature,
            "clock was read twice",
            Some(2),
        ),
    ] {
        let verdict = verdict(&with(given(&text), &changes));
        assert!(!verdict.matches && verdict.departs == Some(part), "{reason}: {verdict:?}");
        let found = verdict.reason.unwrap();
        assert!(found.contains(reason), "{reason}: {found}");
        assert_eq!(verdict.difference.and_then(|it| it.line), line, "{reason}: {found}");
    }
}

#[test]
fn an_own_canonical_request_and_string_to_sign_are_compared_by_line() {
    let right = signed(&json!({})).signature;
    let wrong_key = header(&json!({ "secret_key": "OTHER" }));
    let canonical = |from: &str, to: &str| json!({ "canonical_request": right.canonical_request.replacen(from, to, 1) });
    let hash = right.canonical_request.lines().last().unwrap().to_owned();
    let hash_of_empty = signed(&json!({ "payload": "" })).signature.canonical_request;
    let hash_of_empty = hash_of_empty.lines().last().unwrap();
    for (own, part, line, reason) in [
        (canonical("POST", "GET"), Part::CanonicalRequest, 1, "the method is GET"),
        (canonical("POST", "post"), Part::CanonicalRequest, 1, "another case"),
        (canonical("\n/\n", "\n\n"), Part::CanonicalRequest, 2, "the path is missing"),
        (canonical("a=1", ""), Part::CanonicalRequest, 3, "the query is missing"),
        (
            canonical("host:h.example:8443", "host:h.example"),
            Part::CanonicalRequest,
            5,
            "the header host has another value",
        ),
        (
            canonical("content-type:application/json\n", ""),
            Part::CanonicalRequest,
            4,
            "in the place of content-type",
        ),
        (
            canonical("content-type;host;x", "host;content-type;x"),
            Part::CanonicalRequest,
            8,
            "list of signed headers",
        ),
        (canonical(&hash, hash_of_empty), Part::CanonicalRequest, 9, "an empty payload"),
        (canonical(&hash, &hash.to_uppercase()), Part::CanonicalRequest, 9, "lower case"),
        (canonical(&hash, "0"), Part::CanonicalRequest, 9, "serialized again"),
        (
            canonical(&hash, &format!("{hash}\n")),
            Part::CanonicalRequest,
            10,
            "ends with a line end",
        ),
        (
            json!({ "canonical_request": right.canonical_request.replace('\n', "\r\n") }),
            Part::CanonicalRequest,
            1,
            "CR LF",
        ),
        (
            json!({ "string_to_sign": right.string_to_sign.replace("2019-02-25", "2019-02-26") }),
            Part::StringToSign,
            3,
            "credential scope",
        ),
        (
            json!({ "string_to_sign": right.string_to_sign.replace("1551113065", "1551113066") }),
            Part::StringToSign,
            2,
            "the timestamp is 1551113066",
        ),
    ] {
        // Without a header too.
        for own in [own.clone(), with(own, &given(&wrong_key))] {
            let verdict = verdict(&own);
            assert!(!verdict.matches && verdict.departs == Some(part), "{reason}: {verdict:?}");
            assert_eq!(verdict.difference.unwrap().line, Some(line), "{reason}");
            let found = verdict.reason.unwrap();
            assert!(found.contains(reason), "{reason}: {found}");
        }
    }
    let both = json!({
        "canonical_request": right.canonical_request, "string_to_sign": right.string_to_sign,
    });
    assert!(verdict(&both).matches);
    let verdict = verdict(&with(both, &given(&wrong_key)));
    assert!(verdict.reason.unwrap().contains("are right: another SecretKey"));
}

#[test]
fn missing_parts_are_named() {
    let failure = |changes: Value| {
        let request: VerifyRequest = serde_json::from_value(with(base(), &changes)).unwrap();
        verify(&request, None, NOW).unwrap_err()
    };
    assert_eq!(failure(json!({})), SignFailure::Missing(vec![Missing::Authorization]));
    let both = with(given(&header(&json!({}))), &json!({ "timestamp": null, "action": "" }));
    let error = failure(both);
    assert_eq!(error, SignFailure::Missing(vec![Missing::Timestamp, Missing::Action]));
    assert!(error.to_string().contains("X-TC-Timestamp and the header X-TC-Action"));
}

#[test]
fn signatures_of_session_keys_are_hidden() {
    let credential = essbasic::credentials::Credential::new(ID, KEY);
    let keys = Keys::of_credential(credential, false);
    let good = signed(&json!({})).signature;
    for text in [good.authorization.clone(), header(&json!({ "payload": "" }))] {
        let fields = with(given(&text), &json!({ "secret_id": null, "secret_key": null }));
        let request: VerifyRequest = serde_json::from_value(with(base(), &fields)).unwrap();
        let verdict = verify(&request, Some(&keys), NOW).unwrap();
        assert_eq!(verdict.matches, text == good.authorization);
        if !verdict.matches {
            assert!(verdict.reason.as_ref().unwrap().contains("an empty payload"), "{verdict:?}");
        }
        let verdict = serde_json::to_string(&verdict).unwrap();
        assert!(!verdict.contains(&good.signature) && !verdict.contains(KEY), "{verdict}");
    }
}
