//! `ModifyFlowDeadline`: extension of the deadline of a contract or of a party.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::{string, time};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::flow::{Flow, Status};

/// Extends a deadline: the new one must be later than the current one and than now.
pub(super) fn modify(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let id = string(body, "FlowId");
    let flow = caller.flow(context, id, "OperationDenied.NoFlowPermission")?;
    if flow.terms.group.is_some() {
        let message = "The deadline of contracts in a group cannot be extended.";
        return Err(context.error("UnsupportedOperation", message));
    }
    let status = flow.status(context.now);
    if !matches!(status, Status::Init | Status::Part) {
        let status = status.as_str();
        let message =
            format!("The deadline of a contract with status {status} cannot be extended.");
        return Err(context.error("FailedOperation", message));
    }
    let invalid = |message: &str| context.error("InvalidParameter.ParamError", message);
    let recipient = string(body, "RecipientId");
    let party = match recipient {
        "" => None,
        _ => Some(
            party_index(flow, recipient)
                .ok_or_else(|| invalid("RecipientId does not match a party."))?,
        ),
    };
    let (current, max) = match party {
        None => (flow.deadline, None),
        Some(index) => limits(context, flow, index)?,
    };
    let deadline = time(body, "Deadline").unwrap_or_default();
    if deadline <= context.now || deadline <= current {
        return Err(invalid("Deadline must be later than now and the current deadline."));
    }
    if max.is_some_and(|max| deadline > max || deadline >= flow.deadline) {
        return Err(invalid(
            "Deadline must not be after the deadline of the next party, and must be before that of the contract.",
        ));
    }
    check_all(body, context.meta.request)?;
    context.state.set_deadline(id, party, deadline);
    Ok(json!({}))
}

fn party_index(flow: &Flow, recipient: &str) -> Option<usize> {
    (0..flow.terms.parties.len()).find(|index| flow.recipient_id(*index) == recipient)
}

/// Returns the current deadline of a party, and its maximum: the deadline of the next party.
fn limits(
    context: &Context<'_>,
    flow: &Flow,
    index: usize,
) -> Result<(Duration, Option<Duration>), ApiError> {
    if flow.approve_status(index, context.now) != "PENDING" {
        let message = "The party has signed, or its deadline has passed.";
        return Err(context.error("FailedOperation", message));
    }
    let own = |index: usize| flow.progress.get(index).and_then(|party| party.deadline);
    let next = if flow.terms.unordered { None } else { own(index + 1) };
    // A party without its own deadline has that of the contract, which cannot be extended here.
    let [current, next] = [own(index), next].map(|own| own.unwrap_or(flow.deadline));
    Ok((current, Some(next)))
}
