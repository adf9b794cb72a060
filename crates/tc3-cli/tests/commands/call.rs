//! Forms, encodings and help of `tc3 call`.

use super::*;

#[test]
fn a_call_has_the_form_of_the_overlay() {
    let folder = imported();
    let at = folder.path();
    let host = "https://svc.tencentcloudapi.com";
    for (form, request) in [
        (json!({"form": "query"}), format!("GET {host}/?Name=n\n")),
        (json!({"path": "/v2/do"}), format!("POST {host}/v2/do\n")),
        (json!({"form": "query", "path": "/v2/do"}), format!("GET {host}/v2/do?Name=n\n")),
        (json!({"form": "octet_stream"}), String::new()),
        (json!({"action": "Other", "form": "query"}), format!("POST {host}/\n")),
    ] {
        let mut entry = json!({"action": "Do", "reason": "Tried."});
        entry.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        let overlay = json!({"$schema": "schema/overlay.schema.json", "forms": [entry]});
        fs::write(at.join("svc-spec/overlay.json"), overlay.to_string()).unwrap();
        let line = "call svc Do --spec svc-spec --dry-run --body {\"Name\":\"n\"}";
        let (status, out, err) = ran(at, line);
        if request.is_empty() {
            let expected = "error: Do has a body of raw octets, which this command cannot send; \
                            call it from a program\n";
            assert_eq!((status, out.as_str(), err.as_str()), (1, "", expected));
        } else {
            assert!(status == 0 && out.starts_with(&request), "{form}: {out}{err}");
        }
    }
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_in_other_encodings_are_refused_with_the_fix() {
    let folder = imported();
    let at = folder.path();
    let body = "{\"Name\":\"n\"}";
    for (bytes, why) in [
        (utf16(body), "error: invalid body: it is UTF-16 text; save it as UTF-8\n"),
        (
            b"{\"Name\":\"\xe9\"}".to_vec(),
            "error: invalid body: it is not UTF-8 text; save it as UTF-8\n",
        ),
        (format!("\u{feff}{body}").into_bytes(), ""),
    ] {
        fs::write(at.join("body.json"), bytes).unwrap();
        let (status, _, err) = ran(at, "call svc Do --spec svc-spec --dry-run --body @body.json");
        assert_eq!((status, err.as_str()), (i32::from(!why.is_empty()), why));
    }
    // The file is read before the certificate is parsed.
    let pem = "-----BEGIN CERTIFICATE-----\n";
    for (bytes, why) in [
        (utf16(pem), "error: --ca-file ca.pem: UTF-16 text; save it as UTF-8\n"),
        (b"\xe9\n".to_vec(), "error: --ca-file ca.pem: no certificate in the file; give a PEM"),
    ] {
        fs::write(at.join("ca.pem"), bytes).unwrap();
        let call = "call svc Do --version 2021-02-03 --dry-run --ca-file";
        let (status, _, err) = ran(at, &format!("{call} ca.pem"));
        assert!(status == 1 && err.starts_with(why), "{err}");
        let (status, _, err) = ran(at, &format!("{call} gone.pem"));
        assert!(
            status == 1 && err.starts_with("error: --ca-file gone.pem cannot be read"),
            "{err}"
        );
    }
    let overlay = at.join("svc-spec/overlay.json");
    let text = fs::read_to_string(&overlay).unwrap();
    fs::write(&overlay, format!("\u{feff}{text}")).unwrap();
    let (status, _, err) = ran(at, CODEGEN);
    assert_eq!(status, 0, "{err}");
    fs::write(&overlay, utf16("{}")).unwrap();
    let (status, _, err) = ran(at, CODEGEN);
    assert!(
        status == 1 && err.ends_with("overlay.json: not UTF-8 text; save it as UTF-8\n"),
        "{err}"
    );
}

#[test]
fn comments_of_certificates_may_have_any_encoding() {
    let folder = TempDir::new().unwrap();
    let certificate = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands/ca.pem"));
    let pem = [b"# \xe9\n".to_vec(), certificate.unwrap()].concat();
    fs::write(folder.path().join("ca.pem"), pem).unwrap();
    let line = "call svc Do --version 2021-02-03 --dry-run --ca-file ca.pem";
    let (status, out, err) = ran(folder.path(), line);
    assert!(status == 0 && out.starts_with("POST https://svc.tencentcloudapi.com/\n"), "{err}");
}

#[test]
fn lines_of_help_fit_the_usual_width() {
    let folder = TempDir::new().unwrap();
    for command in ["import", "codegen", "diff", "search", "call"] {
        let (_, out, _) = ran(folder.path(), &format!("{command} --help"));
        for line in out.lines() {
            assert!(line.chars().count() <= 120, "{command}: {line}");
        }
    }
    let (_, out, _) = ran(folder.path(), "call --help");
    let streams = "A response that is a stream of events is an error: do not request one.\n";
    assert!(out.contains(streams), "{out}");
}

#[test]
fn oversized_and_deeply_nested_bodies_are_refused() {
    let folder = imported();
    let body = folder.path().join("body.json");
    let call = "call svc Do --spec svc-spec --dry-run --body @body.json";
    let nested = |depth: usize| {
        let part = "{\"Count\":1,\"Part\":".repeat(depth) + "{\"Count\":1}" + &"}".repeat(depth);
        format!("{{\"Name\":\"n\",\"Parts\":[{part}]}}")
    };
    fs::write(&body, nested(100)).unwrap();
    assert_eq!(ran(folder.path(), call).0, 0);
    for (text, why) in
        [(nested(200), "invalid body: "), (" ".repeat(65 << 20), "exceeds the limit of 64 MiB")]
    {
        fs::write(&body, text).unwrap();
        let (status, out, err) = ran(folder.path(), call);
        assert!(status == 1 && out.is_empty() && err.contains(why), "{err}");
    }
}

#[test]
fn a_call_has_a_language_and_an_address_to_connect_to() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let call = "call svc Do --version 2021-02-03 --endpoint http://api.invalid";
    for (tag, header) in [("zh", "x-tc-language: zh-CN\n"), ("en-US", "x-tc-language: en-US\n")] {
        let (status, out, err) = ran(at, &format!("{call} --dry-run --language {tag}"));
        assert!(status == 0 && out.contains(header), "{tag}: {out}{err}");
    }
    let (_, out, _) = ran(at, &format!("{call} --dry-run"));
    assert!(!out.contains("x-tc-language"), "{out}");
    for (option, why) in [
        ("--language fr", "write zh-CN or en-US"),
        ("--connect-to h:99999", "--connect-to: invalid address"),
        ("--connect-to http://h:1", "write it as HOST:PORT"),
    ] {
        let (status, _, err) = ran(at, &format!("{call} --dry-run {option}"));
        assert!(status != 0 && err.contains(why), "{option}: {err}");
    }

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n{}") && stream.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        let body = "{\"Response\":{\"RequestId\":\"r\"}}";
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(response.as_bytes()).unwrap();
        String::from_utf8(request).unwrap().to_ascii_lowercase()
    });
    let (status, out, err) = ran(at, &format!("{call} --connect-to {address}"));
    assert!(status == 0 && out.contains("\"RequestId\""), "{out}{err}");
    assert!(server.join().unwrap().contains("host: api.invalid\r\n"));
}
