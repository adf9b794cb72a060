//! Bodies of requests, up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Maximum size of a body, in bytes: 10 MB, as TC3-HMAC-SHA256 has it.
const MAX_BYTES: usize = 10 << 20;

/// Maximum size of the body of `UploadFiles`, in bytes: a file of 60 MB is a third longer in base64. The service
/// takes uploads at a host of their own.
const MAX_UPLOAD_BYTES: usize = 84 << 20;

/// A body longer than its limit is read up to this many bytes and thrown away, so that the client reads the
/// response: closed with unread data, a connection is reset.
const MAX_SKIPPED_BYTES: usize = 256 << 20;

pub(crate) fn max_bytes(action: Option<&str>) -> usize {
    if action == Some("UploadFiles") { MAX_UPLOAD_BYTES } else { MAX_BYTES }
}

/// Reads a body; `None` if it has more than `most` bytes.
pub(crate) async fn read(mut body: Incoming, most: usize) -> Result<Option<Bytes>, hyper::Error> {
    let mut kept = Some(BytesMut::new());
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        // Trailers are ignored.
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        match &mut kept {
            Some(kept) if length <= most => kept.extend_from_slice(&data),
            _ => kept = None,
        }
        if length > MAX_SKIPPED_BYTES {
            break;
        }
    }
    Ok(kept.map(BytesMut::freeze))
}
