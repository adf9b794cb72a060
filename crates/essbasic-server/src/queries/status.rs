//! Summary of the ledger.

use essbasic::models::ErrorCode;
use serde::Serialize;

use super::error::QueryError;
use crate::json::time;
use crate::ledger::{Counts, Ledger, Pause, Reason};

/// Summary of the ledger.
#[derive(Serialize)]
pub(crate) struct StatusJson {
    pub(crate) now: String,
    pub(crate) version: &'static str,
    pub(crate) store: &'static str,
    pub(crate) contracts: StatesJson,
    pub(crate) dead: Vec<DeadJson>,
    pub(crate) oldest_due_seconds: Option<i64>,
    pub(crate) forward_backlog: i64,
    pub(crate) forward_dead: i64,
    pub(crate) dead_forwards: Vec<DeadForwardsJson>,
    pub(crate) workers: i64,
    pub(crate) paused: Vec<PausedJson>,
    pub(crate) callbacks_refused: RefusedJson,
}

/// Callbacks that the living workers have refused.
#[derive(Serialize)]
pub(crate) struct RefusedJson {
    pub(crate) count: i64,
    pub(crate) last_at: Option<String>,
}

/// Numbers of contracts by state.
#[derive(Serialize)]
pub(crate) struct StatesJson {
    pub(crate) open: i64,
    pub(crate) claimed: i64,
    pub(crate) done: i64,
    pub(crate) dead: i64,
}

/// Number of contracts or forwards that are dead for a reason.
#[derive(Serialize)]
pub(crate) struct DeadJson {
    pub(crate) reason: &'static str,
    pub(crate) count: i64,
    pub(crate) hint: &'static str,
}

/// Number of dead forwards to a target.
#[derive(Serialize)]
pub(crate) struct DeadForwardsJson {
    pub(crate) target: String,
    pub(crate) count: i64,
    pub(crate) reasons: Vec<DeadJson>,
}

/// A paused loop.
#[derive(Serialize)]
pub(crate) struct PausedJson {
    pub(crate) name: String,
    pub(crate) cause: String,
    pub(crate) since: String,
    pub(crate) probe_at: String,
    pub(crate) hint: &'static str,
}

/// Returns the summary.
///
/// # Errors
/// Returns an error if the store is unavailable.
pub(crate) async fn status(ledger: &Ledger) -> Result<StatusJson, QueryError> {
    let counts = ledger.counts().await?;
    let paused = ledger.pauses().await?;
    let dead = counts.dead.iter().map(|(reason, count)| DeadJson::new(*reason, *count));
    let age = |due: i64| counts.now.saturating_sub(due).max(0) / 1_000;
    Ok(StatusJson {
        now: time(counts.now),
        version: env!("CARGO_PKG_VERSION"),
        store: ledger.store_kind(),
        contracts: StatesJson {
            open: counts.open,
            claimed: counts.claimed,
            done: counts.done,
            dead: counts.dead.values().sum(),
        },
        dead: dead.collect(),
        oldest_due_seconds: counts.oldest_due.map(age),
        forward_backlog: counts.forward_backlog.values().sum(),
        forward_dead: counts.forward_dead.values().sum(),
        dead_forwards: dead_forwards(&counts),
        workers: counts.workers,
        paused: paused.into_iter().map(PausedJson::from).collect(),
        callbacks_refused: RefusedJson {
            count: counts.refused,
            last_at: counts.refused_at.map(time),
        },
    })
}

/// Returns the numbers of dead forwards, by target.
fn dead_forwards(counts: &Counts) -> Vec<DeadForwardsJson> {
    let targets = counts.forward_dead.iter().map(|(target, count)| {
        let reasons = counts.forward_dead_reasons.iter();
        let reasons = reasons.filter(|((other, _), _)| other == target);
        let reasons = reasons.map(|((_, reason), count)| DeadJson::new(*reason, *count));
        DeadForwardsJson { target: target.clone(), count: *count, reasons: reasons.collect() }
    });
    targets.collect()
}

impl DeadJson {
    fn new(reason: Reason, count: i64) -> Self {
        Self { reason: reason.as_str(), count, hint: reason.hint() }
    }
}

impl From<Pause> for PausedJson {
    fn from(pause: Pause) -> Self {
        Self {
            hint: hint(&pause.cause),
            name: pause.name,
            cause: pause.cause,
            since: time(pause.since),
            probe_at: time(pause.probe_at),
        }
    }
}

/// Returns the fix of a cause, by the error code of the service that it contains.
fn hint(cause: &str) -> &'static str {
    // As `api CODE (request ID ...)`.
    let words = cause.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let codes = words.filter(|word| !word.is_empty()).map(|word| ErrorCode::from(word.to_owned()));
    codes.filter_map(|code| code.hint()).next().unwrap_or(
        "fix the cause; one replica probes every few minutes, and the loop continues by itself",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_with_a_known_code_have_its_hint() {
        for code in ["AuthFailure.SecretIdNotFound", "AuthFailure.SignatureFailure"] {
            for cause in [
                format!("api {code} (request ID 8b0c-1)"),
                format!("api {code}"),
                format!("{code}, request ID 1"),
            ] {
                let expected = ErrorCode::from(code.to_owned()).hint();
                assert!(expected.is_some() && Some(hint(&cause)) == expected, "{cause}");
            }
        }
        for other in ["destination", "connect (request ID 8b0c-1)", ""] {
            assert!(hint(other).starts_with("fix the cause"), "{other}");
        }
    }
}
