//! Temporary keys in responses of the metadata service and of STS.

use std::time::Duration;

use tc3_api::json::{self, Decode, Reader};
use zeroize::Zeroizing;

use super::credential::{Credential, Part};

/// Temporary keys. `Debug` is not implemented.
pub(super) struct TemporaryKeys {
    id: String,
    key: Zeroized,
    token: Zeroized,
}

json::object! {
    decode TemporaryKeys {
        "TmpSecretId" => id: required,
        "TmpSecretKey" => key: required,
        "Token" => token: required,
    }
}

impl TemporaryKeys {
    /// Returns the credential that expires at `unix`, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// Returns a message if a part contains an invalid character.
    pub(super) fn into_credential(self, unix: u64) -> Result<Credential, String> {
        for (name, part, text) in [
            ("TmpSecretId", Part::Id, &self.id),
            ("TmpSecretKey", Part::Key, &self.key.0),
            ("Token", Part::Token, &self.token.0),
        ] {
            if let Some(problem) = part.problem(text) {
                return Err(format!("{name} in the response {problem}"));
            }
        }
        Ok(Credential::new(self.id, self.key.0.as_str())
            .with_token(self.token.0.as_str())
            .with_expiry(Duration::from_secs(unix)))
    }
}

/// A decoded string that is zeroized when dropped.
pub(super) struct Zeroized(pub(super) Zeroizing<String>);

impl Decode for Zeroized {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        Ok(String::optional(reader)?.map(|text| Self(text.into())))
    }

    fn blank() -> Self {
        Self(Zeroizing::default())
    }
}
