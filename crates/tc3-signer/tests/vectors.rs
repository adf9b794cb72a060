//! Test vectors with every intermediate value: published ones, and requests captured from the official Python SDK.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use serde_json::Value;
use tc3_signer::{Date, KeyChain, Payload, Request, Signer};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing in {value}"))
}

#[test]
fn vectors_match_in_every_intermediate_value() {
    let file: Value = serde_json::from_str(include_str!("data/tc3-vectors.json")).unwrap();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let (input, output) = (&vector["input"], &vector["output"]);
        let name = text(vector, "name");
        if name == "v1-HmacSHA1" {
            // Another algorithm, which the file contains for comparison.
            continue;
        }
        let mut headers = input["signed_headers"].as_object().unwrap().clone();
        let mut take = |name: &str| headers.remove(name).map(|v| v.as_str().unwrap().to_owned());
        let content_type = take("content-type").unwrap();
        let host = take("host").unwrap();
        // The vectors have the canonical, lower-case value; on the wire the action has its own spelling.
        let action = take("x-tc-action");
        assert!(headers.is_empty(), "{name}");
        let request = Request {
            method: text(input, "method"),
            path: text(input, "uri"),
            query: text(input, "query"),
            content_type: &content_type,
            host: &host,
            action: action.as_deref(),
            extra: &[],
            payload: Payload::Signed(text(input, "payload").as_bytes()),
        };
        let service = text(input, "service");
        let timestamp = input["timestamp"].as_u64().unwrap();
        let secret_key = text(input, "secret_key");
        let signer = Signer::new(text(input, "secret_id"), secret_key);

        let explanation = signer.explain(&request, service, timestamp).unwrap();
        assert_eq!(explanation.hashed_payload, text(output, "payload_hash"), "{name}");
        assert_eq!(explanation.canonical_request, text(output, "canonical_request"), "{name}");
        assert_eq!(explanation.hashed_canonical_request, text(output, "hcr"), "{name}");
        assert_eq!(explanation.string_to_sign, text(output, "string_to_sign"), "{name}");
        assert_eq!(explanation.signature, text(output, "signature"), "{name}");
        assert_eq!(explanation.authorization, text(output, "authorization"), "{name}");
        let keys = KeyChain::derive(secret_key, Date::of(timestamp).unwrap(), service);
        assert_eq!(hex(keys.date()), text(output, "k_date"), "{name}");
        assert_eq!(hex(keys.service()), text(output, "k_service"), "{name}");
        assert_eq!(hex(keys.signing()), text(output, "k_signing"), "{name}");
        for _ in 0..2 {
            let direct = signer.sign(&request, service, timestamp).unwrap();
            assert_eq!(direct, explanation.authorization, "{name}");
        }
        checked += 1;
    }
    assert_eq!(checked, 4);
}

/// A call of a gateway whose paths are part of the signature.
#[test]
fn a_path_other_than_the_root_is_signed() {
    let request = Request {
        path: "/v1/ai/hunyuan/",
        ..Request::post("env-1.api.tcloudbasegateway.com", "", br#"{"key": "value"}"#)
            .without_action()
    };
    let signer = Signer::new("AKIDEXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
    let explanation = signer.explain(&request, "tcb", 1_723_104_000).unwrap();
    assert!(explanation.canonical_request.starts_with("POST\n/v1/ai/hunyuan/\n\ncontent-type:"));
    let expected = "07215b0ae48b6063cd77ff63ab8ab86d987d5586b476c6c129344a58092b8833";
    assert_eq!(explanation.signature, expected);
    let direct = signer.sign(&request, "tcb", 1_723_104_000).unwrap();
    assert_eq!(direct, explanation.authorization);
    let root = Request { path: "/", ..request };
    assert_ne!(signer.explain(&root, "tcb", 1_723_104_000).unwrap().signature, expected);
}
