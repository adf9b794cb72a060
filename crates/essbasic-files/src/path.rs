//! Paths and the files at them.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Returns `path` with a suffix appended to its file name: `j.1` and `.lock` give `j.1.lock`.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Returns whether two paths lead to the same file, which need not exist.
///
/// # Errors
/// Returns the error of the operating system if a path cannot be resolved for a reason other than absence.
pub fn is_same_file(one: &Path, other: &Path) -> io::Result<bool> {
    match (metadata(one)?, metadata(other)?) {
        (Some(one_found), Some(other_found)) => {
            Ok(same(&one_found, &other_found).unwrap_or(resolved(one)? == resolved(other)?))
        }
        (None, None) => Ok(resolved(one)? == resolved(other)?),
        _ => Ok(false),
    }
}

/// Returns whether `path` still leads to this open file: it has been neither removed nor replaced.
///
/// Always true on systems other than Unix, where an open file can be neither.
///
/// # Errors
/// Returns the error of the operating system if either cannot be examined.
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(same(&file.metadata()?, &found).unwrap_or(true)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Syncs a folder to disk, so that created, renamed and removed names are durable. Does nothing on systems other than
/// Unix.
///
/// # Errors
/// Returns the error of the operating system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(or_current(folder))?.sync_all() } else { Ok(()) }
}

/// Creates a folder with its missing parents, and syncs their names to disk. Does nothing if it exists.
///
/// # Errors
/// Returns the error of the operating system.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let folder = or_current(folder);
    let exists = |folder: &Path| folder.symlink_metadata().is_ok();
    let missing: Vec<_> =
        folder.ancestors().take_while(|folder| !exists(or_current(folder))).collect();
    std::fs::create_dir_all(folder)?;
    missing.into_iter().rev().try_for_each(|folder| sync_folder(parent(folder)))
}

/// Returns the folder of a path; of a bare file name, the current folder.
pub fn parent(path: &Path) -> &Path {
    or_current(path.parent().unwrap_or(Path::new("")))
}

/// Returns `.` for the empty path.
pub(crate) fn or_current(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the path with links resolved, as far as it exists.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let of_parent = || match (parent(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => Ok(folder.join(name)),
        _ => std::path::absolute(path),
    };
    path.canonicalize().or_else(|_| of_parent())
}

#[cfg(unix)]
fn same(one: &Metadata, other: &Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;

    Some(one.dev() == other.dev() && one.ino() == other.ino())
}

#[cfg(not(unix))]
fn same(_: &Metadata, _: &Metadata) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_appended() {
        for (path, expected) in
            [("j.1", "j.1.lock"), ("a/b.jsonl", "a/b.jsonl.lock"), ("x", "x.lock")]
        {
            assert_eq!(with_suffix(Path::new(path), ".lock"), Path::new(expected));
        }
    }

    #[test]
    fn the_same_file_is_recognized_by_any_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("a"), "").unwrap();
        std::fs::write(at("b"), "").unwrap();
        std::fs::hard_link(at("a"), at("hard")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("a"), at("soft")).unwrap();
        for (one, other, expected) in [
            ("a", "a", true),
            ("a", "sub/../a", true),
            ("a", "b", false),
            ("a", "absent", false),
            ("absent", "sub/../absent", true),
            ("absent", "other", false),
            ("none/absent", "none/absent", true),
            #[cfg(unix)]
            ("a", "hard", true),
            #[cfg(unix)]
            ("a", "soft", true),
        ] {
            assert_eq!(is_same_file(&at(one), &at(other)).unwrap(), expected, "{one} {other}");
        }
    }

    #[test]
    fn missing_folders_are_created() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("file"), "").unwrap();
        for (folder, created) in [
            ("a", true),
            ("a", true),
            ("a/b/c", true),
            ("d/../d/e", true),
            ("file", false),
            ("file/a", false),
        ] {
            let path = home.path().join(folder);
            assert_eq!(create_folder(&path).is_ok(), created, "{folder}");
            assert_eq!(path.is_dir(), created, "{folder}");
        }
        create_folder(Path::new("")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_removed_or_replaced_file_is_recognized() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = File::create(&path).unwrap();
        assert!(is_at(&file, &path).unwrap());
        std::fs::rename(&path, folder.path().join("log.1")).unwrap();
        assert!(!is_at(&file, &path).unwrap());
        std::fs::write(&path, "").unwrap();
        assert!(!is_at(&file, &path).unwrap());
    }
}
