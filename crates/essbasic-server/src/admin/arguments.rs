//! Parameters of URLs.

use std::collections::BTreeMap;

use crate::queries::{QueryError, parse};

/// Parameters of a URL. An empty one counts as absent.
pub(super) struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// Reads the parameters, which have these names.
    ///
    /// # Errors
    /// Returns an error if a name is unknown or occurs twice.
    pub(super) fn parse(query: Option<&str>, names: &[&str]) -> Result<Self, QueryError> {
        let mut arguments = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !names.contains(&&*name) {
                return Err(QueryError::invalid_request(
                    format!("unknown parameter {}", parse::quoted(&name)),
                    match names {
                        [] => "this path has no parameters".to_owned(),
                        names => format!("expected {}", names.join(", ")),
                    },
                ));
            }
            if arguments.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(QueryError::invalid_request(
                    format!("the parameter {name} occurs twice"),
                    "give it once",
                ));
            }
        }
        arguments.retain(|_, value| !value.is_empty());
        Ok(Self(arguments))
    }

    /// Returns a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the parameter `limit`.
    ///
    /// # Errors
    /// Returns an error if it is not a number within its limits.
    pub(super) fn limit(&self) -> Result<usize, QueryError> {
        /// Items of a page unless the request states a number.
        const DEFAULT: usize = 50;
        /// Items of a page at most.
        const MAX: usize = 200;
        self.get("limit").map_or(Ok(DEFAULT), |text| parse::limit("limit", text, MAX))
    }
}
