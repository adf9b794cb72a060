//! Connecting for ureq.
//!
//! ureq's own connector is replaced for three reasons. It resolves the host name for every request, and needs a thread to
//! limit the time; this one resolves only for a new connection. Its TLS accepts no additional certificate authorities.
//! And its errors do not distinguish failures before and after the connection was established.

use core::fmt;
use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout,
    TcpConnector, Transport, TransportAdapter,
};

use super::failure::{Failure, Hop, failure, failure_at};
use super::socket::{Guard, Socket};
use crate::TransportErrorKind as Kind;
use crate::address::only_public;
use crate::clients::Key;
use crate::route::bare_host;
use crate::tls_error;

/// Resolver that defers to [`Connect`], which is called only if no idle connection is available.
#[derive(Debug)]
pub(super) struct DeferredResolver;

impl Resolver for DeferredResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Connector: name resolution, TCP, tunnels through a proxy, and the TLS handshake.
#[derive(Debug)]
pub(super) struct Connect {
    tls: Arc<ClientConfig>,
    tcp: TcpConnector,
    tunnel: ConnectProxyConnector,
    resolver: DefaultResolver,
    key: Key,
}

impl Connect {
    pub(super) fn new(tls: Arc<ClientConfig>, key: Key) -> Self {
        Self {
            tls,
            tcp: TcpConnector::default(),
            tunnel: ConnectProxyConnector::default(),
            resolver: DefaultResolver::default(),
            key,
        }
    }

    /// Returns the URI of the address that a connection leads to. ureq also connects to the proxy by this connector.
    fn dialed<'a>(&'a self, details: &ConnectionDetails<'a>) -> &'a Uri {
        match &self.key.address {
            Some(address) if self.key.proxy.is_some() == details.config.proxy().is_some() => {
                address
            }
            _ => details.uri,
        }
    }

    fn tcp(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, Error> {
        let uri = self.dialed(details);
        let mut addrs = self
            .resolver
            .resolve(uri, details.config, NextTimeout::default())
            .map_err(|error| match error {
                Error::Io(error) => failure(Kind::Resolve, error),
                _ => failure(Kind::Resolve, "the name has no address"),
            })?;
        if self.key.public_only {
            let public =
                only_public(addrs.iter().copied()).map_err(|why| failure(Kind::NotPublic, why))?;
            addrs = self.resolver.empty();
            public.into_iter().for_each(|address| addrs.push(address));
        }
        let details =
            ConnectionDetails { addrs, timeout: remaining(details), ..with_uri(details, uri) };
        match Connector::<()>::connect(&self.tcp, &details, None).map_err(connect_error)? {
            Some(Either::B(stream)) => Ok(Box::new(Socket::new(Box::new(stream)))),
            _ => Err(Error::ConnectionFailed),
        }
    }

    fn tls(
        &self,
        details: &ConnectionDetails<'_>,
        transport: Box<dyn Transport>,
    ) -> Result<Box<dyn Transport>, Error> {
        let name = ServerName::try_from(bare_host(details.uri))
            .map_err(|_| failure(Kind::Tls, "the host name cannot be in a certificate"))?;
        let mut tls = ClientConnection::new(Arc::clone(&self.tls), name.to_owned())
            .map_err(|error| failure(Kind::Tls, error))?;
        let mut socket = TransportAdapter::new(transport, Arc::clone(&details.current_time));
        socket.set_timeout(remaining(details));
        tls.complete_io(&mut socket).map_err(|error| match rustls_error(&error) {
            Some(error) => failure(Kind::Tls, tls_error::describe(error)),
            None => connect_error(error.into()),
        })?;
        let config = details.config;
        Ok(Box::new(TlsTransport {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            stream: StreamOwned::new(tls, socket),
        }))
    }
}

impl Connector for Connect {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let target = with_uri(details, self.dialed(details));
        let tunnel = Connector::<()>::connect(&self.tunnel, &target, None);
        let transport = match tunnel.map_err(tunnel_error)? {
            Some(Either::B(tunnel)) => tunnel,
            _ => self.tcp(details)?,
        };
        let transport = if details.needs_tls() && !transport.is_tls() {
            self.tls(details, transport)?
        } else {
            transport
        };
        Ok(Some(Box::new(Guard::new(transport))))
    }
}

/// Returns the details for another URI.
fn with_uri<'a>(details: &ConnectionDetails<'a>, uri: &'a Uri) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri,
        addrs: details.addrs.clone(),
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout: details.timeout,
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    }
}

/// Returns the remaining connect timeout.
fn remaining(details: &ConnectionDetails<'_>) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (Duration::Exact(limit), Instant::Exact(start), Instant::Exact(now)) =
        (timeout.after, details.now, (details.current_time)())
    {
        timeout.after = limit.saturating_sub(now.duration_since(start)).into();
    }
    timeout
}

fn connect_error(error: Error) -> Error {
    match error {
        Error::Other(known) => Error::Other(known),
        Error::Timeout(_) => failure(Kind::Connect, "timed out"),
        Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            failure(Kind::Connect, "timed out")
        }
        Error::Io(error) => failure(Kind::Connect, error),
        error => failure(Kind::Connect, error),
    }
}

/// Converts an error on the way to the proxy, or of its response.
fn tunnel_error(error: Error) -> Error {
    match error {
        Error::ConnectProxyFailed(reason) => {
            let status =
                reason.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok());
            failure_at(Hop::Tunnel(status), Kind::Proxy, reason)
        }
        Error::Protocol(_) => {
            let text = "the response of the proxy is not valid HTTP";
            failure_at(Hop::Tunnel(None), Kind::Proxy, text)
        }
        error => match connect_error(error) {
            Error::Other(error) => match error.downcast::<Failure>() {
                Ok(failure) => failure_at(Hop::Proxy, failure.kind, failure.text),
                Err(error) => Error::Other(error),
            },
            error => error,
        },
    }
}

pub(super) fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsTransport").field(&self.stream.sock.get_ref()).finish()
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        io::Write::write_all(&mut self.stream, output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let amount = io::Read::read(&mut self.stream, self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
