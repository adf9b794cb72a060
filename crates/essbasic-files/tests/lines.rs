//! Files of lines after truncation and with invalid lines.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption fails the test"
)]

use std::io::ErrorKind;
use std::path::Path;

use essbasic_files::LineFile;
use proptest::prelude::*;

fn read(path: &Path) -> std::io::Result<(LineFile, Vec<Vec<u8>>)> {
    let mut lines = Vec::new();
    let file = LineFile::open(path, 10, |line| {
        lines.push(line.to_vec());
        Ok(())
    })?;
    Ok((file, lines))
}

#[test]
fn invalid_lines_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    for (content, expected) in [
        ("0123456789", Ok(0)),
        ("012345678\n", Ok(1)),
        ("0123456789\n", Ok(1)),
        ("01234567890", Err(ErrorKind::InvalidData)),
        ("a\n01234567890\n", Err(ErrorKind::InvalidData)),
        ("\n\n", Ok(2)),
    ] {
        std::fs::write(&path, content).unwrap();
        let lines = read(&path).map(|(_, lines)| lines.len()).map_err(|error| error.kind());
        assert_eq!(lines, expected, "{content:?}");
    }
    let (mut file, _) = read(&path).unwrap();
    assert_eq!(file.append(["a", "b\nc"]).unwrap_err().kind(), ErrorKind::InvalidInput);
    drop(file);
    assert_eq!(std::fs::read(&path).unwrap(), b"\n\n");
}

#[test]
fn a_cleared_file_has_only_later_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    std::fs::write(&path, "a\nb\nhalf").unwrap();
    let (mut file, lines) = read(&path).unwrap();
    assert_eq!((lines.len(), file.is_empty()), (2, false));
    file.clear().unwrap();
    assert!(file.is_empty());
    file.append(["c"]).unwrap();
    drop(file);
    assert_eq!(std::fs::read(&path).unwrap(), b"c\n");
}

proptest! {
    #[test]
    fn a_truncated_file_keeps_its_complete_lines(
        written in prop::collection::vec("[a-z]{0,10}", 0..20),
        cut in any::<prop::sample::Index>(),
        more in "[a-z]{0,10}",
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let (mut file, lines) = read(&path).unwrap();
        prop_assert!(lines.is_empty() && file.is_empty());
        file.append(&written).unwrap();
        drop(file);
        let complete_file = std::fs::read(&path).unwrap();
        let kept = &complete_file[..cut.index(complete_file.len() + 1)];
        std::fs::write(&path, kept).unwrap();
        let complete = kept.iter().filter(|&&byte| byte == b'\n').count();
        let (mut file, lines) = read(&path).unwrap();
        prop_assert_eq!(lines.len(), complete);
        file.append([&more]).unwrap();
        drop(file);
        let (_, lines) = read(&path).unwrap();
        prop_assert_eq!(lines.len(), complete + 1);
        prop_assert_eq!(lines.last().unwrap(), more.as_bytes());
    }
}
