//! Conversion of JSON numbers, exact or refused.

/// Largest integer up to which every integer is a float: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The text of a JSON number.
#[derive(Clone, Copy)]
pub(crate) struct Number<'a> {
    pub(crate) text: &'a str,
    /// True if a fraction or exponent may stem from a float that was rounded by another parser.
    pub(crate) rounded: bool,
}

impl Number<'_> {
    pub(crate) fn to_i64(self) -> Option<i64> {
        let value = self.text.parse().ok().or_else(|| exact(self.text)?.try_into().ok())?;
        self.is_exact(|| (value as f64).abs()).then_some(value)
    }

    pub(crate) fn to_u64(self) -> Option<u64> {
        let value = self.text.parse().ok().or_else(|| exact(self.text)?.try_into().ok())?;
        self.is_exact(|| value as f64).then_some(value)
    }

    /// Returns the nearest float, unless that is infinity.
    pub(crate) fn to_f64(self) -> Option<f64> {
        self.text.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// Returns whether the text has all digits of the integer.
    fn is_exact(self, size: impl Fn() -> f64) -> bool {
        !self.rounded || !self.text.contains(['.', 'e', 'E']) || size() < EXACT
    }
}

/// Returns the integer that a number with a fraction or exponent equals; `None` if it is not an integer, or has more
/// than 20 digits.
fn exact(number: &str) -> Option<i128> {
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [integer.as_bytes(), fraction.as_bytes()].concat();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let Some(last) = digits.iter().rposition(|digit| *digit != b'0') else { return Some(0) };
    let mut significant = digits.get(..=last)?;
    while let [b'0', rest @ ..] = significant {
        significant = rest;
    }
    // Number of zeros to append. A number with an exponent beyond i64 is never an integer of at most 20 digits.
    let exponent: i64 = exponent.parse().ok()?;
    let dropped = i64::try_from(digits.len() - 1 - last).ok()?;
    let zeros = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
    let zeros = usize::try_from(zeros).ok()?;
    if significant.len().checked_add(zeros)? > 20 {
        return None;
    }
    let digits = significant.iter().copied().chain(core::iter::repeat_n(b'0', zeros));
    let value = digits.fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    Some(if negative { -value } else { value })
}

/// Appends a finite float: without a fraction if it is an integer, with an exponent if it would be long. The services
/// accept both forms.
pub(crate) fn write_f64(json: &mut Vec<u8>, value: f64) {
    let negative_zero = value == 0.0 && value.is_sign_negative();
    let text = if value.fract() == 0.0 && value.abs() <= EXACT && !negative_zero {
        (value as i64).to_string()
    } else {
        format!("{value:?}")
    };
    json.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_or_refused() {
        for (text, value) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("0.000", Some(0)),
            ("0e99999999999999999999", Some(0)),
            ("1E3", Some(1000)),
            ("1e2", Some(100)),
            ("1e+2", Some(100)),
            ("100e-2", Some(1)),
            ("-1.50e1", Some(-15)),
            ("9007199254740993.0", Some(9_007_199_254_740_993)),
            ("-9007199254740993.000", Some(-9_007_199_254_740_993)),
            ("90071992547409.93e2", Some(9_007_199_254_740_993)),
            ("18446744073709551615.0", Some(18_446_744_073_709_551_615)),
            ("99999999999999999999", Some(99_999_999_999_999_999_999)),
            ("0.00000000000000000000000000007e29", Some(7)),
            ("1.5", None),
            ("1e-1", None),
            ("1e20", None),
            ("1e300", None),
            ("1e99999999999999999999", None),
            ("1e-99999999999999999999", None),
            ("100000000000000000000", None),
            ("", Some(0)),
            ("x", None),
            ("1.2.3", None),
        ] {
            assert_eq!(exact(text), value, "{text}");
        }
    }

    #[test]
    fn a_float_that_may_be_rounded_is_refused_as_a_large_integer() {
        let of = |text| Number { text, rounded: true };
        assert_eq!(of("9007199254740991.0").to_i64(), Some(9_007_199_254_740_991));
        assert_eq!(of("9007199254740992.0").to_i64(), None);
        assert_eq!(of("9007199254740993").to_i64(), Some(9_007_199_254_740_993));
        assert_eq!(of("1e19").to_u64(), None);
        assert_eq!(of("1e3").to_u64(), Some(1000));
    }
}
