//! Words of texts and parts of names.

/// Returns the first sentence of the first line of a documentation.
pub fn first_sentence(doc: &str) -> &str {
    let line = doc.lines().next().unwrap_or_default();
    line.find(". ").and_then(|end| line.get(..=end)).unwrap_or(line)
}

/// Returns the words of a text in lower case, and the parts of words in mixed case.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()).flat_map(|run| {
        let starts = part_starts(run);
        let parts: Vec<String> = match starts.is_empty() {
            true => Vec::new(),
            false => parts(run, &starts).map(str::to_lowercase).collect(),
        };
        std::iter::once(run.to_lowercase()).chain(parts)
    })
}

/// Returns the parts of a name that begin at 0 and at these positions.
pub(super) fn parts<'a>(name: &'a str, starts: &'a [usize]) -> impl Iterator<Item = &'a str> {
    let ends = starts.iter().copied().chain([name.len()]);
    std::iter::once(0)
        .chain(starts.iter().copied())
        .zip(ends)
        .filter_map(|(start, end)| name.get(start..end))
}

/// Returns the positions of the parts of a name after the first: `8` and `16` of `DescribeResourceUrl`, `2` of
/// `QRCode`.
pub(super) fn part_starts(name: &str) -> Vec<usize> {
    let bytes = name.as_bytes();
    let mut starts = Vec::new();
    for (at, window) in (1..).zip(bytes.windows(2)) {
        let &[before, here] = window else { continue };
        let is_start = match here {
            b'A'..=b'Z' => {
                !before.is_ascii_uppercase()
                    || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase)
            }
            _ => matches!(before, b'.' | b'_' | b'-'),
        };
        if is_start && name.is_char_boundary(at) {
            starts.push(at);
        }
    }
    starts
}

/// Returns whether the parts of a word in mixed case are the beginnings of parts of a name, in this order.
pub(super) fn has_humps(word: &[String], name: &str, starts: &[usize]) -> bool {
    let mut parts = parts(name, starts);
    !word.is_empty() && word.iter().all(|hump| parts.any(|part| part.starts_with(&**hump)))
}

/// Returns whether the text begins with the word after one edit of a letter, or after the exchange of two adjacent ones.
pub(super) fn begins_with_similar(text: &[u8], word: &[u8]) -> bool {
    let same = text.iter().zip(word).take_while(|(a, b)| a == b).count();
    let (text, word) = (text.get(same..).unwrap_or_default(), word.get(same..).unwrap_or_default());
    let begins = |skip_text: usize, skip_word: usize| {
        word.get(skip_word..)
            .is_some_and(|word| text.get(skip_text..).is_some_and(|text| text.starts_with(word)))
    };
    let exchanged = matches!((text, word), ([a, b, ..], [c, d, ..]) if a == d && b == c);
    word.is_empty() || begins(1, 1) || begins(0, 1) || begins(1, 0) || exchanged && begins(2, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_parts() {
        for (name, expected) in [
            ("DescribeResourceUrlsByFlows", &["Describe", "Resource", "Urls", "By", "Flows"][..]),
            ("MultiFlowSignQRCode", &["Multi", "Flow", "Sign", "QR", "Code"]),
            ("QrcodeBase64", &["Qrcode", "Base64"]),
            ("SIGN_SEAL", &["SIGN_", "SEAL"]),
            ("合同PDF", &["合同", "PDF"]),
            ("", &[""]),
        ] {
            assert_eq!(parts(name, &part_starts(name)).collect::<Vec<_>>(), expected, "{name}");
        }
        let found: Vec<String> = tokens("The `FlowIds`, or H5-links.").collect();
        assert_eq!(found, ["the", "flowids", "flow", "ids", "or", "h5", "links"]);
    }

    #[test]
    fn one_edit_is_similar() {
        for (word, expected) in [
            ("resource", true),
            ("resuorce", true),
            ("resorce", true),
            ("ressource", true),
            ("resoorce", true),
            ("ersource", true),
            ("xresource", true),
            ("resourceq", true),
            ("rezoorce", false),
            ("resuocre", false),
            ("describe", false),
        ] {
            assert_eq!(begins_with_similar(b"resourceurls", word.as_bytes()), expected, "{word}");
        }
        assert!(begins_with_similar(b"seal", b"seals") && !begins_with_similar(b"se", b"seals"));
    }

    #[test]
    fn a_sentence_ends_with_its_full_stop() {
        for (text, expected) in [
            ("One. Two.", "One."),
            ("One.\n\nTwo.", "One."),
            ("Version 2.0 of “it”. Two.", "Version 2.0 of “it”."),
            ("Just one", "Just one"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), expected);
        }
    }
}
