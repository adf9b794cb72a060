//! Files to upload.

use core::fmt;
use std::io;
use std::path::Path;

use essbasic_models::UploadFile;
use tc3_client::api::{Base64, json};

use crate::error::{FlowError, FlowErrorKind};

/// Maximum size of a file, in bytes: 60 MiB.
const MAX_FILE: usize = 60 << 20;

/// Maximum size of a picture, in bytes: 8 MiB.
const MAX_PICTURE: usize = 8 << 20;

/// First bytes of a PNG and a JPEG, in base64.
const PICTURES: [&str; 2] = ["iVBORw0KGgo", "/9j/"];

/// PDF to upload.
///
/// With the feature `serde` it is a map of `name` and `body`, the content in base64.
///
/// ```no_run
/// use essbasic::Document;
///
/// let lease = Document::read("lease.pdf")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    name: String,
    body: Base64,
}

impl Document {
    /// Creates a document from its file name, with extension, and its content of at most 60 MiB; a picture of at most 8 MiB.
    pub fn new(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), body: Base64::encode(bytes) }
    }

    /// Reads a document from a file.
    ///
    /// # Errors
    /// Returns the error of the file system if the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { name: name.into_owned(), body: Base64::read(path)? })
    }

    /// Returns the length of the content in base64.
    pub(super) fn base64_bytes(&self) -> usize {
        self.body.as_str().len()
    }

    /// Checks the size before the upload, which the service would refuse only after it.
    pub(super) fn check(&self) -> Result<(), FlowError> {
        let text = self.body.as_str();
        let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
        let bytes = (text.len() / 4 * 3).saturating_sub(padding);
        let is_picture = PICTURES.iter().any(|start| text.starts_with(start));
        let (limit, kind) = if is_picture { (MAX_PICTURE, "picture") } else { (MAX_FILE, "file") };
        if bytes <= limit {
            return Ok(());
        }
        let message = format!("the file has {bytes} bytes; the limit of a {kind} is {limit} bytes");
        Err(FlowError::new(FlowErrorKind::Refused, message).with_hint("upload a smaller file"))
    }

    pub(super) fn to_model(&self) -> UploadFile {
        UploadFile::new(self.body.clone()).file_name(&*self.name)
    }
}

json::object! {
    Document { "name" => name: required, "body" => body: required }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("body", &self.body).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_pictures_have_a_limit_each() {
        let (png, jpeg) = (&b"\x89PNG\r\n\x1a\n"[..], &b"\xff\xd8\xff\xe0"[..]);
        for (start, limit) in [(&b"%PDF-"[..], 60 << 20), (png, 8 << 20), (jpeg, 8 << 20)] {
            for (length, is_accepted) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
                let mut bytes = vec![0; length];
                bytes[..start.len()].copy_from_slice(start);
                let result = Document::new("name", bytes).check();
                assert_eq!(result.is_ok(), is_accepted, "{length}");
                if let Err(error) = result {
                    assert_eq!(error.kind, FlowErrorKind::Refused);
                    assert!(error.message.contains(&length.to_string()), "{}", error.message);
                }
            }
        }
    }
}
