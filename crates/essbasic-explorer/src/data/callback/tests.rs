//! Tests of the verification of callbacks.

use super::*;

const KEY: &str = "CC23FB38AE1D47B09D939CFBAE64195F";
const TOKEN: &str = "test-token";
const SIGNATURE: &str = "sha256=ca6e1640307c6768055cd5a2817a95be14f756b54d3febde65b0a0cf86676937";
/// Sample of the service.
const ENCRYPTED: &str = concat!(
    r#"{"encrypt":""#,
    "VV/zit1H66SsjoJ/yy6ezfESfFGjaoMCDElrlnnPf75bD6yWyRYnvLs+DJh8nR1+DOhtRKClQeLM69rBScm2nlS6Ncxq",
    "AHm9aIlvl4dbp+OxVOmEwWb9nRV4l889u89RwV6BHtNpiwQN5x/e7f3Q1X6feX+zK78Sh3sP81KSIn7kEyrZSXlShJoY",
    "/mauraMiOldmMDzZ1AtiJ8nQ3S8L9W/WLoqgfeR8QnbsPkVYecuTdQAuA991C5ohw3OGTkaW5NiEVrRZ+EVi8OmacM6H",
    "uPZ0AWArQ1CE30d1PnWBwKXqLHdxqI8Jzk4DVC8ICDSjvuGiHJbupiFjo/f8IDHoJn96GPIed5mNBsZtFoHTqcTgn82n",
    "fzYBTZ4ExjFF4ONhgou2uvgXUwaT+2a/rVKRkYGQnoaB1R1kMEsUD8pYxcE=",
    r#""}"#,
);
const PLAIN: &str = concat!(
    r#"{"MsgId":"a","MsgType":"FlowStatusChange","MsgVersion":"ThirdPartyApp","#,
    r#""MsgData":{"FlowId":"yDwLease1","CreateOn":9007199254740993}}"#,
);

fn pasted(body: &str, signature: &str, token: &str, key: &str) -> Pasted {
    let given = |text: &str| Some(text.to_owned());
    Pasted {
        body: body.to_owned(),
        signature: given(signature),
        token: given(token),
        key: given(key),
    }
}

fn check(body: &str, signature: &str, token: &str, key: &str) -> Verification {
    verify(&pasted(body, signature, token, key), SystemTime::UNIX_EPOCH)
}

#[test]
fn verifies_decrypts_and_types_the_sample_of_the_service() {
    let result = check(ENCRYPTED, SIGNATURE, TOKEN, KEY);
    assert!(result.verified && result.encrypted, "{:?} {:?}", result.reason, result.hint);
    assert_eq!((result.signature, result.reason, result.hint), (SignatureState::Valid, None, None));
    assert_eq!(result.msg_type.as_deref(), Some("TemplateAdd"));
    assert_eq!(result.data_type, Some("Template"));
    assert_eq!(result.data.unwrap()["TemplateName"], "sale-v1");
    assert!(result.message.unwrap().get().contains("\"CreateTime\":1767146542"));
}

#[test]
fn a_callback_without_keys_is_read_but_not_verified() {
    let result = check(PLAIN, "", "", "");
    assert!(!result.verified && !result.encrypted);
    assert_eq!(result.signature, SignatureState::Absent);
    assert_eq!((result.msg_id.as_deref(), result.data_type), (Some("a"), Some("FlowStatusChange")));
    assert!(result.reason.unwrap().contains("has no signature"));
    assert!(result.message.unwrap().get().contains("9007199254740993"), "the digits are kept");
    let result = check(PLAIN, SIGNATURE, "", "");
    assert_eq!(result.signature, SignatureState::NotChecked);
    assert_eq!(result.hint.as_deref(), Some("enter the token"));
    let other = PLAIN.replace("FlowStatusChange", "NewType");
    let result = check(&other, "", "", "");
    assert_eq!((result.msg_type.as_deref(), result.data_type), (Some("NewType"), None));
    assert_eq!(result.data.unwrap()["FlowId"], "yDwLease1");
}

#[test]
fn each_failure_has_its_exact_reason() {
    let upper = SIGNATURE.to_uppercase().replace("SHA256", "sha256");
    let short = SIGNATURE.trim_end_matches('7');
    for (body, signature, token, key, state, reason) in [
        (ENCRYPTED, "", TOKEN, KEY, SignatureState::Absent, "no signature"),
        (
            ENCRYPTED,
            SIGNATURE,
            "other",
            KEY,
            SignatureState::Invalid,
            "wrong token: the signature does not match",
        ),
        (ENCRYPTED, SIGNATURE, KEY, TOKEN, SignatureState::Invalid, "invalid CallbackKey"),
        (
            ENCRYPTED,
            SIGNATURE,
            "other-token",
            "test-token",
            SignatureState::Invalid,
            "invalid CallbackKey",
        ),
        (ENCRYPTED, &upper, TOKEN, KEY, SignatureState::Invalid, "upper-case digits"),
        (ENCRYPTED, short, TOKEN, KEY, SignatureState::Invalid, "does not have 64 hex digits"),
        (ENCRYPTED, "ca6e", TOKEN, KEY, SignatureState::Invalid, "does not begin with sha256="),
        (
            ENCRYPTED,
            SIGNATURE,
            " test-token",
            KEY,
            SignatureState::Invalid,
            "white space around it",
        ),
        (
            ENCRYPTED,
            SIGNATURE,
            TOKEN,
            "",
            SignatureState::Valid,
            "no key: the message is encrypted",
        ),
        (
            ENCRYPTED,
            SIGNATURE,
            TOKEN,
            "CC23FB38AE1D47B09D939CFBAE64195E",
            SignatureState::Valid,
            "wrong key",
        ),
        (PLAIN, "", "", KEY, SignatureState::Absent, "not an encrypted message"),
        ("{", "", "", "", SignatureState::Absent, "not a JSON object"),
        ("[]", "", "", KEY, SignatureState::Absent, "not a JSON object"),
        (r#"{"a":1}"#, "", "", "", SignatureState::Absent, "it has no MsgId and MsgType"),
    ] {
        let result = check(body, signature, token, key);
        assert!(!result.verified);
        assert_eq!(result.signature, state, "{reason}");
        let found = result.reason.unwrap();
        assert!(found.contains(reason), "{found}, not {reason}");
    }
}

#[test]
fn a_changed_body_is_recognized() {
    let body = ENCRYPTED;
    let spaced = body.replace("\":\"", "\": \"");
    let broken = format!("{body}\n");
    for (body, reason) in
        [(format!(" {body}\n"), "white space around it"), (spaced, "serialized again")]
    {
        let result = check(&body, SIGNATURE, TOKEN, KEY);
        assert_eq!(result.signature, SignatureState::Invalid);
        let found = result.reason.unwrap();
        assert!(found.contains(reason), "{found}");
        assert!(result.hint.unwrap().contains("bytes as received"));
        // The message is shown nevertheless.
        assert_eq!(result.msg_type.as_deref(), Some("TemplateAdd"));
    }
    assert!(check(&broken, SIGNATURE, TOKEN, KEY).reason.unwrap().contains("white space"));
}

#[test]
fn a_ping_is_recognized() {
    let result = check("{}", "", TOKEN, KEY);
    assert_eq!(
        (result.msg_type.as_deref(), result.signature),
        (Some("ping"), SignatureState::Absent)
    );
    assert!(!result.verified);
}

#[test]
fn debug_shows_no_content() {
    let input = pasted(PLAIN, SIGNATURE, TOKEN, KEY);
    let result = verify(&input, SystemTime::UNIX_EPOCH);
    let shown = format!("{input:?} {result:?}");
    for secret in [TOKEN, KEY, "yDwLease1", SIGNATURE] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
