//! The engine: the request of the next page, and the end of the list.

use core::fmt;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use tc3_api::{Paginated, Pagination, Position};

use crate::error::{Error, ErrorKind};

/// Maximum number of pages of one iteration.
const MAX_PAGES: u32 = 100_000;

/// Maximum number of consecutive pages without items, if each response states that more follow.
const MAX_EMPTY_PAGES: u32 = 100;

/// The pages of a list, without IO: the request of the next page, and the end of the list.
///
/// The list ends with the first of these:
///
/// - A page has no items. If the list has tokens and the response states that more items follow, it continues.
/// - All items of the total are received. The last stated total counts; a total of 0 next to items does not.
/// - The response has no token, or one that an earlier request had. This holds for lists with tokens, where totals do not count.
/// - The response states that no further page follows.
/// - A page equals the one before it, so that the service ignores the position. It does not count.
///
/// The next offset follows the items received, not the size requested: a service that returns smaller pages skips nothing.
/// A list of more than 100,000 pages is an error.
///
/// ```
/// use tc3_client::Error;
/// use tc3_client::api::Paginated;
/// use tc3_client::sans_io::Pager;
///
/// fn items<R: Paginated>(
///     request: R,
///     call: impl Fn(&R) -> Result<R::Response, Error>,
/// ) -> Result<Vec<R::Item>, Error> {
///     let mut pager = Pager::new(request);
///     let mut items = Vec::new();
///     while let Some(request) = pager.next_request()? {
///         let response = call(request)?;
///         if pager.on_response(&response)? {
///             items.extend(R::into_items(response));
///         }
///     }
///     Ok(items)
/// }
/// ```
pub struct Pager<R: Paginated> {
    /// The request of the next page.
    request: R,
    is_done: bool,
    pages: u32,
    empty_pages: u32,
    /// Number of items before the next page; `None` if it is unknown.
    received: Option<u64>,
    /// The items of the last page of a list without tokens.
    previous: Vec<R::Item>,
    /// Hashes of the tokens of all requests, with a key of this pager.
    tokens: HashSet<u64>,
    hasher: RandomState,
}

impl<R: Paginated> Pager<R> {
    /// Creates the pager of a list. It begins at the position that the request states, or else at the first page.
    pub fn new(request: R) -> Self {
        let mut pager = Self {
            request,
            is_done: false,
            pages: 0,
            empty_pages: 0,
            received: Some(0),
            previous: Vec::new(),
            tokens: HashSet::new(),
            hasher: RandomState::new(),
        };
        if let Some(position @ Position::Token(_)) = pager.request.position() {
            pager.tokens.insert(pager.hasher.hash_one(&position));
        }
        pager
    }

    /// Returns the request of the next page; `None` at the end of the list.
    ///
    /// It remains the same until there is a response, so that a failed call can be repeated.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind [`Pages`](ErrorKind::Pages) if the list has too many pages.
    pub fn next_request(&self) -> Result<Option<&R>, Error> {
        if self.is_done {
            return Ok(None);
        }
        let limit = match (self.pages, self.empty_pages) {
            (MAX_PAGES.., _) => format!("the list has more than {MAX_PAGES} pages"),
            (_, MAX_EMPTY_PAGES..) => {
                format!("{MAX_EMPTY_PAGES} pages in succession have no items")
            }
            _ => return Ok(Some(&self.request)),
        };
        let hint = "narrow the request, or continue with a new iteration from the last request";
        Err(Self::failure(&format!("{limit}; {hint}")))
    }

    fn failure(text: &str) -> Error {
        Error::new(ErrorKind::Pages, text).of_call(R::INFO.name, 0, false)
    }

    /// Returns the request of the next page, or of the page whose call failed; `None` at the end of the list.
    pub fn request(&self) -> Option<&R> {
        (!self.is_done).then_some(&self.request)
    }

    /// Continues after the response of a page. Returns false if it repeats the page before it: ignore its items.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind [`Pages`](ErrorKind::Pages) if it repeats the page before it although the service states
    /// more items, because items would be missing.
    pub fn on_response(&mut self, response: &R::Response) -> Result<bool, Error> {
        self.pages = self.pages.saturating_add(1);
        match R::PAGINATION {
            Pagination::Offset => self.on_number(response, None),
            Pagination::Page { first } => self.on_number(response, Some(first)),
            _ => {
                self.on_token(response);
                Ok(true)
            }
        }
    }

    /// Continues a list with offsets or, with the number of the first page, a list with page numbers.
    fn on_number(
        &mut self,
        response: &R::Response,
        first_page: Option<u64>,
    ) -> Result<bool, Error> {
        let items = R::items(response);
        let count = items.len() as u64;
        let stated = match self.request.position() {
            Some(Position::Number(number)) => Some(number),
            _ => None,
        };
        if self.pages == 1 {
            self.received = match (stated, first_page) {
                (None, _) => Some(0),
                (offset, None) => offset,
                (Some(page), Some(first)) if page <= first => Some(0),
                // The size of a full page is the one requested. A smaller page may be the last, or the service has a
                // lower maximum: the number of items before it is unknown.
                (Some(page), Some(first)) => {
                    let size = self.request.page_size().filter(|size| *size == count);
                    size.and_then(|size| size.checked_mul(page - first))
                }
            };
        } else if count > 0 && items == self.previous {
            let left = R::total(response).zip(self.received);
            if R::has_more(response) == Some(true)
                || left.is_some_and(|(total, received)| total > received)
            {
                return Err(Self::failure(
                    "the service returned the same page twice, and states more items; compare the overlay's `pagination` \
                     with the documentation of the action, or select another page size",
                ));
            }
            self.is_done = true;
            return Ok(false);
        }
        self.received = self.received.map(|received| received.saturating_add(count));
        let next = match first_page {
            None => stated.unwrap_or(0).saturating_add(count),
            Some(first) => stated.unwrap_or(first).saturating_add(1),
        };
        let total = R::total(response).filter(|total| *total > 0);
        let has_all = total.zip(self.received).is_some_and(|(total, received)| received >= total);
        self.is_done = count == 0 || has_all || R::has_more(response) == Some(false);
        if count == 0
            && let Some((total, received)) = total.zip(self.received)
            && received < total
        {
            let action = R::INFO.name;
            tracing::warn!(action, total, received, "a page without items before the stated total");
        }
        if !self.is_done {
            self.request.set_position(&Position::Number(next));
            self.previous = items.to_vec();
        }
        Ok(true)
    }

    fn on_token(&mut self, response: &R::Response) {
        let is_empty = R::items(response).is_empty();
        self.empty_pages = if is_empty { self.empty_pages.saturating_add(1) } else { 0 };
        let has_more = R::has_more(response);
        let ends = has_more == Some(false) || (is_empty && has_more != Some(true));
        let next = R::next_token(response).filter(|_| !ends);
        match next {
            Some(next) if self.tokens.insert(self.hasher.hash_one(&next)) => {
                self.request.set_position(&next);
            }
            _ => self.is_done = true,
        }
    }
}

impl<R: Paginated> fmt::Debug for Pager<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("action", &R::INFO.name)
            .field("pages", &self.pages)
            .field("is_done", &self.is_done)
            .finish_non_exhaustive()
    }
}
