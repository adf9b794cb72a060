//! Calls whose bodies are encrypted: every action carried by `CreateRequestWithEncryption`.

use core::fmt;
use core::ops::Range;
use std::error::Error as StdError;

use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use essbasic_models::{CreateRequestWithEncryptionRequest, CreateRequestWithEncryptionResponse};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sm4::Sm4;
use tc3_client::Encapsulation;
use tc3_client::api::json::{self, Members, Reader};
use tc3_client::api::{Action, ActionInfo, Envelope};
use zeroize::Zeroizing;

/// Encrypts the body of every call, and decrypts its answer, by the keys that the platform and the
/// service have agreed on.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use essbasic::{Config, Encryption, credentials};
///
/// let encryption = Encryption::aes_cbc("APP_ID", b"32 bytes, as agreed with support", b"another key")?;
/// let config = Config::new(credentials::default_chain()).with_encapsulation(encryption);
/// # Ok(())
/// # }
/// ```
///
/// A client made from such a configuration carries each call inside `CreateRequestWithEncryption`,
/// under a fresh random IV for each attempt: types, workflows, retries and errors stay those of the
/// action that is carried. The rate limit is the carrying action's, which all calls share. The action's
/// name, its size and the headers are not hidden.
///
/// An answer is authenticated before it is decrypted. One that does not pass fails the call, which is
/// not repeated.
pub struct Encryption {
    application_id: String,
    cipher: Cipher,
    key: Zeroizing<Vec<u8>>,
    hmac_key: Zeroizing<Vec<u8>>,
}

#[derive(Debug, Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Sm4,
}

/// A key that the cipher does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(&'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for KeyError {}

type Failure = Box<dyn StdError + Send + Sync>;

/// How long the IV of either cipher is.
const IV_BYTES: usize = 16;

impl Encryption {
    /// By AES-CBC, with a key of 16, 24 or 32 bytes, and HMAC-SHA256.
    ///
    /// # Errors
    /// Where a key has no such length.
    pub fn aes_cbc(
        application_id: impl Into<String>,
        key: impl AsRef<[u8]>,
        hmac_key: impl AsRef<[u8]>,
    ) -> Result<Self, KeyError> {
        let cipher = match key.as_ref().len() {
            16 => Cipher::Aes128,
            24 => Cipher::Aes192,
            32 => Cipher::Aes256,
            _ => return Err(KeyError("AES takes a key of 16, 24 or 32 bytes")),
        };
        Self::new(application_id.into(), cipher, key.as_ref(), hmac_key.as_ref())
    }

    /// By SM4-CBC, with a key of 16 bytes, and HMAC-SHA256: the service's text names HMAC-SM3, its
    /// published example and its servers use this.
    ///
    /// # Errors
    /// Where a key has no such length.
    pub fn sm4_cbc(
        application_id: impl Into<String>,
        key: impl AsRef<[u8]>,
        hmac_key: impl AsRef<[u8]>,
    ) -> Result<Self, KeyError> {
        if key.as_ref().len() != 16 {
            return Err(KeyError("SM4 takes a key of 16 bytes"));
        }
        Self::new(application_id.into(), Cipher::Sm4, key.as_ref(), hmac_key.as_ref())
    }

    fn new(
        application_id: String,
        cipher: Cipher,
        key: &[u8],
        hmac_key: &[u8],
    ) -> Result<Self, KeyError> {
        if hmac_key.is_empty() {
            return Err(KeyError("the key of the signature is empty"));
        }
        let [key, hmac_key] = [key, hmac_key].map(|key| Zeroizing::new(key.to_vec()));
        Ok(Self { application_id, cipher, key, hmac_key })
    }

    fn encrypt(&self, iv: &[u8; IV_BYTES], text: &[u8]) -> Result<Vec<u8>, Failure> {
        fn run<C: KeyIvInit + BlockModeEncrypt>(
            key: &[u8],
            iv: &[u8],
            text: &[u8],
        ) -> Result<Vec<u8>, Failure> {
            let cipher = C::new_from_slices(key, iv).map_err(|_| "the key does not fit")?;
            Ok(cipher.encrypt_padded_vec::<Pkcs7>(text))
        }
        let encrypt = match self.cipher {
            Cipher::Aes128 => run::<cbc::Encryptor<Aes128>>,
            Cipher::Aes192 => run::<cbc::Encryptor<Aes192>>,
            Cipher::Aes256 => run::<cbc::Encryptor<Aes256>>,
            Cipher::Sm4 => run::<cbc::Encryptor<Sm4>>,
        };
        encrypt(&self.key, iv, text)
    }

    /// `None` where key, IV or text are not what they must be.
    fn decrypt(&self, iv: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        fn run<C: KeyIvInit + BlockModeDecrypt>(
            key: &[u8],
            iv: &[u8],
            text: &[u8],
        ) -> Option<Vec<u8>> {
            C::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(text).ok()
        }
        let decrypt = match self.cipher {
            Cipher::Aes128 => run::<cbc::Decryptor<Aes128>>,
            Cipher::Aes192 => run::<cbc::Decryptor<Aes192>>,
            Cipher::Aes256 => run::<cbc::Decryptor<Aes256>>,
            Cipher::Sm4 => run::<cbc::Decryptor<Sm4>>,
        };
        decrypt(&self.key, iv, text)
    }

    /// The signature of IV and encrypted text, not yet finished.
    fn mac(&self, iv: &[u8], text: &[u8]) -> Result<Hmac<Sha256>, Failure> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.hmac_key)?;
        mac.update(iv);
        mac.update(text);
        Ok(mac)
    }

    fn seal_with(
        &self,
        iv: &[u8; IV_BYTES],
        action: &str,
        body: &[u8],
    ) -> Result<CreateRequestWithEncryptionRequest, Failure> {
        let text = self.encrypt(iv, body)?;
        let signature = self.mac(iv, &text)?.finalize().into_bytes();
        Ok(CreateRequestWithEncryptionRequest::new(
            action,
            &*self.application_id,
            STANDARD.encode(iv),
            STANDARD.encode(&text),
        )
        .encryption_signature(STANDARD.encode(signature)))
    }

    fn open_with(
        &self,
        outer: &CreateRequestWithEncryptionResponse,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let signature = outer.encryption_signature.as_deref().unwrap_or_default();
        let parts = [&outer.iv, &outer.encrypted_data, signature]
            .map(|part| STANDARD.decode(part).unwrap_or_default());
        let [iv, text, signature] = &parts;
        // Never a hint at which part is wrong: that would help whoever tries.
        let untrusted = "the encrypted answer is not authentic, or the agreed keys are others";
        self.mac(iv, text)?.verify_slice(signature).map_err(|_| untrusted)?;
        Ok(Zeroizing::new(self.decrypt(iv, text).ok_or(untrusted)?))
    }
}

impl Encapsulation for Encryption {
    fn outer_action(&self) -> ActionInfo<'static> {
        CreateRequestWithEncryptionRequest::INFO
    }

    fn seal(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut iv = [0; IV_BYTES];
        getrandom::fill(&mut iv)?;
        Ok(self.seal_with(&iv, action, body)?.encode()?)
    }

    fn open(&self, answer: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        type Outer = Envelope<CreateRequestWithEncryptionResponse>;
        // The outer's own error, or no answer of the API: said as it is.
        let Ok(Outer { result: Ok(outer), .. }) = Envelope::decode(answer) else {
            return Ok(None);
        };
        let text = self.open_with(&outer.body)?;
        Ok(Some(enveloped(&text, &outer.body.request_id)?))
    }
}

/// Returns a decrypted response in its envelope, with this request id if it has none. Its digits and order are
/// kept. The service's documentation has both whole responses and their content.
fn enveloped(decrypted: &[u8], request_id: &str) -> Result<Vec<u8>, Failure> {
    let invalid = |_| "the decrypted response is not one of the API";
    let outer = Spans::of(decrypted).map_err(invalid)?;
    let content = match outer.last("Response") {
        Some(span) => decrypted.get(span).unwrap_or_default(),
        None => decrypted,
    };
    let content = content.trim_ascii();
    let mut response = b"{\"Response\":".to_vec();
    match (content.strip_suffix(b"}"), Spans::of(content)) {
        (Some(open), Ok(inner)) if inner.last("RequestId").is_none() => {
            response.extend_from_slice(open);
            if !inner.0.is_empty() {
                response.push(b',');
            }
            response.extend_from_slice(b"\"RequestId\":");
            response.extend(json::encode(request_id)?);
            response.push(b'}');
        }
        _ => response.extend_from_slice(content),
    }
    response.push(b'}');
    Ok(response)
}

/// The fields of an object: the name of each and the place of its value.
struct Spans(Vec<(String, Range<usize>)>);

impl Spans {
    fn of(object: &[u8]) -> Result<Self, json::Error> {
        let (mut reader, mut spans) = (Reader::new(object)?, Self(Vec::new()));
        reader.members(&mut spans, &[])?;
        reader.end()?;
        Ok(spans)
    }

    fn last(&self, name: &str) -> Option<Range<usize>> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, span)| span.clone())
    }
}

impl Members for Spans {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), json::Error> {
        let start = reader.offset();
        reader.skip()?;
        self.0.push((name.to_owned(), start..reader.offset()));
        Ok(())
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption").field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
