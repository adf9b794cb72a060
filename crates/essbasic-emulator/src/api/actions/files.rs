//! `UploadFiles`: files are kept for an hour, or until the deadline given.

use std::time::Duration;

use serde_json::{Value, json};
use tc3_api::Base64;

use super::{Answer, Context, caller, list, text, time};
use crate::api::check::check_all;
use crate::error::ApiError;
use crate::state::ids;
use crate::state::links::Target;
use crate::state::uploads::{Format, Upload, is_pdf};

const MOST_FILES: usize = 20;

/// How long an id works, and how long it may.
const LIFETIME: Duration = Duration::from_secs(3600);
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// All files are stored, or none.
pub(super) fn upload(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let invalid = |message: String| ApiError::new("InvalidParameter", message);
    let business_type = text(body, "BusinessType");
    let allowed = Format::allowed(business_type)
        .ok_or_else(|| invalid("BusinessType is none that there is.".into()))?;
    let infos = list(body, "FileInfos");
    if infos.is_empty() || infos.len() > MOST_FILES {
        return Err(invalid(format!("FileInfos takes 1 to {MOST_FILES} files.")));
    }
    let expires = match time(body, "Deadline") {
        None => context.now.saturating_add(LIFETIME),
        Some(at) if at > context.now && at <= context.now.saturating_add(LONGEST) => at,
        Some(_) => return Err(invalid("Deadline is not within the year from now.".into())),
    };
    let read = |(index, info): (usize, &Value)| {
        read(info, allowed).map_err(|why| invalid(format!("FileInfos.{index}: {why}.")))
    };
    let files = infos.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    let first = files.first().map(|(format, _)| *format);
    if files.iter().any(|(format, _)| Some(*format) != first) {
        return Err(invalid("The files are not all of one type.".into()));
    }
    check_all(body, context.meta.request)?;
    let (mut file_ids, mut urls) = (Vec::new(), Vec::new());
    for (format, bytes) in files {
        let id = ids::random();
        urls.push(context.file_link(Target::Upload(&id), 0));
        let upload = Upload {
            app_id: caller.app_id.clone(),
            organization: caller.organization_id.clone(),
            bytes: bytes.into(),
            format,
            expires,
        };
        context.state.uploads.keep(id.clone(), upload, context.now);
        file_ids.push(id);
    }
    Ok(json!({
        "TotalCount": file_ids.len(),
        "FileIds": file_ids,
        "FileUrls": urls,
        "Deadline": expires.as_secs(),
    }))
}

/// What a file is, and its bytes. A name without extension, as in the service's own sample, is taken for
/// that of a PDF.
fn read(info: &Value, allowed: &[Format]) -> Result<(Format, Vec<u8>), String> {
    let name = text(info, "FileName");
    let format = if name.contains('.') { Format::of_name(name) } else { Some(Format::Pdf) };
    let format = format
        .filter(|format| allowed.contains(format))
        .ok_or("FileName has no extension that BusinessType allows")?;
    let bytes = Base64::from_encoded(text(info, "FileBody")).decode();
    let bytes =
        bytes.filter(|bytes| !bytes.is_empty()).ok_or("FileBody is not a file in base64")?;
    if bytes.len() > format.largest() {
        return Err(format!("the file is longer than {} bytes", format.largest()));
    }
    if format == Format::Pdf && !is_pdf(&bytes) {
        return Err("the file is not a PDF".into());
    }
    Ok((format, bytes))
}
