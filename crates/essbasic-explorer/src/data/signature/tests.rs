//! Tests of signatures.

use serde_json::{Value, json};

use super::*;

fn request(fields: Value) -> SignRequest {
    serde_json::from_value(fields).unwrap()
}

#[test]
fn the_published_vectors() {
    let data = include_str!("../../../../tc3-signer/tests/data/tc3-vectors.json");
    let file: Value = serde_json::from_str(data).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let (input, expected) = (&vector["input"], &vector["output"]);
        if vector["name"] == "v1-HmacSHA1" {
            continue;
        }
        let headers = &input["signed_headers"];
        let signed = sign(
            &request(json!({
                "secret_id": input["secret_id"], "secret_key": input["secret_key"],
                "service": input["service"], "method": input["method"], "query": input["query"],
                "host": headers["host"], "content_type": headers["content-type"],
                "action": headers.get("x-tc-action"), "timestamp": input["timestamp"],
                "payload": input["payload"],
            })),
            None,
            0,
        );
        let signed = serde_json::to_value(signed.unwrap()).unwrap();
        for (field, of_vector) in [
            ("canonical_request", "canonical_request"),
            ("hashed_canonical_request", "hcr"),
            ("string_to_sign", "string_to_sign"),
            ("signature", "signature"),
            ("authorization", "authorization"),
        ] {
            assert_eq!(signed[field], expected[of_vector], "{field}");
        }
    }
}

#[test]
fn signatures_of_session_keys_are_hidden() {
    let credential = Credential::new("AKIDEXAMPLE", "SECRETEXAMPLE");
    let session = |shows| Keys::of_credential(credential.clone(), shows);
    let request = request(json!({ "action": "DescribeFlowDetailInfo", "payload": "{}" }));
    let shown = sign(&request, Some(&session(true)), 1_551_113_065).unwrap();
    let hidden = sign(&request, Some(&session(false)), 1_551_113_065).unwrap();
    assert_eq!((shown.timestamp, &*shown.date), (1_551_113_065, "2019-02-25"));
    let text = serde_json::to_string(&hidden).unwrap();
    assert!(!text.contains(&shown.signature.signature) && text.contains("Signature=***"), "{text}");
    let own = SignRequest {
        secret_id: Some("AKIDEXAMPLE".to_owned()),
        secret_key: Some("SECRETEXAMPLE".to_owned()),
        ..request.clone()
    };
    let own = sign(&own, Some(&session(false)), 1_551_113_065).unwrap();
    assert_eq!(own, shown);
    for result in [&shown, &hidden] {
        let text = format!("{result:?}{}", serde_json::to_string(result).unwrap());
        assert!(!text.contains("SECRETEXAMPLE"), "{text}");
        let names: Vec<_> = result.steps.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), 7);
        assert_eq!(result.steps[3].value, "2019-02-25/essbasic/tc3_request");
    }
    let debug = format!("{:?}{own:?}{:?}", session(true), request);
    assert!(!debug.contains("SECRET") && !debug.contains("AKID"), "{debug}");
}

#[test]
fn requests_without_keys_or_with_wrong_parts_are_refused() {
    let half = request(json!({ "secret_id": "AKIDEXAMPLE" }));
    assert_eq!(sign(&half, None, 0), Err(SignFailure::NoKeys));
    assert_eq!(sign(&SignRequest::default(), None, 0), Err(SignFailure::NoKeys));
    for (field, value, expected) in [
        ("host", json!("a\nb"), "host"),
        ("timestamp", json!(1_551_113_065_000_u64), "year 9999"),
        ("path", json!("/a b"), "path or query contains a space"),
        ("secret_key", json!("a key"), "SecretKey"),
    ] {
        let mut fields = json!({ "secret_id": "AKIDEXAMPLE", "secret_key": "SECRETEXAMPLE" });
        fields[field] = value;
        let error = sign(&request(fields), None, 0).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint().is_some());
    }
}
