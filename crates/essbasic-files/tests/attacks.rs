//! Files that an attacker has created at the path.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption fails the test"
)]

use std::io::{ErrorKind, Write};
use std::path::Path;

use essbasic_files::{
    LineFile, Lock, TemporaryFile, TemporaryFileLost, create_new, open, open_append, remove_orphans,
};

/// Creates an object at a path; `victim` is a file outside the folder.
type Plant = fn(path: &Path, victim: &Path);

#[cfg(unix)]
const PLANTS: [(&str, Plant); 5] = [
    ("symbolic link", |path, victim| std::os::unix::fs::symlink(victim, path).unwrap()),
    ("dangling link", |path, victim| {
        std::os::unix::fs::symlink(victim.with_extension("none"), path).unwrap();
    }),
    ("hard link", |path, victim| std::fs::hard_link(victim, path).unwrap()),
    ("FIFO", |path, _| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }),
    ("directory", |path, _| std::fs::create_dir(path).unwrap()),
];

#[cfg(unix)]
#[test]
fn planted_files_are_neither_followed_nor_blocked_on() {
    for (what, plant) in PLANTS {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("ours"), folder.path().join("victim"));
        std::fs::write(&victim, "untouched").unwrap();
        plant(&path, &victim);

        let is_hard_link = what == "hard link";
        let refused = |result: Result<(), std::io::Error>| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput, "{what}");
        };
        refused(open_append(&path).map(drop));
        refused(LineFile::open(&path, 100, |_| Ok(())).map(drop));
        // To read or lock a file through a hard link changes nothing.
        if !is_hard_link {
            refused(open(&path).map(drop));
            refused(Lock::acquire(&path).map(drop));
        }
        assert_eq!(create_new(&path).unwrap_err().kind(), ErrorKind::AlreadyExists, "{what}");

        let mut temporary = TemporaryFile::create_in(folder.path()).unwrap();
        temporary.write_all(b"new").unwrap();
        assert_eq!(
            temporary.persist_new(&path).unwrap_err().kind(),
            ErrorKind::AlreadyExists,
            "{what}"
        );
        match temporary.persist(&path) {
            Ok(()) => assert_eq!(std::fs::read(&path).unwrap(), b"new", "{what}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::IsADirectory, "{what}"),
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"untouched", "{what}");
        assert!(!victim.with_extension("none").exists(), "{what}");
    }
}

#[cfg(unix)]
#[test]
fn planted_temporary_files_are_not_followed() {
    for (what, plant) in PLANTS {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "untouched").unwrap();
        plant(&folder.path().join(".essbasic-0000000000000000.part"), &victim);
        remove_orphans(folder.path()).unwrap();
        assert_eq!(std::fs::read(&victim).unwrap(), b"untouched", "{what}");
    }
}

/// Changes a temporary file; `victim` is a file outside the folder.
#[cfg(unix)]
type Change = fn(temporary: &Path, victim: &Path);

#[cfg(unix)]
#[test]
fn a_temporary_file_that_another_program_changes_gets_no_final_name() {
    let truncate: Change = |path, _| {
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1).unwrap();
    };
    let extend: Change = |path, _| {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"!").unwrap();
    };
    let nothing: Change = |_, _| {};
    let replaced = PLANTS.map(|(what, plant)| (what, Some(plant), nothing));
    let cases = replaced.into_iter().chain([
        ("removed", None, nothing),
        ("truncated", None, truncate),
        ("extended", None, extend),
    ]);
    for (what, plant, change) in cases {
        for replaces in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (path, victim) = (folder.path().join("final"), folder.path().join("victim"));
            std::fs::write(&victim, "untouched").unwrap();
            if replaces {
                std::fs::write(&path, "earlier").unwrap();
            }
            let mut file = TemporaryFile::create_in(folder.path()).unwrap();
            file.write_all(b"content").unwrap();
            let entries = std::fs::read_dir(folder.path()).unwrap();
            let mut names = entries.map(|entry| entry.unwrap().path());
            let temporary =
                names.find(|name| name.extension().is_some_and(|x| x == "part")).unwrap();
            if plant.is_some() || what == "removed" {
                std::fs::remove_file(&temporary).unwrap();
            }
            if let Some(plant) = plant {
                plant(&temporary, &victim);
            }
            change(&temporary, &victim);
            let named = if replaces { file.persist(&path) } else { file.persist_new(&path) };
            let error = named.unwrap_err();
            assert!(TemporaryFileLost::is_cause_of(&error), "{what}: {error}");
            match replaces {
                true => assert_eq!(std::fs::read(&path).unwrap(), b"earlier", "{what}"),
                false => assert!(path.symlink_metadata().is_err(), "{what}"),
            }
            drop(file);
            assert_eq!(std::fs::read(&victim).unwrap(), b"untouched", "{what}");
        }
    }
}
