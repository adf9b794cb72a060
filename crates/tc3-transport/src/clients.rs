//! Clients of a library for requests that its pool of connections cannot serve.

use std::sync::{Mutex, PoisonError};

use http::Uri;

use crate::ProxyUrl;

/// Maximum number of clients that are kept. The oldest one is dropped, with its idle connections.
const MAX_CLIENTS: usize = 16;

/// Address of the connections of a client, and the rules that it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The address to connect to, if it is not that of the URI.
    pub(crate) address: Option<Uri>,
    pub(crate) proxy: Option<ProxyUrl>,
    pub(crate) public_only: bool,
    /// True for a client that keeps no idle connections.
    pub(crate) new_connection: bool,
}

/// Clients by their key, which are built when they are needed first. Libraries pool connections by the host of the URI, so
/// each address needs a pool of its own; reqwest has no other way to bypass its pool.
pub(crate) struct Clients<C>(Mutex<Vec<(Key, C)>>);

impl<C> Default for Clients<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Clone> Clients<C> {
    /// Returns the client of the key, after building it if necessary.
    pub(crate) fn client<E>(
        &self,
        key: &Key,
        build: impl FnOnce() -> Result<C, E>,
    ) -> Result<C, E> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| known == key) {
            return Ok(client.clone());
        }
        let client = build()?;
        if clients.len() >= MAX_CLIENTS {
            clients.remove(0);
        }
        clients.push((key.clone(), client.clone()));
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn each_key_has_one_client_until_it_is_the_oldest() {
        let clients = Clients::default();
        let key = |port: usize, public_only| Key {
            address: Some(format!("http://h:{port}/").parse().unwrap()),
            proxy: None,
            public_only,
            new_connection: false,
        };
        let get =
            |key: Key, built: u32| clients.client(&key, || Ok::<_, Infallible>(built)).unwrap();
        assert_eq!(get(key(1, false), 1), 1);
        assert_eq!(get(key(1, true), 2), 2);
        assert_eq!(get(key(1, false), 3), 1, "kept");
        for port in 2..=MAX_CLIENTS {
            get(key(port, false), 0);
        }
        assert_eq!(get(key(1, true), 4), 2, "kept");
        assert_eq!(get(key(1, false), 5), 5, "the oldest was dropped");
    }
}
