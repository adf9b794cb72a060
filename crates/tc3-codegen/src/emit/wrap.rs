//! Wrapping of Markdown lines, without changing their meaning.

/// Maximum length of a line, in characters: 100 columns less four of indentation and `/// `.
const WIDTH: usize = 92;

/// Wraps the lines of a paragraph between words. Code blocks and words longer than a line stay intact.
pub(super) fn wrap(lines: &[String]) -> Vec<String> {
    let mut wrapped = Vec::new();
    let mut fenced = false;
    for line in lines {
        let is_fence = line.trim_start().starts_with("```");
        if is_fence || fenced || line.starts_with("    ") {
            wrapped.push(line.clone());
        } else {
            wrap_line(&mut wrapped, line);
        }
        fenced ^= is_fence;
    }
    wrapped
}

fn wrap_line(wrapped: &mut Vec<String>, line: &str) {
    // The continuation of a list item is indented like its text.
    let indent = " ".repeat(prefix_len(line));
    let mut current = String::new();
    for word in words(line) {
        let fits = current.chars().count() + 1 + word.chars().count() <= WIDTH;
        if current.trim().is_empty() {
            current.push_str(word);
        } else if fits || begins_a_block(word) {
            current.push(' ');
            current.push_str(word);
        } else {
            wrapped.push(std::mem::replace(&mut current, indent.clone()));
            current.push_str(word);
        }
    }
    wrapped.push(current);
}

/// Returns the length of the indentation and the list marker of a line.
fn prefix_len(line: &str) -> usize {
    let body = line.trim_start_matches(' ');
    let number = body.len() - body.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = body.get(number..).unwrap_or_default();
    let marker = match number {
        0 if rest.starts_with("- ") => 2,
        1.. if rest.starts_with(". ") => number + 2,
        _ => 0,
    };
    line.len() - body.len() + marker
}

/// Splits a line at spaces outside of code spans. The first word includes indentation and list marker.
fn words(line: &str) -> Vec<&str> {
    let head = prefix_len(line);
    let (mut words, mut start, mut code) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices().filter(|(at, _)| *at >= head) {
        if c == '`' {
            code = !code;
        } else if c == ' ' && !code {
            words.extend(line.get(start..at).filter(|word| !word.is_empty()));
            start = at + 1;
        }
    }
    words.extend(line.get(start..).filter(|word| !word.is_empty()));
    words
}

/// Returns whether a word at the beginning of a line could begin a list, heading, quote or table.
fn begins_a_block(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_digit());
    word.starts_with(['-', '+', '*', '#', '>', '=', '|', '<', '~', ':'])
        || (number.len() < word.len() && matches!(number, "." | ")"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str) -> String {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        wrap(&lines).join("\n")
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        let word = "w".repeat(30);
        for (text, expected) in [
            (String::new(), String::new()),
            ("short".to_owned(), "short".to_owned()),
            ([&*word; 4].join(" "), format!("{word} {word} {word}\n{word}")),
            (format!("- {}", [&*word; 4].join(" ")), format!("- {word} {word}\n  {word} {word}")),
            (format!("10. {}", [&*word; 3].join(" ")), format!("10. {word} {word}\n    {word}")),
            (format!("  - {}", [&*word; 3].join(" ")), format!("  - {word} {word}\n    {word}")),
            ("x".repeat(200), "x".repeat(200)),
            (format!("{word} {word} {word} `a b c`"), format!("{word} {word} {word}\n`a b c`")),
            (format!("{word} {word} {word} - {word}"), format!("{word} {word} {word} -\n{word}")),
            (format!("{word} {word} {word} 1. {word}"), format!("{word} {word} {word} 1.\n{word}")),
            (format!("{word} {word} {word} 1.5 m"), format!("{word} {word} {word}\n1.5 m")),
            (
                format!("```\nlet {} = 1;\n```", [&*word; 4].join(" ")),
                format!("```\nlet {} = 1;\n```", [&*word; 4].join(" ")),
            ),
        ] {
            assert_eq!(wrapped(&text), expected, "{text}");
        }
    }
}
