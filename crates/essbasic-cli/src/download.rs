//! `essbasic download`: contracts to files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use essbasic::blocking::Client;
use essbasic::{DownloadEvent, DownloadOptions, SavedFile, WaitOutcome};
use essbasic_emulator::Emulator;
use indicatif::HumanBytes;

use crate::failure::{Exit, Failure, one_line};
use crate::folder::Folder;
use crate::input::{FlowArgs, FlowList};
use crate::options::Options;
use crate::progress::Progress;
use crate::report::{Document, Flow};
use crate::wait::{Pace, why_unsigned};
use crate::{emulator, output};

const EXAMPLES: &str = "\
Prints one line per file on stdout; the rest goes to stderr. With --emulated nothing else is needed: an
emulator is started, and its contracts are downloaded from it.

Exit status: 0 every contract is on disk, 2 some are not, each with its reason, 1 it could not start.

Examples:
  essbasic download --emulated --out contracts
  essbasic download yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --out contracts --wait
  essbasic download --flows ids.txt --out contracts --json > report.json";

/// Download the PDFs of contracts.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DownloadArgs {
    #[command(flatten)]
    flows: FlowArgs,
    /// The folder for the files; made where it is absent.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Start an emulator and download from it; without ids, all its completed contracts.
    #[arg(long)]
    emulated: bool,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
    /// Downloads at a time.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,
    /// Wait first until the contracts are signed by all.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    pace: Pace,
}

pub(crate) fn run(args: &DownloadArgs, options: &Options, verbose: bool) -> Result<Exit, Failure> {
    // The emulator lives as long as its downloads.
    let (_emulator, client, list) = match args.emulated {
        true => {
            let (emulator, client) = emulated(options)?;
            let list = match args.flows.is_absent() {
                true => FlowList { ids: emulator.completed_flows(), repeated: 0 },
                false => args.flows.read()?,
            };
            output::note(format_args!(
                "emulator at {}: downloading {} contracts",
                emulator.endpoint(),
                list.ids.len()
            ));
            (Some(emulator), client, list)
        }
        false => {
            let list = args.flows.read()?;
            (None, options.contracts()?, list)
        }
    };
    let folder = Folder::prepare(&args.out)?;
    list.tell_repeats();
    Download { args, client: &client, list: &list, verbose }.run(folder)
}

fn emulated(options: &Options) -> Result<(Emulator, Client), Failure> {
    if options.endpoint.is_some() || options.test_environment {
        return Err(Failure::new(
            "--emulated brings its own endpoint; leave out --endpoint and --test-environment",
        ));
    }
    let emulator = emulator::start(Emulator::builder())?;
    let client = options.emulated(&emulator.endpoint())?;
    Ok((emulator, client))
}

struct Download<'a> {
    args: &'a DownloadArgs,
    client: &'a Client,
    list: &'a FlowList,
    verbose: bool,
}

/// What has become of flows so far: kept here too, since a disk that fills up ends the download with
/// an error, and what is already on it counts.
type Ends = HashMap<String, Result<Vec<SavedFile>, String>>;

impl Download<'_> {
    fn run(&self, folder: Folder) -> Result<Exit, Failure> {
        let progress = Arc::new(Progress::new(self.list.ids.len(), self.verbose));
        let ends = Arc::new(Mutex::new(Ends::new()));
        let ready = match self.args.wait {
            true => self.signed(&progress, &ends)?,
            false => self.list.ids.clone(),
        };
        let options = DownloadOptions::to(&self.args.out)
            .with_concurrency(self.args.concurrency.into())
            .on_event({
                let teller = Teller { progress: Arc::clone(&progress), json: self.args.json };
                let ends = Arc::clone(&ends);
                move |event| {
                    teller.tell(event, &mut ends.lock().unwrap_or_else(PoisonError::into_inner))
                }
            });
        let result = self.client.download(&ready, &options);
        let mut ends = std::mem::take(&mut *ends.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = result {
            if ends.is_empty() {
                folder.withdraw();
                return Err(Failure::new(error));
            }
            // It did start: what was not reached has this reason.
            let reason = one_line(&error.to_string());
            progress.note(format_args!("error: {reason}"));
            for flow_id in &self.list.ids {
                ends.entry(flow_id.clone()).or_insert_with(|| Err(reason.clone()));
            }
        }
        drop(progress);
        self.report(&ends)
    }

    /// The flows that are signed by all; the others have ended here.
    fn signed(&self, progress: &Progress, ends: &Mutex<Ends>) -> Result<Vec<String>, Failure> {
        progress.doing("waiting for signatures");
        let waits =
            self.client.wait(&self.list.ids, &self.args.pace.options()).map_err(Failure::new)?;
        let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
        let (signed, unsigned): (Vec<_>, Vec<_>) =
            waits.into_iter().partition(|wait| wait.outcome == WaitOutcome::Signed);
        for wait in unsigned {
            let reason = why_unsigned(&wait);
            progress.note(format_args!("{}: {reason}", wait.flow_id));
            ends.insert(wait.flow_id, Err(reason));
        }
        progress.reached(ends.len());
        Ok(signed.into_iter().map(|wait| wait.flow_id).collect())
    }

    fn report(&self, ends: &Ends) -> Result<Exit, Failure> {
        let flows = self.list.ids.iter().map(|flow_id| match ends.get(flow_id) {
            Some(Ok(files)) => Flow::on_disk(flow_id, files),
            Some(Err(reason)) => Flow::failed(flow_id, reason),
            None => Flow::failed(flow_id, "it was not reached"),
        });
        let document = Document::new(flows.collect(), self.list.repeated);
        if self.args.json {
            output::json(&document)?;
        } else {
            output::note(&document);
        }
        Ok(Exit::when_complete(document.complete))
    }
}

/// Tells what happens while it happens.
struct Teller {
    progress: Arc<Progress>,
    json: bool,
}

impl Teller {
    fn tell(&self, event: DownloadEvent<'_>, ends: &mut Ends) {
        match event {
            DownloadEvent::Bytes(bytes) => self.progress.received(bytes),
            DownloadEvent::Saved { flow_id, files } => {
                ends.insert(flow_id.to_owned(), Ok(files.to_vec()));
                self.progress.reached(ends.len());
                if !self.json {
                    for file in files {
                        self.file(&file.path, file.bytes);
                    }
                }
            }
            DownloadEvent::Failed { flow_id, error } => {
                let reason = one_line(&error.to_string());
                self.progress.note(format_args!("{flow_id}: {reason}"));
                ends.insert(flow_id.to_owned(), Err(reason));
                self.progress.reached(ends.len());
            }
            _ => {}
        }
    }

    fn file(&self, path: &Path, bytes: u64) {
        // Where stdout is full the files are on disk all the same: it is told, and they go on.
        let shown = format!("{} ({})", path.display(), HumanBytes(bytes));
        if let Err(failure) = self.progress.line(shown) {
            self.progress.note(failure);
        }
    }
}
