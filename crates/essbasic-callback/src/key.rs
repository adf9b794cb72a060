use core::fmt;

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use zeroize::Zeroizing;

use crate::KeyError;

const KEY_BYTES: usize = 32;
const BLOCK_BYTES: usize = 16;

/// The key that encrypts callbacks: 32 characters, as the platform's console shows them, which are the
/// key of AES-256 as they stand. Wiped when dropped.
#[derive(Clone)]
pub struct CallbackKey(Zeroizing<[u8; KEY_BYTES]>);

/// What was decrypted, and whether its padding was right. Both are told at once, so that a caller can do
/// the same work either way.
pub(crate) struct Decrypted {
    text: Vec<u8>,
    length: usize,
    pub(crate) padded: bool,
}

impl CallbackKey {
    /// # Errors
    /// Where the text has not 32 bytes.
    pub fn new(key: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let key = key.as_ref().try_into();
        let key = key.map_err(|_| KeyError("the key of callbacks has 32 bytes"))?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// AES-256-CBC with the key's first half for an IV. `None` where the text is no whole number of
    /// blocks, which its length tells anyone.
    pub(crate) fn decrypt(&self, text: &[u8]) -> Option<Decrypted> {
        let cipher = cbc::Decryptor::<Aes256>::new_from_slices(self.bytes(), self.iv()).ok()?;
        let text = cipher.decrypt_padded_vec::<NoPadding>(text).ok()?;
        let (padding, padded) = padding(text.last_chunk()?);
        let length = text.len() - padding;
        Some(Decrypted { text, length, padded })
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn encrypt(&self, text: &[u8]) -> Vec<u8> {
        use cbc::cipher::BlockModeEncrypt;
        use cbc::cipher::block_padding::Pkcs7;

        // Key and IV have the lengths that the cipher asks for: there is no error to come.
        cbc::Encryptor::<Aes256>::new_from_slices(self.bytes(), self.iv())
            .map(|cipher| cipher.encrypt_padded_vec::<Pkcs7>(text))
            .unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn iv(&self) -> &[u8] {
        self.0.first_chunk::<BLOCK_BYTES>().map_or(&[], |iv| iv)
    }
}

impl Decrypted {
    /// Without the padding; with it, where it is wrong.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for CallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKey(***)")
    }
}

/// How long the PKCS#7 padding is, and whether it is right; the length of a wrong one is zero.
///
/// Looks at every byte whatever the others are: where callbacks are encrypted and not signed, someone who
/// could tell a wrong padding from a wrong text would read messages byte by byte.
fn padding(last: &[u8; BLOCK_BYTES]) -> (usize, bool) {
    let [.., length] = *last;
    let mut right = (length != 0) & (usize::from(length) <= BLOCK_BYTES);
    for (position, byte) in last.iter().rev().enumerate() {
        right &= (position >= usize::from(length)) | (*byte == length);
    }
    (usize::from(length) * usize::from(right), right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It compiles only if it is.
    #[test]
    fn the_key_is_wiped_when_dropped() {
        fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let CallbackKey(bytes) = CallbackKey::new([0; KEY_BYTES]).unwrap();
        wiped(&bytes);
    }

    #[test]
    fn paddings() {
        for length in 1..=16_u8 {
            let mut block = [0xee; BLOCK_BYTES];
            block[BLOCK_BYTES - usize::from(length)..].fill(length);
            assert_eq!(padding(&block), (usize::from(length), true));
            for position in BLOCK_BYTES - usize::from(length)..BLOCK_BYTES - 1 {
                let mut wrong = block;
                wrong[position] ^= 0x80;
                assert_eq!(padding(&wrong), (0, false), "{length} {position}");
            }
        }
        for length in [0, 17, 32, 255] {
            assert_eq!(padding(&[length; BLOCK_BYTES]), (0, false));
        }
    }
}
