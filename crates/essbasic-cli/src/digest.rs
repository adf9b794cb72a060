//! SHA-256 digests.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest in lower-case hexadecimal.
pub(crate) type Digest = String;

/// Returns the digest of these bytes.
pub(crate) fn of(bytes: &[u8]) -> Digest {
    hexadecimal(Sha256::digest(bytes).as_slice())
}

/// Returns the digest of all that a reader yields.
pub(crate) fn of_reader(mut reader: impl Read) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal(hash.finalize().as_slice())),
            Ok(count) => hash.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
