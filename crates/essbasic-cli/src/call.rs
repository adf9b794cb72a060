//! `essbasic call`: any action by its name.

use essbasic::CallError;
use essbasic::api::ActionInfo;
use essbasic::blocking::Client;
use essbasic::catalogue::validation::violations_in;
use essbasic::catalogue::{ActionMeta, JsonType};
use essbasic::credentials::CredentialError;
use essbasic::transport::Request;
use serde_json::value::RawValue;

use crate::body::Body;
use crate::failure::{Exit, Failure};
use crate::options::Options;
use crate::{explore, interrupt, output, placeholder};

const EXAMPLES: &str = "\
An Agent is filled in from --app-id, --organization and --operator where the action takes one and the
body has none.

Ctrl-C ends the command: a request in flight has one second to end. If its action is not known to be idempotent, its
response is awaited until the timeout of the call, once its connection is established; a second signal ends the command
without it, and the action may have been executed.

Exit status: 0 there is a response, 2 it was interrupted, 1 the call failed, 130 after a second signal.

Examples:
  essbasic call DescribeFlowDetailInfo --body '{\"FlowIds\":[\"yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh\"]}'
  essbasic call DescribeTemplates --body @request.json --dry-run
  essbasic call DescribeZones --service cvm --version 2017-03-12 --region ap-guangzhou";

/// Call any action and print its response as JSON.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CallArgs {
    /// The action's name, such as DescribeFlowDetailInfo.
    action: String,
    /// The request, a JSON object: text, @FILE, or - for stdin.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    body: String,
    /// Call another service.
    #[arg(long, value_name = "NAME", requires = "version")]
    service: Option<String>,
    /// The version of that service, YYYY-MM-DD.
    #[arg(long, value_name = "DATE", requires = "service")]
    version: Option<String>,
    /// The region, for services that have regions.
    #[arg(long)]
    region: Option<String>,
    /// Send the body without checking it against the API's description.
    #[arg(long)]
    unchecked: bool,
    /// Print the signed request instead of sending it.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &CallArgs, options: &Options) -> Result<Exit, Failure> {
    let mut body = Body::read(&args.body)?;
    let info = match (&args.service, &args.version) {
        (Some(service), Some(version)) => ActionInfo::new(service, version, &args.action),
        _ => {
            let meta = explore::action(&args.action).map_err(|failure| {
                Failure::new(format!("{failure} For another service, give --service and --version"))
            })?;
            fill_in_agent(&mut body, meta, options)?;
            if !args.unchecked {
                refuse_violations(&body, meta)?;
            }
            meta.info
        }
    };
    let client = options.client(args.region.as_deref())?;
    if args.dry_run {
        output::line(shown(&preview(&client, info, &body)?))?;
    } else {
        let stop = interrupt::on_signal()?;
        let response: Option<Box<RawValue>> =
            client.client().call_json_cancellable(info, &body, &stop)?;
        let Some(response) = response else {
            output::note(match info.idempotent {
                true => "interrupted: there is no response; the action may be called again",
                false => "interrupted: the action was not executed",
            });
            return Ok(Exit::Partly);
        };
        match info.idempotent {
            true => output::json_text(response.get())?,
            false => output::json_result(response.get())?,
        }
    }
    Ok(Exit::Done)
}

/// Returns the request that would be sent, without a signature if no credential is found.
fn preview(client: &Client, info: ActionInfo<'_>, body: &Body) -> Result<Request, Failure> {
    let absent = |error: &CallError| {
        error.cause().and_then(|e| e.downcast_ref()).is_some_and(CredentialError::is_absent)
    };
    match client.client().preview(info, body) {
        Err(error) if absent(&error) => {
            output::note("no credential is found: the request is shown without its signature");
            let mut request = client.client().preview(info.unsigned(), body)?;
            request.headers.remove("authorization");
            Ok(request)
        }
        result => Ok(result?),
    }
}

/// Returns an error with every violation. The service reports one at a time, some after the action has started.
fn refuse_violations(body: &Body, meta: &ActionMeta) -> Result<(), Failure> {
    let text = body.text()?;
    let found = violations_in(&text, meta.request)
        .map_err(|error| Failure::new(format!("invalid body: {error}")))?;
    let mut reasons: Vec<String> = found.iter().map(ToString::to_string).collect();
    reasons.extend(placeholder::refusal(&String::from_utf8_lossy(&text)));
    if reasons.is_empty() {
        return Ok(());
    }
    let name = meta.info.name;
    let agent = match found.iter().any(|violation| violation.path.starts_with("Agent.")) {
        true => "; the Agent is set by --app-id, --organization and --operator",
        false => "",
    };
    Err(Failure::new(format!(
        "{name} was not called: {}{agent}; see essbasic describe {name}, or send it with --unchecked",
        reasons.join("; ")
    )))
}

fn fill_in_agent(body: &mut Body, meta: &ActionMeta, options: &Options) -> Result<(), Failure> {
    let Some(field) = meta.request.field("Agent") else { return Ok(()) };
    if body.contains("Agent") || !matches!(field.ty, JsonType::Object(_)) {
        return Ok(());
    }
    match options.agent_json() {
        Some(agent) => body.push("Agent", &agent),
        None if field.required => Err(Failure::new(format!(
            "{} requires an Agent; give --app-id, --organization and --operator, or add it to the body",
            meta.info.name
        ))),
        None => Ok(()),
    }
}

/// Formats the request as HTTP text. A signature is valid for this body and five minutes; a session token is
/// a secret.
fn shown(request: &Request) -> String {
    let mut text = format!("{} {}\n", request.method, request.uri);
    for (name, value) in &request.headers {
        let value = match name.as_str() {
            "x-tc-token" => "***",
            _ => value.to_str().unwrap_or("(not ASCII)"),
        };
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&request.body));
    text
}
