//! The open connections of the server, and their limit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// Maximum number of connections if the operating system does not limit them further.
const MAX_CONNECTIONS: usize = 10_000;

/// Maximum time to wait for a connection that was asked to close, before another one is asked.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// All open connections.
pub(super) struct Connections {
    max: usize,
    open: Mutex<Open>,
    /// Notified if a connection has closed or become idle.
    changed: Notify,
}

#[derive(Default)]
struct Open {
    count: usize,
    /// Connections without a request in flight, those that have been idle for longest first.
    idle: BTreeMap<u64, Arc<Notify>>,
    /// Next key of `idle`.
    next: u64,
}

impl Connections {
    /// Returns the connections of a server. Their number is limited to half of the process's file descriptors: the
    /// others are those of the program that contains the emulator.
    pub(super) fn new() -> Arc<Self> {
        Self::with_max(descriptors().map_or(MAX_CONNECTIONS, |count| count / 2))
    }

    fn with_max(max: usize) -> Arc<Self> {
        let max = max.clamp(1, MAX_CONNECTIONS);
        Arc::new(Self { max, open: Mutex::default(), changed: Notify::new() })
    }

    /// Adds a connection, which is idle at first.
    pub(super) fn add(self: &Arc<Self>) -> Connected {
        let close = Arc::<Notify>::default();
        let mut open = self.lock();
        open.count += 1;
        let key = open.add_idle(&close);
        drop(open);
        Connected { connections: Arc::clone(self), close, idle: Mutex::new(Some(key)) }
    }

    /// Waits until the number of connections is within the limit, and closes idle ones if it is not.
    pub(super) async fn within_limit(&self) {
        while self.lock().count > self.max {
            self.close_idle().await;
        }
    }

    /// Closes the connection that has been idle for longest, or waits until a connection changes if none is idle.
    pub(super) async fn close_idle(&self) {
        let (longest, before) = {
            let mut open = self.lock();
            (open.idle.pop_first(), open.count)
        };
        match longest {
            Some((_, close)) => {
                close.notify_one();
                let closed = self.until(|open| open.count < before);
                // An error means that the connection is still writing; another one is asked then.
                let _ = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
            }
            None => self.until(|open| open.count < before || !open.idle.is_empty()).await,
        }
    }

    /// Waits until a condition is met. There is one waiter at a time.
    async fn until(&self, condition: impl Fn(&Open) -> bool) {
        while !condition(&self.lock()) {
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn add_idle(&mut self, close: &Arc<Notify>) -> u64 {
        let key = self.next;
        self.next += 1;
        self.idle.insert(key, Arc::clone(close));
        key
    }
}

/// An open connection, until it is dropped.
pub(super) struct Connected {
    connections: Arc<Connections>,
    close: Arc<Notify>,
    /// Its key while it is idle.
    idle: Mutex<Option<u64>>,
}

impl Connected {
    /// Waits until this connection must close.
    pub(super) async fn closing(&self) {
        self.close.notified().await;
    }

    /// Begins a request. The connection is idle again when the guard is dropped.
    pub(super) fn request(&self) -> InFlight<'_> {
        if let Some(key) = self.idle().take() {
            self.connections.lock().idle.remove(&key);
        }
        InFlight(self)
    }

    fn idle(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let key = self.idle().take();
        let mut open = self.connections.lock();
        open.count = open.count.saturating_sub(1);
        if let Some(key) = key {
            open.idle.remove(&key);
        }
        drop(open);
        self.connections.changed.notify_one();
    }
}

/// A request in flight, until it is dropped.
pub(super) struct InFlight<'a>(&'a Connected);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let Connected { connections, close, idle: _ } = self.0;
        let key = connections.lock().add_idle(close);
        *self.0.idle() = Some(key);
        connections.changed.notify_one();
    }
}

/// Returns the maximum number of file descriptors of this process, if it is limited.
#[cfg(unix)]
fn descriptors() -> Option<usize> {
    use nix::sys::resource::{Resource, getrlimit};

    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    usize::try_from(limit).ok()
}

#[cfg(not(unix))]
fn descriptors() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn must_close(connected: &Connected) -> bool {
        tokio::time::timeout(Duration::ZERO, connected.closing()).await.is_ok()
    }

    #[tokio::test]
    async fn the_connection_that_is_idle_for_longest_is_closed() {
        let connections = Connections::with_max(3);
        let [a, b, c] = [(); 3].map(|()| connections.add());
        connections.within_limit().await;
        let busy = a.request();
        drop(b.request());
        // By the time since the last request: c, b; a has one in flight.
        let fourth = connections.add();
        let waiting = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { connections.within_limit().await }
        });
        c.closing().await;
        drop(c);
        waiting.await.unwrap();
        assert!(!must_close(&a).await && !must_close(&b).await && !must_close(&fourth).await);
        drop(busy);
        drop((a, b, fourth));
        let open = connections.lock();
        assert_eq!((open.count, open.idle.len()), (0, 0));
    }

    #[tokio::test]
    async fn a_connection_with_a_request_in_flight_is_not_closed() {
        let connections = Connections::with_max(1);
        let [a, b] = [(); 2].map(|()| connections.add());
        let (first, second) = (a.request(), b.request());
        let mut waiting = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { connections.within_limit().await }
        });
        let waits = tokio::time::timeout(Duration::from_millis(20), &mut waiting).await;
        assert!(waits.is_err() && !must_close(&a).await && !must_close(&b).await);
        drop(second);
        b.closing().await;
        drop(b);
        waiting.await.unwrap();
        assert!(!must_close(&a).await);
        drop(first);
    }
}
