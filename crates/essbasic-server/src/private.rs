//! Files that only the user of this process can read.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Permissions of a file of this user only.
#[cfg(unix)]
const MODE: u32 = 0o600;

/// Bits of permissions that a file of the archive may have: it contains personal data.
#[cfg(unix)]
const ARCHIVED: u32 = 0o640;

/// Creates an empty file of this user only, unless one exists. Its permissions are not changed then.
///
/// # Errors
/// Returns the error of the operating system.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    match options().create_new(true).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file of this user only. An existing file is replaced, and its permissions are removed from others.
///
/// # Errors
/// Returns the error of the operating system.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = options().create(true).truncate(true).open(path)?;
    restrict(&file)?;
    file.write_all(text.as_bytes())
}

/// Removes the permissions of others.
///
/// # Errors
/// Returns the error of the operating system.
pub(crate) fn restrict(file: &File) -> io::Result<()> {
    set_mode(file, |_| MODE)
}

/// Removes the permissions of others than the user and the group, and those that change the file from the group.
///
/// # Errors
/// Returns the error of the operating system.
pub(crate) fn restrict_to_group(file: &File) -> io::Result<()> {
    set_mode(file, |mode| mode & ARCHIVED)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, MODE);
    options
}

#[cfg(unix)]
fn set_mode(file: &File, mode: impl Fn(u32) -> u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = file.metadata()?.permissions();
    permissions.set_mode(mode(permissions.mode()));
    file.set_permissions(permissions)
}

/// Files are created with the permissions of the folder, which are those of the user by default.
#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: impl Fn(u32) -> u32) -> io::Result<()> {
    Ok(())
}

/// Returns whether every user of the system can read the file.
#[cfg(unix)]
pub(crate) fn is_public(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// Returns whether every user of the system can read the file.
#[cfg(not(unix))]
pub(crate) fn is_public(_file: &File) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_are_of_this_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        create(&path).unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::write(&path, "kept").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        create(&path).unwrap();
        assert_eq!((mode(), std::fs::read_to_string(&path).unwrap().as_str()), (0o644, "kept"));
        assert!(is_public(&File::open(&path).unwrap()));
        restrict_to_group(&File::open(&path).unwrap()).unwrap();
        assert_eq!(mode(), 0o640);
        assert!(!is_public(&File::open(&path).unwrap()));
        write(&path, "new").unwrap();
        assert_eq!((mode(), std::fs::read_to_string(&path).unwrap().as_str()), (0o600, "new"));
        restrict_to_group(&File::open(&path).unwrap()).unwrap();
        assert_eq!(mode(), 0o600, "never more than before");
        assert!(create(&folder.path().join("absent").join("file")).is_err());
    }
}
