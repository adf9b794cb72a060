//! The service that calls reach.

/// The service that calls of an [`Explorer`](crate::Explorer) reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// An emulator on this machine. Writes are allowed.
    Emulator,
    /// The test environment of the service.
    Test,
    /// The production service, or a server that is not known.
    Production,
    /// None: there is no credential, so calls are refused.
    Offline,
}

impl Mode {
    /// Returns the name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Test => "test",
            Self::Production => "production",
            Self::Offline => "offline",
        }
    }
}
