//! The documents in two languages agree, and links between documents lead to files that exist.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in tests, a panic is the report of a failure"
)]

use std::path::PathBuf;

use workspace_tests::root;

/// Document in English and in Chinese.
const PAIRS: [[&str; 2]; 10] = [
    ["README.md", "README.zh-CN.md"],
    ["docs/guide/getting-started.md", "docs/guide/zh-CN/getting-started.md"],
    ["docs/guide/callbacks.md", "docs/guide/zh-CN/callbacks.md"],
    ["docs/guide/archiving.md", "docs/guide/zh-CN/archiving.md"],
    ["docs/guide/errors.md", "docs/guide/zh-CN/errors.md"],
    ["docs/guide/transports.md", "docs/guide/zh-CN/transports.md"],
    ["docs/guide/observability.md", "docs/guide/zh-CN/observability.md"],
    ["docs/guide/tenants.md", "docs/guide/zh-CN/tenants.md"],
    ["docs/guide/explorer.md", "docs/guide/zh-CN/explorer.md"],
    ["docs/guide/server.md", "docs/guide/zh-CN/server.md"],
];

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Parts of a Markdown document.
#[derive(Debug, Default)]
struct Document {
    /// Levels of the headings, from 1.
    headings: Vec<usize>,
    /// Code blocks: the language, then the lines without comments.
    code: Vec<Vec<String>>,
    /// Lines outside of code blocks.
    prose: Vec<String>,
}

impl Document {
    fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let mut block: Option<Vec<String>> = None;
        for line in text.lines() {
            match (line.strip_prefix("```"), &mut block) {
                (Some(language), None) => block = Some(vec![language.to_owned()]),
                (Some(_), Some(_)) => document.code.extend(block.take()),
                (None, Some(lines)) => lines.push(without_comment(&lines[0], line).to_owned()),
                (None, None) => {
                    let level = line.bytes().take_while(|byte| *byte == b'#').count();
                    if level > 0 && line[level..].starts_with(' ') {
                        document.headings.push(level);
                    }
                    document.prose.push(line.to_owned());
                }
            }
        }
        assert_eq!(block, None, "a code block has no end");
        document
    }

    /// Targets of links that are files: inline links and link definitions.
    fn files(&self) -> Vec<String> {
        let inline = |line: &str| -> Vec<String> {
            line.split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
                .map(Into::into)
                .collect()
        };
        let defined = |line: &str| {
            line.strip_prefix('[')
                .and_then(|rest| rest.split_once("]: "))
                .map(|(_, to)| to.to_owned())
        };
        let links =
            self.prose.iter().flat_map(|line| inline(line).into_iter().chain(defined(line)));
        let files = links.filter_map(|link| link.split('#').next().map(str::to_owned));
        files.filter(|file| !file.is_empty() && !file.contains("://")).collect()
    }
}

/// Comments may be translated; they are preceded by a space.
fn without_comment<'a>(language: &str, line: &'a str) -> &'a str {
    let marker = if language.starts_with("rust") { " // " } else { " # " };
    line.split(marker).next().unwrap_or(line).trim_end()
}

#[test]
fn both_languages_have_the_same_sections_and_code() {
    for [english, chinese] in PAIRS {
        let [first, second] = [english, chinese].map(|path| Document::parse(&read(path)));
        assert!(first.headings.len() > 4 && !first.code.is_empty(), "{english}: {first:?}");
        assert_eq!(
            first.headings, second.headings,
            "levels of headings in {english} and {chinese}"
        );
        assert_eq!(first.code.len(), second.code.len(), "code blocks in {english} and {chinese}");
        for (first, second) in first.code.iter().zip(&second.code) {
            assert_eq!(first, second, "code in {english} and {chinese}");
        }
    }
}

#[test]
fn every_chinese_page_is_compared() {
    for entry in std::fs::read_dir(root().join("docs/guide/zh-CN")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("docs/guide/zh-CN/{name}");
        assert!(PAIRS.iter().any(|[_, chinese]| *chinese == path), "{path} is not compared");
        let module = read("crates/essbasic/src/guide.rs");
        assert!(module.contains(&format!("../guide/zh-CN/{name}")), "guide.rs lacks {path}");
    }
}

#[test]
fn every_page_is_in_the_readme_and_on_docs_rs() {
    let [module, english, chinese] =
        ["crates/essbasic/src/guide.rs", "README.md", "README.zh-CN.md"].map(read);
    for entry in std::fs::read_dir(root().join("docs/guide")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            assert!(module.contains(&format!("../guide/{name}")), "guide.rs lacks {name}");
            for readme in [&english, &chinese] {
                assert!(readme.contains(&format!("/{name})")), "a README lacks {name}");
            }
        }
    }
}

#[test]
fn links_between_documents_lead_to_files() {
    let mut documents: Vec<PathBuf> = ["docs", "docs/guide", "docs/guide/zh-CN", "docs/adr", "."]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    documents.push(root().join("api-spec/README.md"));
    assert!(documents.len() > 30);
    for path in documents {
        let document = Document::parse(&std::fs::read_to_string(&path).unwrap());
        for file in document.files() {
            let target = path.parent().unwrap().join(&file);
            assert!(target.exists(), "{} links to {file}", path.display());
        }
    }
}

#[test]
fn paths_in_the_architecture_exist() {
    let text = read("ARCHITECTURE.md");
    let names = text.split('`').skip(1).step_by(2);
    let folders = ["crates/", "docs/", "api-spec/", "tests/", "fuzz/"];
    let paths: Vec<&str> =
        names.filter(|name| folders.iter().any(|folder| name.starts_with(folder))).collect();
    assert!(paths.len() > 30);
    for path in paths {
        assert!(root().join(path).exists(), "ARCHITECTURE.md names {path}");
    }
}
