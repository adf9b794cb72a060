//! `essbasic explore`: serves the API Explorer as a page until a signal stops it.

mod browser;

use std::io::{ErrorKind, IsTerminal, stdout};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use essbasic::credentials::Credential;
use essbasic::{Config, Endpoint};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use essbasic_explorer::{BlockingCaller, Builder, Explorer, Mode, SessionKeys};
use serde::Serialize;
use serde_json::json;
use tokio::sync::Notify;

use self::browser::Browser;
use crate::failure::{Exit, Failure};
use crate::in_flight::Counted;
use crate::link_hosts::LinkHosts;
use crate::options::{Options, to_loopback};
use crate::{emulator, interrupt, output};

const EXAMPLES: &str = "\
Serves a page on 127.0.0.1 and prints {\"ready\":true,\"url\":\"http://127.0.0.1:PORT/#token=TOKEN\",\"mode\":MODE} on
stdout. MODE is emulator, test, production, or offline: without keys everything but calls works. Only a browser with
this URL can use the page; keys never reach it. Runs until Ctrl-C or SIGTERM.

An --endpoint on this machine that answers as an emulator, with the SecretId of the emulator, has the mode emulator;
any other URL counts as production.

Exit status: 0 a signal stopped it, 1 it could not start.

Examples:
  essbasic explore --emulated
  essbasic explore
  essbasic explore --test-environment --allow-writes";

/// Explore the API on a page in the browser: search, build and send requests, explain signatures.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExploreArgs {
    /// Start an emulator and call it.
    #[arg(long)]
    emulated: bool,
    /// Port of 127.0.0.1 to listen on; 0 selects a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Allow actions that change data on the service; they are always allowed in an emulator.
    #[arg(long)]
    allow_writes: bool,
    /// Do not open a browser. It is opened if stdout is a terminal.
    #[arg(long)]
    no_open: bool,
    /// Let the page save requests as files of this folder, for `essbasic call --body @FILE`.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    #[command(flatten)]
    link_hosts: LinkHosts,
}

/// The line on stdout.
#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    url: &'a str,
    mode: &'a str,
}

pub(crate) fn run(args: &ExploreArgs, options: &Options) -> Result<Exit, Failure> {
    let listener = listen(args.port)?;
    let unable = |error: std::io::Error| Failure::new(format!("cannot serve: {error}; try again"));
    let port = listener.local_addr().map_err(unable)?.port();
    let mut builder = if args.emulated { emulated(args, options)? } else { real(args, options)? };
    if args.allow_writes {
        builder = builder.allow_writes();
    }
    if let Some(folder) = &args.save {
        builder = builder.with_saved(folder).map_err(|error| {
            Failure::new(format!("--save {}: {error}; give a folder", folder.display()))
        })?;
    }
    let explorer = builder.build(port).map_err(unable)?;
    let stop = on_signal()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(unable)?;
    listener.set_nonblocking(true).map_err(unable)?;
    let ready = Ready { ready: true, url: &explorer.url(), mode: explorer.mode().name() };
    output::json_line(&ready)?;
    let browser = (!args.no_open && stdout().is_terminal()).then(|| Browser::open(&explorer.url()));
    let served = runtime.block_on(explorer.serve(listener, stop.notified()));
    // Does not wait for calls that are still in flight.
    runtime.shutdown_background();
    drop(browser);
    served.map_err(unable)?;
    Ok(Exit::Done)
}

fn listen(port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|error| {
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => {
                format!(
                    "port {port} of 127.0.0.1 is in use; give another --port, or 0 for a free one"
                )
            }
            _ => format!("cannot listen on 127.0.0.1:{port}: {error}; give another --port"),
        })
    })
}

/// Returns an explorer of a new emulator.
fn emulated(args: &ExploreArgs, options: &Options) -> Result<Builder, Failure> {
    options.refuse_endpoint()?;
    let emulator = emulator::start(Emulator::builder())?;
    let endpoint = emulator.endpoint();
    let keys = SessionKeys::new(Credential::new(SECRET_ID, SECRET_KEY));
    let config = Config::new(keys.clone()).with_endpoint_url(&endpoint).map_err(Failure::new)?;
    let caller = caller(args, config, keys, to_loopback()?)?;
    let agent = json!({
        "AppId": APP_ID,
        "ProxyOrganizationOpenId": ORGANIZATION,
        "ProxyOperator": { "OpenId": OPERATOR },
    });
    Ok(Explorer::builder(Mode::Emulator)
        .with_caller(caller)
        .with_endpoint(endpoint)
        .with_emulator(emulator)
        .with_agent(agent))
}

/// Returns an explorer of the service, or of the server that the options select.
fn real(args: &ExploreArgs, options: &Options) -> Result<Builder, Failure> {
    let keys = options.session_keys();
    let config = options.configured(Config::new(keys.clone()))?;
    let caller = caller(args, config, keys, options.counted()?)?;
    let endpoint = options.endpoint()?;
    let mode = match caller.has_credential()? {
        false => Mode::Offline,
        true => mode(&endpoint, &caller),
    };
    let url = match &endpoint {
        Endpoint::Test => "https://essbasic.test.ess.tencent.cn".to_owned(),
        endpoint => match endpoint.url() {
            Some(url) => url.to_string(),
            None => "https://essbasic.tencentcloudapi.com".to_owned(),
        },
    };
    let mut builder = Explorer::builder(mode).with_endpoint(url.trim_end_matches('/'));
    if let Some(agent) = options.agent_json() {
        builder = builder.with_agent(agent);
    }
    Ok(match mode {
        Mode::Offline => builder,
        _ => builder.with_caller(caller),
    })
}

fn caller(
    args: &ExploreArgs,
    config: Config,
    keys: SessionKeys,
    transport: Counted,
) -> Result<BlockingCaller, Failure> {
    let config = config.with_app_name(env!("CARGO_PKG_NAME"))?;
    let caller = BlockingCaller::new(config, keys, transport)?;
    let mut hosts = Vec::new();
    args.link_hosts.add_to(&mut hosts);
    Ok(hosts.into_iter().fold(caller, BlockingCaller::with_link_host))
}

/// Returns the mode of an endpoint. A server that is not known counts as the production service: it may forward to it.
/// So does an emulator with real keys: any server can answer as one.
fn mode(endpoint: &Endpoint, caller: &BlockingCaller) -> Mode {
    let is_loopback = endpoint.url().and_then(|url| url.host()).is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let ip = bare.parse::<std::net::IpAddr>();
        ip.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
    });
    match endpoint {
        Endpoint::Test => Mode::Test,
        // An address may lead elsewhere.
        endpoint
            if is_loopback
                && endpoint.address().is_none()
                && caller.has_secret_id(SECRET_ID)
                && is_emulator(caller) =>
        {
            Mode::Emulator
        }
        _ => Mode::Production,
    }
}

/// Returns whether the endpoint answers as an emulator.
fn is_emulator(caller: &BlockingCaller) -> bool {
    caller.probe("/_emulator/actions").is_some_and(|response| {
        let names = String::from_utf8_lossy(&response.body);
        response.status.is_success() && names.lines().any(|name| name == "DescribeFlowDetailInfo")
    })
}

/// Returns what the first signal notifies. A second one ends the process.
fn on_signal() -> Result<Arc<Notify>, Failure> {
    let stop = Arc::new(Notify::new());
    let signal = Arc::clone(&stop);
    let mut again = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut again, true) {
            std::process::exit(interrupt::INTERRUPTED);
        }
        std::thread::spawn(interrupt::exit_if_blocked);
        signal.notify_one();
    })
    .map_err(|error| Failure::new(format!("signals cannot be received: {error}; try again")))?;
    Ok(stop)
}
