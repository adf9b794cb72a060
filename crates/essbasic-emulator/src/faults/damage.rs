//! What an answer becomes.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::FaultKind;
use super::stream::Step;

/// How long an answer stands still: longer than any client waits.
const STILL: Duration = Duration::from_secs(600);

/// How many pieces a dripping answer comes in, and the pause after each.
const PIECES: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);

impl FaultKind {
    /// The steps in which an answer of this head and body goes out; `None` where nothing is wrong with
    /// it on the wire. The connection ends with it.
    pub(crate) fn steps(self, plain: &str, body: &Bytes) -> Option<Vec<Step>> {
        let half = body.slice(..body.len() / 2);
        let head = |length: usize, more: &str| {
            Bytes::from(format!(
                "{plain}content-length: {length}\r\n{more}connection: close\r\n\r\n"
            ))
        };
        let whole = || head(body.len(), "");
        let [first, _] = halves(&whole());
        Some(match self {
            Self::Reset => vec![Step::Reset],
            Self::ResetHead => vec![Step::Send(first), settle(), Step::Reset],
            Self::ResetBody => {
                vec![Step::Send(whole()), Step::Send(half), settle(), Step::Reset]
            }
            Self::StallHead => vec![Step::Pause(STILL)],
            Self::StallBody => vec![Step::Send(whole()), Step::Send(half), Step::Pause(STILL)],
            Self::Drip => {
                let answer = Bytes::from([&whole()[..], body].concat());
                let long = answer.len().div_ceil(PIECES).max(1);
                let pieces = (0..answer.len()).step_by(long);
                let piece = |at: usize| answer.slice(at..(at + long).min(answer.len()));
                pieces.flat_map(|at| [Step::Send(piece(at)), Step::Pause(PAUSE)]).collect()
            }
            Self::Truncated => vec![Step::Send(whole()), Step::Send(half)],
            Self::OverLong => vec![Step::Send(head(half.len(), "")), Step::Send(body.clone())],
            Self::OverStated => {
                vec![Step::Send(head(body.len() + 1000, "")), Step::Send(body.clone())]
            }
            Self::Partial => {
                let last = half.len().saturating_sub(1);
                let part = format!("content-range: bytes 0-{last}/{}\r\n", body.len());
                let head = head(half.len(), &part);
                vec![Step::Send(with_status(&head, "206 Partial Content")), Step::Send(half)]
            }
            Self::CloseDelimited => {
                let head = Bytes::from(format!("{plain}connection: close\r\n\r\n"));
                vec![Step::Send(head), Step::Send(revision(body).unwrap_or(half))]
            }
            Self::Gzip => {
                let packed = gzip(body);
                let head = head(packed.len(), "content-encoding: gzip\r\n");
                vec![Step::Send(head), Step::Send(packed)]
            }
            Self::MalformedJson => vec![Step::Send(head(half.len(), "")), Step::Send(half)],
            _ => return None,
        })
    }
}

/// Lets what was sent arrive: a reset overtakes it.
fn settle() -> Step {
    Step::Pause(Duration::from_millis(20))
}

fn halves(bytes: &Bytes) -> [Bytes; 2] {
    let middle = bytes.len() / 2;
    [bytes.slice(..middle), bytes.slice(middle..)]
}

/// The head with another status.
fn with_status(head: &[u8], status: &str) -> Bytes {
    let end = head.iter().position(|byte| *byte == b'\r').unwrap_or_default();
    let rest = head.get(end..).unwrap_or_default();
    [format!("HTTP/1.1 {status}").as_bytes(), rest].concat().into()
}

/// The file up to its first end, unless that is its last.
fn revision(file: &Bytes) -> Option<Bytes> {
    const END: &[u8] = b"%%EOF\n";
    let mut ends = file.windows(END.len()).enumerate().filter(|(_, window)| *window == END);
    let (first, _) = ends.next()?;
    ends.next().map(|_| file.slice(..first + END.len()))
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes all.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}
