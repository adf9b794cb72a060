//! Other hosts, origins and sites cannot use the explorer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;

use serde_json::json;

use crate::context::Context;
use crate::process::Explorer;
use crate::site::Site as _;
use crate::support::server::{Server, answer};

/// Sends the head of a request as it is, and returns the status.
fn status(explorer: &Explorer, head: &str) -> u16 {
    let address = explorer.origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    // The server closes the connection, also after a refusal.
    stream.read_to_string(&mut response).unwrap();
    assert!(!response.to_lowercase().contains("access-control-"), "{response}");
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(crate) async fn foreign_hosts_and_origins_are_refused(context: Rc<Context>) {
    let explorer = &context.emulated;
    let port = explorer.origin.rsplit_once(':').unwrap().1;
    let token = format!("Authorization: Bearer {}\r\n", explorer.token);
    for (hosts, expected) in [
        (format!("Host: 127.0.0.1:{port}\r\n"), 200),
        (format!("Host: localhost:{port}\r\n"), 200),
        (format!("Host: [::1]:{port}\r\n"), 200),
        (String::new(), 400),
        (format!("Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n"), 400),
        ("Host: 127.0.0.1\r\n".to_owned(), 421),
        ("Host: example.com\r\n".to_owned(), 421),
        (format!("Host: example.com:{port}\r\n"), 421),
        (format!("Host: 127.0.0.1.example.com:{port}\r\n"), 421),
    ] {
        for path in ["/", "/assets/app.js", "/api/catalogue"] {
            let head = format!("GET {path} HTTP/1.1\r\n{hosts}{token}Connection: close\r\n\r\n");
            assert_eq!(status(explorer, &head), expected, "{path} {hosts}");
        }
    }
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let json = "Content-Type: application/json\r\n";
    for (headers, expected) in [
        (json.to_owned(), 200),
        (format!("{json}Origin: {}\r\nSec-Fetch-Site: same-origin\r\n", explorer.origin), 200),
        (format!("{json}Origin: http://example.com\r\n"), 403),
        (format!("{json}Origin: null\r\n"), 403),
        (format!("{json}Sec-Fetch-Site: cross-site\r\n"), 403),
        (format!("{json}Sec-Fetch-Site: same-site\r\n"), 403),
        ("Content-Type: text/plain\r\n".to_owned(), 415),
        (String::new(), 415),
    ] {
        let head = format!(
            "POST /api/check/DescribeFlowDetailInfo HTTP/1.1\r\n{own}{token}{headers}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        assert_eq!(status(explorer, &head), expected, "{headers}");
    }
}

/// A page of another origin, which knows the token, reads nothing and changes nothing.
pub(crate) async fn other_sites_cannot_call(context: Rc<Context>) {
    let page = &context.page;
    let explorer = &context.emulated;
    let site =
        Server::start(|_, _| answer(200, "text/html", "<!doctype html><title>other</title>"));
    // Chromium reports what it refuses.
    for text in ["CORS", "blocked", "ERR_", "403", "401", "405", "frame"] {
        context.expect(text).await;
    }
    let before = explorer.api("/api/history", None, &[]).1;
    page.driver.goto(site.url()).await.unwrap();
    let script = r#"
        const [origin, token, done] = arguments;
        const authorization = `Bearer ${token}`;
        const url = `${origin}/api/call/DescribeFlowDetailInfo`;
        const body = "{}";
        const tries = [
            fetch(`${origin}/api/catalogue`, {headers: {authorization}}),
            fetch(`${origin}/`),
            fetch(url, {method: "POST", headers: {authorization, "content-type": "application/json"}, body}),
            fetch(url, {method: "POST", headers: {"content-type": "text/plain"}, body}),
            fetch(`${origin}/assets/app.js`),
        ];
        Promise.allSettled(tries).then((results) => done(results.map((result) => result.status)));
    "#;
    let arguments = vec![json!(explorer.origin), json!(explorer.token)];
    let results = page.driver.execute_async(script, arguments).await.unwrap().json().clone();
    assert_eq!(results, json!(["rejected", "rejected", "rejected", "rejected", "rejected"]));
    // Neither as a script, nor in a frame.
    let script = r#"
        const [url, done] = arguments;
        const script = document.createElement("script");
        script.type = "module";
        script.src = `${url.split("/#")[0]}/assets/app.js`;
        script.onload = () => done("loaded");
        script.onerror = () => {
            const frame = document.createElement("iframe");
            frame.src = url;
            frame.onload = () => { try { done(frame.contentDocument ? "readable" : "refused"); } catch { done("refused"); } };
            document.body.append(frame);
        };
        document.head.append(script);
    "#;
    let result = page.driver.execute_async(script, vec![json!(explorer.url())]).await.unwrap();
    assert_eq!(result.json(), "refused");
    assert_eq!(explorer.api("/api/history", None, &[]).1, before);
}

/// A host name of another site that resolves to this machine.
pub(crate) async fn other_names_of_this_machine_are_refused(context: Rc<Context>) {
    let page = &context.page;
    context.expect("rebind.example").await;
    let port = context.emulated.origin.rsplit_once(':').unwrap().1;
    let url = format!("http://rebind.example:{port}/#token={}", context.emulated.token);
    page.driver.goto(url).await.unwrap();
    let shown = page.script("document.querySelectorAll('script, input').length", json!(null)).await;
    assert_eq!(shown, json!(0));
    page.contains("body", "foreign_host").await;
}
