//! Options of reading a PDF.

use core::fmt;
use std::time::Duration;

use tc3_client::Stop;

use crate::download::{DownloadOptions, LinkHost};
use crate::wait::WaitOptions;

/// Maximum size of a PDF that is read into memory, in bytes, unless the caller sets another one.
const MAX_BYTES: u64 = 128 << 20;

/// Options of reading the PDF of a contract.
///
/// ```
/// use essbasic::{PdfOptions, WaitOptions};
///
/// let options = PdfOptions::default().with_max_bytes(16 << 20).with_wait(WaitOptions::default());
/// ```
#[derive(Clone)]
pub struct PdfOptions {
    pub(crate) download: DownloadOptions,
}

impl Default for PdfOptions {
    fn default() -> Self {
        Self { download: DownloadOptions::to_reader().with_max_file_bytes(MAX_BYTES) }
    }
}

impl PdfOptions {
    /// Sets the maximum size of the PDF, in bytes; default 128 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.download = self.download.with_max_file_bytes(bytes);
        self
    }

    /// Sets the timeout of the file over one link; default one hour. It includes the time in which the caller does not
    /// read. A transfer that times out is continued a few times, so all of them may take several times as long. The error of one
    /// that the caller read slowly has a hint.
    #[must_use]
    pub fn with_file_timeout(mut self, timeout: Duration) -> Self {
        self.download = self.download.with_file_timeout(timeout);
        self
    }

    /// Adds a host to the allowlist of links ([`DownloadOptions::link_hosts`]).
    #[must_use]
    pub fn with_link_host(mut self, host: LinkHost) -> Self {
        self.download = self.download.with_link_host(host);
        self
    }

    /// Reads the PDF of a contract that not every party has signed too. It is not the final one.
    #[must_use]
    pub fn with_any_state(mut self) -> Self {
        self.download = self.download.with_any_state();
        self
    }

    /// Sets the delay between the last signature and the download, in which the service composes the PDF; default 3
    /// seconds, at most one hour.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.download = self.download.with_settle(settle);
        self
    }

    /// Waits until every party has signed before the PDF is read, as [`DownloadOptions::with_wait`].
    #[must_use]
    pub fn with_wait(mut self, options: WaitOptions) -> Self {
        self.download = self.download.with_wait(options);
        self
    }

    /// Sets a handle that ends the reading early, with [`FlowErrorKind::Stopped`](crate::FlowErrorKind::Stopped); default
    /// that of the client ([`Client::with_stop`](crate::Client::with_stop)).
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.download = self.download.with_stop(stop);
        self
    }

    /// Returns the options of the download, with the stop of the client unless another one is set.
    pub(crate) fn for_client(&self, stop: Option<&Stop>) -> DownloadOptions {
        let mut options = self.download.clone();
        options.stop = options.stop.or_else(|| stop.cloned());
        options
    }
}

impl fmt::Debug for PdfOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PdfOptions")
            .field("max_bytes", &self.download.max_file_bytes)
            .finish_non_exhaustive()
    }
}
