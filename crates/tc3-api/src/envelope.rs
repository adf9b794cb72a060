//! `{"Response": {...}}` in one pass.
//!
//! The members of an answer and those of its wrapper (`RequestId`, `Error`, `DeprecatedWarning`)
//! share one JSON object. A map access that keeps the wrapper's members and hands all others on lets
//! the typed answer be decoded in the same pass, whatever order the members come in.

use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
};

/// A decoded answer: the API's error, or the typed answer.
///
/// Decoding fails, rather than making an empty success, where `Response` is absent, `null` or not an
/// object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<T> {
    /// The id by which the service's support finds this call. Empty where the answer has none.
    pub request_id: String,
    /// What the service answered.
    pub result: Result<Success<T>, ApiError>,
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success<T> {
    /// The answer's own members.
    pub body: T,
    /// What the service says of a deprecated action.
    pub deprecated_warning: Option<String>,
}

/// The `Error` member of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApiError {
    /// For instance `AuthFailure.SignatureFailure`.
    #[serde(rename = "Code", default, deserialize_with = "crate::lenient::scalar")]
    pub code: String,
    /// The service's text, in the language asked for by `X-TC-Language`.
    #[serde(rename = "Message", default, deserialize_with = "crate::lenient::scalar")]
    pub message: String,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OuterVisitor(PhantomData))
    }
}

struct OuterVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OuterVisitor<T> {
    type Value = Envelope<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the member Response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Key>()? {
            if key.0 == "Response" {
                if found.is_some() {
                    return Err(A::Error::duplicate_field("Response"));
                }
                found = Some(map.next_value_seed(Inner(PhantomData))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| A::Error::missing_field("Response"))
    }
}

/// A key, owned: it may be escaped in the JSON, and the few keys of the outer object cost nothing.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key(String);

struct Inner<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Inner<T> {
    type Value = Envelope<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Inner<T> {
    type Value = Envelope<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the object Response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut wrapper = Wrapper::default();
        let body = T::deserialize(MapAccessDeserializer::new(Tap {
            map: &mut map,
            wrapper: &mut wrapper,
            request_id: None,
        }));
        // A type that stopped early, or that lacked a member because this is an error answer, may
        // have left wrapper members unread.
        let drained = Tap { map: &mut map, wrapper: &mut wrapper, request_id: None }.drain();
        let result = match (wrapper.error, body) {
            (Some(error), _) => {
                drained?;
                Err(error)
            }
            (None, Ok(body)) => {
                drained?;
                Ok(Success { body, deprecated_warning: wrapper.deprecated_warning })
            }
            (None, Err(error)) => return Err(error),
        };
        Ok(Envelope { request_id: wrapper.request_id, result })
    }
}

#[derive(Default)]
struct Wrapper {
    request_id: String,
    error: Option<ApiError>,
    deprecated_warning: Option<String>,
}

/// A map access that keeps the wrapper's members and hands the others on. `RequestId` does both.
struct Tap<'a, A> {
    map: &'a mut A,
    wrapper: &'a mut Wrapper,
    /// Set between the key `RequestId`, handed on, and the call that asks for its value.
    request_id: Option<String>,
}

impl<'de, A: MapAccess<'de>> Tap<'_, A> {
    fn drain(mut self) -> Result<(), A::Error> {
        while MapAccess::next_entry::<IgnoredAny, IgnoredAny>(&mut self)?.is_some() {}
        Ok(())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Tap<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(TapKey(seed))? {
                None => return Ok(None),
                Some(Tapped::Own(key)) => return Ok(Some(key)),
                Some(Tapped::RequestId(seed)) => {
                    let id = self.map.next_value::<Option<String>>()?.unwrap_or_default();
                    self.wrapper.request_id.clone_from(&id);
                    self.request_id = Some(id);
                    return seed.deserialize("RequestId".into_deserializer()).map(Some);
                }
                Some(Tapped::Error(back)) => {
                    self.wrapper.error = self.map.next_value()?;
                    seed = back;
                }
                Some(Tapped::DeprecatedWarning(back)) => {
                    self.wrapper.deprecated_warning = self.map.next_value()?;
                    seed = back;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.request_id.take() {
            Some(id) => seed.deserialize(IdDeserializer { id, error: PhantomData }),
            None => self.map.next_value_seed(seed),
        }
    }
}

/// The value of `RequestId`, for a member of type `String` as for one of type `Option<String>`.
struct IdDeserializer<E> {
    id: String,
    error: PhantomData<E>,
}

impl<'de, E: serde::de::Error> Deserializer<'de> for IdDeserializer<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_string(self.id)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What a key of the inner object turned out to be; the wrapper's give the seed back unused.
enum Tapped<K, V> {
    Own(V),
    RequestId(K),
    Error(K),
    DeprecatedWarning(K),
}

struct TapKey<K>(K);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for TapKey<K> {
    type Value = Tapped<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for TapKey<K> {
    type Value = Tapped<K, K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        match key {
            "RequestId" => Ok(Tapped::RequestId(self.0)),
            "Error" => Ok(Tapped::Error(self.0)),
            "DeprecatedWarning" => Ok(Tapped::DeprecatedWarning(self.0)),
            _ => self.0.deserialize(key.into_deserializer()).map(Tapped::Own),
        }
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, key: &'de str) -> Result<Self::Value, E> {
        match key {
            "RequestId" | "Error" | "DeprecatedWarning" => self.visit_str(key),
            _ => self.0.deserialize(BorrowedStrDeserializer::new(key)).map(Tapped::Own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase")]
    struct Strict {
        total: u64,
        request_id: String,
    }

    fn decode(json: &str) -> Result<Envelope<Strict>, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_typed_answer_sees_its_own_members_and_the_request_id() {
        let answer = decode(
            r#"{"x":[1,{}],"Response":{"RequestId":"r","DeprecatedWarning":"soon","Total":3,"New":{"a":[null]}}}"#,
        )
        .unwrap();
        assert_eq!(answer.request_id, "r");
        let success = answer.result.unwrap();
        assert_eq!(success.body, Strict { total: 3, request_id: "r".into() });
        assert_eq!(success.deprecated_warning.as_deref(), Some("soon"));
    }

    #[test]
    fn the_request_id_fits_a_member_of_any_form_that_holds_a_text() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Id(String);

        #[derive(Debug, Deserialize, PartialEq)]
        struct Forms<T> {
            #[serde(rename = "RequestId")]
            id: T,
        }
        fn decode<T: serde::de::DeserializeOwned>(json: &str) -> T {
            serde_json::from_str::<Envelope<Forms<T>>>(json).unwrap().result.unwrap().body.id
        }
        let json = r#"{"Response":{"RequestId":"r"}}"#;
        assert_eq!(decode::<Option<String>>(json).as_deref(), Some("r"));
        assert_eq!(decode::<Id>(json), Id("r".into()));
        assert_eq!(decode::<Option<Id>>(json), Some(Id("r".into())));
    }

    #[test]
    fn an_error_wins_wherever_it_stands_and_whatever_the_type_requires() {
        for json in [
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#,
            r#"{"Response":{"RequestId":"r","Error":{"Message":"m","Code":"C"}}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r","Error":{"Code":"C","Message":"m","Extra":1}}}"#,
        ] {
            let answer = decode(json).unwrap();
            assert_eq!(answer.request_id, "r");
            assert_eq!(answer.result, Err(ApiError { code: "C".into(), message: "m".into() }));
        }
    }

    #[test]
    fn an_error_without_texts_is_still_an_error() {
        let answer = decode(r#"{"Response":{"Error":{"Code":null},"RequestId":null}}"#).unwrap();
        assert_eq!(answer.result.unwrap_err().code, "");
    }

    #[test]
    fn what_is_no_answer_never_becomes_an_empty_success() {
        for json in [
            "{}",
            "[]",
            "null",
            r#"{"Response":null}"#,
            r#"{"Response":[]}"#,
            r#"{"response":{"Total":1,"RequestId":"r"}}"#,
            r#"{"Response":{"RequestId":"r"}}"#,
            r#"{"Response":{"Error":null,"RequestId":"r"}}"#,
            r#"{"Response":{"Error":"text","RequestId":"r"}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r"},"Response":{"Total":1,"RequestId":"r"}}"#,
            r#"{"Response":{"Total":1,"RequestId":"r""#,
        ] {
            assert!(decode(json).is_err(), "{json}");
        }
        assert!(
            serde_json::from_str::<Envelope<serde_json::Value>>(r#"{"Response":null}"#).is_err()
        );
    }

    #[test]
    fn an_untyped_answer_keeps_all_but_the_wrapper() {
        let answer: Envelope<serde_json::Value> =
            serde_json::from_str(r#"{"Response":{"A":{"Error":1},"RequestId":"r"}}"#).unwrap();
        assert_eq!(
            answer.result.unwrap().body,
            serde_json::json!({"A": {"Error": 1}, "RequestId": "r"})
        );
    }
}
