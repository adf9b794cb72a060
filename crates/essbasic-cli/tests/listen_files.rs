//! Foreign files at the paths of `essbasic listen --append` and `--state`, before it starts and while it runs.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::listening::{Listening, contract, not_started};
use crate::support::{essbasic, refused};

const VICTIM: &str = "somebody else's file\n";

/// Puts something at a path. The folder `other` has a file `victim`, and no `absent`.
type Plant = fn(&Path, &Path);

const PLANTS: [(&str, Plant); 5] = [
    ("a link", |path, other| symlink(other.join("victim"), path).unwrap()),
    ("a dangling link", |path, other| symlink(other.join("absent"), path).unwrap()),
    ("a hard link", |path, other| fs::hard_link(other.join("victim"), path).unwrap()),
    ("a FIFO", |path, _| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
    ("a folder", |path, _| fs::create_dir(path).unwrap()),
];

fn remove(path: &Path) {
    fs::remove_file(path).or_else(|_| fs::remove_dir(path)).unwrap();
}

struct Folders {
    home: TempDir,
    other: TempDir,
}

impl Folders {
    fn new() -> Self {
        let (home, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        fs::write(other.path().join("victim"), VICTIM).unwrap();
        Self { home, other }
    }

    #[track_caller]
    fn assert_untouched(&self, case: &str) {
        let other = self.other.path();
        assert_eq!(fs::read_to_string(other.join("victim")).unwrap(), VICTIM, "{case}");
        assert!(!other.join("absent").exists(), "{case}");
    }
}

#[test]
fn foreign_files_are_refused_at_the_start() {
    for (option, name) in [("--append", "file"), ("--state", "file"), ("--state", "file.lock")] {
        for (plant, put) in PLANTS {
            if (name, plant) == ("file.lock", "a hard link") {
                // Nothing is written to it.
                continue;
            }
            let case = format!("{plant} at {name} of {option}");
            let folders = Folders::new();
            put(&folders.home.path().join(name), folders.other.path());
            let mut command = essbasic(folders.home.path());
            command.args(["listen", "--port", "0", "--unsigned", option, "file"]);
            let output = not_started(&mut command);
            refused(&output, &["file cannot be", "; choose another file with", option]);
            folders.assert_untouched(&case);
        }
    }
}

#[test]
fn a_foreign_file_that_replaces_its_own_is_not_written() {
    for arguments in
        [&["--append", "file"][..], &["--state", "file"], &["--state", "file", "--append", "log"]]
    {
        for (plant, put) in PLANTS {
            let case = format!("{plant} at the file of {arguments:?}");
            let folders = Folders::new();
            let path = folders.home.path().join("file");
            let mut listening = Listening::start(folders.home.path(), arguments);
            assert_eq!(listening.post(&contract("before")), 200, "{case}");
            let kept = folders.home.path().join("kept");
            fs::rename(&path, &kept).unwrap();
            let before = fs::read(&kept).unwrap();
            put(&path, folders.other.path());
            for _ in 0..2 {
                assert_eq!(listening.post(&contract("meanwhile")), 503, "{case}");
            }
            folders.assert_untouched(&case);
            assert_eq!(fs::read(&kept).unwrap(), before, "{case}");
            let line = listening.line();
            assert!(line.contains("meanwhile was not taken: the file of --"), "{line}");
            assert!(line.trim_end().ends_with("; move away what is at its path"), "{line}");
            remove(&path);
            assert_eq!(listening.post(&contract("meanwhile")), 200, "{case}");
            assert!(fs::read_to_string(&path).unwrap().contains("meanwhile"), "{case}");
            put(&folders.home.path().join("again"), folders.other.path());
            fs::rename(&path, folders.home.path().join("kept too")).unwrap();
            put(&path, folders.other.path());
            assert_eq!(listening.post(&contract("at the end")), 503, "{case}");
            listening.signal("TERM");
            assert_eq!(listening.ended().code(), Some(0), "{case}");
            folders.assert_untouched(&case);
        }
    }
}

/// One file for two options would be corrupted.
#[test]
fn the_files_of_append_and_state_differ() {
    let folders = Folders::new();
    let home = folders.home.path();
    fs::create_dir(home.join("sub")).unwrap();
    for (append, state) in
        [("a", "a"), ("a", "./a"), ("a", "sub/../a"), ("a.lock", "a"), ("sub/../a.lock", "a")]
    {
        let output = not_started(essbasic(home).args([
            "listen",
            "--port",
            "0",
            "--unsigned",
            "--append",
            append,
            "--state",
            state,
        ]));
        refused(&output, &["is given for --append and for --state; give two files"]);
    }
    // A user's file is not a state file.
    fs::write(home.join("notes"), VICTIM).unwrap();
    let output = not_started(essbasic(home).args([
        "listen",
        "--port",
        "0",
        "--unsigned",
        "--state",
        "notes",
    ]));
    refused(&output, &["notes cannot be used as state: line 1 is not valid in a state file"]);
    assert_eq!(fs::read_to_string(home.join("notes")).unwrap(), VICTIM);
}

#[test]
fn two_listeners_do_not_share_a_file() {
    let folders = Folders::new();
    let home = folders.home.path();
    for (option, file) in [("--append", "log"), ("--state", "state")] {
        let listening = Listening::start(home, &[option, file]);
        let arguments = ["listen", "--port", "0", "--unsigned", option, file];
        let second = not_started(essbasic(home).args(arguments));
        refused(&second, &["in use by another process", "; choose another file with", option]);
        assert_eq!(listening.post(&contract("1")), 200);
        assert_eq!(listening.end().0, Some(0));
        assert_eq!(Listening::start(home, &[option, file]).end().0, Some(0));
    }
}
