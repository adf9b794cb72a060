//! What each source of credentials does with what it finds, the same with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

mod characters;
mod files;
mod remote;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use files::profile;
use remote::role_answer;
use support::{Outcome, Reply, run_calls};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{
    Chain, Credential, CredentialError, CredentialFetch, CredentialSource, CvmRole, Environment,
    TkeIdentity, from_fn,
};
use tc3_client::transport::TransportErrorKind as Kind;
use tc3_client::{Config, ErrorKind};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();
const SECRET: &str = "SECRETmarker0123";

fn with(source: impl CredentialSource) -> Config {
    Config::new(source).with_jitter_seed(1)
}

/// One call with this source.
fn call(source: impl CredentialSource, replies: &[Reply]) -> Outcome {
    let source = Arc::new(source);
    support::run_fresh(|| with(Shared(Arc::clone(&source))), READ, 1, replies)
}

/// One source for the two drivers, each of which has a cache of its own.
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
    // The cache is shared by the clones of a configuration, so the second driver would find it full.
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
