//! Files that another program plants in the output folder, before and during a run, with both clients.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::collections::BTreeSet;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{
    ArchiveOptions, ArchiveReport, DownloadEvent, DownloadOptions, Error, FlowErrorKind,
    ReportedFlow,
};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};

use crate::support::{Driver, config, the_agent};

const IDS: [&str; 4] = ["one", "two", "three", "four"];

/// Starts an emulator with contracts of the same name, signed by every party long ago.
fn emulator() -> Emulator {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let builder = Emulator::builder().with_rate_limit(None).with_manual_clock(now - 200);
    let emulator = builder.start().unwrap();
    for id in IDS {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.file_name = "合同.pdf".into();
        emulator.create_flow(flow);
        emulator.sign(id, None).unwrap();
        emulator.sign(id, None).unwrap();
    }
    // A download would wait for the composition of files that have just been signed.
    emulator.advance(Duration::from_secs(100));
    emulator
}

impl Driver {
    fn archive_all(&self, options: &ArchiveOptions) -> Result<ArchiveReport, Error> {
        call!(self, archive(IDS, &options.clone().skip_status_check()))
    }

    fn download_all(&self, options: &DownloadOptions) -> essbasic::Report {
        self.download_of(IDS, options)
    }

    fn download_of(
        &self,
        flows: impl IntoIterator<Item = &'static str>,
        options: &DownloadOptions,
    ) -> essbasic::Report {
        call!(self, download(flows, options)).unwrap()
    }
}

/// The kind of a planted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plant {
    File,
    Link,
    DanglingLink,
    HardLink,
    Fifo,
    Folder,
}

const PLANTS: [Plant; 6] =
    [Plant::File, Plant::Link, Plant::DanglingLink, Plant::HardLink, Plant::Fifo, Plant::Folder];

/// An output folder, and a file outside of it that must not change.
struct Home {
    home: tempfile::TempDir,
    out: PathBuf,
}

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("out");
        std::fs::create_dir(&out).unwrap();
        std::fs::write(home.path().join("victim"), "unchanged").unwrap();
        Self { home, out }
    }

    fn plant(&self, plant: Plant, at: &Path) {
        let victim = self.home.path().join("victim");
        match plant {
            Plant::File => std::fs::write(at, "planted").unwrap(),
            Plant::Link => symlink(victim, at).unwrap(),
            Plant::DanglingLink => symlink(self.home.path().join("created"), at).unwrap(),
            Plant::HardLink => std::fs::hard_link(victim, at).unwrap(),
            Plant::Fifo => {
                assert!(std::process::Command::new("mkfifo").arg(at).status().unwrap().success());
            }
            Plant::Folder => std::fs::create_dir(at).unwrap(),
        }
    }

    /// Checks that the planted file and everything outside the folder are unchanged.
    fn check(&self, plant: Plant, at: &Path, case: &str) {
        let victim = std::fs::read_to_string(self.home.path().join("victim")).unwrap();
        assert_eq!(victim, "unchanged", "{case}");
        assert_eq!(std::fs::read_dir(self.home.path()).unwrap().count(), 2, "{case}");
        let found = at.symlink_metadata().unwrap().file_type();
        match plant {
            Plant::File => assert_eq!(std::fs::read(at).unwrap(), b"planted", "{case}"),
            Plant::Link | Plant::DanglingLink => assert!(found.is_symlink(), "{case}"),
            Plant::HardLink => assert_eq!(std::fs::read(at).unwrap(), b"unchanged", "{case}"),
            Plant::Fifo => assert!(found.is_fifo(), "{case}"),
            Plant::Folder => assert!(found.is_dir(), "{case}"),
        }
    }
}

fn clients(emulator: &Emulator) -> [(&'static str, Driver); 2] {
    let [blocking, asynchronous] = Driver::both(&config(emulator), &the_agent());
    [("blocking", blocking), ("async", asynchronous)]
}

fn pdfs(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file() && std::fs::read(path).unwrap().starts_with(b"%PDF"))
        .count()
}

/// The time of planting: before the run, or when its first file is requested.
#[derive(Debug, Clone, Copy)]
enum When {
    Before,
    During,
}

#[test]
fn an_existing_name_fails_its_contract_or_is_numbered() {
    let emulator = emulator();
    for (driver, client) in clients(&emulator) {
        for when in [When::Before, When::During] {
            for plant in PLANTS {
                for (names, taken, saved) in
                    [("{name}-{flow_id}", "合同-two.pdf", 3), ("{name}", "合同.pdf", 4)]
                {
                    let case = format!("{driver} {when:?} {plant:?} {names}");
                    let home = Arc::new(Home::new());
                    let at = home.out.join(taken);
                    let mut options = ArchiveOptions::to(&home.out)
                        .with_names(names.parse().unwrap())
                        .with_concurrency(1);
                    match when {
                        When::Before => home.plant(plant, &at),
                        When::During => {
                            let (home, at) = (Arc::clone(&home), at.clone());
                            options = options.on_event(move |event| {
                                if matches!(event, DownloadEvent::Started { .. })
                                    && at.symlink_metadata().is_err()
                                {
                                    home.plant(plant, &at);
                                }
                            });
                        }
                    }
                    let report = client.archive_all(&options).unwrap();
                    assert_eq!((report.saved, report.failed), (saved, 4 - saved), "{case}");
                    assert_eq!(report.total, 4, "{case}");
                    home.check(plant, &at, &case);
                    assert_eq!(pdfs(&home.out) as u64, saved, "{case}");
                    for flow in report.flows().unwrap().map(Result::unwrap) {
                        if let Some(error) = flow.error {
                            assert_eq!(error.kind, FlowErrorKind::Exists, "{case}");
                            assert!(error.hint().unwrap().contains("file away"), "{error}");
                        }
                    }
                    // The next run does not replace the planted file either.
                    let report = client.archive_all(&options).unwrap();
                    assert_eq!((report.already, report.failed), (saved, 4 - saved), "{case}");
                    home.check(plant, &at, &case);
                }
            }
        }
    }
}

/// A download keeps what it did not write, before and during its run, and a rerun adds no files.
#[test]
fn a_download_replaces_nothing() {
    let emulator = emulator();
    for (driver, client) in clients(&emulator) {
        for when in [When::Before, When::During] {
            for plant in PLANTS {
                for (names, taken) in [("{name}-{flow_id}", "合同-two.pdf"), ("{name}", "合同.pdf")]
                {
                    let case = format!("{driver} {when:?} {plant:?} {names}");
                    let home = Arc::new(Home::new());
                    let at = home.out.join(taken);
                    let options = DownloadOptions::to(&home.out).with_names(names.parse().unwrap());
                    let mut first = options.clone().with_concurrency(1);
                    match when {
                        When::Before => home.plant(plant, &at),
                        When::During => {
                            let (home, at) = (Arc::clone(&home), at.clone());
                            first = first.on_event(move |event| {
                                if matches!(event, DownloadEvent::Started { .. })
                                    && at.symlink_metadata().is_err()
                                {
                                    home.plant(plant, &at);
                                }
                            });
                        }
                    }
                    let report = client.download_all(&first);
                    assert_eq!(report.saved().count(), 4, "{case}");
                    home.check(plant, &at, &case);
                    let paths: BTreeSet<_> =
                        report.saved().map(|flow| flow.files[0].path.clone().unwrap()).collect();
                    assert_eq!((paths.len(), pdfs(&home.out)), (4, 4), "{case}");
                    let numbered = home.out.join(taken.replace(".pdf", " (2).pdf"));
                    assert!(paths.contains(&numbered), "{case} {paths:?}");
                    // A rerun, in the same order or another one, adopts the files under the same names.
                    let mut again = match when {
                        When::Before => client.download_of(IDS.into_iter().rev(), &options).flows,
                        When::During => client.download_all(&options).flows,
                    };
                    again.sort_by_key(|flow| IDS.iter().position(|id| *id == flow.flow_id));
                    assert_eq!(results(&again), results(&report.flows), "{case}");
                    assert_eq!(pdfs(&home.out), 4, "{case}");
                    home.check(plant, &at, &case);
                }
            }
        }
    }
}

/// Returns everything but the request IDs, which differ from run to run.
fn results(flows: &[ReportedFlow]) -> Vec<ReportedFlow> {
    let mut flows = flows.to_vec();
    flows.iter_mut().for_each(|flow| flow.request_id.clear());
    flows
}

#[test]
fn an_empty_file_is_kept() {
    let emulator = emulator();
    for (driver, client) in clients(&emulator) {
        let home = Home::new();
        let at = home.out.join("合同-two.pdf");
        std::fs::write(&at, "").unwrap();
        for _ in 0..2 {
            let report = client.download_all(&DownloadOptions::to(&home.out));
            assert_eq!(
                report.flows[1].files[0].path.clone().unwrap(),
                home.out.join("合同-two (2).pdf"),
                "{driver}"
            );
            assert_eq!(std::fs::read_dir(&home.out).unwrap().count(), 5, "{driver}");
            assert_eq!(std::fs::read(&at).unwrap(), b"", "{driver}");
        }
    }
}

/// Two downloads of the same contracts, without and with other files of the same names.
#[test]
fn concurrent_downloads_into_one_folder_share_equal_files() {
    let emulator = emulator();
    let clients = clients(&emulator);
    for names in ["{name}-{flow_id}", "{name}"] {
        for planted in [false, true] {
            let home = Home::new();
            let other = home.out.join("合同-two.pdf");
            if planted {
                home.plant(Plant::File, &other);
            }
            let options = DownloadOptions::to(&home.out).with_names(names.parse().unwrap());
            let [(_, one), (_, two)] = &clients;
            let reports = std::thread::scope(|scope| {
                let started =
                    [one, two].map(|client| scope.spawn(|| client.download_all(&options)));
                started.map(|download| download.join().unwrap())
            });
            let case = format!("{names} {planted}");
            for report in &reports {
                assert!(report.is_complete(), "{case} {report:?}");
                let paths: BTreeSet<_> =
                    report.saved().map(|flow| flow.files[0].path.clone().unwrap()).collect();
                assert_eq!(paths.len(), 4, "{case}");
            }
            if planted {
                home.check(Plant::File, &other, &case);
            }
            if names.contains("flow_id") {
                assert_eq!(results(&reports[0].flows), results(&reports[1].flows), "{case}");
                assert_eq!(pdfs(&home.out), 4, "{case}");
            }
            let count = pdfs(&home.out);
            for (_, client) in &clients {
                assert!(client.download_all(&options).is_complete(), "{case}");
                assert_eq!(pdfs(&home.out), count, "{case}");
            }
        }
    }
}

#[test]
fn planted_journals_and_locks_are_errors_before_the_run() {
    let emulator = emulator();
    for (driver, client) in clients(&emulator) {
        for name in [".essbasic-archive.jsonl", ".essbasic-archive.jsonl.lock"] {
            for plant in PLANTS {
                let case = format!("{driver} {name} {plant:?}");
                let home = Home::new();
                let at = home.out.join(name);
                home.plant(plant, &at);
                let result = client.archive_all(&ArchiveOptions::to(&home.out));
                // A lock file may be any regular file, because nothing is written to it.
                let is_file = matches!(plant, Plant::File | Plant::HardLink);
                match name.ends_with(".lock") && is_file {
                    true => assert_eq!(result.unwrap().saved, 4, "{case}"),
                    false => {
                        assert!(matches!(result, Err(Error::Folder { .. })), "{case} {result:?}");
                        assert_eq!(pdfs(&home.out), 0, "{case}");
                    }
                }
                home.check(plant, &at, &case);
            }
        }
    }
}

#[test]
fn a_journal_replaced_during_a_run_is_an_error() {
    let emulator = emulator();
    for (driver, client) in clients(&emulator) {
        for plant in PLANTS {
            let case = format!("{driver} {plant:?}");
            let home = Arc::new(Home::new());
            let at = home.out.join(".essbasic-archive.jsonl");
            let (planter, path) = (Arc::clone(&home), at.clone());
            let options = ArchiveOptions::to(&home.out).on_event(move |event| {
                if matches!(event, DownloadEvent::Started { flow_id } if flow_id == "two") {
                    std::fs::remove_file(&path).unwrap();
                    planter.plant(plant, &path);
                }
            });
            let error = client.archive_all(&options).unwrap_err();
            assert!(error.to_string().contains("removed or replaced"), "{case}: {error}");
            home.check(plant, &at, &case);
        }
    }
}

/// Planted files with the name of a temporary file of a killed process.
#[test]
fn removes_only_regular_files_as_orphans() {
    let emulator = emulator();
    for (driver, client) in clients(&emulator) {
        for plant in PLANTS {
            let case = format!("{driver} {plant:?}");
            let home = Home::new();
            let at = home.out.join(".essbasic-0123456789abcdef.part");
            home.plant(plant, &at);
            let report = client.archive_all(&ArchiveOptions::to(&home.out)).unwrap();
            assert_eq!(report.saved, 4, "{case}");
            match plant {
                Plant::File | Plant::HardLink => assert!(!at.exists(), "{case}"),
                _ => home.check(plant, &at, &case),
            }
        }
    }
}

/// Changes the first temporary file that it finds: replaces it, or removes it.
fn change_temporary_file(home: &Home, plant: Option<Plant>) -> bool {
    let paths = std::fs::read_dir(&home.out).unwrap().map(|entry| entry.unwrap().path());
    let is_temporary = |path: &PathBuf| path.to_string_lossy().ends_with(".part");
    let Some(path) = paths.into_iter().find(is_temporary) else { return false };
    std::fs::remove_file(&path).unwrap();
    if let Some(plant) = plant {
        home.plant(plant, &path);
    }
    true
}

#[test]
fn a_temporary_file_changed_during_a_run_is_fetched_again() {
    let emulator = Emulator::builder().with_min_pdf_bytes(2 << 20).start().unwrap();
    let flows: Vec<_> = emulator.completed_flows().into_iter().take(2).collect();
    for (driver, client) in clients(&emulator) {
        for plant in PLANTS.into_iter().map(Some).chain([None]) {
            let case = format!("{driver} {plant:?}");
            let home = Arc::new(Home::new());
            let (changed, seen) = (Arc::new(OnceLock::new()), Arc::clone(&home));
            let once = Arc::clone(&changed);
            let options =
                DownloadOptions::to(&home.out).with_concurrency(1).on_event(move |event| {
                    if matches!(event, DownloadEvent::Bytes(_))
                        && once.get().is_none()
                        && change_temporary_file(&seen, plant)
                    {
                        once.set(()).unwrap();
                    }
                });
            let report = call!(&client, download(flows.clone(), &options)).unwrap();
            assert!(changed.get().is_some(), "{case}: no temporary file was changed");
            assert!(report.is_complete(), "{case}: {report:?}");
            assert_eq!(pdfs(&home.out), 2, "{case}");
            let victim = std::fs::read_to_string(home.home.path().join("victim")).unwrap();
            assert_eq!(victim, "unchanged", "{case}");
        }
    }
}
