//! CPU time of commands.

use std::path::Path;
use std::process::{Command, Stdio};

use super::cargo;
use super::error::Error;

/// Number of clock ticks per second; Linux has the same value on all machines.
const TICKS: f64 = 100.0;

/// Runs a command and returns the user and system CPU time of the process and its children, in seconds.
/// Prints the command's standard error if it fails.
pub(super) fn seconds(command: &mut Command) -> Result<f64, Error> {
    let before = of_children()?;
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::io(Path::new(command.get_program()), &error))?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    cargo::check_status(&format!("{command:?}"), output.status)?;
    Ok(of_children()? - before)
}

/// Returns the CPU time of all child processes that have exited.
fn of_children() -> Result<f64, Error> {
    let path = Path::new("/proc/self/stat");
    let stat = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
    ticks(&stat)
        .map(|ticks| ticks as f64 / TICKS)
        .ok_or_else(|| Error::new("/proc/self/stat: unknown format"))
}

/// Returns the CPU time of the threads of a running process, in seconds. Its unit is finer than a clock tick.
pub(super) fn of_process(id: u32) -> Result<f64, Error> {
    let folder = format!("/proc/{id}/task");
    let failed = |error: std::io::Error| Error::io(Path::new(&folder), &error);
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(&folder).map_err(failed)? {
        let text = std::fs::read_to_string(thread.map_err(failed)?.path().join("schedstat"));
        let text = text.map_err(failed)?;
        let first = text.split_whitespace().next().and_then(|figure| figure.parse::<u64>().ok());
        nanoseconds += first.ok_or_else(|| Error::new(format!("{folder}: unknown format")))?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// Parses `cutime` and `cstime`: proc(5).
fn ticks(stat: &str) -> Option<u64> {
    // The second field is the program's name, which may contain any character.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut after: Vec<u64> = Vec::new();
    for field in rest.split_whitespace().skip(13).take(2) {
        after.push(field.parse().ok()?);
    }
    (after.len() == 2).then(|| after.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_children_is_found_after_any_program_name() {
        let stat = "7 (a) 1 (b) S 1 7 7 0 -1 4194560 9 8 7 6 11 12 130 14 20 0 1 0 5 4 3";
        assert_eq!(ticks(stat), Some(144));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn the_time_of_a_running_process_grows() {
        let before = of_process(std::process::id()).unwrap();
        let mut text = String::new();
        while of_process(std::process::id()).unwrap() <= before {
            text.push_str(&text.len().to_string());
        }
    }

    #[test]
    fn a_busy_child_takes_cpu_time() {
        let before = of_children().unwrap();
        let mut work = Command::new("sh");
        work.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        assert!(seconds(&mut work).unwrap() > 0.0);
        assert!(of_children().unwrap() > before);
    }
}
