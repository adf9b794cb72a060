use bytes::{Bytes, BytesMut};

use crate::{TransportError, TransportErrorKind};

/// Collects the chunks of a body up to a limit. A body of one chunk is not copied.
pub(crate) struct Collector {
    first: Bytes,
    joined: BytesMut,
    limit: usize,
}

impl Collector {
    pub(crate) fn new(limit: usize) -> Self {
        Self { first: Bytes::new(), joined: BytesMut::new(), limit }
    }

    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<(), TransportError> {
        let length = self.first.len() + self.joined.len();
        if chunk.len() > self.limit.saturating_sub(length) {
            return Err(TransportError::new(TransportErrorKind::BodyTooLarge)
                .with_detail(format!("limit of {} bytes exceeded", self.limit)));
        }
        if length == 0 {
            self.first = chunk;
        } else {
            if self.joined.is_empty() {
                self.joined.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.joined.extend_from_slice(&chunk);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_up_to_the_limit() {
        for chunks in [&["abc"][..], &["", "ab", "c"], &["a", "", "bc", ""]] {
            let mut collector = Collector::new(3);
            for chunk in chunks {
                collector.push(Bytes::copy_from_slice(chunk.as_bytes())).unwrap();
            }
            assert_eq!(
                collector.push(Bytes::from_static(b"d")).unwrap_err().kind(),
                TransportErrorKind::BodyTooLarge
            );
            assert_eq!(collector.finish(), "abc");
        }
    }
}
