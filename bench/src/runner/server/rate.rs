//! Requests per second of three replicas that share a rate, as the emulator counts them.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Seed};

use super::super::error::Error;
use super::super::files::write;
use super::process::{Replica, Settings, configure};
use super::store::run;

/// Number of replicas.
const REPLICAS: usize = 3;
/// Requests per second and action that the service allows.
pub(super) const RATE: u32 = 20;
/// Contracts of one request.
const BATCH: usize = 100;
/// Time before the measurement.
const WARM_UP: Duration = Duration::from_secs(3);

/// Requests per second.
pub(super) struct Requests {
    /// Average of the busiest action.
    pub(super) average: f64,
    /// Largest number of requests for one action in any second.
    pub(super) peak: f64,
}

/// Measures for this time, while replicas poll contracts that are not signed.
pub(super) fn measure(
    server: &Path,
    store: &str,
    scratch: &Path,
    time: Duration,
) -> Result<Requests, Error> {
    let emulator = Emulator::builder().with_seed(Seed::completed(0)).start();
    let emulator = emulator.map_err(|error| Error::new(format!("emulator: {error}")))?;
    // None is polled twice in this time: the period of polls is a minute.
    let seconds = (time + 2 * WARM_UP).as_secs_f64();
    let count = (seconds * f64::from(RATE)) as usize * BATCH;
    let ids = (0..count).map(|number| format!("yDBenchPolled{number:019}"));
    let mut lines = String::new();
    for id in ids {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &*id));
        lines += &id;
        lines.push('\n');
    }
    let file = scratch.join("ids.txt");
    write(&file, &lines)?;
    let endpoint = emulator.endpoint();
    let settings =
        Settings { store, endpoint: &endpoint, reconcile: true, rate: RATE, forwards: 0 };
    let config = configure(&scratch.join("config"), &settings)?;
    let mut add = Command::new(server);
    add.args(["contracts", "add"]).arg(&file).arg("--config").arg(&config);
    run(&mut add)?;
    let start = |_| Replica::start(server, &config);
    let replicas: Vec<Replica> = (0..REPLICAS).map(start).collect::<Result<_, _>>()?;
    sleep(WARM_UP);
    let calls = || emulator.stats().calls.values().max().copied().unwrap_or_default();
    let (before, began) = (calls(), Instant::now());
    sleep(time);
    let average = (calls() - before) as f64 / began.elapsed().as_secs_f64();
    let peak = emulator.stats().peaks.values().max().copied().unwrap_or_default() as f64;
    replicas.into_iter().try_for_each(Replica::stop)?;
    Ok(Requests { average, peak })
}
