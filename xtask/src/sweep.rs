//! `cargo xtask sweep`: runs every service of the reference through the generator and the compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use crate::error::Error;
use crate::files::{read, root, write};
use crate::import::Counts;
use crate::tccli::Tccli;
use crate::{codegen, import};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Wheel of the PyPI package `tccli`, or the folder with its content.
    #[arg(long, value_name = "WHEEL|FOLDER")]
    tccli: PathBuf,
    /// Process only these services, all versions of each.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    services: Vec<String>,
    /// Output folder of specs and crates.
    #[arg(long, value_name = "FOLDER", default_value_os_t = root().join("target/sweep"))]
    out: PathBuf,
    /// Import and generate only; do not compile.
    #[arg(long)]
    no_check: bool,
    /// Also parse the official samples with the generated types.
    #[arg(long, conflicts_with = "no_check")]
    samples: bool,
    /// Number of services to compile in parallel.
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
}

/// A row of the result table.
struct Row {
    service: String,
    counts: Option<Counts>,
    /// Duration of import and generation, and of compilation, in seconds.
    seconds: (f64, f64),
    /// Summary, or the first error.
    result: Result<String, String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let tccli = Tccli::open(&arguments.tccli)?;
    let services =
        if arguments.services.is_empty() { tccli.services()? } else { arguments.services.clone() };
    let mut work = Vec::new();
    for service in services {
        work.extend(
            tccli.versions(&service)?.into_iter().map(|version| (service.clone(), version)),
        );
    }
    work.reverse();
    println!("{}", line("service", "actions", "objects", "generate", "compile", "result"));
    let (tccli, work, rows) = (Mutex::new(tccli), Mutex::new(work), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..arguments.jobs.max(1) {
            let (tccli, work, rows) = (&tccli, &work, &rows);
            scope.spawn(move || {
                while let Some((service, version)) = pop(work) {
                    let row = process(arguments, tccli, worker, &service, &version);
                    println!("{row}");
                    if let Ok(mut rows) = rows.lock() {
                        rows.push(row);
                    }
                }
            });
        }
    });
    total(&rows.into_inner().unwrap_or_default())
}

fn pop<T>(work: &Mutex<Vec<T>>) -> Option<T> {
    work.lock().ok()?.pop()
}

fn total(rows: &[Row]) -> Result<(), Error> {
    let count = |of: fn(&Counts) -> usize| -> usize {
        rows.iter().filter_map(|row| row.counts.as_ref().map(of)).sum()
    };
    let sum = |of: fn(&Row) -> f64| -> f64 { rows.iter().map(of).sum() };
    let failed = rows.iter().filter(|row| row.result.is_err()).count();
    println!(
        "{}",
        line(
            &format!("{} versions", rows.len()),
            &count(|counts| counts.actions).to_string(),
            &count(|counts| counts.objects).to_string(),
            &format!("{:.1}", sum(|row| row.seconds.0)),
            &format!("{:.1}", sum(|row| row.seconds.1)),
            &format!("{failed} failed"),
        )
    );
    if failed == 0 { Ok(()) } else { Err(Error::new(format!("{failed} failed"))) }
}

fn line(a: &str, b: &str, c: &str, d: &str, e: &str, f: &str) -> String {
    format!("{a:<32} {b:>7} {c:>7} {d:>8} {e:>8}  {f}")
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |of: fn(&Counts) -> usize| {
            self.counts.as_ref().map_or("-".to_owned(), |counts| of(counts).to_string())
        };
        let (Ok(result) | Err(result)) = &self.result;
        f.write_str(&line(
            &self.service,
            &count(|counts| counts.actions),
            &count(|counts| counts.objects),
            &format!("{:.1}", self.seconds.0),
            &format!("{:.1}", self.seconds.1),
            result,
        ))
    }
}

fn process(
    arguments: &Arguments,
    tccli: &Mutex<Tccli>,
    worker: usize,
    service: &str,
    version: &str,
) -> Row {
    let name = format!("{service}-{}", version.replace('-', ""));
    let spec = arguments.out.join("spec").join(&name);
    let out = arguments.out.join("crates").join(&name);
    let start = Instant::now();
    let imported = match tccli.lock() {
        Ok(mut tccli) => import::import(&mut tccli, service, version, &spec, None),
        Err(_) => Err(Error::new("another service's import panicked")),
    };
    let counts = imported.map(|imported| imported.counts);
    let generated = codegen::write_crate(&spec, &out);
    let generation = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let (counts, result) = match (counts, generated) {
        (Err(error), _) => (None, Err(error.to_string())),
        (Ok(counts), Err(error)) => (Some(counts), Err(error.to_string())),
        (Ok(counts), Ok(_)) if arguments.no_check => (Some(counts), Ok("ok".to_owned())),
        (Ok(counts), Ok(_)) => {
            let target = arguments.out.join(format!("target-{worker}"));
            let compiled = compile(&out, &target);
            let sampled = || match arguments.samples {
                true => samples(tccli, service, version, &out, &target),
                false => Ok("ok".to_owned()),
            };
            let result = compiled.and_then(|()| sampled());
            let cleaned = clean(&out, &target);
            (Some(counts), result.and_then(|result| cleaned.map(|()| result)))
        }
    };
    let seconds = (generation, start.elapsed().as_secs_f64());
    Row { service: format!("{service} {version}"), counts, seconds, result }
}

/// Parses the samples in a test of the crate.
fn samples(
    tccli: &Mutex<Tccli>,
    service: &str,
    version: &str,
    folder: &Path,
    target: &Path,
) -> Result<String, String> {
    const TEST: &str = include_str!("../templates/samples.rs");
    let examples = match tccli.lock() {
        Ok(mut tccli) => tccli.examples(service, version),
        Err(_) => Err(Error::new("another service's import panicked")),
    };
    let prepare = || -> Result<PathBuf, Error> {
        let name = format!("{service}-{}", version.replace('-', "")).replace('-', "_");
        write(&folder.join("tests/samples.rs"), &TEST.replace("CRATE", &name))?;
        let path = folder.join("examples.json");
        write(&path, &examples?)?;
        let manifest = folder.join("Cargo.toml");
        let text = read(&manifest)?;
        if !text.contains("[dev-dependencies]") {
            let more = "\n[dev-dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\n\
                        serde_json = \"1\"\n";
            write(&manifest, &format!("{text}{more}"))?;
        }
        Ok(path)
    };
    let path = prepare().map_err(|error| error.to_string())?;
    let output = cargo(folder, target)
        .args(["test", "--all-features", "--test", "samples", "--quiet", "--offline"])
        .args(["--config", "profile.dev.debug=false", "--", "--nocapture"])
        .env("SAMPLES", path)
        .output()
        .map_err(|error| format!("cargo test: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |mark: &str| text.lines().filter_map(|line| line.strip_prefix(mark)).next();
    // A sample that does not match the types contradicts its own reference: reported, but not a failure of
    // the generator.
    match (value("SAMPLES "), value("FAILURE ")) {
        (Some(sum), None) => Ok(format!("ok, {sum}")),
        (Some(sum), Some(first)) => Ok(format!("ok, {sum}: {first}")),
        (None, _) => Err("cargo test: no samples were read".to_owned()),
    }
}

/// Checks and documents the crate, with warnings as errors.
fn compile(folder: &Path, target: &Path) -> Result<(), String> {
    for (command, flags, arguments) in [
        ("check", "RUSTFLAGS", &["--all-features"][..]),
        ("doc", "RUSTDOCFLAGS", &["--all-features", "--no-deps"][..]),
    ] {
        let output = cargo(folder, target)
            .arg(command)
            .args(arguments)
            .args(["--quiet", "--offline", "--message-format", "short"])
            .env(flags, "-D warnings")
            .output()
            .map_err(|error| format!("cargo {command}: {error}"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let first: Vec<&str> =
                text.lines().filter(|line| line.contains("error")).take(3).collect();
            return Err(format!("cargo {command}: {}", first.join("; ")));
        }
    }
    Ok(())
}

/// Removes build output and documentation of a crate; those of all crates would fill a disk.
fn clean(folder: &Path, target: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default();
    cargo(folder, target)
        .args(["clean", "--quiet", "--offline", "--package"])
        .arg(name)
        .status()
        .map_err(|error| format!("cargo clean: {error}"))?;
    let doc = target.join("doc");
    if doc.exists() {
        std::fs::remove_dir_all(&doc).map_err(|error| format!("{}: {error}", doc.display()))?;
    }
    Ok(())
}

fn cargo(folder: &Path, target: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", "0").current_dir(folder);
    command
}
