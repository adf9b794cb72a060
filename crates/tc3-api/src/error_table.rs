//! Error codes of a service and of the platform.

use core::fmt;

use crate::__private::fact;
use crate::error_class::{ErrorClass, ErrorRule, RetryRule};
use crate::platform_errors::{HINTS, RULES};

/// Error codes of a service, in addition to those of the platform.
///
/// A key that ends with a dot is a family: `AuthFailure.` is `AuthFailure` and all of its sub-codes. The entry of an
/// exact code takes precedence over its family, and an entry of the service over the platform's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorTable {
    rules: &'static [(&'static str, ErrorRule)],
    /// Lines, each a key, a tab and a fix.
    hints: &'static str,
}

/// Error codes that any service may return.
const PLATFORM: ErrorTable = ErrorTable::new(RULES, HINTS);

impl ErrorTable {
    /// The table without entries of a service: only the platform's codes are known.
    pub const EMPTY: Self = Self { rules: &[], hints: "" };

    /// Creates the table of a service from its entries, and the lines of its hints: key, tab, fix.
    pub const fn new(rules: &'static [(&'static str, ErrorRule)], hints: &'static str) -> Self {
        Self { rules, hints }
    }

    /// Returns the facts about a code. The class of an unlisted code is [`ErrorClass::Unknown`].
    pub fn rule(&self, code: &str) -> ErrorRule {
        let exact = |table: &Self| table.find(|key| key == code);
        let family = |table: &Self| table.find(|key| key.strip_suffix('.') == Some(family(code)));
        exact(self)
            .or_else(|| exact(&PLATFORM))
            .or_else(|| family(self))
            .or_else(|| family(&PLATFORM))
            .unwrap_or(ErrorRule::new(ErrorClass::Unknown, RetryRule::Never))
    }

    /// Returns the fix of an error, if one is known.
    pub fn hint(&self, code: &str) -> Option<&'static str> {
        if code.contains(['\t', '\n']) {
            return None;
        }
        let exact = || fact(self.hints, code).or_else(|| fact(PLATFORM.hints, code));
        let of_family = || {
            let key = format!("{}.", family(code));
            fact(self.hints, &key).or_else(|| fact(PLATFORM.hints, &key))
        };
        exact().or_else(of_family)
    }

    fn find(&self, matches: impl Fn(&str) -> bool) -> Option<ErrorRule> {
        self.rules.iter().find(|(key, _)| matches(key)).map(|(_, rule)| *rule)
    }
}

impl fmt::Debug for ErrorTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorTable").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

/// Returns the part of a code before the first dot.
fn family(code: &str) -> &str {
    code.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: ErrorTable = ErrorTable::new(
        &[
            ("Own.", ErrorRule::new(ErrorClass::Conflict, RetryRule::Never)),
            (
                "ResourceNotFound.App",
                ErrorRule::new(ErrorClass::NotFound, RetryRule::Never).affects_all(),
            ),
            ("InternalError.", ErrorRule::new(ErrorClass::Rejected, RetryRule::Never)),
        ],
        "Own.A\tdo this\nOwn.\tdo that\n",
    );

    #[test]
    fn the_most_specific_entry_applies() {
        for (code, class, affects_all) in [
            ("Own", ErrorClass::Conflict, false),
            ("Own.A.B", ErrorClass::Conflict, false),
            ("Owner", ErrorClass::Unknown, false),
            ("ResourceNotFound", ErrorClass::NotFound, false),
            ("ResourceNotFound.App", ErrorClass::NotFound, true),
            ("ResourceNotFound.Apps", ErrorClass::NotFound, false),
            ("InternalError.Db", ErrorClass::Rejected, false),
            ("AuthFailure.SignatureExpire", ErrorClass::ClockSkew, true),
            ("AuthFailure.New", ErrorClass::Authentication, true),
            ("RequestLimitExceeded.New", ErrorClass::Throttled, false),
            ("LimitExceeded", ErrorClass::LimitExceeded, false),
            ("MissingParameter", ErrorClass::InvalidParameter, true),
            ("MissingParameter.A", ErrorClass::InvalidParameter, false),
            ("", ErrorClass::Unknown, false),
            (".", ErrorClass::Unknown, false),
        ] {
            let rule = SERVICE.rule(code);
            assert_eq!((rule.class, rule.affects_all), (class, affects_all), "{code:?}");
        }
        assert_eq!(ErrorTable::EMPTY.rule("InternalError.Db").retry, RetryRule::IfIdempotent);
        for (code, hint) in [("Own.A", "do this"), ("Own.B", "do that"), ("Own", "do that")] {
            assert_eq!(SERVICE.hint(code), Some(hint), "{code:?}");
        }
        assert!(SERVICE.hint("AuthFailure.New").is_some());
        for code in ["", ".", "Other", "Own.A\tdo", "Own.A\n"] {
            assert_eq!(SERVICE.hint(code), None, "{code:?}");
        }
    }
}
