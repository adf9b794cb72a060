//! Runs the cases, and after each one checks its console, its requests and its content security policy.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::Mutex;
use tokio::task::{JoinHandle, LocalSet};

use crate::cases::CASES;
use crate::cases::request::from_template;
use crate::page::Page;
use crate::process::{Explorer, exit_on_signal};
use crate::tools::{Tools, is_ci};
use crate::{measure, screenshots};

/// A test: its name, and the task that runs it.
pub(crate) type Case = (&'static str, fn(Rc<Context>) -> JoinHandle<()>);

/// The browser and the explorers that all cases share.
pub(crate) struct Context {
    pub(crate) page: Page,
    /// With an emulator.
    pub(crate) emulated: Explorer,
    pub(crate) axe: Option<String>,
    /// Parts of console messages that the current case expects.
    expected: Mutex<Vec<String>>,
}

impl Context {
    async fn start(tools: Tools) -> Self {
        let emulated = Explorer::start(&["--emulated"], &[]);
        let page = Page::start(&tools.chromium, &tools.chromedriver).await;
        Self { page, emulated, axe: tools.axe, expected: Mutex::default() }
    }

    /// Allows console messages with this text until the end of the case. Chromium reports each response with an error status.
    pub(crate) async fn expect(&self, text: &str) {
        self.expected.lock().await.push(text.to_owned());
    }

    /// Returns the ID of a contract of the emulator.
    pub(crate) async fn flow(&self) -> String {
        let found = self.emulated.api("/api/emulator/flows", None, &[]).1;
        found["flows"][0]["flow"].as_str().unwrap().to_owned()
    }

    /// Creates a contract, and returns its ID.
    pub(crate) fn new_flow(&self, name: &str) -> String {
        let created = self.emulated.call("CreateFlowsByTemplates", &from_template(name));
        created["FlowIds"][0].as_str().unwrap().to_owned()
    }

    /// Returns the faults that no case may cause.
    async fn faults(&self) -> Vec<String> {
        let expected = std::mem::take(&mut *self.expected.lock().await);
        let mut faults = self.page.console().await;
        faults.extend(self.page.executed().await.into_iter().map(|text| format!("policy: {text}")));
        let is_own = |url: &String| {
            let url = url.strip_prefix("blob:").unwrap_or(url);
            let is_loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
            url.starts_with("about:")
                || url.starts_with("data:")
                || is_loopback.iter().any(|host| url.starts_with(host))
        };
        let requests = self.page.requests().await;
        faults.extend(
            requests
                .iter()
                .filter(|url| url.contains(&self.emulated.token) && !url.contains('#'))
                .cloned(),
        );
        faults.extend(
            requests.into_iter().filter(|url| !is_own(url)).map(|url| format!("request to {url}")),
        );
        // `Page::forget` opens a file without an icon.
        faults.retain(|fault| !fault.contains("/favicon.ico"));
        faults.retain(|fault| !expected.iter().any(|text| fault.contains(text)));
        faults
    }
}

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let arguments: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|text| !text.starts_with('-')).collect();
    let tools = match Tools::find() {
        Ok(tools) => tools,
        Err(missing) if is_ci() => {
            eprintln!("error: {missing}");
            return ExitCode::FAILURE;
        }
        Err(missing) => {
            println!("SKIPPED: the tests in a browser: {missing}");
            return ExitCode::SUCCESS;
        }
    };
    exit_on_signal();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let context = Rc::new(Context::start(tools).await);
        let is_successful = match arguments[..] {
            ["screenshots", folder] => {
                screenshots::write(&context, Path::new(folder)).await;
                true
            }
            ["measure"] => measure::print(&context).await,
            _ => cases(&context, &arguments).await,
        };
        if let Some(context) = Rc::into_inner(context) {
            context.page.quit().await;
        }
        if is_successful { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

/// Runs the selected cases one after the other, and returns whether all succeed.
async fn cases(context: &Rc<Context>, names: &[&str]) -> bool {
    let is_selected = |case: &str| names.is_empty() || names.iter().any(|name| case.contains(name));
    let (mut passed, mut failed) = (0, Vec::new());
    let start = Instant::now();
    for (name, case) in CASES.iter().filter(|(name, _)| is_selected(name)) {
        let began = Instant::now();
        let outcome = case(Rc::clone(context)).await;
        let mut faults = context.faults().await;
        // The panic has been printed.
        faults.extend(outcome.err().map(|error| error.to_string()));
        let took = began.elapsed().as_millis();
        if faults.is_empty() {
            passed += 1;
            println!("test {name} ... ok ({took} ms)");
        } else {
            println!("test {name} ... FAILED ({took} ms)");
            failed.push(*name);
            for fault in faults {
                println!("    {fault}");
            }
            context.page.keep(name).await;
        }
    }
    let took = start.elapsed().as_secs_f64();
    let result = if failed.is_empty() { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {} failed; {took:.1} s", failed.len());
    failed.is_empty() && passed > 0 || (passed == 0 && failed.is_empty() && !names.is_empty())
}
