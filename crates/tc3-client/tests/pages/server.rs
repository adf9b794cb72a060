//! A list in pages: its request, and a server of it.

use serde::{Deserialize, Serialize};
use tc3_client::ErrorKind;
use tc3_client::api::{Action, ActionInfo, Envelope, Paginated, Pagination, Position, json};
use tc3_client::sans_io::Pager;

pub(crate) const OFFSET: u8 = 0;
/// Page numbers from 0.
pub(crate) const PAGE_0: u8 = 1;
/// Page numbers from 1.
pub(crate) const PAGE_1: u8 = 2;
pub(crate) const TOKEN: u8 = 3;

/// A request of a list whose positions are of this kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListItems<const KIND: u8> {
    pub(crate) position: Option<u64>,
    pub(crate) token: Option<String>,
    pub(crate) size: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Items {
    pub(crate) items: Vec<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) next: Option<String>,
    pub(crate) more: Option<bool>,
}

impl<const KIND: u8> Action for ListItems<KIND> {
    const INFO: ActionInfo<'static> =
        ActionInfo::new("paged", "2020-01-02", "ListItems").idempotent();
    type Response = Items;

    fn encode(&self) -> Result<Vec<u8>, json::Error> {
        json::encode_by_serde(self)
    }

    fn decode(response: &[u8]) -> Result<Envelope<Items>, json::Error> {
        Envelope::deserialize(response)
    }
}

impl<const KIND: u8> Paginated for ListItems<KIND> {
    const PAGINATION: Pagination = match KIND {
        OFFSET => Pagination::Offset,
        PAGE_0 => Pagination::Page { first: 0 },
        PAGE_1 => Pagination::Page { first: 1 },
        _ => Pagination::Token,
    };
    type Item = u64;

    fn position(&self) -> Option<Position> {
        match KIND {
            TOKEN => Position::token(&self.token),
            _ => Position::number(&self.position),
        }
    }

    fn set_position(&mut self, position: &Position) {
        match KIND {
            TOKEN => position.write_to(&mut self.token),
            _ => position.write_to(&mut self.position),
        }
    }

    fn page_size(&self) -> Option<u64> {
        self.size
    }

    fn items(response: &Items) -> &[u64] {
        &response.items
    }

    fn into_items(response: Items) -> Vec<u64> {
        response.items
    }

    fn total(response: &Items) -> Option<u64> {
        response.total
    }

    fn next_token(response: &Items) -> Option<Position> {
        Position::token(&response.next)
    }

    fn has_more(response: &Items) -> Option<bool> {
        response.more
    }
}

/// Requests a list in pages from a function, up to a contradiction. Fails if it does not end within this number of pages.
pub(crate) fn walk<const KIND: u8>(
    request: ListItems<KIND>,
    max_pages: usize,
    mut serve: impl FnMut(&ListItems<KIND>) -> Items,
) -> (Vec<u64>, usize) {
    let (mut pager, mut items, mut pages) = (Pager::new(request), Vec::new(), 0);
    while let Some(request) = pager.next_request().unwrap() {
        assert!(pages < max_pages, "no end after {pages} pages: {request:?}");
        let response = serve(request);
        pages += 1;
        match pager.on_response(&response) {
            Ok(true) => items.extend(response.items),
            Ok(false) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Pages, "{error}");
                assert!(pager.request().is_some());
                return (items, pages);
            }
        }
    }
    assert_eq!(pager.request(), None);
    (items, pages)
}
