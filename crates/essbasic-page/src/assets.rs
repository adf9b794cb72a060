//! Files of a page, embedded at build time.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;

use crate::error::ApiError;
use crate::name::Name;
use crate::reply::Reply;
use crate::strip;

/// An embedded file: its name and its text.
pub type Asset = (&'static str, &'static str);

/// Embeds files of the folder `assets` of the crate as a list of [`Asset`].
///
/// ```ignore
/// const ASSETS: &[Asset] = essbasic_page::assets!["app.js", "index.html"];
/// ```
#[macro_export]
macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        &[$((
            $name,
            ::core::include_str!(::core::concat!(
                ::core::env!("CARGO_MANIFEST_DIR"),
                "/assets/",
                $name
            )),
        )),*]
    };
}

/// Files that all pages use. `i18n.js` imports the tables `i18n-en.js` and `i18n-zh.js` of the page.
// Every file of the folder `assets`; a test compares both.
pub const SHARED: &[Asset] = assets![
    "api.js",
    "dom.js",
    "i18n.js",
    "icons.js",
    "json.js",
    "router.js",
    "style.css",
    "texts.js",
];

/// The files of a page as they are served: without comments, and with an `ETag`.
#[derive(Debug)]
pub struct Assets(Vec<Served>);

#[derive(Debug)]
struct Served {
    name: &'static str,
    content: Bytes,
    tag: Option<HeaderValue>,
}

impl Assets {
    /// Prepares the files of these lists. If two have the same name, the first one is served.
    pub fn new(lists: &[&[Asset]]) -> Self {
        let served = |(name, text): &Asset| {
            let content = match name.rsplit('.').next() {
                Some("js") => strip::script(text),
                Some("css") => strip::style_sheet(text),
                _ => (*text).to_owned(),
            };
            let tag = HeaderValue::try_from(format!("\"{:016x}\"", hash(content.as_bytes())));
            Served { name, content: content.into(), tag: tag.ok() }
        };
        Self(lists.iter().copied().flatten().map(served).collect())
    }

    /// Returns the total size of the files as they are served, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|file| file.content.len()).sum()
    }

    /// Returns the routes of the page: `index.html` at `/`, and each file at `/assets/NAME`.
    pub fn routes(self) -> Router {
        let files = Arc::new(self);
        let index = Arc::clone(&files);
        Router::new()
            .route("/", get(async move |headers: HeaderMap| index.get("index.html", &headers)))
            .route(
                "/assets/{name}",
                get(async move |Name(name): Name, headers: HeaderMap| files.get(&name, &headers)),
            )
    }

    /// Returns the response to a request for a file.
    fn get(&self, name: &str, headers: &HeaderMap) -> Reply {
        let found = self.0.iter().find(|file| file.name == name);
        let Some(file) = found else { return Err(ApiError::not_found("no such file")) };
        let mut known = headers.get_all(IF_NONE_MATCH).iter();
        let is_known = known.any(|known| file.tag.as_ref() == Some(known));
        let mut response = Response::new(match is_known {
            true => Body::empty(),
            false => Body::from(file.content.clone()),
        });
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(tag) = &file.tag {
            headers.insert(ETAG, tag.clone());
        }
        Ok(response)
    }
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

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut embedded: Vec<&str> = SHARED.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(embedded, names, "list the files in `assets!`");
        for name in names {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn a_file_is_sent_until_its_tag_is_known() {
        let assets = Assets::new(&[&[("a.js", "// A.\nlet a;\n")], &[("a.js", "let b;\n")]]);
        assert_eq!(assets.bytes(), "let a;\nlet b;\n".len());
        let mut headers = HeaderMap::new();
        let sent = assets.get("a.js", &headers).unwrap();
        assert_eq!(sent.status(), StatusCode::OK);
        headers.insert(IF_NONE_MATCH, sent.headers()[ETAG].clone());
        assert_eq!(assets.get("a.js", &headers).unwrap().status(), StatusCode::NOT_MODIFIED);
        assert!(assets.get("b.js", &headers).is_err());
    }
}
