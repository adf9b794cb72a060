//! Disturbances: signals for replicas, restarts of the database, and outages of the destination of archives.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::archive::Archive;
use crate::database::Database;
use crate::error::Result;
use crate::options::{Mode, Options};
use crate::replica::Replica;

/// A disturbance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Disturbance {
    Kill,
    /// SIGSTOP, and SIGCONT after this time.
    Stop(Duration),
    /// A restart of the database: without waiting for its connections, or as after a crash.
    RestartDatabase {
        is_crash: bool,
    },
    /// The destination of archives is away.
    StoreAway(Duration),
}

/// Returns the disturbances with the fraction of the work after which each of them happens, in ascending order.
pub(crate) fn plan(options: &Options) -> Vec<(f64, Disturbance)> {
    let mut random = fastrand::Rng::with_seed(options.seed ^ 0x99);
    let mut plan = Vec::new();
    let kills = options.kills();
    for number in 0..kills {
        let disturbance = match options.mode {
            Mode::Kill => Disturbance::Kill,
            // Shorter and longer than the lease.
            Mode::Stop => Disturbance::Stop(options.lease.mul_f64(0.1 + 1.9 * random.f64())),
        };
        plan.push(((number as f64 + random.f64()) / (kills as f64 + 0.5), disturbance));
    }
    let restarts = options.database_restarts();
    for number in 0..restarts {
        let at = (number as f64 + 0.7) / (restarts as f64 + 0.7);
        plan.push((at, Disturbance::RestartDatabase { is_crash: number % 2 == 1 }));
    }
    let outage = options.store_outage();
    if !outage.is_zero() {
        plan.push((0.35, Disturbance::StoreAway(outage)));
    }
    plan.sort_by(|(first, _), (second, _)| first.total_cmp(second));
    plan
}

/// Parts of the trial that are disturbed.
pub(crate) struct Disturbed<'a> {
    pub(crate) replicas: &'a [Replica],
    pub(crate) database: Option<&'a mut Database>,
    pub(crate) archive: &'a mut Archive,
}

impl Disturbed<'_> {
    /// Performs a disturbance, and waits for its end.
    pub(crate) async fn perform(&mut self, disturbance: Disturbance) -> Result<()> {
        match disturbance {
            Disturbance::Kill => {
                self.ready().await.signal(Signal::SIGKILL);
            }
            Disturbance::Stop(time) => {
                let replica = self.ready().await;
                if replica.signal(Signal::SIGSTOP) {
                    sleep(time).await;
                    replica.signal(Signal::SIGCONT);
                }
            }
            Disturbance::RestartDatabase { is_crash } => {
                if let Some(database) = &mut self.database {
                    database.restart(if is_crash { "QUIT" } else { "INT" }).await?;
                }
            }
            Disturbance::StoreAway(time) => self.archive.away(time).await?,
        }
        Ok(())
    }

    /// Waits for a ready replica, and selects one at random.
    async fn ready(&self) -> Replica {
        loop {
            let ready = self.replicas.iter().filter(|replica| replica.callbacks().is_some());
            match fastrand::choice(ready.collect::<Vec<_>>()) {
                Some(replica) => return replica.clone(),
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    }
}
