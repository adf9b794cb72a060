//! The signatures on a file that was uploaded.

use bytes::Bytes;

use crate::state::flow::Flow;

/// The file as it was uploaded, and past its end a comment for each of the first `shown` signatures.
///
/// A PDF is added to at its end, and its last words say where its table stands: they are repeated, so
/// that the file stays whole and its pages the same. Without signatures it has the same bytes.
pub(crate) fn stamped(file: &Bytes, flow: &Flow, shown: usize) -> Bytes {
    if shown == 0 {
        return file.clone();
    }
    let mut noted = file.to_vec();
    if !noted.ends_with(b"\n") {
        noted.push(b'\n');
    }
    let mut signed: Vec<_> =
        flow.parties().filter_map(|(index, _, party)| Some((party.signed_at?, index))).collect();
    signed.sort_unstable();
    let all = flow.progress.len();
    for (at, index) in signed.into_iter().take(shown) {
        let day = tc3_signer::Date::of(at.as_secs()).map(|date| date.to_string());
        let (party, day) = (index + 1, day.unwrap_or_default());
        let line = format!("% essbasic-emulator: signed by party {party} of {all} on {day}\n");
        noted.extend_from_slice(line.as_bytes());
    }
    if let Some(offset) = table_offset(file) {
        noted.extend_from_slice(format!("startxref\n{offset}\n").as_bytes());
    }
    noted.extend_from_slice(b"%%EOF\n");
    noted.into()
}

/// Where the file's last words say that its table stands.
fn table_offset(file: &[u8]) -> Option<u64> {
    const WORD: &[u8] = b"startxref";
    let tail = file.get(file.len().saturating_sub(2048)..)?;
    let at = tail.windows(WORD.len()).rposition(|window| window == WORD)?;
    let rest = tail.get(at + WORD.len()..)?.trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_table_is_found_or_none() {
        assert_eq!(table_offset(b"startxref\n7\n%%EOF\nstartxref\r\n  12\n%%EOF"), Some(12));
        for without in [&b""[..], b"startxref", b"startxref x", b"startxref 99999999999999999999"] {
            assert_eq!(table_offset(without), None);
        }
    }
}
