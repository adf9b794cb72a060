//! The index: words and names with their items.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fmt;

use super::level::Level;
use super::words::{first_sentence, part_starts, tokens};

/// An item that a search can find.
#[derive(Debug, Clone, Copy, Default)]
pub struct Item<'a> {
    /// Rank of its kind: among items that match equally well, those of a lower one come first.
    pub group: u8,
    /// Name of the object of a field, or of the set of a value; empty for other items.
    pub owner: &'a str,
    /// Name.
    pub name: &'a str,
    /// Title, or an empty string.
    pub title: &'a str,
    /// Documentation, as Markdown.
    pub doc: &'a str,
}

/// An index of items, for queries while a person types.
pub struct Index {
    pub(super) names: Vec<Name>,
    /// Sorted.
    pub(super) tokens: Vec<Token>,
    pub(super) entries: Vec<Entry>,
    /// Titles in lower case, with the positions of their items.
    pub(super) titles: Vec<(usize, String)>,
    /// Words of the same meaning.
    pub(super) synonyms: Vec<Vec<String>>,
}

/// A name in lower case.
pub(super) struct Name {
    pub(super) lower: String,
    /// Positions of the parts after the first.
    pub(super) starts: Vec<usize>,
}

/// A word of titles and documentation.
pub(super) struct Token {
    pub(super) text: String,
    /// Items that contain it, with the best level.
    pub(super) items: Vec<(usize, Level)>,
}

pub(super) struct Entry {
    pub(super) group: u8,
    pub(super) owner: Option<usize>,
    pub(super) name: usize,
    /// `Owner.Name`.
    pub(super) full: String,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("items", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// Returns an index of the items. Each group of synonyms is a list of words in lower case.
    pub fn new<'a>(items: impl IntoIterator<Item = Item<'a>>, synonyms: &[&[&str]]) -> Self {
        let mut builder = Builder::default();
        for item in items {
            builder.add(item);
        }
        let mut tokens = builder.tokens;
        tokens.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        let owned = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            names: builder.names,
            tokens,
            entries: builder.entries,
            titles: builder.titles,
            synonyms: synonyms.iter().map(owned).collect(),
        }
    }
}

#[derive(Default)]
struct Builder {
    names: Vec<Name>,
    names_by_text: HashMap<String, usize>,
    tokens: Vec<Token>,
    tokens_by_text: HashMap<String, usize>,
    entries: Vec<Entry>,
    titles: Vec<(usize, String)>,
}

impl Builder {
    fn add(&mut self, item: Item<'_>) {
        let at = self.entries.len();
        let owner = (!item.owner.is_empty()).then(|| self.name(item.owner));
        let full = match owner {
            Some(_) => format!("{}.{}", item.owner, item.name),
            None => item.name.to_owned(),
        };
        let name = self.name(item.name);
        self.entries.push(Entry { group: item.group, owner, name, full });
        if !item.title.is_empty() {
            self.titles.push((at, item.title.to_lowercase()));
        }
        let first = first_sentence(item.doc);
        let rest = item.doc.get(first.len()..).unwrap_or_default();
        for (level, text) in
            [(Level::Title, item.title), (Level::Sentence, first), (Level::Doc, rest)]
        {
            for token in tokens(text) {
                self.token(token, at, level);
            }
        }
    }

    fn name(&mut self, name: &str) -> usize {
        if let Some(&known) = self.names_by_text.get(name) {
            return known;
        }
        let starts = part_starts(name);
        self.names.push(Name { lower: name.to_ascii_lowercase(), starts });
        self.names_by_text.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// Adds a token of an item, whose levels come from the best to the worst.
    fn token(&mut self, token: String, item: usize, level: Level) {
        let at = match self.tokens_by_text.entry(token) {
            Slot::Occupied(known) => *known.get(),
            Slot::Vacant(new) => {
                self.tokens.push(Token { text: new.key().clone(), items: Vec::new() });
                *new.insert(self.tokens.len() - 1)
            }
        };
        if let Some(Token { items, .. }) = self.tokens.get_mut(at)
            && items.last().is_none_or(|(last, _)| *last != item)
        {
            items.push((item, level));
        }
    }
}
