//! Destinations of a file that is being transferred.

use tc3_client::transport::Bytes;

use super::outcome::FetchOutcome;

/// A destination whose operations block. The file is discarded if it is dropped before [`finish`](Self::finish).
pub(crate) trait BlockingWrite: Sized + Send + 'static {
    /// Writes received bytes.
    fn write(&mut self, bytes: Bytes) -> Result<(), FetchOutcome>;

    /// Checks the complete file and gives it its name.
    fn finish(self) -> FetchOutcome;
}

/// A destination whose operations do not block.
#[cfg(any(feature = "async-core", feature = "object-store"))]
pub(crate) trait AsyncWrite: Sized + Send {
    /// Writes received bytes. After an error, or if the future is dropped, the file must be aborted.
    fn append(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), FetchOutcome>> + Send;

    /// Checks the complete file and gives it its name. Unless it is saved, the file must be aborted.
    fn finish(&mut self) -> impl Future<Output = FetchOutcome> + Send;

    /// Discards the file. Once started, this continues if the future is dropped.
    fn abort(self) -> impl Future<Output = ()> + Send;
}
