//! Generated interleavings of several receivers over one store.
//!
//! Each operation of the store takes two steps: a receiver can end before it is executed, and after that without its
//! result. Time passes between any two steps.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use essbasic_callback::{
    BlockingMessageStore, BoxError, Claimed, Committed, Lease, MemoryStore, Message, MessageStore,
    Outcome, handle_once, handle_once_blocking,
};
use proptest::prelude::*;

use crate::file_store::FileStore;
use crate::{LEASE, at, message};

const MESSAGES: [&str; 3] = ["a", "b", "c"];

/// Is pending once.
async fn step() {
    let mut is_first = true;
    poll_fn(|_| match std::mem::take(&mut is_first) {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

/// The connection of one receiver to a store with its own clock.
struct Connection<'a, S> {
    store: &'a S,
    clock: &'a AtomicU64,
    /// End of the lease that this receiver has got.
    expires_at: Mutex<Option<u64>>,
}

impl<S: BlockingMessageStore> MessageStore for Connection<'_, S> {
    async fn claim(&self, id: &str, lease: Duration, _: SystemTime) -> Result<Claimed, BoxError> {
        step().await;
        let now = self.clock.load(Ordering::Relaxed);
        let claimed = self.store.claim(id, lease, at(now))?;
        if let Claimed::New(_) = claimed {
            *self.expires_at.lock().unwrap() = Some(now + lease.as_secs());
        }
        step().await;
        Ok(claimed)
    }

    async fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        step().await;
        let committed = self.store.commit(lease)?;
        step().await;
        Ok(committed)
    }

    async fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        step().await;
        self.store.release(lease)?;
        step().await;
        Ok(())
    }
}

/// Counts of the handlers of one message.
#[derive(Default)]
struct Handling {
    /// Ends of the leases of the handlers that are running.
    running: BTreeMap<usize, u64>,
    /// Number of handlers that have returned `Ok`.
    succeeded: usize,
    /// Number of deliveries whose outcome is `Handled`.
    handled: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Deliver {
        message: usize,
        handler_steps: u8,
        succeeds: bool,
    },
    Poll(usize),
    /// The process of a receiver ends.
    Kill(usize),
    Advance(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..MESSAGES.len(), 0..4_u8, any::<bool>()).prop_map(|(message, handler_steps, succeeds)| {
            Step::Deliver { message, handler_steps, succeeds }
        }),
        12 => any::<usize>().prop_map(Step::Poll),
        1 => any::<usize>().prop_map(Step::Kill),
        2 => (1..LEASE.as_secs() * 2).prop_map(Step::Advance),
    ]
}

/// Removes a receiver from the running handlers, also if it is killed.
struct Running<'a> {
    handling: &'a RefCell<BTreeMap<&'static str, Handling>>,
    id: &'static str,
    task: usize,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.handling.borrow_mut().entry(self.id).or_default().running.remove(&self.task);
    }
}

fn run<S: BlockingMessageStore>(store: &S, steps: &[Step]) {
    let clock = AtomicU64::new(0);
    let handling = RefCell::new(BTreeMap::<&'static str, Handling>::new());
    let tasks = Cell::new(0);
    let deliver = |id: &'static str, handler_steps: u8, succeeds: bool| {
        let task = tasks.get();
        tasks.set(task + 1);
        let (handling, clock) = (&handling, &clock);
        async move {
            let connection = Connection { store, clock, expires_at: Mutex::default() };
            let is_called = Cell::new(false);
            let handler = async |_: Message| {
                is_called.set(true);
                let now = clock.load(Ordering::Relaxed);
                let expires_at = connection.expires_at.lock().unwrap().unwrap();
                {
                    let mut handling = handling.borrow_mut();
                    let running = &mut handling.entry(id).or_default().running;
                    let overlap = running.values().filter(|end| **end > now).count();
                    assert!(overlap == 0 || expires_at <= now, "two handlers within a valid lease");
                    running.insert(task, expires_at);
                }
                let _running = Running { handling, id, task };
                for _ in 0..handler_steps {
                    step().await;
                }
                if !succeeds {
                    return Err("the handler fails");
                }
                handling.borrow_mut().entry(id).or_default().succeeded += 1;
                Ok(())
            };
            let outcome = handle_once(&connection, message(id), LEASE, at(0), handler).await;
            let mut handling = handling.borrow_mut();
            let handling = handling.entry(id).or_default();
            match &outcome {
                Outcome::Handled => {
                    handling.handled += 1;
                    assert!(is_called.get() && succeeds);
                }
                Outcome::Duplicate => assert!(!is_called.get() && handling.succeeded > 0),
                Outcome::InFlight => assert!(!is_called.get()),
                Outcome::HandlerFailed(_) => assert!(is_called.get() && !succeeds),
                Outcome::StoreFailed(error) => {
                    assert!(is_called.get() && succeeds && error.is_lease_lost());
                }
                other => panic!("{other:?}"),
            }
            assert!(handling.handled <= 1, "{id} was committed twice");
            outcome
        }
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut receivers: Vec<Pin<Box<dyn Future<Output = Outcome> + '_>>> = Vec::new();
    for step in steps {
        match *step {
            Step::Deliver { message, handler_steps, succeeds } => {
                receivers.push(Box::pin(deliver(MESSAGES[message], handler_steps, succeeds)));
            }
            Step::Poll(index) if !receivers.is_empty() => {
                let index = index % receivers.len();
                if receivers[index].as_mut().poll(&mut context).is_ready() {
                    drop(receivers.swap_remove(index));
                }
            }
            Step::Kill(index) if !receivers.is_empty() => {
                drop(receivers.swap_remove(index % receivers.len()));
            }
            Step::Poll(_) | Step::Kill(_) => {}
            Step::Advance(seconds) => {
                clock.fetch_add(seconds, Ordering::Relaxed);
            }
        }
    }
    // All receivers end. After the lease, the platform's next delivery is handled, or was handled before.
    drop(receivers);
    clock.fetch_add(LEASE.as_secs(), Ordering::Relaxed);
    let complete = |mut delivery: Pin<Box<dyn Future<Output = Outcome> + '_>>| loop {
        if let Poll::Ready(outcome) =
            delivery.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            return outcome;
        }
    };
    for id in MESSAGES {
        let outcome = complete(Box::pin(deliver(id, 1, true)));
        assert_eq!(outcome.status(), 200, "{id}: {outcome:?}");
        assert!(handling.borrow()[id].succeeded > 0, "{id} was not handled");
        let again = complete(Box::pin(deliver(id, 1, true)));
        assert!(matches!(again, Outcome::Duplicate), "{id}: {again:?}");
    }
}

proptest! {
    #[test]
    fn each_message_is_handled_and_never_twice_at_a_time(
        steps in prop::collection::vec(any_step(), 0..150),
    ) {
        run(&MemoryStore::default(), &steps);
    }

    #[test]
    fn a_store_outside_of_the_process_keeps_the_same_rules(
        steps in prop::collection::vec(any_step(), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        run(&FileStore::new(folder.path()), &steps);
    }
}

/// Several receivers in threads, each with its own handle on the file, and handlers that fail at first.
#[test]
fn receivers_in_threads_handle_each_message_once() {
    const RECEIVERS: usize = 4;
    const COUNT: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let attempts: Vec<AtomicU64> = (0..COUNT).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        for _ in 0..RECEIVERS {
            let store = FileStore::new(folder.path());
            let attempts = &attempts;
            scope.spawn(move || {
                for (index, count) in attempts.iter().enumerate() {
                    let handler = |_| match count.fetch_add(1, Ordering::SeqCst) {
                        0 => Err("the first attempt fails"),
                        _ => Ok(()),
                    };
                    let id = format!("m{index}");
                    // As the platform, the thread delivers the message until it is acknowledged.
                    while handle_once_blocking(&store, message(&id), LEASE, at(0), handler).status()
                        != 200
                    {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    let attempts: Vec<u64> = attempts.into_iter().map(AtomicU64::into_inner).collect();
    assert_eq!(attempts, [2; COUNT]);
}
