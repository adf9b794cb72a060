//! No process outlives the test, or the run of CI, that started it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use workspace_tests::Running;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && name != "target" && name != ".git" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `.spawn()` of a command gives a child that lives on when it is dropped, as in a test that fails. It stands only in
/// files with a guard that kills it then.
#[test]
fn children_are_started_under_a_guard() {
    let mut found = Vec::new();
    sources(&root(), &mut found);
    let mut guarded = 0;
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        // Not those of threads and tasks, which take arguments; nor this text.
        if !text.contains(concat!(".spawn", "()")) {
            continue;
        }
        let killed = text.contains("impl Drop for") && text.contains(".kill()");
        assert!(killed || text.contains(".kill_on_drop(true)"), "{}: no guard", path.display());
        guarded += 1;
    }
    assert!(guarded >= 4, "{guarded}");
}

#[test]
fn a_guard_ends_its_child_when_the_test_fails() {
    let mut command = Command::new("sleep");
    let child = Running::start(command.arg("60")).unwrap();
    let id = child.id();
    let failed = std::thread::spawn(move || {
        let _child = child;
        panic!("as a test does");
    });
    assert!(failed.join().is_err());
    assert!(!Path::new("/proc").join(id.to_string()).exists());
}

/// What `.ci/run` ends with.
#[cfg(target_os = "linux")]
#[test]
fn ci_finds_what_is_left_and_nothing_else() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("leftovers");
    std::fs::create_dir_all(&folder).unwrap();
    let (list, program) = (folder.join("list"), folder.join("sleep"));
    let marker = format!("test-{}", std::process::id());
    let look = |arguments: &[&Path]| -> Output {
        let mut command = Command::new(root().join(".ci/leftovers"));
        command.args(arguments).env("CI_RUN", &marker).env("LOOKS", "2").output().unwrap()
    };
    // The test's own process and its neighbours run from below the target folder.
    let before = look(&[Path::new("--list")]).stdout;
    assert!(String::from_utf8_lossy(&before).contains(&format!("{} ", std::process::id())));
    let finds = |child: &Running| {
        std::fs::write(&list, &before).unwrap();
        let output = look(&[&list]);
        let text = String::from_utf8(output.stderr).unwrap();
        let found = text.lines().any(|line| {
            line.split_whitespace().next() == Some(&child.id().to_string())
                && line.trim_end().ends_with(" 60")
        });
        assert!(!found || output.status.code() == Some(1), "{text}");
        found
    };
    let sleep = |program: &Path, variables: &[(&str, &str)]| {
        let mut command = Command::new(program);
        command.arg("60").env_clear().envs(variables.iter().copied());
        Running::start(&mut command).unwrap()
    };
    let system = Path::new("/bin/sleep");
    assert!(!finds(&sleep(system, &[("CI_RUN", "another")])), "another run's");
    assert!(finds(&sleep(system, &[("A", "b"), ("CI_RUN", &marker)])), "by its environment");
    // One that has cleared its environment is known by its program.
    // By a process of its own: a descriptor that this one writes may be inherited, and the program then be busy.
    assert!(Command::new("cp").arg(system).arg(&program).status().unwrap().success());
    assert!(finds(&sleep(&program, &[])), "by its program");
}
