//! Formatting of JSON text, and the check for duplicate names. Digits and order are kept.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::scanner::Scanner;
use crate::string;

/// Returns the text without white space. Numbers keep their digits, objects their order.
///
/// ```
/// let json = br#"{ "b": 123456789.123456789, "a": [1E5, 18446744073709551616] }"#;
/// let text = tc3_json::minify(json)?;
/// assert_eq!(text, r#"{"b":123456789.123456789,"a":[1E5,18446744073709551616]}"#);
/// # Ok::<(), tc3_json::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn minify(json: &[u8]) -> Result<String, Error> {
    reformat(json, None)
}

/// Returns the text with a line per value, indented by two spaces. Numbers keep their digits, objects their order.
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn pretty(json: &[u8]) -> Result<String, Error> {
    reformat(json, Some(0))
}

/// Rejects a text in which an object has a duplicate name. Escapes are decoded before the comparison: `"\u0061"` is
/// `"a"`.
///
/// ```
/// let error = tc3_json::check_duplicates(br#"{"Agent": {"AppId": "a", "AppId": "b"}}"#).unwrap_err();
/// assert_eq!(error.to_string(), "duplicate field `Agent.AppId` at byte 25");
/// ```
///
/// # Errors
/// Returns an error with the path of the duplicate, or if the text is not JSON.
pub fn check_duplicates(json: &[u8]) -> Result<(), Error> {
    let mut scanner = Scanner::new(json)?;
    unique(&mut scanner)?;
    scanner.end()
}

fn unique(scanner: &mut Scanner<'_>) -> Result<(), Error> {
    match scanner.peek() {
        Some(b'{') => {
            let mut names = BTreeSet::new();
            let mut another = scanner.open_object()?;
            while another {
                scanner.peek();
                let start = scanner.offset();
                let name = scanner.name()?;
                unique(scanner).map_err(|error| error.within(&name))?;
                if let Some(name) = names.replace(name) {
                    return Err(Error::duplicate(&name, start));
                }
                another = scanner.member()?;
            }
            Ok(())
        }
        Some(b'[') => {
            let mut first = true;
            scanner.open_array()?;
            let mut index = 0;
            while scanner.element(&mut first)? {
                unique(scanner).map_err(|error| error.at_index(index))?;
                index += 1;
            }
            Ok(())
        }
        _ => scanner.skip(),
    }
}

/// Formats the text; `indent` is the current level, or `None` for no white space.
fn reformat(json: &[u8], indent: Option<usize>) -> Result<String, Error> {
    let mut scanner = Scanner::new(json)?;
    let mut text = String::with_capacity(json.len());
    value(&mut scanner, &mut text, indent)?;
    scanner.end()?;
    Ok(text)
}

fn value(scanner: &mut Scanner<'_>, text: &mut String, indent: Option<usize>) -> Result<(), Error> {
    let inner = indent.map(|level| level + 1);
    let mut count = 0;
    let closing = match scanner.peek() {
        Some(b'{') => {
            let mut another = scanner.open_object()?;
            text.push('{');
            while another {
                let name = scanner.name()?;
                separate(text, inner, count);
                text.push_str(&string::quoted(&name));
                text.push_str(if indent.is_some() { ": " } else { ":" });
                value(scanner, text, inner)?;
                count += 1;
                another = scanner.member()?;
            }
            '}'
        }
        Some(b'[') => {
            let mut first = true;
            scanner.open_array()?;
            text.push('[');
            while scanner.element(&mut first)? {
                separate(text, inner, count);
                value(scanner, text, inner)?;
                count += 1;
            }
            ']'
        }
        _ => {
            let start = scanner.offset();
            scanner.skip()?;
            text.push_str(scanner.since(start));
            return Ok(());
        }
    };
    if count > 0 {
        line(text, indent);
    }
    text.push(closing);
    Ok(())
}

fn separate(text: &mut String, indent: Option<usize>, count: usize) {
    if count > 0 {
        text.push(',');
    }
    line(text, indent);
}

fn line(text: &mut String, indent: Option<usize>) {
    if let Some(level) = indent {
        text.push('\n');
        text.extend(core::iter::repeat_n("  ", level));
    }
}
