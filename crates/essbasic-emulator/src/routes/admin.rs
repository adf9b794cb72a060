//! Administration below `/_emulator/`: inspection and control of contracts, the clock and faults.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api::actions::modeled_actions;
use crate::api::encryption::ENCRYPTED_CALL;
use crate::api::service::Service;
use crate::faults::fault::Fault;
use crate::http::reply::Reply;
use crate::http::request::WireRequest;
use crate::json::from_object;
use crate::limits;
use crate::state::flow::{Signer, Status, TransitionError};

const USAGE: &str = "\
GET  flows       list the ids of all contracts, one per line
GET  flows/ID    show the status of a contract
GET  stats       show the statistics
GET  actions     list the modeled actions, one per line; others are checked and get a stub response
POST clock       {\"advance_seconds\": SECONDS, \"speed\": 0 TO 1000000}, either or both
POST faults      {\"seed\": NUMBER, \"faults\": [{\"kind\": KIND, \"rate\": 0 TO 1, \"action\": NAME, \"times\": N}]}
POST sign        {\"flow\": ID, \"party\": INDEX}; the next party by default
POST reject      {\"flow\": ID, \"party\": INDEX, \"reason\": TEXT}
POST cancel      {\"flow\": ID, \"reason\": TEXT}
POST expire      {\"flow\": ID}
POST invalidate  {\"flow\": ID, \"reason\": TEXT}
POST relieve     {\"flow\": ID, \"reason\": TEXT}
";

/// Command for a contract.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct FlowCommand {
    flow: String,
    #[serde(default)]
    party: Option<usize>,
    #[serde(default)]
    reason: String,
}

/// Command that replaces the faults.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct FaultsCommand {
    #[serde(default)]
    seed: u64,
    faults: Vec<Fault>,
}

/// Command for the clock.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct ClockCommand {
    #[serde(default)]
    advance_seconds: Option<f64>,
    #[serde(default)]
    speed: Option<f64>,
}

from_object!(
    FlowCommand: "a command for a contract",
    FaultsCommand: "faults",
    ClockCommand: "a change of the clock",
);

/// Returns the response to a command.
pub(super) fn respond(service: &Service, request: &WireRequest, command: &str) -> Reply {
    let result = match (request.method.as_str(), command) {
        ("GET", "flows") => {
            let shared = service.lock();
            let ids: String = shared.state.flows().flat_map(|flow| [&*flow.id, "\n"]).collect();
            Ok(Reply::text(StatusCode::OK, ids))
        }
        ("GET", "actions") => Ok(Reply::text(StatusCode::OK, list_actions(service))),
        ("GET", "stats") => Ok(Reply::json(&json!(service.stats()))),
        ("POST", "clock") => parse(request).and_then(|change| change_clock(service, &change)),
        ("POST", "faults") => parse(request).map(|FaultsCommand { seed, faults }| {
            service.faults.set(faults, seed);
            Reply::json(&json!({}))
        }),
        ("POST", "sign" | "reject" | "cancel" | "expire" | "invalidate" | "relieve") => {
            parse(request).map(|arguments| change_flow(service, command, &arguments))
        }
        ("GET", command) => match command.strip_prefix("flows/") {
            Some(id) => Ok(show_flow(service, id)),
            None => Ok(Reply::text(StatusCode::NOT_FOUND, USAGE)),
        },
        _ => Ok(Reply::text(StatusCode::NOT_FOUND, USAGE)),
    };
    result.unwrap_or_else(|reason| usage_error(command, &reason))
}

/// Returns the names of the modeled actions, one per line.
fn list_actions(service: &Service) -> String {
    let encrypted = service.encryption.is_some().then_some(ENCRYPTED_CALL);
    modeled_actions().chain(encrypted).flat_map(|name| [name, "\n"]).collect()
}

fn change_clock(service: &Service, command: &ClockCommand) -> Result<Reply, String> {
    let by = command.advance_seconds.map(|seconds| advance_by(service, seconds)).transpose()?;
    command.speed.map_or(Ok(()), limits::speed)?;
    if by.is_none() && command.speed.is_none() {
        return Err("neither advance_seconds nor speed is given".to_owned());
    }
    if let Some(speed) = command.speed {
        service.set_speed(speed);
    }
    if let Some(by) = by {
        service.advance(by);
    }
    Ok(Reply::json(&json!({ "now": service.clock.now().as_secs() })))
}

/// Checks an advance of the clock, which ends at the end of the year 9999.
fn advance_by(service: &Service, seconds: f64) -> Result<Duration, String> {
    let max = limits::MAX_TIME.saturating_sub(service.clock.now());
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|by| *by <= max)
        .ok_or_else(|| format!("advance_seconds {seconds} is not between 0 and {}", max.as_secs()))
}

fn change_flow(service: &Service, command: &str, arguments: &FlowCommand) -> Reply {
    let FlowCommand { flow, party, reason } = arguments;
    let result = {
        let mut shared = service.lock();
        let now = shared.now;
        let state = &mut shared.state;
        match command {
            "sign" => state.sign(flow, Signer::at(*party), now).map(|_| ()),
            "reject" => state.reject(flow, Signer::at(*party), reason, now),
            "cancel" => state.end(flow, Status::Cancel, reason, now),
            "expire" => state.end(flow, Status::Deadline, "", now),
            "invalidate" => state.end(flow, Status::Invalid, reason, now),
            _ => state.end(flow, Status::Relieved, reason, now),
        }
    };
    match result {
        Ok(()) => show_flow(service, flow),
        Err(error @ TransitionError::NoSuchFlow) => error_reply(StatusCode::NOT_FOUND, &error),
        Err(error) => error_reply(StatusCode::CONFLICT, &error),
    }
}

/// Returns the description of a contract of any organization.
fn show_flow(service: &Service, id: &str) -> Reply {
    let shared = service.lock();
    match shared.state.flow(id) {
        Some(flow) => Reply::json(&json!(flow.info(shared.now))),
        None => error_reply(StatusCode::NOT_FOUND, &TransitionError::NoSuchFlow),
    }
}

fn parse<T: DeserializeOwned>(request: &WireRequest) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn error_reply(status: StatusCode, error: &TransitionError) -> Reply {
    let fix = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    Reply::text(status, format!("{error}{fix}\n"))
}

/// Returns an error with the reason and the usage of the command.
fn usage_error(command: &str, reason: &str) -> Reply {
    let describes = |line: &&str| line.split_whitespace().nth(1) == Some(command);
    let line = USAGE.lines().find(describes).unwrap_or_default();
    Reply::text(StatusCode::BAD_REQUEST, format!("{reason}; expected {line}\n"))
}
