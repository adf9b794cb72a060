//! Configurations that are accepted and refused.

use std::path::Path;

use super::Config;

const LEAST: &str = r#"
[account]
app_id = "a"
organization = "o"
operator = "p"
secret_id_file = "id"
secret_key_file = "key"
[[receive.keys]]
token_file = "token"
"#;

fn read(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("essbasic.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).map_err(|error| {
        let text = error.to_string().replace(&folder.path().display().to_string(), "");
        assert!(!text.contains('\n'), "{text}");
        text
    })
}

/// Returns a shown configuration without its comments, which name the folder of the file.
fn settings(shown: &str) -> Vec<&str> {
    shown.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn the_least_configuration_has_defaults_and_can_be_read_again() {
    let config = read(LEAST).unwrap();
    assert_eq!(config.rate.per_action, 20);
    assert_eq!(config.archive.max_attempts, 10);
    assert!(config.account.secret_id_file.is_absolute(), "relative to the file");
    assert!(config.store.url.starts_with("sqlite:/"), "{}", config.store.url);
    let shown = config.shown().unwrap();
    for part in ["lease = \"1m\"", "retention = \"7days\"", "[shutdown]", "writable = false"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert_eq!(settings(&read(&shown).unwrap().shown().unwrap()), settings(&shown));
}

#[test]
fn a_check_names_the_hosts_of_an_admin_page_that_others_reach() {
    let shown = |admin: &str| read(&format!("{LEAST}[admin]\n{admin}")).unwrap().shown().unwrap();
    let network = "listen = \"0.0.0.0:8081\"\ntoken_file = \"t\"";
    let only =
        "# admin.allowed_hosts: the page is opened as 127.0.0.1:8081 or localhost:8081 only;";
    assert!(shown(network).contains(only), "{}", shown(network));
    for other in ["", &format!("{network}\nallowed_hosts = [\"admin.example\"]")] {
        assert!(!shown(other).contains("# admin.allowed_hosts"), "{other}");
    }
}

#[test]
fn the_example_of_the_admin_page_is_valid() {
    let script = include_str!("../../assets/forwards.js");
    let (_, example) = script.split_once("const EXAMPLE = [").unwrap();
    let (example, _) = example.split_once("].join").unwrap();
    let lines = example.lines().map(|line| {
        let line = line.trim().trim_end_matches(',');
        line.get(1..line.len().saturating_sub(1)).unwrap_or_default()
    });
    let example = lines.collect::<Vec<_>>().join("\n");
    let config = read(&format!("{LEAST}{example}")).unwrap();
    assert!(config.forward[0].token_file.is_some() && config.messages.body_key_file.is_some());
}

#[test]
fn every_example_key_is_known() {
    let example = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("essbasic.example.toml"),
    )
    .unwrap();
    let config = read(&example).unwrap();
    assert_eq!(config.forward.len(), 1);
    assert!(config.admin.writable);
}

#[test]
fn paths_and_queries_of_urls_are_not_shown() {
    let text = format!(
        "{LEAST}[messages]\nbody_key_file = \"k\"\n\
         [[forward]]\nname = \"a\"\nurl = \"https://h/p?token=hidden&a=b#c\"\n\
         [[forward]]\nname = \"b\"\nurl = \"https://h?hidden\"\n\
         [[forward]]\nname = \"c\"\nurl = \"https://h/services/hidden\"\n"
    );
    let config = read(&text).unwrap();
    assert_eq!(config.forward[0].url, "https://h/p?token=hidden&a=b#c");
    let shown = config.shown().unwrap();
    assert!(!shown.contains("hidden"), "{shown}");
    assert_eq!(shown.matches("\"https://h/***\"").count(), 3, "{shown}");
    assert_eq!(settings(&read(&shown).unwrap().shown().unwrap()), settings(&shown));
}

#[test]
fn invalid_configurations_are_refused_in_one_line() {
    let with = |more: &str| format!("{LEAST}{more}");
    let replaced = |from: &str, to: &str| {
        assert!(LEAST.contains(from), "{from}");
        LEAST.replace(from, to)
    };
    for (text, expected) in [
        (String::new(), "missing field `account`"),
        ("x".to_owned(), "essbasic.toml:1: "),
        (with("[unknown]"), "essbasic.toml:10: unknown field `unknown`"),
        (
            with("[archive]\nto = \"c\"\nconcurency = 1"),
            "essbasic.toml:12: unknown field `concurency`",
        ),
        (replaced("app_id = \"a\"", "app_id = \" \""), "account.app_id: it is empty"),
        (
            replaced("[[receive.keys]]\ntoken_file = \"token\"", "[receive]"),
            "receive.keys: no token",
        ),
        (with("[store]\nurl = \"mysql://h\""), "store.url: expected sqlite:PATH"),
        (with("[store]\nurl = \"x\""), "store.url: expected sqlite:PATH"),
        (with("[store]\nurl = \"sqlite:\"\npassword_file = \"p\""), "store.url: expected"),
        (with("[store]\nurl = \"postgres://u:p@h/d\""), "store.url: it contains a password"),
        (with("[store]\nurl = \"postgres://h/d?password=p\""), "store.url: it contains a password"),
        (with("[archive]\nnames = \"{name}\""), "archive.names: {flow_id} is required"),
        (with("[archive]\nnames = \"{flow_id}{\""), "archive.names: a brace is not closed"),
        (with("[archive]\nnames = \"{flow_id}-{date}\""), "unknown name {date}"),
        (with("[archive]\nconcurrency = 0"), "archive.concurrency: it is 0"),
        (with("[archive]\nconcurrency = -1"), "essbasic.toml:11: "),
        (with("[rate]\nper_action = 0"), "rate.per_action: it is 0"),
        (with("[rate]\nper_action = 101"), "rate.per_action: 101 exceeds 100"),
        (with("[rate]\nmargin = \"2s\""), "rate.margin: it exceeds 1s"),
        (with("[rate]\nmargin = \"24ms\""), "rate.margin: it is shorter than 25ms"),
        (with("[rate]\nmargin = 25"), "essbasic.toml:11: "),
        (with("[worker]\nlease = \"soon\""), "essbasic.toml:11: invalid duration;"),
        (with("[worker]\nlease = \"30s\""), "worker.heartbeat: it is 0 or longer than a third"),
        (with("[worker]\nlease = \"500ms\"\nheartbeat = \"100ms\""), "worker.lease: it is shorter"),
        (with("[worker]\nheartbeat = \"0s\""), "worker.heartbeat"),
        (
            with("[[forward]]\nname = \"a\"\nurl = \"https://h/\""),
            "messages.body_key_file: it is required",
        ),
        (with("[[forward]]\nname = \"\"\nurl = \"https://h/\""), "forward, target 1: invalid name"),
        (with("[[forward]]\nname = \"a\"\nurl = \"ftp://h/\""), "forward \"a\": invalid url"),
        (with("[[forward]]\nname = \"a\"\nurl = \"https://\""), "forward \"a\": invalid url"),
        (with("[[forward]]\nname = \"a\"\nurl = \"https://u:p@h/\""), "url contains a user name"),
        (with("[[forward]]\nname = \"a\"\nurl = \"https://:p@h?u=/\""), "url contains a user name"),
        (
            with(
                "[messages]\nbody_key_file = \"k\"\n[[forward]]\nname = \"a\"\nurl = \"https://h/\"\n[[forward]]\nname = \"a\"\nurl = \"https://i/\"",
            ),
            "two targets have the name \"a\"",
        ),
        (
            with("[ops]\nlisten = \"127.0.0.1:8080\""),
            "receive.listen: it has the port of ops.listen",
        ),
        (with("[ops]\nlisten = \"9090\""), "essbasic.toml:11: "),
        (with("[admin]\nlisten = \"0.0.0.0:1\""), "admin.token_file: it is required"),
        (
            with("[admin]\nallowed_hosts = [\"a.example\", \"https://b.example/\"]"),
            "admin.allowed_hosts: host 2 is invalid",
        ),
        (
            with("[log]\nformat = \"xml\""),
            "essbasic.toml:11: unknown variant, expected `text` or `json`",
        ),
        (with("[shutdown]\ngrace = \"11years\""), "invalid duration"),
    ] {
        let error = read(&text).err().unwrap_or_else(|| panic!("{text} is accepted"));
        assert!(error.contains(expected), "{error}\n{expected}");
    }
}

#[test]
fn errors_contain_no_values() {
    let with = |more: &str| format!("{LEAST}{more}");
    for (text, expected) in [
        (
            with("").replace("[account]", "store = \"postgres://u:SECRET@h/d\"\n[account]"),
            "essbasic.toml:2: invalid type: string, expected ",
        ),
        (with("[store]\nurl = \"postgres://u:SECRET/x@h/d\""), "store.url: it contains a password"),
        (with("[store]\nurl = \"SECRET\""), "store.url: expected"),
        (with("SECRET"), "essbasic.toml:10: "),
        (with("SECRET = 1"), "essbasic.toml:10: unknown field"),
        (with("[archive]\nto = \"https://u:SECRET@h/\""), "archive.to"),
        (with("[archive]\nconcurrency = \"SECRET\""), "invalid type: string, expected"),
        (with("[worker]\nlease = \"SECRET\""), "invalid duration"),
        (with("[log]\nlevel = \"SECRET\""), "unknown variant, expected one of"),
        (with("[ops]\nlisten = \"SECRET\""), "invalid socket address"),
        (with("[service]\nendpoint = \"https://u:SECRET@h\""), "service.endpoint: invalid URL"),
        (with("[service]\nendpoint = \"ftp://SECRET\""), "service.endpoint: invalid URL"),
        (with("[service]\nregion = \"SECRET=\""), "service.region: invalid region"),
        (with("[admin]\nallowed_hosts = [\"https://u:SECRET@h\"]"), "admin.allowed_hosts: host 1"),
        (
            with("[[forward]]\nname = \"SECRET/\"\nurl = \"https://h\""),
            "forward, target 1: invalid",
        ),
        (
            with("[[forward]]\nname = \"a\"\nurl = \"https://u:SECRET/x@h/\""),
            "forward \"a\": invalid host or port in url",
        ),
    ] {
        let error = read(&text).err().unwrap_or_else(|| panic!("{text} is accepted"));
        assert!(error.contains(expected) && !error.contains("SECRET"), "{error}\n{expected}");
    }
}
