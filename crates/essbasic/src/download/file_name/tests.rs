use std::collections::HashSet;

use proptest::prelude::*;

use super::super::name_set::folded;
use super::*;

fn values<'a>(name: &'a str, flow_id: &'a str, kind: &'a str) -> NameValues<'a> {
    NameValues { name, flow_id, kind, index: 6, file_index: 1, at: 1_700_000_000 }
}

fn default_name(name: &str, flow_id: &str) -> String {
    FileNames::default().assign(values(name, flow_id, "PDF")).name
}

fn templated(template: &str, name: &str, flow_id: &str) -> String {
    FileNames::new(template.parse().unwrap()).assign(values(name, flow_id, "PDF")).name
}

#[test]
fn builds_names_by_a_template() {
    assert_eq!(templated("{index}-{flow_id}", "合同", "f"), "7-f.pdf");
    assert_eq!(templated("{flow_id}-{file_index}", "合同", "f"), "f-2.pdf");
    assert_eq!(templated("{date} {name}", "合同.pdf", "f"), "2023-11-14 合同.pdf");
    assert_eq!(templated("lease {name} ({flow_id})", "a/b", "f"), "lease a_b (f).pdf");
    assert_eq!(templated("{name}", "", "f"), "_.pdf");
    assert_eq!(templated("{date}.{index}", "a", "f"), "2023-11-14.7.pdf");
    assert_eq!(templated("{name}.{index}", "a.pdf", "f"), "a.7.pdf");
    assert_eq!(templated("{name}.{index}", "", "f"), "7.pdf");
    assert_eq!(templated("v1.{flow_id}.", "a", "f"), "v1.f.pdf");
    assert_eq!(templated("..{index}..{name}", "a", "f"), "7..a.pdf");
    assert_eq!(templated("con.{index}", "a", "f"), "_con.7.pdf");
    assert_eq!(templated("{name}{name}", "a", "f"), "aa.pdf");
    assert_eq!(templated("../{name}", "a", "f"), "_a.pdf");
    assert_eq!(templated(" {flow_id}", "a", "f"), "f.pdf");
    assert_eq!(templated(" {flow_id}", "a", ""), "_.pdf");
    let long = templated("{date}-{name}-{flow_id}", &"合".repeat(300), "yDwi");
    assert!(long.len() <= MAX_NAME_BYTES && long.starts_with("2023-11-14-合"), "{long}");
    assert!(long.ends_with("-yDwi.pdf"), "{long}");
    for wrong in ["", "{file_index}", "{flow}", "{name", "name}", "{}", "fixed"] {
        assert!(wrong.parse::<NameTemplate>().is_err(), "{wrong}");
    }
}

#[test]
fn names_stay_readable() {
    assert_eq!(default_name("合同,270481027143248.pdf", "yDwi"), "合同,270481027143248-yDwi.pdf");
    assert_eq!(default_name("v1.2 报告", "f"), "v1.2 报告-f.pdf");
    assert_eq!(default_name("", "f"), "f.pdf");
    assert_eq!(default_name("a.PDF", "f"), "a-f.PDF");
    assert_eq!(default_name("合同V1.0", "f"), "合同V1.0-f.pdf");
    assert_eq!(FileNames::default().assign(values("a.zip", "f", "")).name, "a-f.zip");
    assert_eq!(FileNames::default().assign(values("a", "f", "?")).name, "a-f.bin");
}

#[test]
fn names_cannot_leave_the_folder_or_mislead() {
    assert_eq!(default_name("../../etc/passwd", "f"), "_.._etc_passwd-f.pdf");
    assert_eq!(default_name("..", "../.."), "_.pdf");
    assert_eq!(default_name("a\u{202e}fdp.exe", "f"), "afdp.exe-f.pdf");
    assert_eq!(default_name("CON", "f"), "CON-f.pdf");
    assert_eq!(default_name("con.txt", "f"), "_con.txt-f.pdf");
    assert_eq!(default_name("-rf", "f"), "_-rf-f.pdf");
    assert_eq!(default_name("", "CON"), "_CON.pdf");
    assert_eq!(default_name("", "com1"), "_com1.pdf");
    assert_eq!(default_name("a\0b\nc", "f"), "a_b_c-f.pdf");
}

#[test]
fn assigns_each_name_once() {
    let mut names = FileNames::default();
    assert_eq!(names.assign(values("a", "f", "pdf")).name, "a-f.pdf");
    assert_eq!(names.assign(values("a", "f", "pdf")).name, "a-f (2).pdf");
    assert_eq!(names.assign(values("A", "F", "pdf")).name, "A-F (3).pdf");
}

#[test]
fn numbers_names_that_collide_on_some_file_system() {
    for (first, second) in [
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
        let first = names.assign(values(first, "f", "pdf")).name;
        let second = names.assign(values(second, "g", "pdf")).name;
        assert!(!first.contains(" (2)") && second.ends_with(" (2).pdf"), "{first} {second}");
    }
    let mut names = FileNames::new("{name}".parse().unwrap());
    assert_eq!(
        names.assign(values("\u{e9}", "f", "pdf")).name,
        "\u{e9}.pdf",
        "the spelling is kept"
    );
    assert_eq!(names.assign(values("e", "f", "pdf")).name, "e.pdf", "another letter");
}

#[test]
fn removes_invisible_characters() {
    for c in BIDI.into_iter().chain(INVISIBLE) {
        assert_eq!(default_name(&format!("a{c}b"), &format!("{c}f")), "ab-f.pdf", "{c:?}");
    }
    for c in ['\0', '\u{7f}', '\u{85}', '\u{9f}', '\u{fdd0}', '\u{ffff}', '\u{10fffe}'] {
        assert_eq!(default_name(&format!("a{c}b"), "f"), "a_b-f.pdf", "{c:?}");
    }
    assert_eq!(default_name("\u{3000}.\u{a0}a\u{2003}. ", "f"), "a-f.pdf");
    assert_eq!(default_name("\u{3164}", "f"), "f.pdf");
}

#[test]
fn never_assigns_a_device_name() {
    for device in ["CON", "prn", "Aux", "NUL", "COM1", "lpt9", "COM\u{b9}", "LPT\u{b3}", "CONIN$"] {
        for name in ["", ".txt", " .txt", ". . ", "\u{200b}", "\u{a0}", ".a.b"] {
            let assigned = templated("{name}", &format!("{device}{name}"), "f");
            assert!(assigned.starts_with('_'), "{device}{name}: {assigned}");
        }
    }
    assert_eq!(templated("{name}", "COM10", "f"), "COM10.pdf");
    assert_eq!(templated("{name}", "合同CON", "f"), "合同CON.pdf");
}

#[test]
fn assigns_the_name_that_the_journal_lists_for_the_contract() {
    let owned = |template: &str, name: &str, owned: &[&str]| {
        let mut names = FileNames::new(template.parse().unwrap());
        for name in owned {
            names.mark_used(name);
            names.reserve("f", (*name).to_owned(), Existing::Replace);
        }
        let to = names.assign(values(name, "f", "PDF"));
        assert_eq!(to.owned, matches!(to.existing, Existing::Replace));
        (to.name, to.owned)
    };
    for (template, name, journal, expected, ours) in [
        ("{name}", "a", &["a (7).pdf"][..], "a (7).pdf", true),
        ("{name}", "a", &["b.pdf", "a.pdf"], "a.pdf", true),
        ("{name}", "a", &["b.pdf"], "a.pdf", false),
        ("{name}", "a", &["a.zip"], "a.pdf", false),
        ("{name}", "a", &["a (x).pdf", "ab.pdf"], "a.pdf", false),
        ("{date} {name}", "a", &["2023-11-13 a.pdf"], "2023-11-13 a.pdf", true),
        ("{date} {name}", "a", &["2023-11-13 b.pdf"], "2023-11-14 a.pdf", false),
        ("{name}", "a 2023-11-14", &["a 2023-11-13.pdf"], "a 2023-11-14.pdf", false),
    ] {
        let found = owned(template, name, journal);
        assert_eq!(found, (expected.to_owned(), ours), "{template} {name} {journal:?}");
    }
    // Another contract does not get the name.
    let mut names = FileNames::new("{name}".parse().unwrap());
    names.mark_used("a.pdf");
    names.reserve("f", "a.pdf".to_owned(), Existing::Replace);
    assert_eq!(names.assign(values("a", "g", "PDF")).name, "a (2).pdf");
    // A released name stays reserved for its contract.
    let to = names.assign(values("a", "f", "PDF"));
    names.release(&to);
    assert_eq!(names.assign(values("a", "f", "PDF")).name, "a.pdf");
}

const INVISIBLE: [char; 14] = [
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
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// Strings of pieces with a special meaning on some file system, and arbitrary strings.
fn hostile() -> impl Strategy<Value = String> {
    let pieces: Vec<_> = [
        "..", ".", "/", "\\", " ", "-", "CON", "nul", "COM1", "lpt¹", "\0", "\n", "合同", ".pdf",
        "a:b",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(BIDI.map(String::from))
    .chain(INVISIBLE.map(String::from))
    .collect();
    let mixed = prop::collection::vec(prop::sample::select(pieces), 0..120);
    prop_oneof![any::<String>(), mixed.prop_map(|pieces| pieces.concat())]
}

proptest! {
    #[test]
    fn every_name_is_valid_on_every_file_system(
        names in prop::collection::vec((hostile(), hostile(), any::<String>()), 1..8),
        template in prop::sample::select(vec![
            "{name}-{flow_id}", "{name}", " {flow_id}", "-{name}", ".{name}.", "con{index}{name}",
        ]),
    ) {
        let mut file_names = FileNames::new(template.parse().unwrap());
        let mut seen = HashSet::new();
        for (name, flow_id, kind) in names {
            let assigned = file_names.assign(values(&name, &flow_id, &kind)).name;
            prop_assert!(assigned.len() <= MAX_NAME_BYTES);
            prop_assert!(!assigned.contains(['/', '\\', ':', '\0', '<', '>', '|', '?', '*', '"']));
            prop_assert!(!assigned.chars().any(char::is_control));
            prop_assert!(!assigned.contains(BIDI) && !assigned.contains(INVISIBLE));
            prop_assert!(assigned.encode_utf16().count() <= MAX_NAME_BYTES);
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
    fn truncates_long_names_between_characters_and_keeps_the_extension(length in 1_usize..400) {
        let assigned = default_name(&"合".repeat(length), "f");
        prop_assert!(assigned.len() <= MAX_NAME_BYTES && assigned.ends_with("-f.pdf"));
    }
}
