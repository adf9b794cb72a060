//! Advice that fits an error of the operating system.

use std::io::{self, ErrorKind};

use essbasic_files::TemporaryFileLost;

/// Returns what to do about a file that cannot be appended to, as an imperative.
pub(crate) fn for_own_file(error: &io::Error) -> &'static str {
    if TemporaryFileLost::is_cause_of(error) {
        return TemporaryFileLost.hint().unwrap_or_default();
    }
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on its disk",
        ErrorKind::FileTooLarge => "rotate it, or raise the limit of file sizes",
        ErrorKind::PermissionDenied => "make it and its folder writable",
        ErrorKind::ReadOnlyFilesystem => "mount its disk for writing",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "create its folder again",
        // A link, a FIFO, a folder, or a file with several names.
        ErrorKind::InvalidInput | ErrorKind::AlreadyExists | ErrorKind::IsADirectory => {
            "move away what is at its path"
        }
        ErrorKind::InvalidData => "move the file away; it is created again",
        ErrorKind::ResourceBusy => "stop the other process that uses it",
        _ => "check its disk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_error() {
        for (kind, advice) in [
            (ErrorKind::StorageFull, "make room"),
            (ErrorKind::QuotaExceeded, "make room"),
            (ErrorKind::FileTooLarge, "rotate"),
            (ErrorKind::PermissionDenied, "writable"),
            (ErrorKind::ReadOnlyFilesystem, "mount"),
            (ErrorKind::NotFound, "create its folder"),
            (ErrorKind::NotADirectory, "create its folder"),
            (ErrorKind::InvalidInput, "move away"),
            (ErrorKind::AlreadyExists, "move away"),
            (ErrorKind::IsADirectory, "move away"),
            (ErrorKind::InvalidData, "move the file away"),
            (ErrorKind::ResourceBusy, "stop the other process"),
            (ErrorKind::Other, "check its disk"),
        ] {
            let found = for_own_file(&kind.into());
            assert!(found.starts_with(advice) || found.contains(advice), "{kind}: {found}");
        }
        let lost = for_own_file(&io::Error::other(TemporaryFileLost));
        assert!(lost.contains(".essbasic-*.part"), "{lost}");
    }
}
