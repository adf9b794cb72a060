//! Gzip bodies of the transports on hyper and reqwest.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, header};

use crate::hyper_error::exchange_kind;
use crate::route::Route;
use crate::{TransportError, TransportErrorKind as Kind};

/// Size of the input that is decompressed at once, in bytes. The output can be a thousand times larger.
const INPUT_CHUNK: usize = 512;

/// Streaming decompression of a gzip body.
pub(crate) struct Gunzip {
    /// Decompresses into its vector, from which chunks are taken.
    decoder: MultiGzDecoder<Vec<u8>>,
    input: Bytes,
    /// True if any input was received. An empty body is accepted, although it is not valid gzip.
    has_input: bool,
}

impl Gunzip {
    pub(crate) fn new() -> Self {
        let decoder = MultiGzDecoder::new(Vec::new());
        Self { decoder, input: Bytes::new(), has_input: false }
    }

    /// Adds input. The previous input must have been consumed.
    pub(crate) fn push(&mut self, input: Bytes) {
        self.has_input |= !input.is_empty();
        self.input = input;
    }

    /// Returns the next decompressed chunk; `None` if more input is needed.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
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
    pub(crate) fn finish(&mut self) -> io::Result<Option<Bytes>> {
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

/// Adds `Accept-Encoding`, unless a part of the file is requested.
pub(crate) fn accept_gzip(headers: &mut HeaderMap) {
    if !headers.contains_key(header::RANGE) {
        headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    }
}

/// Returns whether the body is compressed, and removes the headers that do not apply to the decompressed body.
pub(crate) fn remove_gzip_headers(headers: &mut HeaderMap) -> bool {
    let is_gzip = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"));
    if is_gzip {
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
    }
    is_gzip
}

/// Converts an error of decompression.
pub(crate) fn gzip_error(error: &io::Error, route: &Route) -> TransportError {
    match exchange_kind(error) {
        Kind::Malformed => route.error(Kind::Malformed, "the body is not valid gzip"),
        kind => route.error(kind, error),
    }
}
