//! Reports of failed calls: unknown outcomes, requests that were not sent, and the end of the retries, with both drivers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::HashSet;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{Credential, from_fn};
use tc3_client::transport::{
    AsyncBody, BlockingBody, Request, Response, TransportError, TransportErrorKind as Kind,
};
use tc3_client::{
    AsyncRateLimiter, BlockingRateLimiter, CallOptions, Client, Config, Error, ErrorKind, Permit,
    PermitRequest, RateLimit, RetryPolicy, Stop, blocking,
};

use crate::support::{Reply, START, config, run, run_calls, run_fresh, run_with};

const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

/// The declaration of the caller decides about retries only.
#[test]
fn the_outcome_is_unknown_by_the_metadata_of_the_action() {
    let (broken, refused) = (Reply::Fail(Kind::Interrupted), Reply::Fail(Kind::Connect));
    let (failed, invalid) = (Reply::error("InternalError"), Reply::error("InvalidParameter"));
    let throttled = Reply::error("RequestLimitExceeded");
    let twice = RetryPolicy::default().with_max_attempts(2);
    let cases = [
        (CREATE, None, vec![broken.clone()], true),
        (CREATE, None, vec![refused.clone(), refused.clone()], false),
        (CREATE, None, vec![throttled.clone(), invalid.clone()], false),
        (CREATE, Some(true), vec![broken.clone(), broken.clone()], true),
        (CREATE, Some(true), vec![failed.clone(), failed.clone()], true),
        // An earlier attempt may have been executed.
        (CREATE, Some(true), vec![broken.clone(), refused.clone()], true),
        (CREATE, Some(true), vec![broken.clone(), invalid.clone()], true),
        (CREATE, Some(true), vec![refused.clone(), refused.clone()], false),
        (CREATE, Some(true), vec![invalid.clone()], false),
        (READ, None, vec![broken.clone(), broken.clone()], false),
        (READ, Some(true), vec![broken.clone(), broken.clone()], false),
        (READ, Some(false), vec![broken], true),
        (READ, Some(false), vec![invalid], false),
    ];
    for (info, declared, replies, is_unknown) in cases {
        let options = CallOptions::default().with_retry(twice);
        let options = match declared {
            Some(declared) => options.with_idempotent(declared),
            None => options,
        };
        let outcome = run_with(config(), &options, info, &replies);
        let error = outcome.error();
        let label = format!("{} {declared:?} {replies:?}: {error}", info.name);
        assert_eq!(error.is_outcome_unknown(), is_unknown, "{label}");
        assert_eq!(error.to_string().contains("the outcome is unknown"), is_unknown, "{label}");
        assert!(!is_unknown || error.hint().unwrap().starts_with("query the service"), "{label}");
    }
}

/// Makes a call that is stopped with its first reply. Returns the results of both clients.
fn stopped(
    info: ActionInfo<'_>,
    options: &CallOptions,
    reply: Kind,
) -> [Result<Option<Value>, Error>; 2] {
    let body = json!({});
    let fail = move |stop: &Stop| {
        stop.stop();
        TransportError::new(reply)
    };
    let stop = Stop::default();
    let handle = stop.clone();
    let transport = move |_: Request| Err::<Response<BlockingBody>, TransportError>(fail(&handle));
    let client = blocking::Client::with_transport(config(), transport).unwrap();
    let client = client.with_options(options.clone());
    let blocking = client.call_json_cancellable(info, &body, &stop);

    let stop = Stop::default();
    let handle = stop.clone();
    let transport = move |_: Request| {
        std::future::ready(Err::<Response<AsyncBody>, TransportError>(fail(&handle)))
    };
    let client = Client::with_transport(config(), transport).unwrap();
    let client = client.with_options(options.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asynchronous = runtime.block_on(client.call_json_cancellable(info, &body, &stop));
    [blocking, asynchronous]
}

#[test]
fn a_stop_before_a_retry_hides_no_unknown_outcome() {
    let declared = CallOptions::default().with_idempotent(true);
    for (info, options, reply, is_unknown) in [
        (CREATE, &declared, Kind::Interrupted, true),
        (CREATE, &declared, Kind::Timeout, true),
        (CREATE, &declared, Kind::Connect, false),
        (CREATE, &CallOptions::default(), Kind::Connect, false),
        (READ, &declared, Kind::Interrupted, false),
        (READ, &CallOptions::default(), Kind::Interrupted, false),
    ] {
        for result in stopped(info, options, reply) {
            let label = format!("{} {reply:?} {result:?}", info.name);
            match is_unknown {
                true => assert!(result.unwrap_err().is_outcome_unknown(), "{label}"),
                false => assert_eq!(result.unwrap(), None, "{label}"),
            }
        }
    }
}

#[test]
fn a_call_that_waits_until_its_timeout_was_not_sent_and_may_be_retried() {
    let timeout = |seconds| config().with_timeout(Some(Duration::from_secs(seconds)));
    let outcomes = [
        (
            run_calls(timeout(1).with_rate_limit(RateLimit::Fixed(1)), CREATE, 2, &[]),
            "share one rate",
        ),
        (run(timeout(0), CREATE, &[]), ""),
    ];
    for (outcome, hint) in outcomes {
        let error = outcome.results.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.is_retryable() && error.is_timeout() && !error.was_sent(), "{error}");
        assert!(!error.is_outcome_unknown() && error.hint().unwrap_or_default().contains(hint));
    }
}

/// A limiter whose permits are never valid in time.
struct Late;

#[async_trait::async_trait]
impl AsyncRateLimiter for Late {
    async fn reserve(
        &self,
        _: &PermitRequest<'_>,
    ) -> Result<Permit, Box<dyn StdError + Send + Sync>> {
        Ok(Permit::after(Duration::from_secs(3_600)))
    }

    fn release(&self, _: &Permit) {}
}

impl BlockingRateLimiter for Late {
    fn reserve(&self, _: &PermitRequest<'_>) -> Result<Permit, Box<dyn StdError + Send + Sync>> {
        Ok(Permit::after(Duration::from_secs(3_600)))
    }

    fn release(&self, _: &Permit) {}
}

#[test]
fn a_permit_after_the_timeout_has_a_hint() {
    let late = || config().with_async_rate_limiter(Late).with_blocking_rate_limiter(Late);
    let outcome = run(late(), CREATE, &[]);
    let error = outcome.error();
    assert_eq!((error.kind(), outcome.sends()), (ErrorKind::Timeout, 0));
    assert!(error.is_retryable() && !error.was_sent() && !error.is_outcome_unknown());
    assert!(error.hint().unwrap().starts_with("raise the timeout of the call"), "{error}");
    // The failure of an attempt is more useful, and says why it was not retried.
    let config =
        config().with_rate_limit(RateLimit::Fixed(1)).with_timeout(Some(Duration::from_secs(1)));
    let outcome = run(config, READ, &[Reply::error("InternalError")]);
    let text = outcome.error().to_string();
    assert!(
        text.contains("r-error") && text.contains("not retried: the timeout of the call"),
        "{text}"
    );
}

#[test]
fn a_limiter_of_the_other_client_is_refused() {
    let message = |result: Result<(), Error>| result.map_err(|error| error.to_string());
    let blocking = |config: Config| message(blocking::Client::new(config).map(drop));
    let asynchronous = |config: Config| message(Client::new(config).map(drop));
    let only_async = config().with_async_rate_limiter(Late);
    let only_blocking = config().with_blocking_rate_limiter(Late);
    let both = only_async.clone().with_blocking_rate_limiter(Late);
    for config in [&both, &only_async, &config()] {
        assert_eq!(asynchronous(config.clone()), Ok(()));
    }
    for config in [&both, &only_blocking, &config()] {
        assert_eq!(blocking(config.clone()), Ok(()));
    }
    let error = blocking(only_async.clone()).unwrap_err();
    assert!(error.contains("with_blocking_rate_limiter"), "{error}");
    let error = asynchronous(only_blocking).unwrap_err();
    assert!(error.contains("with_async_rate_limiter"), "{error}");
    assert_eq!(blocking(only_async.with_rate_limit(RateLimit::Off)), Ok(()));
}

#[test]
fn the_error_says_what_ended_the_retries() {
    let busy = |after: &str| Reply::error("InternalError").with("retry-after", after);
    let short = config().with_timeout(Some(Duration::from_secs(10)));
    for (config, reply, expected, least) in [
        (config(), busy("300"), "retry after 300 s (Retry-After)", 0),
        (short.clone(), busy("30"), "retry after 30 s (Retry-After)", 0),
        (short.clone(), Reply::error("RequestLimitExceeded"), "the timeout of the call", 1),
        (short, Reply::error("RequestLimitExceeded").with("retry-after", "11"), "after 11 s", 0),
        (config().with_retry_budget(Some(1)), busy("0"), "the retry budget is exhausted", 0),
    ] {
        let outcome = run(config, READ, &vec![reply; 30]);
        let error = outcome.error();
        let text = error.to_string();
        assert!(text.contains("; not retried: ") && text.contains(expected), "{text}");
        assert_eq!(error.request_id(), Some("r-error"), "{text}");
        assert!(!error.code().is_empty() && outcome.sends() > least, "{text}");
    }
    // All attempts were made.
    let outcome = run(config(), READ, &vec![Reply::error("InternalError"); 9]);
    assert!(!outcome.error().to_string().contains("not retried"));
}

#[test]
fn an_unreadable_retry_after_is_the_longest_backoff() {
    for value in ["30.0", "120s", "soon", ""] {
        let unavailable = Reply::text(503, "").with("retry-after", value);
        let outcome = run(config(), READ, &[unavailable]);
        assert!(outcome.elapsed >= Duration::from_secs(5), "{value:?}: {:?}", outcome.elapsed);
        let throttled = Reply::error("RequestLimitExceeded").with("retry-after", value);
        let outcome = run(config(), READ, &[throttled]);
        assert!(outcome.elapsed >= Duration::from_secs(6), "{value:?}: {:?}", outcome.elapsed);
    }
}

/// By the lifetime of a credential in seconds: the number of credentials of three calls, with one call per second.
#[test]
fn a_credential_that_expires_during_the_wait_for_a_permit_is_fetched_again() {
    for (lifetime, expected) in [(1, 2), (5, 1), (3_600, 1)] {
        let outcome = run_fresh(
            || {
                let fetches = AtomicU64::new(0);
                let source = from_fn(move || {
                    let number = fetches.fetch_add(1, Ordering::SeqCst);
                    let expiry = Duration::from_secs(START + number * 10 + lifetime);
                    Ok(Credential::new(format!("AKID{number}"), "key").with_expiry(expiry))
                });
                Config::new(source).with_jitter_seed(1).with_rate_limit(RateLimit::Fixed(1))
            },
            READ,
            3,
            &[],
        );
        assert!(outcome.results.iter().all(Result::is_ok), "{:?}", outcome.results);
        let id = |request: &Request| {
            let authorization = request.headers["authorization"].to_str().unwrap();
            authorization.split(['=', '/']).nth(1).unwrap().to_owned()
        };
        let ids: HashSet<_> = outcome.requests.iter().map(id).collect();
        assert_eq!(ids.len(), expected, "{lifetime}: {ids:?}");
    }
}
