use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::error::CredentialError;

/// Maximum size of a credential or token file, in bytes.
pub(super) const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Returns the text of a small regular file, or `None` if it does not exist.
///
/// A link to a regular file is followed: Kubernetes mounts secrets as links.
///
/// # Errors
/// Returns an error if the file is a FIFO, a device or a folder, without blocking. Returns an error if it is not
/// UTF-8 or exceeds the limit.
pub(super) fn read(
    origin: &'static str,
    path: &Path,
) -> Result<Option<Zeroizing<String>>, CredentialError> {
    let fail =
        |what: &str| Err(CredentialError::new(origin, format!("{}: {what}", path.display())));
    let file = match open(path) {
        Ok(file) => file,
        // If a parent is not a folder, the file does not exist either.
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
    // The full capacity is allocated at once: a growing buffer leaves copies that are not zeroized.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize + 2));
    if let Err(error) = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes) {
        return fail(&error.to_string());
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return fail("larger than the limit of 64 KiB");
    }
    if matches!(**bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        return fail("UTF-16 text, not UTF-8; save it as UTF-8");
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

    // Without this flag, opening a FIFO blocks until it has a writer.
    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Logs a warning if other users than the owner can read or change a file with keys. The file is used nevertheless,
/// because containers often mount secrets with such permissions.
#[cfg_attr(not(unix), expect(unused_variables, reason = "only Unix has these permissions"))]
pub(super) fn warn_of_permissions(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = path.metadata() {
        use std::os::unix::fs::PermissionsExt;

        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o066 != 0 {
            tracing::warn!(
                path = %path.display(),
                mode = format_args!("{mode:03o}"),
                "other users can read or change the key file; run `chmod 600` on it"
            );
        }
    }
}
