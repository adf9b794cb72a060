//! A running server: listeners, loops, and their end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use essbasic::transport::{ReqwestTransport, TransportConfig};
use essbasic::{Client, NameTemplate, Stop};
use essbasic_callback::Receiver;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::archive::{Archiving, Folder};
use crate::bodies::Bodies;
use crate::failure::Failure;
use crate::forwarding::{self, Target};
use crate::http;
use crate::jobs;
use crate::ledger::Ledger;
use crate::log;
use crate::metrics::Metrics;
use crate::ops::{self, Ops};
use crate::receive::{self, Converter, Queue, Receiving};
use crate::reconcile::Reconciling;
use crate::signals::Signals;
use crate::upkeep;
use crate::worker::{self, Timing};

/// Archive loops of a process: one requests links while the other downloads.
const ARCHIVE_LOOPS: usize = 2;

/// Time for the commit of the last messages, after the listeners have ended.
const COMMITTING: Duration = Duration::from_secs(10);

/// Everything that a server needs.
pub(crate) struct Server {
    pub(crate) ledger: Ledger,
    pub(crate) client: Client,
    pub(crate) receiver: Receiver,
    pub(crate) converter: Converter,
    pub(crate) targets: Vec<Target>,
    pub(crate) bodies: Option<Arc<Bodies>>,
    pub(crate) folder: Folder,
    pub(crate) names: NameTemplate,
    pub(crate) concurrency: usize,
    pub(crate) max_attempts: i64,
    pub(crate) reconcile: bool,
    pub(crate) timing: Timing,
    pub(crate) retention: Duration,
    pub(crate) drain_delay: Duration,
    pub(crate) grace: Duration,
    /// Stops the calls of `client`.
    pub(crate) stop: Stop,
}

/// Listeners, bound before anything else so that an occupied port is reported first.
pub(crate) struct Listeners {
    pub(crate) receive: TcpListener,
    pub(crate) ops: TcpListener,
}

impl Listeners {
    /// Binds the addresses.
    ///
    /// # Errors
    /// Returns an error that names the address, if it cannot be bound.
    pub(crate) async fn bind(receive: SocketAddr, ops: SocketAddr) -> Result<Self, Failure> {
        Ok(Self {
            receive: bind("receive.listen", receive).await?,
            ops: bind("ops.listen", ops).await?,
        })
    }

    /// Returns the URL of the listener of callbacks.
    ///
    /// # Errors
    /// Returns an error if the system does not report the address.
    pub(crate) fn callbacks(&self) -> Result<String, Failure> {
        url(&self.receive)
    }
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!("{key}: cannot listen on {address}: {error}; set another address"))
    })
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    callbacks: String,
    ops: String,
}

impl Server {
    /// Adds contracts to be looked after at once.
    ///
    /// # Errors
    /// Returns an error if the store refuses them.
    pub(crate) async fn offer(&self, flow_ids: Vec<String>) -> Result<(), Failure> {
        let offered = self.ledger.offer(flow_ids, 0).await;
        offered.map(drop).map_err(|error| Failure::new(format!("store.url: {error}")))
    }

    /// Runs until a signal. Returns after the work in flight is completed or the grace is over.
    ///
    /// # Errors
    /// Returns an error if a listener ends unexpectedly.
    pub(crate) async fn run(
        self,
        listeners: Listeners,
        mut signals: Signals,
    ) -> Result<(), Failure> {
        let metrics = Arc::new(Metrics::new());
        let ops = Arc::new(Ops {
            ledger: self.ledger.clone(),
            metrics: Arc::clone(&metrics),
            is_draining: AtomicBool::new(false),
        });
        let (queue, mut committing) = Queue::start(self.ledger.clone());
        let receiving = Receiving {
            receiver: self.receiver,
            converter: self.converter,
            queue,
            metrics: Arc::clone(&metrics),
        };
        let (close, closed) = watch::channel(false);
        let mut servers = JoinSet::new();
        let ready =
            Ready { ready: true, callbacks: listeners.callbacks()?, ops: url(&listeners.ops)? };
        let callbacks = receive::router(Arc::new(receiving));
        servers.spawn(http::serve(listeners.receive, callbacks, closed.clone()));
        servers.spawn(http::serve(listeners.ops, ops::router(Arc::clone(&ops)), closed.clone()));

        let (leave, left) = tokio::sync::oneshot::channel::<()>();
        let (incarnation, beating) =
            worker::start(self.ledger.clone(), host(), self.timing, async { drop(left.await) });
        let claiming = Stop::default();
        let mut loops = JoinSet::new();
        let archiving = Archiving::new(
            self.client.clone(),
            self.folder,
            self.names,
            self.concurrency,
            self.stop.clone(),
        );
        let archiving = Arc::new(archiving);
        let shared = jobs::Shared {
            ledger: self.ledger.clone(),
            metrics,
            max_attempts: self.max_attempts,
            stop: claiming.clone(),
        };
        for _ in 0..ARCHIVE_LOOPS {
            loops.spawn(jobs::run(Arc::clone(&archiving), shared.clone(), incarnation.clone()));
        }
        if self.reconcile {
            let reconciling = Arc::new(Reconciling(self.client));
            loops.spawn(jobs::run(reconciling, shared.clone(), incarnation.clone()));
        }
        if let Some(bodies) = self.bodies {
            let transport = ReqwestTransport::new(&TransportConfig::default())
                .map_err(|error| Failure::new(format!("cannot forward messages: {error}")))?;
            let shared = forwarding::Shared {
                ledger: shared.ledger,
                metrics: shared.metrics,
                bodies,
                transport: Arc::new(transport),
                stop: shared.stop,
            };
            for target in self.targets {
                let target = Arc::new(target);
                loops.spawn(forwarding::run(target, shared.clone(), incarnation.clone()));
            }
        }
        let upkeep = tokio::spawn(upkeep::run(self.ledger, self.retention));

        let line = serde_json::to_string(&ready)
            .map_err(|error| Failure::new(format!("cannot write the ready line: {error}")))?;
        log::line_on_stdout(&line)?;
        let failed = tokio::select! {
            () = signals.next() => None,
            ended = servers.join_next() => ended,
        };
        // Load balancers see the probe fail before the listener closes.
        ops.is_draining.store(true, Ordering::Relaxed);
        let draining = async {
            if failed.is_none() {
                sleep(self.drain_delay).await;
            }
            claiming.stop();
            let finished =
                timeout(self.grace, async { while loops.join_next().await.is_some() {} });
            if finished.await.is_err() {
                // Transfers in flight end; what they hold is claimed by others after the lease.
                self.stop.stop();
                loops.abort_all();
            }
            upkeep.abort();
            drop(leave);
            let _ = beating.await;
            close.send_replace(true);
            while servers.join_next().await.is_some() {}
            if timeout(COMMITTING, &mut committing).await.is_err() {
                // Nothing of it was acknowledged.
                committing.abort();
            }
        };
        tokio::select! {
            () = draining => {}
            () = signals.next() => return Err(Failure::interrupted()),
        }
        match failed {
            Some(_) => Err(Failure::new("a listener ended unexpectedly; please report this")),
            None => Ok(()),
        }
    }
}

fn url(listener: &TcpListener) -> Result<String, Failure> {
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("cannot read the address of a listener: {error}")))?;
    Ok(format!("http://{address}/"))
}

/// Returns the name of this process for people.
fn host() -> String {
    let name = std::env::var("HOSTNAME").unwrap_or_default();
    let name = if name.is_empty() || name.len() > 100 { "worker".to_owned() } else { name };
    format!("{name}:{}", std::process::id())
}
