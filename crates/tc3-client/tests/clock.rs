//! Clock skew: what a call learns from the `Date` of a response, and what it keeps, with the sans-IO engine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;
use tc3_client::api::{Action, ActionInfo, Envelope, json as tc3_json};
use tc3_client::credentials::Credential;
use tc3_client::sans_io::{Call, Engine, Event, Step};
use tc3_client::transport::{Bytes, HeaderMap, Response, StatusCode};
use tc3_client::{Config, Error, Now};

const START: u64 = 1_700_000_000;

struct Create;

impl Action for Create {
    const INFO: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
    type Response = serde_json::Value;

    fn encode(&self) -> Result<Vec<u8>, tc3_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Self::Response>, tc3_json::Error> {
        Envelope::deserialize(response)
    }
}

/// The response to one attempt.
#[derive(Clone, Copy)]
struct Reply {
    code: &'static str,
    date: &'static str,
    /// Duration of the attempt, in seconds.
    seconds: u64,
}

const OK: Reply = Reply { code: "", date: RIGHT, seconds: 0 };
const EXPIRED: Reply = Reply { code: "AuthFailure.SignatureExpire", date: RIGHT, seconds: 0 };

/// The time of the local clock, and an hour after it.
const RIGHT: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
const HOUR_AHEAD: &str = "Tue, 14 Nov 2023 23:13:20 GMT";

fn expired(date: &'static str) -> Reply {
    Reply { date, ..EXPIRED }
}

fn refused(code: &'static str) -> Reply {
    Reply { code, ..OK }
}

struct Driver {
    engine: Engine,
    replies: VecDeque<Reply>,
    elapsed: Duration,
    /// The skews of the signatures, in seconds.
    skews: Vec<i64>,
}

impl Driver {
    fn new(replies: &[Reply]) -> Self {
        let config = Config::new(Credential::new("id", "key")).with_timeout(None);
        let (engine, replies) = (Engine::new(config).unwrap(), replies.iter().copied().collect());
        Self { engine, replies, elapsed: Duration::ZERO, skews: Vec::new() }
    }

    fn now(&self) -> Now {
        Now { unix: Duration::from_secs(START) + self.elapsed, monotonic: self.elapsed }
    }

    fn call(&mut self) -> Result<(), Error> {
        let mut call = Call::new(&self.engine, &Create, self.now())?;
        let mut step = call.start(self.now());
        loop {
            let event = match step {
                Step::Credential(_) => Event::Credential(Ok(Credential::new("id", "key"))),
                Step::Reserve(request, previous) => {
                    Event::Permit(Ok(self.engine.reserve(&request, previous)))
                }
                Step::Send(request) => {
                    let timestamp: i64 =
                        request.headers["x-tc-timestamp"].to_str().unwrap().parse().unwrap();
                    self.skews.push(timestamp - i64::try_from(self.now().unix.as_secs()).unwrap());
                    let Reply { code, date, seconds } = self.replies.pop_front().unwrap_or(OK);
                    self.elapsed += Duration::from_secs(seconds);
                    let content = match code {
                        "" => json!({"RequestId": "r"}),
                        _ => json!({"RequestId": "r", "Error": {"Code": code, "Message": "m"}}),
                    };
                    let mut headers = HeaderMap::new();
                    if !date.is_empty() {
                        headers.insert("date", date.parse().unwrap());
                    }
                    let body = Bytes::from(json!({"Response": content}).to_string());
                    Event::Response(Ok(Response { status: StatusCode::OK, headers, body }))
                }
                Step::Sleep(time) => {
                    self.elapsed += time;
                    Event::Woke
                }
                Step::Done(result) => return result.map(drop),
            };
            step = call.on(self.now(), event);
        }
    }
}

/// The responses to a first call with a label, the skews of its attempts, its error code, and the skew of the next call.
type Case<'a> = (&'a str, &'a [Reply], &'a [i64], &'a str, i64);

#[test]
fn only_a_plausible_skew_that_is_confirmed_is_kept() {
    const HOUR: i64 = 3_600;
    let cases: [Case<'_>; 12] = [
        ("confirmed by a success", &[expired(HOUR_AHEAD), OK], &[0, HOUR], "", HOUR),
        (
            "confirmed by an error of the action",
            &[expired(HOUR_AHEAD), refused("ResourceNotFound.Flow")],
            &[0, HOUR],
            "ResourceNotFound.Flow",
            HOUR,
        ),
        (
            "rejected again",
            &[expired(HOUR_AHEAD), expired(HOUR_AHEAD)],
            &[0, HOUR],
            "AuthFailure.SignatureExpire",
            0,
        ),
        (
            "rejected as a wrong signature",
            &[expired(HOUR_AHEAD), refused("AuthFailure.SignatureFailure")],
            &[0, HOUR],
            "AuthFailure.SignatureFailure",
            0,
        ),
        ("corrected again", &[expired(HOUR_AHEAD), expired(RIGHT), OK], &[0, HOUR, 0], "", 0),
        (
            "the year 1970",
            &[expired("Thu, 01 Jan 1970 00:00:00 GMT")],
            &[0],
            "AuthFailure.SignatureExpire",
            0,
        ),
        (
            "a restarted gateway",
            &[expired("Sun, 31 Dec 2017 23:59:59 GMT")],
            &[0],
            "AuthFailure.SignatureExpire",
            0,
        ),
        (
            "the year 9999",
            &[expired("Fri, 31 Dec 9999 23:59:59 GMT")],
            &[0],
            "AuthFailure.SignatureExpire",
            0,
        ),
        ("no date", &[expired("")], &[0], "AuthFailure.SignatureExpire", 0),
        ("not a date", &[expired("yesterday")], &[0], "AuthFailure.SignatureExpire", 0),
        (
            "an odd date after a right one",
            &[expired(HOUR_AHEAD), expired("Thu, 01 Jan 1970 00:00:00 GMT")],
            &[0, HOUR],
            "AuthFailure.SignatureExpire",
            0,
        ),
        (
            "confirmed after throttling",
            &[expired(HOUR_AHEAD), refused("RequestLimitExceeded"), OK],
            &[0, HOUR, HOUR],
            "",
            HOUR,
        ),
    ];
    for (label, replies, skews, code, next) in cases {
        let mut driver = Driver::new(replies);
        let result = driver.call();
        assert_eq!(result.err().map_or(String::new(), |error| error.code().to_owned()), code);
        assert_eq!(driver.skews, skews, "{label}");
        driver.skews.clear();
        driver.call().unwrap();
        assert_eq!(driver.skews, [next], "{label}");
    }
}

/// The service accepts a signature for five minutes. A longer upload is signed again, once.
#[test]
fn a_signature_that_expires_during_the_transfer_is_replaced_once() {
    let slow = |date| Reply { date, seconds: 600, ..EXPIRED };
    let later = "Tue, 14 Nov 2023 22:23:20 GMT";
    for date in [later, ""] {
        let mut driver = Driver::new(&[slow(date), OK]);
        driver.call().unwrap();
        assert_eq!(driver.skews, [0, 0], "{date}");

        let last = Reply { date: "", ..slow(date) };
        let mut driver = Driver::new(&[slow(date), last]);
        let error = driver.call().unwrap_err();
        assert_eq!((error.code(), driver.skews.len()), ("AuthFailure.SignatureExpire", 2));
        let hint = error.hint().unwrap();
        assert!(hint.contains("transfer took longer") && !hint.contains("clock"), "{hint}");
    }
    // The clock is the cause.
    let mut driver = Driver::new(&[slow("Tue, 14 Nov 2023 23:23:20 GMT"), OK]);
    driver.call().unwrap();
    assert_eq!(driver.skews, [0, 3_600]);
    let error = Driver::new(&[expired("")]).call().unwrap_err();
    assert!(error.hint().unwrap().contains("clock"));
}
