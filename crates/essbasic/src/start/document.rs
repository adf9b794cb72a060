//! Files to upload.

use core::fmt;
use std::io;
use std::path::Path;

use essbasic_models::UploadFile;
use tc3_client::api::{Base64, json};

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
    /// Creates a document from its file name, with extension, and its content of at most 60 MB.
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
