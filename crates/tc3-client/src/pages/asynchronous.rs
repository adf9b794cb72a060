//! The async driver.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;
use tc3_api::Paginated;

use super::Pager;
use crate::error::Error;

type Calling<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
type Call<R, T, E> = Box<dyn Fn(R) -> Calling<T, E> + Send>;

/// The items of all pages of a list, a [`Stream`]. `Client::pages` creates it.
///
#[doc = include_str!("docs/items.md")]
///
/// ```
/// use tc3_client::api::Paginated;
/// use tc3_client::{Client, Error};
///
/// async fn count<R>(client: &Client, request: R) -> Result<usize, Error>
/// where
///     R: Paginated + Send + Sync + 'static,
///     R::Response: Send + 'static,
/// {
///     let mut items = client.pages(request);
///     let mut count = 0;
///     while let Some(item) = items.next().await {
///         item?;
///         count += 1;
///     }
///     Ok(count)
/// }
/// ```
///
/// Dropping the future of [`next`](Self::next) loses no item: the next one continues the call. Dropping the stream cancels the
/// call.
pub struct Pages<R: Paginated, E = Error> {
    pages: ByPage<R, E>,
    items: vec::IntoIter<R::Item>,
}

impl<R: Paginated, E> Pages<R, E> {
    /// Creates the items of a list whose pages are responses of another function, such as a call with changes.
    pub fn new<F>(request: R, call: impl Fn(R) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<R::Response, E>> + Send + 'static,
    {
        let call: Call<R, R::Response, E> = Box::new(move |request| Box::pin(call(request)));
        let pages = ByPage { pager: Pager::new(request), call, calling: None, is_over: false };
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

impl<R: Paginated, E: From<Error>> Pages<R, E> {
    /// Returns the next item; `None` at the end of the list, or after an error.
    pub async fn next(&mut self) -> Option<Result<R::Item, E>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

// No field is pinned.
impl<R: Paginated, E> Unpin for Pages<R, E> {}

impl<R: Paginated, E: From<Error>> Stream for Pages<R, E> {
    type Item = Result<R::Item, E>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(response)) => this.items = R::into_items(response).into_iter(),
            }
        }
    }
}

impl<R: Paginated, E> fmt::Debug for Pages<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("pager", &self.pages.pager).finish_non_exhaustive()
    }
}

/// The pages of a list as whole responses, a [`Stream`]. [`Pages::by_page`] creates it.
pub struct ByPage<R: Paginated, E = Error> {
    pager: Pager<R>,
    call: Call<R, R::Response, E>,
    /// The call in progress.
    calling: Option<Calling<R::Response, E>>,
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
    /// Returns the next page; `None` at the end of the list, or after an error.
    pub async fn next(&mut self) -> Option<Result<R::Response, E>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns the call of the next page, which is started if none is in progress.
    fn calling(&mut self) -> Result<Option<&mut Calling<R::Response, E>>, Error> {
        if self.calling.is_none()
            && let Some(request) = self.pager.next_request()?
        {
            self.calling = Some((self.call)(request.clone()));
        }
        Ok(self.calling.as_mut())
    }
}

// No field is pinned.
impl<R: Paginated, E> Unpin for ByPage<R, E> {}

impl<R: Paginated, E: From<Error>> Stream for ByPage<R, E> {
    type Item = Result<R::Response, E>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let result = match this.calling() {
            Ok(None) => return Poll::Ready(None),
            Ok(Some(calling)) => ready!(calling.as_mut().poll(context)),
            Err(error) => Err(error.into()),
        };
        this.calling = None;
        let page =
            result.and_then(|response| Ok(this.pager.on_response(&response)?.then_some(response)));
        match page {
            Ok(Some(response)) => Poll::Ready(Some(Ok(response))),
            // A repeated page ends the list.
            Ok(None) => Poll::Ready(None),
            Err(error) => {
                this.is_over = true;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

impl<R: Paginated, E> fmt::Debug for ByPage<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByPage").field("pager", &self.pager).finish_non_exhaustive()
    }
}
