//! Concurrent use of one folder or file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption fails the test"
)]

use std::io::{ErrorKind, Write};
use std::sync::Barrier;

use essbasic_files::{LineFile, Lock, TemporaryFile, remove_orphans};

#[test]
fn temporary_files_in_use_are_not_removed_as_orphans() {
    let folder = tempfile::tempdir().unwrap();
    let orphan = folder.path().join(".essbasic-00000000000000ff.part");
    std::fs::write(&orphan, "left").unwrap();
    let mut used = TemporaryFile::create_in(folder.path()).unwrap();
    used.write_all(b"whole").unwrap();
    remove_orphans(folder.path()).unwrap();
    assert!(!orphan.exists());
    used.persist(&folder.path().join("a")).unwrap();
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"whole");
}

#[test]
fn files_survive_concurrent_removal_of_orphans() {
    const FILES: usize = 500;
    let folder = tempfile::tempdir().unwrap();
    let (barrier, done) = (Barrier::new(3), std::sync::atomic::AtomicUsize::new(0));
    let finished = || done.load(std::sync::atomic::Ordering::Acquire) == 2;
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (folder, barrier, done) = (folder.path(), &barrier, &done);
            scope.spawn(move || {
                barrier.wait();
                for number in 0..FILES {
                    let mut file = TemporaryFile::create_in(folder).unwrap();
                    file.write_all(b"whole").unwrap();
                    file.persist_new(&folder.join(format!("{writer}-{number}"))).unwrap();
                }
                done.fetch_add(1, std::sync::atomic::Ordering::Release);
            });
        }
        barrier.wait();
        while !finished() {
            remove_orphans(folder.path()).unwrap();
        }
    });
    remove_orphans(folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2 * FILES);
}

#[test]
fn one_of_many_writers_of_a_new_name_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let (path, barrier) = (folder.path().join("a"), Barrier::new(8));
    let won = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut file = TemporaryFile::create_in(folder.path()).unwrap();
                    file.write_all(b"whole").unwrap();
                    barrier.wait();
                    file.persist_new(&path).map_err(|error| error.kind())
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(won.iter().filter(|result| result.is_ok()).count(), 1);
    let lost = won.iter().filter(|result| **result == Err(ErrorKind::AlreadyExists));
    assert_eq!(lost.count(), 7);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn locks_and_line_files_are_exclusive() {
    let folder = tempfile::tempdir().unwrap();
    let (lock, lines) = (folder.path().join("lock"), folder.path().join("lines"));
    let first = Lock::acquire(&lock).unwrap();
    assert_eq!(Lock::acquire(&lock).unwrap_err().kind(), ErrorKind::ResourceBusy);
    drop(first);
    Lock::acquire(&lock).unwrap();
    let open = || LineFile::open(&lines, 100, |_| Ok(()));
    let first = open().unwrap();
    assert_eq!(open().unwrap_err().kind(), ErrorKind::ResourceBusy);
    drop(first);
    open().unwrap();
}
