//! A server that implements the part of S3 that archives use.

#![allow(clippy::indexing_slicing, reason = "a failed assumption is a failed test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::server::{Answer, Seen, Server, answer};

pub const STORE_KEY: &str = "the-key-of-the-store";
pub const STORE_TOKEN: &str = "the-token-of-the-store";

/// Buckets and incomplete uploads.
#[derive(Default)]
pub struct S3 {
    pub objects: BTreeMap<String, Vec<u8>>,
    pub uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    pub started: usize,
    pub completions: usize,
    /// Content type and metadata by key.
    pub attributes: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether it ignores the condition that no object has the key, as some stores do.
    pub unconditional: bool,
}

impl S3 {
    pub fn answer(&mut self, seen: &Seen) -> Answer {
        let signed = seen.header("authorization");
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKID"), "{signed}");
        assert!(signed.contains("/s3/aws4_request"), "{signed}");
        let mut line = seen.line.split(' ');
        let (method, target) = (line.next().unwrap(), line.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: BTreeMap<&str, &str> =
            query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let path = path.to_owned();
        let done = answer(200, "application/xml", "").with_header("ETag", "\"tag\"");
        let upload = query.get("uploadId").map(|id| (*id).to_owned());
        if (method == "PUT" && upload.is_none()) || query.contains_key("uploads") {
            let attributes = seen.headers.iter().map(|(name, value)| (name.to_lowercase(), value));
            let is_attribute =
                |name: &str| name == "content-type" || name.starts_with("x-amz-meta");
            let attributes = attributes.filter(|(name, _)| is_attribute(name));
            let attributes = attributes.map(|(name, value)| (name, value.clone())).collect();
            self.attributes.insert(path.clone(), attributes);
        }
        match (method, upload) {
            ("POST", None) if query.contains_key("uploads") => {
                self.started += 1;
                let id = format!("u{}", self.started);
                self.uploads.insert(id.clone(), BTreeMap::new());
                let body = format!(
                    "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                answer(200, "application/xml", body)
            }
            ("PUT", Some(id)) => {
                let part = query["partNumber"].parse().unwrap();
                self.uploads.get_mut(&id).unwrap().insert(part, seen.bytes.clone());
                done
            }
            ("POST", Some(id)) => {
                self.completions += 1;
                let Some(parts) = self.uploads.remove(&id) else {
                    return answer(
                        404,
                        "application/xml",
                        "<Error><Code>NoSuchUpload</Code></Error>",
                    );
                };
                assert_eq!(seen.body.matches("<PartNumber>").count(), parts.len());
                self.objects.insert(path, parts.into_values().flatten().collect());
                let body = "<CompleteMultipartUploadResult><ETag>&quot;tag&quot;</ETag></CompleteMultipartUploadResult>";
                answer(200, "application/xml", body)
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(&id);
                answer(204, "application/xml", "")
            }
            ("PUT", None)
                if seen.header("if-none-match") == "*"
                    && !self.unconditional
                    && self.objects.contains_key(&path) =>
            {
                answer(412, "application/xml", "<Error><Code>PreconditionFailed</Code></Error>")
            }
            ("HEAD" | "GET", None) => self.read(&path, seen.header("range")),
            ("PUT", None) => {
                self.objects.insert(path, seen.bytes.clone());
                done
            }
            _ => answer(400, "application/xml", "<Error><Code>InvalidRequest</Code></Error>"),
        }
    }
}

impl S3 {
    fn read(&self, path: &str, range: &str) -> Answer {
        let Some(object) = self.objects.get(path) else {
            return answer(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>");
        };
        let modified = "Sun, 29 Nov 2026 08:00:00 GMT";
        let with = |answer: Answer| {
            answer.with_header("ETag", "\"tag\"").with_header("Last-Modified", modified)
        };
        let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
        else {
            return with(answer(200, "application/pdf", object.clone()));
        };
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        let part = with(answer(206, "application/pdf", &object[from..=to]));
        part.with_header("Content-Range", &format!("bytes {from}-{to}/{}", object.len()))
    }
}

/// Starts a server whose function may replace the responses to completions of uploads. It receives the buckets, the
/// request, and the number of the completion.
pub fn s3_with_completions(
    complete: impl Fn(&mut S3, &Seen, usize) -> Option<Answer> + Send + Sync + 'static,
) -> (Server, Arc<Mutex<S3>>) {
    let store = Arc::new(Mutex::new(S3::default()));
    let served = Arc::clone(&store);
    let server = Server::start(move |seen, _| {
        let mut store = served.lock().unwrap();
        if seen.line.starts_with("POST ") && seen.line.contains("uploadId=") {
            let count = store.completions + 1;
            if let Some(answer) = complete(&mut store, seen, count) {
                store.completions = count;
                return answer;
            }
        }
        store.answer(seen)
    });
    (server, store)
}

/// Starts a server of these buckets; the function may replace responses.
pub fn s3(
    instead: impl Fn(&Seen, usize) -> Option<Answer> + Send + Sync + 'static,
) -> (Server, Arc<Mutex<S3>>) {
    let store = Arc::new(Mutex::new(S3::default()));
    let (served, count) = (Arc::clone(&store), Mutex::new(0));
    let server = Server::start(move |seen, _| {
        let nth = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count
        };
        instead(seen, nth).unwrap_or_else(|| served.lock().unwrap().answer(seen))
    });
    (server, store)
}
