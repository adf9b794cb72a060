//! `tc3 call`: any action of any service by its name.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::value::RawValue;
use tc3_client::api::ActionInfo;
use tc3_client::blocking::Client;
use tc3_client::credentials::{CredentialError, Profile, default_chain};
use tc3_client::transport::{Proxy, Request, TransportConfig};
use tc3_client::{BaseUrl, Config, Endpoint, Error, Language};
use tc3_codegen::overlay::{FieldForm, Host};
use tracing_subscriber::filter::LevelFilter;

use crate::failure::{Exit, Failure};
use crate::service::Service;
use crate::{output, request};

const EXAMPLES: &str = "\
With --spec, the version is that of the specification, the body is validated before it is sent, and an action that its
overlay lists as idempotent is retried if its outcome is unknown.

A response that is a stream of events is an error: do not request one.

Exit status: 0 there is a response, 1 the call failed.

Examples:
  tc3 call cvm DescribeZones --version 2017-03-12 --region ap-guangzhou
  tc3 call cvm DescribeInstances --spec cvm-spec --region ap-guangzhou --body '{\"Limit\":1}'
  tc3 call cvm RunInstances --spec cvm-spec --body @request.json --dry-run";

/// First line of a certificate in a PEM file.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Call any action of any service and print its response as JSON.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CallArgs {
    /// Short name of the service, such as cvm.
    service: String,
    /// Name of the action, such as DescribeZones.
    action: String,
    /// Version of the API, YYYY-MM-DD; required without --spec.
    #[arg(long, value_name = "DATE", required_unless_present = "spec")]
    version: Option<String>,
    /// Folder of the specification, from tc3 import.
    #[arg(long, value_name = "FOLDER")]
    spec: Option<PathBuf>,
    /// The request, a JSON object: text, @FILE, or - for stdin.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    body: String,
    /// The region, for services that have regions.
    #[arg(long)]
    region: Option<String>,
    /// Send the body without checking it against the specification.
    #[arg(long)]
    unchecked: bool,
    /// Print the signed request instead of sending it.
    #[arg(long)]
    dry_run: bool,
    /// Log requests and responses on stderr, without secrets.
    #[arg(long, short)]
    verbose: bool,
    /// Call this server: https://HOST or http://HOST:PORT
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    endpoint: Option<String>,
    /// Connect to this address instead of the endpoint's, which is still signed and verified by TLS.
    #[arg(long, value_name = "HOST:PORT", help_heading = "Connection")]
    connect_to: Option<String>,
    /// Language of the service's messages: zh-CN or en-US [default: that of the account]
    #[arg(long, value_name = "LANGUAGE", help_heading = "Connection", value_parser = language)]
    language: Option<Language>,
    /// Read the credential from this profile of the official tools [default: environment, profile
    /// files, pod identity, machine role]
    #[arg(long, value_name = "NAME", help_heading = "Connection")]
    profile: Option<String>,
    /// Use this proxy, http://HOST:PORT [default: HTTPS_PROXY or HTTP_PROXY, and NO_PROXY]
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    proxy: Option<String>,
    /// Trust these additional certificate authorities (PEM).
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    ca_file: Option<PathBuf>,
    /// Timeout of the call, retries included, such as 30s [default: 60s]
    #[arg(long, value_name = "TIME", help_heading = "Connection", value_parser = timeout)]
    call_timeout: Option<Duration>,
}

/// Parses a duration of at least one millisecond.
fn timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text.trim()) {
        Ok(timeout) if timeout >= Duration::from_millis(1) => Ok(timeout),
        _ => Err("write it as 30s, 5m or 1h, at least 1ms".to_owned()),
    }
}

/// Parses the tag of a language, with or without its region.
fn language(text: &str) -> Result<Language, String> {
    match text.to_ascii_lowercase().as_str() {
        "zh" | "zh-cn" => Ok(Language::Chinese),
        "en" | "en-us" => Ok(Language::English),
        _ => Err("write zh-CN or en-US".to_owned()),
    }
}

pub(crate) fn run(args: &CallArgs) -> Result<Exit, Failure> {
    start_log(args.verbose);
    let body = request::body(&args.body)?;
    let service = args.spec.as_deref().map(Service::read).transpose()?;
    let info = match &service {
        Some(service) => checked(args, service, &body)?,
        None => {
            let version = args.version.as_deref().unwrap_or_default();
            ActionInfo::new(&args.service, version, &args.action)
        }
    };
    let client = client(args)?;
    if args.dry_run {
        output::line(shown(&preview(&client, info, &body)?))?;
    } else {
        let response: Box<RawValue> = client.call_json_as(info, &body)?;
        output::response(response.get())?;
    }
    Ok(Exit::Done)
}

/// Returns the metadata of the action in the specification, after validating the body.
fn checked<'a>(
    args: &'a CallArgs,
    service: &'a Service,
    body: &RawValue,
) -> Result<ActionInfo<'a>, Failure> {
    let (spec, overlay) = (&service.spec, &service.overlay);
    if spec.service != args.service {
        return Err(Failure::new(format!(
            "the specification is of `{}`, not of `{}`; give its folder with --spec",
            spec.service, args.service
        )));
    }
    if let Some(version) = args.version.as_ref().filter(|version| **version != spec.version) {
        return Err(Failure::new(format!(
            "the specification is of version {}, not of {version}; omit --version",
            spec.version
        )));
    }
    let name = &args.action;
    let action = spec.actions.get(name).ok_or_else(|| {
        Failure::new(format!(
            "{} {} has no action `{name}`; look for it with: tc3 search",
            spec.service, spec.version
        ))
    })?;
    let form = overlay.forms.iter().find(|entry| entry.action == *name);
    let (fields, path) = form.map_or((None, None), |entry| (entry.form, entry.path.as_deref()));
    if fields == Some(FieldForm::OctetStream) {
        return Err(Failure::new(format!(
            "{name} has a body of raw octets, which this command cannot send; call it from a program"
        )));
    }
    if !args.unchecked {
        let found = request::violations(service, &action.request, body)?;
        if !found.is_empty() {
            return Err(Failure::new(format!(
                "{name} was not called: {}; correct the body, or send it with --unchecked",
                found.join("; ")
            )));
        }
    }
    let mut info = ActionInfo::new(&spec.service, &spec.version, name);
    let of = |wanted: Option<&String>| {
        overlay.hosts.iter().find(|host: &&Host| host.action.as_ref() == wanted)
    };
    if let Some(host) = of(Some(name)).or_else(|| of(None)).and_then(|host| host.host.as_deref()) {
        info = info.with_host(host);
    }
    if fields == Some(FieldForm::Query) {
        info = info.query();
    }
    if let Some(path) = path {
        info = info.with_path(path);
    }
    if overlay.idempotent.contains_key(name) {
        info = info.idempotent();
    }
    if let Some(limit) = &overlay.rate_limit {
        info = info.with_rate_limit(limit.actions.get(name).copied().unwrap_or(limit.default));
    }
    if action.skip_sign {
        info = info.unsigned();
    }
    Ok(info)
}

/// Returns the endpoint to call, and the address to connect to.
fn endpoint(args: &CallArgs) -> Result<Endpoint, Failure> {
    let endpoint = match &args.endpoint {
        Some(url) => BaseUrl::parse(url)
            .map(Endpoint::Url)
            .map_err(|error| Failure::new(format!("--endpoint: {error}")))?,
        None => Endpoint::Production,
    };
    match &args.connect_to {
        Some(address) => endpoint
            .with_address(address)
            .map_err(|error| Failure::new(format!("--connect-to: {error}"))),
        None => Ok(endpoint),
    }
}

fn client(args: &CallArgs) -> Result<Client, Failure> {
    let mut config = match &args.profile {
        Some(profile) => Config::new(Profile::named(profile)),
        None => Config::new(default_chain()),
    };
    config = config.with_endpoint(endpoint(args)?);
    if let Some(language) = args.language {
        config = config.with_language(language);
    }
    if let Some(region) = &args.region {
        config = config.with_region(region);
    }
    if args.call_timeout.is_some() {
        config = config.with_timeout(args.call_timeout);
    }
    let mut transport = TransportConfig::default();
    if let Some(proxy) = &args.proxy {
        let url = proxy.parse().map_err(|error| Failure::new(format!("--proxy: {error}")))?;
        transport = transport.with_proxy(Proxy::Url(url));
    }
    if let Some(path) = &args.ca_file {
        let pem =
            request::file(path).map_err(|error| Failure::new(format!("--ca-file {error}")))?;
        // Comments may have any encoding.
        if !pem.windows(CERTIFICATE.len()).any(|text| text == CERTIFICATE.as_bytes()) {
            let why = match request::is_utf16(&pem) {
                true => "UTF-16 text; save it as UTF-8".to_owned(),
                false => {
                    format!("no certificate in the file; give a PEM file with `{CERTIFICATE}`")
                }
            };
            return Err(Failure::new(format!("--ca-file {}: {why}", path.display())));
        }
        let pem = pem.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&pem);
        transport = transport.with_extra_roots_pem(pem);
    }
    let config = config.with_app_name(env!("CARGO_PKG_NAME"))?.with_transport_config(transport);
    Ok(Client::new(config)?)
}

/// Returns the request that would be sent, without a signature if no credential is found.
fn preview(client: &Client, info: ActionInfo<'_>, body: &RawValue) -> Result<Request, Failure> {
    let is_absent = |error: &Error| {
        error.cause().and_then(|cause| cause.downcast_ref()).is_some_and(CredentialError::is_absent)
    };
    match client.preview(info, body) {
        Err(error) if is_absent(&error) => {
            output::note("no credential is found: the request is shown without its signature");
            let mut request = client.preview(info.unsigned(), body)?;
            request.headers.remove("authorization");
            Ok(request)
        }
        result => Ok(result?),
    }
}

/// Formats the request as HTTP text. A session token is a secret.
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

/// Logs warnings, and with `verbose` also requests and responses.
fn start_log(verbose: bool) {
    tracing_subscriber::fmt()
        .with_max_level(if verbose { LevelFilter::DEBUG } else { LevelFilter::WARN })
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        // An unwritable log must not end the command: the default reaction is a panic.
        .log_internal_errors(false)
        .init();
}
