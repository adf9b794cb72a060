//! `cargo xtask screenshots`: every page in two widths and two color schemes.

use std::path::Path;

use serde_json::{Value, json};

use crate::context::Context;
use crate::{admin_pages, pages};

const PAGES: [&str; 10] = [
    "home",
    "search",
    "action",
    "build",
    "call",
    "signature",
    "callback",
    "code",
    "emulator",
    "history",
];
const WIDTHS: [(u32, u32); 2] = [(1280, 900), (390, 844)];

/// Maximum height of a screenshot, in pixels.
const MAX_HEIGHT: u64 = 2400;

/// Hides what differs between runs: the text cursor, and times.
const STABLE: &str = "(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { caret-color: transparent !important; }');
    document.adoptedStyleSheets = [sheet];
})()";

/// Writes `PAGE-WIDTH-SCHEME.png` to a folder.
pub(crate) async fn write(context: &Context, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let page = &context.page;
    let mut written = 0;
    for (width, height) in WIDTHS {
        page.size(width, height).await;
        page.open(&context.emulated, "#/").await;
        page.script(STABLE, Value::Null).await;
        for name in PAGES {
            page.theme("light").await;
            pages::show(context, name).await;
            written += both_schemes(context, folder, name, width).await;
        }
        let server = context.emulated_server().await;
        admin_pages::archived(server).await;
        page.open(server, "#/").await;
        page.script(STABLE, Value::Null).await;
        for name in admin_pages::PAGES {
            page.theme("light").await;
            admin_pages::show(context, server, name).await;
            written += both_schemes(context, folder, &format!("admin-{name}"), width).await;
        }
    }
    println!("{written} screenshots in {}", folder.display());
}

/// Writes the page in each color scheme, and returns the number of files.
async fn both_schemes(context: &Context, folder: &Path, name: &str, width: u32) -> usize {
    let page = &context.page;
    page.script("(document.activeElement.dataset.testid === 'search' || document.activeElement.blur(), window.scrollTo(0, 0))", Value::Null).await;
    let schemes = ["light", "dark"];
    for scheme in schemes {
        page.theme(scheme).await;
        page.settle().await;
        let file = folder.join(format!("{name}-{width}-{scheme}.png"));
        std::fs::write(&file, screenshot(context, width).await).unwrap();
    }
    schemes.len()
}

/// Returns the whole page as PNG, up to the maximum height.
async fn screenshot(context: &Context, width: u32) -> Vec<u8> {
    let page = &context.page;
    let height = page.script("document.documentElement.scrollHeight", Value::Null).await;
    let height = height.as_u64().unwrap().min(MAX_HEIGHT);
    let parameters = json!({
        "format": "png",
        "captureBeyondViewport": true,
        "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
    });
    let image = page.command("Page.captureScreenshot", parameters).await;
    let image = image["data"].as_str().unwrap();
    thirtyfour::support::base64_decode(image).unwrap()
}
