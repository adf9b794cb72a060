//! Options of the command.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Run replicas of essbasic-server under faults, and check every contract and message afterwards.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask server-trial")]
pub(crate) struct Options {
    /// Program of the server.
    #[arg(long, value_name = "FILE")]
    pub(crate) server: PathBuf,
    /// Use defaults for a run of less than a minute.
    #[arg(long)]
    pub(crate) short: bool,
    /// Store of the replicas; sqlite has one.
    #[arg(long, value_enum, default_value_t = StoreKind::Postgres)]
    pub(crate) store: StoreKind,
    /// Number of replicas [default: 3; with sqlite 1]
    #[arg(long, value_name = "N")]
    replicas: Option<usize>,
    /// Number of contracts [default: 10000; short 300]
    #[arg(long, value_name = "N")]
    contracts: Option<usize>,
    /// Number of contracts that are created per second.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) contracts_per_second: u32,
    /// Number of times that a replica is killed, or stopped and continued [default: 20; short 3]
    #[arg(long, value_name = "N")]
    kills: Option<usize>,
    /// Signal of a disturbed replica: SIGKILL, or SIGSTOP and SIGCONT.
    #[arg(long, value_enum, default_value_t = Mode::Kill)]
    pub(crate) mode: Mode,
    /// Number of restarts of the database [default: 2; short 1; with sqlite 0]
    #[arg(long, value_name = "N")]
    database_restarts: Option<usize>,
    /// Time for which the destination of archives is away, in seconds [default: 10; short 1]
    #[arg(long, value_name = "SECS")]
    store_outage: Option<u64>,
    /// Destination of archives.
    #[arg(long, value_enum, default_value_t = Destination::Folder)]
    pub(crate) to: Destination,
    /// Percentage of requests to the service that a fault hits, of any kind.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub(crate) faults: f64,
    /// Percentage of contracts whose completion no callback reports [default: 1; short 0]
    #[arg(long, value_name = "PERCENT")]
    unreported: Option<f64>,
    /// Lease of a worker.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    pub(crate) lease: Duration,
    /// Time after which unfinished work is a violation [default: 15m; short 3m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,
    /// Seed of all random numbers of the trial.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Store of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    Postgres,
    Sqlite,
}

/// Disturbance of replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    Kill,
    Stop,
}

/// Destination of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Destination {
    Folder,
    S3,
}

impl Options {
    fn by_length<T>(&self, long: T, short: T) -> T {
        if self.short { short } else { long }
    }

    pub(crate) fn replicas(&self) -> usize {
        match self.store {
            StoreKind::Postgres => self.replicas.unwrap_or(3).max(1),
            StoreKind::Sqlite => 1,
        }
    }

    pub(crate) fn contracts(&self) -> usize {
        self.contracts.unwrap_or_else(|| self.by_length(10_000, 300))
    }

    pub(crate) fn kills(&self) -> usize {
        self.kills.unwrap_or_else(|| self.by_length(20, 3))
    }

    pub(crate) fn database_restarts(&self) -> usize {
        match self.store {
            StoreKind::Postgres => self.database_restarts.unwrap_or(self.by_length(2, 1)),
            StoreKind::Sqlite => 0,
        }
    }

    pub(crate) fn store_outage(&self) -> Duration {
        Duration::from_secs(self.store_outage.unwrap_or_else(|| self.by_length(10, 1)))
    }

    pub(crate) fn unreported(&self) -> f64 {
        self.unreported.unwrap_or_else(|| self.by_length(1.0, 0.0))
    }

    pub(crate) fn timeout(&self) -> Duration {
        let default = self.by_length(15, 3) * 60;
        self.timeout.unwrap_or(Duration::from_secs(default))
    }
}
