//! What the real service does not have: a look inside, and a hand on contracts and the clock.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::actions::modelled_actions;
use crate::api::service::{OUTER, Reply, Service};
use crate::faults::Fault;
use crate::http::request::Wire;
use crate::json::from_object;
use crate::limits;
use crate::state::flow::{Refusal, Status, Who};

const THERE_IS: &str = "\
GET  flows       the ids of all contracts, one a line
GET  flows/ID    how far a contract is
GET  stats       what the emulator has done
GET  actions     the actions that are modelled, one per line; others are checked and get a response of the right shape
POST clock       {\"advance_seconds\": SECONDS, \"speed\": 0 TO 1000000}, either or both
POST faults      {\"seed\": NUMBER, \"faults\": [{\"kind\": KIND, \"rate\": 0 TO 1, \"action\": NAME, \"times\": N}]}
POST sign        {\"flow\": ID, \"party\": INDEX}; without a party, the next
POST reject      {\"flow\": ID, \"party\": INDEX, \"reason\": TEXT}
POST cancel      {\"flow\": ID, \"reason\": TEXT}
POST expire      {\"flow\": ID}
POST invalidate  {\"flow\": ID, \"reason\": TEXT}
POST relieve     {\"flow\": ID, \"reason\": TEXT}
";

/// What is to happen to a contract.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Order {
    flow: String,
    #[serde(default)]
    party: Option<usize>,
    #[serde(default)]
    reason: String,
}

/// The faults from now on.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Wrong {
    #[serde(default)]
    seed: u64,
    faults: Vec<Fault>,
}

/// A change of the clock.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Time {
    #[serde(default)]
    advance_seconds: Option<f64>,
    #[serde(default)]
    speed: Option<f64>,
}

from_object!(Order: "an order", Wrong: "faults", Time: "a change of the clock");

impl Service {
    /// Answers below `/_emulator/`.
    pub(crate) fn control(&self, wire: &Wire, command: &str) -> Reply {
        let done = match (wire.method.as_str(), command) {
            ("GET", "flows") => {
                let shared = self.lock();
                let ids: String = shared.state.flows().flat_map(|flow| [&*flow.id, "\n"]).collect();
                Ok(Reply::text(StatusCode::OK, ids))
            }
            ("GET", "actions") => Ok(Reply::text(StatusCode::OK, self.modelled())),
            ("GET", "stats") => Ok(Reply::json(&json!(self.stats()))),
            ("POST", "clock") => parsed(wire).and_then(|time| self.change_clock(&time)),
            ("POST", "faults") => parsed(wire).map(|Wrong { seed, faults }| {
                self.faults.set(faults, seed);
                Reply::json(&json!({}))
            }),
            ("POST", "sign" | "reject" | "cancel" | "expire" | "invalidate" | "relieve") => {
                parsed(wire).map(|order| self.carry_out(command, &order))
            }
            ("GET", command) => match command.strip_prefix("flows/") {
                Some(id) => Ok(self.show(id)),
                None => Ok(Reply::text(StatusCode::NOT_FOUND, THERE_IS)),
            },
            _ => Ok(Reply::text(StatusCode::NOT_FOUND, THERE_IS)),
        };
        done.unwrap_or_else(|reason| usage(command, &reason))
    }

    /// The names of the modelled actions, one per line.
    fn modelled(&self) -> String {
        let outer = self.encryption.is_some().then_some(OUTER);
        modelled_actions().chain(outer).flat_map(|name| [name, "\n"]).collect()
    }

    fn change_clock(&self, time: &Time) -> Result<Reply, String> {
        let by = time.advance_seconds.map(|seconds| self.advance_by(seconds)).transpose()?;
        time.speed.map_or(Ok(()), limits::speed)?;
        if by.is_none() && time.speed.is_none() {
            return Err("neither advance_seconds nor speed is given".to_owned());
        }
        if let Some(speed) = time.speed {
            self.set_speed(speed);
        }
        if let Some(by) = by {
            self.advance(by);
        }
        Ok(Reply::json(&json!({ "now": self.clock.now().as_secs() })))
    }

    /// A time to move the clock ahead by: up to the end of the year 9999.
    fn advance_by(&self, seconds: f64) -> Result<Duration, String> {
        let most = limits::END_OF_TIME.saturating_sub(self.clock.now());
        Duration::try_from_secs_f64(seconds).ok().filter(|by| *by <= most).ok_or_else(|| {
            format!("advance_seconds {seconds} is not between 0 and {}", most.as_secs())
        })
    }

    fn carry_out(&self, command: &str, Order { flow, party, reason }: &Order) -> Reply {
        let done = {
            let mut shared = self.lock();
            let now = shared.now;
            let state = &mut shared.state;
            match command {
                "sign" => state.sign(flow, Who::at(*party), now).map(|_| ()),
                "reject" => state.refuse(flow, Who::at(*party), reason, now),
                "cancel" => state.end(flow, Status::Cancel, reason, now),
                "expire" => state.end(flow, Status::Deadline, "", now),
                "invalidate" => state.end(flow, Status::Invalid, reason, now),
                _ => state.end(flow, Status::Relieved, reason, now),
            }
        };
        match done {
            Ok(()) => self.show(flow),
            Err(refusal @ Refusal::NoSuchFlow) => refused(StatusCode::NOT_FOUND, &refusal),
            Err(refusal) => refused(StatusCode::CONFLICT, &refusal),
        }
    }

    /// How far a contract is, of whatever organisation.
    fn show(&self, id: &str) -> Reply {
        let shared = self.lock();
        let now = shared.now;
        let Some(flow) = shared.state.flow(id) else {
            return refused(StatusCode::NOT_FOUND, &Refusal::NoSuchFlow);
        };
        let parties = flow.parties().map(|(index, _, progress)| {
            json!({
                "status": flow.standing(index, now),
                "signed_at": progress.signed_at.map(|at| at.as_secs()),
                "reminded": progress.reminded,
            })
        });
        Reply::json(&json!({
            "flow": id,
            "status": flow.status(now).as_str(),
            "reason": flow.reason(),
            "deadline": flow.deadline.as_secs(),
            "composed": flow.composed(now),
            "parties": parties.collect::<Value>(),
        }))
    }
}

fn parsed<T: DeserializeOwned>(wire: &Wire) -> Result<T, String> {
    serde_json::from_slice(&wire.body).map_err(|error| error.to_string())
}

fn refused(status: StatusCode, refusal: &Refusal) -> Reply {
    Reply::text(status, format!("{refusal}\n"))
}

/// Refuses a command with the reason and its usage.
fn usage(command: &str, reason: &str) -> Reply {
    let of = |line: &&str| line.split_whitespace().nth(1) == Some(command);
    let line = THERE_IS.lines().find(of).unwrap_or_default();
    Reply::text(StatusCode::BAD_REQUEST, format!("{reason}; expected {line}\n"))
}
