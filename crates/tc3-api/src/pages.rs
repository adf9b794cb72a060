//! Actions whose results are returned in pages.

use core::fmt;

use crate::{Action, Redacted};

/// A request whose response is one page of a list.
///
/// Generated models implement it. The methods read and write the fields of a page; the pager of `tc3-client` decides which
/// page follows, and when the list ends.
///
/// ```
/// use tc3_api::{Action, ActionInfo, Envelope, Paginated, Pagination, Position, json};
///
/// #[derive(Clone)]
/// struct DescribeZones {
///     offset: Option<u64>,
/// }
///
/// struct Zones {
///     total_count: u64,
///     zones: Vec<String>,
/// }
///
/// # impl Action for DescribeZones {
/// #     const INFO: ActionInfo<'static> = ActionInfo::new("cvm", "2017-03-12", "DescribeZones");
/// #     type Response = Zones;
/// #     fn encode(&self) -> Result<Vec<u8>, json::Error> { Ok(Vec::new()) }
/// #     fn decode(_: &[u8]) -> Result<Envelope<Zones>, json::Error> { unimplemented!() }
/// # }
/// impl Paginated for DescribeZones {
///     const PAGINATION: Pagination = Pagination::Offset;
///     type Item = String;
///
///     fn position(&self) -> Option<Position> {
///         Position::number(&self.offset)
///     }
///
///     fn set_position(&mut self, position: &Position) {
///         position.write_to(&mut self.offset);
///     }
///
///     fn items(response: &Zones) -> &[String] {
///         &response.zones
///     }
///
///     fn into_items(response: Zones) -> Vec<String> {
///         response.zones
///     }
///
///     fn total(response: &Zones) -> Option<u64> {
///         Some(response.total_count)
///     }
/// }
/// ```
pub trait Paginated: Action + Clone {
    /// The meaning of a position.
    const PAGINATION: Pagination;
    /// An element of the list. Pages are compared, to end the iteration if the service repeats one.
    type Item: Clone + PartialEq;

    /// Returns the position that the request states, if it states one.
    fn position(&self) -> Option<Position>;

    /// Sets the position.
    fn set_position(&mut self, position: &Position);

    /// Returns the size of a page that the request states, in items.
    fn page_size(&self) -> Option<u64> {
        None
    }

    /// Returns the items of a page.
    fn items(response: &Self::Response) -> &[Self::Item];

    /// Returns the items of a page.
    fn into_items(response: Self::Response) -> Vec<Self::Item>;

    /// Returns the number of items of the whole list, if the response states it.
    fn total(response: &Self::Response) -> Option<u64> {
        let _ = response;
        None
    }

    /// Returns the token of the next page, if the response states one.
    fn next_token(response: &Self::Response) -> Option<Position> {
        let _ = response;
        None
    }

    /// Returns whether a further page follows, if the response states it.
    fn has_more(response: &Self::Response) -> Option<bool> {
        let _ = response;
        None
    }
}

/// The meaning of the position of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pagination {
    /// The number of items before the page.
    Offset,
    /// The number of the page.
    Page {
        /// The number of the first page: 0 or 1.
        first: u64,
    },
    /// A token of the previous response.
    Token,
}

/// The position of a page in a list. `Debug` omits a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Position {
    /// An offset or a page number.
    Number(u64),
    /// A token.
    Token(String),
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.debug_tuple("Number").field(number).finish(),
            Self::Token(_) => f.debug_tuple("Token").field(&Redacted).finish(),
        }
    }
}

impl Position {
    /// Reads an offset or a page number.
    pub fn number(field: &impl PageField) -> Option<Self> {
        field.number().map(Self::Number)
    }

    /// Reads a token. An empty string and an integer below 1 are not tokens.
    pub fn token(field: &impl PageField) -> Option<Self> {
        field.token().map(Self::Token)
    }

    /// Writes the position to a field of a request. A number beyond the type of the field becomes its maximum.
    pub fn write_to(&self, field: &mut impl PageField) {
        match self {
            Self::Number(number) => field.set_number(*number),
            Self::Token(token) => field.set_token(token),
        }
    }
}

/// A field that contains an offset, a page number, a size, a total, a token or a flag: a string, an integer or a boolean,
/// or an `Option` of one.
pub trait PageField {
    /// Returns the number, unless it is absent, negative or not a number.
    fn number(&self) -> Option<u64>;

    /// Returns the token, unless it is absent, empty, or an integer below 1.
    fn token(&self) -> Option<String>;

    /// Returns the flag, if it is present. An integer is true if it is not 0.
    fn flag(&self) -> Option<bool>;

    /// Sets a number, at most the maximum of the type.
    fn set_number(&mut self, number: u64);

    /// Sets a token. An integer field remains as it is if the token is not an integer.
    fn set_token(&mut self, token: &str);
}

impl PageField for String {
    fn number(&self) -> Option<u64> {
        self.trim().parse().ok()
    }

    fn token(&self) -> Option<String> {
        Some(self.clone()).filter(|token| !token.is_empty())
    }

    fn flag(&self) -> Option<bool> {
        match self.trim() {
            "true" | "True" | "TRUE" | "1" => Some(true),
            "false" | "False" | "FALSE" | "0" => Some(false),
            _ => None,
        }
    }

    fn set_number(&mut self, number: u64) {
        *self = number.to_string();
    }

    fn set_token(&mut self, token: &str) {
        token.clone_into(self);
    }
}

impl PageField for u64 {
    fn number(&self) -> Option<u64> {
        Some(*self)
    }

    fn token(&self) -> Option<String> {
        (*self > 0).then(|| self.to_string())
    }

    fn flag(&self) -> Option<bool> {
        Some(*self != 0)
    }

    fn set_number(&mut self, number: u64) {
        *self = number;
    }

    fn set_token(&mut self, token: &str) {
        *self = token.parse().unwrap_or(*self);
    }
}

impl PageField for i64 {
    fn number(&self) -> Option<u64> {
        u64::try_from(*self).ok()
    }

    fn token(&self) -> Option<String> {
        (*self > 0).then(|| self.to_string())
    }

    fn flag(&self) -> Option<bool> {
        Some(*self != 0)
    }

    fn set_number(&mut self, number: u64) {
        *self = Self::try_from(number).unwrap_or(Self::MAX);
    }

    fn set_token(&mut self, token: &str) {
        *self = token.parse().unwrap_or(*self);
    }
}

/// Flags of responses.
impl PageField for bool {
    fn number(&self) -> Option<u64> {
        None
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn flag(&self) -> Option<bool> {
        Some(*self)
    }

    fn set_number(&mut self, _: u64) {}

    fn set_token(&mut self, _: &str) {}
}

impl<T: PageField + Default> PageField for Option<T> {
    fn number(&self) -> Option<u64> {
        self.as_ref()?.number()
    }

    fn token(&self) -> Option<String> {
        self.as_ref()?.token()
    }

    fn flag(&self) -> Option<bool> {
        self.as_ref()?.flag()
    }

    fn set_number(&mut self, number: u64) {
        self.get_or_insert_default().set_number(number);
    }

    fn set_token(&mut self, token: &str) {
        self.get_or_insert_default().set_token(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_tokens_and_flags_of_each_type() {
        type Read = (Option<u64>, Option<&'static str>, Option<bool>);
        let cases: [(&dyn PageField, Read); 14] = [
            (&String::from("20"), (Some(20), Some("20"), None)),
            (&String::from(" 1 "), (Some(1), Some(" 1 "), Some(true))),
            (&String::new(), (None, None, None)),
            (&String::from("-1"), (None, Some("-1"), None)),
            (&String::from("false"), (None, Some("false"), Some(false))),
            (&0_u64, (Some(0), None, Some(false))),
            (&u64::MAX, (Some(u64::MAX), Some("18446744073709551615"), Some(true))),
            (&-1_i64, (None, None, Some(true))),
            (&0_i64, (Some(0), None, Some(false))),
            (&7_i64, (Some(7), Some("7"), Some(true))),
            (&true, (None, None, Some(true))),
            (&None::<u64>, (None, None, None)),
            (&Some(3_u64), (Some(3), Some("3"), Some(true))),
            (&Some(String::from("t")), (None, Some("t"), None)),
        ];
        for (index, (field, (number, token, flag))) in cases.into_iter().enumerate() {
            assert_eq!(field.number(), number, "{index}");
            assert_eq!(field.token().as_deref(), token, "{index}");
            assert_eq!(field.flag(), flag, "{index}");
        }
    }

    #[test]
    fn writes_positions_to_each_type() {
        let (mut text, mut signed, mut unsigned) = (None::<String>, Some(-5_i64), 0_u64);
        let number = Position::Number(u64::MAX);
        number.write_to(&mut text);
        number.write_to(&mut signed);
        number.write_to(&mut unsigned);
        assert_eq!((text.as_deref(), signed), (Some("18446744073709551615"), Some(i64::MAX)));
        assert_eq!(unsigned, u64::MAX);
        let token = Position::Token("12".to_owned());
        token.write_to(&mut text);
        token.write_to(&mut signed);
        token.write_to(&mut unsigned);
        assert_eq!((text.as_deref(), signed, unsigned), (Some("12"), Some(12), 12));
        Position::Token("x".to_owned()).write_to(&mut unsigned);
        assert_eq!(unsigned, 12);
    }
}
