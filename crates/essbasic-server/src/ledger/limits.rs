//! Limits of the arguments of the ledger.

use super::error::Error;

/// Maximum length of the ID of a contract, in bytes.
pub const MAX_FLOW_ID_BYTES: usize = 128;
/// Maximum length of other names: message types, targets, actions, loops, workers. In bytes.
pub const MAX_NAME_BYTES: usize = 128;
/// Maximum length of a detail of an event, and of a reason of a pause, in bytes. Longer ones are truncated.
pub const MAX_DETAIL_BYTES: usize = 512;
/// Maximum size of the encrypted body of a message, in bytes.
pub const MAX_BODY_BYTES: usize = 4 << 20;
/// Maximum number of targets of one message.
pub const MAX_TARGETS: usize = 64;
/// Maximum number of items of one operation: messages, contracts, settlements, rows of a list.
pub const MAX_BATCH: usize = 1_000;
/// Number of messages that one transaction commits at most.
pub const MAX_GROUP: usize = 64;
/// Number of the latest events that are kept of a contract.
pub const MAX_EVENTS: usize = 50;
/// Number of moments that [`Ledger::book`](super::Ledger::book) returns at most.
pub const MAX_MOMENTS: usize = 100;
/// Period in which a message is recognized as a duplicate, at least, in milliseconds: 7 days.
pub const MIN_DEDUP_MS: i64 = 7 * 24 * 3_600_000;
/// Period for which samples are kept, in milliseconds: 7 days.
pub const SAMPLES_MS: i64 = 7 * 24 * 3_600_000;
/// Maximum of every delay, lease and retention, in milliseconds: 10 years.
pub const MAX_DELAY_MS: i64 = 3_652 * 24 * 3_600_000;

fn text(subject: &str, value: &str, max: usize) -> Result<(), Error> {
    if value.is_empty() || value.len() > max {
        let length = value.len();
        return Err(Error::invalid(format!(
            "{subject} of {length} bytes; expected 1 to {max} bytes"
        )));
    }
    if value.contains('\0') {
        return Err(Error::invalid(format!("{subject} contains a NUL character; remove it")));
    }
    Ok(())
}

pub(crate) fn flow_id(value: &str) -> Result<(), Error> {
    text("contract ID", value, MAX_FLOW_ID_BYTES)
}

pub(crate) fn name(subject: &str, value: &str) -> Result<(), Error> {
    text(subject, value, MAX_NAME_BYTES)
}

pub(crate) fn batch(count: usize) -> Result<(), Error> {
    if count > MAX_BATCH {
        return Err(Error::invalid(format!(
            "{count} items in one operation; split them into batches of at most {MAX_BATCH}"
        )));
    }
    Ok(())
}

pub(crate) fn delay(value: i64) -> Result<(), Error> {
    if (0..=MAX_DELAY_MS).contains(&value) {
        return Ok(());
    }
    Err(Error::invalid(format!("delay of {value} ms; expected 0 to {MAX_DELAY_MS} ms")))
}

/// Returns the detail, truncated to [`MAX_DETAIL_BYTES`], without NUL characters.
pub(crate) fn detail(value: &str) -> String {
    let mut text: String = value.replace('\0', "");
    let mut length = text.len().min(MAX_DETAIL_BYTES);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    text.truncate(length);
    text
}
