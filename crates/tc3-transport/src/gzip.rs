//! Gzip bodies of the transports on hyper and reqwest.

use std::io::{self, Write as _};
use std::ops::ControlFlow;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, header};

use crate::hyper_error::exchange_kind;
use crate::route::Route;
use crate::{TransportError, TransportErrorKind as Kind};

/// Size of the input that is decompressed at once, in bytes. The output can be a thousand times larger.
const INPUT_CHUNK: usize = 512;

/// Decoder of a body: decompresses gzip, and returns other bodies as they are.
pub(crate) struct Decoder(Option<Gunzip>);

impl Decoder {
    /// Returns the decoder for a response, and removes the headers that do not apply to the decoded body.
    pub(crate) fn new(headers: &mut HeaderMap) -> Self {
        Self(remove_gzip_headers(headers).then(Gunzip::new))
    }

    /// Returns the next chunk of the input so far; `None` if more input is needed.
    pub(crate) fn next(&mut self, route: &Route) -> Result<Option<Bytes>, TransportError> {
        let chunk = self.0.as_mut().map_or(Ok(None), Gunzip::next);
        chunk.map_err(|error| gzip_error(&error, route))
    }

    /// Adds input, or its end (`None`). Breaks with a chunk, or with `None` at the end of the body.
    pub(crate) fn push(
        &mut self,
        input: Option<Bytes>,
        route: &Route,
    ) -> Result<ControlFlow<Option<Bytes>>, TransportError> {
        match (input, &mut self.0) {
            (Some(data), Some(gunzip)) => gunzip.push(data),
            (Some(data), None) if data.is_empty() => {}
            (Some(data), None) => return Ok(ControlFlow::Break(Some(data))),
            (None, None) => return Ok(ControlFlow::Break(None)),
            (None, Some(gunzip)) => {
                let last = gunzip.finish().map_err(|error| gzip_error(&error, route))?;
                return Ok(ControlFlow::Break(last));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Streaming decompression of a gzip body.
struct Gunzip {
    /// Decompresses into its vector, from which chunks are taken.
    decoder: MultiGzDecoder<Vec<u8>>,
    input: Bytes,
    /// True if any input was received. An empty body is accepted, although it is not valid gzip.
    has_input: bool,
}

impl Gunzip {
    fn new() -> Self {
        let decoder = MultiGzDecoder::new(Vec::new());
        Self { decoder, input: Bytes::new(), has_input: false }
    }

    /// Adds input. The previous input must have been consumed.
    fn push(&mut self, input: Bytes) {
        self.has_input |= !input.is_empty();
        self.input = input;
    }

    /// Returns the next decompressed chunk; `None` if more input is needed.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.input.is_empty() {
            let chunk = self.input.split_to(INPUT_CHUNK.min(self.input.len()));
            self.decoder.write_all(&chunk)?;
            if let Some(decompressed) = self.decompressed() {
                return Ok(Some(decompressed));
            }
        }
        // Otherwise the decoder keeps the end of its output until there is more input, which a stream may not have soon.
        if self.decoder.header().is_some() {
            self.decoder.flush()?;
        }
        Ok(self.decompressed())
    }

    /// Returns the last decompressed chunk, after the end of the input.
    fn finish(&mut self) -> io::Result<Option<Bytes>> {
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
fn remove_gzip_headers(headers: &mut HeaderMap) -> bool {
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
fn gzip_error(error: &io::Error, route: &Route) -> TransportError {
    match exchange_kind(error) {
        Kind::Malformed => route.error(Kind::Malformed, "the body is not valid gzip"),
        kind => route.error(kind, error),
    }
}
