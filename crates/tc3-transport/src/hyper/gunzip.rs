use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// Size of the input that is decompressed at once, in bytes. The output can be a thousand times larger.
const INPUT_CHUNK: usize = 512;

/// Streaming decompression of a gzip body.
pub(super) struct Gunzip {
    /// Decompresses into its vector, from which chunks are taken.
    decoder: MultiGzDecoder<Vec<u8>>,
    input: Bytes,
    /// True if any input was received. An empty body is accepted, although it is not valid gzip.
    has_input: bool,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        let decoder = MultiGzDecoder::new(Vec::new());
        Self { decoder, input: Bytes::new(), has_input: false }
    }

    /// Adds input. The previous input must have been consumed.
    pub(super) fn push(&mut self, input: Bytes) {
        self.has_input |= !input.is_empty();
        self.input = input;
    }

    /// Returns the next decompressed chunk; `None` if more input is needed.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.input.is_empty() {
            let chunk = self.input.split_to(INPUT_CHUNK.min(self.input.len()));
            self.decoder.write_all(&chunk)?;
            if let Some(decompressed) = self.decompressed() {
                return Ok(Some(decompressed));
            }
        }
        Ok(None)
    }

    /// Returns the last decompressed chunk, after the end of the input.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        if self.has_input {
            self.decoder.try_finish()?;
        }
        Ok(self.decompressed())
    }

    fn decompressed(&mut self) -> Option<Bytes> {
        let decompressed = std::mem::take(self.decoder.get_mut());
        (!decompressed.is_empty()).then(|| decompressed.into())
    }
}
