//! The text of a value that serde_json parses.
//!
//! serde_json rounds floats by up to one unit in the last place, turns integers with a fraction into floats, and refuses
//! numbers such as `1e400` even in unknown fields. So its text is read by this crate, in the way of its `RawValue`.

use core::fmt;

use serde::Deserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
// Only its feature `raw_value` is needed.
use serde_json as _;

use super::{RAW_TEXT, from_format};
use crate::writer::Writer;

/// Returns whether a deserializer is that of JSON text in serde_json. Others may not know the name of its `RawValue`: RON
/// requires it in the input. If the name of the type changes, values are copied as from any format.
pub(super) fn is_json_text<D>() -> bool {
    core::any::type_name::<D>().contains("serde_json::de::Deserializer<")
}

/// Returns the JSON of the next value, and whether it is the text itself, not a copy whose floats may be rounded.
pub(super) fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(Vec<u8>, bool), D::Error> {
    let [name, _] = RAW_TEXT;
    deserializer.deserialize_newtype_struct(name, Text)
}

struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = (Vec<u8>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    /// Reads the text, which serde_json passes as the only entry of a map.
    fn visit_map<A: MapAccess<'de>>(self, mut entry: A) -> Result<Self::Value, A::Error> {
        entry.next_key::<IgnoredAny>()?;
        Ok((entry.next_value::<String>()?.into_bytes(), true))
    }

    /// Copies the value if serde_json does not know the name.
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        let mut writer = Writer::default();
        from_format::copy(deserializer, &mut writer)?;
        Ok((writer.finish().map_err(D::Error::custom)?, false))
    }
}
