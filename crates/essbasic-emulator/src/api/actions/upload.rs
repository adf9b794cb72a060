//! `UploadFiles`: files are stored for an hour, or until the deadline of the request.

use std::time::Duration;

use serde_json::{Value, json};
use tc3_api::Base64;

use super::caller::Caller;
use super::fields::{array, string, time};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::ids;
use crate::state::links::Target;
use crate::state::uploads::{Format, Upload, is_pdf};

const MAX_FILES: usize = 20;

/// Default lifetime of a file id.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// Maximum lifetime of a file id.
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 86_400);

/// Stores all files, or none if one is invalid or the limit of stored bytes is reached.
pub(super) fn upload(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let invalid = |message: String| ApiError::new("InvalidParameter", message);
    let allowed = Format::allowed(string(body, "BusinessType"))
        .ok_or_else(|| invalid("BusinessType is unknown.".into()))?;
    let infos = array(body, "FileInfos");
    if infos.is_empty() || infos.len() > MAX_FILES {
        let message = format!("FileInfos has {} files; expected 1 to {MAX_FILES}.", infos.len());
        return Err(invalid(message));
    }
    let expires = match time(body, "Deadline") {
        None => context.now.saturating_add(DEFAULT_LIFETIME),
        Some(at) if at > context.now && at <= context.now.saturating_add(MAX_LIFETIME) => at,
        Some(_) => return Err(invalid("Deadline is not between now and a year from now.".into())),
    };
    let decode = |(index, info): (usize, &Value)| {
        decode_file(info, allowed)
            .map_err(|reason| invalid(format!("FileInfos.{index}: {reason}.")))
    };
    let files = infos.iter().enumerate().map(decode).collect::<Result<Vec<_>, _>>()?;
    let first = files.first().map(|(format, _)| *format);
    if files.iter().any(|(format, _)| Some(*format) != first) {
        return Err(invalid("The files do not have the same type.".into()));
    }
    check_all(body, context.meta.request)?;
    let bytes = files.iter().fold(0_usize, |sum, (_, file)| sum.saturating_add(file.len()));
    if !context.state.uploads.has_room(bytes, context.now) {
        let limit = context.state.uploads.max_stored_bytes;
        let message = format!("The emulator stores at most {limit} bytes of uploaded files.");
        return Err(ApiError::new("FailedOperation", message));
    }
    let (mut file_ids, mut urls) = (Vec::new(), Vec::new());
    for (format, bytes) in files {
        let id = ids::random();
        urls.push(context.file_link(Target::Upload(&id), 0));
        let upload = Upload {
            app_id: caller.app_id.clone(),
            organization: caller.organization_id.clone(),
            bytes: context.state.uploads.content(bytes),
            format,
            expires,
        };
        context.state.uploads.insert(id.clone(), upload);
        file_ids.push(id);
    }
    Ok(json!({
        "TotalCount": file_ids.len(),
        "FileIds": file_ids,
        "FileUrls": urls,
        "Deadline": expires.as_secs(),
    }))
}

/// Returns the format and the bytes of a file. A name without extension, as in a sample of the service, means a
/// PDF.
fn decode_file(info: &Value, allowed: &[Format]) -> Result<(Format, Vec<u8>), String> {
    let name = string(info, "FileName");
    let format = if name.contains('.') { Format::from_name(name) } else { Some(Format::Pdf) };
    let format = format
        .filter(|format| allowed.contains(format))
        .ok_or("BusinessType does not allow the extension of FileName")?;
    let bytes = Base64::from_encoded(string(info, "FileBody")).decode();
    let bytes = bytes.filter(|bytes| !bytes.is_empty()).ok_or("FileBody is empty or not base64")?;
    if bytes.len() > format.max_bytes() {
        return Err(format!("the file is longer than {} bytes", format.max_bytes()));
    }
    if format == Format::Pdf && !is_pdf(&bytes) {
        return Err("the file is not a PDF".into());
    }
    Ok((format, bytes))
}
