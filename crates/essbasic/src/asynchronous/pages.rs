//! The pages of a list.

use tc3_client::api::Paginated;

use super::Client;
use crate::error::Error;

/// The items of all pages of a list, a stream. [`Client::pages`] creates it.
pub type Pages<R> = tc3_client::Pages<R, Error>;

impl Client {
    #[doc = include_str!("../docs/pages.md")]
    ///
    /// ```no_run
    /// # #[cfg(feature = "full")]
    /// # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use essbasic::models::DescribeTemplatesRequest;
    ///
    /// let request = DescribeTemplatesRequest::new(client.agent().clone()).limit(100);
    /// let mut templates = client.pages(request);
    /// while let Some(template) = templates.next().await {
    ///     println!("{}", template?.template_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages<R>(&self, request: R) -> Pages<R>
    where
        R: Paginated + Send + Sync + 'static,
        R::Response: Send,
    {
        let client = self.clone();
        Pages::new(request, move |request| {
            let client = client.clone();
            async move { client.call(&request).await }
        })
    }
}
