//! Calls with encrypted bodies, inside `CreateRequestWithEncryption`.

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

/// Encrypts the body of every request and decrypts every response, with keys agreed with the service.
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
/// A client with this configuration sends each call inside the outer action `CreateRequestWithEncryption`, with a
/// new random IV for each attempt. Types, workflows, retries and errors are those of the inner action. All calls share
/// the rate limit of the outer action. The name of the inner action, the size and the headers are not encrypted.
///
/// A response is authenticated before it is decrypted. If it is not authentic, the call fails without a retry.
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

/// Error for a key of invalid length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError {
    key: &'static str,
    bytes: usize,
    expected: &'static str,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, bytes, expected } = self;
        write!(f, "invalid {key} key of {bytes} bytes; expected {expected}")
    }
}

impl StdError for KeyError {}

type Failure = Box<dyn StdError + Send + Sync>;

/// Length of the IV of each cipher, in bytes.
const IV_BYTES: usize = 16;

impl Encryption {
    /// Encrypts with AES-CBC and signs with HMAC-SHA256. The AES key has 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the AES key has another length or the HMAC key is empty.
    pub fn aes_cbc(
        application_id: impl Into<String>,
        key: impl AsRef<[u8]>,
        hmac_key: impl AsRef<[u8]>,
    ) -> Result<Self, KeyError> {
        let cipher = match key.as_ref().len() {
            16 => Cipher::Aes128,
            24 => Cipher::Aes192,
            32 => Cipher::Aes256,
            bytes => {
                let expected = "16, 24 or 32 bytes";
                return Err(KeyError { key: "AES", bytes, expected });
            }
        };
        Self::new(application_id.into(), cipher, key.as_ref(), hmac_key.as_ref())
    }

    /// Encrypts with SM4-CBC and signs with HMAC-SHA256. The SM4 key has 16 bytes.
    ///
    /// The service's reference names HMAC-SM3 in its text, but its example and its servers use HMAC-SHA256.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the SM4 key has another length or the HMAC key is empty.
    pub fn sm4_cbc(
        application_id: impl Into<String>,
        key: impl AsRef<[u8]>,
        hmac_key: impl AsRef<[u8]>,
    ) -> Result<Self, KeyError> {
        let bytes = key.as_ref().len();
        if bytes != 16 {
            return Err(KeyError { key: "SM4", bytes, expected: "16 bytes" });
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
            return Err(KeyError { key: "HMAC", bytes: 0, expected: "at least 1 byte" });
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
            let cipher =
                C::new_from_slices(key, iv).map_err(|_| "invalid length of the key or the IV")?;
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

    /// Decrypts a text, or returns `None` if the length of the key or IV, or the padding, is invalid.
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

    /// Returns the HMAC of the IV and the encrypted text, not yet finalized.
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
        // One message for every cause, so that an attacker learns nothing about the failed step.
        let invalid = "the encrypted response is not authentic; check the encryption and HMAC keys";
        self.mac(iv, text)?.verify_slice(signature).map_err(|_| invalid)?;
        Ok(Zeroizing::new(self.decrypt(iv, text).ok_or(invalid)?))
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

    fn open(&self, response: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        type Outer = Envelope<CreateRequestWithEncryptionResponse>;
        // The client handles an error of the outer action, and any other response, without decryption.
        let Ok(Outer { result: Ok(outer), .. }) = Envelope::decode(response) else {
            return Ok(None);
        };
        let text = self.open_with(&outer.body)?;
        Ok(Some(enveloped(&text, &outer.body.request_id)?))
    }
}

/// Returns a decrypted response in its envelope, with the given request ID if it has none.
///
/// The digits of numbers and the order of fields are kept. The input may be an envelope or its content, because the
/// service's documentation shows both.
fn enveloped(decrypted: &[u8], request_id: &str) -> Result<Vec<u8>, Failure> {
    let invalid = |_| "invalid decrypted response; expected a JSON object";
    let outer = Fields::of(decrypted).map_err(invalid)?;
    let content = match outer.last("Response") {
        Some(span) => decrypted.get(span).unwrap_or_default(),
        None => decrypted,
    };
    let content = content.trim_ascii();
    let mut response = b"{\"Response\":".to_vec();
    match (content.strip_suffix(b"}"), Fields::of(content)) {
        (Some(open), Ok(inner)) if !inner.contains("RequestId") => {
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

/// The fields of an object: names and byte ranges of the values.
struct Fields(Vec<(String, Range<usize>)>);

impl Fields {
    fn of(object: &[u8]) -> Result<Self, json::Error> {
        let (mut reader, mut fields) = (Reader::new(object)?, Self(Vec::new()));
        reader.members(&mut fields, &[])?;
        reader.end()?;
        Ok(fields)
    }

    fn contains(&self, name: &str) -> bool {
        self.last(name).is_some()
    }

    /// Returns the value of the last field with this name.
    fn last(&self, name: &str) -> Option<Range<usize>> {
        self.0.iter().rev().find(|(field, _)| field == name).map(|(_, span)| span.clone())
    }
}

impl Members for Fields {
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
