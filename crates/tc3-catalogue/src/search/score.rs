//! Scores of one word for all items.

use super::index::{Index, Name};
use super::level::Level;
use super::words::{begins_with_similar, has_humps, part_starts, parts, tokens};

/// Score of an item that does not match.
pub(super) const NONE: u8 = u8::MAX;

/// Number of scores of a level.
const STEP: u8 = 8;

/// Quality of a match in a name, from the best to the worst.
const EXACT: u8 = 0;
const BEGINNING: u8 = 1;
const PART: u8 = 2;
const INSIDE: u8 = 3;
const SYNONYM: u8 = 4;

/// Minimum length of a word with similar ones, in letters and digits.
const MIN_SIMILAR: usize = 5;

/// Returns the level of a score.
pub(super) fn level(score: u8) -> Level {
    match score / STEP {
        0 => Level::Name,
        1 => Level::Title,
        2 => Level::Sentence,
        3 => Level::Owner,
        4 => Level::Doc,
        _ => Level::Similar,
    }
}

const fn score(level: Level, quality: u8) -> u8 {
    level as u8 * STEP + quality
}

/// Returns the score of each item; the lowest is the best.
pub(super) fn of_word(index: &Index, word: &str) -> Vec<u8> {
    let lower = word.to_lowercase();
    let humps = match part_starts(word) {
        starts if starts.is_empty() => Vec::new(),
        starts => parts(word, &starts).map(str::to_lowercase).collect(),
    };
    // The plural has the synonyms of the singular.
    let singular = lower.strip_suffix('s').unwrap_or(&lower);
    let synonyms: Vec<&str> = (index.synonyms.iter())
        .filter(|group| group.iter().any(|known| known == singular || *known == lower))
        .flatten()
        .map(String::as_str)
        .filter(|known| *known != lower && *known != singular)
        .collect();
    let is_similar = lower.len() >= MIN_SIMILAR && lower.bytes().all(|b| b.is_ascii_alphanumeric());
    let query = Query { lower: &lower, humps, synonyms, is_similar };

    let mut scores = vec![NONE; index.entries.len()];
    query.names(index, &mut scores);
    query.titles(index, &mut scores);
    let words: Vec<String> = tokens(&lower).collect();
    match &*words {
        [one] if *one == lower => query.tokens(index, one, true, &mut scores),
        words => query.all_tokens(index, words, &mut scores),
    }
    scores
}

struct Query<'a> {
    lower: &'a str,
    /// Parts of a word in mixed case.
    humps: Vec<String>,
    synonyms: Vec<&'a str>,
    /// True if similar words match.
    is_similar: bool,
}

impl Query<'_> {
    fn names(&self, index: &Index, scores: &mut [u8]) {
        let of_names: Vec<Option<(bool, u8)>> =
            index.names.iter().map(|name| self.name(name)).collect();
        // `Owner.Name`.
        let dotted = self.lower.split_once('.');
        for (entry, best) in index.entries.iter().zip(scores) {
            let of_name = of_names.get(entry.name).copied().flatten();
            let of_owner = entry.owner.and_then(|owner| of_names.get(owner).copied().flatten());
            let mut found = NONE;
            if let Some((is_similar, quality)) = of_name {
                let level = if is_similar { Level::Similar } else { Level::Name };
                found = score(level, quality);
            }
            if let Some((is_similar, _)) = of_owner {
                let level = if is_similar { Level::Similar } else { Level::Owner };
                found = found.min(score(level, SYNONYM));
            }
            if let (Some((left, right)), Some(owner)) = (dotted, entry.owner)
                && let (Some(owner), Some(name)) =
                    (index.names.get(owner), index.names.get(entry.name))
                && owner.lower.ends_with(left)
                && name.lower.starts_with(right)
            {
                found = found.min(score(Level::Name, BEGINNING));
            }
            *best = found.min(*best);
        }
    }

    /// Returns the quality of a match in a name, and whether the word is only similar.
    fn name(&self, name: &Name) -> Option<(bool, u8)> {
        let Name { lower, starts } = name;
        let parts =
            || std::iter::once(0).chain(starts.iter().copied()).filter_map(|at| lower.get(at..));
        let quality = if lower.starts_with(self.lower) {
            if lower.len() == self.lower.len() { EXACT } else { BEGINNING }
        } else if parts().any(|part| part.starts_with(self.lower)) {
            PART
        } else if lower.contains(self.lower) || has_humps(&self.humps, lower, starts) {
            INSIDE
        } else if self.synonyms.iter().any(|word| parts().any(|part| part.starts_with(word))) {
            SYNONYM
        } else {
            let word = self.lower.as_bytes();
            let found =
                self.is_similar && parts().any(|part| begins_with_similar(part.as_bytes(), word));
            return found.then_some((true, INSIDE));
        };
        Some((false, quality))
    }

    fn titles(&self, index: &Index, scores: &mut [u8]) {
        for (item, title) in &index.titles {
            let found = if title.contains(self.lower) {
                score(Level::Title, INSIDE)
            } else if !self.lower.is_ascii() && is_in_order(self.lower, title) {
                score(Level::Similar, INSIDE)
            } else {
                continue;
            };
            if let Some(best) = scores.get_mut(*item) {
                *best = found.min(*best);
            }
        }
    }

    /// Scores the items with all of these words.
    fn all_tokens(&self, index: &Index, words: &[String], scores: &mut [u8]) {
        let mut of_all = vec![if words.is_empty() { NONE } else { 0 }; scores.len()];
        for word in words {
            let mut of_word = vec![NONE; scores.len()];
            self.tokens(index, word, false, &mut of_word);
            for (all, one) in of_all.iter_mut().zip(of_word) {
                *all = one.max(*all);
            }
        }
        for (best, all) in scores.iter_mut().zip(of_all) {
            *best = all.min(*best);
        }
    }

    /// Scores the items with a word that begins with this one; if it is the whole word, also with similar ones.
    fn tokens(&self, index: &Index, word: &str, is_whole: bool, scores: &mut [u8]) {
        let mut add = |at: usize, similar: bool, quality: u8| {
            let Some(token) = index.tokens.get(at) else { return };
            for &(item, level) in &token.items {
                let level = if similar { Level::Similar } else { level };
                if let Some(best) = scores.get_mut(item) {
                    *best = score(level, quality).min(*best);
                }
            }
        };
        let mut beginning = |word: &str, quality: u8| {
            let from = index.tokens.partition_point(|token| *token.text < *word);
            let rest = index.tokens.get(from..).unwrap_or_default();
            let count = rest.partition_point(|token| token.text.starts_with(word));
            (from..from + count).for_each(|at| add(at, false, quality));
            from..from + count
        };
        let range = beginning(word, PART);
        if is_whole {
            for synonym in &self.synonyms {
                beginning(synonym, SYNONYM);
            }
        }
        if !word.is_ascii() {
            for (at, token) in index.tokens.iter().enumerate() {
                if !token.text.is_ascii() && token.text.contains(word) {
                    add(at, false, INSIDE);
                }
            }
        } else if is_whole && self.is_similar {
            for (at, token) in index.tokens.iter().enumerate() {
                let is_long = token.text.len() + 1 >= MIN_SIMILAR;
                if is_long
                    && !range.contains(&at)
                    && begins_with_similar(token.text.as_bytes(), word.as_bytes())
                {
                    add(at, true, INSIDE);
                }
            }
        }
    }
}

/// Returns whether all characters of the word are in the text, in this order.
fn is_in_order(word: &str, text: &str) -> bool {
    let mut text = text.chars();
    word.chars().all(|c| text.any(|other| other == c))
}
