//! What the real service does not have: a look inside, and a hand on contracts and the clock.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::flow::{Refusal, Status, Who};
use crate::service::{Reply, Service};
use crate::wire::Wire;

const THERE_IS: &str = "\
GET  flows       the ids of all contracts, one a line
GET  flows/ID    how far a contract is
GET  stats       what the emulator has done
POST clock       {\"advance_seconds\": SECONDS}
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
#[serde(deny_unknown_fields)]
struct Order {
    flow: String,
    #[serde(default)]
    party: Option<usize>,
    #[serde(default)]
    reason: String,
}

/// What is to go wrong from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    #[serde(default)]
    seed: u64,
    faults: Vec<Fault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

impl Service {
    /// Answers below `/_emulator/`.
    pub(crate) fn control(&self, wire: &Wire, command: &str) -> Reply {
        match (wire.method.as_str(), command) {
            ("GET", "flows") => {
                let state = self.state();
                let ids: String = state.world.flows().flat_map(|flow| [&*flow.id, "\n"]).collect();
                Reply::text(StatusCode::OK, ids)
            }
            ("GET", "stats") => Reply::json(&json!(self.stats())),
            ("POST", "clock") => {
                let advance: Option<Advance> = parsed(wire);
                match advance.map(|advance| Duration::try_from_secs_f64(advance.advance_seconds)) {
                    Some(Ok(by)) => {
                        self.advance(by);
                        Reply::json(&json!({ "now": self.clock.now().as_secs() }))
                    }
                    _ => usage("clock"),
                }
            }
            ("POST", "faults") => match parsed::<Wrong>(wire) {
                Some(wrong) => {
                    self.faults.set(wrong.faults, wrong.seed);
                    Reply::json(&json!({}))
                }
                None => usage("faults"),
            },
            ("POST", "sign" | "reject" | "cancel" | "expire" | "invalidate" | "relieve") => {
                match parsed(wire) {
                    Some(order) => self.carry_out(command, &order),
                    None => usage(command),
                }
            }
            ("GET", command) => match command.strip_prefix("flows/") {
                Some(id) => self.show(id),
                None => Reply::text(StatusCode::NOT_FOUND, THERE_IS),
            },
            _ => Reply::text(StatusCode::NOT_FOUND, THERE_IS),
        }
    }

    fn carry_out(&self, command: &str, Order { flow, party, reason }: &Order) -> Reply {
        let done = {
            let mut state = self.state();
            let now = state.now;
            let world = &mut state.world;
            match command {
                "sign" => world.sign(flow, Who::at(*party), now).map(|_| ()),
                "reject" => world.refuse(flow, Who::at(*party), reason, now),
                "cancel" => world.end(flow, Status::Cancel, reason, now),
                "expire" => world.end(flow, Status::Deadline, "", now),
                "invalidate" => world.end(flow, Status::Invalid, reason, now),
                _ => world.end(flow, Status::Relieved, reason, now),
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
        let state = self.state();
        let now = state.now;
        let Some(flow) = state.world.flow(id) else {
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

fn parsed<T: DeserializeOwned>(wire: &Wire) -> Option<T> {
    serde_json::from_slice(&wire.body).ok()
}

fn refused(status: StatusCode, refusal: &Refusal) -> Reply {
    Reply::text(status, format!("{refusal}\n"))
}

/// How a command is given.
fn usage(command: &str) -> Reply {
    let of = |line: &&str| line.split_whitespace().nth(1) == Some(command);
    let line = THERE_IS.lines().find(of).unwrap_or_default();
    Reply::text(StatusCode::BAD_REQUEST, format!("{line}\n"))
}
