//! Child processes that never outlive their test.

use std::io::{self, Read};
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

/// A child process, killed and reaped when dropped: also when the test fails.
pub struct Running(Child);

/// Starts the command.
pub fn start(command: &mut Command) -> Running {
    command.spawn().map(Running).unwrap()
}

impl Running {
    /// Waits until it exits, and returns the output of the remaining pipes.
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let stdout = self.stdout.take().map(read);
        let stderr = self.stderr.take().map(read);
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.try_wait()? {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "the process does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |reader: Option<std::thread::JoinHandle<Vec<u8>>>| {
            reader.map(|reader| reader.join().unwrap()).unwrap_or_default()
        };
        Ok(Output { status, stdout: read(stdout), stderr: read(stderr) })
    }

    /// Sends a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }
}

fn read(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
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
        // It may have exited.
        let _ = self.kill();
        let _ = self.wait();
    }
}
