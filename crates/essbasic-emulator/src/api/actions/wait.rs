//! While signatures are awaited: reminders, and more time.

use std::time::Duration;

use serde_json::{Value, json};

use super::query::{NO_PERMISSION, NO_SUCH_FLOW};
use super::{Answer, Context, caller, strings, text, time};
use crate::api::check::check_all;
use crate::error::ApiError;
use crate::state::flow::{Flow, Status};

const MOST_REMINDED: usize = 100;

/// `ChannelCreateFlowReminds`: everybody who has yet to sign, once.
pub(super) fn remind(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let ids = strings(body, "FlowIds");
    if ids.is_empty() || ids.len() > MOST_REMINDED {
        let message = format!("FlowIds takes 1 to {MOST_REMINDED} ids.");
        return Err(context.error("InvalidParameterValue", message));
    }
    check_all(body, context.meta.request)?;
    let mut records = Vec::new();
    for id in ids {
        let waiting = match context.state.flow(id) {
            None => Err(NO_SUCH_FLOW.to_owned()),
            Some(flow) if !caller.owns(flow) => Err(NO_PERMISSION.to_owned()),
            Some(flow) => waiting(flow, context.now),
        };
        let (can, message) = match waiting {
            Err(why) => (false, why),
            Ok(waiting) => {
                let mut message = String::new();
                for (party, name) in waiting {
                    let done = match context.state.remind(id, party) {
                        true => "催办成功",
                        false => "此签署人已催办过",
                    };
                    message += &format!("签署人 {name}: {done}；");
                }
                (true, message)
            }
        };
        records.push(json!({ "CanRemind": can, "FlowId": id, "RemindMessage": message }));
    }
    Ok(json!({ "RemindFlowRecords": records }))
}

/// Those who have yet to sign, or why nobody has.
fn waiting(flow: &Flow, now: Duration) -> Result<Vec<(usize, String)>, String> {
    match flow.status(now) {
        Status::Init | Status::Part => {
            let pending =
                flow.parties().filter(|(index, ..)| flow.standing(*index, now) == "PENDING");
            Ok(pending.map(|(index, party, _)| (index, party.name.clone())).collect())
        }
        status => Err(format!("The contract is {}: nobody has to sign.", status.as_str())),
    }
}

/// `ModifyFlowDeadline`: later than the present one and than now.
pub(super) fn postpone(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let id = text(body, "FlowId");
    let flow = context.flow(&caller, id, "OperationDenied.NoFlowPermission")?;
    if flow.terms.group.is_some() {
        let message = "The contracts of a group cannot be extended.";
        return Err(context.error("UnsupportedOperation", message));
    }
    let status = flow.status(context.now);
    if !matches!(status, Status::Init | Status::Part) {
        let message = format!("The contract is {}: it cannot be extended.", status.as_str());
        return Err(context.error("FailedOperation", message));
    }
    let invalid = |message: &str| context.error("InvalidParameter.ParamError", message);
    let recipient = text(body, "RecipientId");
    let party = if recipient.is_empty() { None } else { Some(place(flow, recipient)) };
    let party = party.map(|place| place.ok_or_else(|| invalid("RecipientId is nobody's.")));
    let party = party.transpose()?;
    let (present, latest) = match party {
        None => (flow.deadline, None),
        Some(place) => bounds(context, flow, place)?,
    };
    let deadline = time(body, "Deadline").unwrap_or_default();
    if deadline <= context.now || deadline <= present {
        return Err(invalid("Deadline is not later than now and the present one."));
    }
    let too_late = |latest| deadline > latest || deadline >= flow.deadline;
    if latest.is_some_and(too_late) {
        return Err(invalid("Deadline is past the next signer's, or not before the contract's."));
    }
    check_all(body, context.meta.request)?;
    context.state.postpone(id, party, deadline);
    Ok(json!({}))
}

fn place(flow: &Flow, recipient: &str) -> Option<usize> {
    (0..flow.terms.parties.len()).find(|index| flow.recipient_id(*index) == recipient)
}

/// A signer's present deadline, and the next signer's, past which it must not go.
fn bounds(
    context: &Context<'_>,
    flow: &Flow,
    place: usize,
) -> Result<(Duration, Option<Duration>), ApiError> {
    if flow.standing(place, context.now) != "PENDING" {
        let message = "The signer has signed, or their deadline has passed.";
        return Err(context.error("FailedOperation", message));
    }
    let own = |index: usize| flow.progress.get(index).and_then(|party| party.deadline);
    let next = if flow.terms.unordered { None } else { own(place + 1) };
    // One who has as long as the contract could only be given less, which is no extension.
    let [present, next] = [own(place), next].map(|own| own.unwrap_or(flow.deadline));
    Ok((present, Some(next)))
}
