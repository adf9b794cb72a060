//! The trial from its start to the report.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use essbasic_emulator::{Callback, CallbackChaos, Emulator, Fault, FaultKind};
use essbasic_server::ledger::{Counts, Ledger};
use tokio::time::sleep;

use crate::archive::Archive;
use crate::balancer::Balancer;
use crate::database::Database;
use crate::disturbance::{Disturbed, plan};
use crate::error::{Context as _, Error, Result};
use crate::expected::{self, Contract};
use crate::options::{Mode, Options, StoreKind};
use crate::replica::{Program, Replicas};
use crate::report::{Property, Report};
use crate::settings::{Addresses, FORWARDS, KEY, TOKEN};
use crate::target::Target;
use crate::verify::{self, Outcome};
use crate::{settings, work};

/// Time between two looks at the progress.
const TICK: Duration = Duration::from_millis(100);

/// Requests per second and action that the service allows.
const RATE: u64 = 20;

/// Calls of one action that a process may have in flight: two archive loops and the reconcile loop.
const IN_FLIGHT: u64 = 3;

/// Attempts of the emulator to deliver a callback, about ten minutes.
const CALLBACK_ATTEMPTS: u32 = 60;

/// Runs the trial.
///
/// # Errors
/// Returns an error if the trial cannot continue. Violated properties are in the report.
pub(crate) async fn run(options: &Options) -> Result<Report> {
    let folder = tempfile::Builder::new().prefix("essbasic-trial").tempdir();
    let mut folder = folder.context("temporary folder")?;
    let result = in_folder(options, folder.path()).await;
    if !result.as_ref().is_ok_and(Report::is_success) {
        folder.disable_cleanup(true);
        println!("logs and archive: {}", folder.path().display());
    }
    result
}

async fn in_folder(options: &Options, folder: &Path) -> Result<Report> {
    let contracts = expected::contracts(options.contracts(), options.unreported(), options.seed);
    let contracts = Arc::new(contracts);
    let unreported = verify::unreported(&contracts);
    let (balancer, url) = Balancer::start(move |id| unreported.contains(id)).await?;
    let emulator = Arc::new(emulator(options, &url)?);
    let mut targets = Vec::new();
    let mut forwards = Vec::new();
    for forward in &FORWARDS {
        let (target, url) = Target::start(forward).await?;
        targets.push(target);
        forwards.push(url);
    }
    let mut database = match options.store {
        StoreKind::Postgres => Some(Database::start().await?),
        StoreKind::Sqlite => None,
    };
    let file = folder.join("essbasic.db");
    let store = match &database {
        Some(database) => database.url(),
        None => format!("sqlite:{}", file.display()),
    };
    let mut archive = Archive::new(options.to, folder)?;
    let addresses = Addresses {
        endpoint: &emulator.endpoint(),
        store: &store,
        archive: &archive.to(),
        forwards: &forwards,
    };
    let config = settings::write(folder, &addresses, options)?;
    let (server, variables) = (options.server.clone(), archive.variables());
    let program = Program { server, config, variables };
    let start = || Replicas::start(&program, folder, options.replicas());
    let replicas = start().await?;
    balancer.set(replicas.all.clone());
    let ledger = match &database {
        Some(_) => Ledger::postgres(&store, None).await,
        None => Ledger::sqlite_shared(&file),
    };
    let ledger = ledger.context("ledger")?;

    let mut report = Report::default();
    let began = Instant::now();
    let work = tokio::spawn(work::perform(
        Arc::clone(&emulator),
        Arc::clone(&contracts),
        options.contracts_per_second,
        options.seed,
    ));
    let mut trial = Trial { options, emulator: &emulator, contracts: &contracts, ledger: &ledger };
    let disturbed =
        Disturbed { replicas: &replicas.all, database: database.as_mut(), archive: &mut archive };
    let unfinished = trial.until_finished(disturbed, began).await?;
    report.fact(
        "time until everything was finished",
        format!("{:.1} s", began.elapsed().as_secs_f64()),
    );
    let refused = work.await.context("work")?;
    if let Some(refused) = refused.first() {
        return Err(Error::new(format!("the emulator refused a step: {refused}")));
    }
    let starts: usize = replicas.all.iter().map(|replica| replica.starts()).sum();
    report.fact("starts of replicas", starts);
    report.add([Property::new("everything is finished in time").with_violations(1, unfinished)]);
    let ends = replicas.stop().await;
    report.add([Property::new("replicas end cleanly by SIGTERM, and never otherwise")
        .with_violations(starts, ends)]);
    trial.facts(&mut report, &balancer);
    let outcome = Outcome {
        emulator: &emulator,
        ledger: &ledger,
        contracts: &contracts,
        archive: &archive,
        acknowledged: balancer.acknowledged(),
        records: targets.iter().map(Target::record).collect(),
    };
    for (forward, record) in FORWARDS.iter().zip(&outcome.records) {
        let (first, accepted) = (record.first.len(), record.accepted);
        report.fact(
            &format!("deliveries to {:?}", forward.name),
            format!("{first} messages, {} again, {} refused", accepted - first, record.refused),
        );
    }
    verify::verify(&outcome, &mut report).await?;
    let excess = if options.mode == Mode::Stop { IN_FLIGHT } else { 0 };
    report.add([verify::rate(&emulator, RATE, excess)]);
    // Removes what the killed processes have left.
    let ends = start().await?.stop().await;
    report
        .add([Property::new("a replica starts and ends after the trial").with_violations(1, ends)]);
    report.add([verify::only_expected(&archive, &contracts)?]);
    drop(ledger);
    if let Some(database) = database {
        database.stop().await;
    }
    Ok(report)
}

fn emulator(options: &Options, callbacks: &str) -> Result<Emulator> {
    let kinds = FaultKind::ALL.into_iter().filter(|kind| !kind.hits_handshakes());
    let rate = options.faults / 100.0 / kinds.clone().count() as f64;
    let faults = kinds.map(|kind| Fault::new(kind).with_rate(rate));
    let chaos = CallbackChaos {
        duplicate_rate: 0.1,
        delay: Duration::from_secs(2),
        reorder: true,
        seed: options.seed,
    };
    let callback = Callback::to(callbacks)
        .with_token(TOKEN)
        .with_key(KEY)
        .with_chaos(chaos)
        .with_max_attempts(CALLBACK_ATTEMPTS);
    let emulator = Emulator::builder().with_callback(callback).with_faults(faults, options.seed);
    emulator.start().context("emulator")
}

/// A running trial.
struct Trial<'a> {
    options: &'a Options,
    emulator: &'a Emulator,
    contracts: &'a [Contract],
    ledger: &'a Ledger,
}

impl Trial<'_> {
    /// Disturbs the replicas as planned and waits until everything is finished. Returns the violations.
    async fn until_finished(
        &mut self,
        mut disturbed: Disturbed<'_>,
        began: Instant,
    ) -> Result<Vec<String>> {
        let mut plan = plan(self.options).into_iter().peekable();
        let archived = self.contracts.iter().filter(|contract| contract.fate.is_archived()).count();
        let mut printed = Instant::now();
        loop {
            let fraction = self.emulator.stats().downloads.len() as f64 / archived.max(1) as f64;
            if let Some((_, disturbance)) = plan.next_if(|(at, _)| *at <= fraction) {
                let at = began.elapsed().as_secs_f64();
                println!("{at:6.1} s {:5.1} % {disturbance:?}", fraction * 100.0);
                disturbed.perform(disturbance).await?;
                continue;
            }
            let counts = self.ledger.counts().await;
            if let Ok(counts) = &counts
                && plan.peek().is_none()
                && self.is_finished(counts)
            {
                return Ok(Vec::new());
            }
            if began.elapsed() > self.options.timeout() {
                let callbacks = self.emulator.stats().callbacks;
                return Ok(vec![format!(
                    "after {:?}: {counts:?}, {callbacks:?}, pauses {:?}",
                    self.options.timeout(),
                    self.ledger.pauses().await
                )]);
            }
            if printed.elapsed() > Duration::from_secs(5) {
                printed = Instant::now();
                let at = began.elapsed().as_secs_f64();
                match counts {
                    Ok(counts) => println!(
                        "{at:6.1} s {:5.1} % open {} claimed {} done {} dead {:?} backlog {:?}",
                        fraction * 100.0,
                        counts.open,
                        counts.claimed,
                        counts.done,
                        counts.dead,
                        counts.forward_backlog
                    ),
                    Err(error) => println!("{at:6.1} s {error}"),
                }
            }
            sleep(TICK).await;
        }
    }

    /// Returns whether every contract is finished, or dead, and every callback and forward is delivered.
    fn is_finished(&self, counts: &Counts) -> bool {
        let dead: i64 = counts.dead.values().sum();
        let finished = counts.done + dead;
        let callbacks = self.emulator.stats().callbacks;
        let settled = callbacks.acknowledged + callbacks.given_up >= callbacks.messages;
        usize::try_from(finished).is_ok_and(|finished| finished >= self.contracts.len())
            && counts.forward_backlog.values().all(|count| *count == 0)
            && settled
    }

    fn facts(&self, report: &mut Report, balancer: &Balancer) {
        let stats = self.emulator.stats();
        let archived = self.contracts.iter().filter(|contract| contract.fate.is_archived()).count();
        let downloads: u64 = stats.downloads.values().sum();
        report.fact("contracts", format!("{}, {archived} archived", self.contracts.len()));
        report.fact("downloads", downloads);
        let callbacks = &stats.callbacks;
        report.fact(
            "callbacks",
            format!(
                "{} messages, {} sent, {} given up; responses {:?}",
                callbacks.messages,
                callbacks.sent,
                callbacks.given_up,
                balancer.counts()
            ),
        );
        report.fact("requests", format!("{:?}", stats.calls));
        report.fact("most requests within a second", format!("{:?}", stats.peaks));
        report.fact("rejected", format!("{:?}", stats.rejected));
        report.fact("faults", stats.faults.values().sum::<u64>());
    }
}
