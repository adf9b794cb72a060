//! Upkeep of the ledger: samples for the page, and the removal of what has expired.

use std::sync::Arc;
use std::time::Duration;

use crate::delay::millis;
use tokio::time::{MissedTickBehavior, interval};

use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::pulse::{Pulse, STEP};
use crate::store_failure::failed;

/// Bodies and messages of one transaction at most, so that others do not wait.
const SWEEP_LIMIT: usize = 500;

/// Time for which no server has a forward target before its messages are given up, in milliseconds. During a rolling update, servers
/// with the former and the new configuration run at the same time.
const TARGET_GRACE_MS: i64 = 3_600_000;

/// Announces the forward targets of this server, takes samples and sweeps until it is dropped.
pub(crate) async fn run(
    ledger: Ledger,
    metrics: Arc<Metrics>,
    targets: Vec<String>,
    retention: Duration,
    pulse: Pulse,
) {
    let retention = millis(retention);
    let mut minutes = interval(Duration::from_secs(60));
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pulse.rest();
        minutes.tick().await;
        pulse.within(STEP);
        match ledger.sample().await {
            Ok(_) => metrics.succeeded("upkeep"),
            Err(error) => failed(&error, "upkeep", "cannot store the sample of this minute"),
        }
        // Before the sweep, which deletes their rows.
        match ledger.count_expired().await {
            Ok(expired) => metrics.leases_lost(expired),
            Err(error) => failed(&error, "upkeep", "cannot count the leases that expired"),
        }
        loop {
            pulse.within(STEP);
            match ledger.announce(targets.clone(), TARGET_GRACE_MS, SWEEP_LIMIT).await {
                Ok(0) => break,
                Ok(dead) => {
                    tracing::warn!(dead, "gave up messages to forward targets that no server has")
                }
                Err(error) => {
                    failed(&error, "upkeep", "cannot announce the forward targets");
                    break;
                }
            }
        }
        loop {
            pulse.within(STEP);
            match ledger.sweep(retention, SWEEP_LIMIT).await {
                Ok(swept) if swept.bodies >= SWEEP_LIMIT || swept.messages >= SWEEP_LIMIT => {}
                Ok(_) => break,
                Err(error) => {
                    failed(&error, "upkeep", "cannot sweep the ledger");
                    break;
                }
            }
        }
    }
}
