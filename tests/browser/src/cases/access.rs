//! Every page is accessible, in both color schemes, and fits a narrow screen.

use std::rc::Rc;

use serde_json::json;

use crate::axe;
use crate::context::Context;
use crate::pages::{PAGES, show};

/// axe-core reports no serious or critical fault.
pub(crate) async fn axe_reports_no_serious_fault(context: Rc<Context>) {
    let Some(source) = context.axe.clone() else {
        println!("SKIPPED: axe-core is not installed; run `.ci/explorer tools`");
        return;
    };
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    axe::install(page, &source).await;
    let mut faults = Vec::new();
    for name in PAGES {
        show(&context, name).await;
        faults.extend(axe::faults(page, name).await);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Maximum size of all assets, as served and not compressed, in bytes.
const MAX_ASSETS: usize = 200 * 1024;

pub(crate) async fn the_assets_are_small(context: Rc<Context>) {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
    let mut size = 0;
    for name in ["essbasic-explorer", "essbasic-page"] {
        for entry in std::fs::read_dir(crates.join(name).join("assets")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let url = format!("{}/assets/{name}", context.emulated.origin);
            size += ureq::get(url).call().unwrap().body_mut().read_to_vec().unwrap().len();
        }
    }
    assert!((50_000..=MAX_ASSETS).contains(&size), "{size}");
}

/// No page scrolls sideways at a width of 390 pixels.
pub(crate) async fn narrow_screens_show_everything(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    page.size(390, 844).await;
    let mut faults = Vec::new();
    for name in PAGES {
        show(&context, name).await;
        let found = axe::wide(page).await;
        if found != json!([]) {
            faults.push(format!("{name}: {found}"));
        }
    }
    page.size(1280, 900).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Everything that takes the focus has a visible mark of it, and an accessible name.
pub(crate) async fn the_focus_is_visible(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    let mut faults = Vec::new();
    for name in ["home", "build", "signature", "emulator"] {
        show(&context, name).await;
        page.script("document.activeElement.blur()", json!(null)).await;
        for _ in 0..25 {
            page.keys(thirtyfour::Key::Tab + "").await;
            let fault = page.script("(() => {
                const node = document.activeElement;
                if (!node || node === document.body) return null;
                const style = getComputedStyle(node);
                const around = [node, node.parentElement, node.closest('label, .search, .row')].filter(Boolean).map((one) => getComputedStyle(one));
                const is_marked = node.matches(':focus-visible')
                    && around.some((one) => (one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) > 0) || one.boxShadow !== 'none');
                return is_marked ? null : `${node.tagName}.${node.className} ${style.outlineStyle}`;
            })()", json!(null)).await;
            if !fault.is_null() {
                faults.push(format!("{name}: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
