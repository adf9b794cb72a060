use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::PossibleValuesParser;
use essbasic_explorer::data::signature::{Missing, SignFailure, SignRequest, sign};
use essbasic_explorer::data::verify::{VerifyRequest, verify};

use crate::cause::Cause;
use crate::failure::{Exit, Failure};
use crate::input::{self, Secret};
use crate::output;

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
    let request = SignRequest {
        secret_id: Some(secret_id.to_owned()),
        secret_key: Some(secret_key.to_owned()),
        service: Some(args.service.clone()),
        host: args.host.clone(),
        action: args.action.clone(),
        two_headers: args.two_headers,
        timestamp: args.timestamp,
        method: Some(args.method.clone()),
        path: Some(args.path.clone()),
        query: Some(args.query.clone()),
        content_type: args.content_type.clone(),
        payload: input::body(&args.payload)?,
        unsigned_payload: args.unsigned_payload,
    };
    let Some(authorization) = &args.verify else {
        let signature = sign(&request, None, now()).map_err(failed)?.signature;
        match args.authorization {
            true => output::line(&signature.authorization)?,
            false => output::json(&signature)?,
        }
        return Ok(Exit::Done);
    };
    let request =
        VerifyRequest { request, authorization: Some(authorization.clone()), ..Default::default() };
    let verdict = verify(&request, None, now()).map_err(failed)?;
    output::json(&verdict)?;
    Ok(Exit::when_complete(verdict.matches))
}

fn failed(failure: SignFailure) -> Failure {
    match &failure {
        SignFailure::InvalidKeys(reason) => {
            Failure::new(format!("{reason}; see --secret-id, --secret-key and their variables"))
        }
        SignFailure::Missing(missing) => {
            let options = missing.iter().filter_map(|missing| match missing {
                Missing::Timestamp => Some("--timestamp, the header X-TC-Timestamp"),
                Missing::Action => Some("--action, the header X-TC-Action"),
                _ => None,
            });
            let options = options.collect::<Vec<_>>().join(", and ");
            Failure::new(format!("--verify needs further parts of the request; give {options}"))
        }
        _ => Failure::from(Cause::new(&failure, failure.hint())),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
