//! Conversions of uploaded files to PDF.

use std::collections::HashMap;
use std::time::Duration;

/// Task of `CreateFileConvertTask`.
pub(crate) struct Conversion {
    pub(crate) app_id: String,
    pub(crate) organization: String,
    /// Id of the PDF.
    pub(crate) file_id: String,
    /// Time from which the task is reported as finished.
    pub(crate) ends: Duration,
}

/// All conversions, by id.
pub(crate) type Conversions = HashMap<String, Conversion>;
