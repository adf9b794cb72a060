//! Options of single calls, rules of the caller about retries, and the retry budget, with both drivers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tc3_client::api::ActionInfo;
use tc3_client::transport::TransportErrorKind;
use tc3_client::{
    CallOptions, Config, ErrorKind, FailedAttempt, Language, RateLimit, RetryDecision, RetryPolicy,
};

use crate::support::{Outcome, Reply, config, run, run_calls, run_with};

const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

fn broken() -> Reply {
    Reply::Fail(TransportErrorKind::Interrupted)
}

fn options() -> CallOptions {
    CallOptions::default()
}

/// Runs a call with options of the call and without, and a configuration that has other values.
fn with_options(options: CallOptions, info: ActionInfo<'_>, replies: &[Reply]) -> Outcome {
    let config = config()
        .with_region("ap-config")
        .with_language(Language::Chinese)
        .with_timeout(Some(Duration::from_secs(40)));
    run_with(config, &options, info, replies)
}

fn header<'a>(outcome: &'a Outcome, name: &str) -> Option<&'a str> {
    outcome.requests[0].headers.get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn options_precede_the_configuration() {
    let default = with_options(options(), READ, &[]);
    assert_eq!(header(&default, "x-tc-region"), Some("ap-config"));
    assert_eq!(header(&default, "x-tc-language"), Some("zh-CN"));
    assert_eq!(default.requests[0].timeout, Some(Duration::from_secs(40)));
    assert_eq!(header(&default, "x-tc-content-sha256"), None);

    let changed = options()
        .with_region("ap-call")
        .with_language(Language::English)
        .with_timeout(Some(Duration::from_secs(3)))
        .with_unsigned_payload()
        .with_header("X-Trace", "1")
        .unwrap()
        .with_header("x-trace", "2")
        .unwrap();
    let outcome = with_options(changed, READ, &[]);
    assert_eq!(header(&outcome, "x-tc-region"), Some("ap-call"));
    assert_eq!(header(&outcome, "x-tc-language"), Some("en-US"));
    assert_eq!(outcome.requests[0].timeout, Some(Duration::from_secs(3)));
    assert_eq!(header(&outcome, "x-tc-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    let values: Vec<_> = outcome.requests[0].headers.get_all("x-trace").iter().collect();
    assert_eq!(values, ["2"]);

    let unlimited = with_options(options().with_timeout(None), READ, &[]);
    assert_eq!(unlimited.requests[0].timeout, None);

    let invalid = with_options(options().with_region("a\nb"), READ, &[]);
    assert_eq!((invalid.sends(), invalid.error().kind()), (0, ErrorKind::Request));
}

#[test]
fn the_timeout_and_the_retries_of_a_call_are_those_of_its_options() {
    let replies = vec![broken(); 8];
    for (changed, sends) in [
        (options(), 4),
        (options().with_retry(RetryPolicy::none()), 1),
        (options().with_retry(RetryPolicy::default().with_max_attempts(2)), 2),
    ] {
        assert_eq!(with_options(changed, READ, &replies).sends(), sends);
    }
    let throttled = vec![Reply::error("RequestLimitExceeded"); 100];
    let short = options().with_timeout(Some(Duration::from_secs(5)));
    let outcome = with_options(short, READ, &throttled);
    assert!(outcome.error().is_throttled());
    assert!(outcome.sends() > 1 && outcome.elapsed < Duration::from_secs(5), "{outcome:?}");
    let none = with_options(options().with_retry(RetryPolicy::none()), READ, &throttled);
    assert_eq!(none.sends(), 1);
}

#[test]
fn a_call_is_idempotent_if_its_options_declare_it() {
    for (info, declared, sends) in
        [(CREATE, None, 1), (CREATE, Some(true), 2), (READ, None, 2), (READ, Some(false), 1)]
    {
        let changed = declared.map_or(options(), |value| options().with_idempotent(value));
        let outcome = with_options(changed, info, &[broken()]);
        assert_eq!(outcome.sends(), sends, "{} {declared:?}", info.name);
        assert_eq!(outcome.results[0].is_ok(), sends == 2);
        if sends == 1 {
            assert!(outcome.error().is_outcome_unknown());
        }
    }
}

#[test]
fn headers_of_the_client_cannot_be_replaced() {
    for name in [
        "Authorization",
        "HOST",
        "content-type",
        "Content-Length",
        "transfer-encoding",
        "User-Agent",
        "X-TC-Action",
        "x-tc-token",
        "x-tc-region",
        "connection",
        "te",
        "expect",
        "accept-encoding",
        "proxy-authorization",
        "keep-alive",
        "upgrade",
        "range",
    ] {
        let error = options().with_header(name, "v").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected = format!("header `{}` is set by the client", name.to_lowercase());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    for (name, value) in
        [("", "v"), ("a b", "v"), ("a\n", "v"), ("x-a", "secret\n"), ("x-a", "\u{7f}")]
    {
        let error = options().with_header(name, value).unwrap_err().to_string();
        assert!(error.starts_with("invalid ") && !error.contains("secret"), "{error}");
    }
    let mut full = options();
    for index in 0..64 {
        full = full.with_header(&format!("x-h{index}"), "v").unwrap();
    }
    let error = full.clone().with_header("x-more", "v").unwrap_err();
    assert!(error.to_string().starts_with("more than 64 additional headers"), "{error}");
    let full = full.with_header("x-h0", "secret").unwrap();
    let shown = format!("{full:?}");
    assert!(shown.contains("x-h63") && !shown.contains("secret"), "{shown}");
    assert_eq!(with_options(full, READ, &[]).sends(), 1);
}

type Seen = Arc<Mutex<Vec<String>>>;

/// Returns a configuration whose classifier always decides the same, and the attempts that it sees.
fn classified(decision: RetryDecision) -> (Config, Seen) {
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    let config = config().with_rate_limit(RateLimit::Off).with_retry_classifier(
        move |attempt: &FailedAttempt<'_>| {
            let FailedAttempt { action, idempotent, attempt, error, .. } = attempt;
            log.lock().unwrap().push(format!("{action} {idempotent} {attempt} {}", error.code()));
            decision
        },
    );
    (config, seen)
}

#[test]
fn the_classifier_decides_about_each_failed_attempt() {
    use RetryDecision::{IfIdempotent, IfNotExecuted, Never, Standard};
    let refused = Reply::Fail(TransportErrorKind::Proxy);
    let busy = || Reply::error("FailedOperation.Busy");
    let throttled = Reply::error("RequestLimitExceeded");
    // Per decision, the number of requests of a call that reads and of one that creates.
    for (reply, cases) in [
        (broken(), [(Standard, 2, 1), (Never, 1, 1), (IfNotExecuted, 1, 1), (IfIdempotent, 2, 1)]),
        (refused, [(Standard, 1, 1), (Never, 1, 1), (IfNotExecuted, 2, 2), (IfIdempotent, 2, 2)]),
        (busy(), [(Standard, 1, 1), (Never, 1, 1), (IfNotExecuted, 1, 1), (IfIdempotent, 2, 1)]),
        (throttled, [(Standard, 2, 2), (Never, 1, 1), (IfNotExecuted, 2, 2), (IfIdempotent, 2, 2)]),
    ] {
        for (decision, read, create) in cases {
            for (info, sends) in [(READ, read), (CREATE, create)] {
                let (config, seen) = classified(decision);
                let outcome = run(config, info, std::slice::from_ref(&reply));
                let label = format!("{reply:?} {decision:?} {}", info.name);
                assert_eq!(outcome.sends(), sends, "{label}");
                // Both drivers have made the call.
                assert_eq!(seen.lock().unwrap().len(), 2, "{label}");
            }
        }
    }
    let (config, seen) = classified(RetryDecision::IfIdempotent);
    let outcome = run(config, READ, &vec![busy(); 9]);
    assert_eq!((outcome.sends(), outcome.error().attempts()), (4, 4));
    let expected: Vec<_> =
        (1..=4).map(|n| format!("DescribeFlows true {n} FailedOperation.Busy")).collect();
    assert_eq!(seen.lock().unwrap()[..4], expected);
}

/// Number of requests of each call.
fn sends(outcome: &Outcome) -> Vec<u32> {
    let attempts =
        |result: &Result<_, tc3_client::Error>| result.as_ref().err().map(|e| e.attempts());
    outcome.results.iter().map(|result| attempts(result).unwrap_or(0)).collect()
}

#[test]
fn the_budget_limits_the_retries_of_a_client() {
    let base = || config().with_rate_limit(RateLimit::Off);
    let replies = vec![broken(); 1_000];
    // 33 calls with three retries each, and one retry more.
    let outcome = run_calls(base(), READ, 40, &replies);
    let expected: Vec<_> = [vec![4; 33], vec![2], vec![1; 6]].concat();
    assert_eq!(sends(&outcome), expected);

    let timeouts = vec![Reply::Fail(TransportErrorKind::Timeout); 1_000];
    let outcome = run_calls(base().with_retry_budget(Some(35)), READ, 3, &timeouts);
    assert_eq!(sends(&outcome), [4, 1, 1]);
    let outcome = run_calls(base().with_retry_budget(Some(0)), READ, 2, &replies);
    assert_eq!(sends(&outcome), [1, 1]);
    let outcome = run_calls(base().with_retry_budget(None), READ, 200, &replies);
    assert_eq!(sends(&outcome), [4; 200]);
}

#[test]
fn successes_return_tokens_and_throttling_takes_none() {
    let base = || config().with_rate_limit(RateLimit::Off).with_retry_budget(Some(5));
    // The tokens of a retry return with its success.
    let replies: Vec<_> = (0..20).flat_map(|_| [broken(), Reply::ok()]).collect();
    let outcome = run_calls(base(), READ, 20, &replies);
    assert!(outcome.results.iter().all(Result::is_ok));

    // After five successes there is a retry again.
    let with_successes = |count: usize| {
        let mut replies = vec![broken(); 2];
        replies.extend(vec![Reply::ok(); count]);
        replies.extend([broken(), Reply::ok()]);
        let outcome = run_calls(base(), READ, count + 2, &replies);
        outcome.results.last().unwrap().is_ok()
    };
    assert!(!with_successes(4));
    assert!(with_successes(5));

    let throttled = Reply::error("RequestLimitExceeded");
    let replies: Vec<_> =
        (0..20).flat_map(|_| [throttled.clone(), throttled.clone(), Reply::ok()]).collect();
    let outcome = run_calls(base().with_retry_budget(Some(0)), READ, 20, &replies);
    assert!(outcome.results.iter().all(Result::is_ok));
}
