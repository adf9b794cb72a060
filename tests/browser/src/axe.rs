//! axe-core on the page that is open.

use serde_json::{Value, json};

use crate::page::Page;

/// Rules of the light color scheme.
const ALL: &str = "{type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}";

/// Rules whose results depend on the color scheme; the others run once.
const COLORS: &str = "{type: 'rule', values: ['color-contrast', 'link-in-text-block']}";

/// Makes axe-core known to the document.
pub(crate) async fn install(page: &Page, source: &str) {
    page.driver.execute(source.to_owned(), Vec::<Value>::new()).await.unwrap();
}

/// Returns the serious and critical faults of the page in both color schemes.
pub(crate) async fn faults(page: &Page, name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    // The bar at the top covers what is scrolled below it.
    page.script("window.scrollTo(0, 0)", json!(null)).await;
    for (theme, rules) in [("light", ALL), ("dark", COLORS)] {
        page.theme(theme).await;
        page.settle().await;
        let script = format!(
            "const done = arguments[0];
            axe.run(document, {{runOnly: {rules}, resultTypes: ['violations']}}).then((result) => done(result.violations
                .filter((fault) => ['serious', 'critical'].includes(fault.impact))
                .map((fault) => `${{fault.id}}: ${{fault.nodes.map((node) => `${{node.target}} ${{node.failureSummary}}`).join(' | ')}}`)),
                (error) => done([String(error)]));"
        );
        let found = page.driver.execute_async(script, Vec::<Value>::new()).await.unwrap();
        let found: Vec<String> = found.convert().unwrap();
        faults.extend(found.into_iter().map(|fault| format!("{name} {theme}: {fault}")));
    }
    page.theme("light").await;
    faults
}

/// Returns the elements that are wider than the window.
pub(crate) async fn wide(page: &Page) -> Value {
    page.script("(() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        return [...document.querySelectorAll('body *')].filter((node) => node.getBoundingClientRect().right > width + 1)
            .slice(0, 5).map((node) => `${node.tagName}.${node.className} ${Math.round(node.getBoundingClientRect().right)}`);
    })()", json!(null)).await
}
