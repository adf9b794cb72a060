//! From a configuration to a server.

use std::sync::Arc;

use essbasic::credentials::Credential;
use essbasic::{Client, Config as ClientConfig, NameTemplate, Stop, agent};
use essbasic_callback::Receiver;
use essbasic_emulator::Emulator;
use essbasic_explorer::SessionKeys;
use essbasic_s3::Defaults;

use crate::admin::{AdminSettings, explorer};
use crate::archive::Sink;
use crate::bodies::Bodies;
use crate::config::{self, Config, Secret};
use crate::failure::Failure;
use crate::forwarding::Target;
use crate::metrics::{CallCounter, Metrics};
use crate::pace::LedgerLimiter;
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
    let account = &config.account;
    let secret_id = Secret::read("account.secret_id_file", &account.secret_id_file)?;
    let secret_key = Secret::read("account.secret_key_file", &account.secret_key_file)?;
    let credential = Credential::new(secret_id.expose(), secret_key.expose());
    credential.validate().map_err(|error| {
        Failure::new(format!("account.secret_id_file, account.secret_key_file: {error}"))
    })?;
    let receiver = receiver(&config)?;
    let bodies = match &config.messages.body_key_file {
        Some(path) => Some(Arc::new(Bodies::new(&Secret::read("messages.body_key_file", path)?)?)),
        None => None,
    };
    let defaults = config.bucket_defaults().with_keys(secret_id.expose(), secret_key.expose());
    let sink = sink(&config.archive.to, &defaults).await?;
    let names: NameTemplate = config
        .archive
        .names
        .parse()
        .map_err(|error| Failure::new(format!("archive.names: {error}")))?;
    let targets = config.forward.iter().map(|target| target.name.clone()).collect();
    let metrics = Arc::new(Metrics::new(targets));
    let timer: Arc<Metrics> = Arc::clone(&metrics);
    let ledger = store::server(&config.store).await?.with_timer(timer);
    let stop = Stop::default();
    let keys = SessionKeys::new(credential);
    let mut client_config = ClientConfig::new(keys.clone())
        .with_app_name(env!("CARGO_PKG_NAME"))
        .map_err(|error| Failure::new(error.to_string()))?
        .with_async_rate_limiter(LedgerLimiter::new(
            ledger.clone(),
            config.rate.per_action,
            config.rate.margin,
            Arc::clone(&metrics),
        ))
        .with_observer(CallCounter(Arc::clone(&metrics)));
    if let Some(url) = &config.service.endpoint {
        client_config = client_config
            .with_endpoint_url(url)
            .map_err(|error| Failure::new(format!("service.endpoint: {error}")))?;
    }
    if let Some(region) = &config.service.region {
        client_config = client_config.with_region(region);
    }
    let agent = agent(&account.app_id, &account.organization, &account.operator);
    let explorer = explorer(&config, client_config.clone(), keys, emulator)?;
    let client = Client::new(client_config, agent)
        .map_err(|error| Failure::new(format!("cannot create the client: {error}")))?
        .with_stop(stop.clone());
    let admin = AdminSettings::new(&config, explorer)?;
    let targets = config.forward.iter().map(Target::new).collect::<Result<_, _>>()?;
    Ok(Server {
        converter: Converter::new(config.forward, bodies.clone()),
        targets,
        bodies,
        ledger,
        metrics,
        client,
        receiver,
        sink,
        names,
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

/// Opens the destination of the archive and checks it. The loop waits for one that is only unavailable.
async fn sink(to: &str, defaults: &Defaults) -> Result<Sink, Failure> {
    let sink = Sink::open(to, std::env::vars_os(), defaults)?;
    match sink.check().await {
        Err(unusable) if !unusable.is_transient => Err(Failure::new(unusable.cause)),
        Err(unusable) => {
            let cause = unusable.cause;
            tracing::warn!(cause, "the destination is unavailable; files are stored later");
            Ok(sink)
        }
        Ok(()) => Ok(sink),
    }
}

fn receiver(config: &Config) -> Result<Receiver, Failure> {
    let mut receiver: Option<Receiver> = None;
    for keys in &config.receive.keys {
        let token = config::token("receive.keys.token_file", &keys.token_file)?;
        let key = keys.key_file.as_deref();
        let key =
            key.map(|path| config::callback_key("receive.keys.key_file", path)).transpose()?;
        receiver = Some(match receiver {
            None => Receiver::new(token, key),
            Some(receiver) => receiver.with_pair(token, key),
        });
    }
    receiver.ok_or_else(|| Failure::new("receive.keys: no token and key for callbacks"))
}
