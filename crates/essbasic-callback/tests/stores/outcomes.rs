//! The outcomes of `handle_once`, async and blocking.

use core::future::{Future, poll_fn, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::error::Error;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use essbasic_callback::{
    BlockingMessageStore, BoxError, Claimed, Committed, Lease, MemoryStore, Message, MessageStore,
    Outcome, handle_once, handle_once_blocking,
};

use crate::{LEASE, at, message};

/// A store that returns prepared results, and records its operations.
struct Scripted {
    claim: fn() -> Result<Claimed, BoxError>,
    commit: fn() -> Result<Committed, BoxError>,
    release: fn() -> Result<(), BoxError>,
    log: Mutex<Vec<&'static str>>,
}

impl Scripted {
    fn record(&self, operation: &'static str) {
        self.log.lock().unwrap().push(operation);
    }
}

impl BlockingMessageStore for Scripted {
    fn claim(&self, msg_id: &str, lease: Duration, now: SystemTime) -> Result<Claimed, BoxError> {
        assert_eq!((msg_id, lease, now), ("a", LEASE, at(0)));
        self.record("claim");
        (self.claim)()
    }

    fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        assert_eq!(lease, &Lease::new("a", 7));
        self.record("commit");
        (self.commit)()
    }

    fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        assert_eq!(lease, &Lease::new("a", 7));
        self.record("release");
        (self.release)()
    }
}

impl MessageStore for Scripted {
    async fn claim(&self, id: &str, lease: Duration, now: SystemTime) -> Result<Claimed, BoxError> {
        BlockingMessageStore::claim(self, id, lease, now)
    }

    async fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        BlockingMessageStore::commit(self, lease)
    }

    async fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        BlockingMessageStore::release(self, lease)
    }
}

fn down<T>() -> Result<T, BoxError> {
    Err("the database is down".into())
}

fn block_on(future: impl Future<Output = Outcome>) -> Outcome {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("the future is pending"),
    }
}

/// Returns a description of an outcome with its cause.
fn describe(outcome: &Outcome) -> String {
    let cause = |error: &dyn Error| error.source().map(ToString::to_string).unwrap_or_default();
    match outcome {
        Outcome::HandlerFailed(error) => format!("handler: {}", cause(error)),
        Outcome::StoreFailed(error) if error.is_lease_lost() => {
            assert!(error.to_string().starts_with("the lease expired"), "{error}");
            assert!(error.source().is_none());
            "lease lost".into()
        }
        Outcome::StoreFailed(error) => format!("store: {}", cause(error)),
        other => format!("{other:?}"),
    }
}

#[test]
fn both_variants_have_the_same_outcomes() {
    let leased: fn() -> _ = || Ok(Claimed::New(Lease::new("a", 7)));
    let done: fn() -> _ = || Ok(Committed::Done);
    let succeed: fn() -> Result<(), &'static str> = || Ok(());
    let fail: fn() -> Result<(), &'static str> = || Err("the queue is full");
    let released: fn() -> _ = || Ok(());
    for (claim, commit, release, handler, status, expected, operations) in [
        (leased, done, released, succeed, 200, "Handled", &["claim", "handler", "commit"][..]),
        (|| Ok(Claimed::Duplicate), done, released, succeed, 200, "Duplicate", &["claim"]),
        (|| Ok(Claimed::InFlight), done, released, succeed, 503, "InFlight", &["claim"]),
        (down, done, released, succeed, 503, "store: the database is down", &["claim"]),
        (
            leased,
            down,
            released,
            succeed,
            503,
            "store: the database is down",
            &["claim", "handler", "commit"],
        ),
        (
            leased,
            || Ok(Committed::LeaseLost),
            released,
            succeed,
            503,
            "lease lost",
            &["claim", "handler", "commit"],
        ),
        (
            leased,
            done,
            released,
            fail,
            503,
            "handler: the queue is full",
            &["claim", "handler", "release"],
        ),
        (
            leased,
            done,
            down,
            fail,
            503,
            "handler: the queue is full",
            &["claim", "handler", "release"],
        ),
    ] {
        for blocking in [true, false] {
            let store = Scripted { claim, commit, release, log: Mutex::default() };
            let handle = |message: Message| {
                assert_eq!(message.msg_id, "a");
                store.record("handler");
                handler()
            };
            let outcome = if blocking {
                handle_once_blocking(&store, message("a"), LEASE, at(0), handle)
            } else {
                let handle = |message| ready(handle(message));
                block_on(handle_once(&store, message("a"), LEASE, at(0), handle))
            };
            assert_eq!(describe(&outcome), expected, "{blocking}");
            assert_eq!(outcome.status(), status, "{expected}");
            assert_eq!(*store.log.lock().unwrap(), operations, "{expected} {blocking}");
        }
    }
}

/// A panic and a dropped future release the message of a store in memory, and that of a blocking store.
#[test]
fn handling_without_a_result_abandons_the_lease() {
    let store = MemoryStore::default();
    let succeed = |_| Ok::<_, BoxError>(());
    let assert_new = || {
        let lease = match BlockingMessageStore::claim(&store, "a", LEASE, at(0)).unwrap() {
            Claimed::New(lease) => lease,
            other => panic!("{other:?}"),
        };
        BlockingMessageStore::release(&store, &lease).unwrap();
    };
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        handle_once_blocking(&store, message("a"), LEASE, at(0), |_| -> Result<(), BoxError> {
            panic!("the handler panics")
        })
    }));
    assert!(panicked.is_err());
    assert_new();
    {
        let forever = |_| poll_fn(|_| Poll::<Result<(), BoxError>>::Pending);
        let mut handling = pin!(handle_once(&store, message("a"), LEASE, at(0), forever));
        assert!(handling.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let other = handle_once_blocking(&store, message("a"), LEASE, at(0), succeed);
        assert!(matches!(other, Outcome::InFlight));
    }
    assert_new();
    let handled = handle_once_blocking(&store, message("a"), LEASE, at(0), succeed);
    assert!(matches!(handled, Outcome::Handled));
}
