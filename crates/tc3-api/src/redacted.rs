//! Sensitive values in `Debug` output.

use core::fmt;

/// Placeholder of a sensitive value in `Debug` output: `***`.
#[derive(Clone, Copy)]
pub struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
