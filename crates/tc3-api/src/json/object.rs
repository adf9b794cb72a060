//! Objects that are read, written by hand.

/// Makes a type one that an object of JSON is read as. Members that `must` be there are; those that `may` are
/// `None` otherwise, and those that are `kept` blank.
#[doc(hidden)]
#[macro_export]
macro_rules! __read_object {
    (
        $type:ident,
        must { $($must:literal => $a:ident),* $(,)? },
        may { $($may:literal => $b:ident),* $(,)? },
        keep { $($keep:literal => $c:ident),* $(,)? }
    ) => {
        impl $crate::json::Members for $type {
            fn member(
                &mut self,
                name: &str,
                reader: &mut $crate::json::Reader<'_>,
            ) -> ::core::result::Result<(), $crate::json::Error> {
                match name {
                    $($must => reader.must(&mut self.$a),)*
                    $($may => reader.optional(&mut self.$b),)*
                    $($keep => reader.keep(&mut self.$c),)*
                    _ => reader.skip(),
                }
            }
        }

        impl $crate::json::Decode for $type {
            const NULL_IS_BLANK: bool = false;

            fn optional(
                reader: &mut $crate::json::Reader<'_>,
            ) -> ::core::result::Result<::core::option::Option<Self>, $crate::json::Error> {
                reader.object(Self::blank(), &[$($must),*])
            }

            fn blank() -> Self {
                Self {
                    $($a: $crate::json::Decode::blank(),)*
                    $($b: ::core::option::Option::None,)*
                    $($c: $crate::json::Decode::blank(),)*
                }
            }
        }
    };
}
