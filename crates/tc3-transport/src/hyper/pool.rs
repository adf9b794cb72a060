use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::time::Instant;

use super::connection::Connection;
use crate::ProxyUrl;
use crate::config::IDLE_TIMEOUT;

/// Maximum number of idle connections in the pool.
const IDLE_CONNECTIONS: usize = 256;

/// Idle time up to which a connection is assumed to be open.
const RECENT: Duration = Duration::from_millis(100);

/// Target and route of a connection.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    pub(super) address: Option<Uri>,
    pub(super) proxy: Option<ProxyUrl>,
    /// True if the connection leads to a public address. Other connections are not reused for such requests.
    pub(super) public_only: bool,
}

/// Idle connections.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<HashMap<Key, VecDeque<Idle>>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// Takes the most recently used open connection.
    pub(super) async fn take(&self, key: &Key) -> Option<Connection> {
        let mut has_yielded = false;
        loop {
            let mut idle = self.pop(key)?;
            let age = idle.since.elapsed();
            if age > RECENT && !has_yielded {
                // The runtime may not have polled its sockets since, and so may not have noticed a close.
                tokio::task::yield_now().await;
                has_yielded = true;
            }
            if age < IDLE_TIMEOUT && idle.connection.is_open().await {
                return Some(idle.connection);
            }
        }
    }

    /// Closes the idle connections of a key.
    pub(super) fn clear(&self, key: &Key) {
        let closed = self.idle.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        // Sockets are closed after the lock is released.
        drop(closed);
    }

    fn pop(&self, key: &Key) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key)?.pop_back()
    }

    /// Adds a connection that is open for another request, and closes expired ones.
    pub(super) fn put(&self, key: &Key, connection: Connection) {
        let since = Instant::now();
        let mut closed = Vec::new();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|_, connections| {
            let is_expired = |idle: &Idle| since.duration_since(idle.since) >= IDLE_TIMEOUT;
            let count = connections.iter().take_while(|idle| is_expired(idle)).count();
            closed.extend(connections.drain(..count));
            !connections.is_empty()
        });
        if idle.values().map(VecDeque::len).sum::<usize>() < IDLE_CONNECTIONS {
            match idle.get_mut(key) {
                Some(connections) => connections.push_back(Idle { connection, since }),
                None => {
                    drop(idle.insert(key.clone(), VecDeque::from([Idle { connection, since }])))
                }
            }
        }
        // Sockets are closed after the lock is released.
        drop(idle);
        drop(closed);
    }
}
