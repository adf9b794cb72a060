//! The open connections of a server, up to a maximum.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The open connections, by the order of their start.
pub(crate) struct Connections {
    max: usize,
    state: Mutex<State>,
    /// Notified when a connection or a request ends.
    ended: Arc<Notify>,
}

#[derive(Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Arc<Shared>>,
}

struct Shared {
    /// Number of its requests in flight.
    requests: AtomicUsize,
    closing: Notify,
    ended: Arc<Notify>,
}

/// An open connection, until it is dropped.
pub(crate) struct Connection {
    number: u64,
    shared: Arc<Shared>,
    connections: Arc<Connections>,
}

/// Result of the admission of a connection.
pub(crate) enum Admission {
    /// There are fewer than the maximum.
    Open(Connection),
    /// The oldest connection without a request in flight is closed for it.
    Instead(Connection),
    /// Every connection has a request in flight.
    Full,
}

impl Connections {
    /// Returns a set of at most `max` connections.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, state: Mutex::default(), ended: Arc::default() })
    }

    /// Admits a connection. At the maximum, the oldest connection without a request in flight is closed: a client that sends
    /// nothing, or slowly, does not keep others out.
    pub(crate) fn admit(self: &Arc<Self>) -> Admission {
        let mut state = self.state();
        let is_full = state.open.len() >= self.max;
        if is_full {
            let is_idle = |shared: &Shared| shared.requests.load(Ordering::SeqCst) == 0;
            let idle = state.open.iter().find(|(_, shared)| is_idle(shared));
            let Some(number) = idle.map(|(number, _)| *number) else { return Admission::Full };
            if let Some(closed) = state.open.remove(&number) {
                closed.closing.notify_one();
            }
        }
        state.last += 1;
        let (number, ended) = (state.last, Arc::clone(&self.ended));
        let requests = AtomicUsize::new(0);
        let shared = Arc::new(Shared { requests, closing: Notify::new(), ended });
        state.open.insert(number, Arc::clone(&shared));
        let connection = Connection { number, shared, connections: Arc::clone(self) };
        if is_full { Admission::Instead(connection) } else { Admission::Open(connection) }
    }

    /// Waits until a connection or a request has ended since the last wait.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Waits until it has to be closed for another connection.
    pub(crate) async fn closing(&self) {
        self.shared.closing.notified().await;
    }

    /// Returns a counter of its requests.
    pub(crate) fn requests(&self) -> Requests {
        Requests(Arc::clone(&self.shared))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
        self.shared.ended.notify_one();
    }
}

/// Counts the requests in flight of a connection. [`serve`](crate::serve) adds it to the extensions of each request.
///
/// A connection with a request in flight is not closed for another one. A server begins a request when it is authentic, so that
/// others cannot keep connections.
#[derive(Clone)]
pub struct Requests(Arc<Shared>);

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Requests").field(&self.0.requests).finish()
    }
}

impl Requests {
    /// Counts a request until the result is dropped.
    pub fn begin(&self) -> InFlight {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        InFlight(Self(Arc::clone(&self.0)))
    }
}

/// One request in flight, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct InFlight(Requests);

impl Drop for InFlight {
    fn drop(&mut self) {
        let shared = &self.0.0;
        shared.requests.fetch_sub(1, Ordering::SeqCst);
        shared.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 64;

    fn admitted(admission: Admission) -> Connection {
        match admission {
            Admission::Open(connection) | Admission::Instead(connection) => connection,
            Admission::Full => panic!("not admitted"),
        }
    }

    #[tokio::test]
    async fn the_oldest_connection_without_a_request_is_closed() {
        let connections = Connections::new(MAX);
        let mut open: Vec<Connection> = (0..MAX).map(|_| admitted(connections.admit())).collect();
        let first = open[0].requests().begin();
        // The second one is the oldest without a request.
        let next = connections.admit();
        assert!(matches!(next, Admission::Instead(_)));
        open[1].closing().await;
        open.push(admitted(next));
        drop(open.remove(1));
        assert_eq!(connections.state().open.len(), MAX);
        let mut busy: Vec<InFlight> = open[1..].iter().map(|c| c.requests().begin()).collect();
        assert!(matches!(connections.admit(), Admission::Full));
        drop(busy.pop());
        assert!(matches!(connections.admit(), Admission::Instead(_)));
        drop(first);
        drop(open);
        assert!(connections.state().open.is_empty());
        assert!(matches!(connections.admit(), Admission::Open(_)));
    }
}
