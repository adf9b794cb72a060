//! A credential with invalid characters is not signed with or sent, for every source.

use std::fs;

use serde_json::json;
use tc3_client::credentials::{
    AssumeRole, Chain, Credential, CredentialSource, CvmRole, TkeIdentity, from_fn,
};

use super::files::profile;
use super::{SECRET, call, credential_error, environment, variables};
use crate::support::{Outcome, Reply, START};

/// Values that contain [`SECRET`] and are not a valid SecretId, SecretKey or token.
fn invalid() -> Vec<String> {
    let forms = [
        "{}#prod",
        "{} # prod",
        "{};",
        "\"{}\"",
        "'{}",
        "{}'",
        "\"{}",
        "\u{201c}{}\u{201d}",
        "{} ",
        " {}",
        "{}\n",
        "{}\r\nX: y",
        "{}\tx",
        "a b{}",
        "{}\0",
        "{}\u{7f}",
        "{}密",
        "{}\u{a0}",
        "{}\u{feff}",
        "{},x",
        "{}:x",
        "{}@h",
        "${}",
        "%{}%",
        "<{}>",
        "{}&x",
        "{}\\",
        "{}*",
    ];
    forms.map(|form| form.replace("{}", SECRET)).to_vec()
}

/// Invalid values with the index of their part: 0 is the SecretId, 1 the SecretKey, 2 the token.
fn cases() -> Vec<(usize, String)> {
    let mut cases: Vec<_> =
        (0..3).flat_map(|part| invalid().into_iter().map(move |value| (part, value))).collect();
    // An ID and a key pasted together, and characters that only keys have.
    for id in [
        format!("AKIDexample#{SECRET}"),
        format!("AKID/{SECRET}"),
        format!("AKID.{SECRET}"),
        format!("AKID={SECRET}"),
        format!("AKID+{SECRET}"),
    ] {
        cases.push((0, id));
    }
    cases
}

fn parts(part: usize, value: &str) -> [String; 3] {
    let mut parts = ["AKIDexample", "key", "token"].map(str::to_owned);
    parts[part] = value.to_owned();
    parts
}

fn static_credential(part: usize, value: &str) -> Credential {
    let [id, key, token] = parts(part, value);
    Credential::new(id, key).with_token(token)
}

/// Asserts that the value was not sent and that the error contains `source`.
fn assert_rejected(outcome: &Outcome, source: &str, value: &str) {
    let text = credential_error(outcome);
    assert!(text.contains(source), "{source} of {value:?}: {text}");
    for request in &outcome.requests {
        let headers: String = request
            .headers
            .values()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        let sent = format!("{} {headers} {body}", request.uri);
        assert!(!sent.contains(SECRET), "{sent}");
    }
}

/// As [`assert_rejected`], for the source itself, in a chain, and as the source of an assumed role.
fn assert_rejected_everywhere<S: CredentialSource>(
    source: impl Fn() -> S,
    replies: &[Reply],
    name: &str,
    value: &str,
) {
    assert_rejected(&call(source(), replies), name, value);
    let chain = Chain::new().then(source()).then(Credential::new("other", "k"));
    assert_rejected(&call(chain, replies), name, value);
    assert_rejected(&call(AssumeRole::new(source(), "arn"), replies), name, value);
}

#[test]
fn rejects_invalid_characters_in_static_credentials() {
    for (part, value) in cases() {
        assert_rejected_everywhere(
            || static_credential(part, &value),
            &[],
            "static credential",
            &value,
        );
        let function = || {
            let credential = static_credential(part, &value);
            from_fn(move || Ok(credential.clone()))
        };
        assert_rejected_everywhere(function, &[], "function", &value);
        assert!(static_credential(part, &value).validate().is_err());
        assert!(!format!("{:?}", static_credential(part, &value)).contains(SECRET), "{value:?}");
    }
    let full = Credential::new("AKID_a-Z09", "aZ09+/=_.-").with_token("aZ09+/=_.-");
    assert!(full.validate().is_ok());
    assert!(call(full, &[]).results[0].is_ok());
}

#[test]
fn rejects_invalid_characters_in_environment_variables() {
    let names = ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"];
    for (part, value) in cases() {
        let values = parts(part, &value);
        let set: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
        assert_rejected_everywhere(|| environment(&set), &[], names[part], &value);
    }
}

#[test]
fn rejects_invalid_characters_in_profile_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: String| {
        let path = folder.path().join("home").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (part, value) in cases() {
        let [id, key, token] = parts(part, &value);
        let text = format!(
            "{{\n\"secretId\": {},\n\"secretKey\": {},\n\"token\": {}\n}}",
            json!(id),
            json!(key),
            json!(token)
        );
        write(".tccli/default.credential", text);
        let name = format!("default.credential: line {}: ", part + 2);
        assert_rejected_everywhere(|| profile(folder.path(), None), &[], &name, &value);
    }
    for (part, value) in cases() {
        // Whitespace and matching quotes around a value are removed; a line break ends it.
        let trimmed = value.trim();
        if trimmed != value
            || value.contains('\n')
            || value.starts_with('"') && value.ends_with('"')
        {
            continue;
        }
        let [id, key, token] = parts(part, &value);
        let text = format!("[default]\nsecret_id={id}\nsecret_key={key}\ntoken={token}\n");
        write(".tencentcloud/credentials", text);
        let name = format!("credentials: line {}: ", part + 2);
        assert_rejected_everywhere(|| profile(folder.path(), None), &[], &name, &value);
    }
}

#[test]
fn rejects_invalid_characters_from_metadata_and_sts() {
    for (part, value) in cases() {
        let [id, key, token] = parts(part, &value);
        let keys = json!({"TmpSecretId": id, "TmpSecretKey": key, "Token": token});
        let mut role = keys.clone();
        role["Code"] = json!("Success");
        role["ExpiredTime"] = json!(START + 7200);
        let source = || CvmRole::new().with_role("r");
        assert_rejected_everywhere(source, &[Reply::json(200, role)], "CVM role", &value);

        let response = json!({"Response": {"Credentials": keys, "ExpiredTime": START + 7200}});
        let source = || AssumeRole::new(Credential::new("AKID", "k"), "arn");
        assert_rejected_everywhere(source, &[Reply::json(200, response)], "assumed role", &value);
    }
}

#[test]
fn rejects_invalid_characters_in_pod_token_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity");
    let set = [
        ("TKE_REGION", "ap-beijing"),
        ("TKE_PROVIDER_ID", "p"),
        ("TKE_ROLE_ARN", "arn"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
    ];
    for value in invalid().into_iter().filter(|value| value.trim() == value) {
        fs::write(&file, &value).unwrap();
        let source = || TkeIdentity::new().with_variables(variables(&set));
        assert_rejected_everywhere(source, &[], "identity: line 1: the token", &value);
    }
}
