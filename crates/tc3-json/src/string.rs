//! Encoding of strings: runs of bytes without escapes, and the escapes.

/// Returns the number of leading bytes that a JSON string contains without escapes: up to a quotation mark, a backslash
/// or a control character.
#[inline]
pub(crate) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The highest bit of each byte below `than`; bytes above the first such byte may be set too.
    let below = |word: u64, than: u64| word.wrapping_sub(ONES * than) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if special & HIGH != 0 {
            return index * 8 + (special & HIGH).trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    bytes.len() - rest.len() + rest.iter().position(special).unwrap_or(rest.len())
}

/// Appends a string with its quotation marks.
#[inline]
pub(crate) fn write(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (read, unread) = rest.split_at(plain(rest));
        json.extend_from_slice(read);
        let Some((special, unread)) = unread.split_first() else { break };
        escape(json, *special);
        rest = unread;
    }
    json.push(b'"');
}

/// Returns a string with its quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len() + 2);
    write(&mut json, text);
    String::from_utf8(json).unwrap_or_default()
}

fn escape(json: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x8 => b'b',
        0xc => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    };
    json.extend_from_slice(&[b'\\', short]);
}
