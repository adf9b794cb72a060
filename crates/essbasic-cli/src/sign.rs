use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::PossibleValuesParser;
use essbasic::credentials::Credential;
use tc3_signer::{Payload, Request};

use crate::failure::{Exit, Failure};
use crate::input::{self, Secret};
use crate::signature::{Signed, Subject};
use crate::{output, verify};

const EXAMPLES: &str = "\
With --action, the headers content-type;host;x-tc-action are signed; without it, or with
--two-headers, content-type;host, as the official SDKs do.

--verify needs --timestamp, the header X-TC-Timestamp of the request, and --action, the header X-TC-Action, if that is
signed.

Exit status with --verify: 0 the signature holds, 2 it does not, 1 it could not be checked.

Examples:
  essbasic sign --action DescribeFlowDetailInfo --payload '{\"FlowIds\":[\"yDwi8UUckpo5fz9c\"]}'
  essbasic sign --timestamp 1551113065 --payload @body.json --verify 'TC3-HMAC-SHA256 Credential=...'";

/// Print the TC3-HMAC-SHA256 signature of a request, with every intermediate value.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SignArgs {
    /// The SecretId.
    #[arg(long, value_name = "ID", env = "TENCENTCLOUD_SECRET_ID", hide_env_values = true)]
    pub(crate) secret_id: Option<String>,
    /// The SecretKey. The variable keeps it out of the process list.
    #[arg(
        long,
        value_name = "KEY",
        env = "TENCENTCLOUD_SECRET_KEY",
        hide_env_values = true,
        allow_hyphen_values = true
    )]
    pub(crate) secret_key: Option<Secret>,
    /// The service of the credential scope.
    #[arg(long, value_name = "NAME", default_value = "essbasic")]
    pub(crate) service: String,
    /// The Host header, with its port if it has one [default: SERVICE.tencentcloudapi.com]
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// The X-TC-Action header, to be signed.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Leave the action unsigned.
    #[arg(long, visible_alias = "without-action")]
    pub(crate) two_headers: bool,
    /// Seconds since the Unix epoch [default: now]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timestamp: Option<u64>,
    /// The method.
    #[arg(long, default_value = "POST", ignore_case = true, value_parser = PossibleValuesParser::new(["POST", "GET"]))]
    pub(crate) method: String,
    /// The path, percent-encoded.
    #[arg(long, default_value = "/")]
    pub(crate) path: String,
    /// The query string, without the question mark.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) query: String,
    /// The Content-Type header [default: application/json; application/x-www-form-urlencoded for GET]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// The body: text, @FILE, or - for stdin.
    #[arg(
        long,
        value_name = "BODY",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub(crate) payload: String,
    /// Exclude the body from the signature (X-TC-Content-SHA256: UNSIGNED-PAYLOAD).
    #[arg(long)]
    pub(crate) unsigned_payload: bool,
    /// Print only the Authorization header, for a script.
    #[arg(long, conflicts_with = "verify")]
    authorization: bool,
    /// Check this Authorization header, and report the first difference.
    #[arg(long, value_name = "AUTHORIZATION")]
    pub(crate) verify: Option<String>,
}

pub(crate) fn run(args: &SignArgs) -> Result<Exit, Failure> {
    let secret_id = args.secret_id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| {
        Failure::new("no SecretId; set TENCENTCLOUD_SECRET_ID or give --secret-id")
    })?;
    let key = args.secret_key.as_ref().map(Secret::expose).filter(|key| !key.is_empty());
    let secret_key = key.ok_or_else(|| {
        Failure::new("no SecretKey; set TENCENTCLOUD_SECRET_KEY or give --secret-key")
    })?;
    if args.verify.is_none() {
        // Published samples replace parts of their keys by asterisks.
        let plain = |text: &str| text.replace('*', "x");
        Credential::new(plain(secret_id), plain(secret_key)).validate().map_err(|error| {
            Failure::new(format!("{error}; see --secret-id, --secret-key and their variables"))
        })?;
    }
    if let Some(authorization) = &args.verify {
        verify::check_complete(args.timestamp, args.action.as_deref(), authorization)?;
    }
    let default_host = format!("{}.tencentcloudapi.com", args.service);
    let body = input::body(&args.payload)?;
    let method = args.method.to_ascii_uppercase();
    let action = args.action.as_deref();
    let subject = Subject {
        secret_id,
        secret_key,
        service: &args.service,
        timestamp: args.timestamp.unwrap_or_else(now),
        request: Request {
            method: &method,
            path: &args.path,
            query: &args.query,
            content_type: args.content_type.as_deref().unwrap_or(match &*method {
                "GET" => "application/x-www-form-urlencoded",
                _ => "application/json",
            }),
            host: args.host.as_deref().unwrap_or(&default_host),
            action: action.filter(|_| !args.two_headers),
            extra: &[],
            payload: match args.unsigned_payload {
                true => Payload::Unsigned,
                false => Payload::Signed(&body),
            },
        },
        action,
        body: &body,
    };
    match &args.verify {
        Some(authorization) => verify::run(&subject, authorization),
        None => {
            let explanation = subject.explain()?;
            match args.authorization {
                true => output::line(&explanation.authorization)?,
                false => output::json(&Signed::from(&explanation))?,
            }
            Ok(Exit::Done)
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
