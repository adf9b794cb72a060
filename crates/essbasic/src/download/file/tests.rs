use std::sync::{Arc, Mutex};

use super::super::destination::IntentLog;
use super::*;

const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";
const OTHER: &[u8] = b"%PDF-1.7\nold\n%%EOF\n";

fn to(existing: Existing) -> Destination {
    let (flow_id, name) = ("f".to_owned(), "a.pdf".to_owned());
    Destination { flow_id, name, existing, owned: false, intents: None }
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
    assert_eq!(std::fs::read(saved.path).unwrap(), PDF);
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
    let (keep, number, replace) = (&Existing::Keep, &Existing::Number, &Existing::Replace);
    let numbered = Some("a (2).pdf");
    let mut table = vec![
        (Nothing, replace, Some("a.pdf")),
        (Nothing, keep, Some("a.pdf")),
        (Nothing, &own, Some("a.pdf")),
        (Nothing, number, Some("a.pdf")),
        (Same, replace, Some("a.pdf")),
        (Same, keep, Some("a.pdf")),
        (Same, number, numbered),
        (Other, replace, Some("a.pdf")),
        (Other, &own, Some("a.pdf")),
        (Other, keep, None),
        (Other, &foreign, None),
        (Other, number, numbered),
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
        let old = home.path().join("a.pdf").symlink_metadata().map(|old| old.file_type()).ok();
        let finished = writer(home.path()).finish(&to(existing.clone())).unwrap();
        let case = format!("{before:?} {existing:?}");
        match (&finished, expected) {
            (Finished::Saved(saved), Some(name)) => {
                assert_eq!(saved.path, home.path().join(name), "{case}");
                assert_eq!(std::fs::read(&saved.path).unwrap(), PDF, "{case}");
            }
            (Finished::Conflict(message), None) => {
                assert!(message.starts_with("a.pdf exists"), "{message}");
            }
            _ => panic!("{case}"),
        }
        if expected != Some("a.pdf") {
            let now = home.path().join("a.pdf").symlink_metadata().unwrap();
            assert_eq!(Some(now.file_type()), old, "{case}");
            if before == Other {
                assert_eq!(std::fs::read(home.path().join("a.pdf")).unwrap(), OTHER, "{case}");
            }
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
        (Existing::Number, vec![("a.pdf", false), ("a (2).pdf", false)]),
        // The journal owns the name, so the file of the other program is replaced.
        (Existing::Replace, vec![("a.pdf", false), ("a.pdf", true)]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let intents = Arc::new(Intents(Mutex::default(), folder.path().to_owned()));
        let to = Destination { intents: Some(Arc::clone(&intents) as _), ..to(existing.clone()) };
        let finished = writer(folder.path()).finish(&to).unwrap();
        assert_eq!(matches!(finished, Finished::Conflict(_)), existing == Existing::Keep);
        let found = intents.0.lock().unwrap().clone();
        let found: Vec<_> = found.iter().map(|(name, exists)| (&**name, *exists)).collect();
        assert_eq!(found, expected);
        let kept = std::fs::read(folder.path().join("a.pdf")).unwrap() == OTHER;
        assert_eq!(kept, existing != Existing::Replace);
    }
}
