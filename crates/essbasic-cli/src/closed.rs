//! Detection of a closed stdout.

/// Returns whether stdout was closed when the process started, as by `>&-`.
///
/// The standard library then opens the null device in its place, for reading and writing. A shell opens it for writing
/// only. A daemon has it for reading and writing on stdin or stderr too, and discards its output on purpose.
#[cfg(unix)]
pub(crate) fn is_closed() -> bool {
    use std::io;

    is_open_null(io::stdout()) && !is_open_null(io::stderr()) && !is_open_null(io::stdin())
}

/// Returns whether this is the null device, opened for reading and writing.
#[cfg(unix)]
fn is_open_null(stream: impl std::os::fd::AsFd) -> bool {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    let Ok(flags) = fcntl(&stream, FcntlArg::F_GETFL) else { return false };
    OFlag::from_bits_retain(flags) & OFlag::O_ACCMODE == OFlag::O_RDWR && is_null(stream)
}

/// Returns whether this is the null device.
#[cfg(unix)]
pub(crate) fn is_null(stream: impl std::os::fd::AsFd) -> bool {
    use std::fs::{File, metadata};
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let Ok(copy) = stream.as_fd().try_clone_to_owned() else { return false };
    match (File::from(copy).metadata(), metadata("/dev/null")) {
        (Ok(found), Ok(null)) => found.file_type().is_char_device() && found.rdev() == null.rdev(),
        _ => false,
    }
}

#[cfg(not(unix))]
pub(crate) fn is_closed() -> bool {
    false
}
