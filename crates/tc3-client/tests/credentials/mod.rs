//! Credential sources, with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod characters;
mod clients;
mod files;
mod functions;
mod logs;
mod refreshes;
mod remote;
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use files::profile;
use remote::role_response;
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{
    Chain, Credential, CredentialFetch, CredentialSource, CvmRole, Environment, TkeIdentity,
};
use tc3_client::transport::TransportErrorKind as Kind;
use tc3_client::{Config, ErrorKind};

use crate::support::{self, Outcome, Reply, run_calls};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();
const SECRET: &str = "SECRETmarker0123";

fn with(source: impl CredentialSource) -> Config {
    Config::new(source).with_jitter_seed(1)
}

/// Makes one call with this source.
fn call(source: impl CredentialSource, replies: &[Reply]) -> Outcome {
    let source = Arc::new(source);
    support::run_fresh(|| with(Shared(Arc::clone(&source))), READ, 1, replies)
}

/// One source for both drivers, each with a separate cache.
struct Shared<S>(Arc<S>);

impl<S: CredentialSource> CredentialSource for Shared<S> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn hint(&self) -> &str {
        self.0.hint()
    }
    fn fetch(&self) -> Box<dyn CredentialFetch> {
        self.0.fetch()
    }
}

fn header<'a>(outcome: &'a Outcome, index: usize, name: &str) -> &'a str {
    outcome.requests[index].headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Returns SecretId and token of the last request.
fn used(outcome: &Outcome) -> (String, &str) {
    assert!(outcome.results[0].is_ok(), "{:?}", outcome.results);
    let last = outcome.requests.len() - 1;
    let authorization = header(outcome, last, "authorization");
    let id = authorization.split(['=', '/']).nth(1).unwrap().to_owned();
    (id, header(outcome, last, "x-tc-token"))
}

/// Asserts that the call failed without a credential, on one line and without the secret. Returns the error with its
/// hint.
fn credential_error(outcome: &Outcome) -> String {
    let error = outcome.error();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    assert!(error.is_authentication() && !error.was_sent());
    let text = error.to_string();
    let text = match error.hint() {
        Some(hint) => format!("{text}; {hint}"),
        None => text,
    };
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
fn reads_the_environment() {
    let outcome = call(environment(&[(ID, "AKID1"), (KEY, SECRET)]), &[]);
    assert_eq!(used(&outcome), ("AKID1".into(), ""));
    for token in ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN"] {
        let outcome = call(environment(&[(ID, "AKID1"), (KEY, SECRET), (token, "tok")]), &[]);
        assert_eq!(used(&outcome), ("AKID1".into(), "tok"));
    }
    for set in [vec![], vec![(ID, ""), (KEY, "")], vec![("TENCENTCLOUD_TOKEN", "t")]] {
        let text = credential_error(&call(environment(&set), &[]));
        assert!(text.contains("not configured") && text.contains("set TENCENT"), "{text}");
    }
    for (set, invalid) in [
        (vec![(ID, "AKID1")], KEY),
        (vec![(KEY, SECRET)], ID),
        (vec![(ID, "AKID1"), (KEY, "SECRETmarker0123 ")], KEY),
        (vec![(ID, "AK\nID"), (KEY, SECRET)], ID),
        (vec![(ID, "A"), (KEY, SECRET), ("TENCENTCLOUD_TOKEN", "密")], "TENCENTCLOUD_TOKEN"),
    ] {
        let source = Chain::new().then(environment(&set)).then(Credential::new("other", "k"));
        let text = credential_error(&call(source, &[]));
        assert!(text.contains(invalid), "{set:?}: {text}");
    }
}

/// A variable of a similar name would be ignored, and other keys used.
#[test]
fn similar_names_of_variables_are_errors() {
    let keys = [(ID, "AKID1"), (KEY, SECRET)];
    for (set, name, expected) in [
        (&keys[..0], "TENCENTCLOUD_API_SECRET_ID", ID),
        (&keys[..0], "TENCENTCLOUD_API_SECRET_KEY", KEY),
        (&keys[..1], "TENCENTCLOUD_SECRETKEY", KEY),
        (&keys[1..], "TENCENT_CLOUD_SECRET_ID", ID),
        (&keys[..], "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"),
    ] {
        let set = [set, &[(name, SECRET)]].concat();
        let source = Chain::new().then(environment(&set)).then(Credential::new("other", "k"));
        let text = credential_error(&call(source, &[]));
        assert!(text.contains(&format!("{name} is not read")) && text.contains(expected), "{text}");
    }
    // Next to the right ones they change nothing.
    let set =
        [&keys[..], &[("TENCENTCLOUD_SECRETID", "x"), ("TENCENTCLOUD_SECRETKEY", "x")]].concat();
    assert_eq!(used(&call(environment(&set), &[])).0, "AKID1");
}

#[test]
fn reports_all_searched_sources_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::new()
        .then(environment(&[]))
        .then(profile(folder.path(), None))
        .then(TkeIdentity::new().with_variables(variables(&[])))
        .then(CvmRole::new());
    let text = credential_error(&call(chain, &[Reply::Fail(Kind::Resolve)]));
    assert_eq!(
        text,
        "DescribeFlows: credentials: not found: searched environment, profile file, \
         TKE pod identity, CVM role; set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, \
         or write ~/.tencentcloud/credentials or run tccli configure, or bind a role to this machine"
    );
}

#[test]
fn refreshes_a_rejected_token_and_retries_once() {
    let rejected = Reply::error("AuthFailure.TokenFailure");
    let fetch = |id| [Reply::text(200, "r"), role_response(id, 7200)];
    let script = |replies: &[&[Reply]]| replies.concat();
    // Clones of a configuration share the cache, so each driver has a separate one.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        2,
        &script(&[&fetch("one"), std::slice::from_ref(&rejected), &fetch("two")]),
    );
    assert!(outcome.results.iter().all(Result::is_ok));
    assert_eq!(outcome.sends(), 7);
    assert!(header(&outcome, 2, "authorization").contains("Credential=one/"));
    assert!(header(&outcome, 5, "authorization").contains("Credential=two/"));
    assert!(header(&outcome, 6, "authorization").contains("Credential=two/"));

    // A second rejection is reported without another refresh.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        1,
        &script(&[
            &fetch("one"),
            std::slice::from_ref(&rejected),
            &fetch("two"),
            std::slice::from_ref(&rejected),
        ]),
    );
    assert_eq!((outcome.sends(), outcome.error().code()), (6, "AuthFailure.TokenFailure"));

    // The same keys would be rejected again, so they are not sent.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        1,
        &script(&[&fetch("one"), std::slice::from_ref(&rejected), &fetch("one")]),
    );
    assert_eq!((outcome.sends(), outcome.error().code()), (5, "AuthFailure.TokenFailure"));

    // If the refresh fails, the rejection is reported.
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        1,
        &script(&[&fetch("one"), std::slice::from_ref(&rejected), &[Reply::text(403, "")]]),
    );
    assert_eq!(outcome.error().code(), "AuthFailure.TokenFailure");
}

#[test]
fn fetches_a_credential_once_for_many_calls() {
    let outcome = support::run_fresh(
        || with(CvmRole::new()),
        READ,
        5,
        &[Reply::text(200, "r"), role_response("one", 7200)],
    );
    assert_eq!(outcome.sends(), 7);
    // A credential close to its expiry is used and not fetched for each call.
    let outcome =
        run_calls(with(Credential::new("a", "k").with_expiry(Duration::ZERO)), READ, 3, &[]);
    assert!(outcome.results.iter().all(Result::is_ok));
}
