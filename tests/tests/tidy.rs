//! Checks of style and documents that need no reviewer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use regex::Regex;
use workspace_tests::root;

/// Returns every text file of the project, with its path below the root.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", "contracts"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let below = path.strip_prefix(root()).unwrap();
                files.push((below.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    assert!(files.len() > 100);
    files
}

fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn hand_written_files_are_short() {
    for (path, text) in files() {
        let generated = path.contains("/generated/") || path.contains("golden");
        let lines = text.lines().count();
        if path.ends_with(".rs") && !generated {
            assert!(lines <= 450, "{path} has {lines} lines: split it by subject");
        }
    }
}

#[test]
fn nothing_is_left_unfinished_or_tied_to_a_machine() {
    // Concatenated, so that this file does not contain them.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["/ro", "ot/"], ["todo", "!("]].map(|m| m.concat());
    for (path, text) in files() {
        if !path.ends_with(".rs") && !path.ends_with(".toml") && !path.ends_with(".md") {
            continue;
        }
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{path} contains {mark}");
        }
    }
}

#[test]
fn ci_runs_the_commands_of_the_readme() {
    let (readme, chinese, ci) = (file("README.md"), file("README.zh-CN.md"), file(".ci/run"));
    let commands: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("cargo run ") || line.starts_with("cargo test "))
        .map(|line| line.split('#').next().unwrap().trim())
        .collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        assert!(ci.contains(command), ".ci/run does not run {command}");
        assert!(chinese.contains(command), "README.zh-CN.md lacks {command}");
    }
}

#[test]
fn every_claim_names_an_existing_test() {
    let code: String = files()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .map(|(_, text)| text)
        .collect();
    for (document, least) in [("docs/limits.md", 25), ("THREAT_MODEL.md", 25)] {
        let text = file(document);
        let (mut rows, mut in_table) = (0, false);
        for line in text.lines() {
            let Some(last) = line.strip_suffix('|').and_then(|line| line.rsplit("| ").next())
            else {
                in_table = false;
                continue;
            };
            if !in_table || line.starts_with("|---") {
                in_table |= last.starts_with("test");
                continue;
            }
            rows += 1;
            let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
            assert!(!names.is_empty() || last.starts_with("none: "), "no test in {line}");
            for name in names.into_iter().filter(|_| !last.starts_with("none: ")) {
                assert!(code.contains(&format!("fn {name}(")), "{document} names {name}");
            }
        }
        assert!(rows > least, "{document}: {rows}");
    }
}

#[test]
fn every_crate_is_in_the_architecture() {
    let architecture = file("ARCHITECTURE.md");
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(architecture.contains(&format!("`{name}`")), "ARCHITECTURE.md lacks {name}");
    }
}

/// Words and phrases that GLOSSARY.md and CONTRIBUTING.md replace by the field's own terms.
const DENIED: &[&str] = &[
    r"colours?",
    r"anew",
    r"mend(s|ed|ing)?",
    r"spoil(t|ed|s)?",
    r"truth values?",
    r"whole numbers?",
    r"is none",
    // "there is no" and "is no longer" are fine.
    r"is no [a-z]+",
    r"whoever",
    r"so many",
    r"dies|died",
    r"agreed hosts?",
    r"a hand on",
    r"beside",
    r"retry-safe|retry safe|safe to repeat|repeated blindly",
    r"made durable",
    r"falls? together|told apart|turned down",
    r"serves? on",
    r"oldest rust|foreign types?",
    r"what comes of|what became of|comes of",
    r"contenders?",
];

/// Words that a line of documentation does not begin with.
const DENIED_STARTS: &[&str] = &["What", "Where", "Whose", "Who", "So many", "How often"];

/// Files that name the denied words, or quote others.
const EXEMPT: &[&str] = &["GLOSSARY.md", "CONTRIBUTING.md", "tests/tests/tidy.rs"];

#[test]
fn prose_uses_the_terms_of_the_field() {
    let denied = Regex::new(&format!(r"(?i)\b({})\b", DENIED.join("|"))).unwrap();
    let allowed = Regex::new(r"(?i)\bthere is no\b|\bis no longer\b").unwrap();
    let starts = format!(r"^\s*//[/!] (# )?({})\b", DENIED_STARTS.join("|"));
    let starts = Regex::new(&starts).unwrap();
    let mut found = Vec::new();
    for (path, text) in files() {
        let is_prose = [".rs", ".md", ".toml", ".sh", ".yml"].iter().any(|end| path.ends_with(end));
        if !is_prose || EXEMPT.contains(&path.as_str()) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            // Names of functions are prose too.
            let words = line.replace('_', " ");
            let words = if path.ends_with(".rs") && line.contains("fn ") { &words } else { line };
            let rest = allowed.replace_all(words, "");
            if denied.is_match(&rest) || starts.is_match(line) {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_deny_list_finds_what_it_lists() {
    let denied = Regex::new(&format!(r"(?i)\b({})\b", DENIED.join("|"))).unwrap();
    for line in ["in both colours", "the proxy is no URL", "made anew", "Whoever", "fn it_dies()"] {
        assert!(denied.is_match(&line.replace('_', " ")), "{line}");
    }
    for line in ["menders", "behind", "a color", "is nonetheless", "this is not a URL"] {
        assert!(!denied.is_match(line), "{line}");
    }
}
