//! Text on its way into a hash, or into a string that explains it.

use hmac::digest::Update;

/// Where canonical text goes.
pub(crate) trait Sink {
    fn put(&mut self, text: &str);
    /// In ASCII lower case.
    fn put_lower(&mut self, text: &str);
}

impl Sink for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }

    fn put_lower(&mut self, text: &str) {
        let start = self.len();
        self.push_str(text);
        if let Some(put) = self.get_mut(start..) {
            put.make_ascii_lowercase();
        }
    }
}

/// As much as a usual canonical request has.
const SIZE: usize = 256;

/// Gathers text for a hash, which takes one large piece for much less than many small ones.
pub(crate) struct Gathered<'h, H: Update> {
    hash: &'h mut H,
    text: [u8; SIZE],
    used: usize,
}

impl<'h, H: Update> Gathered<'h, H> {
    /// Feeds the hash with what is written.
    pub(crate) fn feed(hash: &'h mut H, write: impl FnOnce(&mut Self)) {
        let mut gathered = Self { hash, text: [0; SIZE], used: 0 };
        write(&mut gathered);
        gathered.flush();
    }

    fn flush(&mut self) {
        self.hash.update(self.text.get(..self.used).unwrap_or_default());
        self.used = 0;
    }

    fn add(&mut self, text: &[u8], copy: impl Fn(&mut [u8], &[u8])) {
        if self.used + text.len() <= SIZE {
            return self.place(text, copy);
        }
        for piece in text.chunks(SIZE) {
            if self.used + piece.len() > SIZE {
                self.flush();
            }
            self.place(piece, &copy);
        }
    }

    fn place(&mut self, piece: &[u8], copy: impl Fn(&mut [u8], &[u8])) {
        if let Some(place) = self.text.get_mut(self.used..self.used + piece.len()) {
            copy(place, piece);
            self.used += piece.len();
        }
    }
}

impl<H: Update> Sink for Gathered<'_, H> {
    fn put(&mut self, text: &str) {
        self.add(text.as_bytes(), <[u8]>::copy_from_slice);
    }

    fn put_lower(&mut self, text: &str) {
        self.add(text.as_bytes(), |place, piece| {
            for (to, from) in place.iter_mut().zip(piece) {
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
    fn pieces_of_any_length_hash_as_one_text() {
        for lengths in [&[0, 1, 255, 256, 257][..], &[256, 1], &[150, 150, 150], &[5000, 3]] {
            let (mut hash, mut text) = (Sha256::new(), String::new());
            Gathered::feed(&mut hash, |gathered| {
                for length in lengths {
                    let piece = "aBc ".repeat(length / 4 + 1);
                    let piece = &piece[..*length];
                    gathered.put(piece);
                    gathered.put_lower(piece);
                    text.put(piece);
                    text.put_lower(piece);
                }
            });
            assert!(text.contains("abc") && text.contains("aBc"));
            assert_eq!(hash.finalize(), Sha256::digest(&text));
        }
    }
}
