//! The browser that shows the page.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::output;

/// Time in which an opener reports that it cannot open the page.
const START_TIMEOUT: Duration = Duration::from_millis(500);

/// Time in which a browser reads the file.
const READ_TIME: Duration = Duration::from_secs(60);

/// The file that redirects a browser to the page, until it is dropped.
///
/// Only this user can read it, and its path is on the command line of the browser, instead of the token.
pub(super) struct Browser(Arc<Mutex<Option<NamedTempFile>>>);

impl Browser {
    /// Opens the page. If that fails, a line on stderr states what to do.
    pub(super) fn open(url: &str) -> Self {
        let opened = redirect(url).and_then(|file| {
            show(file.path())?;
            Ok(file)
        });
        match opened {
            Ok(file) => {
                let file = Arc::new(Mutex::new(Some(file)));
                let read = Arc::clone(&file);
                std::thread::spawn(move || {
                    std::thread::sleep(READ_TIME);
                    remove(&read);
                });
                Self(file)
            }
            Err(error) => {
                output::note(format_args!("no browser was opened: {error}; open the URL above"));
                Self(Arc::default())
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(file: &Mutex<Option<NamedTempFile>>) {
    drop(file.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// Creates a file that redirects to the URL, for this user only.
fn redirect(url: &str) -> io::Result<NamedTempFile> {
    let mut file =
        tempfile::Builder::new().prefix("essbasic-explore-").suffix(".html").tempfile()?;
    write!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><title>essbasic explore</title>"
    )?;
    file.flush()?;
    Ok(file)
}

/// Shows a file with the program of the desktop.
fn show(file: &Path) -> io::Result<()> {
    let mut command = opener();
    command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, status) = mpsc::channel();
    // Some openers run as long as the browser does.
    std::thread::spawn(move || sender.send(command.status()));
    match status.recv_timeout(START_TIMEOUT) {
        Ok(Err(error)) => Err(error),
        Ok(Ok(status)) if !status.success() => {
            Err(io::Error::other(format!("the opener ended with {status}")))
        }
        _ => Ok(()),
    }
}

#[cfg(target_os = "macos")]
fn opener() -> Command {
    Command::new("open")
}

#[cfg(windows)]
fn opener() -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", "start", ""]);
    command
}

#[cfg(not(any(target_os = "macos", windows)))]
fn opener() -> Command {
    Command::new("xdg-open")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_redirects_and_is_removed() {
        let url = "http://127.0.0.1:1/#token=0123456789abcdef0123456789abcdef";
        let file = redirect(url).unwrap();
        let path = file.path().to_owned();
        assert!(
            std::fs::read_to_string(&path).unwrap().contains(&format!("content=\"0;url={url}\""))
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(Browser(Arc::new(Mutex::new(Some(file)))));
        assert!(!path.exists());
    }
}
