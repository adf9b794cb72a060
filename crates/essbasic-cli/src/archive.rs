//! `essbasic archive`: any number of contracts to files, over as many runs as it takes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use essbasic::{ArchiveOptions, ArchiveReport, Error, NameTemplate, Shard};
use indicatif::HumanBytes;

use crate::archive_failures::Failures;
use crate::emulated::Emulated;
use crate::failure::{Exit, Failure};
use crate::folder::Folder;
use crate::input::{FlowArgs, FlowStream};
use crate::link_hosts::LinkHosts;
use crate::options::Options;
use crate::outputs::{Inputs, OutputFile};
use crate::report::json_format;
use crate::store;
use crate::watch::Watch;
use crate::{archive_report, folder, interrupt, output};

const EXAMPLES: &str = concat!(
    "\
The same command resumes the last run, however that ended: saved contracts are not fetched again, failed ones are \
tried again. Ctrl-C ends it: downloads in flight have one second to end, and the next run fetches the others. A second \
one ends it at once.

Several jobs, such as shards, may write to one place if each has another --journal FILE. With --shard, --journal or a \
bucket, --names must contain {flow_id}. A file that the journal does not list is never replaced. If its content is that \
of the contract, the contract counts as saved; otherwise it fails. In a folder with the default journal and names \
without {flow_id}, the name gets the next free number instead. Links, FIFOs and folders in place of a file or of the \
journal are not followed.

A run compares the lengths of saved files in a folder, and trusts the journal for a bucket. With --verify it reads all \
of them and compares their SHA-256.

Files stream to a bucket without a copy on disk, those over 8 MiB as multipart uploads: add a rule to the bucket that \
removes incomplete ones, as a killed command cannot. A file whose upload the bucket does not complete is uploaded at most \
three times. Objects have the content type of their format; --object-metadata adds x-amz-meta-flowid and, to files of at \
most 8 MiB, x-amz-meta-sha256. The keys need the right to list objects below the prefix, to get \
and put them, and to abort uploads. The journal belongs to one endpoint, region, access key, bucket and prefix \
(temporary keys may change). Settings come from the environment, as for the AWS tools:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or AWS_PROFILE (of ~/.aws)
  AWS_REGION, AWS_ENDPOINT (for stores other than AWS)
  AWS_VIRTUAL_HOSTED_STYLE_REQUEST=true (the bucket goes into the host name)
Of several variables of one setting, the first is used: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_ENDPOINT; AWS_REGION, \
AWS_DEFAULT_REGION; AWS_SESSION_TOKEN, AWS_SECURITY_TOKEN, AWS_TOKEN. All of them precede the profile. An endpoint has no \
user, query or fragment.
--proxy, --ca-file and NO_PROXY apply to the bucket too: AWS_PROXY_URL, AWS_TIMEOUT and other variables for an HTTP client \
are refused. AWS_BUCKET, AWS_COPY_IF_NOT_EXISTS, AWS_DISABLE_TAGGING and AWS_DISABLE_BULK_DELETE have no effect.
Tencent COS: AWS_REGION=ap-guangzhou AWS_ENDPOINT=https://cos.ap-guangzhou.myqcloud.com, SecretId and SecretKey as the \
keys, and the bucket with its number, such as s3://contracts-1250000000/2026.

Contracts whose failure may be temporary, such as an expired link, are tried again after all others: in two rounds, each \
after a pause of five seconds. Contracts that have failed at the end are printed on stderr, of more than 20 the first 20.

The report lists every contract asked for, those of earlier runs and those not reached among them. It is written at the \
end of the job. An earlier report of the same name is removed at the start, so that a job that cannot go on leaves none.

",
    json_format!(),
    " stopped: whether it was interrupted; unverified: how many contracts of earlier runs were not verified before that; \
seconds: how long it took.

Exit status: 0 if every contract is saved; 1 if it cannot start or go on; 2 if some contracts are not saved, each with \
its reason, or if it was interrupted; 130 after a second signal.

Examples:
  essbasic archive --flows ids.txt --out contracts --report report.json
  essbasic archive --flows ids.txt --out part2 --shard 2/4
  essbasic archive --flows ids.txt --out contracts --names '{date}-{index}-{flow_id}'
  essbasic archive --flows ids.txt --out s3://bucket/contracts --journal contracts.jsonl");

/// Archive any number of contracts, resumably.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ArchiveArgs {
    #[command(flatten)]
    flows: FlowArgs,
    #[command(flatten)]
    emulated: Emulated,
    /// Folder for the files and the journal, created if it is absent; or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "DIR|URL")]
    out: PathBuf,
    /// Archive shard I of N, at 1/N of the rate; run the other shards on other machines.
    #[arg(long, value_name = "I/N", default_value_t, allow_hyphen_values = true)]
    shard: Shard,
    /// Write the result of each contract to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Name files by {name}, {flow_id}, {date}, {index} and {file_index}.
    #[arg(long, value_name = "TEMPLATE", default_value = "{name}-{flow_id}")]
    names: NameTemplate,
    /// Keep the journal in this file instead of the folder; needed with a bucket.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Add the flow ID and the SHA-256 to the objects of a bucket, as metadata.
    #[arg(long)]
    object_metadata: bool,
    /// Number of concurrent downloads, from 1 to 128.
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u8).range(1..=128))]
    concurrency: u8,
    #[command(flatten)]
    link_hosts: LinkHosts,
    /// Archive contracts in any state, signed by all or not. A later run without it checks and fetches them again.
    #[arg(long)]
    any_state: bool,
    /// Read the files of earlier runs, compare their SHA-256 with the journal, and fetch those that differ.
    #[arg(long)]
    verify: bool,
}

impl ArchiveArgs {
    /// Returns the options of the target.
    fn to(&self, options: &Options) -> Result<ArchiveOptions, Failure> {
        let Some(bucket) = store::bucket(&self.out)? else {
            return match self.object_metadata {
                true => Err(Failure::new(
                    "--object-metadata needs a bucket; omit it, or write --out s3://BUCKET/PREFIX",
                )),
                false => Ok(ArchiveOptions::to(&self.out)),
            };
        };
        let journal = self.journal.as_ref().ok_or_else(|| {
            Failure::new(
                "a bucket cannot store the journal; name a local file with --journal FILE, \
                 and name it again to go on",
            )
        })?;
        let open = store::open(&bucket, &options.transport()?)?;
        let options = ArchiveOptions::to_store(open.store, bucket.prefix(), journal);
        let options = options.with_store_id(open.id);
        Ok(match self.object_metadata {
            true => options.with_object_metadata(),
            false => options,
        })
    }

    /// Files that `--report` must not replace.
    fn inputs(&self, options: &Options) -> Inputs {
        let mut inputs = Inputs::default();
        for path in self.flows.files() {
            inputs.add(path, "a list of ids");
        }
        if let Some(path) = &options.ca_file {
            inputs.add(path, "the file of --ca-file");
        }
        let journal = self.journal.clone();
        let journal = journal.unwrap_or_else(|| self.out.join(".essbasic-archive.jsonl"));
        inputs.add(essbasic_files::with_suffix(&journal, ".lock"), "the lock of the journal");
        inputs.add(journal, "the journal");
        inputs
    }

    /// Refuses a report or a journal whose name in the output folder could be that of a contract.
    fn refuse_names_of_contracts(&self) -> Result<(), Failure> {
        for (option, path) in [("--report", &self.report), ("--journal", &self.journal)] {
            let Some(path) = path else { continue };
            let is_own = path.extension().is_some_and(|end| end == "json" || end == "jsonl");
            let folder = essbasic_files::parent(path);
            if !is_own && essbasic_files::is_same_file(folder, &self.out).unwrap_or(false) {
                return Err(Failure::new(format!(
                    "{option} {} could be the name of a contract; end it in .json or .jsonl, or choose another folder",
                    path.display()
                )));
            }
        }
        Ok(())
    }

    /// Describes the error that ended the job, with the options of this command.
    fn explain(&self, error: &Error) -> Failure {
        match error {
            Error::Folder { path, source, .. } if Some(path) == self.journal.as_ref() => {
                let path = path.display();
                Failure::new(format!("{path}: {source}; choose another with --journal"))
            }
            Error::Names(of) => Failure::new(format!(
                "{of} requires {{flow_id}} in --names, because other jobs may write to the same place; \
                 write for instance --names '{{name}}-{{flow_id}}'"
            )),
            error => folder::explain(error),
        }
    }
}

/// IDs of a list. Its exact length is known, so that an interrupted job can count the rest.
struct Listed(Box<dyn Iterator<Item = String> + Send>);

impl Iterator for Listed {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(usize::MAX))
    }
}

pub(crate) fn run(args: &ArchiveArgs, options: &Options, verbose: bool) -> Result<Exit, Failure> {
    args.refuse_names_of_contracts()?;
    let to = args.to(options)?;
    let shard = args.shard;
    let given = match args.emulated.takes_all(&args.flows) {
        true => None,
        false => Some(args.flows.stream(|id| shard.contains(id))?),
    };
    // The emulator runs until the job ends.
    let session = args.emulated.begin(options, shard)?;
    let list = match given {
        Some(list) => list,
        None => FlowStream::of_list(session.completed(), |id| shard.contains(id)),
    };
    let client = &session.client;
    // Created first, because the report may be written to it. Removed at the end if it is empty.
    let _folder = match store::bucket(&args.out)? {
        Some(_) => None,
        None => Some(Folder::prepare(&args.out)?),
    };
    let open =
        |path| OutputFile::create("--report", path, archive_report::START, &args.inputs(options));
    let report_file = args.report.as_deref().map(open).transpose()?;
    let stop = interrupt::on_signal()?;
    let watch = Arc::new(Watch::new(list.count, verbose));
    let teller = Arc::clone(&watch);
    let mut archive = to
        .with_concurrency(args.concurrency.into())
        .with_names(args.names.clone())
        .with_shard(args.shard)
        .with_stop(stop)
        .on_event(move |event| teller.on(event));
    archive.journal.clone_from(&args.journal);
    archive.check = !args.any_state;
    archive.verify = args.verify;
    args.link_hosts.add_to(&mut archive.download.link_hosts);
    if let Some(file) = &report_file {
        file.remove_earlier()?;
    }
    let result = client.archive(Listed(list.ids), &archive);
    watch.end();
    let report = result.map_err(|error| {
        let failure = args.explain(&error);
        match error {
            Error::Call(_) | Error::Destination { .. } | Error::Interrupted => {
                failure.then("run the same command again to continue from the journal")
            }
            _ => failure,
        }
    })?;
    if let Some(failure) = list.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failure);
    }
    // The report is written even if nobody reads stdout.
    if let Some(file) = report_file {
        let asked = || -> Box<dyn Iterator<Item = String> + Send> {
            Box::new(list.source.ids(Arc::clone(&list.broken)).filter(move |id| shard.contains(id)))
        };
        file.finish(|file| archive_report::write(&report, &args.out, asked, file))?;
    }
    let failures = Failures::of(&report)?;
    failures.note(args.report.as_deref());
    output::line(table(&report, &failures).trim_end())?;
    Ok(Exit::when_complete(report.is_complete()))
}

/// Formats the summary: a count per result, with one example of each kind of failure.
fn table(report: &ArchiveReport, failures: &Failures) -> String {
    let mut text = String::new();
    let mut row = |name: &str, count: u64, more: &str| {
        let _ = writeln!(text, "{}", format!("{name:<12} {count:>9}  {more}").trim_end());
    };
    row("contracts", report.total, "");
    if report.already > 0 {
        row("done before", report.already, "");
    }
    if report.unverified > 0 {
        let next = "run the same command again to verify them";
        row("  unverified", report.unverified, next);
    }
    row("saved", report.saved, &HumanBytes(report.bytes).to_string());
    row("failed", report.failed, "");
    if report.stopped {
        row("not started", report.not_started, "run the same command again to continue with them");
    }
    for (kind, count, example) in &failures.kinds {
        row(&format!("  {kind}"), *count, &format!("such as: {example}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_an_interrupted_job_counts_every_contract() {
        let report: ArchiveReport = serde_json::from_str(
            r#"{"total": 9, "already": 4, "unverified": 3, "saved": 2, "failed": 1, "not_started": 2,
                "bytes": 0, "stopped": true, "took": 1, "journal": "j"}"#,
        )
        .unwrap();
        let text = table(&report, &Failures::default());
        for row in [
            "contracts            9",
            "done before          4",
            "  unverified         3  run the same command again to verify them",
            "saved                2  0 B",
            "failed               1",
            "not started          2  run the same command again to continue with them",
        ] {
            assert!(text.lines().any(|line| line == row), "{row}: {text}");
        }
    }
}
