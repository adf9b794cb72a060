//! Sources that ask a server: the metadata service and the token service.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::credentials::{AssumeRole, Chain, Credential, CvmRole, TkeIdentity};
use tc3_client::transport::TransportErrorKind as Kind;
use tc3_client::{BaseUrl, Endpoint};

use crate::support::{Reply, START};
use crate::{SECRET, call, environment, header, refusal, used, variables};

pub(super) fn role_answer(id: &str, ends: u64) -> Reply {
    Reply::json(
        200,
        json!({"Code": "Success", "TmpSecretId": id, "TmpSecretKey": SECRET, "Token": "tok",
            "ExpiredTime": START + ends, "Expiration": "2019-02-25T00:00:00Z"}),
    )
}

#[test]
fn the_role_of_a_cloud_machine() {
    let outcome = call(CvmRole::new(), &[Reply::text(200, "reader\n"), role_answer("tmp", 7200)]);
    assert_eq!(used(&outcome), ("tmp".into(), "tok"));
    let base = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/";
    assert_eq!(outcome.requests[0].uri, base);
    assert_eq!(outcome.requests[1].uri.to_string(), format!("{base}reader"));
    assert_eq!(outcome.requests[1].timeout, Some(Duration::from_secs(1)));
    let bypass: Vec<_> = outcome.requests.iter().map(|request| request.bypass_proxy).collect();
    assert_eq!(bypass, [true, true, false]);

    let source =
        CvmRole::new().with_role("writer").with_base(BaseUrl::parse("http://127.0.0.1:9").unwrap());
    let outcome = call(source, &[Reply::text(503, ""), role_answer("tmp", 7200)]);
    assert_eq!(used(&outcome).0, "tmp");
    assert!(outcome.requests[0].uri.to_string().starts_with("http://127.0.0.1:9/latest/"));
    assert_eq!(outcome.elapsed, Duration::from_millis(100));
}

#[test]
fn a_machine_without_role_is_absent_and_a_garbled_one_broken() {
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
    for broken in [
        vec![Reply::text(200, "<html>sign in</html>")],
        vec![Reply::text(200, "../../user-data")],
        vec![Reply::text(403, "")],
        vec![Reply::text(503, ""); 3],
        vec![Reply::Fail(Kind::Tls)],
        vec![name.clone(), Reply::text(404, "")],
        vec![name.clone(), Reply::text(200, format!("{{\"TmpSecretKey\":\"{SECRET}\""))],
        vec![name.clone(), Reply::json(200, json!({"Code": "Failed\n", "TmpSecretKey": SECRET}))],
        vec![name.clone(), Reply::json(200, json!({"Code": "Success", "TmpSecretKey": SECRET}))],
        vec![name.clone(), role_answer("t m p", 7200)],
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
        let outcome = call(next(), &broken);
        assert!(refusal(&outcome).contains("CVM role"), "{broken:?}");
        assert_eq!(outcome.sends(), broken.len());
    }
}

pub(super) fn sts_answer(id: &str, ends: u64) -> Reply {
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
fn an_assumed_role() {
    let source = assumed().with_external_id("e").with_duration(Duration::from_secs(900));
    let outcome = call(source, &[sts_answer("tmp", 900)]);
    assert_eq!(used(&outcome), ("tmp".into(), "tok"));
    let request = &outcome.requests[0];
    assert_eq!(request.uri, "https://sts.tencentcloudapi.com/");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"RoleArn": "qcs::cam::uin/1:roleName/r", "RoleSessionName": "tc3-client",
            "DurationSeconds": 900, "ExternalId": "e"})
    );
    assert_eq!(header(&outcome, 0, "x-tc-version"), "2018-08-13");
    assert_eq!(header(&outcome, 0, "x-tc-token"), "base");
    assert!(header(&outcome, 0, "authorization").contains("Credential=AKID/2019-02-25/sts/"));

    let url = Endpoint::Url(BaseUrl::parse("http://127.0.0.1:9").unwrap());
    let outcome = call(assumed().with_endpoint(url), &[sts_answer("tmp", 7200)]);
    assert_eq!(outcome.requests[0].uri, "http://127.0.0.1:9/");

    // Keys of a machine's role assume another one.
    let source = AssumeRole::new(CvmRole::new().with_role("first"), "second");
    let outcome = call(source, &[role_answer("machine", 7200), sts_answer("tmp", 7200)]);
    assert!(header(&outcome, 1, "authorization").contains("Credential=machine/"));
    assert_eq!(used(&outcome).0, "tmp");
    let source = Chain::new()
        .then(AssumeRole::new(environment(&[]), "second"))
        .then(Credential::new("next", "k"));
    assert_eq!(used(&call(source, &[])).0, "next");
}

#[test]
fn the_token_services_faults() {
    for fault in
        [Reply::error("InternalError"), Reply::text(502, "<html>"), Reply::Fail(Kind::Timeout)]
    {
        let outcome = call(assumed(), &[fault.clone(), sts_answer("tmp", 7200)]);
        assert_eq!(used(&outcome).0, "tmp", "{fault:?}");
        let outcome = call(assumed(), &vec![fault; 9]);
        assert_eq!(outcome.sends(), 3);
        refusal(&outcome);
        assert!(outcome.error().is_retryable());
    }
    let outcome = call(assumed(), &[Reply::error("AuthFailure.SecretIdNotFound")]);
    let text = refusal(&outcome);
    assert!(text.contains("AuthFailure.SecretIdNotFound") && text.contains("r-error"), "{text}");
    assert_eq!((outcome.sends(), outcome.error().is_retryable()), (1, false));
    let short = json!({"Response": {"Credentials": {"TmpSecretKey": SECRET}, "RequestId": "r"}});
    refusal(&call(assumed(), &[Reply::json(200, short)]));
    refusal(&call(assumed(), &[sts_answer("a b", 7200)]));
    for seconds in [0, 43_201] {
        let outcome = call(assumed().with_duration(Duration::from_secs(seconds)), &[]);
        assert_eq!(outcome.sends(), 0);
        refusal(&outcome);
    }
    let date = "Mon, 25 Feb 2019 17:44:25 GMT";
    let expired = Reply::error("AuthFailure.SignatureExpire").with("date", date);
    let outcome = call(assumed(), &[expired.clone(), sts_answer("tmp", 7200)]);
    assert_eq!(header(&outcome, 1, "x-tc-timestamp"), (START + 3600).to_string());
    assert_eq!(used(&outcome).0, "tmp");
    assert_eq!(call(assumed(), &vec![expired; 9]).sends(), 2);
}

#[test]
fn the_identity_of_a_pod() {
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
    let outcome = call(tke(&all), &[sts_answer("tmp", 7200)]);
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
        assert!(refusal(&call(tke(absent), &[])).contains("not set up here"));
    }
    assert!(refusal(&call(tke(&all[..3]), &[])).contains("TKE_WEB_IDENTITY_TOKEN_FILE"));
    let echo = json!({"Response": {"Error": {"Code": "C", "Message": format!("bad {SECRET}")}}});
    refusal(&call(tke(&all), &[Reply::json(200, echo)]));
    for bad in ["", "two words"] {
        fs::write(&file, bad).unwrap();
        refusal(&call(tke(&all), &[]));
    }
    fs::remove_file(&file).unwrap();
    refusal(&call(tke(&all), &[]));
}
