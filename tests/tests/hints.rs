//! Every hint of the libraries has a translation, which the commands print with `--language zh-CN`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in tests, a panic is the report of a failure"
)]

use std::fs;
use std::path::Path;

use essbasic::Language;
use essbasic_explorer::data::hints::translated;
use workspace_tests::root;

/// Texts before the string of a hint.
const STARTS: [&str; 3] = ["with_hint(", "hint: ", "HINT: &str = "];

/// Texts between those and the string.
const BETWEEN: [&str; 4] = ["format!(", "Some(", "Cow::Borrowed(", "&"];

/// Returns the string literal at the begin of a text, without escapes of line ends.
fn literal(text: &str) -> Option<String> {
    let mut text = text.trim_start();
    while let Some(rest) = BETWEEN.iter().find_map(|start| text.strip_prefix(start)) {
        text = rest.trim_start();
    }
    let text = text.strip_prefix('"')?;
    let end = text.match_indices('"').find(|(at, _)| !text[..*at].ends_with('\\'))?.0;
    let lines = text[..end].split("\\\n");
    Some(lines.map(str::trim_start).collect())
}

/// Returns the bodies of the functions that return a hint.
fn functions(code: &str) -> impl Iterator<Item = &str> {
    ["fn hint(", "fn of_kind("].into_iter().flat_map(|start| {
        code.match_indices(start).filter_map(|(at, _)| {
            let line = code[..at].rfind('\n').map_or(0, |end| end + 1);
            let indent = code[line..].chars().take_while(|c| *c == ' ').count();
            let end = format!("\n{}}}\n", " ".repeat(indent));
            Some(code[at..].split_once(&end)?.0)
        })
    })
}

/// Returns all string literals of a function.
fn literals(body: &str) -> Vec<String> {
    let lines = body.lines().filter(|line| !line.trim_start().starts_with("//"));
    let body = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut rest = &*body;
    while let Some(at) = rest.find('"') {
        let Some(text) = literal(&rest[at..]) else { break };
        let length = rest[at + 1..]
            .match_indices('"')
            .find(|(end, _)| !rest[at + 1..at + 1 + end].ends_with('\\'));
        found.push(text);
        rest = &rest[at + 2 + length.unwrap().0..];
    }
    found
}

/// Replaces the placeholders of a format.
fn with_values(hint: &str) -> String {
    let mut parts = hint.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "VALUE" + part.split_once('}').unwrap().1)
}

fn collect(folder: &Path, hints: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, hints);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for start in STARTS {
                let found = code.match_indices(start);
                let found = found.filter_map(|(at, _)| literal(&code[at + start.len()..]));
                let named = found.filter(|hint| hint.contains(' '));
                hints.extend(named.map(|hint| (path.display().to_string(), hint)));
            }
            let found = functions(code).flat_map(literals).filter(|hint| hint.contains(' '));
            hints.extend(found.map(|hint| (path.display().to_string(), hint)));
        }
    }
}

#[test]
fn hints_of_the_libraries_are_translated() {
    let mut hints = Vec::new();
    for name in [
        "tc3-client",
        "tc3-signer",
        "essbasic",
        "essbasic-callback",
        "essbasic-emulator",
        "essbasic-files",
    ] {
        collect(&root().join("crates").join(name).join("src"), &mut hints);
    }
    assert!(hints.len() > 60, "{hints:#?}");
    let missing = hints.iter().filter(|(_, hint)| {
        let hint = with_values(hint);
        let chinese = translated(&hint, Language::Chinese);
        chinese == hint
    });
    let missing: Vec<_> = missing.collect();
    assert!(
        missing.is_empty(),
        "add them to crates/essbasic-explorer/src/data/hints/zh-CN.json: {missing:#?}"
    );
}

#[test]
fn literals_of_hints_are_found() {
    for (text, expected) in [
        ("\"a b\".into()", Some("a b")),
        ("\n    format!(\"rename it to {x}\")", Some("rename it to {x}")),
        ("Some(Cow::Borrowed(\"a \\\n        b\"))", Some("a b")),
        ("text", None),
    ] {
        assert_eq!(literal(text).as_deref(), expected, "{text}");
    }
    assert_eq!(with_values("a {x}, {y:?} b"), "a VALUE, VALUE b");
}
