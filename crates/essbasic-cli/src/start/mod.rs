//! `essbasic start`: contracts from files or templates.

mod create;
mod deadline;
mod entry;
mod journal;

use std::path::{Path, PathBuf};

use self::create::Creation;
use self::entry::Source;
use self::journal::Journal;
use crate::failure::{Exit, Failure};
use crate::options::Options;
use crate::outputs::Inputs;
use crate::{input, interrupt};

const EXAMPLES: &str = "\
The file holds a JSON list of contracts:
  [{\"name\": \"Lease_1\", \"file\": \"lease.pdf\", \"deadline\": \"30d\", \"user_data\": \"order 7\", \"parties\": [
     {\"organization\": \"示例科技有限公司\", \"organization_open_id\": \"org_a\", \"open_id\": \"n9527\", \"seals_at\": \"甲方\"},
     {\"name\": \"张三\", \"mobile\": \"13800000000\", \"signs_at\": \"乙方\"}]},
   {\"name\": \"Offer_2\", \"template\": \"<TEMPLATE_ID>\", \"fields\": {\"salary\": \"8000\"}, \"parties\": [
     {\"name\": \"李四\", \"mobile\": \"13900000000\", \"place\": \"<RECIPIENT_ID>\"}]}]
Paths of files are relative to it; files have at most 60 MB and are uploaded by this command.

A name has at most 200 Chinese characters, letters, digits and _-():.

A deadline is a duration with its unit (\"30d\", \"12h\"), a date (\"2030-12-31\", until its end in China Standard
Time), a time (\"2030-12-31T18:00:00+08:00\") or Unix seconds, from one minute to 10 years ahead; by default 365
days.

Prints a line per contract on stdout as soon as it exists: its id and name. The journal, by default FILE.journal,
records each request before it is sent and its outcome. Run the same command again to continue after Ctrl-C or a
crash: contracts that exist are printed again and not created again. A contract whose outcome is unknown (the
command was killed, or the response was lost) may exist: it is reported, and created only with --retry-unknown.
Entries that were created must not be changed; entries may be corrected if they failed, and added at the end.
The journal belongs to one endpoint, application and organization, until no contract in it exists or may exist.

Exit status: 0 every contract exists, 2 some do not, each with its reason, 1 it could not start or go on.

Examples:
  essbasic start contracts.json > started.txt
  essbasic start - --journal contracts.journal < contracts.json";

/// Create contracts from files or templates, and send them to their parties.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StartArgs {
    /// The contracts, as JSON; `-` is stdin.
    #[arg(value_name = "FILE")]
    contracts: PathBuf,
    /// Keep the journal in this file [default: FILE.journal; required for stdin]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Create contracts again whose outcome is unknown. Check first that they do not exist.
    #[arg(long)]
    retry_unknown: bool,
}

impl StartArgs {
    fn is_stdin(&self) -> bool {
        self.contracts == Path::new(input::STDIN)
    }

    fn journal(&self) -> Result<PathBuf, Failure> {
        match &self.journal {
            Some(path) if path == Path::new("-") => {
                Err(Failure::new("--journal - is not supported; name a file"))
            }
            Some(path) => Ok(path.clone()),
            None if self.is_stdin() => Err(Failure::new(
                "stdin has no default journal; name a file with --journal FILE, and the same one to continue",
            )),
            None => Ok(essbasic_files::with_suffix(&self.contracts, ".journal")),
        }
    }
}

pub(crate) fn run(args: &StartArgs, options: &Options) -> Result<Exit, Failure> {
    let journal_path = args.journal()?;
    let input = match args.is_stdin() {
        true => "stdin".to_owned(),
        false => args.contracts.display().to_string(),
    };
    let text = input::text_file_or_stdin(&args.contracts)?;
    let folder = match args.is_stdin() {
        true => Path::new("."),
        false => args.contracts.parent().unwrap_or(Path::new(".")),
    };
    // Every fault of the input is reported before anything is sent.
    let entries = entry::parse(&text, &input, folder)?;
    let mut inputs = Inputs::default();
    if !args.is_stdin() {
        inputs.add(&args.contracts, "the list of contracts");
    }
    for entry in &entries {
        if let Source::File(path) = &entry.source {
            inputs.add(path, "a file to be uploaded");
        }
    }
    inputs.refuse("--journal", &journal_path)?;
    let stop = interrupt::on_signal()?;
    let client = options.contracts()?.with_stop(stop.clone());
    let journal = Journal::open(&journal_path, &client, &entries)?;
    Creation::new(client, stop, &entries, journal, args.retry_unknown).run()
}
