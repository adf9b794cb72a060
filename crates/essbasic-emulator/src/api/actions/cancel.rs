//! Cancelling of contracts.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::{is_longer, string, strings};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::cancel_tasks::CancelTask;
use crate::state::flow::Status;
use crate::state::ids;

/// Maximum length of a reason, in characters.
const MAX_REASON: usize = 200;

const MAX_FLOWS: usize = 100;

/// Reason of `ChannelBatchCancelFlows` if the request has none.
const DEFAULT_REASON: &str = "自动撤销（通过接口实现）";

/// Messages of the service for contracts that cannot be cancelled.
const WRONG_STATUS: &str = "合同当前状态不支持撤销";
const NOT_FOUND: &str = "合同信息不存在或非本企业发起的合同";

/// Time until a task is reported as finished, by the emulator's clock.
const TASK_DURATION: Duration = Duration::from_secs(1);

/// `ChannelCancelFlow`.
pub(super) fn cancel_one(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let (id, reason) = (string(body, "FlowId"), string(body, "CancelMessage"));
    if is_longer(reason, MAX_REASON) {
        let message = format!("CancelMessage is longer than {MAX_REASON} characters.");
        return Err(context.error("InvalidParameter.CancelReason", message));
    }
    caller.flow(context, id, "OperationDenied.Forbid")?;
    check_all(body, context.meta.request)?;
    match context.state.end(id, Status::Cancel, reason, context.now) {
        Ok(()) => Ok(json!({})),
        Err(error) => {
            let message = format!("The contract cannot be cancelled: {error}.");
            Err(context.error("OperationDenied.FlowHasTerminated", message))
        }
    }
}

/// `ChannelBatchCancelFlows`: contracts are cancelled at once, but the task is reported as finished later.
pub(super) fn cancel_many(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let invalid = |context: &Context<'_>, message: String| {
        context.error("InvalidParameter.ParamError", message)
    };
    let flow_ids = strings(body, "FlowIds");
    if flow_ids.is_empty() || flow_ids.len() > MAX_FLOWS {
        let message = format!("FlowIds has {} ids; expected 1 to {MAX_FLOWS}.", flow_ids.len());
        return Err(invalid(context, message));
    }
    let reason = match string(body, "CancelMessage") {
        "" => DEFAULT_REASON,
        reason if is_longer(reason, MAX_REASON) => {
            let message = format!("CancelMessage is longer than {MAX_REASON} characters.");
            return Err(invalid(context, message));
        }
        reason => reason,
    };
    check_all(body, context.meta.request)?;
    let mut task = CancelTask {
        app_id: caller.app_id.clone(),
        organization: caller.organization_id.clone(),
        flow_ids: flow_ids.iter().map(|id| (*id).to_owned()).collect(),
        cancelled: Vec::new(),
        failed: Vec::new(),
        ends: context.now.saturating_add(TASK_DURATION),
    };
    if context.state.cancel_tasks.is_duplicate(&task, context.now) {
        let message = "A task for the same contracts is in progress.";
        return Err(context.error("InvalidParameter.DupTask", message));
    }
    let mut messages = Vec::new();
    for id in flow_ids {
        let owned = context.state.flow(id).is_some_and(|flow| caller.owns(flow));
        let result = owned.then(|| context.state.end(id, Status::Cancel, reason, context.now));
        let reason = match result {
            Some(Ok(())) => {
                task.cancelled.push(id.to_owned());
                messages.push(String::new());
                continue;
            }
            Some(Err(_)) => WRONG_STATUS,
            None => NOT_FOUND,
        };
        task.failed.push((id.to_owned(), reason));
        messages.push(format!("合同流程Id:{id},无法撤回，错误信息：{reason}"));
    }
    if task.failed.is_empty() {
        messages.clear();
    }
    let task_id = ids::random();
    context.state.cancel_tasks.insert(task_id.clone(), task);
    Ok(json!({ "FailMessages": messages, "TaskId": task_id }))
}

/// `DescribeCancelFlowsTask`.
pub(super) fn describe_task(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    check_all(body, context.meta.request)?;
    let task_id = string(body, "TaskId");
    // Tasks of other types are created by an action that is not modeled.
    let cancels_flows = body.get("CancelType").and_then(Value::as_i64).unwrap_or_default() == 0;
    let task = context
        .state
        .cancel_tasks
        .get(task_id)
        .filter(|task| cancels_flows && caller.is(&task.app_id, &task.organization))
        .ok_or_else(|| context.error("ResourceNotFound", "The task is not found."))?;
    if context.now < task.ends {
        return Ok(json!({
            "TaskId": task_id,
            "TaskStatus": "PROCESSING",
            "SuccessFlowIds": [],
            "FailureFlows": [],
        }));
    }
    let failure = |(id, reason): &(String, &'static str)| {
        let flow = context.state.flow(id).filter(|flow| caller.owns(flow));
        let name = flow.map_or("", |flow| flow.terms.name.as_str());
        json!({ "FlowId": id, "Reason": reason, "FlowName": name })
    };
    Ok(json!({
        "TaskId": task_id,
        "TaskStatus": "END",
        "SuccessFlowIds": task.cancelled,
        "FailureFlows": task.failed.iter().map(failure).collect::<Value>(),
    }))
}
