//! Conversion of uploaded files to PDF.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::string;
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::pdf::converted::converted;
use crate::state::conversions::Conversion;
use crate::state::ids;
use crate::state::uploads::{Format, Upload};

/// Time until a conversion is reported as finished, by the emulator's clock.
const DURATION: Duration = Duration::from_secs(1);

/// Lifetime of the id of the PDF.
const LIFETIME: Duration = Duration::from_secs(3600);

/// States of a task: being converted, and done.
const PROCESSING: i64 = 4;
const DONE: i64 = 8;

/// `CreateFileConvertTask`: the PDF has one page with the name of the file.
pub(super) fn create(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    check_all(body, context.meta.request)?;
    let file = context.state.uploads.get(string(body, "ResourceId"), context.now);
    let file = file.filter(|file| caller.is(&file.app_id, &file.organization));
    if file.is_none_or(|file| file.format == Format::Pdf) {
        let message = "The file of ResourceId does not exist, has expired, or is a PDF.";
        return Err(context.error("InvalidParameter.InvalidId", message));
    }
    let pdf = converted(string(body, "ResourceName"));
    if !context.state.uploads.has_room(pdf.len(), context.now) {
        let limit = context.state.uploads.max_stored_bytes;
        let message = format!("The emulator stores at most {limit} bytes of uploaded files.");
        return Err(ApiError::new("FailedOperation", message));
    }
    let (task_id, file_id) = (ids::random(), ids::random());
    let upload = Upload {
        app_id: caller.app_id.clone(),
        organization: caller.organization_id.clone(),
        bytes: context.state.uploads.content(pdf),
        format: Format::Pdf,
        expires: context.now.saturating_add(LIFETIME),
    };
    context.state.uploads.insert(file_id.clone(), upload);
    let conversion = Conversion {
        app_id: caller.app_id,
        organization: caller.organization_id,
        file_id,
        ends: context.now.saturating_add(DURATION),
    };
    context.state.conversions.insert(task_id.clone(), conversion);
    Ok(json!({ "TaskId": task_id }))
}

/// `DescribeFileConvertTask`.
pub(super) fn describe(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    check_all(body, context.meta.request)?;
    let task_id = string(body, "TaskId");
    let task = context
        .state
        .conversions
        .get(task_id)
        .filter(|task| caller.is(&task.app_id, &task.organization))
        .ok_or_else(|| context.error("InvalidParameter.ParamError", "The task is not found."))?;
    let (status, message, file_id) = match context.now < task.ends {
        true => (PROCESSING, "Processing", ""),
        false => (DONE, "TaskEnd", task.file_id.as_str()),
    };
    Ok(json!({
        "TaskId": task_id,
        "TaskStatus": status,
        "TaskMessage": message,
        "ResourceId": file_id,
    }))
}
