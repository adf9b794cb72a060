//! Decoding of a JSON body to a value for validation.

use serde_json::{Map, Number, Value};
use tc3_api::json::{Decode, Error, Kind, Members, Reader};

/// Decodes any JSON text. A number beyond the range of a float becomes the largest float, so that it remains a number.
pub(crate) fn decode(json: &[u8]) -> Result<Value, Error> {
    tc3_api::json::decode(json).map(|Node(value)| value)
}

struct Node(Value);

impl Decode for Node {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        let value = match reader.kind() {
            Some(Kind::Bool) => bool::optional(reader)?.map(Value::from),
            Some(Kind::Number) => String::optional(reader)?.map(|digits| number(&digits)),
            Some(Kind::String) => Some(reader.string()?.into()),
            Some(Kind::Array) => {
                let elements = Vec::<Self>::optional(reader)?.unwrap_or_default();
                Some(elements.into_iter().map(|Self(value)| value).collect())
            }
            Some(Kind::Object) => {
                reader.object(Fields(Map::new()), &[])?.map(|Fields(fields)| fields.into())
            }
            Some(Kind::Null) | None => {
                reader.skip()?;
                None
            }
        };
        Ok(value.map(Self))
    }

    fn blank() -> Self {
        Self(Value::Null)
    }
}

struct Fields(Map<String, Value>);

impl Members for Fields {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        let Node(value) = reader.value()?;
        self.0.insert(name.to_owned(), value);
        Ok(())
    }
}

fn number(digits: &str) -> Value {
    let integer = |digits: &str| {
        digits.parse::<u64>().map(Number::from).or_else(|_| digits.parse::<i64>().map(Number::from))
    };
    let float =
        |digits: &str| Number::from_f64(digits.parse::<f64>().ok()?.clamp(f64::MIN, f64::MAX));
    integer(digits).ok().or_else(|| float(digits)).map_or(Value::Null, Value::Number)
}
