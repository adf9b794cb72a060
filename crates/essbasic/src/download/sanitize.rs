//! Removal of unsafe characters from file names, and truncation to a length.

/// Returns a name without unsafe characters, and without leading and trailing dots and white space.
pub(super) fn sanitize(name: &str) -> String {
    replace_unsafe(name).trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
}

/// Replaces or removes unsafe characters.
///
/// Letters of every script are kept. Path separators, characters special to a shell or a file system and control
/// characters become `_`; invisible characters and those that change the writing direction are removed.
pub(super) fn replace_unsafe(name: &str) -> String {
    let kept = name.chars().filter_map(|c| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        c if c.is_control() || is_noncharacter(c) => Some('_'),
        c if is_invisible(c) => None,
        c => Some(c),
    });
    kept.collect()
}

/// Returns whether it is a Unicode noncharacter, which some file systems reject.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Returns whether the character is invisible: Unicode's Default_Ignorable_Code_Point, which includes the controls of
/// the writing direction; separators of lines and paragraphs; annotations.
fn is_invisible(c: char) -> bool {
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

/// Returns the longest prefix of the text of at most this number of bytes, cut between characters.
pub(crate) fn truncate(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|&end| end <= bytes).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}
