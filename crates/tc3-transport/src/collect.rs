use bytes::{Bytes, BytesMut};

use crate::{TransportError, TransportErrorKind};

/// A body being put together, up to a limit. A body that came in one piece is not copied.
pub(crate) struct Collected {
    first: Bytes,
    joined: BytesMut,
    limit: usize,
}

impl Collected {
    pub(crate) fn new(limit: usize) -> Self {
        Self { first: Bytes::new(), joined: BytesMut::new(), limit }
    }

    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<(), TransportError> {
        let length = self.first.len() + self.joined.len();
        if chunk.len() > self.limit.saturating_sub(length) {
            return Err(TransportError::new(TransportErrorKind::BodyTooLarge)
                .with_detail(format!("more than {} bytes", self.limit)));
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
    fn pieces_are_joined_up_to_the_limit() {
        for pieces in [&["abc"][..], &["", "ab", "c"], &["a", "", "bc", ""]] {
            let mut collected = Collected::new(3);
            for piece in pieces {
                collected.push(Bytes::copy_from_slice(piece.as_bytes())).unwrap();
            }
            assert_eq!(
                collected.push(Bytes::from_static(b"d")).unwrap_err().kind(),
                TransportErrorKind::BodyTooLarge
            );
            assert_eq!(collected.finish(), "abc");
        }
    }
}
