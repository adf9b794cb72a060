//! Identifiers of contracts, uploaded files and templates.

use core::borrow::Borrow;
use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;
use std::collections::HashSet;

use tc3_client::api::json::{self, Decode, Encode, Reader, Writer};

/// Declares an ID: a string of its own type, so that IDs of different things cannot be mixed up.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Returns the ID as a string slice.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the ID as a string, without a copy.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Debug for $name {
            /// Shows the string alone, because the name of the field or variable states the type.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self.as_str(), f)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self(id.clone())
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<Box<str>> for $name {
            fn from(id: Box<str>) -> Self {
                Self(id.into())
            }
        }

        impl From<Cow<'_, str>> for $name {
            fn from(id: Cow<'_, str>) -> Self {
                Self(id.into_owned())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.0.clone()
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(id: &str) -> Result<Self, Infallible> {
                Ok(id.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                self == other.as_str()
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                *self == other.as_str()
            }
        }

        impl PartialEq<$name> for String {
            fn eq(&self, other: &$name) -> bool {
                *self == other.0
            }
        }

        impl Encode for $name {
            fn encode(&self, writer: &mut Writer) {
                writer.text(self.as_str());
            }
        }

        impl Decode for $name {
            const NULL_IS_BLANK: bool = false;

            fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
                Ok(String::optional(reader)?.map(Self))
            }

            fn blank() -> Self {
                Self(String::new())
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(Self)
            }
        }
    };
}

id! {
    /// ID of a contract, which the API calls a flow.
    ///
    /// Methods accept it as `impl Into<FlowId>`, so that strings need no conversion. Setters of
    /// [`models`](crate::models) accept it as `impl Into<String>`. With the feature `serde` it is a string.
    ///
    /// ```
    /// use essbasic::FlowId;
    /// use essbasic::models::{Agent, DescribeFlowDetailInfoRequest};
    ///
    /// let flow_id = FlowId::from("yDwiBUUckpnf4");
    /// assert_eq!(flow_id, "yDwiBUUckpnf4");
    /// let request = DescribeFlowDetailInfoRequest::new(Agent::new("APP_ID")).flow_ids([&flow_id]);
    /// assert_eq!(request.flow_ids, Some(vec![flow_id.into_string()]));
    /// ```
    FlowId
}

id! {
    /// ID of an uploaded file. It is used as a [`FlowId`] is.
    FileId
}

id! {
    /// ID of a template. It is used as a [`FlowId`] is.
    TemplateId
}

/// Collects flow IDs.
pub(crate) fn collect<I>(flows: I) -> Vec<FlowId>
where
    I: IntoIterator<Item: Into<FlowId>>,
{
    flows.into_iter().map(Into::into).collect()
}

/// Returns each ID once, in the order of first occurrence.
pub(crate) fn distinct(flow_ids: &[FlowId]) -> Vec<FlowId> {
    let mut seen = HashSet::new();
    flow_ids.iter().filter(|id| seen.insert(id.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashMap};

    #[test]
    fn every_form_of_a_string_is_accepted() {
        let (owned, id) = ("f".to_owned(), FlowId::from("f"));
        let collected = [
            collect(["f"]),
            collect([&owned]),
            collect([owned.clone()]),
            collect(std::slice::from_ref(&owned)),
            collect(vec![Box::<str>::from("f")]),
            collect([Cow::Borrowed("f")]),
            collect([Cow::<str>::Owned(owned.clone())]),
            collect([&id]),
            collect(vec![id.clone()]),
            collect(Some("f")),
            collect((0..1).map(|_| owned.clone())),
            collect("f".parse::<FlowId>()),
        ];
        for ids in collected {
            assert_eq!(ids, ["f"]);
        }
    }

    #[test]
    fn an_id_is_compared_shown_and_looked_up_as_its_string() {
        let id = FlowId::from("é\n");
        assert_eq!((id.to_string(), format!("{id:?}")), ("é\n".to_owned(), r#""é\n""#.to_owned()));
        assert_eq!(format!("{:>4}|{:<4}", FlowId::from("f"), FlowId::from("g")), "   f|g   ");
        let string = "é\n".to_owned();
        assert!(id == *"é\n" && id == "é\n" && id == string);
        assert!(*"é\n" == id && "é\n" == id && string == id);
        assert!(id != "e");
        let hashed: HashMap<FlowId, u8> = [(id.clone(), 1)].into();
        let sorted: BTreeMap<FlowId, u8> = [(id.clone(), 1), (FlowId::from("a"), 2)].into();
        assert_eq!((hashed.get("é\n"), hashed.get(&id)), (Some(&1), Some(&1)));
        assert_eq!((sorted.get("a"), sorted.get(&id)), (Some(&2), Some(&1)));
        assert_eq!(sorted.keys().next().unwrap(), "a");
        assert_eq!((String::from(&id), String::from(id.clone())), (id.to_string(), id.to_string()));
        assert_eq!(id.as_ref(), id.as_str());
    }

    #[test]
    fn distinct_keeps_the_order_of_first_occurrence() {
        assert_eq!(distinct(&collect(["b", "a", "b", "c", "a"])), ["b", "a", "c"]);
    }
}
