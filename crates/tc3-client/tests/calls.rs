//! Retries, timeouts, clock correction, rate limit and errors of calls, with both drivers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tc3_client::api::ActionInfo;
use tc3_client::transport::TransportErrorKind as Kind;
use tc3_client::{Endpoint, ErrorKind, Language, RateLimit, RetryPolicy};

use crate::support::{self, Reply, START, config, run, run_calls};

const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

#[test]
fn sends_a_signed_request_and_returns_the_response() {
    let outcome = run(config(), READ, &[Reply::ok()]);
    assert_eq!(outcome.results[0].as_ref().unwrap(), &json!({"Done": true, "RequestId": "r-ok"}));
    let request = &outcome.requests[0];
    assert_eq!(request.uri, "https://essbasic.tencentcloudapi.com/");
    assert_eq!(request.body, r#"{"FlowIds":["f"]}"#);
    let header = |name: &str| request.headers.get(name).map(|v| v.to_str().unwrap());
    assert_eq!(header("host"), Some("essbasic.tencentcloudapi.com"));
    assert_eq!(header("x-tc-version"), Some("2021-05-26"));
    assert_eq!(header("x-tc-timestamp"), Some("1551113065"));
    assert_eq!((header("x-tc-region"), header("x-tc-token")), (None, None));
    assert!(header("authorization").unwrap().contains("content-type;host;x-tc-action"));
    assert_eq!(outcome.trace.len(), 1);
}

#[test]
fn applies_the_configuration_to_requests() {
    let config = config()
        .with_endpoint_url("http://127.0.0.1:8080")
        .unwrap()
        .with_region("ap-guangzhou")
        .with_language(Language::English)
        .with_unsigned_action()
        .with_unsigned_payload();
    let outcome = run(config, READ, &[]);
    let request = &outcome.requests[0];
    let header = |name: &str| request.headers.get(name).map(|v| v.to_str().unwrap());
    assert_eq!(request.uri, "http://127.0.0.1:8080/");
    assert_eq!(header("host"), Some("127.0.0.1:8080"));
    assert_eq!(header("x-tc-region"), Some("ap-guangzhou"));
    assert_eq!(header("x-tc-language"), Some("en-US"));
    assert_eq!(header("x-tc-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    assert!(header("authorization").unwrap().contains("SignedHeaders=content-type;host,"));

    let outcome = run(support::config(), READ.unsigned(), &[]);
    assert_eq!(outcome.requests[0].headers["authorization"], "SKIP");
}

#[test]
fn uses_the_test_environment_or_fails_without_one() {
    let outcome =
        run(config().with_endpoint(Endpoint::Test), READ.with_test_host("t.example"), &[]);
    assert_eq!(outcome.requests[0].uri, "https://t.example/");
    let outcome = run(config().with_test_environment(), READ, &[]);
    assert_eq!((outcome.error().kind(), outcome.sends()), (ErrorKind::Config, 0));
    assert!(!outcome.error().was_sent());
}

#[test]
fn throttling_is_retried_until_the_deadline_for_every_action() {
    let throttled = [
        Reply::error("RequestLimitExceeded"),
        Reply::error("RequestLimitExceeded.IPLimitExceeded"),
        Reply::text(429, ""),
        Reply::text(429, "<html>").with("retry-after", "0"),
    ];
    for reply in throttled {
        for info in [CREATE, READ] {
            // Above the limit for other failures.
            for count in [1, 2, 9] {
                let outcome = run(config(), info, &vec![reply.clone(); count]);
                assert!(outcome.results[0].is_ok(), "{reply:?}");
                assert_eq!(outcome.sends(), count + 1);
                let delays: Vec<_> =
                    outcome.trace.iter().filter(|line| line.starts_with("sleep")).collect();
                assert_eq!(delays.len(), count);
                // Each is at least one second, and all differ.
                assert!(outcome.elapsed >= Duration::from_secs(count as u64));
                assert!(
                    delays
                        .iter()
                        .all(|delay| !delay.starts_with("sleep 0") && !delay.contains("ms"))
                );
                let distinct: HashSet<_> = delays.iter().collect();
                assert_eq!(distinct.len(), count, "{delays:?}");
            }
            let outcome = run(config(), info, &vec![reply.clone(); 99]);
            let error = outcome.error();
            assert!(error.is_throttled() && error.is_retryable() && error.was_sent());
            assert!(!error.is_outcome_unknown());
            assert_eq!(error.attempts() as usize, outcome.sends());
            // Nearly the whole timeout was used, and each attempt had time for a response.
            let last = outcome.requests.last().unwrap().timeout.unwrap();
            assert!(last >= Duration::from_secs(1), "{last:?}");
            let elapsed = outcome.elapsed;
            assert!(elapsed < Duration::from_secs(60) && elapsed >= Duration::from_secs(58));
        }
    }
    let outcome = run(config(), CREATE, &vec![Reply::error("RequestLimitExceeded"); 99]);
    assert!(outcome.error().hint().unwrap().contains("lower the client's rate limit"));
}

#[test]
fn throttling_without_a_timeout_ends_after_five_minutes() {
    let unlimited = config().with_timeout(None);
    let outcome = run(unlimited.clone(), CREATE, &vec![Reply::error("RequestLimitExceeded"); 999]);
    assert!(outcome.error().is_throttled());
    let elapsed = outcome.elapsed;
    assert!(elapsed < Duration::from_secs(300) && elapsed >= Duration::from_secs(298));
    let outcome = run(unlimited, CREATE, &vec![Reply::error("RequestLimitExceeded"); 50]);
    assert!(outcome.results[0].is_ok());
}

#[test]
fn throttled_attempts_do_not_count_as_failed_attempts() {
    let (throttled, failed) = (Reply::error("RequestLimitExceeded"), Reply::error("InternalError"));
    let script: Vec<_> =
        [&throttled, &throttled, &throttled, &throttled, &failed, &failed, &failed, &throttled]
            .map(Clone::clone)
            .to_vec();
    let outcome = run(config(), READ, &script);
    assert!(outcome.results[0].is_ok());
    let script = [script, vec![failed; 9]].concat();
    let outcome = run(config(), READ, &script);
    assert_eq!((outcome.error().code(), outcome.error().attempts()), ("InternalError", 9));
}

#[test]
fn retries_reads_but_never_creates_with_unknown_outcome() {
    let faults = [
        Reply::error("InternalError"),
        Reply::error("ServiceUnavailable.Busy"),
        Reply::text(502, "<html>Bad Gateway"),
        Reply::text(503, ""),
        Reply::text(200, r#"{"Response":{"#),
        Reply::Fail(Kind::Timeout),
        Reply::Fail(Kind::Interrupted),
        Reply::Fail(Kind::Malformed),
    ];
    for fault in faults {
        let outcome = run(config(), CREATE, std::slice::from_ref(&fault));
        assert_eq!(outcome.sends(), 1, "{fault:?}");
        assert!(outcome.error().was_sent() && outcome.error().is_retryable(), "{fault:?}");
        let outcome = run(config(), READ, std::slice::from_ref(&fault));
        assert!(outcome.results[0].is_ok(), "{fault:?}");
        assert_eq!(outcome.sends(), 2, "{fault:?}");
    }
}

#[test]
fn retries_requests_that_were_never_sent_for_every_action() {
    for kind in [Kind::Resolve, Kind::Connect] {
        let outcome = run(config(), CREATE, &[Reply::Fail(kind)]);
        assert_eq!(outcome.sends(), 2);
        let outcome = run(config(), CREATE, &vec![Reply::Fail(kind); 9]);
        assert!(!outcome.error().was_sent());
        // The second attempt may have been received, independent of the third.
        let script =
            [Reply::error("RequestLimitExceeded"), Reply::Fail(kind), Reply::Fail(Kind::Tls)];
        assert!(run(config(), CREATE, &script).error().was_sent());
    }
    for kind in [Kind::Tls, Kind::Proxy, Kind::Request, Kind::BodyTooLarge, Kind::Other] {
        let outcome = run(config(), READ, &[Reply::Fail(kind)]);
        assert_eq!(outcome.sends(), 1, "{kind}");
        assert_eq!(outcome.error().kind(), ErrorKind::Transport(kind));
    }
}

#[test]
fn business_errors_are_not_retried() {
    let outcome = run(config(), READ, &[Reply::error("ResourceNotFound.Flow")]);
    let error = outcome.error();
    assert_eq!(outcome.trace.len(), 1);
    assert_eq!(error.code(), "ResourceNotFound.Flow");
    assert_eq!(error.message(), "about ResourceNotFound.Flow");
    assert_eq!((error.request_id(), error.status()), (Some("r-error"), Some(200)));
    assert_eq!(
        error.to_string(),
        "DescribeFlows: ResourceNotFound.Flow: about ResourceNotFound.Flow [request id r-error]"
    );
}

#[test]
fn an_error_without_a_code_is_not_a_success() {
    let body = json!({"Response": {"Error": {}, "RequestId": "r"}});
    assert_eq!(run(config(), READ, &[Reply::json(200, body)]).error().code(), "Unknown");
}

#[test]
fn corrects_clock_skew_once_and_for_later_calls() {
    let hour_ahead = "Mon, 25 Feb 2019 17:44:25 GMT";
    let expired = Reply::error("AuthFailure.SignatureExpire").with("date", hour_ahead);
    let outcome = run_calls(config(), CREATE, 2, std::slice::from_ref(&expired));
    assert!(outcome.results.iter().all(Result::is_ok));
    let timestamps: Vec<u64> = outcome
        .requests
        .iter()
        .map(|request| request.headers["x-tc-timestamp"].to_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(timestamps, [START, START + 3600, START + 3600]);
    assert_eq!(outcome.elapsed, Duration::ZERO);

    let outcome = run(config(), READ, &[expired.clone(), expired]);
    assert_eq!((outcome.sends(), outcome.error().code()), (2, "AuthFailure.SignatureExpire"));
    let outcome = run(config(), READ, &[Reply::error("AuthFailure.SignatureExpire")]);
    assert_eq!(outcome.sends(), 1);
}

#[test]
fn corrects_clock_skew_again_for_a_server_with_another_clock() {
    let expired = |date| Reply::error("AuthFailure.SignatureExpire").with("date", date);
    let (hour_ahead, right) = ("Mon, 25 Feb 2019 17:44:25 GMT", "Mon, 25 Feb 2019 16:44:25 GMT");
    let outcome = run_calls(config(), CREATE, 2, &[expired(hour_ahead), expired(right)]);
    assert!(outcome.results.iter().all(Result::is_ok));
    let timestamps = outcome.requests.iter().map(|request| &request.headers["x-tc-timestamp"]);
    let timestamps: Vec<u64> =
        timestamps.map(|timestamp| timestamp.to_str().unwrap().parse().unwrap()).collect();
    assert_eq!(timestamps, [START, START + 3600, START, START]);

    let each = [expired(hour_ahead), expired(right), expired(hour_ahead), expired(right)];
    assert_eq!(run(config(), READ, &each).sends(), 4);
}

#[test]
fn does_not_retry_with_a_rejected_static_credential() {
    for code in ["AuthFailure.TokenFailure", "AuthFailure.SecretIdNotFound"] {
        let outcome = run(config(), READ, &[Reply::error(code)]);
        assert_eq!((outcome.sends(), outcome.error().code()), (1, code));
        assert!(outcome.error().is_authentication());
    }
}

#[test]
fn waits_for_retry_after_up_to_a_maximum() {
    let outcome = run(config(), READ, &[Reply::text(429, "").with("retry-after", "7")]);
    assert!(outcome.results[0].is_ok());
    assert!(outcome.elapsed >= Duration::from_secs(7));
    let date = Reply::text(503, "")
        .with("date", "Mon, 25 Feb 2019 10:00:00 GMT")
        .with("retry-after", "Mon, 25 Feb 2019 10:00:09 GMT");
    let outcome = run(config(), READ, &[date]);
    assert!(outcome.elapsed >= Duration::from_secs(9));
    let outcome = run(
        config().with_timeout(None),
        READ,
        &[Reply::text(429, "").with("retry-after", "18446744073709551615")],
    );
    assert_eq!((outcome.sends(), outcome.error().status()), (1, Some(429)));
}

#[test]
fn the_timeout_covers_delays_and_attempts() {
    let slow = RetryPolicy::default()
        .with_max_attempts(1000)
        .with_base_delay(Duration::from_secs(4))
        .with_max_delay(Duration::from_secs(4));
    let outcome = run(config().with_retry(slow), READ, &vec![Reply::error("InternalError"); 1000]);
    assert!(outcome.elapsed < Duration::from_secs(60));
    assert!(outcome.sends() > 10 && outcome.sends() < 1000);
    assert_eq!(outcome.error().code(), "InternalError");
    let total: Vec<_> = outcome.requests.iter().map(|request| request.timeout.unwrap()).collect();
    assert!(total.is_sorted_by(|a, b| a >= b) && total[0] == Duration::from_secs(60));

    let zero = config().with_timeout(Some(Duration::ZERO));
    let outcome = run(zero, READ, &[]);
    assert_eq!((outcome.sends(), outcome.error().kind()), (0, ErrorKind::Timeout));
}

#[test]
fn calls_above_the_rate_limit_wait_for_permits() {
    let outcome = run_calls(config(), READ, 41, &[]);
    assert_eq!(outcome.elapsed, Duration::from_millis(2 * 1_025));
    let outcome = run_calls(config().with_rate_limit(RateLimit::Fixed(1)), READ, 3, &[]);
    assert_eq!(outcome.elapsed, Duration::from_millis(2 * 1_025));
    let outcome = run_calls(config().with_rate_limit(RateLimit::Off), READ, 41, &[]);
    assert_eq!(outcome.elapsed, Duration::ZERO);
}

#[test]
fn retries_can_be_disabled() {
    let none = config().with_retry(RetryPolicy::none());
    assert_eq!(run(none.clone(), READ, &[Reply::error("RequestLimitExceeded")]).sends(), 1);
    let expired =
        Reply::error("AuthFailure.SignatureExpire").with("date", "Mon, 25 Feb 2019 17:44:25 GMT");
    assert_eq!(run(none, READ, &[expired]).sends(), 1);
}

#[test]
fn external_text_stays_on_one_line_and_does_not_forge_headers() {
    let error = json!({"Code": "A\nB", "Message": "x\r\n\u{1b}[2Jforged\u{202e}"});
    let body = json!({"Response": {"Error": error, "RequestId": "r\nforged"}});
    let outcome = run(config(), READ, &[Reply::json(200, body)]);
    let text = outcome.error().to_string();
    assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    let outcome = run(config(), ActionInfo::new("essbasic", "v", "A\r\nX: y"), &[]);
    assert_eq!((outcome.error().kind(), outcome.sends()), (ErrorKind::Request, 0));
}

#[test]
fn rejects_responses_above_the_size_limit() {
    let big = json!({"Response": {"Done": "x".repeat(100), "RequestId": "r"}});
    let outcome = run(config().with_max_response_bytes(64), READ, &[Reply::json(200, big)]);
    assert_eq!(outcome.error().kind(), ErrorKind::Transport(Kind::BodyTooLarge));
}

fn replies() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(Reply::ok()),
        prop::sample::select(vec![
            "RequestLimitExceeded",
            "InternalError.Db",
            "AuthFailure.TokenFailure",
            "FailedOperation",
        ])
        .prop_map(Reply::error),
        Just(
            Reply::error("AuthFailure.SignatureExpire")
                .with("date", "Mon, 25 Feb 2019 17:44:25 GMT")
        ),
        (prop::sample::select(vec![200_u16, 301, 404, 429, 500, 503]), ".{0,40}")
            .prop_map(|(status, text)| Reply::text(status, text)),
        prop::sample::select(vec![Kind::Connect, Kind::Timeout, Kind::Interrupted, Kind::Tls])
            .prop_map(Reply::Fail),
    ]
}

proptest! {
    #[test]
    fn both_drivers_agree_and_a_create_is_executed_at_most_once(
        script in prop::collection::vec(replies(), 1..7),
        create: bool,
    ) {
        let outcome = run(config(), if create { CREATE } else { READ }, &script);
        let is_throttled = |reply: &&Reply| match reply {
            Reply::Response { status, body, .. } => {
                *status == 429 && !body.contains("Response") || body.contains("RequestLimitExceeded")
            }
            Reply::Fail(_) => false,
        };
        let throttled = script.iter().take(outcome.sends()).filter(is_throttled).count();
        prop_assert!(outcome.sends() - throttled <= 4);
        prop_assert!(outcome.elapsed < Duration::from_secs(60));
        if create {
            // All attempts but the last were rejected before execution, or never received.
            for reply in script.iter().take(outcome.sends() - 1) {
                let harmless = match reply {
                    Reply::Fail(kind) => kind.never_sent(),
                    Reply::Response { status: 429, .. } => true,
                    Reply::Response { body, .. } => {
                        body.contains("RequestLimitExceeded") || body.contains("SignatureExpire")
                    }
                };
                prop_assert!(harmless, "{reply:?}");
            }
        }
    }
}
