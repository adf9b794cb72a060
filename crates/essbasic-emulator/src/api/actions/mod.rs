//! Actions that the emulator models.

mod approvers;
mod caller;
mod cancel;
mod convert;
mod create;
mod deadline;
mod fields;
mod query;
mod remind;
mod sign_links;
mod templates;
mod upload;

use serde_json::Value;

use super::context::Context;
use crate::error::ApiError;

/// Function that executes an action with parameters of the right shape, and returns the fields of the response.
type Model = fn(&mut Context<'_>, &Value) -> Result<Value, ApiError>;

/// Modeled actions in alphabetical order.
const MODELS: [(&str, Model); 15] = [
    ("ChannelBatchCancelFlows", cancel::cancel_many),
    ("ChannelCancelFlow", cancel::cancel_one),
    ("ChannelCreateFlowByFiles", create::by_files),
    ("ChannelCreateFlowReminds", remind::remind),
    ("ChannelCreateFlowSignUrl", |context, body| sign_links::for_page(context, body)),
    ("CreateFileConvertTask", convert::create),
    ("CreateFlowsByTemplates", create::by_templates),
    ("CreateSignUrls", |context, body| sign_links::for_mini_program(context, body)),
    ("DescribeCancelFlowsTask", |context, body| cancel::describe_task(context, body)),
    ("DescribeFileConvertTask", |context, body| convert::describe(context, body)),
    ("DescribeFlowDetailInfo", |context, body| query::flow_details(context, body)),
    ("DescribeResourceUrlsByFlows", |context, body| query::resource_urls(context, body)),
    ("DescribeTemplates", |context, body| templates::describe(context, body)),
    ("ModifyFlowDeadline", deadline::modify),
    ("UploadFiles", upload::upload),
];

/// Returns the names of the actions that the emulator models, in alphabetical order.
///
/// With [`Builder::with_encryption`](crate::Builder::with_encryption) it also models `CreateRequestWithEncryption`. The
/// parameters of any other action are checked, and its response is a stub of the described shape.
pub fn modeled_actions() -> impl Iterator<Item = &'static str> {
    MODELS.into_iter().map(|(name, _)| name)
}

/// Executes an action; returns `None` if it is not modeled.
pub(super) fn run(context: &mut Context<'_>, body: &Value) -> Option<Result<Value, ApiError>> {
    let name = context.meta.info.name;
    let (_, model) = MODELS.into_iter().find(|(modeled, _)| *modeled == name)?;
    Some(model(context, body))
}
