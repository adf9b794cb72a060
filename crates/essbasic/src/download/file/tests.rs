use std::sync::{Arc, Mutex};

use super::super::destination::{IntentLog, Numbers, UsedNames};
use super::*;

const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";
const OTHER: &[u8] = b"%PDF-1.7\nold\n%%EOF\n";

fn to(existing: Existing) -> Destination {
    let (flow_id, name) = ("f".to_owned(), "a.pdf".to_owned());
    Destination {
        flow_id,
        name,
        existing,
        owned: false,
        intents: None,
        #[cfg(feature = "object-store")]
        uncompleted: 0.into(),
    }
}

/// Returns the handling of the names `a.pdf`, `a (2).pdf` and so on. A new file gets at least the number `first`.
fn number(first: u32) -> Existing {
    Existing::Number(Numbers { base: "a.pdf".to_owned(), first, used: UsedNames::default() })
}

fn writer(folder: &Path) -> FileWriter {
    let mut file = FileWriter::create(folder).unwrap();
    file.write(PDF).unwrap();
    file
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_gets_its_name_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = FileWriter::create(folder.path()).unwrap();
    for byte in PDF.chunks(1) {
        file.write(byte).unwrap();
        assert!(!folder.path().join("a.pdf").exists());
    }
    let Finished::Saved(saved) = file.finish(&to(Existing::Keep)).unwrap() else { panic!() };
    assert_eq!(std::fs::read(saved.path.unwrap()).unwrap(), PDF);
    assert_eq!((saved.bytes, saved.sha256), (PDF.len() as u64, sha256(PDF)));
    assert_eq!(names(folder.path()), ["a.pdf"]);
}

#[test]
fn removes_the_temporary_file_if_dropped() {
    let folder = tempfile::tempdir().unwrap();
    drop(writer(folder.path()));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn reports_a_missing_folder_with_the_error_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let error = FileWriter::create(&folder.path().join("none")).err().unwrap();
    assert!(error.raw_os_error().is_some(), "{error}");
    assert!(!error.to_string().contains(".part"), "{error}");
}

/// The kind of file that has the name before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Same,
    Other,
    /// As long as the file, with other bytes.
    SameLength,
    Empty,
    Folder,
    #[cfg(unix)]
    Link,
    #[cfg(unix)]
    DanglingLink,
    #[cfg(unix)]
    HardLink,
    #[cfg(unix)]
    Fifo,
}

impl Before {
    fn create(self, folder: &Path) {
        let path = folder.join("a.pdf");
        #[cfg(unix)]
        let victim = folder.join("victim");
        match self {
            Self::Nothing => {}
            Self::Same => std::fs::write(path, PDF).unwrap(),
            Self::Other => std::fs::write(path, OTHER).unwrap(),
            Self::SameLength => std::fs::write(path, vec![b'x'; PDF.len()]).unwrap(),
            Self::Empty => std::fs::write(path, "").unwrap(),
            Self::Folder => std::fs::create_dir(path).unwrap(),
            #[cfg(unix)]
            Self::Link => {
                std::fs::write(&victim, PDF).unwrap();
                std::os::unix::fs::symlink(victim, path).unwrap();
            }
            #[cfg(unix)]
            Self::DanglingLink => std::os::unix::fs::symlink(victim, path).unwrap(),
            #[cfg(unix)]
            Self::HardLink => {
                std::fs::write(&victim, OTHER).unwrap();
                std::fs::hard_link(victim, path).unwrap();
            }
            #[cfg(unix)]
            Self::Fifo => {
                let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
                assert!(made.success());
            }
        }
    }
}

#[test]
fn replaces_an_existing_file_only_if_it_belongs_to_the_contract() {
    use Before::*;
    let (own, foreign) =
        (Existing::KeepUnless(sha256(OTHER)), Existing::KeepUnless(sha256(b"another")));
    let (keep, number, replace) = (&Existing::Keep, &number(1), &Existing::Replace);
    let numbered = Some("a (2).pdf");
    let mut table = vec![
        (Nothing, replace, Some("a.pdf")),
        (Nothing, keep, Some("a.pdf")),
        (Nothing, &own, Some("a.pdf")),
        (Nothing, number, Some("a.pdf")),
        (Same, replace, Some("a.pdf")),
        (Same, keep, Some("a.pdf")),
        (Same, number, Some("a.pdf")),
        (Other, replace, Some("a.pdf")),
        (Other, &own, Some("a.pdf")),
        (Other, keep, None),
        (Other, &foreign, None),
        (Other, number, numbered),
        (SameLength, keep, None),
        (SameLength, number, numbered),
        (Empty, replace, Some("a.pdf")),
        (Empty, keep, None),
        (Empty, number, numbered),
        (Folder, replace, None),
        (Folder, keep, None),
        (Folder, number, numbered),
    ];
    #[cfg(unix)]
    table.extend([
        (Link, replace, None),
        (Link, keep, None),
        (Link, number, numbered),
        (DanglingLink, replace, None),
        (DanglingLink, keep, None),
        (DanglingLink, number, numbered),
        (HardLink, replace, Some("a.pdf")),
        (HardLink, keep, None),
        (HardLink, number, numbered),
        (Fifo, replace, None),
        (Fifo, keep, None),
        (Fifo, number, numbered),
    ]);
    for (before, existing, expected) in table {
        let home = tempfile::tempdir().unwrap();
        before.create(home.path());
        let victim = std::fs::read(home.path().join("victim")).ok();
        let state = || {
            let path = home.path().join("a.pdf");
            let found = path.symlink_metadata().ok()?;
            let bytes = found.is_file().then(|| std::fs::read(path).unwrap());
            Some((found.file_type(), bytes))
        };
        let old = state();
        // Each case has names of its own.
        let existing = match existing {
            Existing::Number(_) => &self::number(1),
            existing => existing,
        };
        let finished = writer(home.path()).finish(&to(existing.clone())).unwrap();
        let case = format!("{before:?} {existing:?}");
        match (&finished, expected) {
            (Finished::Saved(saved), Some(name)) => {
                assert_eq!(saved.path, Some(home.path().join(name)), "{case}");
                assert_eq!(std::fs::read(saved.path.as_ref().unwrap()).unwrap(), PDF, "{case}");
            }
            (Finished::Conflict { message, .. }, None) => {
                assert!(message.starts_with("a.pdf exists"), "{message}");
            }
            _ => panic!("{case}"),
        }
        if expected != Some("a.pdf") {
            assert_eq!(state(), old, "{case}");
        }
        assert_eq!(std::fs::read(home.path().join("victim")).ok(), victim, "{case}");
        assert!(!names(home.path()).iter().any(|name| name.ends_with(".part")), "{case}");
    }
}

#[derive(Default)]
struct Intents(Mutex<Vec<(String, bool)>>, PathBuf);

impl IntentLog for Intents {
    fn record_intent(&self, flow_id: &str, file: &Entry) -> io::Result<()> {
        assert_eq!((flow_id, file.bytes, &file.sha256), ("f", PDF.len() as u64, &sha256(PDF)));
        let exists = self.1.join(&file.name).exists();
        self.0.lock().unwrap().push((file.name.clone(), exists));
        // Another program creates the file first.
        if file.name == "a.pdf" && !exists {
            std::fs::write(self.1.join("a.pdf"), OTHER).unwrap();
        }
        Ok(())
    }
}

#[test]
fn records_intents_before_names_and_replaces_nothing_in_a_race() {
    for (existing, expected) in [
        (Existing::Keep, vec![("a.pdf", false)]),
        (number(1), vec![("a.pdf", false), ("a (2).pdf", false)]),
        // The journal owns the name, so the file of the other program is replaced.
        (Existing::Replace, vec![("a.pdf", false), ("a.pdf", true)]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let intents = Arc::new(Intents(Mutex::default(), folder.path().to_owned()));
        let to = Destination { intents: Some(Arc::clone(&intents) as _), ..to(existing.clone()) };
        let finished = writer(folder.path()).finish(&to).unwrap();
        let keeps = matches!(existing, Existing::Keep);
        assert_eq!(matches!(finished, Finished::Conflict { .. }), keeps);
        let found = intents.0.lock().unwrap().clone();
        let found: Vec<_> = found.iter().map(|(name, exists)| (&**name, *exists)).collect();
        assert_eq!(found, expected);
        let kept = std::fs::read(folder.path().join("a.pdf")).unwrap() == OTHER;
        assert_eq!(kept, !matches!(existing, Existing::Replace));
    }
}

/// Returns the name that a file gets if these files exist and the names in `used` are those of other files of the job.
fn named(first: u32, exist: &[(&str, &[u8])], used: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in exist {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let existing = number(first);
    let Existing::Number(numbers) = &existing else { panic!() };
    for name in used {
        numbers.used.lock().insert(name);
    }
    let Finished::Saved(saved) = writer(folder.path()).finish(&to(existing)).unwrap() else {
        panic!()
    };
    assert_eq!(std::fs::read(saved.path.as_ref().unwrap()).unwrap(), PDF);
    for (name, bytes) in exist {
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), *bytes, "{name}");
    }
    saved.key
}

#[test]
fn a_file_adopts_its_earlier_copy_or_gets_the_next_unused_number() {
    for (first, exist, used, expected) in [
        (1, &[][..], &[][..], "a.pdf"),
        (3, &[], &[], "a (3).pdf"),
        (1, &[("a.pdf", OTHER), ("a (2).pdf", PDF)], &[], "a (2).pdf"),
        (1, &[("a.pdf", OTHER), ("a (2).pdf", OTHER)], &[], "a (3).pdf"),
        // The first number belongs to another file, whose order has changed since the earlier run.
        (2, &[("a.pdf", PDF), ("a (2).pdf", OTHER)], &[], "a.pdf"),
        (3, &[("a (2).pdf", PDF)], &[], "a (2).pdf"),
        // A lower number that no file has is left to the file to which it is assigned.
        (2, &[("a (2).pdf", OTHER)], &[], "a (3).pdf"),
        // Another file of the job with the same bytes.
        (1, &[("a.pdf", PDF)], &["a.pdf"], "a (2).pdf"),
        (2, &[("a.pdf", PDF), ("a (2).pdf", PDF)], &["A.PDF"], "a (2).pdf"),
        // Assigned to a file that is about to get it.
        (1, &[], &["a.pdf", "a (2).pdf"], "a (3).pdf"),
    ] {
        assert_eq!(named(first, exist, used), expected, "{first} {exist:?} {used:?}");
    }
}

/// Files with the same bytes and different bytes, by many threads of two jobs.
#[test]
fn concurrent_files_of_one_name_replace_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = [UsedNames::default(), UsedNames::default()];
    let save = |used: &UsedNames, bytes: &[u8]| {
        let numbers = Numbers { base: "a.pdf".to_owned(), first: 1, used: used.clone() };
        let mut file = FileWriter::create(folder.path()).unwrap();
        file.write(bytes).unwrap();
        match file.finish(&to(Existing::Number(numbers))).unwrap() {
            Finished::Saved(saved) => (saved.path.unwrap(), bytes.to_vec()),
            Finished::Conflict { message, .. } => panic!("{message}"),
        }
    };
    let contents: Vec<Vec<u8>> = (0..8_u8).map(|n| [PDF, &[n / 2]].concat()).collect();
    for _ in 0..2 {
        let saved: Vec<Vec<_>> = std::thread::scope(|scope| {
            let threads = jobs.each_ref().map(|used| {
                let start = |bytes| scope.spawn(move || save(used, bytes));
                contents.iter().map(|bytes| start(bytes.as_slice())).collect::<Vec<_>>()
            });
            let join = |threads: Vec<std::thread::ScopedJoinHandle<'_, _>>| {
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            };
            threads.map(join).into()
        });
        for saved in saved {
            let paths: std::collections::HashSet<_> = saved.iter().map(|(path, _)| path).collect();
            assert_eq!(paths.len(), contents.len(), "two files of a job have one name");
            for (path, bytes) in &saved {
                assert_eq!(&std::fs::read(path).unwrap(), bytes);
            }
        }
        // The next round is another run of both jobs.
        for used in &jobs {
            *used.lock() = super::super::name_set::NameSet::default();
        }
    }
}
