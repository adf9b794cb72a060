//! The service without a server: bodies and handlers of every kind.

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use essbasic_callback::{CallbackService, HandlerError, Message, Receiver, RefusalReason, Refused};
use http::{Method, Request, Response};
use http_body::{Body, Frame};
use tower_service::Service;

use crate::{receiver, sender};

type Outcome = Result<Response<String>, Infallible>;

fn signed(msg_id: &str) -> Request<String> {
    let (body, signature) = sender::send(&sender::message(msg_id, "OrgAuth", "{}"));
    Request::post("/anywhere")
        .header("Content-Signature", signature)
        .body(String::from_utf8(body).unwrap())
        .unwrap()
}

/// Polls once; `None` if the future is pending.
fn poll(future: Pin<&mut impl Future<Output = Outcome>>) -> Option<Response<String>> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => Some(response),
        Poll::Pending => None,
    }
}

fn call<B, H, S, F>(service: &CallbackService<H, S>, request: Request<B>) -> Response<String>
where
    CallbackService<H, S>:
        Service<Request<B>, Response = Response<String>, Error = Infallible, Future = F> + Clone,
    F: Future<Output = Outcome>,
{
    let mut service = service.clone();
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))));
    poll(pin!(service.call(request))).unwrap()
}

async fn succeed(_: Message) -> Result<(), Infallible> {
    Ok(())
}

#[test]
fn only_post_is_allowed() {
    let service = CallbackService::new(receiver(), succeed);
    for method in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::DELETE] {
        let mut request = signed("1");
        *request.method_mut() = method;
        let response = call(&service, request);
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "POST");
    }
    assert_eq!(call(&service, signed("1")).status(), 200);
}

#[test]
fn services_can_share_a_receiver() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let count = move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(()) }
    };
    let receiver = Arc::new(receiver());
    let one = CallbackService::new(Arc::clone(&receiver), count.clone());
    let other = CallbackService::new(Arc::clone(&receiver), count);
    for service in [&one, &other, &one.clone()] {
        assert_eq!(call(service, signed("1")).status(), 200);
    }
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    assert!(receiver.forget("1"));
    assert_eq!(call(&other, signed("1")).status(), 200);
    assert_eq!(handled.load(Ordering::SeqCst), 2);
    assert!(!format!("{one:?}").contains(sender::TOKEN));
}

#[test]
fn a_message_is_handled_again_after_an_error_a_cancellation_and_a_panic() {
    let turn = Arc::new(AtomicUsize::new(0));
    let service = CallbackService::new(receiver(), move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        async move {
            match turn {
                0 => Err("the queue is full"),
                1 => std::future::pending().await,
                2 => panic!("the handler panics"),
                _ => Ok(()),
            }
        }
    });
    assert_eq!(call(&service, signed("1")).status(), 503);
    {
        let mut pending = pin!(service.clone().call(signed("1")));
        assert!(poll(pending.as_mut()).is_none());
        // The message is neither acknowledged nor handled a second time while the first handler may fail.
        let in_flight = call(&service, signed("1"));
        assert_eq!(in_flight.status(), 503);
        assert!(in_flight.extensions().get::<HandlerError>().is_none());
        assert!(poll(pending).is_none());
    }
    // The future was dropped, as after a disconnect: the next delivery is handled.
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(&service, signed("1"))));
    assert!(panicked.is_err());
    assert_eq!(call(&service, signed("1")).status(), 200);
    assert_eq!(call(&service, signed("1")).status(), 200);
}

#[derive(Debug)]
struct Custom;

impl std::fmt::Display for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("custom")
    }
}

impl Error for Custom {}

/// Returns the error in the response of a service whose handler fails with `E`.
fn handler_error<E>(fail: fn() -> E) -> HandlerError
where
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let service = CallbackService::new(receiver(), move |_| async move { Err::<(), E>(fail()) });
    let response = call(&service, signed("1"));
    assert_eq!(response.status(), 503);
    assert!(response.extensions().get::<Refused>().is_none());
    assert!(!response.body().contains("disk full"), "{}", response.body());
    response.extensions().get::<HandlerError>().unwrap().clone()
}

#[test]
fn the_error_of_a_handler_is_in_the_extensions_with_its_cause() {
    let errors = [
        (handler_error(|| io::Error::other("disk full")), "disk full"),
        (handler_error(|| Custom), "custom"),
        (handler_error(|| "disk full"), "disk full"),
        (handler_error(|| "disk full".to_owned()), "disk full"),
        (handler_error(|| Box::<dyn Error + Send + Sync>::from("disk full")), "disk full"),
        // An error that is a `HandlerError` already is not wrapped twice.
        (handler_error(|| HandlerError::new("disk full")), "disk full"),
    ];
    for (error, cause) in &errors {
        let text = "the handler failed, and the message is not acknowledged";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.source().unwrap().to_string(), *cause);
        assert!(format!("{error:?}").starts_with("HandlerError("), "{error:?}");
    }
    let [(io_error, _), (custom, _), ..] = &errors;
    assert!(io_error.source().unwrap().is::<io::Error>());
    assert!(custom.source().unwrap().is::<Custom>());

    let succeeded = call(&CallbackService::new(receiver(), succeed), signed("1"));
    assert!(succeeded.extensions().get::<HandlerError>().is_none());
}

#[test]
fn a_handler_can_use_the_question_mark_on_any_error() {
    let service = CallbackService::new(receiver(), |message: Message| async move {
        if message.msg_id == "number" {
            "x".parse::<u32>()?;
        }
        Err::<(), Box<dyn Error + Send + Sync>>(io::Error::other("disk full").into())
    });
    for (msg_id, cause) in [("number", "invalid digit found in string"), ("another", "disk full")] {
        let response = call(&service, signed(msg_id));
        let error = response.extensions().get::<HandlerError>().unwrap();
        assert_eq!(error.source().unwrap().to_string(), cause);
    }
}

#[test]
fn the_matched_pair_is_in_the_extensions() {
    use essbasic_callback::{CallbackKey, MatchedPair, Token};

    let key = CallbackKey::new(sender::KEY).unwrap();
    let rotated = Receiver::new(Token::new("new").unwrap(), key.clone())
        .with_pair(Token::new(sender::TOKEN).unwrap(), key);
    let service = CallbackService::new(rotated, succeed);
    let pair = |request: Request<String>| {
        call(&service, request).extensions().get::<MatchedPair>().copied()
    };
    // New, and as a duplicate.
    assert_eq!(pair(signed("1")), Some(MatchedPair(1)));
    assert_eq!(pair(signed("1")), Some(MatchedPair(1)));
    assert_eq!(pair(Request::post("/").body("{}".to_owned()).unwrap()), None);
    assert_eq!(pair(Request::post("/").body(String::new()).unwrap()), None);
}

/// A refusal reveals nothing about the check that failed, in its status, headers and body.
#[test]
fn every_refusal_has_the_same_response() {
    let service = CallbackService::new(receiver().with_max_body_bytes(1_000), succeed);
    let plain = sender::message("1", "OrgAuth", "{}");
    let sealed = |text: &str| String::from_utf8(sender::send(text).0).unwrap();
    let message = sealed(&plain);
    let other_key = sender::encrypt(&sender::KEY.replace('C', "D"), &sender::padded(b"{}"));
    let other_key = String::from_utf8(sender::body(&other_key)).unwrap();
    let long = sender::message(&"i".repeat(300), "OrgAuth", "{}");
    let sign = |body: &str| vec![sender::signature(sender::TOKEN.as_bytes(), body.as_bytes())];
    let mut seen = std::collections::BTreeSet::new();
    let mut refuse = |case: &str, body: String, signatures: Vec<String>| {
        let mut request = Request::post("/");
        for signature in signatures {
            request = request.header("Content-Signature", signature);
        }
        let response = call(&service, request.body(body).unwrap());
        let headers = format!("{:?}", response.headers());
        assert_eq!(response.status(), Refused::STATUS, "{case}");
        assert_eq!(response.body(), "the callback is refused", "{case}");
        assert_eq!(headers, r#"{"content-type": "text/plain"}"#, "{case}");
        seen.insert(format!("{:?}", response.extensions().get::<Refused>().unwrap().reason()));
    };
    refuse("too large", " ".repeat(1_001), vec![]);
    refuse("unsigned", message.clone(), vec![]);
    refuse("malformed signature", message.clone(), vec!["sha1=00".into()]);
    refuse("two signatures", message.clone(), [sign(&message), sign(&message)].concat());
    refuse("another token", message.clone(), sign("another body"));
    refuse("not encrypted", plain.clone(), sign(&plain));
    refuse("another key", other_key.clone(), sign(&other_key));
    refuse("not a message", sealed(r#"{"a":1}"#), sign(&sealed(r#"{"a":1}"#)));
    refuse("long", sealed(&long), sign(&sealed(&long)));
    let reasons = [
        "IdTooLong",
        "MalformedSignature",
        "NoSignature",
        "NotEncrypted",
        "NotMessage",
        "TooLarge",
        "WrongKey",
        "WrongToken",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), reasons);

    let mut others = vec![call(&service, Request::post("/").body(Chunks::Broken).unwrap())];
    let signed = || Receiver::new(essbasic_callback::Token::new(sender::TOKEN).unwrap(), None);
    let old = sender::message("1", "DocumentFill", r#"{"OccurTime":1}"#);
    let aged = signed().with_max_age(std::time::Duration::from_secs(60));
    for (receiver, body) in [(signed(), &message), (signed(), &"[]".to_owned()), (aged, &old)] {
        let request = Request::post("/").header("Content-Signature", &sign(body)[0]);
        let service = CallbackService::new(receiver, succeed);
        others.push(call(&service, request.body(body.clone()).unwrap()));
    }
    for (response, reason) in others.iter().zip([
        RefusalReason::Incomplete,
        RefusalReason::NoKey,
        RefusalReason::NotJson,
        RefusalReason::TooOld,
    ]) {
        assert_eq!(response.status(), Refused::STATUS);
        assert_eq!(response.body(), "the callback is refused");
        assert_eq!(response.extensions().get::<Refused>().unwrap().reason(), reason);
    }
}

/// A body of unknown length.
enum Chunks {
    Endless,
    Broken,
    /// Sent in chunks of one byte, the last byte first.
    Reversed(Vec<u8>),
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(match &mut *self {
            Self::Endless => Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1_000])))),
            Self::Broken => Some(Err("connection closed")),
            Self::Reversed(bytes) if bytes.is_empty() => None,
            Self::Reversed(bytes) => Some(Ok(Frame::data(bytes.split_off(bytes.len() - 1).into()))),
        })
    }
}

#[test]
fn bodies_of_unknown_length_are_limited() {
    let service = CallbackService::new(receiver(), succeed);
    let respond = |chunks| call(&service, Request::post("/").body(chunks).unwrap());
    let reason = |response: &Response<String>| {
        response.extensions().get::<Refused>().map(|refused| refused.reason())
    };
    let endless = respond(Chunks::Endless);
    assert_eq!((endless.status().as_u16(), reason(&endless)), (400, Some(RefusalReason::TooLarge)));
    let broken = respond(Chunks::Broken);
    assert_eq!(reason(&broken), Some(RefusalReason::Incomplete));
    assert_eq!(
        (broken.status().as_u16(), broken.body().as_str()),
        (400, "the callback is refused")
    );
    let ping = respond(Chunks::Reversed(b"}{".to_vec()));
    assert_eq!((ping.status().as_u16(), reason(&ping)), (200, None));
    let forged =
        Request::post("/").header("Content-Signature", "sha256=00").body("{}".to_owned()).unwrap();
    assert_eq!(reason(&call(&service, forged)), Some(RefusalReason::MalformedSignature));
    let small = Receiver::new(None, None).with_max_body_bytes(10);
    let small = CallbackService::new(small, succeed);
    let request = |body: &str| Request::post("/").body(body.to_owned()).unwrap();
    assert_eq!(call(&small, request("          {}")).status(), 400);
    assert_eq!(call(&small, request("        {}")).status(), 200);
}

/// Two services with receivers of their own, as in two processes.
#[test]
fn services_with_a_shared_store_handle_each_message_once() {
    use essbasic_callback::{MemoryStore, StoreError};
    use std::time::Duration;

    let handled = Arc::new(AtomicUsize::new(0));
    let store = Arc::new(MemoryStore::default());
    let lease = Duration::from_secs(60);
    let replica = |handler_fails: bool| {
        let count = Arc::clone(&handled);
        let handler = move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            async move { if handler_fails { Err("the queue is full") } else { Ok(()) } }
        };
        CallbackService::new(receiver(), handler).with_store(Arc::clone(&store), lease)
    };
    assert_eq!(call(&replica(true), signed("1")).status(), 503);
    assert_eq!(call(&replica(false), signed("1")).status(), 200);
    assert_eq!(call(&replica(false), signed("1")).status(), 200);
    assert_eq!(handled.load(Ordering::SeqCst), 2);

    // A lease of zero expires at once: the message is handled twice, and the first commit is refused.
    let store = Arc::new(MemoryStore::default());
    let fast = CallbackService::new(receiver(), succeed).with_store(Arc::clone(&store), lease);
    let inner = fast.clone();
    let slow = CallbackService::new(receiver(), move |_| {
        let inner = inner.clone();
        async move {
            assert_eq!(call(&inner, signed("1")).status(), 200);
            Ok::<_, Infallible>(())
        }
    });
    let slow = slow.with_store(store, Duration::ZERO);
    let response = call(&slow, signed("1"));
    assert_eq!(response.status(), 503);
    assert!(response.extensions().get::<StoreError>().unwrap().is_lease_lost());
}
