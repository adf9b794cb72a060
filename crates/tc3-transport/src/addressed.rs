//! Clients of a library for requests with an address to connect to.

use std::sync::{Mutex, PoisonError};

use http::Uri;

/// Maximum number of clients that are kept. The oldest one is dropped, with its idle connections.
const MAX_CLIENTS: usize = 16;

/// Address of the connections of a client, and the rules that it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) address: Uri,
    pub(crate) public_only: bool,
    /// True for a client that keeps no idle connections.
    pub(crate) new_connection: bool,
    pub(crate) through_proxy: bool,
}

/// Clients by their address. Libraries pool connections by the host of the URI, so each address needs a pool of its own.
pub(crate) struct Addressed<C>(Mutex<Vec<(Key, C)>>);

impl<C> Default for Addressed<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Clone> Addressed<C> {
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
        let clients = Addressed::default();
        let key = |port: usize, public_only| Key {
            address: format!("http://h:{port}/").parse().unwrap(),
            public_only,
            new_connection: false,
            through_proxy: false,
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
