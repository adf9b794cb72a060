//! From a configuration to a server.

use std::sync::Arc;
use std::time::Duration;

use essbasic::{Client, Stop, agent};
use essbasic_emulator::Emulator;
use tokio::time::timeout;

use crate::admin::{AdminSettings, explorer};
use crate::archive::Sink;
use crate::config::Config;
use crate::failure::Failure;
use crate::metrics::{CallCounter, Metrics};
use crate::pace::LedgerLimiter;
use crate::parts::Parts;
use crate::receive::Converter;
use crate::serve::Server;
use crate::store;
use crate::worker::Timing;

/// Opens everything that the configuration names, except the listeners. The store is last. The Explorer controls the emulator, if there
/// is one.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) async fn server(
    config: Config,
    emulator: Option<Arc<Emulator>>,
) -> Result<Server, Failure> {
    // At a start, one line is enough: `--check` prints all.
    let parts = Parts::open(&config).map_err(|problems| {
        problems.into_iter().next().unwrap_or_else(|| Failure::new("invalid configuration"))
    })?;
    let sink = match parts.bucket {
        Some(bucket) => bucket,
        None => Sink::folder(&config.archive.to)?,
    };
    check(&sink).await?;
    let targets = config.forward.iter().map(|target| target.name.clone()).collect();
    let metrics = Arc::new(Metrics::new(targets, config.reconcile.enabled));
    let timer: Arc<Metrics> = Arc::clone(&metrics);
    let ledger =
        store::server(&config.store, parts.store_password.as_ref()).await?.with_timer(timer);
    let stop = Stop::default();
    let client_config = parts
        .client
        .with_async_rate_limiter(LedgerLimiter::new(
            ledger.clone(),
            config.rate.per_action,
            config.rate.margin,
            Arc::clone(&metrics),
        ))
        .with_observer(CallCounter(Arc::clone(&metrics)));
    let account = &config.account;
    let agent = agent(&account.app_id, &account.organization, &account.operator);
    let (keys, id) = (parts.keys, parts.secret_id.expose());
    let explorer = explorer(&config, client_config.clone(), keys, id, emulator)?;
    let client = Client::new(client_config, agent)
        .map_err(|error| Failure::new(format!("cannot create the client: {error}")))?
        .with_stop(stop.clone());
    let admin = AdminSettings::new(&config, explorer)?;
    Ok(Server {
        converter: Converter::new(config.forward, parts.bodies.clone()),
        targets: parts.targets,
        bodies: parts.bodies,
        ledger,
        metrics,
        client,
        receiver: parts.receiver,
        archive: config.archive.to,
        sink,
        names: parts.names,
        concurrency: config.archive.concurrency,
        max_attempts: i64::from(config.archive.max_attempts),
        reconcile: config.reconcile.enabled,
        timing: Timing { lease: config.worker.lease, heartbeat: config.worker.heartbeat },
        retention: config.messages.retention,
        admin,
        drain_delay: config.shutdown.drain_delay,
        grace: config.shutdown.grace,
        stop,
    })
}

/// Time for the check of the destination, so that a store that never responds does not delay callbacks.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Checks the destination of the archive. The loop waits for one that is only unavailable.
async fn check(sink: &Sink) -> Result<(), Failure> {
    let Ok(checked) = timeout(CHECK_TIMEOUT, sink.check()).await else {
        let cause = "no response within 10 s";
        tracing::warn!(cause, "the destination is unavailable; files are stored later");
        return Ok(());
    };
    match checked {
        Err(unusable) if !unusable.is_transient => Err(Failure::new(unusable.cause)),
        Err(unusable) => {
            let cause = unusable.cause;
            tracing::warn!(cause, "the destination is unavailable; files are stored later");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
