//! `ChannelCreateFlowReminds`: reminders of parties that have not signed.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::strings;
use super::query::{NO_PERMISSION, NO_SUCH_FLOW};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::flow::{Flow, Status};

const MAX_FLOWS: usize = 100;

/// Reminds each party that has not signed. A party is reminded once.
pub(super) fn remind(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let ids = strings(body, "FlowIds");
    if ids.is_empty() || ids.len() > MAX_FLOWS {
        let message = format!("FlowIds has {} ids; expected 1 to {MAX_FLOWS}.", ids.len());
        return Err(context.error("InvalidParameterValue", message));
    }
    check_all(body, context.meta.request)?;
    let mut records = Vec::new();
    for id in ids {
        let pending = match context.state.flow(id) {
            None => Err(NO_SUCH_FLOW.to_owned()),
            Some(flow) if !caller.owns(flow) => Err(NO_PERMISSION.to_owned()),
            Some(flow) => pending(flow, context.now),
        };
        let (can_remind, message) = match pending {
            Err(reason) => (false, reason),
            Ok(pending) => {
                let mut message = String::new();
                for (party, name) in pending {
                    let result = match context.state.remind(id, party) {
                        true => "催办成功",
                        false => "此签署人已催办过",
                    };
                    message += &format!("签署人 {name}: {result}；");
                }
                (true, message)
            }
        };
        records.push(json!({ "CanRemind": can_remind, "FlowId": id, "RemindMessage": message }));
    }
    Ok(json!({ "RemindFlowRecords": records }))
}

/// Returns indexes and names of the parties that have not signed.
fn pending(flow: &Flow, now: Duration) -> Result<Vec<(usize, String)>, String> {
    match flow.status(now) {
        Status::Init | Status::Part => {
            let pending =
                flow.parties().filter(|(index, ..)| flow.approve_status(*index, now) == "PENDING");
            Ok(pending.map(|(index, party, _)| (index, party.name.clone())).collect())
        }
        status => Err(format!("No party can sign a contract with status {}.", status.as_str())),
    }
}
