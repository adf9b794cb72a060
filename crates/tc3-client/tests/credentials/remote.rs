//! Sources with requests: the metadata service and STS.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::credentials::{AssumeRole, Chain, Credential, CvmRole, TkeIdentity};
use tc3_client::transport::TransportErrorKind as Kind;
use tc3_client::{BaseUrl, Endpoint};

use super::{SECRET, call, credential_error, environment, header, used, variables};
use crate::support::{Reply, START};

pub(super) fn role_response(id: &str, ends: u64) -> Reply {
    Reply::json(
        200,
        json!({"Code": "Success", "TmpSecretId": id, "TmpSecretKey": SECRET, "Token": "tok",
            "ExpiredTime": START + ends, "Expiration": "2019-02-25T00:00:00Z"}),
    )
}

#[test]
fn fetches_the_role_of_a_cloud_machine() {
    let outcome = call(CvmRole::new(), &[Reply::text(200, "reader\n"), role_response("tmp", 7200)]);
    assert_eq!(used(&outcome), ("tmp".into(), "tok"));
    let base = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/";
    assert_eq!(outcome.requests[0].uri, base);
    assert_eq!(outcome.requests[1].uri.to_string(), format!("{base}reader"));
    assert_eq!(outcome.requests[1].timeout, Some(Duration::from_secs(1)));
    let bypass: Vec<_> = outcome.requests.iter().map(|request| request.bypass_proxy).collect();
    assert_eq!(bypass, [true, true, false]);

    let source =
        CvmRole::new().with_role("writer").with_base(BaseUrl::parse("http://127.0.0.1:9").unwrap());
    let outcome = call(source, &[Reply::text(503, ""), role_response("tmp", 7200)]);
    assert_eq!(used(&outcome).0, "tmp");
    assert!(outcome.requests[0].uri.to_string().starts_with("http://127.0.0.1:9/latest/"));
    assert_eq!(outcome.elapsed, Duration::from_millis(100));
}

#[test]
fn a_machine_without_role_is_absent_and_unexpected_responses_are_errors() {
    let next = || Chain::new().then(CvmRole::new()).then(Credential::new("next", "k"));
    for absent in [
        Reply::Fail(Kind::Resolve),
        Reply::Fail(Kind::Connect),
        Reply::Fail(Kind::Timeout),
        Reply::Fail(Kind::Proxy),
        Reply::text(404, "<html>"),
        Reply::text(200, ""),
    ] {
        assert_eq!(used(&call(next(), std::slice::from_ref(&absent))).0, "next", "{absent:?}");
    }
    let name = Reply::text(200, "reader");
    for replies in [
        vec![Reply::text(200, "<html>sign in</html>")],
        vec![Reply::text(200, "../../user-data")],
        vec![Reply::text(403, "")],
        vec![Reply::text(503, ""); 3],
        vec![Reply::Fail(Kind::Tls)],
        vec![name.clone(), Reply::text(404, "")],
        vec![name.clone(), Reply::text(200, format!("{{\"TmpSecretKey\":\"{SECRET}\""))],
        vec![name.clone(), Reply::json(200, json!({"Code": "Failed\n", "TmpSecretKey": SECRET}))],
        vec![name.clone(), Reply::json(200, json!({"Code": "Success", "TmpSecretKey": SECRET}))],
        vec![name.clone(), role_response("t m p", 7200)],
        vec![
            name.clone(),
            Reply::json(
                200,
                json!({"Code": "Success", "TmpSecretId": "a", "TmpSecretKey": SECRET, "Token": "t"}),
            ),
        ],
        vec![
            name,
            Reply::Fail(Kind::Timeout),
            Reply::Fail(Kind::Timeout),
            Reply::Fail(Kind::Connect),
        ],
    ] {
        let outcome = call(next(), &replies);
        assert!(credential_error(&outcome).contains("CVM role"), "{replies:?}");
        assert_eq!(outcome.sends(), replies.len());
    }
}

/// A byte order mark is skipped, and the code of a failure survives any shape of the rest.
#[test]
fn responses_of_other_shapes_are_read() {
    let with_mark = |reply: Reply| match reply {
        Reply::Response { status, body, .. } => Reply::text(status, format!("\u{feff}{body}")),
        Reply::Fail(_) => reply,
    };
    let keys = with_mark(role_response("tmp", 7200));
    let outcome = call(CvmRole::new(), &[Reply::text(200, "\u{feff}reader\r\n"), keys]);
    assert_eq!(used(&outcome).0, "tmp");
    assert!(outcome.requests[1].uri.path().ends_with("/reader"));
    let outcome = call(assumed(), &[with_mark(sts_response("tmp", 7200))]);
    assert_eq!(used(&outcome).0, "tmp");
    for rest in [
        json!({"ExpiredTime": ""}),
        json!({"ExpiredTime": [1], "Token": {}}),
        json!({"TmpSecretKey": 7, "Message": ["m"]}),
    ] {
        let mut body = rest;
        body["Code"] = json!("InternalError");
        let outcome = call(CvmRole::new().with_role("r"), &[Reply::json(200, body.clone())]);
        let text = credential_error(&outcome);
        assert!(text.contains("the code \"InternalError\""), "{body}: {text}");
    }
    for error in [
        json!({"Code": "InvalidParameter.RoleNotExist", "Message": ["m"]}),
        json!({"Code": "InvalidParameter.RoleNotExist", "Message": {"a": 1}, "Details": 1}),
        json!({"Code": "InvalidParameter.RoleNotExist"}),
    ] {
        let body = json!({"Response": {"Error": error, "ExpiredTime": "", "RequestId": "r-1"}});
        let text = credential_error(&call(assumed(), &[Reply::json(200, body)]));
        assert!(text.contains("InvalidParameter.RoleNotExist"), "{error}: {text}");
        assert!(text.contains("r-1"), "{error}: {text}");
    }
}

/// Idle connections may have broken together.
#[test]
fn the_attempt_after_a_broken_connection_opens_a_new_one() {
    let broken = || Reply::Fail(Kind::Interrupted);
    let busy = || Reply::text(503, "");
    let name = || Reply::text(200, "reader");
    let replies = [broken(), name(), busy(), broken(), role_response("tmp", 7200)];
    let machine = call(CvmRole::new(), &replies);
    let replies = [broken(), busy(), sts_response("tmp", 7200)];
    let role = call(assumed(), &replies);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, SECRET).unwrap();
    let set = [
        ("TKE_REGION", "ap-beijing"),
        ("TKE_PROVIDER_ID", "p"),
        ("TKE_ROLE_ARN", "arn"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
    ];
    let pod = call(TkeIdentity::new().with_variables(variables(&set)), &replies);
    for (outcome, expected) in [
        (machine, &[false, true, false, false, true, false][..]),
        (role, &[false, true, false, false]),
        (pod, &[false, true, false, false]),
    ] {
        assert_eq!(used(&outcome).0, "tmp");
        let new = outcome.requests.iter().map(|request| request.new_connection);
        assert_eq!(new.collect::<Vec<_>>(), expected);
    }
}

pub(super) fn sts_response(id: &str, ends: u64) -> Reply {
    let keys = json!({"TmpSecretId": id, "TmpSecretKey": SECRET, "Token": "tok"});
    Reply::json(
        200,
        json!({"Response": {"Credentials": keys, "ExpiredTime": START + ends, "RequestId": "r"}}),
    )
}

fn assumed() -> AssumeRole<Credential> {
    AssumeRole::new(
        Credential::new("AKID", SECRET).with_token("base"),
        "qcs::cam::uin/1:roleName/r",
    )
}

#[test]
fn assumes_a_role() {
    let source = assumed().with_external_id("partner").with_duration(Duration::from_secs(900));
    let outcome = call(source, &[sts_response("tmp", 900)]);
    assert_eq!(used(&outcome), ("tmp".into(), "tok"));
    let request = &outcome.requests[0];
    assert_eq!(request.uri, "https://sts.tencentcloudapi.com/");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"RoleArn": "qcs::cam::uin/1:roleName/r", "RoleSessionName": "tc3-client",
            "DurationSeconds": 900, "ExternalId": "partner"})
    );
    assert_eq!(header(&outcome, 0, "x-tc-version"), "2018-08-13");
    assert_eq!(header(&outcome, 0, "x-tc-token"), "base");
    assert!(header(&outcome, 0, "authorization").contains("Credential=AKID/2019-02-25/sts/"));

    let url = Endpoint::Url(BaseUrl::parse("http://127.0.0.1:9").unwrap());
    let outcome = call(assumed().with_endpoint(url), &[sts_response("tmp", 7200)]);
    assert_eq!(outcome.requests[0].uri, "http://127.0.0.1:9/");

    // The role of a machine assumes another role.
    let source = AssumeRole::new(CvmRole::new().with_role("first"), "second");
    let outcome = call(source, &[role_response("machine", 7200), sts_response("tmp", 7200)]);
    assert!(header(&outcome, 1, "authorization").contains("Credential=machine/"));
    assert_eq!(used(&outcome).0, "tmp");
    let source = Chain::new()
        .then(AssumeRole::new(environment(&[]), "second"))
        .then(Credential::new("next", "k"));
    assert_eq!(used(&call(source, &[])).0, "next");
}

#[test]
fn limits_the_permissions_of_a_role() {
    let policy = r#"{"version": "2.0", "statement": [{"action": "ess:*", "note": "a+b~/合"}]}"#;
    let source = assumed().with_policy(policy).with_tag("team", "a").with_tag("Team", "");
    let outcome = call(source, &[sts_response("tmp", 7200)]);
    let body: Value = serde_json::from_slice(&outcome.requests[0].body).unwrap();
    let encoded = "%7B%22version%22%3A%20%222.0%22%2C%20%22statement%22%3A%20%5B%7B%22action%22%3A%20%22\
        ess%3A%2A%22%2C%20%22note%22%3A%20%22a%2Bb~%2F%E5%90%88%22%7D%5D%7D";
    assert_eq!(
        body,
        json!({"RoleArn": "qcs::cam::uin/1:roleName/r", "RoleSessionName": "tc3-client",
            "DurationSeconds": 7200, "Policy": encoded,
            "Tags": [{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": ""}]})
    );
}

#[test]
fn values_outside_the_limits_of_sts_are_not_sent() {
    let tags = |count: usize| {
        (0..count).fold(assumed(), |source, index| source.with_tag(format!("k{index}"), "v"))
    };
    let name = |text: &str| assumed().with_session_name(text);
    let id = |text: &str| assumed().with_external_id(text);
    for source in [
        name("ab"),
        name(&"a".repeat(128)),
        name("aZ09_=,.@-"),
        id("ab"),
        id(&"a".repeat(128)),
        id("aZ09_=,.@:/-"),
        tags(50),
        assumed().with_tag("合".repeat(128), "同".repeat(256)),
        assumed().with_policy(" {} "),
    ] {
        let shown = format!("{source:?}");
        let outcome = call(source, &[sts_response("tmp", 7200)]);
        assert!(outcome.results[0].is_ok(), "{shown}: {:?}", outcome.results);
    }
    for (source, expected) in [
        (name("a"), "the session name has 1 characters; expected 2 to 128"),
        (name(&"a".repeat(129)), "the session name has 129 characters"),
        (name("a b"), "the session name contains a character other than"),
        (name("a/b"), "the session name contains"),
        (name("合同"), "the session name contains"),
        (id(""), "the external ID has 0 characters"),
        (id(&"a".repeat(129)), "the external ID has 129 characters"),
        (id("a+b"), "the external ID contains"),
        (tags(51), "51 tags; at most 50 are allowed"),
        (assumed().with_tag("", "v"), "tag 1 has a key of 0 characters; expected 1 to 128"),
        (tags(1).with_tag("k".repeat(129), "v"), "tag 2 has a key of 129 characters"),
        (assumed().with_tag("k", "v".repeat(257)), "tag 1 has a value of 257 characters"),
        (tags(2).with_tag("k1", "w"), "tag 3 has the key of another tag"),
        (assumed().with_policy(""), "the policy is invalid: "),
        (assumed().with_policy("[]"), "the policy is invalid: "),
        (assumed().with_policy(format!("{{\"{SECRET}")), "the policy is invalid: "),
        (assumed().with_policy("{} {}"), "the policy is invalid: "),
    ] {
        let outcome = call(source, &[sts_response("tmp", 7200)]);
        let text = credential_error(&outcome);
        assert!(text.contains(&format!("assumed role: {expected}")), "{expected}: {text}");
        assert_eq!(outcome.sends(), 0, "{expected}");
    }
}

#[test]
fn retries_faults_of_sts() {
    for fault in
        [Reply::error("InternalError"), Reply::text(502, "<html>"), Reply::Fail(Kind::Timeout)]
    {
        let outcome = call(assumed(), &[fault.clone(), sts_response("tmp", 7200)]);
        assert_eq!(used(&outcome).0, "tmp", "{fault:?}");
        let outcome = call(assumed(), &vec![fault; 9]);
        assert_eq!(outcome.sends(), 3);
        credential_error(&outcome);
        assert!(outcome.error().is_retryable());
    }
    let outcome = call(assumed(), &[Reply::error("AuthFailure.SecretIdNotFound")]);
    let text = credential_error(&outcome);
    assert!(text.contains("AuthFailure.SecretIdNotFound") && text.contains("r-error"), "{text}");
    assert_eq!((outcome.sends(), outcome.error().is_retryable()), (1, false));
    let short = json!({"Response": {"Credentials": {"TmpSecretKey": SECRET}, "RequestId": "r"}});
    credential_error(&call(assumed(), &[Reply::json(200, short)]));
    credential_error(&call(assumed(), &[sts_response("a b", 7200)]));
    for seconds in [0, 43_201] {
        let outcome = call(assumed().with_duration(Duration::from_secs(seconds)), &[]);
        assert_eq!(outcome.sends(), 0);
        credential_error(&outcome);
    }
    let throttled = Reply::error("RequestLimitExceeded");
    let outcome = call(assumed(), &[throttled.clone(), sts_response("tmp", 7200)]);
    assert_eq!(used(&outcome).0, "tmp");
    assert!(outcome.elapsed >= Duration::from_secs(1));
    let outcome = call(assumed(), &vec![throttled; 99]);
    credential_error(&outcome);
    assert!(outcome.error().is_retryable());
    assert!(outcome.elapsed > Duration::from_secs(20) && outcome.elapsed < Duration::from_secs(30));
    let timeouts = outcome.requests.iter().map(|request| request.timeout.unwrap());
    assert_eq!(timeouts.max(), Some(Duration::from_secs(10)));

    let date = "Mon, 25 Feb 2019 17:44:25 GMT";
    let expired = Reply::error("AuthFailure.SignatureExpire").with("date", date);
    let outcome = call(assumed(), &[expired.clone(), sts_response("tmp", 7200)]);
    assert_eq!(header(&outcome, 1, "x-tc-timestamp"), (START + 3600).to_string());
    assert_eq!(used(&outcome).0, "tmp");
    assert_eq!(call(assumed(), &vec![expired; 9]).sends(), 2);
}

#[test]
fn exchanges_the_identity_of_a_pod() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let all = [
        ("TKE_REGION", "ap-beijing"),
        ("TKE_PROVIDER_ID", "p"),
        ("TKE_ROLE_ARN", "arn"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
    ];
    let tke = |set: &[(&str, &str)]| TkeIdentity::new().with_variables(variables(set));
    let outcome = call(tke(&all), &[sts_response("tmp", 7200)]);
    assert_eq!(used(&outcome), ("tmp".into(), "tok"));
    let body: Value = serde_json::from_slice(&outcome.requests[0].body).unwrap();
    assert_eq!(
        body,
        json!({"ProviderId": "p", "WebIdentityToken": SECRET, "RoleArn": "arn",
            "RoleSessionName": "tc3-client", "DurationSeconds": 7200})
    );
    assert_eq!(header(&outcome, 0, "authorization"), "SKIP");
    assert_eq!(header(&outcome, 0, "x-tc-region"), "ap-beijing");
    assert_eq!(header(&outcome, 0, "x-tc-action"), "AssumeRoleWithWebIdentity");

    for absent in [&[][..], &all[..1]] {
        assert!(credential_error(&call(tke(absent), &[])).contains("not configured"));
    }
    assert!(credential_error(&call(tke(&all[..3]), &[])).contains("TKE_WEB_IDENTITY_TOKEN_FILE"));
    // An echoed token is not in the error, even if the message is truncated within it.
    for message in [format!("bad {SECRET}"), format!("{}{SECRET}", "x".repeat(245))] {
        let echo = json!({"Response": {"Error": {"Code": "C", "Message": message}}});
        let text = credential_error(&call(tke(&all), &[Reply::json(200, echo)]));
        assert!(!text.contains(&SECRET[..4]), "{text}");
    }
    for code in [SECRET, "C"] {
        let error = json!({"Code": code, "Message": "m"});
        let echo = json!({"Response": {"Error": error, "RequestId": SECRET}});
        credential_error(&call(tke(&all), &[Reply::json(200, echo)]));
    }
    fs::write(&file, SECRET.repeat(20)).unwrap();
    let error = json!({"Code": "C", "Message": "m"});
    let echo = json!({"Response": {"Error": error, "RequestId": SECRET.repeat(20)}});
    credential_error(&call(tke(&all), &[Reply::json(200, echo)]));
    fs::write(&file, SECRET).unwrap();
    for status in [200, 403, 502] {
        let replies = vec![Reply::text(status, format!("<html>{SECRET}")); 3];
        credential_error(&call(tke(&all), &replies));
    }
    for bad in ["", "two words"] {
        fs::write(&file, bad).unwrap();
        credential_error(&call(tke(&all), &[]));
    }
    fs::remove_file(&file).unwrap();
    credential_error(&call(tke(&all), &[]));
}

#[test]
fn errors_do_not_contain_the_restrictions_of_a_role() {
    let policy = r#"{"version": "2.0", "statement": []}"#;
    let source = || {
        assumed()
            .with_external_id("partner-7")
            .with_policy(policy)
            .with_tag("owner", "Zhang San")
            .with_tag("n", "1")
    };
    let outcome = call(source(), &[sts_response("tmp", 7200)]);
    let body: Value = serde_json::from_slice(&outcome.requests[0].body).unwrap();
    let encoded = body["Policy"].as_str().unwrap();
    for value in ["partner-7", policy, encoded, "owner", "Zhang San"] {
        let error = json!({"Code": "InvalidParameter", "Message": format!("invalid: {value}")});
        let echo = json!({"Response": {"Error": error, "RequestId": "r-1"}});
        let text = credential_error(&call(source(), &[Reply::json(200, echo)]));
        assert!(!text.contains(value), "{text}");
        assert!(text.contains("InvalidParameter") && text.contains("r-1"), "{text}");
    }
    let error = json!({"Code": "InvalidParameter", "Message": "no role 1"});
    let other = json!({"Response": {"Error": error, "RequestId": "r-1"}});
    let text = credential_error(&call(source(), &[Reply::json(200, other)]));
    assert!(text.contains("no role 1"), "{text}");
}
