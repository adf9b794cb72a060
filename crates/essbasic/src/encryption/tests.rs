use serde_json::Value;

use super::*;

const PLAIN: &[u8] = br#"{"Request": "This is a test."}"#;

/// The examples of the service's documentation of `CreateRequestWithEncryption`.
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

fn answer(request: &CreateRequestWithEncryptionRequest) -> Value {
    serde_json::json!({"Response": {
        "IV": request.iv,
        "EncryptedData": request.encrypted_data,
        "EncryptionSignature": request.encryption_signature,
        "RequestId": "outer",
    }})
}

fn open(encryption: &Encryption, answer: &Value) -> Result<Option<Value>, String> {
    let opened = encryption.open(answer.to_string().as_bytes());
    let opened = opened.map_err(|error| error.to_string())?;
    Ok(opened.map(|text| serde_json::from_slice(&text).unwrap()))
}

#[test]
fn the_published_examples_come_out() {
    for (encryption, iv, [sent_iv, data, signature]) in published() {
        let request = encryption.seal_with(iv, "Do", PLAIN).unwrap();
        assert_eq!(
            (request.request_action.as_str(), request.application_id.as_str()),
            ("Do", "app")
        );
        assert_eq!(request.iv, sent_iv);
        assert_eq!(request.encrypted_data, data);
        assert_eq!(request.encryption_signature.as_deref(), Some(signature));
        let opened = open(&encryption, &answer(&request)).unwrap().unwrap();
        assert_eq!(opened["Response"]["Request"], "This is a test.");
    }
}

#[test]
fn each_length_of_key_reads_what_it_wrote_under_an_iv_of_its_own() {
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
    assert!(Encryption::sm4_cbc("app", [0; 16], "").is_err());
}

#[test]
fn answers_come_whole_or_bare_and_keep_an_id() {
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
        assert_eq!(open(&encryption, &answer(&request)), Ok(Some(expected)));
    }
    let no_json = encryption.seal_with(iv, "Do", b"text").unwrap();
    assert!(open(&encryption, &answer(&no_json)).unwrap_err().contains("not one of the API"));
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
        let opened = encryption.open(answer(&request).to_string().as_bytes()).unwrap().unwrap();
        assert_eq!(String::from_utf8(opened).unwrap(), expected);
    }
}

#[test]
fn what_is_not_encrypted_stays_as_it_is() {
    let (encryption, ..) = published().into_iter().next().unwrap();
    for text in
        [r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#, "<html>", ""]
    {
        assert!(encryption.open(text.as_bytes()).unwrap().is_none(), "{text}");
    }
}

#[test]
fn tampering_is_refused_with_one_text() {
    let (encryption, iv, _) = published().into_iter().next().unwrap();
    let good = answer(&encryption.seal_with(iv, "Do", PLAIN).unwrap());
    assert!(open(&encryption, &good).is_ok());
    let mut texts = std::collections::BTreeSet::new();
    for member in ["IV", "EncryptedData", "EncryptionSignature"] {
        let whole = STANDARD.decode(good["Response"][member].as_str().unwrap()).unwrap();
        let mut wrong =
            vec![Value::Null, "".into(), "!".into(), STANDARD.encode(&whole[1..]).into()];
        for (index, _) in whole.iter().enumerate() {
            let mut bytes = whole.clone();
            bytes[index] ^= 1;
            wrong.push(STANDARD.encode(bytes).into());
        }
        for value in wrong {
            let mut bad = good.clone();
            bad["Response"][member] = value;
            texts.insert(open(&encryption, &bad).unwrap_err());
        }
        let mut gone = good.clone();
        gone["Response"].as_object_mut().unwrap().remove(member);
        texts.insert(open(&encryption, &gone).unwrap_err());
    }
    let others = Encryption::aes_cbc("app", "AES-CBC-Key-1234", "another").unwrap();
    texts.insert(open(&others, &good).unwrap_err());
    // A right signature over what the key does not decrypt.
    let others = Encryption::aes_cbc("app", "another key 1234", "AES-HMAC-Key-123").unwrap();
    texts.insert(open(&others, &good).unwrap_err());
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(!format!("{encryption:?}").contains("Key"));
}
