use super::*;

#[test]
fn parses_base_urls_and_rejects_others() {
    let info = ActionInfo::new("cvm", "v", "A").with_test_host("test.example");
    let target = |text: &str| {
        let target = Endpoint::Url(BaseUrl::parse(text).unwrap()).target(&info).unwrap();
        format!("{} {}", target.uri, target.host)
    };
    assert_eq!(target("http://127.0.0.1:80"), "http://127.0.0.1/ 127.0.0.1");
    assert_eq!(target("http://127.0.0.1:443"), "http://127.0.0.1:443/ 127.0.0.1:443");
    assert_eq!(target("https://h.example:443/"), "https://h.example/ h.example");
    assert_eq!(target("https://h.example:80"), "https://h.example:80/ h.example:80");
    assert_eq!(target("HTTPS://H.Example.:443"), "https://h.example/ h.example");
    assert_eq!(target("H.EXAMPLE.:8443"), "https://h.example:8443/ h.example:8443");
    assert_eq!(target("http://[0:0::0:1]:80"), "http://[::1]/ [::1]");
    assert_eq!(target("http://[FD00::A]:81"), "http://[fd00::a]:81/ [fd00::a]:81");
    assert_eq!(target(" https://h.example/ "), "https://h.example/ h.example");
    assert_eq!(target("h.example:8443"), "https://h.example:8443/ h.example:8443");
    assert_eq!(target("http://[::1]:8080"), "http://[::1]:8080/ [::1]:8080");
    for bad in [
        "",
        "http://",
        "ftp://h",
        "http://h/path",
        "http://h/?q",
        "https://h#x",
        "h#u:p",
        "http://u:p@h",
        "h:port",
        "http://h:",
        "http://h:99999",
        "http://.",
        "http://h..",
        "http://[::1",
        "http://[::g]",
        "a b",
    ] {
        let error = BaseUrl::parse(bad).unwrap_err().to_string();
        assert!(error.contains("https://HOST"), "{bad}: {error}");
        assert!(!error.contains("u:p"), "{error}");
    }
}

#[test]
fn resolves_hosts_of_each_environment() {
    let info = ActionInfo::new("cvm", "v", "A");
    let host = |endpoint: Endpoint, info: &ActionInfo<'_>| endpoint.target(info).map(|t| t.host);
    assert_eq!(host(Endpoint::Production, &info).unwrap(), "cvm.tencentcloudapi.com");
    assert!(host(Endpoint::Test, &info).is_err());
    let file = info.with_host("file.example").with_test_host("file.test.example");
    assert_eq!(host(Endpoint::Production, &file).unwrap(), "file.example");
    assert_eq!(host(Endpoint::Test, &file).unwrap(), "file.test.example");
    assert!(host(Endpoint::Production, &ActionInfo::new("a b", "v", "A")).is_err());
}

/// Rows: the endpoint, the host of an action with a host of its own or without, and the signed host.
#[test]
fn domains_replace_that_of_the_platform() {
    let regional = || Endpoint::regional("ap-guangzhou").unwrap();
    for (endpoint, own, expected) in [
        (Endpoint::Production, None, "essbasic.tencentcloudapi.com"),
        (Endpoint::Production, Some("Files.Example.:443"), "files.example"),
        (regional(), None, "essbasic.ap-guangzhou.tencentcloudapi.com"),
        (
            Endpoint::regional(" AP-Guangzhou ").unwrap(),
            None,
            "essbasic.ap-guangzhou.tencentcloudapi.com",
        ),
        (regional(), Some("file.tencentcloudapi.com"), "file.ap-guangzhou.tencentcloudapi.com"),
        (regional(), Some("file.ess.tencent.cn"), "file.ess.tencent.cn"),
        (Endpoint::international(), None, "essbasic.intl.tencentcloudapi.com"),
        (
            Endpoint::finance("ap-shanghai").unwrap(),
            None,
            "essbasic.ap-shanghai-fsi.tencentcloudapi.com",
        ),
        (
            Endpoint::finance("ap-shanghai-fsi").unwrap(),
            None,
            "essbasic.ap-shanghai-fsi.tencentcloudapi.com",
        ),
        (Endpoint::domain("api.cloud.Example.").unwrap(), None, "essbasic.api.cloud.example"),
    ] {
        let mut info = ActionInfo::new("essbasic", "v", "A");
        info.host = own;
        let target = endpoint.target(&info).unwrap();
        assert_eq!(
            (target.host.as_str(), target.uri.to_string()),
            (expected, format!("https://{expected}/"))
        );
        assert_eq!(target.address, None);
    }
    // The host is known only in the domains of the platform.
    let file = ActionInfo::new("essbasic", "v", "A").with_host("file.ess.tencent.cn");
    let error = Endpoint::domain("cloud.example").unwrap().target(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for bad in ["", "a b", "a_b", "a..b", ".a", "-a", "a/b", "a:1", "签"] {
        assert!(Endpoint::regional(bad).is_err(), "{bad}");
        assert!(bad.is_empty() || Endpoint::finance(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_address_is_dialed_and_never_signed() {
    let info = ActionInfo::new("essbasic", "v", "A").with_test_host("test.example");
    for (address, expected) in [
        ("10.0.0.5:8443", "10.0.0.5:8443"),
        (" Gateway.Example. ", "gateway.example"),
        ("[::1]:443", "[::1]:443"),
        ("h:80", "h:80"),
    ] {
        let endpoint = Endpoint::Test.with_address(address).unwrap();
        let target = endpoint.target(&info).unwrap();
        assert_eq!(target.host, "test.example");
        assert_eq!(target.address.as_ref().map(Authority::as_str), Some(expected));
        let other = endpoint.with_address("other:1").unwrap();
        assert_eq!(other.address().map(Authority::as_str), Some("other:1"));
        assert_eq!(other.to_string(), "test");
    }
    for bad in ["", ":1", "h:", "h:99999", "u@h", "http://h", "h/x", "a b", "[::g]:1"] {
        let error = Endpoint::Production.with_address(bad).unwrap_err();
        assert!(error.to_string().contains("HOST:PORT"), "{bad}: {error}");
    }
}
