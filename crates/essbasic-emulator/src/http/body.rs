//! Request bodies, up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Maximum size of a body, in bytes: 10 MiB, the limit of TC3-HMAC-SHA256.
const MAX_BYTES: usize = 10 << 20;

/// Maximum size of the body of `UploadFiles`, in bytes: a file of 60 MiB and the third that base64 adds. The
/// service accepts uploads at a separate host.
const MAX_UPLOAD_BYTES: usize = 84 << 20;

/// Maximum size of a body that is read and discarded, in bytes.
///
/// A body above its limit is read to its end so that the client reads the response. A connection that is closed
/// with unread data is reset.
const MAX_SKIPPED_BYTES: usize = 256 << 20;

pub(super) fn max_bytes(action: Option<&str>) -> usize {
    if action == Some("UploadFiles") { MAX_UPLOAD_BYTES } else { MAX_BYTES }
}

/// Reads a body; returns `None` if it has more than `max_bytes` bytes.
pub(super) async fn read(
    mut body: Incoming,
    max_bytes: usize,
) -> Result<Option<Bytes>, hyper::Error> {
    let mut kept = Some(BytesMut::new());
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        // Trailers are ignored.
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        match &mut kept {
            Some(kept) if length <= max_bytes => kept.extend_from_slice(&data),
            _ => kept = None,
        }
        if length > MAX_SKIPPED_BYTES {
            break;
        }
    }
    Ok(kept.map(BytesMut::freeze))
}
