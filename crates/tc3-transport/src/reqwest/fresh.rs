//! Clients of reqwest without idle connections, for requests that need a new one.

use std::sync::{Mutex, PoisonError};

use reqwest::{Client, ClientBuilder};

use super::{build, through};
use crate::{ProxyUrl, TransportError};

type Builder = Box<dyn Fn() -> ClientBuilder + Send + Sync>;

/// The clients, which are built when they are needed first. reqwest has no other way to bypass its pool.
pub(super) struct Fresh {
    builder: Builder,
    clients: Mutex<Vec<(Option<ProxyUrl>, Client)>>,
}

impl Fresh {
    /// Creates the clients of a builder without a proxy.
    pub(super) fn new(builder: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self { builder: Box::new(builder), clients: Mutex::default() }
    }

    /// Returns the client for a proxy, or for direct connections.
    pub(super) fn client(&self, proxy: Option<&ProxyUrl>) -> Result<Client, TransportError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(other, _)| other.as_ref() == proxy) {
            return Ok(client.clone());
        }
        let mut builder = (self.builder)().pool_max_idle_per_host(0);
        if let Some(proxy) = proxy {
            builder = builder.proxy(through(proxy)?);
        }
        let client = build(builder)?;
        clients.push((proxy.cloned(), client.clone()));
        Ok(client)
    }
}
