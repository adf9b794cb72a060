//! Child processes that are killed at the end of their test.

use std::io;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command};

/// Guard of a child process, which is killed and reaped when the guard is dropped, even if the test fails.
#[derive(Debug)]
pub struct ChildGuard(Child);

impl ChildGuard {
    /// Spawns the command.
    ///
    /// # Errors
    /// Returns the error of the operating system.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }
}

impl Deref for ChildGuard {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for ChildGuard {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        // Fails if the process has already exited.
        let _ = self.kill();
        let _ = self.wait();
    }
}
