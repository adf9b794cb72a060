//! Durations as text: `90s`, `24h`, `25ms`.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Longest duration of a configuration: 10 years.
const MAX: Duration = Duration::from_secs(3_652 * 86_400);

pub(super) fn serialize<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*duration))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).ok().filter(|duration| *duration <= MAX).ok_or_else(|| {
        // Without the value, which may be a secret at the wrong place.
        D::Error::custom("invalid duration; write it as 25ms, 90s or 24h, at most 10 years")
    })
}
