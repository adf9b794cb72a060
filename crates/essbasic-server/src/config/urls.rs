//! URLs of the configuration. Errors and shown texts contain no part that may be a secret.

use essbasic::Config as ClientConfig;
use essbasic::credentials::Credential;
use essbasic::transport::Uri;

/// Checks the URL of PostgreSQL. Returns the cause if it cannot be used.
pub(super) fn check_postgres(url: &str) -> Result<(), &'static str> {
    let has_password = match url.parse::<tokio_postgres::Config>() {
        Ok(config) => config.get_password().is_some(),
        // The error of the parser quotes parts of the URL.
        Err(_) if may_contain_password(url) => true,
        Err(_) if has_other_sslmode(url) => {
            return Err(
                "invalid sslmode; expected disable, prefer or require, and certificates are verified unless it is disable",
            );
        }
        Err(_) => return Err("invalid URL; expected postgres://USER@HOST:PORT/DATABASE"),
    };
    if has_password {
        return Err("it contains a password; move it to a file and set store.password_file");
    }
    Ok(())
}

/// Returns whether a URL has an `sslmode` of other programs, such as `verify-full`.
fn has_other_sslmode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut modes = query.split('&').filter_map(|pair| pair.strip_prefix("sslmode="));
    modes.any(|mode| !["disable", "prefer", "require"].contains(&mode))
}

/// Returns whether a URL that cannot be parsed looks as if it contained a password.
fn may_contain_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || rest.to_ascii_lowercase().contains("pass")
}

/// Checks the URL of a target of forwards. Returns the cause if it cannot be used.
pub(super) fn check_target(url: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "invalid url; expected https://HOST/PATH or http://HOST/PATH";
    let authority = authority(url).ok_or(EXPECTED)?;
    if authority.contains('@') {
        return Err("url contains a user name; sign messages with token_file");
    }
    if !is_host_and_port(authority) {
        // Also if a user name and a password contain a slash.
        return Err("invalid host or port in url; expected https://HOST:PORT/PATH without a user");
    }
    url.parse::<Uri>().map(drop).map_err(|_| EXPECTED)
}

/// Checks the URL of the service. Returns the cause if it cannot be used.
pub(super) fn check_endpoint(url: &str) -> Result<(), &'static str> {
    let known = authority(url).is_some_and(is_host_and_port);
    // The error quotes the URL.
    let config = ClientConfig::new(Credential::new("id", "key"));
    if !known || config.with_endpoint_url(url).is_err() {
        return Err("invalid URL; expected https://HOST or http://HOST:PORT, without a user");
    }
    Ok(())
}

/// Returns the URL of a target as it may be shown: path and query may be a secret.
pub(super) fn shown(url: &str) -> String {
    let Some(authority) = authority(url) else { return "***".to_owned() };
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    // Without a user, also if the URL was not checked.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (_, rest) = url.split_at(scheme.len() + "://".len() + authority.len());
    match rest {
        "" | "/" => format!("{scheme}://{host}{rest}"),
        _ => format!("{scheme}://{host}/***"),
    }
}

/// Returns the part between the scheme and the path of an HTTP URL.
fn authority(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    rest.split(['/', '?', '#']).next().filter(|authority| !authority.is_empty())
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        // A colon within the brackets of an IPv6 address.
        Some((_, port)) if port.ends_with(']') => (authority, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(fits),
    };
    is_port && is_host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_the_url_of_the_store_are_refused() {
        for (url, cause) in [
            ("postgres://user@host/db", None),
            ("postgresql://user@a,b:5433/db?sslmode=disable", None),
            ("postgres:///db?host=/run/postgresql&user=u", None),
            ("postgres://user@host/db?sslmode=require", None),
            ("postgres://user@host/db?sslmode=verify-full", Some("invalid sslmode")),
            ("postgres://user@host/db?connect_timeout=1&sslmode=", Some("invalid sslmode")),
            ("postgres://user:SECRET@host/db", Some("a password")),
            ("postgres://user:@host/db", Some("a password")),
            ("postgres://user:SECRET/x@host/db", Some("a password")),
            ("postgres://user:SEC?RET@host/db", Some("a password")),
            ("postgres://user:SEC#RET@host/db", Some("a password")),
            ("postgres://host/db?password=SECRET", Some("a password")),
            ("postgres://host/db?%70assword=SECRET", Some("a password")),
            ("postgres://host/db?PASSWORD=SECRET", Some("a password")),
            ("postgres://host/db?sslpassword=SECRET", Some("a password")),
            ("postgres://host:SECRET/db", Some("invalid URL")),
            ("postgres:host=h password=SECRET", Some("a password")),
            ("postgres:host=h", Some("invalid URL")),
        ] {
            let found = check_postgres(url);
            match cause {
                None => assert_eq!(found, Ok(()), "{url}"),
                Some(cause) => {
                    let error = found.expect_err(url);
                    assert!(error.contains(cause) && !error.contains("SECRET"), "{url}: {error}");
                }
            }
        }
    }

    #[test]
    fn urls_of_targets_are_checked_and_shown_without_their_path() {
        for (url, cause, text) in [
            ("https://h", None, "https://h"),
            ("https://h/", None, "https://h/"),
            ("https://h:8443/services/SECRET", None, "https://h:8443/***"),
            ("https://h/p?token=SECRET#c", None, "https://h/***"),
            ("https://h?SECRET", None, "https://h/***"),
            ("http://[::1]:80/p", None, "http://[::1]:80/***"),
            ("http://[::1]", None, "http://[::1]"),
            ("https://u:SECRET@h/", Some("a user name"), "https://h/"),
            ("https://u:SECRET/x@h/", Some("invalid host or port"), "https://u:SECRET/***"),
            ("https://h:0/", Some("invalid host or port"), "https://h:0/"),
            ("https://h:65536/", Some("invalid host or port"), "https://h:65536/"),
            ("https://h h/", Some("invalid host or port"), "https://h h/"),
            ("https://h/a b", Some("invalid url"), "https://h/***"),
            ("https:///p", Some("invalid url"), "***"),
            ("ftp://h/", Some("invalid url"), "***"),
        ] {
            let found = check_target(url);
            match cause {
                None => assert_eq!(found, Ok(()), "{url}"),
                Some(cause) => assert!(found.expect_err(url).contains(cause), "{url}"),
            }
            assert_eq!(shown(url), text, "{url}");
        }
    }

    #[test]
    fn endpoints_are_checked() {
        for url in ["https://h", "https://h/", "http://127.0.0.1:80", "http://[::1]:80"] {
            assert_eq!(check_endpoint(url), Ok(()), "{url}");
        }
        for url in
            ["", "h", "ftp://h", "https://", "https://u:p@h", "https://u:p/x@h", "https://h/path"]
        {
            assert!(check_endpoint(url).is_err(), "{url}");
        }
    }
}
