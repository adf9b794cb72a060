//! The service without a server: bodies and handlers of every kind.

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::convert::Infallible;
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
    let (body, signature) = sender::seal(&sender::message(msg_id, "OrgAuth", "{}"));
    Request::post("/anywhere")
        .header("Content-Signature", signature)
        .body(String::from_utf8(body).unwrap())
        .unwrap()
}

/// Polls once: nothing here waits, but for what is meant to.
fn poll(future: Pin<&mut impl Future<Output = Outcome>>) -> Option<Response<String>> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(answer)) => Some(answer),
        Poll::Pending => None,
    }
}

fn call<B, H, F>(service: &CallbackService<H>, request: Request<B>) -> Response<String>
where
    CallbackService<H>:
        Service<Request<B>, Response = Response<String>, Error = Infallible, Future = F> + Clone,
    F: Future<Output = Outcome>,
{
    let mut service = service.clone();
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))));
    poll(pin!(service.call(request))).unwrap()
}

async fn taken(_: Message) -> Result<(), HandlerError> {
    Ok(())
}

#[test]
fn methods() {
    let service = CallbackService::new(receiver(), taken);
    for method in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::DELETE] {
        let mut request = signed("1");
        *request.method_mut() = method;
        let answer = call(&service, request);
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "POST");
    }
    assert_eq!(call(&service, signed("1")).status(), 200);
}

#[test]
fn a_receiver_is_shared() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let count = move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
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
fn handlers_that_fail_hang_or_fall() {
    let turn = Arc::new(AtomicUsize::new(0));
    let service = CallbackService::new(receiver(), move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        async move {
            match turn {
                0 => Err(HandlerError),
                1 => std::future::pending().await,
                2 => panic!("as a handler might"),
                _ => Ok(()),
            }
        }
    });
    assert_eq!(call(&service, signed("1")).status(), 503);
    {
        let mut hanging = pin!(service.clone().call(signed("1")));
        assert!(poll(hanging.as_mut()).is_none());
        // Neither acknowledged nor handled a second time while the first may yet fail.
        assert_eq!(call(&service, signed("1")).status(), 503);
        assert!(poll(hanging).is_none());
    }
    // The connection broke and the future was dropped: the next delivery is handled.
    let fallen =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(&service, signed("1"))));
    assert!(fallen.is_err());
    assert_eq!(call(&service, signed("1")).status(), 200);
    assert_eq!(call(&service, signed("1")).status(), 200);
}

/// Says nothing about its length, and ends in one of three ways.
enum Chunks {
    Endless,
    Broken,
    Whole(Vec<u8>),
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
            Self::Broken => Some(Err("the connection broke")),
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(Ok(Frame::data(bytes.split_off(bytes.len() - 1).into()))),
        })
    }
}

#[test]
fn bodies_of_unknown_length() {
    let service = CallbackService::new(receiver(), taken);
    let answer = |chunks| call(&service, Request::post("/").body(chunks).unwrap());
    let reason = |answer: &Response<String>| {
        answer.extensions().get::<Refused>().map(|refused| refused.reason())
    };
    let endless = answer(Chunks::Endless);
    assert_eq!((endless.status().as_u16(), reason(&endless)), (413, Some(RefusalReason::TooLarge)));
    let broken = answer(Chunks::Broken);
    assert_eq!(reason(&broken), Some(RefusalReason::Incomplete));
    assert_eq!(
        (broken.status().as_u16(), broken.body().as_str()),
        (400, "the callback is refused")
    );
    // From its end: a probe is the same either way.
    let probe = answer(Chunks::Whole(b"}{".to_vec()));
    assert_eq!((probe.status().as_u16(), reason(&probe)), (200, None));
    let forged =
        Request::post("/").header("Content-Signature", "sha256=00").body("{}".to_owned()).unwrap();
    assert_eq!(reason(&call(&service, forged)), Some(RefusalReason::MalformedSignature));
    let small = Receiver::new(None, None).with_max_body_bytes(10);
    let small = CallbackService::new(small, taken);
    let request = |body: &str| Request::post("/").body(body.to_owned()).unwrap();
    assert_eq!(call(&small, request("          {}")).status(), 413);
    assert_eq!(call(&small, request("        {}")).status(), 200);
}
