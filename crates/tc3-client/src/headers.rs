//! The headers of a call that HTTP has no names for.

use tc3_transport::header::HeaderName;

pub(crate) const ACTION: HeaderName = HeaderName::from_static("x-tc-action");
pub(crate) const CLIENT: HeaderName = HeaderName::from_static("x-tc-requestclient");
pub(crate) const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-tc-content-sha256");
pub(crate) const LANGUAGE: HeaderName = HeaderName::from_static("x-tc-language");
pub(crate) const REGION: HeaderName = HeaderName::from_static("x-tc-region");
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("x-tc-timestamp");
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("x-tc-token");
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-tc-version");
