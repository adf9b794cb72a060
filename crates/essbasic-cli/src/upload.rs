//! `essbasic upload`: uploads files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use essbasic::blocking::Client;
use essbasic::{Document, FileId, FlowError, FlowErrorKind};

use crate::cause::{Cause, counted, one_line};
use crate::digest::{self, Digest};
use crate::failure::{Exit, Failure};
use crate::options::Options;
use crate::{interrupt, output};

const EXAMPLES: &str = "\
Prints a line per file on stdout as soon as it is uploaded: the id that contracts are created from, valid for
an hour, and the file. Uploading a file again is harmless: a file that no contract uses expires. Ctrl-C ends the
command within a second or two, without the uploads in flight.

Exit status: 0 every file is uploaded, 2 some are not, each with its reason, 1 it could not start or go on.

Example:
  essbasic upload lease.pdf annex.pdf";

/// Largest file that the service takes: 60 MB.
const MAX_FILE_BYTES: u64 = 60 << 20;

/// Maximum number of files and bytes in one request.
pub(crate) const MAX_BATCH_FILES: usize = 20;
const MAX_BATCH_BYTES: u64 = MAX_FILE_BYTES;

/// Upload PDF files, to create contracts from.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UploadArgs {
    /// The files, of at most 60 MB each.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &UploadArgs, options: &Options) -> Result<Exit, Failure> {
    for path in &args.files {
        check(path).map_err(Failure::new)?;
    }
    let stop = interrupt::on_signal()?;
    let client = options.contracts()?.with_stop(stop.clone());
    let (mut complete, mut not_reached) = (true, 0);
    let mut files = args.files.as_slice();
    while !files.is_empty() {
        if stop.is_stopped() {
            not_reached += files.len();
            break;
        }
        let (batch, rest) = files.split_at(batch_len(files.iter().map(PathBuf::as_path)));
        files = rest;
        for (path, result) in batch.iter().zip(send(&client, batch)?) {
            let name = path.display();
            match result {
                Ok(id) => output::result(one_line(&format!("{id}  {name}"))).map_err(|error| {
                    Failure::new(format!("stdout cannot be written: {error}; run it again"))
                })?,
                Err(error) if error.kind == FlowErrorKind::Stopped => not_reached += 1,
                Err(error) => {
                    complete = false;
                    output::note(one_line(&format!("{name}: {}", Cause::of(&error))));
                }
            }
        }
    }
    if not_reached > 0 {
        complete = false;
        let not_reached = counted(not_reached, "file");
        output::note(format_args!("interrupted: {not_reached} not uploaded"));
    }
    Ok(Exit::when_complete(complete))
}

/// Returns how many of the first files fit into one request; at least 1 if there are any.
pub(crate) fn batch_len<'a>(files: impl Iterator<Item = &'a Path>) -> usize {
    let mut bytes: u64 = 0;
    let fits = files.take(MAX_BATCH_FILES).enumerate().take_while(|(index, path)| {
        let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        bytes = bytes.saturating_add(length);
        *index == 0 || bytes <= MAX_BATCH_BYTES
    });
    fits.count()
}

/// Uploads files in one request. Returns one result per file, in order.
///
/// # Errors
/// Returns an error if a request fails for a reason that affects every file.
pub(crate) fn send<P: AsRef<Path>>(
    client: &Client,
    files: &[P],
) -> Result<Vec<Result<FileId, FlowError>>, Failure> {
    let documents = files.iter().map(|path| read(path.as_ref()).map_err(Failure::new));
    let documents = documents.collect::<Result<Vec<_>, _>>()?;
    let uploaded = client.upload(documents)?.into_iter();
    Ok(uploaded.map(|file| file.map(FileId::from)).collect())
}

/// Checks that a file can be read and is not too large, before anything is sent.
///
/// # Errors
/// Returns the reason, with the path.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    open(path).map(drop)
}

/// Returns the digest of a file that can be uploaded.
///
/// # Errors
/// Returns an error as [`check`] does.
pub(crate) fn digest(path: &Path) -> Result<Digest, String> {
    digest::of_reader(open(path)?).map_err(|error| unreadable(path, &error))
}

fn open(path: &Path) -> Result<File, String> {
    // Opening a FIFO would block.
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(format!(
            "{} cannot be read: not a regular file; check the path",
            path.display()
        ));
    }
    check_length(path, metadata.len())?;
    File::open(path).map_err(|error| unreadable(path, &error))
}

fn read(path: &Path) -> Result<Document, String> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    check_length(path, bytes.len() as u64)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Document::new(name, bytes))
}

fn check_length(path: &Path, length: u64) -> Result<(), String> {
    if length <= MAX_FILE_BYTES {
        return Ok(());
    }
    Err(format!(
        "{} has {length} bytes; the service takes at most 60 MB ({MAX_FILE_BYTES} bytes)",
        path.display()
    ))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}; check the path and its permissions", path.display())
}
