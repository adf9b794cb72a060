//! Links to where they should not lead.

use essbasic::{ArchiveOptions, DownloadOptions, FlowErrorKind, LinkHost};

use crate::call;
use crate::clients;
use crate::server::{KEY, PDF, Server, answer, links};
use crate::support::Driver;

/// A server inside, which nobody should be led to.
fn inside() -> Server {
    Server::start(|_, out| out.write(&answer(200, "", PDF)))
}

/// A service whose links lead to these URLs, by the contract's id, and otherwise to its own file.
fn service(urls: Vec<(&'static str, String)>) -> Server {
    Server::start(move |request, out| {
        let host = request.host();
        match request.is_call() {
            true => out.write(&links(request, |flow| {
                let known = urls.iter().find(|(id, _)| *id == flow);
                known.map_or_else(
                    || format!("http://{host}/{flow}?hkey={KEY}"),
                    |(_, url)| url.clone(),
                )
            })),
            false => out.write(&answer(200, "", PDF)),
        }
    })
}

fn host(text: &str) -> LinkHost {
    text.parse().unwrap()
}

#[test]
fn links_that_nobody_agreed_to_end_their_contracts_alone_and_are_not_followed() {
    let inside = inside();
    let urls = [
        ("other-port", format!("http://{}/path?hkey={KEY}", inside.address)),
        ("https", format!("https://{}/path?hkey={KEY}", inside.address)),
        ("metadata", format!("http://169.254.169.254/latest?hkey={KEY}")),
        ("name", format!("https://files.example/path?hkey={KEY}")),
        ("alike", format!("https://file.ess.tencent.cn.files.example/path?hkey={KEY}")),
        ("plain", format!("http://file.ess.tencent.cn/path?hkey={KEY}")),
        ("user", format!("https://{KEY}@file.ess.tencent.cn/path")),
        ("file", format!("file:///etc/{KEY}")),
        ("ftp", format!("ftp://file.ess.tencent.cn/{KEY}")),
        ("nothing", String::new()),
        ("no-url", format!("https://[{KEY}")),
    ];
    let service = service(urls.to_vec());
    let mut flows: Vec<&str> = urls.iter().map(|(flow, _)| *flow).collect();
    flows.push("own");
    for client in clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let report = client.download(&flows, &DownloadOptions::to(folder.path()));
        let saved: Vec<_> = report.saved().map(|flow| flow.flow_id.as_str()).collect();
        assert_eq!(saved, ["own"]);
        for flow in report.failed() {
            let error = flow.error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Untrusted, "{}: {error}", flow.flow_id);
            assert!(!error.message.contains("path"), "{error}");
        }
        let told = report.flows[0].error.as_ref().unwrap();
        let consent = format!("--link-host http://{})", inside.address);
        assert!(told.message.ends_with(&consent), "{told}");
        let seen = service.take_seen();
        assert_eq!(seen.len(), 3, "two calls and one file, and no fresh links: {seen:?}");
        assert!(inside.take_seen().is_empty());
    }
}

#[test]
fn what_the_caller_agreed_to_is_followed_as_far_as_it_goes() {
    let inside = inside();
    let port = inside.address.port();
    let by_name = format!("http://localhost:{port}/?hkey={KEY}");
    let by_address = format!("http://127.0.0.1:{port}/?hkey={KEY}");
    let service = service(vec![("name", by_name), ("address", by_address)]);
    for client in clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let options = |hosts: &[String]| {
            let to = DownloadOptions::to(folder.path());
            hosts.iter().fold(to, |options, text| options.with_link_host(host(text)))
        };
        // Any host, but none of a private network, whatever its name.
        let report = client.download(&["name", "address"], &options(&[format!("http://*:{port}")]));
        for flow in &report.flows {
            let error = flow.error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Untrusted);
            assert!(error.message.contains("not public") && error.message.contains("--link-host"));
        }
        assert!(inside.take_seen().is_empty());
        // Named, they may be anywhere.
        let named = ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{port}"));
        let report = client.download(&["name", "address"], &options(&named));
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(inside.take_seen().len(), 2);
    }
}

#[test]
fn an_archive_counts_them_and_does_not_try_them_anew() {
    let inside = inside();
    let url = format!("http://{}/path?hkey={KEY}", inside.address);
    let service = service(vec![("bad", url)]);
    for client in clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path()).skip_status_check();
        let report = call!(&client, archive(["bad", "own"], &options)).unwrap();
        assert_eq!((report.total, report.saved, report.failed), (2, 1, 1));
        let mut flows = report.flows().unwrap().map(Result::unwrap);
        let bad = flows.find(|flow| flow.flow_id == "bad").unwrap();
        assert_eq!(bad.error.unwrap().0, FlowErrorKind::Untrusted);
        let seen = service.take_seen();
        assert_eq!(seen.len(), 2, "{seen:?}");
        let journal = std::fs::read_to_string(&report.journal).unwrap();
        assert!(
            journal.contains("untrusted") && !journal.contains(KEY) && !journal.contains("path")
        );
        let agreed = options.with_link_host(host(&inside.url()));
        let report = call!(&client, archive(["bad", "own"], &agreed)).unwrap();
        assert_eq!((report.saved, report.already, report.failed), (1, 1, 0));
        assert_eq!((service.take_seen().len(), inside.take_seen().len()), (1, 1));
    }
}

#[test]
fn redirects_are_told_and_not_followed() {
    let inside = inside();
    for location in [
        format!("http://{}/moved?hkey={KEY}", inside.address),
        format!("http://localhost:{}/moved?hkey={KEY}", inside.address.port()),
        format!("http://169.254.169.254/moved?hkey={KEY}"),
        format!("file:///moved/{KEY}"),
        format!("//{}/moved?hkey={KEY}", inside.address),
        format!("/moved?hkey={KEY}"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let redirect = answer(status, &format!("Location: {location}\r\n"), b"");
            let service = Server::start(move |request, out| {
                let host = request.host();
                match request.is_call() {
                    true => {
                        out.write(&links(request, |_| format!("http://{host}/file?hkey={KEY}")))
                    }
                    false => out.write(&redirect),
                }
            });
            for client in clients(&service) {
                refused_redirect(&client, &service, status);
            }
        }
    }
    assert!(inside.take_seen().is_empty());
}

fn refused_redirect(client: &Driver, service: &Server, status: u16) {
    let folder = tempfile::tempdir().unwrap();
    let report = client.download(&["flow"], &DownloadOptions::to(folder.path()));
    let error = report.flows[0].error.as_ref().unwrap();
    assert_eq!(error.kind, FlowErrorKind::Link);
    let told = format!("leads elsewhere (HTTP {status}), which is not followed");
    assert!(error.message.contains(&told) && !error.message.contains("moved"), "{error}");
    let seen = service.take_seen();
    assert_eq!(seen.len(), 3, "two calls and one file: {seen:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_redirected_call_is_not_followed_either() {
    let inside = inside();
    for status in [301, 307, 308] {
        let redirect = answer(status, &format!("Location: {}/\r\n", inside.url()), b"");
        let service = Server::start(move |_, out| out.write(&redirect));
        for client in clients(&service) {
            let told = match call!(&client, links(["flow"])) {
                Ok(links) => links[0].result.as_ref().unwrap_err().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(told.contains(&status.to_string()), "{told}");
            assert_eq!(service.take_seen().len(), 1);
        }
    }
    assert!(inside.take_seen().is_empty(), "a signed request went elsewhere");
}
