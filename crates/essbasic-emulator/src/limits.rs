//! Limits of the settings, and the checks that [`Builder::start`](crate::Builder::start) makes.

use std::io;
use std::time::Duration;

use crate::faults::Fault;

/// Maximum number of generated contracts, over all organizations of a seed.
pub(crate) const MAX_FLOWS: usize = 1_000_000;

/// Maximum of [`Builder::pdf_size`](crate::Builder::pdf_size), in bytes. Files are composed in memory.
pub(crate) const MAX_PDF_BYTES: usize = 256 << 20;

/// Maximum of [`Builder::speed`](crate::Builder::speed).
pub(crate) const MAX_SPEED: f64 = 1_000_000.0;

/// End of the clock: 9999-12-31T23:59:59Z. A later HTTP date or signature date has no format.
pub(crate) const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);

/// Maximum delay of a callback.
pub(crate) const MAX_CALLBACK_DELAY: Duration = Duration::from_secs(86_400);

/// Returns an error of kind [`io::ErrorKind::InvalidInput`].
pub(crate) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}

/// Checks the number of generated contracts.
pub(crate) fn flows(flows: usize) -> Result<(), String> {
    match flows {
        0..=MAX_FLOWS => Ok(()),
        _ => Err(format!("{flows} generated contracts exceed the limit of {MAX_FLOWS}")),
    }
}

pub(crate) fn pdf_size(bytes: usize) -> io::Result<()> {
    match bytes {
        0..=MAX_PDF_BYTES => Ok(()),
        _ => Err(invalid(format!(
            "PDF size of {bytes} bytes exceeds the limit of {MAX_PDF_BYTES} bytes"
        ))),
    }
}

/// Checks a speed of the clock.
pub(crate) fn speed(speed: f64) -> Result<(), String> {
    match speed {
        0.0..=MAX_SPEED => Ok(()),
        _ => Err(format!("clock speed {speed} is not between 0 and {MAX_SPEED}")),
    }
}

pub(crate) fn start(start: Option<Duration>) -> io::Result<()> {
    match start {
        Some(start) if start > END_OF_TIME => Err(invalid(format!(
            "start of the clock {} exceeds the limit of {}, the end of the year 9999",
            start.as_secs(),
            END_OF_TIME.as_secs()
        ))),
        _ => Ok(()),
    }
}

/// Checks a rate or another part of a whole.
pub(crate) fn fraction(what: &str, value: f64) -> Result<(), String> {
    match value {
        0.0..=1.0 => Ok(()),
        _ => Err(format!("{what} {value} is not between 0 and 1")),
    }
}

/// Checks the faults; those of TLS require that the emulator has it.
pub(crate) fn faults(faults: &[Fault], tls: bool) -> io::Result<()> {
    for fault in faults {
        fault.check().map_err(invalid)?;
        if fault.kind.hits_handshakes() && !tls {
            return Err(invalid(format!(
                "fault {} hits TLS handshakes, and the emulator does not speak TLS",
                fault.kind
            )));
        }
    }
    Ok(())
}

pub(crate) fn credential(secret_id: &str, secret_key: &str, token: Option<&str>) -> io::Result<()> {
    let parts =
        [("SecretId", secret_id), ("SecretKey", secret_key), ("token", token.unwrap_or("-"))];
    match parts.into_iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) => Err(invalid(format!("the {name} of a credential is empty"))),
        None => Ok(()),
    }
}
