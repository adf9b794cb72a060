//! `essbasic download`: saves the files of contracts.

use std::path::PathBuf;
use std::sync::Arc;

use essbasic::DownloadOptions;
use essbasic::blocking::Client;

use crate::cause::counted;
use crate::emulated::Emulated;
use crate::failure::{Exit, Failure};
use crate::folder::Folder;
use crate::input::{FlowArgs, FlowList};
use crate::link_hosts::LinkHosts;
use crate::options::Options;
use crate::progress::Progress;
use crate::report::json_format;
use crate::store;
use crate::tally::Tally;
use crate::wait::Pace;
use crate::{interrupt, output};

const EXAMPLES: &str = concat!(
    "\
Prints one line per file on stdout, with the contract's status; the rest goes to stderr. A contract that is not
signed by all is refused unless --any-state is given. With --emulated nothing else is needed: an
emulator is started, and its contracts are downloaded from it.

An existing file is never replaced. If its content is that of the contract, it counts as saved; otherwise the new file
gets the next free number, such as (2), and its line shows the path.

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
    /// Folder for the files, created if it is absent.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    emulated: Emulated,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
    /// Number of concurrent downloads, from 1 to 128.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u8).range(1..=128))]
    concurrency: u8,
    #[command(flatten)]
    link_hosts: LinkHosts,
    /// Download contracts in any state, instead of refusing those that are not signed by all.
    #[arg(long)]
    any_state: bool,
    /// Wait until the contracts are signed by all, and download each as soon as it is.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    pace: Pace,
}

pub(crate) fn run(args: &DownloadArgs, options: &Options, verbose: bool) -> Result<Exit, Failure> {
    if args.pace.is_given() && !args.wait {
        return Err(Failure::new("--timeout and --interval require --wait; add it"));
    }
    if store::bucket(&args.out)?.is_some() {
        return Err(Failure::new(
            "--out is a bucket, and download saves to folders; use essbasic archive for buckets",
        ));
    }
    // The emulator runs until the downloads end.
    let (session, list) = args.emulated.session(&args.flows, options)?;
    // Removed at the end if it was created here and is empty.
    let _folder = Folder::prepare(&args.out)?;
    if let Some(emulator) = &session.emulator {
        let (endpoint, contracts) = (emulator.endpoint(), counted(list.ids.len(), "contract"));
        output::note(format_args!("emulator at {endpoint}: downloading {contracts}"));
    }
    list.note_duplicates();
    fetch(args, &session.client, &list, verbose)
}

fn fetch(
    args: &DownloadArgs,
    client: &Client,
    list: &FlowList,
    verbose: bool,
) -> Result<Exit, Failure> {
    let stop = interrupt::on_signal()?;
    let tally = Arc::new(Tally::new(Progress::new(list.ids.len(), verbose), args.json));
    let shown = Arc::clone(&tally);
    let mut options = DownloadOptions::to(&args.out)
        .with_concurrency(args.concurrency.into())
        .with_stop(stop.clone())
        .on_event(move |event| shown.on(event));
    options.any_state = args.any_state;
    args.link_hosts.add_to(&mut options.link_hosts);
    if args.wait {
        tally.doing("waiting for signatures");
        let shown = Arc::clone(&tally);
        let wait = args.pace.options().on_event(move |event| shown.on_wait(event));
        options = options.with_wait(wait);
    }
    let result = client.download(&list.ids, &options).map(|report| report.flows);
    if stop.is_stopped() {
        output::note("interrupted: this is what is on disk");
    }
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
