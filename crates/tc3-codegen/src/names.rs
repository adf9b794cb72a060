//! Conversion of names on the wire to Rust names.

/// Keywords of all editions, including reserved ones.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield", "self", "Self", "super", "crate",
];

/// Keywords that cannot be raw identifiers.
const NEVER_RAW: [&str; 4] = ["self", "Self", "super", "crate"];

/// Returns whether the name is a keyword of Rust, reserved ones included.
#[must_use]
pub fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Returns whether the name is that of a device on Windows, which no file or folder can have.
#[must_use]
pub fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let numbered = |port: &str| {
        name.strip_prefix(port)
            .is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
    };
    matches!(name.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Converts `name` to a Rust identifier: keywords become raw, or get a `_` suffix if they cannot be raw.
///
/// Returns `None` if no character is valid in an identifier.
pub(crate) fn ident(name: &str) -> Option<String> {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if text.chars().all(|c| c == '_') {
        return None;
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        text.insert(0, '_');
    }
    Some(if NEVER_RAW.contains(&text.as_str()) {
        format!("{text}_")
    } else if is_keyword(&text) {
        format!("r#{text}")
    } else {
        text
    })
}

/// Converts to snake case: `FlowResourceUrlInfos` -> `flow_resource_url_infos`.
///
/// A run of capitals is one word, including its plural (`IDs` -> `ids`) and the digit of `IPv4`.
pub(crate) fn snake(name: &str) -> String {
    let name = name.replace("IPv", "Ipv");
    let chars: Vec<char> = name.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('_');
    let mut out = String::new();
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        if c.is_ascii_uppercase() && index > 0 && !out.is_empty() && !out.ends_with('_') {
            let before = at(index - 1);
            let plural = at(index + 1) == 's' && !at(index + 2).is_ascii_lowercase();
            let starts_word =
                before.is_ascii_uppercase() && at(index + 1).is_ascii_lowercase() && !plural;
            if before.is_ascii_lowercase() || before.is_ascii_digit() || starts_word {
                out.push('_');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    while out.ends_with('_') {
        out.pop();
    }
    out
}

/// Converts to camel case: `FILL_PENDING` -> `FillPending`, `FailedOperation.AuthFail` ->
/// `FailedOperationAuthFail`.
pub(crate) fn camel(value: &str) -> String {
    let mut out = String::new();
    for word in value.split(|c: char| !c.is_ascii_alphanumeric()) {
        let shouting = !word.chars().any(|c| c.is_ascii_lowercase());
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            out.push(first.to_ascii_uppercase());
            if shouting {
                out.extend(chars.map(|c| c.to_ascii_lowercase()));
            } else {
                out.push_str(chars.as_str());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case() {
        for (name, expected) in [
            ("FlowIds", "flow_ids"),
            ("QRCodeUrl", "qr_code_url"),
            ("IDs", "ids"),
            ("VMIDs", "vmids"),
            ("IPs", "ips"),
            ("IDsMap", "ids_map"),
            ("IsSSL", "is_ssl"),
            ("IPv6Address", "ipv6_address"),
            ("QrcodeBase64", "qrcode_base64"),
            ("X264Codec", "x264_codec"),
            ("DownLoadUrl", "down_load_url"),
            ("already_snake", "already_snake"),
            ("Weird-Name.", "weird_name"),
            ("_Under", "under"),
            ("3DModel", "3_d_model"),
            ("文", ""),
        ] {
            assert_eq!(snake(name), expected, "{name}");
        }
    }

    #[test]
    fn identifiers() {
        for (name, expected) in [
            ("type", Some("r#type")),
            ("self", Some("self_")),
            ("Self", Some("Self_")),
            ("crate", Some("crate_")),
            ("3_d", Some("_3_d")),
            ("Option", Some("Option")),
            ("Topic_Simplification", Some("Topic_Simplification")),
            ("", None),
            ("文", None),
        ] {
            assert_eq!(ident(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn camel_case() {
        for (value, expected) in [
            ("INIT", "Init"),
            ("FILL_PENDING", "FillPending"),
            ("FailedOperation.AuthFail", "FailedOperationAuthFail"),
            ("InvalidParameter.CAMError", "InvalidParameterCAMError"),
            ("word", "Word"),
        ] {
            assert_eq!(camel(value), expected, "{value}");
        }
    }
}
