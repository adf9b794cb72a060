//! A program with the SDK, built from nothing, beside one with the HTTP client under it.

use std::collections::BTreeMap;

use super::scratch::Scratch;
use crate::bench::numbers::median;
use crate::bench::table::Table;
use crate::bench::targets::Figures;
use crate::error::Error;
use crate::files::root;

/// A program, and the one that it is compared with.
struct Program {
    name: &'static str,
    beside: &'static str,
    dependencies: String,
    main: &'static str,
    /// Whether it is built once only, as no target is about it.
    once: bool,
}

/// The client's features, as tc3-transport has them, and the same TLS: ring, and the system's trust.
const UREQ: &str = "ureq = { version = \"3\", default-features = false, features = \
                    [\"gzip\", \"platform-verifier\", \"rustls-no-provider\"] }\n";
const REQWEST: &str = "reqwest = { version = \"0.13\", default-features = false, features = \
                       [\"gzip\", \"rustls-no-provider\"] }\n";
const RUSTLS: &str = "rustls = { version = \"0.23\", default-features = false, features = \
                      [\"ring\", \"std\", \"tls12\"] }\n";
const TOKIO: &str = "tokio = { version = \"1\", features = [\"net\", \"rt\", \"time\"] }\n";

fn programs() -> [Program; 7] {
    let ours = |colour| {
        let folder = root().join("crates/essbasic");
        format!("essbasic = {{ path = {folder:?}, features = [\"{colour}\"] }}\n")
    };
    let program =
        |name, beside, dependencies, main, once| Program { name, beside, dependencies, main, once };
    [
        program(
            "essbasic, blocking",
            "ureq",
            ours("blocking"),
            include_str!("../../../templates/build/ours-blocking.rs"),
            false,
        ),
        program(
            "ureq",
            "ureq",
            format!("{UREQ}{RUSTLS}"),
            include_str!("../../../templates/build/ureq.rs"),
            false,
        ),
        program(
            "ureq, default features",
            "ureq",
            "ureq = \"3\"\n".to_owned(),
            include_str!("../../../templates/build/ureq-default.rs"),
            true,
        ),
        program(
            "essbasic, async",
            "reqwest",
            format!("{}{TOKIO}", ours("async")),
            include_str!("../../../templates/build/ours-async.rs"),
            false,
        ),
        program(
            "essbasic, hyper",
            "reqwest",
            format!("{}{TOKIO}", ours("hyper")),
            include_str!("../../../templates/build/ours-hyper.rs"),
            false,
        ),
        program(
            "reqwest",
            "reqwest",
            format!("{REQWEST}{RUSTLS}{TOKIO}"),
            include_str!("../../../templates/build/reqwest.rs"),
            false,
        ),
        program(
            "reqwest, default features",
            "reqwest",
            format!("reqwest = \"0.13\"\n{TOKIO}"),
            include_str!("../../../templates/build/reqwest-default.rs"),
            true,
        ),
    ]
}

pub(super) fn run(rounds: usize, figures: &mut Figures) -> Result<Table, Error> {
    let mut scratches = Vec::new();
    for program in programs() {
        let folder = program.name.replace([',', ' '], "-");
        let scratch = Scratch::new(&folder, &program.dependencies, program.main)?;
        scratch.fetch()?;
        scratches.push((program, scratch));
    }
    let mut costs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        for (program, scratch) in &scratches {
            if round == 0 || !program.once {
                eprintln!("builds: round {} of {rounds}: {}", round + 1, program.name);
                scratch.empty()?;
                costs.entry(program.name).or_default().push(scratch.run("build", &[])?);
                scratch.empty()?;
            }
        }
    }
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for (program, scratch) in scratches.iter().filter(|(program, _)| !program.once) {
        eprintln!("builds: {}, for release", program.name);
        scratch.run("build", &["--release"])?;
        sizes.insert(program.name, scratch.size()? as f64);
        scratch.empty()?;
    }
    let mut table = Table::new(
        "debug build of a program with",
        &[
            ("CPU, s", 1),
            ("× the client alone", 2),
            ("stripped release, bytes", 0),
            ("more, bytes", 0),
        ],
    );
    for (Program { name, beside, .. }, _) in &scratches {
        let rounds = |name: &str| costs.get(name).map_or(&[][..], Vec::as_slice).iter().copied();
        let ratio = median(rounds(name).zip(rounds(beside)).map(|(cost, other)| cost / other));
        let size = sizes.get(name).copied();
        let more = size.zip(sizes.get(beside)).map(|(size, other)| size - other);
        table.row(*name, [median(rounds(name)), ratio, size, more]);
        figures.extend(ratio.map(|ratio| (format!("{name} / {beside}, cold build"), ratio)));
        figures.extend(more.map(|more| (format!("{name}, bytes above {beside}"), more)));
    }
    Ok(table)
}
