//! Panel of the emulator: contracts, the clock, faults and callbacks.

use std::io;
use std::time::{Duration, Instant};

use essbasic_emulator::{
    Callback, CallbackEntry, Emulator, Fault, FaultKind, FlowInfo, Stats, Status, TransitionError,
};
use serde::{Deserialize, Serialize};

/// Maximum number of contracts in a response.
const MAX_FLOWS: usize = 200;

/// Maximum of a single advance of the clock, in seconds: 100 years.
const MAX_ADVANCE_SECONDS: f64 = 100.0 * 365.0 * 86_400.0;

/// State of the emulator. Times are seconds since the Unix epoch.
#[derive(Serialize)]
pub(crate) struct Overview {
    now: u64,
    speed: f64,
    /// Number of all contracts that match the filter.
    total: usize,
    flows: Vec<FlowInfo>,
    faults: Vec<Fault>,
    fault_kinds: Vec<KindInfo>,
    callbacks: Vec<CallbackEntry>,
    stats: Stats,
}

/// Kind of a fault with its documentation.
#[derive(Serialize)]
struct KindInfo {
    kind: FaultKind,
    doc: &'static str,
}

/// Result of a test callback.
#[derive(Serialize)]
pub(crate) struct Delivery {
    /// Status of the response; `None` if the receiver did not respond.
    status: Option<u16>,
    duration_ms: f64,
    error: Option<String>,
}

/// Error of a command, with the fix if one is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommandError {
    /// The command is malformed or not possible.
    Invalid(String, Option<&'static str>),
    /// The contract does not exist.
    NotFound(String, Option<&'static str>),
}

impl From<TransitionError> for CommandError {
    fn from(error: TransitionError) -> Self {
        let (message, hint) = (error.to_string(), error.hint());
        match error {
            TransitionError::NoSuchFlow => Self::NotFound(message, hint),
            _ => Self::Invalid(message, hint),
        }
    }
}

impl CommandError {
    fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into(), None)
    }
}

/// Change of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Sign,
    Reject,
    Cancel,
    Expire,
}

/// Command for a contract.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCommand {
    flow: String,
    #[serde(default)]
    party: Option<Selector>,
    #[serde(default)]
    reason: String,
}

/// Party by its index or name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Selector {
    Index(usize),
    Name(String),
}

/// Command for the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockCommand {
    #[serde(default)]
    advance_seconds: Option<f64>,
    #[serde(default)]
    speed: Option<f64>,
}

/// Command that replaces the faults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultsCommand {
    #[serde(default)]
    seed: u64,
    faults: Vec<Fault>,
}

/// Command that sends a callback.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackCommand {
    url: String,
    #[serde(default)]
    msg_type: Option<String>,
    #[serde(default)]
    flow: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    key: Option<String>,
}

/// Returns the state of the emulator with the newest contracts whose id or title contains `filter`.
pub(crate) fn overview(emulator: &Emulator, filter: &str) -> Overview {
    let list = emulator.flows(filter, MAX_FLOWS);
    // The emulator of the explorer has no TLS.
    let kinds = FaultKind::ALL.into_iter().filter(|kind| !kind.hits_handshakes());
    Overview {
        now: emulator.now().as_secs(),
        speed: emulator.speed(),
        total: list.total,
        flows: list.flows,
        faults: emulator.faults(),
        fault_kinds: kinds.map(|kind| KindInfo { kind, doc: kind.description() }).collect(),
        callbacks: emulator.callbacks(),
        stats: emulator.stats(),
    }
}

/// Returns a contract.
///
/// # Errors
/// Returns [`CommandError::NotFound`] if the contract does not exist.
pub(crate) fn flow(emulator: &Emulator, id: &str) -> Result<FlowInfo, CommandError> {
    emulator.flow(id).ok_or_else(|| TransitionError::NoSuchFlow.into())
}

/// Changes a contract, and returns it.
///
/// # Errors
/// Returns [`CommandError`] if the contract or the party does not exist, or the change is not possible.
pub(crate) fn change(
    emulator: &Emulator,
    change: Change,
    command: ChangeCommand,
) -> Result<FlowInfo, CommandError> {
    let ChangeCommand { flow: id, party, reason } = command;
    let party = party.map(|party| party.name(&flow(emulator, &id)?)).transpose()?;
    let party = party.as_deref();
    match change {
        Change::Sign => emulator.sign(&id, party),
        Change::Reject => emulator.reject(&id, party, &reason),
        Change::Cancel => emulator.end(&id, Status::Cancel, &reason),
        Change::Expire => emulator.end(&id, Status::Deadline, ""),
    }?;
    flow(emulator, &id)
}

impl Selector {
    fn name(self, flow: &FlowInfo) -> Result<String, CommandError> {
        match self {
            Self::Name(name) => Ok(name),
            Self::Index(index) => flow
                .parties
                .get(index)
                .map(|party| party.name.clone())
                .ok_or_else(|| TransitionError::NoSuchParty.into()),
        }
    }
}

/// Advances the clock or sets its speed, and returns the state of the emulator.
///
/// # Errors
/// Returns [`CommandError::Invalid`] if a value is outside its range, or if both are absent.
pub(crate) fn set_clock(
    emulator: &Emulator,
    command: &ClockCommand,
) -> Result<Overview, CommandError> {
    let &ClockCommand { advance_seconds, speed } = command;
    if advance_seconds.is_none() && speed.is_none() {
        return Err(CommandError::invalid("neither advance_seconds nor speed is given"));
    }
    let by = advance_seconds.map(advance).transpose()?;
    if let Some(speed) = speed {
        emulator.set_speed(speed).map_err(|error| CommandError::invalid(error.to_string()))?;
    }
    if let Some(by) = by {
        emulator.advance(by);
    }
    Ok(overview(emulator, ""))
}

fn advance(seconds: f64) -> Result<Duration, CommandError> {
    match seconds {
        0.0..=MAX_ADVANCE_SECONDS => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(CommandError::invalid(format!(
            "advance_seconds {seconds} is not between 0 and {MAX_ADVANCE_SECONDS}"
        ))),
    }
}

/// Replaces the faults, and returns the state of the emulator.
///
/// # Errors
/// Returns [`CommandError::Invalid`] if a fault is invalid or hits handshakes.
pub(crate) fn set_faults(
    emulator: &Emulator,
    command: FaultsCommand,
) -> Result<Overview, CommandError> {
    let FaultsCommand { seed, faults } = command;
    if let Some(fault) = faults.iter().find(|fault| fault.kind.hits_handshakes()) {
        let message = format!("fault {} hits TLS handshakes, but TLS is not enabled", fault.kind);
        return Err(CommandError::invalid(message));
    }
    emulator.set_faults(faults, seed);
    Ok(overview(emulator, ""))
}

/// Sends one callback to a receiver on this machine.
///
/// # Errors
/// Returns [`CommandError`] if the receiver is not on this machine, a key is invalid, or the contract does not exist.
pub(crate) async fn send_callback(
    emulator: &Emulator,
    command: CallbackCommand,
) -> Result<Delivery, CommandError> {
    let CallbackCommand { url, msg_type, flow, token, key } = command;
    let flow = match (msg_type.as_deref(), flow) {
        (Some("ping"), _) | (None, None) => None,
        (None | Some("FlowStatusChange"), Some(flow)) => Some(flow),
        (Some("FlowStatusChange"), None) => Some(newest(emulator)?),
        (Some(other), _) => {
            let message = format!("unknown msg_type {other:?}; expected ping or FlowStatusChange");
            return Err(CommandError::invalid(message));
        }
    };
    let mut callback = Callback::to(url);
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        callback = callback.with_token(token);
    }
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        callback = callback.with_key(key);
    }
    let started = Instant::now();
    let result = emulator.send_callback(&callback, flow.as_deref()).await;
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    match result {
        Ok(status) => Ok(Delivery { status: Some(status), duration_ms, error: None }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(TransitionError::NoSuchFlow.into())
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(CommandError::invalid(error.to_string()))
        }
        Err(error) => Ok(Delivery { status: None, duration_ms, error: Some(error.to_string()) }),
    }
}

/// Returns the id of the newest contract.
fn newest(emulator: &Emulator) -> Result<String, CommandError> {
    let flow = emulator.flows("", 1).flows.into_iter().next();
    flow.map(|flow| flow.id).ok_or_else(|| TransitionError::NoSuchFlow.into())
}

#[cfg(test)]
mod tests;
