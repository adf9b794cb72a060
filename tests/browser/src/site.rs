//! Servers whose page a case opens.

/// A server with a page.
pub(crate) trait Site {
    /// Returns `http://127.0.0.1:PORT`.
    fn origin(&self) -> &str;

    /// Returns the token of the page.
    fn token(&self) -> &str;

    /// Returns the URL that opens the page.
    fn url(&self) -> String {
        format!("{}/#token={}", self.origin(), self.token())
    }
}
