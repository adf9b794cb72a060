//! The macro for hand-written object types.

/// Implements reading and writing of a struct as a JSON object. Each field is listed once, with its name in
/// JSON and its mode.
///
/// | mode | reading | writing |
/// |---|---|---|
/// | `required` | Must be present. | Always. |
/// | `optional` | The field is an `Option`; absent and `null` are `None`. | If it is `Some`. |
/// | `default` | Absent and `null` are the empty value. | Always. |
/// | `nonempty` | As `default`. | If `is_empty()` is false. |
///
/// Implements [`Members`](crate::Members), [`Decode`](crate::Decode) and [`Encode`](crate::Encode), and with
/// the feature `serde` also `Serialize` and `Deserialize`. A leading `decode` limits it to reading, for secrets
/// that must not be written; it then implements no trait of serde.
///
/// ```
/// #[derive(Debug, PartialEq)]
/// struct Saved {
///     path: String,
///     bytes: u64,
///     tags: Vec<String>,
/// }
///
/// tc3_json::object! {
///     Saved {
///         "path" => path: required,
///         "bytes" => bytes: default,
///         "tags" => tags: nonempty,
///     }
/// }
///
/// # fn main() -> Result<(), tc3_json::Error> {
/// let saved: Saved = tc3_json::decode(br#"{"path": "a.pdf"}"#)?;
/// assert_eq!(saved, Saved { path: "a.pdf".to_owned(), bytes: 0, tags: Vec::new() });
/// assert_eq!(tc3_json::encode(&saved)?, br#"{"path":"a.pdf","bytes":0}"#);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! object {
    (decode $type:ident { $($name:literal => $field:ident: $mode:ident),* $(,)? }) => {
        impl $crate::Members for $type {
            fn member(
                &mut self,
                name: &str,
                reader: &mut $crate::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::Error> {
                match name {
                    $($name => $crate::object!(@read $mode reader &mut self.$field),)*
                    _ => reader.skip(),
                }
            }
        }

        impl $crate::Decode for $type {
            const NULL_IS_BLANK: bool = false;

            fn optional(
                reader: &mut $crate::Reader<'_>,
            ) -> ::core::result::Result<::core::option::Option<Self>, $crate::Error> {
                const FIELDS: &[(&str, bool)] =
                    &[$(($name, $crate::object!(@is_required $mode))),*];
                const COUNT: usize = $crate::__private::count_required(FIELDS);
                const REQUIRED: [&str; COUNT] = $crate::__private::required(FIELDS);
                reader.object(Self::blank(), &REQUIRED)
            }

            fn blank() -> Self {
                Self { $($field: $crate::object!(@blank $mode)),* }
            }
        }
    };
    ($type:ident { $($name:literal => $field:ident: $mode:ident),* $(,)? }) => {
        $crate::object!(decode $type { $($name => $field: $mode),* });

        impl $crate::Encode for $type {
            fn encode(&self, writer: &mut $crate::Writer) {
                writer.open();
                $($crate::object!(@write $mode writer $name self.$field);)*
                writer.close();
            }
        }

        $crate::__deserialize!($type);
        $crate::__serialize!($type);
    };
    (@read required $reader:ident $field:expr) => { $reader.must($field) };
    (@read optional $reader:ident $field:expr) => { $reader.optional($field) };
    (@read default $reader:ident $field:expr) => { $reader.keep($field) };
    (@read nonempty $reader:ident $field:expr) => { $reader.keep($field) };
    (@is_required required) => { true };
    (@is_required $other:ident) => { false };
    (@blank optional) => { ::core::option::Option::None };
    (@blank $other:ident) => { $crate::Decode::blank() };
    (@write nonempty $writer:ident $name:literal $field:expr) => {
        if !$field.is_empty() {
            $writer.member($name, &$field);
        }
    };
    (@write $other:ident $writer:ident $name:literal $field:expr) => {
        $writer.member($name, &$field)
    };
}

/// Implements `Deserialize` of a type that implements [`Decode`](crate::Decode).
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __deserialize {
    ($type:ident) => {
        impl<'de> $crate::__private::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::deserialize(deserializer)
            }
        }
    };
}

/// Implements `Serialize` of a type that implements [`Encode`](crate::Encode).
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    ($type:ident) => {
        impl $crate::__private::serde::Serialize for $type {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::serialize(self, serializer)
            }
        }
    };
}

/// Expands to nothing without the feature `serde`.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __deserialize {
    ($type:ident) => {};
}

/// Expands to nothing without the feature `serde`.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    ($type:ident) => {};
}
