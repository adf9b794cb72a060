use core::fmt;

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use zeroize::Zeroizing;

use crate::error::KeyError;

const KEY_BYTES: usize = 32;
/// Size of a block of AES, in bytes.
pub(crate) const BLOCK_BYTES: usize = 16;

/// The key that encrypts callbacks: the `CallbackKey` of the platform's console.
///
/// Its 32 bytes are the key of AES-256, without any decoding. Zeroed when dropped.
#[derive(Clone)]
pub struct CallbackKey(Zeroizing<[u8; KEY_BYTES]>);

/// Decrypted blocks, and whether their padding is valid.
///
/// Invalid padding is not an error here, so that the caller can do the same work in both cases.
pub(crate) struct Decrypted {
    blocks: Vec<u8>,
    /// Length without the padding, in bytes.
    length: usize,
    pub(crate) is_padding_valid: bool,
}

impl CallbackKey {
    /// Returns the key with these bytes.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the key is not 32 bytes long.
    pub fn new(key: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let key = key.as_ref().try_into();
        let key = key.map_err(|_| KeyError("invalid CallbackKey: not 32 bytes long"))?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Decrypts with AES-256-CBC; the IV is the first half of the key.
    ///
    /// Returns `None` if the length is not a multiple of the block size. The sender can see that anyway, so it may
    /// be distinguished from invalid padding.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Option<Decrypted> {
        let cipher = cbc::Decryptor::<Aes256>::new_from_slices(self.bytes(), self.iv()).ok()?;
        let blocks = cipher.decrypt_padded_vec::<NoPadding>(ciphertext).ok()?;
        let (padding, is_padding_valid) = padding_length(blocks.last_chunk()?);
        let length = blocks.len() - padding;
        Some(Decrypted { blocks, length, is_padding_valid })
    }

    /// Encrypts as the platform does.
    #[cfg(feature = "sender")]
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        use cbc::cipher::BlockModeEncrypt;
        use cbc::cipher::block_padding::Pkcs7;

        // Key and IV have the lengths that the cipher requires, so this does not fail.
        cbc::Encryptor::<Aes256>::new_from_slices(self.bytes(), self.iv())
            .map(|cipher| cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
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
    /// Returns the plaintext without its padding, or all blocks if the padding is invalid.
    pub(crate) fn plaintext(&self) -> &[u8] {
        self.blocks.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for CallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKey(***)")
    }
}

/// Returns the length of the PKCS#7 padding, and whether it is valid; the length of invalid padding is zero.
///
/// Checks every byte, in time that does not depend on their values. If callbacks are encrypted and not signed,
/// a timing difference would be a padding oracle.
fn padding_length(last: &[u8; BLOCK_BYTES]) -> (usize, bool) {
    let [.., length] = *last;
    let mut is_valid = (length != 0) & (usize::from(length) <= BLOCK_BYTES);
    for (position, byte) in last.iter().rev().enumerate() {
        is_valid &= (position >= usize::from(length)) | (*byte == length);
    }
    (usize::from(length) * usize::from(is_valid), is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The assertion is the trait bound: otherwise this does not compile.
    #[test]
    fn the_key_is_zeroed_when_dropped() {
        fn assert_zeroized<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let CallbackKey(bytes) = CallbackKey::new([0; KEY_BYTES]).unwrap();
        assert_zeroized(&bytes);
    }

    #[test]
    fn padding_is_valid_only_in_the_form_of_pkcs7() {
        for length in 1..=16_u8 {
            let mut block = [0xee; BLOCK_BYTES];
            block[BLOCK_BYTES - usize::from(length)..].fill(length);
            assert_eq!(padding_length(&block), (usize::from(length), true));
            for position in BLOCK_BYTES - usize::from(length)..BLOCK_BYTES - 1 {
                let mut wrong = block;
                wrong[position] ^= 0x80;
                assert_eq!(padding_length(&wrong), (0, false), "{length} {position}");
            }
        }
        for length in [0, 17, 32, 255] {
            assert_eq!(padding_length(&[length; BLOCK_BYTES]), (0, false));
        }
    }
}
