use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// What is unpacked at once. It can grow a thousandfold.
const PIECE: usize = 512;

/// A gzip body, unpacked as it comes.
pub(super) struct Gunzip {
    /// Unpacks into its vector, from which pieces are taken.
    decoder: MultiGzDecoder<Vec<u8>>,
    input: Bytes,
    /// An empty body is none, and well so.
    has_begun: bool,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        let decoder = MultiGzDecoder::new(Vec::new());
        Self { decoder, input: Bytes::new(), has_begun: false }
    }

    /// The next of the input; the last must have been used up.
    pub(super) fn push(&mut self, input: Bytes) {
        self.has_begun |= !input.is_empty();
        self.input = input;
    }

    /// What can be unpacked of it; `None` where more input is needed.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.input.is_empty() {
            let piece = self.input.split_to(PIECE.min(self.input.len()));
            self.decoder.write_all(&piece)?;
            if let Some(unpacked) = self.unpacked() {
                return Ok(Some(unpacked));
            }
        }
        Ok(None)
    }

    /// The last of it, after the end of the input.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        if self.has_begun {
            self.decoder.try_finish()?;
        }
        Ok(self.unpacked())
    }

    fn unpacked(&mut self) -> Option<Bytes> {
        let unpacked = std::mem::take(self.decoder.get_mut());
        (!unpacked.is_empty()).then(|| unpacked.into())
    }
}
