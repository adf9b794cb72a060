//! The open connections, up to a maximum.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Maximum number of connections. A browser opens six.
const MAX_CONNECTIONS: usize = 64;

/// The open connections, by the order of their start.
#[derive(Default)]
pub(super) struct Connections(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Arc<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Number of its requests in flight that have passed the guard.
    requests: AtomicUsize,
    closing: Notify,
}

/// An open connection, until it is dropped.
pub(super) struct Connection {
    number: u64,
    shared: Arc<Shared>,
    connections: Arc<Connections>,
}

impl Connections {
    /// Admits a connection. At the maximum, the oldest connection without a request in flight is closed: a client that sends
    /// nothing, or slowly, does not keep others out. Returns `None` if every connection has a request in flight.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Connection> {
        let mut state = self.state();
        if state.open.len() >= MAX_CONNECTIONS {
            let is_idle = |shared: &Shared| shared.requests.load(Ordering::SeqCst) == 0;
            let idle = state.open.iter().find(|(_, shared)| is_idle(shared));
            let number = idle.map(|(number, _)| *number)?;
            if let Some(closed) = state.open.remove(&number) {
                closed.closing.notify_one();
            }
        }
        state.last += 1;
        let (number, shared) = (state.last, Arc::<Shared>::default());
        state.open.insert(number, Arc::clone(&shared));
        Some(Connection { number, shared, connections: Arc::clone(self) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Waits until it has to be closed for another connection.
    pub(super) async fn closing(&self) {
        self.shared.closing.notified().await;
    }

    /// Returns a counter of its requests.
    pub(super) fn requests(&self) -> Requests {
        Requests(Arc::clone(&self.shared))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
    }
}

/// Counts the requests of a connection. An extension of each request.
#[derive(Clone)]
pub(super) struct Requests(Arc<Shared>);

impl Requests {
    /// Counts a request until the result is dropped.
    pub(super) fn begin(&self) -> InFlight {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(&self.0))
    }
}

/// One request in flight, until it is dropped.
pub(super) struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_connection_without_a_request_is_closed() {
        let connections = Arc::<Connections>::default();
        let mut open: Vec<Connection> =
            (0..MAX_CONNECTIONS).map(|_| connections.admit().unwrap()).collect();
        let first = open[0].requests().begin();
        // The second one is the oldest without a request.
        open.push(connections.admit().unwrap());
        open[1].closing().await;
        drop(open.remove(1));
        let mut busy: Vec<InFlight> = open[1..].iter().map(|c| c.requests().begin()).collect();
        assert!(connections.admit().is_none());
        drop(busy.pop());
        assert!(connections.admit().is_some());
        drop((first, open));
        assert!(connections.state().open.is_empty());
    }
}
