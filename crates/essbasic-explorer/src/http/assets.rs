//! The files of the page, embedded at build time.

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::error::ApiError;
use super::name::Name;
use super::reply::Reply;
use super::strip;

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        /// Names and contents of the files.
        const ASSETS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../assets/", $name)))),*];
    };
}

// Every file of the folder `assets`; a test compares both.
assets![
    "action.css",
    "api.js",
    "app.js",
    "build.css",
    "build.js",
    "call.js",
    "callback.js",
    "code.js",
    "describe.js",
    "difference.js",
    "dom.js",
    "editor.js",
    "emulator-callbacks.js",
    "emulator-clock.js",
    "emulator-faults.js",
    "emulator-flow.js",
    "emulator.js",
    "explain.js",
    "field.js",
    "files.js",
    "form.js",
    "history.js",
    "home.js",
    "i18n-en.js",
    "i18n-zh.js",
    "i18n.js",
    "icons.js",
    "index.html",
    "item.js",
    "json.js",
    "markdown.js",
    "next.js",
    "paste.js",
    "prefill.js",
    "response.js",
    "router.js",
    "search.js",
    "session.js",
    "side.js",
    "signature.js",
    "style.css",
    "texts.js",
    "tool.js",
    "tools.css",
    "tree.js",
];

/// Names and contents of the files as they are served.
static SERVED: LazyLock<Vec<(&str, Bytes)>> = LazyLock::new(|| {
    ASSETS.iter().map(|(name, text)| (*name, Bytes::from(served(name, text)))).collect()
});

fn served(name: &str, text: &str) -> String {
    match name.rsplit('.').next() {
        Some("js") => strip::script(text),
        Some("css") => strip::style_sheet(text),
        _ => text.to_owned(),
    }
}

/// Returns the page.
pub(super) async fn index(headers: HeaderMap) -> Reply {
    asset("index.html", &headers)
}

/// Returns a file of the page.
pub(super) async fn file(Name(name): Name, headers: HeaderMap) -> Reply {
    asset(&name, &headers)
}

fn asset(name: &str, headers: &HeaderMap) -> Reply {
    let found = SERVED.iter().find(|(known, _)| *known == name);
    let Some((_, content)) = found else { return Err(ApiError::not_found("no such file")) };
    let tag = HeaderValue::from_str(&format!("\"{:016x}\"", hash(content)))
        .map_err(|_| ApiError::internal("invalid tag of a file"))?;
    let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|known| known == tag);
    let mut response = match is_known {
        true => Response::new(Body::empty()),
        false => Response::new(Body::from(content.clone())),
    };
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ETAG, tag);
    Ok(response)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// Returns a hash of a file by FNV-1a: its tag changes with its content.
fn hash(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Maximum size of all files together, in bytes.
    const MAX_BYTES: usize = 200 * 1024;

    #[test]
    fn all_files_together_are_small() {
        let size: usize = SERVED.iter().map(|(_, content)| content.len()).sum();
        assert!(size <= MAX_BYTES, "the files have {size} bytes; the limit is {MAX_BYTES}");
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut embedded: Vec<&str> = ASSETS.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(embedded, names, "list the files in `assets!`");
        for name in names {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
        }
    }
}
