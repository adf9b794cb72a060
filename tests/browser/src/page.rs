//! A tab of Chromium with the page of the explorer.

use std::path::Path;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

use crate::process::{Driver, until};
use crate::site::Site;

/// Runs in every document before its own scripts. Violations of the content security policy are reported as events; markup of
/// the tests calls `executed`.
const RECORDER: &str = r#"
    window.violations = [];
    window.marks = [];
    window.executed = (mark) => { window.marks.push(String(mark)); };
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample} ${event.sourceFile}:${event.lineNumber}`);
    });
"#;

/// The browser, with one tab for all cases.
pub(crate) struct Page {
    pub(crate) driver: WebDriver,
    process: Driver,
}

impl Page {
    pub(crate) async fn start(chromium: &Path, chromedriver: &Path) -> Self {
        let process = Driver::start(chromedriver);
        let mut options = DesiredCapabilities::chrome();
        options.set_binary(chromium.to_str().unwrap()).unwrap();
        let profile = format!("--user-data-dir={}", process.home.path().join("profile").display());
        for argument in [
            // The sandbox needs user namespaces, which containers and root lack. The page is our own.
            "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-proxy-server",
            "--no-first-run --disable-background-networking --disable-component-update",
            "--disable-sync --disable-default-apps --disable-breakpad --disable-extensions",
            "--lang=en-US --force-color-profile=srgb --font-render-hinting=none",
        ]
        .into_iter()
        .flat_map(str::split_whitespace)
        // A name of another site that resolves to this machine.
        .chain([profile.as_str(), "--host-resolver-rules=MAP rebind.example 127.0.0.1"])
        {
            options.add_arg(argument).unwrap();
        }
        options.set_logging_prefs("browser", LoggingPrefsLogLevel::All).unwrap();
        options.set_logging_prefs("performance", LoggingPrefsLogLevel::All).unwrap();
        let driver = WebDriver::new(&process.url, options).await.unwrap();
        let page = Self { driver, process };
        page.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": RECORDER})).await;
        page.size(1280, 900).await;
        page.theme("light").await;
        // The requests of the browser's own first page.
        page.leave().await;
        page.requests().await;
        page
    }

    pub(crate) async fn quit(self) {
        self.driver.quit().await.unwrap();
        drop(self.process);
    }

    /// Sends a command of the DevTools protocol.
    pub(crate) async fn command(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.unwrap()
    }

    pub(crate) async fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Selects `light` or `dark`, without animations.
    pub(crate) async fn theme(&self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.command("Emulation.setEmulatedMedia", json!({"media": "", "features": features}))
            .await;
    }

    /// Closes the document, and deletes what earlier ones of this origin stored.
    pub(crate) async fn forget(&self, site: &impl Site) {
        self.driver.goto(format!("{}/assets/style.css", site.origin())).await.unwrap();
        self.script("sessionStorage.clear()", json!(null)).await;
        self.leave().await;
    }

    /// Loads the page of a server in a new document, without state of earlier documents, and opens a route such as `#/history`.
    pub(crate) async fn open(&self, site: &impl Site, route: &str) {
        self.forget(site).await;
        self.driver.goto(site.url()).await.unwrap();
        // The shell has loaded the catalogue.
        self.shown("main h1").await;
        self.go(route).await;
    }

    /// Closes the document, so that the next one starts from its URL.
    pub(crate) async fn leave(&self) {
        self.driver.goto("about:blank").await.unwrap();
    }

    /// Opens a route of the loaded page, as by its address, and waits for the new content: the old one may have elements with the
    /// same names.
    pub(crate) async fn go(&self, route: &str) {
        let script =
            "(document.querySelector('main > .page')?.setAttribute('data-old', ''), location.href)";
        let address = self.script(script, json!(null)).await;
        let (document, current) = address.as_str().unwrap().split_once('#').unwrap();
        if format!("#{current}") == route {
            return;
        }
        self.driver.goto(format!("{document}{route}")).await.unwrap();
        self.until("!document.querySelector('main > [data-old]')", json!(null)).await;
    }

    /// Selects the language of the page, `en` or `zh`.
    pub(crate) async fn language(&self, language: &str) {
        let current = self.script("document.documentElement.lang.slice(0, 2)", json!(null)).await;
        if current != json!(language) {
            self.click("#language").await;
            self.until("document.documentElement.lang.startsWith(argument)", json!(language)).await;
        }
    }

    /// Waits until no request is in flight and the content has not changed for two frames.
    pub(crate) async fn settle(&self) {
        let script = "const done = arguments[0];
            let size = -1;
            const look = () => {
                const next = document.body.innerHTML.length;
                if (next === size && document.fonts.status === 'loaded') done();
                else { size = next; setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(look)), 120); }
            };
            look();";
        self.driver.execute_async(script, Vec::<Value>::new()).await.unwrap();
    }

    /// Returns the value of an expression, with `argument`.
    pub(crate) async fn script(&self, expression: &str, argument: Value) -> Value {
        let script = format!("const argument = arguments[0]; return ({expression});");
        self.driver.execute(script, vec![argument]).await.unwrap().json().clone()
    }

    /// Waits until an expression is neither false, null, 0 nor empty, and returns it.
    pub(crate) async fn until(&self, expression: &str, argument: Value) -> Value {
        let what = format!("{expression} with {argument}");
        until(&what, async || {
            let value = self.script(&format!("({expression}) || null"), argument.clone()).await;
            (!value.is_null()).then_some(value)
        })
        .await
    }

    /// Waits for a visible element.
    pub(crate) async fn shown(&self, selector: &str) -> WebElement {
        let found = "[...document.querySelectorAll(argument)].find((node) => node.checkVisibility({visibilityProperty: true}))";
        let what = format!("{selector} is shown");
        until(&what, async || {
            let script = format!("const argument = arguments[0]; return {found} ?? null;");
            let result = self.driver.execute(script, vec![json!(selector)]).await.unwrap();
            if result.json().is_null() { None } else { result.element().ok() }
        })
        .await
    }

    /// Waits until an element contains a text, and returns its whole text.
    pub(crate) async fn contains(&self, selector: &str, text: &str) -> String {
        let expression = "[...document.querySelectorAll(argument[0])].map((node) => node.innerText).find((text) => text.includes(argument[1]))";
        let found = self.until(expression, json!([selector, text])).await;
        found.as_str().unwrap().to_owned()
    }

    pub(crate) async fn click(&self, selector: &str) {
        until(&format!("{selector} is clicked"), async || {
            let element = self.shown(selector).await;
            let clicked = async {
                element.scroll_into_view().await?;
                element.click().await
            };
            match clicked.await {
                Ok(()) => Some(()),
                // A refresh has replaced it.
                Err(error) if error.to_string().contains("stale element") => None,
                Err(error) => panic!("{selector}: {error}"),
            }
        })
        .await;
    }

    /// Replaces the text of an input by typing.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.shown(selector).await;
        element.scroll_into_view().await.unwrap();
        element.click().await.unwrap();
        element.send_keys(Key::Control + "a").await.unwrap();
        element.send_keys(Key::Delete + "").await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Replaces the request of the editor.
    pub(crate) async fn request(&self, text: &str) {
        self.until("document.querySelector('[data-testid=json]')", json!(null)).await;
        // Narrow screens show either the form or the editor.
        if self
            .script("!document.querySelector('[data-testid=json]').checkVisibility()", json!(null))
            .await
            == json!(true)
        {
            self.tab("json").await;
        }
        self.paste("[data-testid=json]", text).await;
    }

    /// Replaces the text of an input at once, as by pasting.
    pub(crate) async fn paste(&self, selector: &str, text: &str) {
        self.shown(selector).await;
        let expression = "(() => {
            const node = document.querySelector(argument[0]);
            node.focus();
            node.select();
            return document.execCommand('insertText', false, argument[1]);
        })()";
        let done = self.script(expression, json!([selector, text])).await;
        assert_eq!(done, json!(true), "paste into {selector}");
    }

    /// Sends keys to the focused element.
    pub(crate) async fn keys(&self, keys: impl Into<thirtyfour::TypingData>) {
        let keys: thirtyfour::TypingData = keys.into();
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Returns console messages of level SEVERE and WARNING since the last call.
    pub(crate) async fn console(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap();
        let severe =
            entries.into_iter().filter(|entry| entry.level != "INFO" && entry.level != "DEBUG");
        severe.map(|entry| format!("{}: {}", entry.level, entry.message)).collect()
    }

    /// Returns the URLs of all requests since the last call.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let entries = self.driver.get_log("performance").await.unwrap();
        let url = |entry: thirtyfour::BrowserLogEntry| {
            let event: Value = serde_json::from_str(&entry.message).unwrap();
            let message = &event["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            is_request.then(|| message["params"]["request"]["url"].as_str().unwrap().to_owned())
        };
        entries.into_iter().filter_map(url).collect()
    }

    /// Returns violations of the content security policy, and markup that was executed, in the current document.
    pub(crate) async fn executed(&self) -> Vec<String> {
        let found = self
            .script("[...(window.violations ?? []), ...(window.marks ?? [])]", json!(null))
            .await;
        serde_json::from_value(found).unwrap()
    }

    /// Writes a screenshot of a failed case below the target folder.
    pub(crate) async fn keep(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}.png", name.replace("::", "-")));
        if self.driver.screenshot(&file).await.is_ok() {
            println!("    screenshot: {}", file.display());
        }
    }

    /// Selects a tab by its id.
    pub(crate) async fn tab(&self, id: &str) {
        self.click(&format!("#tab-{id}")).await;
        self.until(
            "document.querySelector(argument)?.ariaSelected === 'true'",
            json!(format!("#tab-{id}")),
        )
        .await;
    }

    /// Replaces the text of the input with this label.
    pub(crate) async fn input(&self, label: &str, text: &str) {
        let found = "[...document.querySelectorAll('main label')].find((label) => label.textContent.trim().startsWith(argument))?.control?.id";
        let id = self.until(found, json!(label)).await;
        self.paste(&format!("#{}", id.as_str().unwrap()), text).await;
    }

    /// Closes all tabs that have been opened since.
    pub(crate) async fn close_others(&self, windows: &[WindowHandle]) {
        for window in self.driver.windows().await.unwrap() {
            if !windows.contains(&window) {
                self.driver.switch_to_window(window).await.unwrap();
                self.driver.close_window().await.unwrap();
            }
        }
        self.driver.switch_to_window(windows[0].clone()).await.unwrap();
    }
}
