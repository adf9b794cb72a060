//! Child processes that never outlive their test.

use std::io;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command};

/// A child process, killed and reaped when dropped: also when the test fails.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts the command.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.kill();
        let _ = self.wait();
    }
}
