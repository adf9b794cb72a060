//! Runs the cases, and after each one checks its console, its requests and its content security policy.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use tokio::task::LocalSet;

use crate::cases::CASES;
use crate::context::Context;
use crate::process::exit_on_signal;
use crate::tools::{Tools, is_ci};
use crate::{measure, screenshots};

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
