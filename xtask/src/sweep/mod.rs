//! `cargo xtask sweep`: runs every service of the reference through the generator, and a sample of them through the
//! compiler.

mod compile;
mod pages;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use tc3_cli::{Error, Import, Imported, Schemas, Tccli, import, write};

use self::pages::Pages;
use crate::codegen;
use crate::root::root;

/// The versions that `--compile` processes by default: `package service version` per line.
const SAMPLE: &str = include_str!("../../sweep-sample.txt");

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Wheel of the PyPI package `tccli` or `tccli-intl-en`, or the folder with its content. May be repeated.
    #[arg(long, value_name = "WHEEL|FOLDER", required = true)]
    tccli: Vec<PathBuf>,
    /// Process only these services, all versions of each.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    services: Vec<String>,
    /// Output folder of specs and crates.
    #[arg(long, value_name = "FOLDER", default_value_os_t = root().join("target/sweep"))]
    out: PathBuf,
    /// Also compile and document the crates, with warnings as errors: those of --services, or else of the sample in
    /// xtask/sweep-sample.txt.
    #[arg(long)]
    compile: bool,
    /// Also parse the official samples with the generated types.
    #[arg(long, requires = "compile")]
    samples: bool,
    /// Number of services to process in parallel.
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
}

/// One version of a service.
struct Work {
    /// Index of the package.
    package: usize,
    service: String,
    version: String,
    /// Name of the crate.
    name: String,
}

/// A row of the result table.
struct Row {
    name: String,
    imported: Option<Imported>,
    pages: Pages,
    /// Duration of import and generation, and of compilation, in seconds.
    seconds: (f64, f64),
    /// Summary, or the first error.
    result: Result<String, String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut packages = Vec::new();
    for path in &arguments.tccli {
        packages.push(Tccli::open(path)?);
    }
    let mut work = work(arguments, &packages)?;
    work.reverse();
    let titles = ["actions", "objects", "pages", "almost", "generate", "compile"];
    println!("{}", line("service", &titles.map(str::to_owned), "result"));
    let packages: Vec<Mutex<Tccli>> = packages.into_iter().map(Mutex::new).collect();
    let (work, rows) = (Mutex::new(work), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..arguments.jobs.max(1) {
            let (packages, work, rows) = (&packages, &work, &rows);
            scope.spawn(move || {
                while let Some(work) = pop(work) {
                    let Some(package) = packages.get(work.package) else { return };
                    let row = process(arguments, package, worker, &work);
                    println!("{row}");
                    if let Ok(mut rows) = rows.lock() {
                        rows.push(row);
                    }
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    let total = total(&rows);
    write_almost(&arguments.out.join("pages.tsv"), &rows)?;
    total
}

/// Returns the versions to process.
fn work(arguments: &Arguments, packages: &[Tccli]) -> Result<Vec<Work>, Error> {
    let sampled = arguments.compile && arguments.services.is_empty();
    let mut sample: BTreeSet<&str> =
        SAMPLE.lines().filter(|line| sampled && !line.starts_with('#')).collect();
    let mut work = Vec::new();
    for (index, tccli) in packages.iter().enumerate() {
        let package = tccli.package();
        let services = tccli.services()?;
        let edition = package.strip_prefix("tccli").unwrap_or_default();
        for service in services {
            if !arguments.services.is_empty() && !arguments.services.contains(&service) {
                continue;
            }
            for version in tccli.versions(&service)? {
                let entry = format!("{package} {service} {version}");
                if sampled && !sample.remove(entry.as_str()) {
                    continue;
                }
                let name = format!("{service}-{}{edition}", version.replace('-', ""));
                work.push(Work { package: index, service: service.clone(), version, name });
            }
        }
    }
    let unknown: Vec<&String> = arguments
        .services
        .iter()
        .filter(|service| !work.iter().any(|work| work.service == **service))
        .collect();
    match (unknown.first(), sample.first()) {
        (Some(service), _) => Err(Error::new(format!("unknown service `{service}`"))),
        (_, Some(entry)) => Err(Error::new(format!(
            "the sample is incomplete: no `{entry}`; give the wheels of tccli and tccli-intl-en, or correct \
             xtask/sweep-sample.txt"
        ))),
        (None, None) => Ok(work),
    }
}

fn pop<T>(work: &Mutex<Vec<T>>) -> Option<T> {
    work.lock().ok()?.pop()
}

fn total(rows: &[Row]) -> Result<(), Error> {
    let count = |of: fn(&Imported) -> usize| -> usize {
        rows.iter().filter_map(|row| row.imported.as_ref().map(of)).sum()
    };
    let sum = |of: fn(&Row) -> f64| -> f64 { rows.iter().map(of).sum() };
    let failed = rows.iter().filter(|row| row.result.is_err()).count();
    let pages: usize = rows.iter().map(|row| row.pages.found).sum();
    let almost: usize = rows.iter().map(|row| row.pages.almost.len()).sum();
    let numbers = [
        count(|imported| imported.actions).to_string(),
        count(|imported| imported.objects).to_string(),
        pages.to_string(),
        almost.to_string(),
        format!("{:.1}", sum(|row| row.seconds.0)),
        format!("{:.1}", sum(|row| row.seconds.1)),
    ];
    let versions = format!("{} versions", rows.len());
    println!("{}", line(&versions, &numbers, &format!("{failed} failed")));
    if failed == 0 { Ok(()) } else { Err(Error::new(format!("{failed} failed"))) }
}

/// Writes the actions that almost return pages, each with the reason.
fn write_almost(path: &Path, rows: &[Row]) -> Result<(), Error> {
    let mut text = String::from("service\taction\treason\n");
    for row in rows {
        for (action, reason) in &row.pages.almost {
            text.push_str(&format!("{}\t{action}\t{reason}\n", row.name));
        }
    }
    write(path, &text)?;
    println!("actions that almost return pages: {}", path.display());
    Ok(())
}

fn line(name: &str, numbers: &[String; 6], result: &str) -> String {
    let [a, b, c, d, e, f] = numbers;
    format!("{name:<40} {a:>7} {b:>7} {c:>7} {d:>7} {e:>8} {f:>8}  {result}")
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |of: fn(&Imported) -> usize| {
            self.imported.as_ref().map_or("-".to_owned(), |imported| of(imported).to_string())
        };
        let (Ok(result) | Err(result)) = &self.result;
        let numbers = [
            count(|imported| imported.actions),
            count(|imported| imported.objects),
            self.pages.found.to_string(),
            self.pages.almost.len().to_string(),
            format!("{:.1}", self.seconds.0),
            format!("{:.1}", self.seconds.1),
        ];
        f.write_str(&line(&self.name, &numbers, result))
    }
}

fn process(arguments: &Arguments, tccli: &Mutex<Tccli>, worker: usize, work: &Work) -> Row {
    let Work { service, version, name, .. } = work;
    let spec = arguments.out.join("spec").join(name);
    let out = arguments.out.join("crates").join(name);
    let start = Instant::now();
    let what =
        Import { service, version, folder: &spec, error_codes: None, schemas: Schemas::Written };
    let imported = match tccli.lock() {
        Ok(mut tccli) => import(&mut tccli, &what),
        Err(_) => Err(Error::new("another service's import panicked")),
    };
    let pages = Pages::of(&spec);
    let written = codegen::target(spec, out.clone()).and_then(|target| target.files()?.apply());
    let generation = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let (imported, result) = match (imported, written) {
        (Err(error), _) => (None, Err(error.to_string())),
        (Ok(imported), Err(error)) => (Some(imported), Err(error.to_string())),
        (Ok(imported), Ok(_)) if !arguments.compile => (Some(imported), Ok("ok".to_owned())),
        (Ok(imported), Ok(_)) => {
            let target = arguments.out.join(format!("target-{worker}"));
            let compiled = compile::compile(&out, &target);
            let sampled = || match arguments.samples {
                true => compile::samples(tccli, service, version, &out, &target),
                false => Ok("ok".to_owned()),
            };
            let result = compiled.and_then(|()| sampled());
            let cleaned = compile::clean(&out, &target);
            (Some(imported), result.and_then(|result| cleaned.map(|()| result)))
        }
    };
    let seconds = (generation, start.elapsed().as_secs_f64());
    let (pages, result) = match pages {
        Ok(pages) => (pages, result),
        Err(error) => (Pages::default(), result.and(Err(error.to_string()))),
    };
    Row { name: name.clone(), imported, pages, seconds, result }
}
