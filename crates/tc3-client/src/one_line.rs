//! External text in errors and logs.

/// Returns `text` on one line, with at most `max_chars` characters.
///
/// Control characters, which could forge log lines or control a terminal, and characters that change the
/// direction of text become spaces.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let text = text.trim();
    // The limit bounds the allocation too: `text` may be very long.
    let mut line = String::with_capacity(text.len().min(max_chars));
    for (index, c) in text.chars().enumerate() {
        if index == max_chars {
            line.push('…');
            break;
        }
        line.push(if c.is_control() || is_bidi(c) { ' ' } else { c });
    }
    line
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
