//! Contracts that are withdrawn.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Context, caller, longer, strings, text};
use crate::api::check::check_all;
use crate::error::ApiError;
use crate::state::cancel_tasks::CancelTask;
use crate::state::flow::{Refusal, Status};
use crate::state::ids;

const MOST_REASON: usize = 200;
const MOST_FLOWS: usize = 100;

/// The reason where none is given for many.
const DEFAULT_REASON: &str = "自动撤销（通过接口实现）";

/// What the service says of those that it can't withdraw.
const WRONG_STATE: &str = "合同当前状态不支持撤销";
const NOT_FOUND: &str = "合同信息不存在或非本企业发起的合同";

/// How long a task takes, by the emulator's clock.
const TASK: Duration = Duration::from_secs(1);

/// `ChannelCancelFlow`.
pub(super) fn one(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let (id, reason) = (text(body, "FlowId"), text(body, "CancelMessage"));
    if longer(reason, MOST_REASON) {
        let message = format!("CancelMessage is longer than {MOST_REASON} characters.");
        return Err(context.error("InvalidParameter.CancelReason", message));
    }
    context.flow(&caller, id, "OperationDenied.Forbid")?;
    check_all(body, context.meta.request)?;
    match context.state.end(id, Status::Cancel, reason, context.now) {
        Ok(()) => Ok(json!({})),
        Err(refusal) => Err(refused(context, &refusal)),
    }
}

fn refused(context: &Context<'_>, refusal: &Refusal) -> ApiError {
    context.error("OperationDenied.FlowHasTerminated", format!("{refusal}."))
}

/// `ChannelBatchCancelFlows`: those that can be are withdrawn at once, but the task tells of it only
/// later.
pub(super) fn many(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let invalid = |context: &Context<'_>, message: String| {
        context.error("InvalidParameter.ParamError", message)
    };
    let flow_ids = strings(body, "FlowIds");
    if flow_ids.is_empty() || flow_ids.len() > MOST_FLOWS {
        return Err(invalid(context, format!("FlowIds takes 1 to {MOST_FLOWS} ids.")));
    }
    let reason = match text(body, "CancelMessage") {
        "" => DEFAULT_REASON,
        reason if longer(reason, MOST_REASON) => {
            let message = format!("CancelMessage is longer than {MOST_REASON} characters.");
            return Err(invalid(context, message));
        }
        reason => reason,
    };
    check_all(body, context.meta.request)?;
    let mut task = CancelTask {
        app_id: caller.app_id.clone(),
        organization: caller.organization_id.clone(),
        flow_ids: flow_ids.iter().map(|id| (*id).to_owned()).collect(),
        withdrawn: Vec::new(),
        failed: Vec::new(),
        ends: context.now.saturating_add(TASK),
    };
    if context.state.tasks.repeats(&task, context.now) {
        let message = "The same contracts are being withdrawn already.";
        return Err(context.error("InvalidParameter.DupTask", message));
    }
    let mut messages = Vec::new();
    for id in flow_ids {
        let owned = context.state.flow(id).is_some_and(|flow| caller.owns(flow));
        let ended = owned.then(|| context.state.end(id, Status::Cancel, reason, context.now));
        let why = match ended {
            Some(Ok(())) => {
                task.withdrawn.push(id.to_owned());
                messages.push(String::new());
                continue;
            }
            Some(Err(_)) => WRONG_STATE,
            None => NOT_FOUND,
        };
        task.failed.push((id.to_owned(), why));
        messages.push(format!("合同流程Id:{id},无法撤回，错误信息：{why}"));
    }
    if task.failed.is_empty() {
        messages.clear();
    }
    let task_id = ids::random();
    context.state.tasks.keep(task_id.clone(), task);
    Ok(json!({ "FailMessages": messages, "TaskId": task_id }))
}

/// `DescribeCancelFlowsTask`.
pub(super) fn task(context: &Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    check_all(body, context.meta.request)?;
    let task_id = text(body, "TaskId");
    // Tasks of the other kind come from an action that is not modelled.
    let of_flows = body.get("CancelType").and_then(Value::as_i64).unwrap_or_default() == 0;
    let found = context
        .state
        .tasks
        .get(task_id)
        .filter(|task| of_flows && caller.is(&task.app_id, &task.organization));
    let task = found.ok_or_else(|| context.error("ResourceNotFound", "The task is not found."))?;
    if context.now < task.ends {
        return Ok(json!({
            "TaskId": task_id,
            "TaskStatus": "PROCESSING",
            "SuccessFlowIds": [],
            "FailureFlows": [],
        }));
    }
    let failure = |(id, reason): &(String, &'static str)| {
        let name = context.state.flow(id).filter(|flow| caller.owns(flow));
        let name = name.map_or("", |flow| flow.terms.name.as_str());
        json!({ "FlowId": id, "Reason": reason, "FlowName": name })
    };
    Ok(json!({
        "TaskId": task_id,
        "TaskStatus": "END",
        "SuccessFlowIds": task.withdrawn,
        "FailureFlows": task.failed.iter().map(failure).collect::<Value>(),
    }))
}
