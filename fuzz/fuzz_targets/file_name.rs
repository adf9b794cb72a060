//! File names, from a template and names of the service: one file per contract, in the folder and nowhere else, under
//! a name that every file system accepts.

#![no_main]

use std::collections::HashSet;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use essbasic::blocking::Client;
use essbasic::transport::Method;
use essbasic::{DownloadOptions, NameTemplate, agent};
use fuzz::{blocking_client, response, text};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[derive(Debug)]
struct Input {
    template: String,
    /// Flow ID, name and type of each file.
    files: Vec<[String; 3]>,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let pieces = ["{name}", "{flow_id}", "{date}", "{index}", "-", ".", " ", "con", "/"];
        let mut template = String::new();
        for _ in 0..u.int_in_range(0..=6)? {
            match u.ratio(1, 4)? {
                true => template.push_str(&text(u)?),
                false => template.push_str(u.choose(&pieces)?),
            }
        }
        let mut files = Vec::new();
        for _ in 0..u.int_in_range(1..=4)? {
            let mut name = text(u)?;
            for _ in 0..u.int_in_range(0..=5)? {
                name.push_str(&text(u)?);
            }
            if u.ratio(1, 8)? {
                name = name.repeat(u.int_in_range(1..=300)?);
            }
            let kind = if u.ratio(1, 2)? { "PDF".to_owned() } else { text(u)? };
            files.push([text(u)?, name, kind]);
        }
        Ok(Self { template, files })
    }
}

fuzz_target!(|input: Input| {
    let Ok(template) = input.template.parse::<NameTemplate>() else { return };
    let base =
        if Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    let base = tempfile::tempdir_in(base).unwrap();
    let folder = base.path().join("folder");
    let options = DownloadOptions::to(&folder).with_names(template).with_concurrency(1);
    let flows: Vec<String> = input.files.iter().map(|[flow, ..]| flow.clone()).collect();
    let report = client(input.files).download(flows, &options).unwrap();

    let saved: Vec<_> = report.flows.iter().flat_map(|flow| &flow.files).collect();
    let mut names = HashSet::new();
    for file in &saved {
        let name = file.key.as_str();
        assert_eq!(file.path, Some(folder.join(name)));
        check(name);
        assert!(names.insert(name.to_lowercase()), "{name:?} twice");
    }
    // There are no files besides the saved ones, in the folder or outside of it.
    assert!(entries(&folder).iter().all(|name| names.contains(&name.to_lowercase())));
    assert_eq!(entries(&folder).len(), names.len());
    assert!(entries(base.path()).iter().all(|name| name == "folder"));
});

/// Returns a client of a service with these files.
fn client(files: Vec<[String; 3]>) -> Client {
    let client = blocking_client(move |request| {
        if request.method != Method::POST {
            return response(200, "application/pdf", "%PDF-1.7 %%EOF");
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let requested: Vec<&str> =
            body["FlowIds"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let infos = files.iter().filter(|[flow, ..]| requested.contains(&flow.as_str()));
        let infos = infos.map(|[flow, name, kind]| {
            let links = json!([{"Url": "https://files.example/f", "Name": name, "Type": kind}]);
            json!({ "FlowId": flow, "ResourceUrlInfos": links })
        });
        let infos: Value = infos.collect();
        let body = json!({"Response": {"FlowResourceUrlInfos": infos, "RequestId": "r"}});
        response(200, "application/json", body.to_string())
    });
    Client::from_client(client, agent("a", "o", "p"))
}

fn entries(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).map(|entries| entries.collect::<Vec<_>>()).unwrap_or_default();
    entries.into_iter().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn check(name: &str) {
    assert!((1..=255).contains(&name.len()), "{name:?}");
    assert!(!name.contains(['/', '\\', ':', '<', '>', '|', '?', '*', '"']), "{name:?}");
    assert!(
        !name.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)),
        "{name:?}"
    );
    assert!(!name.starts_with(['.', '-', ' ']) && !name.ends_with(['.', ' ']), "{name:?}");
    let device = name.split('.').next().unwrap().trim_end().to_ascii_lowercase();
    assert!(!["con", "prn", "aux", "nul", "com1", "lpt1"].contains(&device.as_str()), "{name:?}");
}
