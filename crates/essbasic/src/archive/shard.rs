//! Shards: equal parts of all contracts.

use core::fmt;
use core::str::FromStr;

#[cfg(feature = "serde")]
use serde::de::Error as _;
use sha2::{Digest, Sha256};

/// One of several equal parts of all contracts.
///
/// The shard of a contract depends only on its flow ID, so that machines need no coordination. Each job should also use
/// only its part of the rate limit: [`RateLimit::Fixed`](crate::RateLimit::Fixed). With the feature `serde` it is a
/// string, such as `2/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Default for Shard {
    /// Returns the only shard of one, which contains all contracts.
    fn default() -> Self {
        Self { index: 1, count: 1 }
    }
}

impl Shard {
    /// Creates shard `index` of `count`, counted from 1. Returns `None` unless `index` is in `1..=count`.
    pub fn new(index: u32, count: u32) -> Option<Self> {
        (1..=count).contains(&index).then_some(Self { index, count })
    }

    /// Returns the number of shards.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Returns whether the contract belongs to this shard.
    pub fn contains(self, flow_id: impl AsRef<str>) -> bool {
        self.contains_digest(digest(flow_id.as_ref()))
    }

    pub(super) fn contains_digest(self, digest: u128) -> bool {
        digest % u128::from(self.count) == u128::from(self.index - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        parts
            .and_then(|(index, count)| Self::new(index, count))
            .ok_or("invalid shard; expected INDEX/COUNT, such as 2/5")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Shard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Shard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Returns a digest that identifies a flow ID: 128 bits of its SHA-256, which is shorter than the flow ID.
pub(super) fn digest(flow_id: &str) -> u128 {
    let bytes: [u8; 32] = Sha256::digest(flow_id).into();
    let half = bytes.first_chunk().copied().unwrap_or_default();
    u128::from_be_bytes(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_only_valid_shards() {
        assert_eq!("2/5".parse(), Ok(Shard::new(2, 5).unwrap()));
        for wrong in ["0/5", "6/5", "1/0", "1", "a/b", "-1/5", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
