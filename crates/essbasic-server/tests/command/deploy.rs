//! The files of `deploy` and the guide name ports, paths, metrics and subcommands that exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::postgres;
use crate::support::{Server, get, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const CONFIGURATIONS: [&str; 3] = [
    "deploy/systemd/essbasic.toml",
    "deploy/container/essbasic.toml",
    "deploy/kubernetes/essbasic.toml",
];

/// Values of the secrets that the configurations name.
const SECRETS: [(&str, &str); 6] = [
    ("secret_id", "AKIDexample"),
    ("secret_key", "example-key"),
    ("callback_token", "example-token"),
    ("callback_key", "EXAMPLEKEYEXAMPLEKEYEXAMPLEKEY32"),
    ("admin_token", "0123456789abcdef0123456789abcdef"),
    ("database", "example-password"),
];

/// Folders of secrets on the machines for which the files are.
const FOLDERS: [&str; 2] = ["/etc/essbasic/secrets", "/run/secrets"];

fn port(configuration: &toml::Table, section: &str) -> String {
    let listen = configuration[section]["listen"].as_str().unwrap();
    listen.rsplit(':').next().unwrap().to_owned()
}

#[test]
fn configurations_pass_the_check() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in SECRETS {
        std::fs::write(folder.path().join(name), value).unwrap();
    }
    for path in CONFIGURATIONS {
        let mut text = read(path);
        for secrets in FOLDERS {
            text = text.replace(secrets, folder.path().to_str().unwrap());
        }
        let file = folder.path().join("essbasic.toml");
        std::fs::write(&file, text).unwrap();
        let output = run(&["--config", file.to_str().unwrap(), "--check"]);
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn ports_are_those_of_the_configurations() {
    for (path, manifests) in [
        (CONFIGURATIONS[1], &["deploy/container/Containerfile", "deploy/container/compose.yaml"]),
        (
            CONFIGURATIONS[2],
            &["deploy/kubernetes/deployment.yaml", "deploy/kubernetes/service.yaml"],
        ),
    ] {
        let configuration: toml::Table = read(path).parse().unwrap();
        let known: BTreeSet<String> =
            ["receive", "ops", "admin"].map(|section| port(&configuration, section)).into();
        for manifest in manifests {
            for line in read(manifest).lines() {
                let line = line.trim();
                let is_port = ["EXPOSE", "containerPort:", "prometheus.io/port:", "- \"127.0.0.1:"]
                    .iter()
                    .any(|start| {
                        line.trim_start_matches("- ").starts_with(start.trim_start_matches("- "))
                    })
                    || line.contains("http://127.0.0.1:");
                let digits =
                    line.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 4);
                for found in digits.filter(|_| is_port) {
                    assert!(known.contains(found), "{manifest}: {line}");
                }
            }
        }
        // Every listener that another machine must reach is declared.
        let declared = read(manifests[0]);
        for section in ["receive", "ops"] {
            assert!(
                declared.contains(&port(&configuration, section)),
                "{}: {section}",
                manifests[0]
            );
        }
    }
}

#[test]
fn times_allow_for_drain_delay_and_grace() {
    for (path, line) in [
        ("deploy/systemd/essbasic-server.service", "TimeoutStopSec=90"),
        ("deploy/container/compose.yaml", "stop_grace_period: 90s"),
        ("deploy/kubernetes/deployment.yaml", "terminationGracePeriodSeconds: 90"),
    ] {
        assert!(read(path).lines().any(|found| found.trim() == line), "{path}: {line}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in SECRETS {
        std::fs::write(folder.path().join(name), value).unwrap();
    }
    let text = read(CONFIGURATIONS[0]).replace(FOLDERS[0], folder.path().to_str().unwrap());
    let file = folder.path().join("essbasic.toml");
    std::fs::write(&file, text).unwrap();
    let output = run(&["--config", file.to_str().unwrap(), "--check"]);
    let shown: toml::Table = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    let seconds = |key: &str| {
        let value = shown["shutdown"][key].as_str().unwrap();
        humantime::parse_duration(value).unwrap().as_secs()
    };
    // 5 s for settlements after the grace, and 10 s for the last commit.
    assert!(seconds("drain_delay") + seconds("grace") + 15 < 90);
}

/// Returns the names of metrics in a text: in code of a guide, or in expressions.
fn metrics(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split(|c: char| !is_name(c)).filter(|word| word.starts_with("essbasic_")).collect()
}

#[test]
fn paths_and_metrics_exist() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    server.wait_for("essbasic_settled_total{outcome=\"archived\"}", 1);
    let files = [
        "deploy/container/Containerfile",
        "deploy/kubernetes/deployment.yaml",
        "deploy/prometheus/alerts.yaml",
        "deploy/prometheus/alerts-replicas.yaml",
        "deploy/prometheus/alerts.test.yaml",
        "docs/guide/server.md",
        "docs/guide/zh-CN/server.md",
    ];
    let exported = get(&format!("{}metrics", server.ops)).1;
    let exported: BTreeSet<&str> = exported
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        // Each of their series has a target, and this server has none.
        .chain(["essbasic_forward_backlog", "essbasic_forward_dead", "essbasic_forwards_total"])
        .collect();
    let mut paths = BTreeSet::new();
    for file in files {
        let text = read(file);
        for metric in metrics(&text) {
            assert!(exported.contains(metric), "{file}: {metric}: {exported:?}");
        }
        for word in text.split(|c: char| c.is_whitespace() || "\"`,|()".contains(c)) {
            let path = word.rsplit_once(":9090").map_or(word, |(_, path)| path);
            if ["/livez", "/readyz", "/metrics"].iter().any(|known| path.starts_with(known)) {
                paths.insert(path.trim_end_matches(['.', ';', ':']).to_owned());
            }
        }
    }
    assert_eq!(
        paths.iter().map(String::as_str).collect::<Vec<_>>(),
        ["/livez", "/metrics", "/readyz"]
    );
    for path in paths {
        let status = get(&format!("{}{path}", server.ops.trim_end_matches('/'))).0;
        assert_eq!(status, 200, "{path}");
    }
}

#[test]
fn subcommands_exist() {
    let files = [
        "deploy/README.md",
        "deploy/container/Containerfile",
        "deploy/container/compose.yaml",
        "deploy/kubernetes/kustomization.yaml",
        "deploy/prometheus/alerts.yaml",
        "deploy/prometheus/alerts-replicas.yaml",
        "deploy/systemd/essbasic-server.service",
        "docs/guide/server.md",
        "docs/guide/zh-CN/server.md",
        "crates/essbasic-server/README.md",
    ];
    let mut found = BTreeSet::new();
    for file in files {
        let text = read(file).replace("\", \"", " ");
        for (at, _) in text.match_indices("essbasic-server ") {
            let rest = &text[at + "essbasic-server ".len()..];
            let words = rest
                .split([' ', '\n', '`', '"', '|'])
                .take_while(|word| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
                })
                .collect::<Vec<_>>();
            if ["contracts", "messages", "migrate", "status", "probe"]
                .contains(words.first().unwrap_or(&""))
            {
                found.insert(words.join(" "));
            }
        }
    }
    assert!(found.contains("contracts list") && found.contains("probe"), "{found:?}");
    for words in found {
        let mut arguments: Vec<&str> = words.split(' ').collect();
        arguments.push("--help");
        let output = run(&arguments);
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Writes a configuration with this store and other secrets that do not exist, and returns its path.
fn with_store(folder: &Path, url: &str) -> String {
    let text = format!(
        "[account]\napp_id = \"a\"\norganization = \"o\"\noperator = \"p\"\nsecret_id_file = \"none\"\n\
         secret_key_file = \"none\"\n[[receive.keys]]\ntoken_file = \"none\"\n[store]\nurl = {url:?}\n"
    );
    let file = folder.join("essbasic.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_role_of_the_guide_is_sufficient() {
    let Some((_server, url)) = postgres::own_server() else { return };
    let admin = postgres::connect(&url).await;
    for guide in ["docs/guide/server.md", "docs/guide/zh-CN/server.md"] {
        let guide = read(guide);
        let sql = guide.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
        for statement in sql.split_inclusive(';') {
            admin.batch_execute(statement).await.unwrap();
        }
        let own = url.replace("/postgres?user=postgres", "/essbasic?user=essbasic");
        assert_ne!(own, url);
        let folder = tempfile::tempdir().unwrap();
        let output = run(&["migrate", "--config", &with_store(folder.path(), &own)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        admin.batch_execute("DROP DATABASE essbasic").await.unwrap();
        admin.batch_execute("DROP ROLE essbasic").await.unwrap();
    }
}
