//! File names made of names from the service: safe on every file system, and readable.

use std::collections::HashSet;

/// The longest name that common file systems take, in bytes.
const LONGEST: usize = 255;

/// Room for what makes a name unique: ` (4294967295)`.
const ROOM: usize = 13;

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The names given out in one folder. Two that differ in case only count as the same, as they do on
/// Windows and macOS.
#[derive(Debug, Default)]
pub(crate) struct FileNames {
    taken: HashSet<String>,
}

impl FileNames {
    /// A name for a file of a contract: the name the service gives it, with the contract's id, which
    /// keeps the many files called "contract.pdf" apart.
    pub(crate) fn assign(&mut self, name: &str, flow_id: &str, kind: &str) -> String {
        let (stem, extension) = split(name, kind);
        let id = clean(flow_id);
        let (start, end) = match stem.is_empty() {
            true => (id, String::new()),
            false => (stem, format!("-{id}")),
        };
        let start = if misleads(&format!("{start}{end}")) { format!("_{start}") } else { start };
        let end = cut(&end, LONGEST / 2);
        let room = LONGEST - ROOM - end.len() - extension.len() - 1;
        // What the name alone does not tell stays whole: the id.
        let start = cut(&start, room);
        for count in 1_u32.. {
            let unique = match count {
                1 => String::new(),
                count => format!(" ({count})"),
            };
            let candidate = format!("{start}{end}{unique}.{extension}");
            if self.taken.insert(candidate.to_lowercase()) {
                return candidate;
            }
        }
        format!("{start}{end}.{extension}")
    }
}

/// Name, cleaned, and extension. What the service says the file is goes before what its name ends in:
/// a "contract 1.0" is still a PDF, and a PDF is never a ".exe".
fn split(name: &str, kind: &str) -> (String, String) {
    let is_extension = |text: &str| {
        (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.').filter(|(_, extension)| is_extension(extension)) {
        Some((stem, extension)) if !is_extension(kind) || extension.eq_ignore_ascii_case(kind) => {
            (clean(stem), extension.to_owned())
        }
        _ if is_extension(kind) => (clean(name), kind.to_ascii_lowercase()),
        _ => (clean(name), "bin".to_owned()),
    }
}

/// Keeps letters of every script; what separates paths, means something to a shell or a file system,
/// is invisible or turns the writing direction becomes `_` or goes.
fn clean(name: &str) -> String {
    let kept = name.chars().filter_map(|c| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        c if c.is_control() => Some('_'),
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => None,
        c => Some(c),
    });
    kept.collect::<String>().trim_matches([' ', '.']).to_owned()
}

/// Whether the name begins like an option, or is a device's.
fn misleads(stem: &str) -> bool {
    let device = stem.split('.').next().unwrap_or(stem).trim_end().to_ascii_lowercase();
    let port = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
    let is_port = port.is_some_and(|number| {
        let mut chars = number.chars();
        chars.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c))
            && chars.next().is_none()
    });
    stem.is_empty() || stem.starts_with('-') || is_port || DEVICES.contains(&device.as_str())
}

/// As much of the text as fits, cut between characters and not behind a space or dot.
fn cut(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|&end| end <= bytes).last().unwrap_or_default();
    text.get(..end).unwrap_or_default().trim_end_matches([' ', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(name: &str, flow_id: &str) -> String {
        FileNames::default().assign(name, flow_id, "PDF")
    }

    #[test]
    fn names_stay_readable() {
        assert_eq!(one("合同,270481027143248.pdf", "yDwi"), "合同,270481027143248-yDwi.pdf");
        assert_eq!(one("v1.2 报告", "f"), "v1.2 报告-f.pdf");
        assert_eq!(one("", "f"), "f.pdf");
        assert_eq!(one("a.PDF", "f"), "a-f.PDF");
        assert_eq!(one("合同V1.0", "f"), "合同V1.0-f.pdf");
        assert_eq!(FileNames::default().assign("a.zip", "f", ""), "a-f.zip");
        assert_eq!(FileNames::default().assign("a", "f", "?"), "a-f.bin");
    }

    #[test]
    fn nothing_escapes_the_folder_or_misleads() {
        assert_eq!(one("../../etc/passwd", "f"), "_.._etc_passwd-f.pdf");
        assert_eq!(one("..", "../.."), "_.pdf");
        assert_eq!(one("a\u{202e}fdp.exe", "f"), "afdp.exe-f.pdf");
        assert_eq!(one("CON", "f"), "CON-f.pdf");
        assert_eq!(one("con.txt", "f"), "_con.txt-f.pdf");
        assert_eq!(one("-rf", "f"), "_-rf-f.pdf");
        assert_eq!(one("", "CON"), "_CON.pdf");
        assert_eq!(one("", "com1"), "_com1.pdf");
        assert_eq!(one("a\0b\nc", "f"), "a_b_c-f.pdf");
    }

    #[test]
    fn the_same_name_is_given_out_once() {
        let mut names = FileNames::default();
        assert_eq!(names.assign("a", "f", "pdf"), "a-f.pdf");
        assert_eq!(names.assign("a", "f", "pdf"), "a-f (2).pdf");
        assert_eq!(names.assign("A", "F", "pdf"), "A-F (3).pdf");
    }

    const BIDI: [char; 12] = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
        '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];

    /// Pieces that mean something to some file system, put together, and any text.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces: Vec<_> = [
            "..", ".", "/", "\\", " ", "-", "CON", "nul", "COM1", "lpt¹", "\0", "\n", "合同",
            ".pdf", "a:b",
        ]
        .into_iter()
        .map(str::to_owned)
        .chain(BIDI.map(String::from))
        .collect();
        let mixed = prop::collection::vec(prop::sample::select(pieces), 0..120);
        prop_oneof![any::<String>(), mixed.prop_map(|pieces| pieces.concat())]
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_every_file_system_takes(
            names in prop::collection::vec((hostile(), hostile(), any::<String>()), 1..8),
        ) {
            let mut given = FileNames::default();
            let mut seen = HashSet::new();
            for (name, flow_id, kind) in names {
                let assigned = given.assign(&name, &flow_id, &kind);
                prop_assert!(assigned.len() <= LONGEST);
                prop_assert!(!assigned.contains(['/', '\\', ':', '\0', '<', '>', '|', '?', '*', '"']));
                prop_assert!(!assigned.chars().any(char::is_control));
                prop_assert!(!assigned.contains(BIDI));
                let device = assigned.split('.').next().unwrap().trim_end().to_ascii_lowercase();
                prop_assert!(!DEVICES.contains(&device.as_str()));
                prop_assert!(!assigned.starts_with(['.', '-', ' ']));
                prop_assert!(!assigned.ends_with(['.', ' ']));
                prop_assert_eq!(std::path::Path::new(&assigned).components().count(), 1);
                prop_assert!(seen.insert(assigned.to_lowercase()));
            }
        }

        #[test]
        fn long_names_are_cut_between_characters_and_keep_their_extension(length in 1_usize..400) {
            let assigned = one(&"合".repeat(length), "f");
            prop_assert!(assigned.len() <= LONGEST && assigned.ends_with("-f.pdf"));
        }
    }
}
