//! The blocking driver.

use core::fmt;
use std::iter::FusedIterator;
use std::vec;

use tc3_api::Paginated;

use super::Pager;
use crate::error::Error;

type Call<R, T, E> = Box<dyn FnMut(&R) -> Result<T, E> + Send>;

/// The items of all pages of a list, an iterator. `Client::pages` creates it.
///
#[doc = include_str!("docs/items.md")]
///
/// ```
/// use tc3_client::Error;
/// use tc3_client::api::Paginated;
/// use tc3_client::blocking::Client;
///
/// fn items<R>(client: &Client, request: R) -> Result<Vec<R::Item>, Error>
/// where
///     R: Paginated + 'static,
/// {
///     client.pages(request).collect()
/// }
/// ```
pub struct Pages<R: Paginated, E = Error> {
    pages: ByPage<R, E>,
    items: vec::IntoIter<R::Item>,
}

impl<R: Paginated, E> Pages<R, E> {
    /// Creates the items of a list whose pages are responses of another function, such as a call with changes.
    pub fn new(
        request: R,
        call: impl FnMut(&R) -> Result<R::Response, E> + Send + 'static,
    ) -> Self {
        let call: Call<R, R::Response, E> = Box::new(call);
        let pages = ByPage { pager: Pager::new(request), call, is_over: false };
        Self { pages, items: Vec::new().into_iter() }
    }

    /// Returns the pages as whole responses. Items of the current page that were not returned are dropped.
    pub fn by_page(self) -> ByPage<R, E> {
        self.pages
    }

    #[doc = include_str!("docs/request.md")]
    pub fn request(&self) -> Option<&R> {
        self.pages.request()
    }
}

impl<R: Paginated, E: From<Error>> Iterator for Pages<R, E> {
    type Item = Result<R::Item, E>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            match self.pages.next()? {
                Err(error) => return Some(Err(error)),
                Ok(response) => self.items = R::into_items(response).into_iter(),
            }
        }
    }
}

impl<R: Paginated, E: From<Error>> FusedIterator for Pages<R, E> {}

impl<R: Paginated, E> fmt::Debug for Pages<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("pager", &self.pages.pager).finish_non_exhaustive()
    }
}

/// The pages of a list as whole responses, an iterator. [`Pages::by_page`] creates it.
pub struct ByPage<R: Paginated, E = Error> {
    pager: Pager<R>,
    call: Call<R, R::Response, E>,
    /// True after an error.
    is_over: bool,
}

impl<R: Paginated, E> ByPage<R, E> {
    #[doc = include_str!("docs/request.md")]
    pub fn request(&self) -> Option<&R> {
        self.pager.request()
    }
}

impl<R: Paginated, E: From<Error>> ByPage<R, E> {
    /// Returns `None` at the end of the list.
    fn call(&mut self) -> Result<Option<R::Response>, E> {
        let Some(request) = self.pager.next_request()? else { return Ok(None) };
        let response = (self.call)(request)?;
        // A repeated page ends the list.
        Ok(self.pager.on_response(&response)?.then_some(response))
    }
}

impl<R: Paginated, E: From<Error>> Iterator for ByPage<R, E> {
    type Item = Result<R::Response, E>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let page = self.call().transpose();
        self.is_over = matches!(page, Some(Err(_)));
        page
    }
}

impl<R: Paginated, E: From<Error>> FusedIterator for ByPage<R, E> {}

impl<R: Paginated, E> fmt::Debug for ByPage<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByPage").field("pager", &self.pager).finish_non_exhaustive()
    }
}
