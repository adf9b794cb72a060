//! Service for Tencent e-sign (电子签): callbacks, archives and forwards, with any number of replicas.
//!
//! [`ledger`] is the state that the replicas share.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod archive;
mod bodies;
mod cli;
mod commands;
mod config;
mod delay;
mod emulated;
mod failure;
mod forwarding;
mod http;
mod jobs;
mod json;
pub mod ledger;
mod local_host;
mod log;
mod metrics;
mod notify;
mod ops;
mod output;
mod pace;
mod parts;
mod private;
mod pulse;
mod queries;
mod receive;
mod reconcile;
mod refusals;
mod serve;
mod setup;
mod shown;
mod signals;
mod store;
mod store_failure;
mod tasks;
mod upkeep;
mod worker;

use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::Cli;
use crate::commands::Exit;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::{Listeners, Server};
use crate::signals::Signals;

/// Runs the command `essbasic-server` and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::parsed(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(error) => return cli::usage(&error),
    };
    match run(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            log::line(&format!("error: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    if let Some(command) = &cli.command {
        return commands::run(command, cli.config.as_deref(), cli.json);
    }
    if let (Some(path), true) = (&cli.config, cli.check) {
        return commands::check(path, cli.json);
    }
    let config = match (&cli.config, &cli.data) {
        (Some(path), _) => Config::read(path)?,
        (None, Some(data)) => emulated::config(data)?,
        (None, None) => return Err(Failure::new(config::NO_CONFIG)),
    };
    log::start(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(serve(config, cli.emulated));
    // Threads that write files may still be busy after the grace.
    runtime.shutdown_background();
    result.map(|()| Exit::Done)
}

async fn serve(mut config: Config, is_emulated: bool) -> Result<(), Failure> {
    let mut signals = Signals::install()?;
    // First, so that an occupied port is reported before anything else is opened.
    let listeners =
        Listeners::bind(config.receive.listen, config.ops.listen, config.admin.listen).await?;
    if !is_emulated {
        return match unless_signaled(&mut signals, setup::server(config, None)).await? {
            Some(server) => server.run(listeners, signals).await,
            None => Ok(()),
        };
    }
    let emulator = Arc::new(emulated::start(&listeners.callbacks()?)?);
    config.service.endpoint = Some(emulator.endpoint());
    let own = Arc::clone(&emulator);
    let setup = async move {
        let server = setup::server(config, Some(Arc::clone(&own))).await?;
        emulated::restore(&own, &server.ledger).await?;
        server.offer(own.completed_flows()).await?;
        Ok(server)
    };
    let Some(server) = unless_signaled(&mut signals, setup).await? else { return Ok(()) };
    tokio::select! {
        result = server.run(listeners, signals) => result,
        () = emulated::sign_contracts(&emulator) => Ok(()),
    }
}

/// Returns the server, or `None` if a signal ends the process first. Nothing was received yet that must be completed.
async fn unless_signaled(
    signals: &mut Signals,
    setup: impl Future<Output = Result<Server, Failure>> + Send + 'static,
) -> Result<Option<Server>, Failure> {
    // A task of its own: a read of a file that blocks must not delay the signals.
    let mut setup = tokio::spawn(setup);
    tokio::select! {
        server = &mut setup => match server {
            Ok(server) => server.map(Some),
            Err(error) => Err(Failure::new(format!("the start failed: {error}; please report this"))),
        },
        () = signals.next() => {
            tracing::info!("stopped by a signal during the start");
            setup.abort();
            Ok(None)
        }
    }
}
