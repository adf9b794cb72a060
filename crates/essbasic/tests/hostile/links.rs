//! Links to hosts that are not on the allowlist.

use essbasic::{ArchiveOptions, DownloadOptions, FlowErrorKind, LinkHost};

use super::clients;
use super::server::{KEY, PDF, Server, links, response};
use crate::support::Driver;

/// Starts a server in the private network, which links must not reach.
fn internal() -> Server {
    Server::start(|_, out| out.write(&response(200, "", PDF)))
}

/// Starts a service whose links lead to these URLs, by flow ID, and for other contracts to a file of the service
/// itself.
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
            false => out.write(&response(200, "", PDF)),
        }
    })
}

fn host(text: &str) -> LinkHost {
    text.parse().unwrap()
}

#[test]
fn links_that_are_not_allowed_fail_only_their_contracts_and_are_not_followed() {
    let internal = internal();
    let urls = [
        ("other-port", format!("http://{}/path?hkey={KEY}", internal.address)),
        ("https", format!("https://{}/path?hkey={KEY}", internal.address)),
        ("metadata", format!("http://169.254.169.254/latest?hkey={KEY}")),
        ("name", format!("https://files.example/path?hkey={KEY}")),
        ("similar", format!("https://file.ess.tencent.cn.files.example/path?hkey={KEY}")),
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
        let report = client.download_checked(&flows, &DownloadOptions::to(folder.path()));
        let saved: Vec<_> = report.saved().map(|flow| flow.flow_id.as_str()).collect();
        assert_eq!(saved, ["own"]);
        for flow in report.failed() {
            let error = flow.error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Untrusted, "{}: {error}", flow.flow_id);
            assert!(!error.message.contains("path"), "{error}");
        }
        let error = report.flows[0].error.as_ref().unwrap();
        let advice = format!("--link-host http://{})", internal.address);
        assert!(error.hint().unwrap().ends_with(&advice), "{error}");
        let seen = service.take_seen();
        assert_eq!(seen.len(), 3, "two calls, one file, and no new links: {seen:?}");
        assert!(internal.take_seen().is_empty());
    }
}

#[test]
fn follows_links_exactly_as_the_caller_allows() {
    let internal = internal();
    let port = internal.address.port();
    let by_name = format!("http://localhost:{port}/?hkey={KEY}");
    let by_address = format!("http://127.0.0.1:{port}/?hkey={KEY}");
    let below = format!("http://a.b.localhost:{port}/?hkey={KEY}");
    let service = service(vec![("name", by_name), ("address", by_address), ("below", below)]);
    for client in clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let options = |hosts: &[String]| {
            let to = DownloadOptions::to(folder.path());
            hosts.iter().fold(to, |options, text| options.with_link_host(host(text)))
        };
        // A wildcard allows no private address and no name of the private network.
        for (flow, wildcard) in [("address", "*.0.0.1"), ("below", "*.b.localhost")] {
            let allowed = options(&[format!("http://{wildcard}:{port}")]);
            let report = client.download_checked(&[flow], &allowed);
            let error = report.flows[0].error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Untrusted);
            assert!(error.message.contains("not public"), "{error}");
            assert!(error.hint().unwrap().contains("--link-host"), "{error}");
            assert!(internal.take_seen().is_empty());
        }
        // Hosts that are listed exactly may have private addresses.
        let named = ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{port}"));
        let report = client.download_checked(&["name", "address"], &options(&named));
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(internal.take_seen().len(), 2);
    }
}

#[test]
fn an_archive_counts_refused_links_and_does_not_retry_them() {
    let internal = internal();
    let url = format!("http://{}/path?hkey={KEY}", internal.address);
    let service = service(vec![("bad", url)]);
    for client in clients(&service) {
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path()).skip_status_check();
        let report = call!(&client, archive(["bad", "own"], &options)).unwrap();
        assert_eq!((report.total, report.saved, report.failed), (2, 1, 1));
        let mut flows = report.flows().unwrap().map(Result::unwrap);
        let bad = flows.find(|flow| flow.flow_id == "bad").unwrap();
        assert_eq!(bad.error.unwrap().kind, FlowErrorKind::Untrusted);
        let seen = service.take_seen();
        assert_eq!(seen.len(), 2, "{seen:?}");
        let journal = std::fs::read_to_string(&report.journal).unwrap();
        assert!(
            journal.contains("untrusted") && !journal.contains(KEY) && !journal.contains("path")
        );
        let allowed = options.with_link_host(host(&internal.url()));
        let report = call!(&client, archive(["bad", "own"], &allowed)).unwrap();
        assert_eq!((report.saved, report.already, report.failed), (1, 1, 0));
        assert_eq!((service.take_seen().len(), internal.take_seen().len()), (1, 1));
    }
}

#[test]
fn reports_redirects_and_does_not_follow_them() {
    let internal = internal();
    for location in [
        format!("http://{}/moved?hkey={KEY}", internal.address),
        format!("http://localhost:{}/moved?hkey={KEY}", internal.address.port()),
        format!("http://169.254.169.254/moved?hkey={KEY}"),
        format!("file:///moved/{KEY}"),
        format!("//{}/moved?hkey={KEY}", internal.address),
        format!("/moved?hkey={KEY}"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let redirect = response(status, &format!("Location: {location}\r\n"), b"");
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
                check_redirect(&client, &service, status);
            }
        }
    }
    assert!(internal.take_seen().is_empty());
}

fn check_redirect(client: &Driver, service: &Server, status: u16) {
    let folder = tempfile::tempdir().unwrap();
    let report = client.download_checked(&["flow"], &DownloadOptions::to(folder.path()));
    let error = report.flows[0].error.as_ref().unwrap();
    assert_eq!(error.kind, FlowErrorKind::Link);
    let redirect = format!("a redirect (HTTP {status}), which is not followed");
    assert!(error.message.contains(&redirect) && !error.message.contains("moved"), "{error}");
    let seen = service.take_seen();
    assert_eq!(seen.len(), 3, "two calls and one file: {seen:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn does_not_follow_the_redirect_of_a_call() {
    let internal = internal();
    for status in [301, 307, 308] {
        let redirect = response(status, &format!("Location: {}/\r\n", internal.url()), b"");
        let service = Server::start(move |_, out| out.write(&redirect));
        for client in clients(&service) {
            let message = match call!(&client, links(["flow"])) {
                Ok(links) => links[0].result.as_ref().unwrap_err().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(message.contains(&status.to_string()), "{message}");
            assert_eq!(service.take_seen().len(), 1);
        }
    }
    assert!(internal.take_seen().is_empty(), "a signed request was redirected");
}
