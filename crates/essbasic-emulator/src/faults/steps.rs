//! Faults that change the bytes of a response, or the time at which they are sent.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::kind::FaultKind;
use super::stream::Step;

/// Duration of a stall, longer than the timeout of any client.
const STALL: Duration = Duration::from_secs(600);

/// Number of chunks of a dripping response, and the pause after each.
const CHUNKS: usize = 200;
const CHUNK_PAUSE: Duration = Duration::from_millis(5);

impl FaultKind {
    /// Returns the steps that send a response with this head and body; `None` if the fault does not change the
    /// bytes. The connection is closed after the steps.
    pub(crate) fn steps(self, plain_head: &str, body: &Bytes) -> Option<Vec<Step>> {
        let half = body.slice(..body.len() / 2);
        let head = |length: usize, headers: &str| {
            Bytes::from(format!(
                "{plain_head}content-length: {length}\r\n{headers}connection: close\r\n\r\n"
            ))
        };
        let full_head = || head(body.len(), "");
        Some(match self {
            Self::Reset => vec![Step::Reset],
            Self::ResetHead => {
                let head = full_head();
                vec![Step::Send(head.slice(..head.len() / 2)), flush(), Step::Reset]
            }
            Self::ResetBody => {
                vec![Step::Send(full_head()), Step::Send(half), flush(), Step::Reset]
            }
            Self::StallHead => vec![Step::Pause(STALL)],
            Self::StallBody => vec![Step::Send(full_head()), Step::Send(half), Step::Pause(STALL)],
            Self::Drip => {
                let response = Bytes::from([&full_head()[..], body].concat());
                let length = response.len().div_ceil(CHUNKS).max(1);
                let starts = (0..response.len()).step_by(length);
                let chunk = |at: usize| response.slice(at..(at + length).min(response.len()));
                starts.flat_map(|at| [Step::Send(chunk(at)), Step::Pause(CHUNK_PAUSE)]).collect()
            }
            Self::Truncated => vec![Step::Send(full_head()), Step::Send(half)],
            Self::OverLong => vec![Step::Send(head(half.len(), "")), Step::Send(body.clone())],
            Self::OverStated => {
                vec![Step::Send(head(body.len() + 1000, "")), Step::Send(body.clone())]
            }
            Self::Partial => {
                let last = half.len().saturating_sub(1);
                let range = format!("content-range: bytes 0-{last}/{}\r\n", body.len());
                let head = head(half.len(), &range);
                vec![Step::Send(with_status(&head, "206 Partial Content")), Step::Send(half)]
            }
            Self::CloseDelimited => {
                let head = Bytes::from(format!("{plain_head}connection: close\r\n\r\n"));
                vec![Step::Send(head), Step::Send(first_revision(body).unwrap_or(half))]
            }
            Self::Gzip => {
                let compressed = gzip(body);
                let head = head(compressed.len(), "content-encoding: gzip\r\n");
                vec![Step::Send(head), Step::Send(compressed)]
            }
            Self::MalformedJson => vec![Step::Send(head(half.len(), "")), Step::Send(half)],
            _ => return None,
        })
    }
}

/// Returns a pause in which the sent bytes reach the client. A reset would discard them.
fn flush() -> Step {
    Step::Pause(Duration::from_millis(20))
}

/// Replaces the status of a head.
fn with_status(head: &[u8], status: &str) -> Bytes {
    let end = head.iter().position(|byte| *byte == b'\r').unwrap_or_default();
    let rest = head.get(end..).unwrap_or_default();
    [format!("HTTP/1.1 {status}").as_bytes(), rest].concat().into()
}

/// Returns the first revision of a PDF; `None` if it has only one.
fn first_revision(file: &Bytes) -> Option<Bytes> {
    const END: &[u8] = b"%%EOF\n";
    let mut ends = file.windows(END.len()).enumerate().filter(|(_, window)| *window == END);
    let (first, _) = ends.next()?;
    ends.next().map(|_| file.slice(..first + END.len()))
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to a vector cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}
