//! `essbasic-server --check`.

use std::path::Path;

use super::Exit;
use crate::config::Config;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::parts::Parts;

/// Checks a configuration, the files with secrets and the settings of a bucket, and prints the configuration as TOML or JSON. The store,
/// the folder of the archive and the network are not used. Problems are on stderr, one per line.
///
/// # Errors
/// Returns an error if the file is not a configuration, or if stdout cannot be written.
pub(crate) fn run(path: &Path, json: bool) -> Result<Exit, Failure> {
    let config = Config::parse(path)?;
    let problems = problems(&config);
    for problem in &problems {
        log::line(&format!("error: {}: {problem}", path.display()));
    }
    if !problems.is_empty() {
        return Ok(Exit::Refused);
    }
    let mut output = Output::new(json);
    if json {
        output.json(&config)?;
    } else {
        output.lines(config.shown()?.trim_end())?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

/// Returns all problems. Those of a file or a bucket are omitted if the value of the key is wrong.
fn problems(config: &Config) -> Vec<String> {
    let rules: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
    let is_new = |problem: &String| {
        let key = problem.split(": ").next().unwrap_or_default();
        !rules.iter().any(|rule| rule.contains(key))
    };
    let parts = Parts::open(config).err().unwrap_or_default();
    let parts: Vec<String> = parts.iter().map(ToString::to_string).filter(is_new).collect();
    [rules, parts].concat()
}
