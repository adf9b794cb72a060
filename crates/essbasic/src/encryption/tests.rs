use serde_json::Value;

use super::*;

const PLAIN: &[u8] = br#"{"Request": "This is a test."}"#;

/// The examples in the service's reference of `CreateRequestWithEncryption`.
fn published() -> [(Encryption, &'static [u8; IV_BYTES], [&'static str; 3]); 2] {
    [
        (
            Encryption::aes_cbc("app", "AES-CBC-Key-1234", "AES-HMAC-Key-123").unwrap(),
            b"1234567890abcdef",
            [
                "MTIzNDU2Nzg5MGFiY2RlZg==",
                "Iqp2W1jislwMNmE7bH9dKZZiMQsfkAPyvAAqDFRnWLw=",
                "4TT3PUCZgZT7YmEPtXDm5PDcM6xT7FoYHfMW8xunB5I=",
            ],
        ),
        (
            Encryption::sm4_cbc("app", "SM4-CBC-Key-1234", "SM4-HMAC-Key-123").unwrap(),
            b"fedcba0987654321",
            [
                "ZmVkY2JhMDk4NzY1NDMyMQ==",
                "GwUovQhNUPaUnVM/UDXMtPOYTpTSi2B1oyZDFbyyvns=",
                "nHB/v/AvOaDCQ66esFNnp12lHKcGkwaLGid0Warl/KE=",
            ],
        ),
    ]
}

fn response(request: &CreateRequestWithEncryptionRequest) -> Value {
    serde_json::json!({"Response": {
        "IV": request.iv,
        "EncryptedData": request.encrypted_data,
        "EncryptionSignature": request.encryption_signature,
        "RequestId": "outer",
    }})
}

fn open(encryption: &Encryption, response: &Value) -> Result<Option<Value>, String> {
    let opened = encryption.open(response.to_string().as_bytes());
    let opened = opened.map_err(|error| error.to_string())?;
    Ok(opened.map(|text| serde_json::from_slice(&text).unwrap()))
}

#[test]
fn reproduces_the_published_examples() {
    for (encryption, iv, [sent_iv, data, signature]) in published() {
        let request = encryption.seal_with(iv, "Do", PLAIN).unwrap();
        assert_eq!(
            (request.request_action.as_str(), request.application_id.as_str()),
            ("Do", "app")
        );
        assert_eq!(request.iv, sent_iv);
        assert_eq!(request.encrypted_data, data);
        assert_eq!(request.encryption_signature.as_deref(), Some(signature));
        let opened = open(&encryption, &response(&request)).unwrap().unwrap();
        assert_eq!(opened["Response"]["Request"], "This is a test.");
    }
}

#[test]
fn round_trips_with_each_key_length_and_a_new_iv() {
    let key = b"0123456789abcdef0123456789abcdef";
    for length in [16, 24, 32] {
        let encryption = Encryption::aes_cbc("app", &key[..length], "h").unwrap();
        for size in [0, 1, 15, 16, 17, 5000] {
            let text = serde_json::json!({ "Text": "é".repeat(size) }).to_string();
            let [first, second] = [(), ()].map(|()| {
                let sealed = encryption.seal("Do", text.as_bytes()).unwrap();
                serde_json::from_slice::<Value>(&sealed).unwrap()
            });
            assert_ne!(
                (&first["IV"], &first["EncryptedData"]),
                (&second["IV"], &second["EncryptedData"])
            );
            let opened = open(&encryption, &serde_json::json!({ "Response": first })).unwrap();
            assert_eq!(opened.unwrap()["Response"]["Text"], "é".repeat(size));
        }
    }
    for length in [0, 15, 17, 33] {
        let key = vec![0; length];
        assert!(Encryption::aes_cbc("app", &key, "h").is_err());
        assert!(Encryption::sm4_cbc("app", &key, "h").is_err());
    }
    let error = Encryption::sm4_cbc("app", [0; 15], "h").unwrap_err();
    assert_eq!(error.to_string(), "invalid SM4 key of 15 bytes; expected 16 bytes");
    assert!(Encryption::sm4_cbc("app", [0; 16], "").is_err());
}

#[test]
fn opens_envelopes_and_bare_content_with_a_request_id() {
    let (encryption, iv, _) = published().into_iter().next().unwrap();
    for (text, expected) in [
        (
            r#"{"Response":{"A":1,"RequestId":"inner"}}"#,
            serde_json::json!({"Response": {"A": 1, "RequestId": "inner"}}),
        ),
        (r#"{"A":1}"#, serde_json::json!({"Response": {"A": 1, "RequestId": "outer"}})),
        (
            r#"{"Response":{"Error":{"Code":"C","Message":"m"}}}"#,
            serde_json::json!({"Response": {"Error": {"Code": "C", "Message": "m"}, "RequestId": "outer"}}),
        ),
    ] {
        let request = encryption.seal_with(iv, "Do", text.as_bytes()).unwrap();
        assert_eq!(open(&encryption, &response(&request)), Ok(Some(expected)));
    }
    let invalid = encryption.seal_with(iv, "Do", b"text").unwrap();
    assert!(open(&encryption, &response(&invalid)).unwrap_err().contains("expected a JSON object"));
}

#[test]
fn a_decrypted_response_keeps_its_digits_and_order() {
    let (encryption, iv, _) = published().into_iter().next().unwrap();
    const CONTENT: &str = r#""Z":18446744073709551616,"A":[123456789.123456789, 1E5,1e400]"#;
    for (text, expected) in [
        (format!("{{{CONTENT}}}"), format!(r#"{{"Response":{{{CONTENT},"RequestId":"outer"}}}}"#)),
        (
            format!(r#" {{ "Response" : {{{CONTENT}}} }} "#),
            format!(r#"{{"Response":{{{CONTENT},"RequestId":"outer"}}}}"#),
        ),
        (
            format!(r#"{{"Response":{{"RequestId":"inner",{CONTENT}}}}}"#),
            format!(r#"{{"Response":{{"RequestId":"inner",{CONTENT}}}}}"#),
        ),
        ("{}".to_owned(), r#"{"Response":{"RequestId":"outer"}}"#.to_owned()),
        (r#"{"Response":null}"#.to_owned(), r#"{"Response":null}"#.to_owned()),
    ] {
        let request = encryption.seal_with(iv, "Do", text.as_bytes()).unwrap();
        let opened = encryption.open(response(&request).to_string().as_bytes()).unwrap().unwrap();
        assert_eq!(String::from_utf8(opened).unwrap(), expected);
    }
}

#[test]
fn does_not_open_an_unencrypted_response() {
    let (encryption, ..) = published().into_iter().next().unwrap();
    for text in
        [r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#, "<html>", ""]
    {
        assert_eq!(encryption.open(text.as_bytes()).unwrap(), None, "{text}");
    }
}

#[test]
fn rejects_tampering_with_one_message() {
    let (encryption, iv, _) = published().into_iter().next().unwrap();
    let valid = response(&encryption.seal_with(iv, "Do", PLAIN).unwrap());
    assert!(open(&encryption, &valid).is_ok());
    let mut messages = std::collections::BTreeSet::new();
    for field in ["IV", "EncryptedData", "EncryptionSignature"] {
        let original = STANDARD.decode(valid["Response"][field].as_str().unwrap()).unwrap();
        let mut invalid =
            vec![Value::Null, "".into(), "!".into(), STANDARD.encode(&original[1..]).into()];
        for (index, _) in original.iter().enumerate() {
            let mut bytes = original.clone();
            bytes[index] ^= 1;
            invalid.push(STANDARD.encode(bytes).into());
        }
        for value in invalid {
            let mut tampered = valid.clone();
            tampered["Response"][field] = value;
            messages.insert(open(&encryption, &tampered).unwrap_err());
        }
        let mut missing = valid.clone();
        missing["Response"].as_object_mut().unwrap().remove(field);
        messages.insert(open(&encryption, &missing).unwrap_err());
    }
    let other = Encryption::aes_cbc("app", "AES-CBC-Key-1234", "another").unwrap();
    messages.insert(open(&other, &valid).unwrap_err());
    // A valid signature over a text that the key does not decrypt.
    let other = Encryption::aes_cbc("app", "another key 1234", "AES-HMAC-Key-123").unwrap();
    messages.insert(open(&other, &valid).unwrap_err());
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(!format!("{encryption:?}").contains("Key"));
}
