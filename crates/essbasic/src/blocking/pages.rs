//! The pages of a list.

use tc3_client::api::Paginated;

use super::Client;
use crate::error::Error;

/// The items of all pages of a list, an iterator. [`Client::pages`] creates it.
pub type Pages<R> = tc3_client::blocking::Pages<R, Error>;

impl Client {
    #[doc = include_str!("../docs/pages.md")]
    ///
    /// ```no_run
    /// # #[cfg(feature = "full")]
    /// # fn run(client: essbasic::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use essbasic::models::DescribeTemplatesRequest;
    ///
    /// let request = DescribeTemplatesRequest::new(client.agent().clone()).limit(100);
    /// for template in client.pages(request) {
    ///     println!("{}", template?.template_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages<R: Paginated + 'static>(&self, request: R) -> Pages<R> {
        let client = self.clone();
        Pages::new(request, move |request| client.call(request))
    }
}
