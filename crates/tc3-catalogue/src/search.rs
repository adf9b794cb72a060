//! Search as a person types, in names, titles and documentation.
//!
//! All words of a query must match, in any order. From the best rank to the last: the name, the title, the first
//! sentence of the documentation, the owner's name, the whole documentation, and similar words. A word matches the
//! beginning of a word; in a name and a title any part; in a name also the beginnings of its parts, such as `DesResUrl` in
//! `DescribeResourceUrlsByFlows`. A word of five or more letters and digits is similar to one that differs by one
//! letter, or by two adjacent letters in the other order.
//!
//! ```
//! use tc3_catalogue::search::{Index, Item};
//!
//! let items = [
//!     Item { name: "DescribeZones", title: "查询可用区", doc: "Lists the zones.", ..Item::default() },
//!     Item { owner: "Zone", name: "ZoneId", doc: "Identifier of a zone.", ..Item::default() },
//! ];
//! let index = Index::new(items, &[&["zone", "area"]]);
//! assert_eq!(index.find("zone"), [1, 0]);
//! assert_eq!(index.find("可用区"), [0]);
//! assert_eq!(index.find("area list"), [0]);
//! assert_eq!(index.find("descirbe"), [0]);
//! ```

mod find;
mod index;
mod level;
mod score;
mod words;

pub use index::{Index, Item};
pub use words::first_sentence;

/// Maximum number of words of a query; further ones are ignored.
pub const MAX_WORDS: usize = 32;

/// Maximum length of a word, in characters; longer ones are truncated.
pub const MAX_WORD_CHARS: usize = 128;
