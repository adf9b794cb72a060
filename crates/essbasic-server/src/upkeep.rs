//! Upkeep of the ledger: samples for the page, and the removal of what has expired.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::delay::millis;
use crate::ledger::Ledger;
use crate::pulse::{Pulse, STEP};

/// Bodies and messages of one transaction at most, so that others do not wait.
const SWEEP_LIMIT: usize = 500;

/// Takes samples and sweeps until it is dropped.
pub(crate) async fn run(ledger: Ledger, retention: Duration, pulse: Pulse) {
    let retention = millis(retention);
    let mut minutes = interval(Duration::from_secs(60));
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pulse.rest();
        minutes.tick().await;
        pulse.within(STEP);
        if let Err(error) = ledger.sample().await {
            tracing::warn!(%error, "cannot store the sample of this minute");
        }
        loop {
            pulse.within(STEP);
            match ledger.sweep(retention, SWEEP_LIMIT).await {
                Ok(swept) if swept.bodies >= SWEEP_LIMIT || swept.messages >= SWEEP_LIMIT => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "cannot sweep the ledger");
                    break;
                }
            }
        }
    }
}
