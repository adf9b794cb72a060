//! Detection of calls that have reached their delay.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tc3_client::transport::async_trait;
use tc3_client::{AsyncSleep, BlockingSleep, Clock, Now, SystemClock, SystemSleep};

/// Time after which a test fails if a call does not reach its delay.
const LIMIT: Duration = Duration::from_secs(60);

/// Number of readings of the clock by one thread, more than those of a call that does not poll it.
const POLLS: u32 = 10;

/// The threads that wait, as the system's timer and clock. Servers and transports of the test add their own threads.
///
/// A blocking call sleeps on its thread, in slices. The future of an async call is polled on the thread that blocks on it.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<Shared>);

#[derive(Default)]
struct Shared {
    threads: Mutex<HashSet<ThreadId>>,
    added: Condvar,
    is_released: Mutex<bool>,
    released: Condvar,
    clock: SystemClock,
    readings: Mutex<HashMap<ThreadId, u32>>,
}

impl Waiting {
    /// Adds the current thread.
    pub(crate) fn add(&self) {
        self.0.threads.lock().unwrap().insert(thread::current().id());
        self.0.added.notify_all();
    }

    /// Blocks the thread until [`release`](Self::release).
    pub(crate) fn until_released(&self) {
        let is_released = self.0.is_released.lock().unwrap();
        let is_blocked = |is_released: &mut bool| !*is_released;
        drop(self.0.released.wait_timeout_while(is_released, LIMIT, is_blocked).unwrap());
    }

    /// Ends the blocked threads: a runtime waits for its own ones when it is dropped.
    pub(crate) fn release(&self) {
        *self.0.is_released.lock().unwrap() = true;
        self.0.released.notify_all();
    }

    /// Waits until the condition is true for the threads.
    pub(crate) fn wait_until(&self, label: &str, condition: impl Fn(&HashSet<ThreadId>) -> bool) {
        let threads = self.0.threads.lock().unwrap();
        let is_false = |threads: &mut HashSet<ThreadId>| !condition(threads);
        let result = self.0.added.wait_timeout_while(threads, LIMIT, is_false).unwrap().1;
        assert!(!result.timed_out(), "{label}: the call does not reach its delay");
    }
}

impl BlockingSleep for Waiting {
    fn sleep(&self, time: Duration) {
        self.add();
        BlockingSleep::sleep(&SystemSleep, time);
    }
}

#[async_trait]
impl AsyncSleep for Waiting {
    async fn sleep(&self, time: Duration) {
        self.add();
        AsyncSleep::sleep(&SystemSleep, time).await;
    }

    fn is_real_time(&self) -> bool {
        SystemSleep.is_real_time()
    }
}

/// A thread that waits for another one polls the deadline of its call.
impl Clock for Waiting {
    fn now(&self) -> Now {
        let mut readings = self.0.readings.lock().unwrap();
        let count = readings.entry(thread::current().id()).or_default();
        *count += 1;
        if *count == POLLS {
            self.add();
        }
        self.0.clock.now()
    }
}
