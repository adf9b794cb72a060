//! The actions that the emulator models, on checked parameters.

mod cancel;
mod files;
mod parties;
mod query;
mod start;
mod templates;
mod urls;
mod wait;

use std::time::Duration;

use serde_json::Value;
use tc3_catalogue::ActionMeta;

use crate::error::ApiError;
use crate::state::State;
use crate::state::flow::Flow;
use crate::state::links::{LIFETIME, Links, Target};

/// What an action works with.
pub(crate) struct Context<'a> {
    pub(crate) meta: &'static ActionMeta,
    pub(crate) state: &'a mut State,
    pub(crate) links: &'a Links,
    pub(crate) endpoint: &'a str,
    pub(crate) now: Duration,
}

impl Context<'_> {
    /// An error under this code, or under its first part where the action is not known to answer
    /// with the whole.
    fn error(&self, code: &'static str, message: impl Into<String>) -> ApiError {
        let general = code.split_once('.').map_or(code, |(general, _)| general);
        let code = if self.meta.errors.contains(&code) { code } else { general };
        ApiError::new(code, message)
    }

    /// The contract, which must be the caller's.
    fn flow(&self, caller: &Caller, id: &str, others: &'static str) -> Result<&Flow, ApiError> {
        let flow = self
            .state
            .flow(id)
            .ok_or_else(|| self.error("ResourceNotFound.Flow", "The contract is not found."))?;
        if caller.owns(flow) {
            Ok(flow)
        } else {
            Err(self.error(others, "The contract is another organisation's."))
        }
    }

    /// A link to a file, for five minutes.
    fn file_link(&self, target: Target<'_>, number: usize) -> String {
        format!("{}{}", self.endpoint, self.links.make(target, number, LIFETIME, self.now))
    }
}

type Answer = Result<Value, ApiError>;

type Model = fn(&mut Context<'_>, &Value) -> Answer;

/// The modelled actions, in alphabetical order.
const MODELS: [(&str, Model); 13] = [
    ("ChannelBatchCancelFlows", cancel::many),
    ("ChannelCancelFlow", cancel::one),
    ("ChannelCreateFlowByFiles", start::by_files),
    ("ChannelCreateFlowReminds", wait::remind),
    ("ChannelCreateFlowSignUrl", |context, body| urls::for_h5(context, body)),
    ("CreateFlowsByTemplates", start::by_templates),
    ("CreateSignUrls", |context, body| urls::for_mini_program(context, body)),
    ("DescribeCancelFlowsTask", |context, body| cancel::task(context, body)),
    ("DescribeFlowDetailInfo", |context, body| query::flow_details(context, body)),
    ("DescribeResourceUrlsByFlows", |context, body| query::resource_urls(context, body)),
    ("DescribeTemplates", |context, body| templates::list(context, body)),
    ("ModifyFlowDeadline", wait::postpone),
    ("UploadFiles", files::upload),
];

/// Returns the names of the actions that the emulator models, in alphabetical order.
///
/// With [`Builder::encryption`](crate::Builder::encryption) it also models `CreateRequestWithEncryption`. Any
/// other action is checked and answered with data of the right shape.
pub fn modelled_actions() -> impl Iterator<Item = &'static str> {
    MODELS.into_iter().map(|(name, _)| name)
}

/// Runs the action; `None` where the emulator does not model it.
pub(crate) fn run(context: &mut Context<'_>, body: &Value) -> Option<Answer> {
    let name = context.meta.info.name;
    let (_, model) = MODELS.into_iter().find(|(known, _)| *known == name)?;
    Some(model(context, body))
}

/// Who calls, found in what the service knows.
struct Caller {
    app_id: String,
    organization_id: String,
}

impl Caller {
    fn owns(&self, flow: &Flow) -> bool {
        self.is(&flow.terms.app_id, &flow.terms.organization)
    }

    fn is(&self, app_id: &str, organization_id: &str) -> bool {
        (self.app_id.as_str(), self.organization_id.as_str()) == (app_id, organization_id)
    }
}

/// Resolves `Agent`: application, sub-organisation and operator.
fn caller(context: &Context<'_>, body: &Value) -> Result<Caller, ApiError> {
    let agent = |path| body.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let app_id = agent("/Agent/AppId");
    let organization_id = agent("/Agent/ProxyOrganizationOpenId");
    let operator = agent("/Agent/ProxyOperator/OpenId");
    if app_id.is_empty() {
        return Err(ApiError::missing("Agent.AppId"));
    }
    let app = context.state.applications.get(app_id).ok_or_else(|| {
        context
            .error("ResourceNotFound.Application", "The application of Agent.AppId is not found.")
    })?;
    if organization_id.is_empty() {
        return Err(ApiError::missing("Agent.ProxyOrganizationOpenId"));
    }
    let organization = app.organizations.get(organization_id).ok_or_else(|| {
        context.error(
            "ResourceNotFound.Organization",
            "The organisation of Agent.ProxyOrganizationOpenId is not found.",
        )
    })?;
    if operator.is_empty() {
        return Err(
            context.error("MissingParameter.UserOpenId", "Agent.ProxyOperator.OpenId is missing.")
        );
    }
    if !organization.operators.iter().any(|known| known == operator) {
        return Err(context.error(
            "OperationDenied.UserNotInOrganization",
            "The user of Agent.ProxyOperator.OpenId is not in the organisation.",
        ));
    }
    Ok(Caller { app_id: app_id.to_owned(), organization_id: organization_id.to_owned() })
}

/// Refuses what would make another thing of the contract than the emulator does.
fn refuse_unmodelled(object: &Value, members: &[&str]) -> Result<(), ApiError> {
    let asked = |member: &&&str| {
        let value = object.get(**member);
        value.is_some_and(|value| ![Value::Null, false.into(), 0.into(), "".into()].contains(value))
    };
    match members.iter().find(asked) {
        None => Ok(()),
        Some(member) => Err(unmodelled(member)),
    }
}

fn unmodelled(what: &str) -> ApiError {
    ApiError::new("UnsupportedOperation", format!("The emulator does not model {what}."))
}

/// Text of a request; empty where it is absent.
fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn flag(object: &Value, member: &str) -> bool {
    object.get(member).and_then(Value::as_bool).unwrap_or_default()
}

fn list<'a>(object: &'a Value, member: &str) -> &'a [Value] {
    object.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn strings<'a>(object: &'a Value, member: &str) -> Vec<&'a str> {
    list(object, member).iter().filter_map(Value::as_str).collect()
}

/// A point in time that a request names, in seconds; nothing where it is absent or zero.
fn time(object: &Value, member: &str) -> Option<Duration> {
    let seconds = object.get(member).and_then(Value::as_i64).filter(|seconds| *seconds != 0)?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

fn longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}
