//! `serialize_with` helpers: how values go out.

use serde::{Serialize, Serializer};

/// A float, also optional or in lists, a whole one without a fraction: `124`, not `124.0`. The
/// services take both; written so, a value read from JSON comes back as it was.
///
/// # Errors
/// What the serializer fails with.
pub fn float<T: Floats, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// What holds floats.
pub trait Floats {
    #[doc(hidden)]
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// Whole floats up to here are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Floats for f64 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let negative_zero = *self == 0.0 && self.is_sign_negative();
        if self.fract() == 0.0 && self.abs() <= EXACT && !negative_zero {
            serializer.serialize_i64(*self as i64)
        } else {
            serializer.serialize_f64(*self)
        }
    }
}

impl<T: Floats> Floats for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&Written(value)),
            None => serializer.serialize_none(),
        }
    }
}

impl<T: Floats> Floats for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }
}

struct Written<'a, T>(&'a T);

impl<T: Floats> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(value: &impl Floats) -> String {
        serde_json::to_string(&Written(value)).unwrap()
    }

    #[test]
    fn whole_floats_have_no_fraction() {
        assert_eq!(json(&Some(vec![124.0, 0.5, -3.0, 0.0, -0.0])), "[124,0.5,-3,0,-0.0]");
        assert_eq!(json(&None::<f64>), "null");
        assert_eq!(json(&1e300), serde_json::to_string(&1e300).unwrap());
        assert_eq!(json(&f64::NAN), "null");
    }

    proptest! {
        #[test]
        fn a_float_keeps_its_value(value in -EXACT..EXACT) {
            let whole = value.trunc() + 0.0;
            prop_assert_eq!(json(&whole).parse::<f64>().unwrap(), whole);
            prop_assert!(whole == 0.0 || !json(&whole).contains('.'));
            if value.fract() != 0.0 {
                prop_assert_eq!(json(&value), serde_json::to_string(&value).unwrap());
            }
        }
    }
}
