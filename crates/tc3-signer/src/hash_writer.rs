//! Buffered writing of canonical text into a hash, or into a string for `explain`.

use hmac::digest::Update;

/// Destination of canonical text.
pub(crate) trait Sink {
    fn put(&mut self, text: &str);
    /// Appends the text in ASCII lower case.
    fn put_lower(&mut self, text: &str);
}

impl Sink for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }

    fn put_lower(&mut self, text: &str) {
        let start = self.len();
        self.push_str(text);
        if let Some(appended) = self.get_mut(start..) {
            appended.make_ascii_lowercase();
        }
    }
}

/// Size of the buffer, in bytes: that of a usual canonical request.
const BUFFER_SIZE: usize = 256;

/// Buffer in front of a hash: one large update is much faster than many small ones.
pub(crate) struct HashWriter<'h, H: Update> {
    hash: &'h mut H,
    buffer: [u8; BUFFER_SIZE],
    used: usize,
}

impl<'h, H: Update> HashWriter<'h, H> {
    /// Updates the hash with everything that `write` appends.
    pub(crate) fn feed(hash: &'h mut H, write: impl FnOnce(&mut Self)) {
        let mut writer = Self { hash, buffer: [0; BUFFER_SIZE], used: 0 };
        write(&mut writer);
        writer.flush();
    }

    fn flush(&mut self) {
        self.hash.update(self.buffer.get(..self.used).unwrap_or_default());
        self.used = 0;
    }

    fn append(&mut self, text: &[u8], copy: impl Fn(&mut [u8], &[u8])) {
        if self.used + text.len() <= BUFFER_SIZE {
            return self.fill(text, copy);
        }
        for piece in text.chunks(BUFFER_SIZE) {
            if self.used + piece.len() > BUFFER_SIZE {
                self.flush();
            }
            self.fill(piece, &copy);
        }
    }

    fn fill(&mut self, piece: &[u8], copy: impl Fn(&mut [u8], &[u8])) {
        if let Some(target) = self.buffer.get_mut(self.used..self.used + piece.len()) {
            copy(target, piece);
            self.used += piece.len();
        }
    }
}

impl<H: Update> Sink for HashWriter<'_, H> {
    fn put(&mut self, text: &str) {
        self.append(text.as_bytes(), <[u8]>::copy_from_slice);
    }

    fn put_lower(&mut self, text: &str) {
        self.append(text.as_bytes(), |target, piece| {
            for (to, from) in target.iter_mut().zip(piece) {
                *to = from.to_ascii_lowercase();
            }
        });
    }
}

/// 32 bytes in lower-case hexadecimal, on the stack.
pub(crate) struct Hex([u8; 64]);

impl Hex {
    pub(crate) fn of(bytes: &[u8; 32]) -> Self {
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
            let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            if let [high, low] = pair {
                *high = digit(byte >> 4);
                *low = digit(byte & 15);
            }
        }
        Self(hex)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Hexadecimal digits only, by construction.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn pieces_of_any_length_hash_like_one_string() {
        for lengths in [&[0, 1, 255, 256, 257][..], &[256, 1], &[150, 150, 150], &[5000, 3]] {
            let (mut hash, mut text) = (Sha256::new(), String::new());
            HashWriter::feed(&mut hash, |writer| {
                for length in lengths {
                    let piece = "aBc ".repeat(length / 4 + 1);
                    let piece = &piece[..*length];
                    writer.put(piece);
                    writer.put_lower(piece);
                    text.put(piece);
                    text.put_lower(piece);
                }
            });
            assert!(text.contains("abc") && text.contains("aBc"));
            assert_eq!(hash.finalize(), Sha256::digest(&text));
        }
    }
}
