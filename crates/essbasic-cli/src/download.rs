//! `essbasic download`: contracts to files.

use std::path::PathBuf;
use std::sync::Arc;

use essbasic::blocking::Client;
use essbasic::{DownloadOptions, FlowErrorKind, WaitOptions, WaitOutcome};

use crate::emulated::Emulated;
use crate::failure::{Exit, Failure};
use crate::folder::Folder;
use crate::input::{FlowArgs, FlowList};
use crate::link_hosts::LinkHosts;
use crate::options::Options;
use crate::output;
use crate::progress::Progress;
use crate::report::json_format;
use crate::tally::Tally;
use crate::wait::{Pace, wait_status, why_unsigned};

const EXAMPLES: &str = concat!(
    "\
Prints one line per file on stdout; the rest goes to stderr. With --emulated nothing else is needed: an
emulator is started, and its contracts are downloaded from it.

",
    json_format!(),
    "

Exit status: 0 every contract is on disk, 2 some are not, each with its reason, 1 it could not start or report.

Examples:
  essbasic download --emulated --out contracts
  essbasic download yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --out contracts --wait
  essbasic download --flows ids.txt --out contracts --json > report.json");

/// Download the PDFs of contracts.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DownloadArgs {
    #[command(flatten)]
    flows: FlowArgs,
    /// The folder for the files; made where it is absent.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    emulated: Emulated,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
    /// Downloads at a time.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,
    #[command(flatten)]
    link_hosts: LinkHosts,
    /// Wait first until the contracts are signed by all.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    pace: Pace,
}

pub(crate) fn run(args: &DownloadArgs, options: &Options, verbose: bool) -> Result<Exit, Failure> {
    if args.pace.is_given() && !args.wait {
        return Err(Failure::new("--timeout and --interval are about waiting; add --wait"));
    }
    // The emulator lives as long as its downloads.
    let (session, list) = args.emulated.session(&args.flows, options)?;
    // Taken back at the end, if it was made here and nothing is in it.
    let _folder = Folder::prepare(&args.out)?;
    if let Some(emulator) = &session.emulator {
        let (endpoint, count) = (emulator.endpoint(), list.ids.len());
        output::note(format_args!("emulator at {endpoint}: downloading {count} contracts"));
    }
    list.tell_repeats();
    fetch(args, &session.client, &list, verbose)
}

fn fetch(
    args: &DownloadArgs,
    client: &Client,
    list: &FlowList,
    verbose: bool,
) -> Result<Exit, Failure> {
    let tally = Arc::new(Tally::new(Progress::new(list.ids.len(), verbose), args.json));
    let ready = match args.wait {
        true => signed(client, list, args.pace.options(), &tally)?,
        false => list.ids.clone(),
    };
    let teller = Arc::clone(&tally);
    let mut options = DownloadOptions::to(&args.out)
        .with_concurrency(args.concurrency.into())
        .on_event(move |event| teller.on(event));
    args.link_hosts.add_to(&mut options.link_hosts);
    let result = client.download(ready, &options);
    tally.settle(list, result)?;
    tally.show(list, |document| {
        if args.json {
            output::json(document)?;
        } else {
            output::note(document);
            tally.stdout()?;
        }
        Ok(Exit::when_complete(document.summary.complete))
    })
}

/// The flows that are signed by all; the others have come to their end.
fn signed(
    client: &Client,
    list: &FlowList,
    options: WaitOptions,
    tally: &Tally,
) -> Result<Vec<String>, Failure> {
    tally.doing("waiting for signatures");
    let waits = client.wait(&list.ids, &options).map_err(Failure::new)?;
    let (signed, unsigned): (Vec<_>, Vec<_>) =
        waits.into_iter().partition(|wait| wait.outcome == WaitOutcome::Signed);
    for wait in unsigned {
        let status = wait_status(&wait).map(str::to_owned);
        tally.failed(&wait.flow_id, FlowErrorKind::NotSigned, why_unsigned(&wait), status);
    }
    Ok(signed.into_iter().map(|wait| wait.flow_id).collect())
}
