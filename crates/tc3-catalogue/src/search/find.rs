//! Queries of an index.

use super::index::Index;
use super::level::Level;
use super::score::{self, NONE};
use super::{MAX_WORD_CHARS, MAX_WORDS};

impl Index {
    /// Returns the positions of the items that match all words of the query, the best first. A query without words
    /// matches no item.
    pub fn find(&self, query: &str) -> Vec<usize> {
        let words: Vec<String> = query
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .take(MAX_WORDS)
            .map(|word| word.chars().take(MAX_WORD_CHARS).collect())
            .collect();
        // The worst level and the sum of the scores of each item.
        let mut ranks: Vec<Option<(Level, u32)>> = match words.is_empty() {
            true => Vec::new(),
            false => vec![Some((Level::Name, 0)); self.entries.len()],
        };
        for word in &words {
            for (rank, score) in ranks.iter_mut().zip(score::of_word(self, word)) {
                *rank = rank.filter(|_| score != NONE).map(|(worst, sum)| {
                    (worst.max(score::level(score)), sum.saturating_add(u32::from(score)))
                });
            }
        }
        let whole = words.join(" ").to_lowercase();
        let titled =
            |at: usize| self.titles.iter().any(|(item, title)| *item == at && *title == whole);
        let mut found: Vec<_> = (self.entries.iter().enumerate().zip(&ranks))
            .filter_map(|((at, entry), rank)| {
                let (worst, sum) = (*rank)?;
                let is_exact =
                    entry.full.eq_ignore_ascii_case(&whole) || worst <= Level::Title && titled(at);
                Some(((!is_exact, worst, entry.group, sum, entry.full.len(), &*entry.full), at))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, at)| at).collect()
    }
}
