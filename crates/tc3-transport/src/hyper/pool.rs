use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::uri::{Authority, Scheme};
use tokio::time::Instant;

use super::link::Link;
use crate::ProxyUrl;
use crate::config::IDLE_TIMEOUT;

/// Connections kept for reuse, in all.
const IDLE_CONNECTIONS: usize = 256;

/// No server closes a connection that has lain for less.
const RESTED: Duration = Duration::from_millis(100);

/// Where a connection leads, and how.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    pub(super) proxy: Option<ProxyUrl>,
    /// To a public address alone. A connection that may lead anywhere is none of its.
    pub(super) public_only: bool,
}

/// Connections that wait for the next request.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<HashMap<Key, VecDeque<Idle>>>,
}

struct Idle {
    link: Link,
    since: Instant,
}

impl Pool {
    /// An open connection, the one used last.
    pub(super) async fn take(&self, key: &Key) -> Option<Link> {
        let mut has_yielded = false;
        loop {
            let mut idle = self.pop(key)?;
            let age = idle.since.elapsed();
            if age > RESTED && !has_yielded {
                // The runtime may not have looked at its sockets since, and then knows of no close.
                tokio::task::yield_now().await;
                has_yielded = true;
            }
            if age < IDLE_TIMEOUT && idle.link.is_open().await {
                return Some(idle.link);
            }
        }
    }

    fn pop(&self, key: &Key) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key)?.pop_back()
    }

    /// Keeps a connection that can take another request, and closes those that were kept too long.
    pub(super) fn put(&self, key: &Key, link: Link) {
        let since = Instant::now();
        let mut closed = Vec::new();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|_, links| {
            let old = |idle: &Idle| since.duration_since(idle.since) >= IDLE_TIMEOUT;
            let count = links.iter().take_while(|idle| old(idle)).count();
            closed.extend(links.drain(..count));
            !links.is_empty()
        });
        if idle.values().map(VecDeque::len).sum::<usize>() < IDLE_CONNECTIONS {
            match idle.get_mut(key) {
                Some(links) => links.push_back(Idle { link, since }),
                None => drop(idle.insert(key.clone(), VecDeque::from([Idle { link, since }]))),
            }
        }
        // Not under the lock: sockets are closed.
        drop(idle);
        drop(closed);
    }
}
