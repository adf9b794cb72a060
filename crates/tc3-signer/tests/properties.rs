//! Properties of every request: both ways of signing agree, a server verifies the signature from the request on
//! the wire, and any change in between is rejected.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use proptest::prelude::*;
use tc3_signer::{
    Authorization, MAX_SKEW_SECONDS, Payload, Received, Request, SignError, Signer, VerifyError,
    verify,
};

const NOW: u64 = 1_551_113_065;
const KEY: &str = "SECRETEXAMPLE";

#[derive(Debug, Clone)]
struct Wire {
    host: String,
    content_type: String,
    action: String,
    sign_action: bool,
    body: Option<Vec<u8>>,
    method: &'static str,
    path: String,
    query: String,
    timestamp: u64,
}

prop_compose! {
    fn wires()(
        host in "[a-z]{1,9}\\.[a-zA-Z]{2,5}(:[1-9][0-9]{0,4})?",
        content_type in " {0,2}[a-zA-Z]{1,9}/[a-z]{1,9}(; [a-zA-Z]{1,7}=[a-zA-Z0-9-]{1,20})? {0,2}",
        action in "[A-Za-z]{0,40}",
        sign_action: bool,
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
        method in prop::sample::select(vec!["POST", "GET"]),
        path in "/[A-Za-z0-9/._~%-]{0,40}",
        query in "[A-Za-z0-9.&=%+]{0,60}",
        timestamp in 0..200_000_000_000_u64,
    ) -> Wire {
        Wire { host, content_type, action, sign_action, body, method, path, query, timestamp }
    }
}

impl Wire {
    fn payload(&self) -> Payload<'_> {
        self.body.as_deref().map_or(Payload::Unsigned, Payload::Signed)
    }

    fn request(&self) -> Request<'_> {
        Request {
            method: self.method,
            path: &self.path,
            query: &self.query,
            content_type: &self.content_type,
            host: &self.host,
            action: self.sign_action.then_some(self.action.as_str()),
            extra: &[],
            payload: self.payload(),
        }
    }

    fn verify(&self, authorization: &str, key: &str, now: u64) -> Result<(), VerifyError> {
        let header = |name: &str| match name {
            "content-type" => Some(self.content_type.as_str()),
            "host" => Some(self.host.as_str()),
            "x-tc-action" => Some(self.action.as_str()),
            _ => None,
        };
        let received = Received {
            method: self.method,
            path: &self.path,
            query: &self.query,
            header: &header,
            payload: self.payload(),
            timestamp: self.timestamp,
        };
        verify(&Authorization::parse(authorization).unwrap(), key, &received, now)
    }
}

proptest! {
    #[test]
    fn a_signed_request_verifies(wire in wires()) {
        let signer = Signer::new("AKID", KEY);
        let authorization = signer.sign(&wire.request(), "essbasic", wire.timestamp).unwrap();
        let explained = signer.explain(&wire.request(), "essbasic", wire.timestamp).unwrap();
        prop_assert_eq!(&authorization, &explained.authorization);
        prop_assert_eq!(wire.verify(&authorization, KEY, wire.timestamp), Ok(()));
        prop_assert_eq!(wire.verify(&authorization, "other", wire.timestamp), Err(VerifyError::Mismatch));
        let late = wire.timestamp + MAX_SKEW_SECONDS;
        prop_assert_eq!(wire.verify(&authorization, KEY, late), Ok(()));
        prop_assert_eq!(wire.verify(&authorization, KEY, late + 1), Err(VerifyError::Expired));
    }

    #[test]
    fn a_request_changed_after_signing_does_not_verify(wire in wires(), other in wires()) {
        let signer = Signer::new("AKID", KEY);
        let authorization = signer.sign(&wire.request(), "essbasic", wire.timestamp).unwrap();
        let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
        let mut changed = Vec::new();
        changed.push((wire.body == other.body, Wire { body: other.body, ..wire.clone() }));
        changed.push((same(&wire.host, &other.host), Wire { host: other.host, ..wire.clone() }));
        changed.push((wire.query == other.query, Wire { query: other.query, ..wire.clone() }));
        changed.push((wire.path == other.path, Wire { path: other.path, ..wire.clone() }));
        changed.push((wire.method == other.method, Wire { method: other.method, ..wire.clone() }));
        changed.push((
            !wire.sign_action || same(&wire.action, &other.action),
            Wire { action: other.action, ..wire.clone() },
        ));
        changed.push((
            same(&wire.content_type, &other.content_type),
            Wire { content_type: other.content_type, ..wire.clone() },
        ));
        for (is_same, wire) in changed {
            prop_assert_eq!(wire.verify(&authorization, KEY, wire.timestamp).is_ok(), is_same);
        }
    }

    #[test]
    fn parsing_never_panics(header in ".{0,200}") {
        let _ = Authorization::parse(&header);
    }

    #[test]
    fn headers_are_signed_in_order_of_their_names(mut names in proptest::collection::btree_set("x-[a-z]{1,6}", 0..5)) {
        names.remove("x-tc-action");
        let names: Vec<_> = names.into_iter().rev().collect();
        let extra: Vec<_> = names.iter().map(|name| (name.as_str(), "V")).collect();
        let request = Request { extra: &extra, ..Request::post("h", "A", b"") };
        let authorization = Signer::new("AKID", KEY).sign(&request, "s", NOW).unwrap();
        let signed: Vec<_> =
            Authorization::parse(&authorization).unwrap().signed_headers().map(str::to_owned).collect();
        let mut sorted = signed.clone();
        sorted.sort();
        prop_assert_eq!(&signed, &sorted);
        prop_assert_eq!(signed.len(), names.len() + 3);
    }
}

#[test]
fn the_action_is_signed_unless_excluded() {
    let signer = Signer::new("AKID", KEY);
    let request = Request::post("h", "DescribeFlows", b"{}");
    let with = signer.explain(&request, "s", NOW).unwrap();
    assert!(with.canonical_request.contains("\nx-tc-action:describeflows\n"));
    let without = signer.explain(&request.without_action(), "s", NOW).unwrap();
    assert!(without.authorization.contains("SignedHeaders=content-type;host,"));
}

#[test]
fn keys_of_different_days_and_services_are_distinct() {
    let signer = Signer::new("AKID", KEY);
    let request = Request::post("h", "A", b"{}");
    for _ in 0..2 {
        for service in ["a", "b"] {
            for timestamp in [NOW, NOW + 86_400] {
                assert_eq!(
                    signer.sign(&request, service, timestamp),
                    Signer::new("AKID", KEY).sign(&request, service, timestamp)
                );
            }
        }
    }
}

#[test]
fn a_request_without_a_canonical_form_is_rejected() {
    let signer = Signer::new("AKID", KEY);
    let request = Request::post("h", "A", b"");
    let sign = |request: Request<'_>| signer.sign(&request, "s", NOW);
    let duplicate = Request { extra: &[("Host", "other")], ..request };
    assert_eq!(sign(duplicate), Err(SignError::DuplicateHeader("host".into())));
    let split = Request { host: "h\nx-tc-action:b", ..request };
    assert_eq!(sign(split), Err(SignError::HeaderValue("host".into())));
    assert_eq!(sign(Request { extra: &[("a b", "")], ..request }), Err(SignError::HeaderName));
    assert_eq!(sign(Request { query: "a b", ..request }), Err(SignError::RequestLine));
    assert_eq!(signer.sign(&request, "s/t", NOW), Err(SignError::Service));
    assert_eq!(signer.sign(&request, "s", u64::MAX), Err(SignError::Timestamp));
    assert_eq!(Signer::new("AKID ", KEY).sign(&request, "s", NOW), Err(SignError::SecretId));
}

#[test]
fn malformed_authorizations_are_rejected() {
    let good = Signer::new("AKID", KEY).sign(&Request::post("h", "A", b""), "s", NOW).unwrap();
    assert!(Authorization::parse(&good).is_ok());
    assert!(Authorization::parse(&good.replace(", ", ",")).is_ok());
    for bad in [
        String::new(),
        "SKIP".into(),
        good.replace("TC3-HMAC-SHA256 ", "TC3-HMAC-SHA256"),
        good.replace("TC3-", "TC4-"),
        good.replace("Credential", "credential"),
        good.replace("tc3_request", "tc4_request"),
        good.replace("2019-02-25", "2019-2-25"),
        good.replace("AKID", ""),
        good.replace("content-type;host", "Content-Type;host"),
        good.replace("content-type;", ";"),
        format!("{good}0"),
        format!("{good}, More=1"),
        good[..good.len() - 1].to_owned(),
        good.to_uppercase(),
    ] {
        assert!(Authorization::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn verification_requires_the_signed_headers_and_the_date() {
    let wire = Wire {
        host: "h".into(),
        content_type: "t".into(),
        action: "A".into(),
        sign_action: true,
        body: Some(Vec::new()),
        method: "POST",
        path: "/".to_owned(),
        query: String::new(),
        timestamp: NOW,
    };
    let good = Signer::new("AKID", KEY).sign(&wire.request(), "s", NOW).unwrap();
    let verify = |header: String| wire.verify(&header, KEY, NOW);
    assert_eq!(verify(good.clone()), Ok(()));
    assert_eq!(verify(good.replace("02-25", "02-26")), Err(VerifyError::Date));
    assert_eq!(verify(good.replace("host;", "")), Err(VerifyError::Unsigned("host")));
    assert_eq!(
        verify(good.replace("content-type;", "")),
        Err(VerifyError::Unsigned("content-type"))
    );
    assert_eq!(
        verify(good.replace("x-tc-action", "x-tc-action;x-more")),
        Err(VerifyError::MissingHeader("x-more".into()))
    );
}

#[test]
fn debug_shows_no_secret() {
    let signer = Signer::new("AKID", KEY);
    let request = Request { query: "token=SECRET", ..Request::post("h", "A", b"SECRET") };
    assert!(!format!("{signer:?} {request:?}").contains("SECRET"));
}
