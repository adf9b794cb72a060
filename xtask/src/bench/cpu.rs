//! CPU time of commands.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cargo;
use crate::error::Error;

/// Of a second, in what the system tells; Linux has the same on all machines.
const TICKS: f64 = 100.0;

/// Runs a command and tells the CPU time, user and system, of it and of all that it has waited for; in seconds.
/// What it says is shown where it fails.
pub(super) fn seconds(command: &mut Command) -> Result<f64, Error> {
    let before = of_children()?;
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::io(Path::new(command.get_program()), &error))?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    cargo::ended(&format!("{command:?}"), output.status)?;
    Ok(of_children()? - before)
}

/// Of all children that have been waited for.
fn of_children() -> Result<f64, Error> {
    let path = Path::new("/proc/self/stat");
    let stat = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
    ticks(&stat)
        .map(|ticks| ticks as f64 / TICKS)
        .ok_or_else(|| Error::new("/proc/self/stat is odd"))
}

/// `cutime` and `cstime`, of proc(5).
fn ticks(stat: &str) -> Option<u64> {
    // The second is the program's name, which may hold anything.
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
    fn the_time_of_children_stands_behind_any_name() {
        let stat = "7 (a) 1 (b) S 1 7 7 0 -1 4194560 9 8 7 6 11 12 130 14 20 0 1 0 5 4 3";
        assert_eq!(ticks(stat), Some(144));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn a_child_that_works_takes_time() {
        let before = of_children().unwrap();
        let mut work = Command::new("sh");
        work.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        assert!(seconds(&mut work).unwrap() > 0.0);
        assert!(of_children().unwrap() > before);
    }
}
