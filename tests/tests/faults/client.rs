//! A client over any transport that counts its requests and shortens its delays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use essbasic::api::Action;
use essbasic::transport::{
    AsyncTransport, BlockingTransport as _, HyperTransport, Request, ReqwestTransport,
    TransportConfig, TransportError, UreqTransport,
};
use essbasic::{
    Agent, ArchiveOptions, ArchiveReport, Config, Error, FlowWait, WaitOptions, blocking,
};

/// Use of connections by a client.
pub(crate) enum Connections {
    Reused,
    /// A connection per request, with a function that is called before each.
    PerRequest(Box<dyn Fn(&Request) + Send + Sync>),
}

pub(crate) struct Client {
    driver: Driver,
    sent: Arc<AtomicU64>,
}

enum Driver {
    Blocking(blocking::Client),
    Async(essbasic::Client, tokio::runtime::Runtime),
}

/// Transport of a client, which selects its driver.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Library {
    Hyper,
    Reqwest,
    Ureq,
}

impl Client {
    pub(crate) fn new(
        library: Library,
        config: Config,
        transport: TransportConfig,
        connections: Connections,
        agent: Agent,
    ) -> Self {
        let sent = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&sent);
        let make: Make = match library {
            Library::Hyper => |config| Ok(Arc::new(HyperTransport::new(config)?)),
            Library::Reqwest => |config| Ok(Arc::new(ReqwestTransport::new(config)?)),
            Library::Ureq => {
                let client = blocking(config, transport, connections, counter);
                return Self {
                    driver: Driver::Blocking(blocking::Client::from_client(client, agent)),
                    sent,
                };
            }
        };
        let client = asynchronous(config, transport, connections, counter, make);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let client = essbasic::Client::from_client(client, agent);
        Self { driver: Driver::Async(client, runtime.unwrap()), sent }
    }

    /// Returns the number of requests, including those whose connection failed.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn call<A>(&self, request: &A) -> Result<A::Response, Error>
    where
        A: Action<Response: Send> + Sync,
    {
        match &self.driver {
            Driver::Blocking(client) => client.call(request),
            Driver::Async(client, runtime) => runtime.block_on(client.call(request)),
        }
    }

    pub(crate) fn wait(&self, flow: &str, options: &WaitOptions) -> Result<Vec<FlowWait>, Error> {
        match &self.driver {
            Driver::Blocking(client) => client.wait([flow], options),
            Driver::Async(client, runtime) => runtime.block_on(client.wait([flow], options)),
        }
    }

    pub(crate) fn archive(
        &self,
        flow: &str,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error> {
        let flows = [flow.to_owned()];
        match &self.driver {
            Driver::Blocking(client) => client.archive(flows, options),
            Driver::Async(client, runtime) => runtime.block_on(client.archive(flows, options)),
        }
    }
}

fn blocking(
    config: Config,
    transport: TransportConfig,
    connections: Connections,
    counter: Arc<AtomicU64>,
) -> tc3_client::blocking::Client {
    let shared = UreqTransport::new(&transport).unwrap();
    let counting = move |request| {
        counter.fetch_add(1, Ordering::Relaxed);
        if let Connections::PerRequest(before) = &connections {
            before(&request);
            return UreqTransport::new(&transport).unwrap().send(request);
        }
        shared.send(request)
    };
    tc3_client::blocking::Client::with_transport(config, counting).unwrap()
}

type Make = fn(&TransportConfig) -> Result<Arc<dyn AsyncTransport>, TransportError>;

fn asynchronous(
    config: Config,
    transport: TransportConfig,
    connections: Connections,
    counter: Arc<AtomicU64>,
    make: Make,
) -> tc3_client::Client {
    let shared = make(&transport).unwrap();
    let counting = move |request| {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut inner = Arc::clone(&shared);
        if let Connections::PerRequest(before) = &connections {
            before(&request);
            inner = make(&transport).unwrap();
        }
        async move { inner.send(request).await }
    };
    tc3_client::Client::with_transport(config, counting).unwrap()
}
