use core::fmt;

use crate::ALGORITHM;
use crate::TERMINATOR;
use crate::canonical::is_token;

/// A parsed `Authorization` header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// SecretId of the key that is claimed to have signed.
    pub secret_id: &'a str,
    /// Date of the credential scope, as written.
    pub date: &'a str,
    /// Service of the credential scope.
    pub service: &'a str,
    signed_headers: &'a str,
    /// Signature: 64 lower-case hexadecimal digits.
    pub signature: &'a str,
}

impl fmt::Debug for Authorization<'_> {
    /// Hides the signature, with which the request can be replayed for minutes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("secret_id", &self.secret_id)
            .field("date", &self.date)
            .field("service", &self.service)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// Error of a header that is not of the form
/// `TC3-HMAC-SHA256 Credential=ID/DATE/SERVICE/tc3_request, SignedHeaders=A;B, Signature=HEX`.
/// [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint) returns the fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedAuthorization {
    /// Description of the invalid part.
    pub part: &'static str,
}

impl MalformedAuthorization {
    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(
            "send TC3-HMAC-SHA256 Credential=ID/DATE/SERVICE/tc3_request, SignedHeaders=A;B, Signature=HEX",
        )
    }
}

impl fmt::Display for MalformedAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed Authorization header: {}", self.part)
    }
}

impl std::error::Error for MalformedAuthorization {}

impl<'a> Authorization<'a> {
    /// Parses the value of the header. Spaces around the commas are optional, as servers accept it.
    ///
    /// # Errors
    /// Returns [`MalformedAuthorization`] with the invalid part.
    pub fn parse(header: &'a str) -> Result<Self, MalformedAuthorization> {
        let malformed = |part| MalformedAuthorization { part };
        let rest = header
            .trim_ascii()
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or(malformed("it does not begin with TC3-HMAC-SHA256 and a space"))?;
        let mut parts = rest.split(',').map(str::trim_ascii);
        let mut part = |name: &'static str, missing: &'static str| {
            parts.next().and_then(|part| part.strip_prefix(name)).ok_or(malformed(missing))
        };
        let credential = part("Credential=", "its first part is not Credential=")?;
        let signed_headers = part("SignedHeaders=", "its second part is not SignedHeaders=")?;
        let signature = part("Signature=", "its third part is not Signature=")?;
        if parts.next().is_some() {
            return Err(malformed("it has more than three parts"));
        }

        let mut scope = credential.split('/');
        let (Some(secret_id), Some(date), Some(service), Some(TERMINATOR), None) =
            (scope.next(), scope.next(), scope.next(), scope.next(), scope.next())
        else {
            return Err(malformed("Credential is not ID/DATE/SERVICE/tc3_request"));
        };
        if secret_id.is_empty() || service.is_empty() || !is_date(date) {
            return Err(malformed("Credential has an empty part or an invalid date"));
        }
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| is_token(b) && !b.is_ascii_uppercase())
        };
        if !signed_headers.split(';').all(is_name) {
            return Err(malformed("SignedHeaders is not a list of lower-case names"));
        }
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if signature.len() != 64 || !signature.bytes().all(is_hex) {
            return Err(malformed("Signature is not 64 lower-case hexadecimal digits"));
        }
        Ok(Self { secret_id, date, service, signed_headers, signature })
    }

    /// Returns the names of the signed headers, in lower case and signing order.
    pub fn signed_headers(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.signed_headers.split(';')
    }

    pub(crate) fn signature_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(self.signature.as_bytes().chunks_exact(2)) {
            let value = |digit: u8| (digit as char).to_digit(16).unwrap_or_default() as u8;
            *byte = pair.iter().fold(0, |high, &digit| high << 4 | value(digit));
        }
        bytes
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| {
            if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
        })
}
