//! `/api/search`: a search in the description of the API.

use std::time::Instant;

use axum::extract::RawQuery;
use essbasic_page::{ApiError, Reply, json, parameter};
use serde::Serialize;

use super::query::language;
use crate::data::search::{Found, Kind, search, search_kind};

/// Number of hits if the request does not state one.
const DEFAULT_HITS: usize = 50;

/// Maximum number of hits.
const MAX_HITS: usize = 500;

/// Maximum length of a query, in bytes.
const MAX_QUERY_BYTES: usize = 1000;

#[derive(Serialize)]
struct Timed {
    #[serde(flatten)]
    found: Found,
    took_ms: f64,
}

pub(super) async fn get(RawQuery(query): RawQuery) -> Reply {
    let query = query.as_deref();
    let words = parameter(query, "q").unwrap_or_default();
    if words.len() > MAX_QUERY_BYTES {
        return Err(ApiError::invalid_request("the query is longer than 1000 bytes")
            .with_hint("search for fewer words"));
    }
    let limit = match parameter(query, "limit").map(|limit| limit.parse::<usize>()) {
        None => DEFAULT_HITS,
        Some(Ok(limit)) => limit.min(MAX_HITS),
        Some(Err(_)) => {
            return Err(ApiError::invalid_request("limit is not a number")
                .with_hint("give 0 to 500, such as limit=20"));
        }
    };
    let kind = match parameter(query, "kind") {
        None => None,
        Some(name) => match Kind::ALL.into_iter().find(|kind| kind.as_str() == name) {
            None => {
                return Err(ApiError::invalid_request("no kind has this name")
                    .with_hint("give action, object, value, code or field"));
            }
            known => known,
        },
    };
    let (language, started) = (language(query), Instant::now());
    let found = match kind {
        None => search(&words, language, limit),
        Some(kind) => search_kind(&words, kind, language, limit),
    };
    let took_ms = (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
    json(&Timed { found, took_ms })
}
