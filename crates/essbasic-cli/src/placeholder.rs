//! Placeholders that `skeleton` leaves in a request.

use essbasic_explorer::data::placeholder::placeholders;

/// Returns an error text that names the placeholders of a JSON text, if there are any.
pub(crate) fn refusal(json: &str) -> Option<String> {
    let found = placeholders(json);
    let first = found.first()?;
    let first = format!("{} {:?}", first.path, first.text);
    Some(match found.len() {
        1 => format!("{first} is an unfilled placeholder"),
        count => format!("{first} and {} more values are unfilled placeholders", count - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_placeholder_is_named() {
        for (body, expected) in [
            ("{\"A\":\"<A>\"}", Some("A \"<A>\" is an unfilled placeholder")),
            (
                "{\"A\":[\"<A>\",\"<A>\"]}",
                Some("A[0] \"<A>\" and 1 more values are unfilled placeholders"),
            ),
            ("{\"A\":\"a\"}", None),
        ] {
            assert_eq!(refusal(body).as_deref(), expected, "{body}");
        }
    }
}
