use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::CredentialError;

/// Credential and token files are a few kilobytes; what is larger is another file.
pub(super) const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Returns the text of a small regular file; `None` if it does not exist.
///
/// A link to a regular file is followed: Kubernetes mounts secrets as links. A FIFO, a device or a folder is
/// an error, and is never waited for.
pub(super) fn read(
    origin: &'static str,
    path: &Path,
) -> Result<Option<Zeroizing<String>>, CredentialError> {
    let fail =
        |what: &str| Err(CredentialError::new(origin, format!("{}: {what}", path.display())));
    let file = match open(path) {
        Ok(file) => file,
        // Below a file, where a folder should be, there is no file either.
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return fail(&error.to_string()),
    };
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return fail("not a regular file"),
        Err(error) => return fail(&error.to_string()),
    }
    // Room for all from the start: a buffer that grows leaves copies behind that nothing wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize + 2));
    if let Err(error) = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes) {
        return fail(&error.to_string());
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return fail("larger than the limit of 64 KiB");
    }
    match core::str::from_utf8(&bytes) {
        Ok(text) => {
            Ok(Some(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())))
        }
        Err(_) => fail("not UTF-8 text"),
    }
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    // Without the flag, opening a FIFO blocks until somebody writes to it.
    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// [`read`] for a file that holds keys. Tells where others than the owner may read or change it; it is
/// read all the same, since many a container mounts its secrets so.
pub(super) fn read_keys(
    origin: &'static str,
    path: &Path,
) -> Result<Option<Zeroizing<String>>, CredentialError> {
    let text = read(origin, path)?;
    #[cfg(unix)]
    if text.is_some()
        && let Ok(metadata) = path.metadata()
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o066 != 0 {
            tracing::warn!(
                path = %path.display(),
                mode = format_args!("{mode:03o}"),
                "others than the owner may read or change this file of keys: `chmod 600` it"
            );
        }
    }
    Ok(text)
}
