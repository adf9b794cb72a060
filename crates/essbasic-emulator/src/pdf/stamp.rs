//! Signatures stamped on an uploaded file.

use bytes::Bytes;

use crate::state::flow::Flow;

/// Appends a comment for each of the first `signatures` signatures to an uploaded file.
///
/// The bytes of the file are not changed. After the comments, the pointer to its cross-reference table is
/// written again, so that the PDF remains valid with the same pages. Without signatures the file is unchanged.
pub(crate) fn stamped(file: &Bytes, flow: &Flow, signatures: usize) -> Bytes {
    if signatures == 0 {
        return file.clone();
    }
    let mut stamped = file.to_vec();
    if !stamped.ends_with(b"\n") {
        stamped.push(b'\n');
    }
    let mut signed: Vec<_> =
        flow.parties().filter_map(|(index, _, party)| Some((party.signed_at?, index))).collect();
    signed.sort_unstable();
    let parties = flow.progress.len();
    for (at, index) in signed.into_iter().take(signatures) {
        let date = tc3_signer::Date::of(at.as_secs()).map(|date| date.to_string());
        let (party, date) = (index + 1, date.unwrap_or_default());
        let line = format!("% essbasic-emulator: signed by party {party} of {parties} on {date}\n");
        stamped.extend_from_slice(line.as_bytes());
    }
    if let Some(offset) = xref_offset(file) {
        stamped.extend_from_slice(format!("startxref\n{offset}\n").as_bytes());
    }
    stamped.extend_from_slice(b"%%EOF\n");
    stamped.into()
}

/// Returns the offset of the cross-reference table, from the last `startxref` of the file.
fn xref_offset(file: &[u8]) -> Option<u64> {
    const KEYWORD: &[u8] = b"startxref";
    let tail = file.get(file.len().saturating_sub(2048)..)?;
    let at = tail.windows(KEYWORD.len()).rposition(|window| window == KEYWORD)?;
    let rest = tail.get(at + KEYWORD.len()..)?.trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_last_cross_reference_table() {
        assert_eq!(xref_offset(b"startxref\n7\n%%EOF\nstartxref\r\n  12\n%%EOF"), Some(12));
        for without in [&b""[..], b"startxref", b"startxref x", b"startxref 99999999999999999999"] {
            assert_eq!(xref_offset(without), None);
        }
    }
}
