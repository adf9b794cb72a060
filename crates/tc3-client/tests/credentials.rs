//! What each source of credentials does with what it finds, the same in both colours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Outcome, Reply, START, run_calls};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{
    AssumeRole, Chain, Credential, CredentialError, CredentialFetch, CredentialSource, CvmRole,
    Environment, Profile, TkeIdentity, from_fn,
};
use tc3_client::transport::TransportErrorKind as Kind;
use tc3_client::{BaseUrl, Config, Endpoint, ErrorKind};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").retry_safe();
const SECRET: &str = "SECRETmarker0123";

fn with(source: impl CredentialSource) -> Config {
    Config::new(source).with_jitter_seed(1)
}

/// One call with this source.
fn call(source: impl CredentialSource, replies: &[Reply]) -> Outcome {
    let source = Arc::new(source);
    support::run_fresh(|| with(Shared(Arc::clone(&source))), READ, 1, replies)
}

/// One source for the two colours, each of which has a cache of its own.
struct Shared<S>(Arc<S>);

impl<S: CredentialSource> CredentialSource for Shared<S> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn remedy(&self) -> &str {
        self.0.remedy()
    }
    fn fetch(&self) -> Box<dyn CredentialFetch> {
        self.0.fetch()
    }
}

fn header<'a>(outcome: &'a Outcome, index: usize, name: &str) -> &'a str {
    outcome.requests[index].headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// The SecretId that the last request was signed with, and its token.
fn used(outcome: &Outcome) -> (String, &str) {
    assert!(outcome.results[0].is_ok(), "{:?}", outcome.results);
    let last = outcome.requests.len() - 1;
    let authorization = header(outcome, last, "authorization");
    let id = authorization.split(['=', '/']).nth(1).unwrap().to_owned();
    (id, header(outcome, last, "x-tc-token"))
}

/// The reason why there is none, on one line and without the secret.
fn refusal(outcome: &Outcome) -> String {
    let error = outcome.error();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    assert!(error.is_auth() && !error.was_sent());
    let text = error.to_string();
    assert!(!text.contains('\n') && !format!("{text}{error:?}").contains(SECRET), "{text}");
    text
}

fn variables(
    set: &[(&str, &str)],
) -> impl Fn(&str) -> Option<OsString> + Send + Sync + use<> + 'static {
    let map: HashMap<String, OsString> =
        set.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    move |name| map.get(name).cloned()
}

fn environment(set: &[(&str, &str)]) -> Environment {
    Environment::new().with_variables(variables(set))
}

const ID: &str = "TENCENTCLOUD_SECRET_ID";
const KEY: &str = "TENCENTCLOUD_SECRET_KEY";

#[test]
fn the_environment() {
    let outcome = call(environment(&[(ID, "AKID1"), (KEY, SECRET)]), &[]);
    assert_eq!(used(&outcome), ("AKID1".into(), ""));
    for token in ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN"] {
        let outcome = call(environment(&[(ID, "AKID1"), (KEY, SECRET), (token, "tok")]), &[]);
        assert_eq!(used(&outcome), ("AKID1".into(), "tok"));
    }
    for set in [vec![], vec![(ID, ""), (KEY, "")], vec![("TENCENTCLOUD_TOKEN", "t")]] {
        let text = refusal(&call(environment(&set), &[]));
        assert!(text.contains("not set up here") && text.contains("set TENCENT"), "{text}");
    }
    for (set, blamed) in [
        (vec![(ID, "AKID1")], KEY),
        (vec![(KEY, SECRET)], ID),
        (vec![(ID, "AKID1"), (KEY, "SECRETmarker0123 ")], KEY),
        (vec![(ID, "AK\nID"), (KEY, SECRET)], ID),
        (vec![(ID, "A"), (KEY, SECRET), ("TENCENTCLOUD_TOKEN", "密")], "TENCENTCLOUD_TOKEN"),
    ] {
        let source = Chain::new().then(environment(&set)).then(Credential::new("other", "k"));
        let text = refusal(&call(source, &[]));
        assert!(text.contains(blamed), "{set:?}: {text}");
    }
}

fn write(folder: &Path, file: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn profile(folder: &Path, name: Option<&str>) -> Profile {
    let profile = name.map_or_else(Profile::new, Profile::named);
    profile.with_folders(folder.join("home"), folder.join("etc")).with_variables(variables(&[]))
}

const INI: &str = "home/.tencentcloud/credentials";
const TCCLI: &str = "home/.tccli/default.credential";

#[test]
fn profile_files_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let chosen = |name| used(&call(profile(folder, name), &[])).0;
    assert!(refusal(&call(profile(folder, None), &[])).contains("not set up here"));

    let tccli = json!({"type": "oauth", "secretId": "tccli", "secretKey": SECRET, "token": "tok",
        "expiresAt": START + 7200, "oauth": {"accessToken": "x"}});
    write(folder, TCCLI, tccli.to_string());
    assert_eq!(used(&call(profile(folder, None), &[])), ("tccli".into(), "tok"));
    write(
        folder,
        "etc/tencentcloud/credentials",
        "[default]\nsecret_id=system\nsecret_key=k\n[ops]\nsecret_id=ops\nsecret_key=k",
    );
    assert_eq!(chosen(None), "system");
    let bom =
        "\u{feff}; mine\r\n[default]\r\nsecret_id = home\r\nsecret_key = \"k\"\r\ntoken =\r\n";
    write(folder, INI, bom);
    assert_eq!(chosen(None), "home");
    assert_eq!(chosen(Some("ops")), "ops");
    let text = refusal(&call(profile(folder, Some("nobody")), &[]));
    assert!(text.contains("no profile \"nobody\""), "{text}");
    refusal(&call(profile(folder, Some("../default")), &[]));

    let named = folder.join("mine.ini");
    fs::write(&named, "[default]\nsecret_id=named\nsecret_key=k").unwrap();
    let set = [("TENCENTCLOUD_CREDENTIALS_FILE", named.to_str().unwrap())];
    let source = profile(folder, None).with_variables(variables(&set));
    assert_eq!(used(&call(source.clone(), &[])).0, "named");
    fs::remove_file(&named).unwrap();
    assert!(refusal(&call(source, &[])).contains("TENCENTCLOUD_CREDENTIALS_FILE"));
}

#[test]
fn broken_profile_files_name_file_and_line_and_stop_the_chain() {
    for (file, text, says) in [
        (INI, format!("[default]\nsecret_id=a\nsecret_key={SECRET} # mine"), "line 3: secret_key"),
        (INI, format!("[default]\n{SECRET}"), "line 2"),
        (INI, format!("secret_key={SECRET}"), "line 1"),
        (
            INI,
            format!("\n[default]\nsecret_key={SECRET}"),
            "line 2: section [default] has no secret_id",
        ),
        (INI, "[default]\nsecret_id=\nsecret_key=k".to_owned(), "line 2: secret_id is empty"),
        (INI, "x".repeat(65 * 1024), "64 KiB"),
        (TCCLI, format!("{{\"secretKey\":\"{SECRET}\""), "line 1"),
        (TCCLI, format!("{{\"secretKey\":[\"{SECRET}\"]}}"), "line 1"),
        (TCCLI, json!({"secretKey": SECRET}).to_string(), "run tccli configure"),
        (
            TCCLI,
            json!({"secretId": "a", "secretKey": format!("{SECRET}\n")}).to_string(),
            "secretKey",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), file, &text);
        let chain =
            Chain::new().then(profile(folder.path(), None)).then(Credential::new("other", "k"));
        let refused = refusal(&call(chain, &[]));
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        assert!(refused.contains(says) && refused.contains(name), "{says}: {refused}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), INI, b"[default]\nsecret_id=\xff\xfe");
    assert!(refusal(&call(profile(folder.path(), None), &[])).contains("UTF-8"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(INI)).unwrap();
    refusal(&call(profile(folder.path(), None), &[]));
}

fn role_answer(id: &str, ends: u64) -> Reply {
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
        vec![Reply::Fail(Kind::Proxy)],
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

fn sts_answer(id: &str, ends: u64) -> Reply {
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

#[test]
fn a_search_in_vain_names_all_places_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::new()
        .then(environment(&[]))
        .then(profile(folder.path(), None))
        .then(TkeIdentity::new().with_variables(variables(&[])))
        .then(CvmRole::new());
    let text = refusal(&call(chain, &[Reply::Fail(Kind::Resolve)]));
    assert_eq!(
        text,
        "DescribeFlows: credentials: none found: looked in: environment, profile file, \
         TKE pod identity, CVM role; set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, \
         or write ~/.tencentcloud/credentials or run tccli configure, or bind a role to this machine"
    );
}

#[test]
fn a_refused_token_leads_to_one_refresh_and_one_retry() {
    let refused = Reply::error("AuthFailure.TokenFailure");
    let fetch = |id| [Reply::text(200, "r"), role_answer(id, 7200)];
    let script = |replies: &[&[Reply]]| replies.concat();
    // The cache is shared by the clones of a configuration, so the second colour would find it full.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        2,
        &script(&[&fetch("one"), std::slice::from_ref(&refused), &fetch("two")]),
    );
    assert!(outcome.results.iter().all(Result::is_ok));
    assert_eq!(outcome.sends(), 7);
    assert!(header(&outcome, 2, "authorization").contains("Credential=one/"));
    assert!(header(&outcome, 5, "authorization").contains("Credential=two/"));
    assert!(header(&outcome, 6, "authorization").contains("Credential=two/"));

    // Refused again: reported, not refreshed again.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        1,
        &script(&[
            &fetch("one"),
            std::slice::from_ref(&refused),
            &fetch("two"),
            std::slice::from_ref(&refused),
        ]),
    );
    assert_eq!((outcome.sends(), outcome.error().code()), (6, "AuthFailure.TokenFailure"));

    // The same keys again would be refused again: not sent.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        1,
        &script(&[&fetch("one"), std::slice::from_ref(&refused), &fetch("one")]),
    );
    assert_eq!((outcome.sends(), outcome.error().code()), (5, "AuthFailure.TokenFailure"));

    // No other credential to be had: the refusal is what is reported.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        1,
        &script(&[&fetch("one"), std::slice::from_ref(&refused), &[Reply::text(403, "")]]),
    );
    assert_eq!(outcome.error().code(), "AuthFailure.TokenFailure");
}

#[test]
fn a_users_function_may_be_absent_or_broken() {
    let found = from_fn(|| Ok(Credential::new("vault", "k").with_token("t")));
    assert_eq!(used(&call(found, &[])), ("vault".into(), "t"));
    let absent = from_fn(|| Err(CredentialError::absent("vault")));
    let source = Chain::new().then(absent).then(Credential::new("next", "k"));
    assert_eq!(used(&call(source, &[])).0, "next");
    let broken = from_fn(|| Err(CredentialError::new("vault", "sealed\nforged").transient()));
    let outcome = call(Chain::new().then(broken).then(Credential::new("next", "k")), &[]);
    assert_eq!(refusal(&outcome), "DescribeFlows: credentials: vault: sealed forged");
    assert!(outcome.error().is_retryable());
}

#[test]
fn a_credential_is_fetched_once_for_many_calls() {
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        5,
        &[Reply::text(200, "r"), role_answer("one", 7200)],
    );
    assert_eq!(outcome.sends(), 7);
    // One that is about to end is used, and not asked for at each call.
    let outcome =
        run_calls(with(Credential::new("a", "k").with_expiry(Duration::ZERO)), READ, 3, &[]);
    assert!(outcome.results.iter().all(Result::is_ok));
}

proptest! {
    #[test]
    fn no_file_whatever_makes_an_error_show_its_secret(
        before in "[a-z_=:\\[\\]\" \\n{},]{0,20}",
        after in "[a-z_=:\\[\\]\" \\n{},]{0,20}",
        key in prop::sample::select(vec![
            "[default]\nsecret_id=a\nsecret_key=", "\"secretKey\":\"", "{\"secretId\":\"", "",
        ]),
        json: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = if json { TCCLI } else { INI };
        write(folder.path(), file, format!("{before}{key}{SECRET}{after}"));
        let outcome = call(profile(folder.path(), None), &[]);
        if outcome.results[0].is_err() {
            refusal(&outcome);
        }
    }
}
