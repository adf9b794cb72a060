//! Streams of each client, on each transport.

use std::time::Duration;

use tc3_client::api::{Action, StreamingAction};
use tc3_client::credentials::Credential;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Config, Error, EventStream, RetryPolicy, blocking};
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Transport {
    Reqwest,
    Hyper,
    Ureq,
}

pub(crate) const ALL: [Transport; 3] = [Transport::Reqwest, Transport::Hyper, Transport::Ureq];

/// Longer than any test takes.
pub(crate) const LONG: Duration = Duration::from_secs(120);

pub(crate) fn config(url: &str) -> Config {
    config_with_read_timeout(url, LONG)
}

pub(crate) fn config_with_read_timeout(url: &str, read_timeout: Duration) -> Config {
    let transport =
        TransportConfig::default().with_proxy(Proxy::None).with_read_timeout(read_timeout);
    Config::new(Credential::new("id", "key"))
        .with_endpoint_url(url)
        .unwrap()
        .with_transport_config(transport)
        .with_timeout(Some(LONG))
        .with_retry(RetryPolicy::default().with_base_delay(Duration::ZERO))
}

/// A stream of one of the clients.
pub(crate) enum Stream<T> {
    Async(Runtime, EventStream<T>),
    Blocking(blocking::EventStream<T>),
}

impl<T> Stream<T> {
    pub(crate) fn next(&mut self) -> Option<Result<T, Error>> {
        match self {
            Self::Async(runtime, stream) => runtime.block_on(stream.next()),
            Self::Blocking(stream) => stream.next(),
        }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Async(_, stream) => stream.request_id(),
            Self::Blocking(stream) => stream.request_id(),
        }
    }

    /// Returns all items, and the error after them.
    pub(crate) fn collect(mut self) -> (Vec<T>, Option<Error>) {
        let mut items = Vec::new();
        loop {
            match self.next() {
                Some(Ok(item)) => items.push(item),
                Some(Err(error)) => {
                    assert!(self.next().is_none(), "a stream ends after an error");
                    return (items, Some(error));
                }
                None => {
                    assert!(self.next().is_none(), "a stream that has ended remains so");
                    return (items, None);
                }
            }
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn client(transport: Transport, config: Config) -> Client {
    match transport {
        Transport::Hyper => Client::on_hyper(config).unwrap(),
        _ => Client::new(config).unwrap(),
    }
}

pub(crate) fn open<R>(
    transport: Transport,
    config: Config,
    request: &R,
) -> Result<Stream<R::Item>, Error>
where
    R: StreamingAction + Sync,
    R::Item: Send,
{
    if transport == Transport::Ureq {
        return blocking::Client::new(config)?.call_stream(request).map(Stream::Blocking);
    }
    let runtime = runtime();
    let stream =
        runtime.block_on(async { client(transport, config).call_stream(request).await })?;
    Ok(Stream::Async(runtime, stream))
}

pub(crate) fn call<R>(
    transport: Transport,
    config: Config,
    request: &R,
) -> Result<R::Response, Error>
where
    R: Action + Sync,
    R::Response: Send,
{
    if transport == Transport::Ureq {
        return blocking::Client::new(config)?.call(request);
    }
    runtime().block_on(async { client(transport, config).call(request).await })
}
