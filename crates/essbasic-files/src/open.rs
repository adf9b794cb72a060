//! Opening regular files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Opens a regular file for reading.
///
/// A symbolic link at `path` is not followed; links in its parent folders are.
///
/// # Errors
/// Returns [`io::ErrorKind::InvalidInput`] if `path` is not a regular file, and the error of the operating system
/// otherwise.
pub fn open(path: &Path) -> io::Result<File> {
    open_regular(OpenOptions::new().read(true), path)
}

/// Returns the first `max_bytes` bytes of a regular file, as [`open`] opens it; none if it is absent.
///
/// # Errors
/// Returns the errors of [`open`] except absence, and the error of the operating system if it cannot be read.
pub fn read_start(path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
    let file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut start = Vec::new();
    file.take(max_bytes as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Opens a regular file for reading and appending, and creates it if it is absent.
///
/// A symbolic link at `path` is not followed. A file with more than one hard link is refused, because what is
/// appended would appear under another name too.
///
/// # Errors
/// Returns [`io::ErrorKind::InvalidInput`] if `path` is not a regular file or has several hard links, and the error
/// of the operating system otherwise.
pub fn open_append(path: &Path) -> io::Result<File> {
    let file = open_regular(OpenOptions::new().read(true).append(true).create(true), path)?;
    if hard_links(&file)? > 1 {
        return Err(refused("has several hard links"));
    }
    Ok(file)
}

/// Creates a file for writing.
///
/// # Errors
/// Returns [`io::ErrorKind::AlreadyExists`] if anything, a dangling link included, exists at `path`, and the error of
/// the operating system otherwise.
pub fn create_new(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

pub(crate) fn open_regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = no_follow(options).open(path).map_err(|error| explain(error, path))?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused("not a regular file")) }
}

/// Returns an error that names the cause if the path is not a regular file.
fn explain(error: io::Error, path: &Path) -> io::Error {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => refused("a symbolic link, which is not followed"),
        Ok(found) if !found.is_file() => refused("not a regular file"),
        _ => error,
    }
}

fn refused(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(unix)]
fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    // Without O_NONBLOCK, opening a FIFO blocks until the other end is opened.
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

#[cfg(windows)]
fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
}

#[cfg(not(any(unix, windows)))]
fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn hard_links(file: &File) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;

    Ok(file.metadata()?.nlink())
}

#[cfg(not(unix))]
fn hard_links(_: &File) -> io::Result<u64> {
    Ok(1)
}
