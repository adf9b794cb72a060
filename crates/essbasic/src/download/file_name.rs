//! File names made of names from the service: safe on every file system, and readable.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::template::NameTemplate;

/// The longest name that common file systems take, in bytes.
const LONGEST: usize = 255;

/// Room for what makes a name unique: ` (4294967295)`.
const ROOM: usize = 13;

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The names given out in one folder. Two that some file system takes for one count as the same: those that
/// differ in case on Windows and macOS; and, where it runs on Apple's systems, those that spell a letter in two
/// ways.
#[derive(Debug, Default)]
pub(crate) struct FileNames {
    /// Hashes of names: a hundred thousand names would be ten times as much. Two that fall together
    /// cost a number in a name.
    taken: HashSet<u64>,
    hasher: RandomState,
    template: NameTemplate,
}

/// What a name is made of.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    /// What the service calls the file.
    pub(crate) name: &'a str,
    pub(crate) flow_id: &'a str,
    pub(crate) kind: &'a str,
    /// The contract's place among all that were asked for.
    pub(crate) index: usize,
    /// Seconds since the epoch.
    pub(crate) at: u64,
}

impl FileNames {
    pub(crate) fn new(template: NameTemplate) -> Self {
        Self { template, ..Self::default() }
    }

    /// Keeps a name that an earlier run has given out.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.taken.insert(self.hasher.hash_one(folded(name)))
    }

    /// Takes back a name under which nothing stands.
    pub(super) fn give_back(&mut self, name: &str) {
        self.taken.remove(&self.hasher.hash_one(folded(name)));
    }

    /// A name for a file of a contract; by default the name the service gives it, with the contract's
    /// id, which keeps the many files called "contract.pdf" apart.
    pub(crate) fn assign(&mut self, named: Named<'_>) -> String {
        let (stem, extension) = split(named.name, named.kind);
        let [before, stem, after] = self.template.parts(&stem, &named);
        let start = match misleads(&format!("{before}{stem}{after}")) {
            true => format!("_{before}"),
            false => before,
        };
        // What the file's own name does not tell stays whole as far as may be: the id.
        let (start, end) = (cut(&start, LONGEST / 4), cut(&after, LONGEST / 2));
        let room = LONGEST - ROOM - start.len() - end.len() - extension.len() - 1;
        let stem = cut(&stem, room).trim_end_matches([' ', '.']);
        let base = format!("{start}{stem}{end}");
        let base = base.trim_end_matches([' ', '.']);
        for count in 1_u32.. {
            let unique = match count {
                1 => String::new(),
                count => format!(" ({count})"),
            };
            let candidate = format!("{base}{unique}.{extension}");
            if self.take(&candidate) {
                return candidate;
            }
        }
        format!("{base}.{extension}")
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
pub(super) fn clean(name: &str) -> String {
    let kept = name.chars().filter_map(|c| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        c if c.is_control() || is_no_character(c) => Some('_'),
        c if is_hidden(c) => None,
        c => Some(c),
    });
    let kept: String = kept.collect();
    kept.trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
}

/// Code points that are nobody's, and that some file systems refuse.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// What is not seen: Unicode's Default_Ignorable_Code_Point, with what turns the writing direction among it;
/// separators of lines and paragraphs; annotations.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What names have in common that some file system takes for one. Upper case first: it folds more (ß, ſ).
fn folded(name: &str) -> String {
    decomposed(name).to_uppercase().to_lowercase()
}

/// Letters as Apple's file systems compare them.
#[cfg(any(test, target_vendor = "apple"))]
fn decomposed(name: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfd(name).collect()
}

/// Elsewhere letters spelled in two ways are two: the tables would be a part of every build for nothing.
#[cfg(not(any(test, target_vendor = "apple")))]
fn decomposed(name: &str) -> &str {
    name
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

/// As much of the text as fits, cut between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|&end| end <= bytes).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named<'a>(name: &'a str, flow_id: &'a str, kind: &'a str) -> Named<'a> {
        Named { name, flow_id, kind, index: 6, at: 1_700_000_000 }
    }

    fn one(name: &str, flow_id: &str) -> String {
        FileNames::default().assign(named(name, flow_id, "PDF"))
    }

    fn by(template: &str, name: &str, flow_id: &str) -> String {
        FileNames::new(template.parse().unwrap()).assign(named(name, flow_id, "PDF"))
    }

    #[test]
    fn a_template_says_what_a_name_is_made_of() {
        assert_eq!(by("{index}-{flow_id}", "合同", "f"), "7-f.pdf");
        assert_eq!(by("{date} {name}", "合同.pdf", "f"), "2023-11-14 合同.pdf");
        assert_eq!(by("lease {name} ({flow_id})", "a/b", "f"), "lease a_b (f).pdf");
        assert_eq!(by("{name}", "", "f"), "_.pdf");
        assert_eq!(by("{name}{name}", "a", "f"), "aa.pdf");
        assert_eq!(by("../{name}", "a", "f"), "_a.pdf");
        assert_eq!(by(" {flow_id}", "a", "f"), "f.pdf");
        assert_eq!(by(" {flow_id}", "a", ""), "_.pdf");
        let long = by("{date}-{name}-{flow_id}", &"合".repeat(300), "yDwi");
        assert!(long.len() <= LONGEST && long.starts_with("2023-11-14-合"), "{long}");
        assert!(long.ends_with("-yDwi.pdf"), "{long}");
        for wrong in ["", "{flow}", "{name", "name}", "{}", "fixed"] {
            assert!(wrong.parse::<NameTemplate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_stay_readable() {
        assert_eq!(one("合同,270481027143248.pdf", "yDwi"), "合同,270481027143248-yDwi.pdf");
        assert_eq!(one("v1.2 报告", "f"), "v1.2 报告-f.pdf");
        assert_eq!(one("", "f"), "f.pdf");
        assert_eq!(one("a.PDF", "f"), "a-f.PDF");
        assert_eq!(one("合同V1.0", "f"), "合同V1.0-f.pdf");
        assert_eq!(FileNames::default().assign(named("a.zip", "f", "")), "a-f.zip");
        assert_eq!(FileNames::default().assign(named("a", "f", "?")), "a-f.bin");
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
        assert_eq!(names.assign(named("a", "f", "pdf")), "a-f.pdf");
        assert_eq!(names.assign(named("a", "f", "pdf")), "a-f (2).pdf");
        assert_eq!(names.assign(named("A", "F", "pdf")), "A-F (3).pdf");
    }

    #[test]
    fn names_that_some_system_takes_for_one_are_told_apart() {
        for (one, other) in [
            ("a", "A"),
            ("\u{e9}", "e\u{301}"),
            ("\u{c9}", "e\u{301}"),
            ("\u{d55c}", "\u{1112}\u{1161}\u{11ab}"),
            ("\u{1ed3}", "o\u{302}\u{300}"),
            ("\u{212b}", "\u{e5}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{17f}", "s"),
            ("\u{212a}", "k"),
            ("\u{3c2}", "\u{3a3}"),
            ("a\u{200b}b", "ab"),
            ("a/b", "a:b"),
            ("合同 ", "合同."),
        ] {
            let mut names = FileNames::new("{name}".parse().unwrap());
            let first = names.assign(named(one, "f", "pdf"));
            let second = names.assign(named(other, "g", "pdf"));
            assert!(!first.contains(" (2)") && second.ends_with(" (2).pdf"), "{first} {second}");
        }
        let mut names = FileNames::new("{name}".parse().unwrap());
        assert_eq!(names.assign(named("\u{e9}", "f", "pdf")), "\u{e9}.pdf", "as it was spelled");
        assert_eq!(names.assign(named("e", "f", "pdf")), "e.pdf", "another letter");
    }

    #[test]
    fn what_is_not_seen_goes() {
        for c in BIDI.into_iter().chain(UNSEEN) {
            assert_eq!(one(&format!("a{c}b"), &format!("{c}f")), "ab-f.pdf", "{c:?}");
        }
        for c in ['\0', '\u{7f}', '\u{85}', '\u{9f}', '\u{fdd0}', '\u{ffff}', '\u{10fffe}'] {
            assert_eq!(one(&format!("a{c}b"), "f"), "a_b-f.pdf", "{c:?}");
        }
        assert_eq!(one("\u{3000}.\u{a0}a\u{2003}. ", "f"), "a-f.pdf");
        assert_eq!(one("\u{3164}", "f"), "f.pdf");
    }

    #[test]
    fn no_device_is_a_name() {
        for device in
            ["CON", "prn", "Aux", "NUL", "COM1", "lpt9", "COM\u{b9}", "LPT\u{b3}", "CONIN$"]
        {
            for name in ["", ".txt", " .txt", ". . ", "\u{200b}", "\u{a0}", ".a.b"] {
                let assigned = by("{name}", &format!("{device}{name}"), "f");
                assert!(assigned.starts_with('_'), "{device}{name}: {assigned}");
            }
        }
        assert_eq!(by("{name}", "COM10", "f"), "COM10.pdf");
        assert_eq!(by("{name}", "合同CON", "f"), "合同CON.pdf");
    }

    const UNSEEN: [char; 14] = [
        '\u{ad}',
        '\u{34f}',
        '\u{115f}',
        '\u{180e}',
        '\u{200b}',
        '\u{200d}',
        '\u{2028}',
        '\u{2060}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{e0041}',
        '\u{e0100}',
    ];

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
        .chain(UNSEEN.map(String::from))
        .collect();
        let mixed = prop::collection::vec(prop::sample::select(pieces), 0..120);
        prop_oneof![any::<String>(), mixed.prop_map(|pieces| pieces.concat())]
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_every_file_system_takes(
            names in prop::collection::vec((hostile(), hostile(), any::<String>()), 1..8),
            template in prop::sample::select(vec![
                "{name}-{flow_id}", "{name}", " {flow_id}", "-{name}", ".{name}.", "con{index}{name}",
            ]),
        ) {
            let mut given = FileNames::new(template.parse().unwrap());
            let mut seen = HashSet::new();
            for (name, flow_id, kind) in names {
                let assigned = given.assign(named(&name, &flow_id, &kind));
                prop_assert!(assigned.len() <= LONGEST);
                prop_assert!(!assigned.contains(['/', '\\', ':', '\0', '<', '>', '|', '?', '*', '"']));
                prop_assert!(!assigned.chars().any(char::is_control));
                prop_assert!(!assigned.contains(BIDI) && !assigned.contains(UNSEEN));
                prop_assert!(assigned.encode_utf16().count() <= LONGEST);
                let device = assigned.split('.').next().unwrap().trim_end().to_ascii_lowercase();
                prop_assert!(!DEVICES.contains(&device.as_str()));
                let port = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
                let numbers = ["0", "1", "2", "3", "9", "\u{b9}", "\u{b2}", "\u{b3}"];
                prop_assert!(port.is_none_or(|number| !numbers.contains(&number)));
                prop_assert!(!assigned.starts_with(['.', '-', ' ']));
                prop_assert!(!assigned.ends_with(['.', ' ']));
                prop_assert_eq!(std::path::Path::new(&assigned).components().count(), 1);
                prop_assert!(seen.insert(folded(&assigned)));
            }
        }

        #[test]
        fn long_names_are_cut_between_characters_and_keep_their_extension(length in 1_usize..400) {
            let assigned = one(&"合".repeat(length), "f");
            prop_assert!(assigned.len() <= LONGEST && assigned.ends_with("-f.pdf"));
        }
    }
}
