//! Extreme values of options do not make a client panic, overflow or hang.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::io::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{AssumeRole, Credential};
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Clock, Config, Now, RateLimit, RetryPolicy, blocking};

use crate::support::server::{serve, success};
use crate::support::{Reply, START, run_calls, run_fresh};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

/// Length of the window of the rate limit: one second and the slack of 25 ms.
const RATE_LIMIT_WINDOW: Duration = Duration::from_millis(1_025);

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        prop::sample::select(vec![
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_secs(1),
            Duration::from_secs(253_402_300_800),
            Duration::from_millis(u64::MAX),
            Duration::from_secs(1 << 63),
            Duration::from_secs(u64::MAX),
            Duration::MAX,
        ]),
        any::<Duration>(),
    ]
}

fn numbers() -> impl Strategy<Value = u32> {
    prop_oneof![prop::sample::select(vec![0, 1, 2, u32::MAX - 1, u32::MAX]), any::<u32>()]
}

fn rates() -> impl Strategy<Value = RateLimit> {
    prop_oneof![
        Just(RateLimit::Off),
        Just(RateLimit::PerAction),
        numbers().prop_map(RateLimit::Fixed)
    ]
}

fn credentials() -> impl Strategy<Value = Credential> {
    prop::option::of(durations()).prop_map(|end| {
        let keys = Credential::new("AKID", "key").with_token("token");
        match end {
            Some(end) => keys.with_expiry(end),
            None => keys,
        }
    })
}

prop_compose! {
    fn configs()(
        credential in credentials(),
        timeout in prop::option::of(durations()),
        rate in rates(),
        max_attempts in numbers(),
        delays in [durations(), durations()],
        bytes in prop::sample::select(vec![0, 1, 1 << 20, usize::MAX - 1, usize::MAX]),
        seed: u64,
    ) -> Config {
        let retry = RetryPolicy::default()
            .with_max_attempts(max_attempts)
            .with_base_delay(delays[0])
            .with_max_delay(delays[1]);
        Config::new(credential)
            .with_timeout(timeout)
            .with_rate_limit(rate)
            .with_retry(retry)
            .with_max_response_bytes(bytes)
            .with_jitter_seed(seed)
    }
}

/// A clock with an arbitrary fixed time.
#[derive(Clone)]
struct FixedClock(Now);

impl Clock for FixedClock {
    fn now(&self) -> Now {
        self.0
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn calls_end_with_any_options(config in configs(), connect in durations(), read in durations()) {
        let transport = TransportConfig::default()
            .with_proxy(Proxy::None)
            .with_connect_timeout(connect)
            .with_read_timeout(read);
        let config = config
            // A failure of this machine must not be retried.
            .with_retry(RetryPolicy::none())
            .with_transport_config(transport)
            .with_endpoint_url(&serve(|_, stream| stream.write_all(success().as_bytes())))
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let body = json!({});
        for client in [Client::new(config.clone()).unwrap(), Client::on_hyper(config.clone()).unwrap()] {
            let _ = runtime.block_on(client.call_json(READ, &body));
        }
        let _ = blocking::Client::new(config).unwrap().call_json(READ, &body);
    }

    #[test]
    fn failing_calls_end_with_any_options(config in configs()) {
        let replies = [
            Reply::error("RequestLimitExceeded"),
            Reply::text(429, "").with("retry-after", "18446744073709551615"),
            Reply::error("InternalError"),
            Reply::text(503, "").with("retry-after", "1"),
            Reply::error("AuthFailure.SignatureExpire")
                .with("date", "Fri, 31 Dec 9999 23:59:59 GMT"),
            Reply::error("AuthFailure.TokenFailure"),
        ];
        for reply in &replies {
            let outcome = run_calls(config.clone(), READ, 3, &vec![reply.clone(); 6]);
            // Simulated time detects a hang. At most six attempts fail, each with a delay of at most one hour and one second:
            // the longest backoff after a `Retry-After`. At most eight attempts follow another one, each after a wait of at
            // most one window of the rate limit.
            let limit = 6 * Duration::from_secs(3_601) + 8 * RATE_LIMIT_WINDOW;
            prop_assert!(outcome.elapsed <= limit, "{:?}", outcome.trace);
        }
    }

    #[test]
    fn calls_end_at_any_time(
        config in configs(),
        unix in durations(),
        monotonic in durations(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for reply in [r#"{"Response":{"RequestId":"r"}}"#,
            r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire"},"RequestId":"r"}}"#]
        {
            use tc3_client::transport::{AsyncBody, Bytes, HeaderMap, Request, Response, StatusCode};
            let serve = move |_: Request| {
                let mut headers = HeaderMap::new();
                headers.insert("date", "Thu, 01 Jan 1970 00:00:00 GMT".parse().unwrap());
                let body = AsyncBody::from(Bytes::from_static(reply.as_bytes()));
                std::future::ready(Ok(Response { status: StatusCode::OK, headers, body }))
            };
            let config = config
                .clone()
                .with_rate_limit(RateLimit::Off)
                .with_clock(FixedClock(Now { unix, monotonic }));
            let client = Client::with_transport(config, serve).unwrap();
            for _ in 0..3 {
                let _ = runtime.block_on(client.call_json(READ, &json!({})));
            }
        }
    }

    #[test]
    fn any_role_duration_is_accepted_or_rejected(duration in durations(), ends: u64) {
        let keys = json!({"TmpSecretId": "i", "TmpSecretKey": "k", "Token": "t"});
        let reply = Reply::json(200, json!({"Response": {"Credentials": keys, "ExpiredTime": ends}}));
        let source = || AssumeRole::new(Credential::new("AKID", "k"), "arn").with_duration(duration);
        let outcome = run_fresh(|| Config::new(source()), READ, 2, &[reply.clone(), reply]);
        let is_allowed = (1..=43_200).contains(&duration.as_secs());
        prop_assert_eq!(outcome.results[0].is_ok(), is_allowed, "{} {:?}", START, outcome.results);
    }
}
