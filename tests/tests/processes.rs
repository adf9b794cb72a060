//! Processes end with the test, or the run of CI, that started them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use workspace_tests::{ChildGuard, root};

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

/// A child of `Command::spawn` keeps running after it is dropped, as in a test that fails or after an early return. So only
/// files with a guard that kills it may spawn commands, and the child is in its guard from the start.
#[test]
fn children_are_started_under_a_guard() {
    let mut found = Vec::new();
    sources(&root(), &mut found);
    let mut guarded = 0;
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        // `spawn` of threads and tasks has arguments. `concat!` excludes this line.
        if !text.contains(concat!(".spawn", "()")) {
            continue;
        }
        guarded += 1;
        if text.contains(".kill_on_drop(true)") {
            continue;
        }
        let has_guard = text.contains("impl Drop for") && text.contains(".kill()");
        assert!(has_guard, "{}: no guard", path.display());
        for line in text.lines().filter(|line| line.contains(concat!(".spawn", "()"))) {
            let is_in_guard = line.contains(concat!(".spawn", "().map("));
            assert!(is_in_guard, "{}: not in its guard at once: {line}", path.display());
        }
    }
    assert!(guarded >= 4, "{guarded}");
}

#[test]
fn a_guard_kills_its_child_if_the_test_fails() {
    let mut command = Command::new("sleep");
    let child = ChildGuard::start(command.arg("60")).unwrap();
    let id = child.id();
    let failed = std::thread::spawn(move || {
        let _child = child;
        panic!("a failing test");
    });
    assert!(failed.join().is_err());
    assert!(!Path::new("/proc").join(id.to_string()).exists());
}

/// The last step of `.ci/run`.
#[cfg(target_os = "linux")]
#[test]
fn ci_finds_exactly_the_leaked_processes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("leaks");
    std::fs::create_dir_all(&folder).unwrap();
    let (list, program) = (folder.join("list"), folder.join("sleep"));
    let marker = format!("test-{}", std::process::id());
    let run = |arguments: &[&Path]| -> Output {
        let mut command = Command::new(root().join(".ci/leaks"));
        command.args(arguments).env("CI_RUN", &marker).env("CHECKS", "2").output().unwrap()
    };
    // The process of this test and those of other tests run from below the target folder.
    let before = run(&[Path::new("--list")]).stdout;
    assert!(String::from_utf8_lossy(&before).contains(&format!("{} ", std::process::id())));
    let finds = |child: &ChildGuard| {
        std::fs::write(&list, &before).unwrap();
        let output = run(&[&list]);
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
        ChildGuard::start(&mut command).unwrap()
    };
    let system = Path::new("/bin/sleep");
    assert!(!finds(&sleep(system, &[("CI_RUN", "another")])), "process of another run");
    assert!(finds(&sleep(system, &[("A", "b"), ("CI_RUN", &marker)])), "found by its environment");
    // A process that has cleared its environment is found by its program. A separate process copies the program, because a
    // writable descriptor of this process could be inherited, and executing the program would fail as busy.
    assert!(Command::new("cp").arg(system).arg(&program).status().unwrap().success());
    assert!(finds(&sleep(&program, &[])), "found by its program");
}
