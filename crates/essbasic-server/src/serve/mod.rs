//! A running server: listeners, loops, and their end.

mod listeners;
mod running;

use std::sync::Arc;
use std::time::Duration;

use essbasic::transport::{ReqwestTransport, TransportConfig};
use essbasic::{Client, NameTemplate, Stop};
use essbasic_callback::Receiver;
use tokio::sync::{Semaphore, oneshot, watch};

pub(crate) use self::listeners::Listeners;

use self::running::{Drain, Running};
use crate::admin::AdminSettings;
use crate::archive::{Archiving, Sink};
use crate::bodies::Bodies;
use crate::failure::Failure;
use crate::forwarding::{self, Target};
use crate::http;
use crate::jobs;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::notify::{self, Notice};
use crate::ops::{self, Ops};
use crate::pulse::Liveness;
use crate::receive::{self, Converter, Queue, Receiving};
use crate::reconcile::Reconciling;
use crate::refusals::Refusals;
use crate::signals::Signals;
use crate::tasks::Tasks;
use crate::upkeep;
use crate::worker::{self, Timing};

/// Claims of archive loops whose work is not slow: one requests links while the other downloads.
const ARCHIVE_SLOTS: usize = 2;

/// Archive loops of a process. A transfer that stalls delays the end of its claim until its timeout.
const ARCHIVE_LOOPS: usize = 8;

/// Everything that a server needs.
pub(crate) struct Server {
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) client: Client,
    pub(crate) receiver: Receiver,
    pub(crate) converter: Converter,
    pub(crate) targets: Vec<Target>,
    pub(crate) bodies: Option<Arc<Bodies>>,
    /// `archive.to`, which contains no key.
    pub(crate) archive: String,
    pub(crate) sink: Sink,
    pub(crate) names: NameTemplate,
    pub(crate) concurrency: usize,
    pub(crate) max_attempts: i64,
    pub(crate) reconcile: bool,
    pub(crate) timing: Timing,
    pub(crate) retention: Duration,
    pub(crate) admin: AdminSettings,
    pub(crate) drain_delay: Duration,
    pub(crate) grace: Duration,
    /// Stops the calls of `client`.
    pub(crate) stop: Stop,
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
    /// Returns an error if a task ends unexpectedly, after the others are drained.
    pub(crate) async fn run(
        self,
        listeners: Listeners,
        mut signals: Signals,
    ) -> Result<(), Failure> {
        let (delay, grace) = (self.drain_delay, self.grace);
        let mut drain = Drain { delay, grace, work: self.stop.clone(), is_panic: false };
        let ready = listeners.ready(&self.admin.token.file)?;
        ready.log();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            store = self.ledger.store_kind(),
            archive = self.archive,
            targets = self.targets.len(),
            "starting"
        );
        let mut running = self.start(listeners)?;
        ready.write()?;
        notify::send(&Notice::Ready(ready.callbacks()));
        let ended = tokio::select! {
            () = signals.next() => None,
            ended = running.ended() => Some(ended),
        };
        match &ended {
            Some(ended) => {
                tracing::error!("stopping: {ended}");
                drain.delay = Duration::ZERO;
                drain.is_panic = ended.is_panic();
            }
            None => tracing::info!("stopping: received a signal"),
        }
        notify::send(&Notice::Stopping);
        let panicked = tokio::select! {
            panicked = running.drain(drain) => panicked,
            () = signals.next() => return Err(Failure::interrupted()),
        };
        match ended.or(panicked) {
            Some(ended) => Err(Failure::new(ended.to_string())),
            None => {
                tracing::info!("stopped");
                Ok(())
            }
        }
    }

    /// Starts every task.
    fn start(self, listeners: Listeners) -> Result<Running, Failure> {
        let liveness = Liveness::default();
        let tasks = || Tasks::new(&liveness);
        let (mut loops, mut background, mut heartbeat) = (tasks(), tasks(), tasks());
        let (mut servers, mut commits) = (tasks(), tasks());
        let metrics = Arc::clone(&self.metrics);
        let ops = Arc::new(Ops::new(self.ledger.clone(), Arc::clone(&metrics), liveness.clone()));

        let refusals = Arc::new(Refusals::default());
        let (queue, committing) = Queue::new(self.ledger.clone());
        commits.spawn("commits of callbacks", |pulse| committing.run(pulse));
        let receiving = Receiving {
            receiver: self.receiver,
            converter: self.converter,
            queue,
            metrics: Arc::clone(&metrics),
            refusals: Arc::clone(&refusals),
        };
        let (close, closed) = watch::channel(false);
        let callbacks = receive::router(Arc::new(receiving));
        servers.spawn("listener of callbacks", |_| {
            http::serve(listeners.receive, callbacks, closed.clone())
        });
        let is_loopback = listeners.ops.local_addr().is_ok_and(|at| at.ip().is_loopback());
        servers.spawn("listener of probes", |_| {
            let routes = ops::router(Arc::clone(&ops), is_loopback);
            http::serve(listeners.ops, routes, closed.clone())
        });

        let (leave, left) = oneshot::channel::<()>();
        let (incarnation, beating) = worker::incarnation();
        let (ledger, timing) = (self.ledger.clone(), self.timing);
        heartbeat.spawn("heartbeat", |pulse| {
            beating.run(ledger, host(), timing, refusals, pulse, async { drop(left.await) })
        });

        let admin_is_idle = self.admin.idle();
        let admin = self.admin.router(
            &listeners.admin,
            self.ledger.clone(),
            Arc::clone(&ops),
            incarnation.clone(),
        )?;
        servers.spawn("listener of the admin page", |_| {
            http::serve_and_finish(listeners.admin, admin, closed.clone(), admin_is_idle)
        });

        let claiming = Stop::default();
        let names = self.targets.iter().map(|target| target.name.clone()).collect();
        let shared = jobs::Shared {
            ledger: self.ledger.clone(),
            metrics: Arc::clone(&metrics),
            max_attempts: self.max_attempts,
            stop: claiming.clone(),
            probed: Arc::default(),
        };
        let archiving = Arc::new(Archiving::new(
            self.client.clone(),
            self.sink,
            self.names,
            self.concurrency,
            self.max_attempts,
            self.stop,
        ));
        let slots = Arc::new(Semaphore::new(ARCHIVE_SLOTS));
        for _ in 0..ARCHIVE_LOOPS {
            let (job, slots) = (Arc::clone(&archiving), Arc::clone(&slots));
            loops.spawn("archive", |pulse| {
                jobs::run(job, shared.clone(), incarnation.clone(), slots, pulse)
            });
        }
        if self.reconcile {
            let reconciling = Arc::new(Reconciling(self.client));
            let slot = Arc::new(Semaphore::new(1));
            loops.spawn("reconcile", |pulse| {
                jobs::run(reconciling, shared.clone(), incarnation.clone(), slot, pulse)
            });
        }
        if let Some(bodies) = self.bodies {
            let transport = ReqwestTransport::new(&TransportConfig::default())
                .map_err(|error| Failure::new(format!("cannot forward messages: {error}")))?;
            let shared = forwarding::Shared {
                ledger: self.ledger.clone(),
                metrics,
                bodies,
                transport: Arc::new(transport),
                stop: claiming.clone(),
            };
            for target in self.targets {
                let name = format!("forward {}", target.name);
                let target = Arc::new(target);
                loops.spawn(&name, |pulse| {
                    forwarding::run(target, shared.clone(), incarnation.clone(), pulse)
                });
            }
        }
        background.spawn("upkeep", |pulse| {
            upkeep::run(self.ledger, self.metrics, names, self.retention, pulse)
        });
        if let Some(period) = notify::watchdog() {
            background.spawn("watchdog", |_| notify::watch(liveness.clone(), period));
        }
        Ok(Running {
            loops,
            background,
            heartbeat,
            listeners: servers,
            commits,
            ops,
            claiming,
            leave,
            close,
        })
    }
}

/// Returns the name of this process for people.
fn host() -> String {
    let name = std::env::var("HOSTNAME").unwrap_or_default();
    let name = if name.is_empty() || name.len() > 100 { "worker".to_owned() } else { name };
    format!("{name}:{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::ledger::Fault;
    use crate::setup;

    /// Returns a server on a new store in the folder.
    async fn server(folder: &std::path::Path) -> (Server, Listeners) {
        let text = "[account]\napp_id = \"a\"\norganization = \"o\"\noperator = \"p\"\n\
            secret_id_file = \"id\"\nsecret_key_file = \"key\"\n\
            [receive]\nlisten = \"127.0.0.1:0\"\n[[receive.keys]]\ntoken_file = \"token\"\n\
            [ops]\nlisten = \"127.0.0.1:0\"\n\
            [admin]\nlisten = \"127.0.0.1:0\"\n[shutdown]\ndrain_delay = \"1h\"\n";
        for name in ["id", "key", "token"] {
            std::fs::write(folder.join(name), "secret").unwrap();
        }
        let path = folder.join("essbasic.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::read(&path).unwrap();
        let (receive, ops, admin) = (config.receive.listen, config.ops.listen, config.admin.listen);
        let listeners = Listeners::bind(receive, ops, admin).await.unwrap();
        (setup::server(config, None).await.unwrap(), listeners)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_end_of_a_task_ends_the_process_with_its_name() {
        for (operation, name) in
            [("Enter", "heartbeat"), ("ClaimContracts", "archive"), ("TakeSample", "upkeep")]
        {
            let folder = tempfile::tempdir().unwrap();
            let (server, listeners) = server(folder.path()).await;
            server.ledger.inject(operation, Fault::Panic);
            let ledger = server.ledger.clone();
            let signals = Signals::install().unwrap();
            let failure = server.run(listeners, signals).await.unwrap_err().to_string();
            let expected = format!("the task \"{name}\" panicked;");
            let is_claim = operation == "ClaimContracts" && failure.contains("\"reconcile\"");
            assert!(failure.starts_with(&expected) || is_claim, "{operation}: {failure}");
            // Attempts of its claims count after a panic, which the end of the lease does.
            let alive = ledger.workers().await.unwrap().len();
            assert_eq!(alive, usize::from(operation != "Enter"), "{operation}");
        }
    }
}
