//! `cargo xtask bench-explorer`: first paint, responses of the search, and size of the assets.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::context::Context;

const LOADS: usize = 15;

/// Queries, as typed.
const QUERIES: [&str; 6] =
    ["f", "fl", "flow", "download pdf", "\u{5408}\u{540c}", "approver mobile"];
const ROUNDS: usize = 20;

/// Prints the measurements with their limits, and returns whether all are below them.
pub(crate) async fn print(context: &Context) -> bool {
    let paint = first_paint(context).await;
    let search = search(context);
    let size = transferred(context).await;
    let milliseconds = |times: &[Duration], part: f64| {
        let index = ((times.len() - 1) as f64 * part).round() as usize;
        times[index].as_secs_f64() * 1000.0
    };
    let (paint_50, paint_90) = (milliseconds(&paint, 0.5), milliseconds(&paint, 0.9));
    println!(
        "first paint: {paint_50:.1} ms median, {paint_90:.1} ms p90 of {LOADS} loads (limit 100 ms, median)"
    );
    let (search_50, search_99) = (milliseconds(&search, 0.5), milliseconds(&search, 0.99));
    println!(
        "search: {search_50:.2} ms median, {search_99:.2} ms p99 of {} requests (limit 16 ms, p99)",
        search.len()
    );
    println!("assets: {size} bytes decoded, of all files (limit 204800)");
    paint_50 < 100.0 && search_99 < 16.0 && size <= 204_800
}

/// Returns the times from the start of the navigation to the first contentful paint, sorted.
async fn first_paint(context: &Context) -> Vec<Duration> {
    let page = &context.page;
    let mut times = Vec::new();
    for _ in 0..LOADS {
        page.open(&context.emulated, "#/").await;
        let paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        let time = page.until(paint, Value::Null).await;
        times.push(Duration::from_secs_f64(time.as_f64().unwrap() / 1000.0));
    }
    times.sort_unstable();
    times
}

/// Returns the times of whole requests of one connection, sorted.
fn search(context: &Context) -> Vec<Duration> {
    let agent: ureq::Agent = ureq::Agent::new_with_defaults();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for query in QUERIES {
            let request = agent
                .get(format!("{}/api/search", context.emulated.origin))
                .query("q", query)
                .query("lang", "en")
                .query("limit", "60")
                .header("authorization", format!("Bearer {}", context.emulated.token));
            let start = Instant::now();
            let text = request.call().unwrap().body_mut().read_to_string().unwrap();
            times.push(start.elapsed());
            assert!(text.contains("\"hits\""), "{text}");
        }
    }
    times.sort_unstable();
    times
}

/// Returns the size of all files that the pages load, in bytes.
async fn transferred(context: &Context) -> u64 {
    let page = &context.page;
    let mut sizes = std::collections::BTreeMap::new();
    page.open(&context.emulated, "#/").await;
    for name in crate::pages::PAGES {
        crate::pages::show(context, name).await;
    }
    let entries = page
        .script(
            "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
                .filter((entry) => !entry.name.includes('/api/')).map((entry) => [entry.name, entry.decodedBodySize])",
            json!(null),
        )
        .await;
    for entry in entries.as_array().unwrap() {
        sizes.insert(entry[0].as_str().unwrap().to_owned(), entry[1].as_u64().unwrap());
    }
    sizes.values().sum()
}
