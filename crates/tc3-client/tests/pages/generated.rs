//! Generated servers: honest ones deliver each item once and in order, and all others end.

use proptest::prelude::*;

use super::server::{Items, ListItems, OFFSET, PAGE_0, PAGE_1, TOKEN, walk};

/// The total that a server states.
#[derive(Debug, Clone, Copy)]
enum Total {
    Absent,
    True,
    /// Stated with the first page only; 0 in others.
    Once,
    /// Any number, which may also grow with each page.
    Lie {
        total: u64,
        growth: u64,
    },
}

/// The page after the last.
#[derive(Debug, Clone, Copy)]
enum Beyond {
    Empty,
    /// The last page again.
    Last,
}

/// The token after the last page.
#[derive(Debug, Clone, Copy)]
enum LastToken {
    Absent,
    Empty,
    /// The token of the request.
    Same,
    /// The token of the second page.
    Second,
    /// A token that leads to an empty page.
    New,
}

#[derive(Debug, Clone)]
struct Server {
    count: u64,
    /// Size of a page if the request states none.
    default_size: u64,
    /// Maximum size of a page.
    max_size: u64,
    total: Total,
    beyond: Beyond,
    states_more: bool,
    last_token: LastToken,
}

impl Server {
    fn page(&self, from: u64, size: u64, number: u64) -> Items {
        let from = from.min(self.count);
        let to = from.saturating_add(size).min(self.count);
        let total = match self.total {
            Total::Absent => None,
            Total::True => Some(self.count),
            Total::Once => Some(if number == 0 { self.count } else { 0 }),
            Total::Lie { total, growth } => Some(total.saturating_add(growth * number)),
        };
        let more = self.states_more.then_some(to < self.count);
        Items { items: (from..to).collect(), total, next: None, more }
    }

    fn size(&self, request: Option<u64>) -> u64 {
        request.unwrap_or(self.default_size).min(self.max_size)
    }

    fn offset(&self, request: &ListItems<OFFSET>, number: u64) -> Items {
        let size = self.size(request.size);
        let mut from = request.position.unwrap_or(0);
        if from >= self.count && matches!(self.beyond, Beyond::Last) {
            from = self.count.saturating_sub(size);
        }
        self.page(from, size, number)
    }

    fn numbered<const KIND: u8>(
        &self,
        request: &ListItems<KIND>,
        first: u64,
        number: u64,
    ) -> Items {
        let size = self.size(request.size);
        let mut index = request.position.unwrap_or(first).saturating_sub(first);
        let last = self.count.saturating_sub(1) / size;
        if index > last && matches!(self.beyond, Beyond::Last) {
            index = last;
        }
        self.page(index.saturating_mul(size), size, number)
    }

    /// Tokens are offsets.
    fn token(&self, request: &ListItems<TOKEN>, number: u64) -> Items {
        let size = self.size(request.size);
        let from = request.token.as_ref().map_or(0, |token| token.parse().unwrap());
        let mut page = self.page(from, size, number);
        let to = from + page.items.len() as u64;
        page.next = match self.last_token {
            _ if to < self.count => Some(to.to_string()),
            LastToken::Absent => None,
            LastToken::Empty => Some(String::new()),
            LastToken::Same => request.token.clone(),
            LastToken::Second => Some(size.to_string()),
            LastToken::New => Some((to + 1).to_string()),
        };
        page
    }
}

fn servers() -> impl Strategy<Value = Server> {
    let lie = (0_u64..100, 0_u64..30).prop_map(|(total, growth)| Total::Lie { total, growth });
    let total = prop_oneof![Just(Total::Absent), Just(Total::True), Just(Total::Once), lie];
    let beyond = prop_oneof![Just(Beyond::Empty), Just(Beyond::Last)];
    let last = prop_oneof![
        Just(LastToken::Absent),
        Just(LastToken::Empty),
        Just(LastToken::Same),
        Just(LastToken::Second),
        Just(LastToken::New),
    ];
    (0_u64..80, 1_u64..30, 1_u64..30, total, beyond, any::<bool>(), last).prop_map(
        |(count, default_size, max_size, total, beyond, states_more, last_token)| Server {
            count,
            default_size,
            max_size,
            total,
            beyond,
            states_more,
            last_token,
        },
    )
}

/// Returns whether each item must be delivered once.
fn is_honest(server: &Server) -> bool {
    !matches!(server.total, Total::Lie { .. })
}

/// The parts of any response: items, total, next token, flag.
type Parts = (Vec<u64>, Option<u64>, Option<String>, Option<bool>);

/// A list of 80 items in pages of one, and a page to find its end.
const MAX_PAGES: usize = 82;

proptest! {
    #[test]
    fn offsets(server in servers(), size in proptest::option::of(1_u64..40), from in 0_u64..90) {
        let start = Some(from).filter(|from| *from > 0);
        let request = ListItems { position: start, size, ..Default::default() };
        let mut number = 0;
        let (items, _) = walk(request, MAX_PAGES, |request| {
            number += 1;
            server.offset(request, number - 1)
        });
        let expected: Vec<u64> = (from..server.count).collect();
        // A service that returns the last page instead of none needs a total.
        let is_clear = matches!(server.beyond, Beyond::Empty) || server.states_more
            || matches!(server.total, Total::True);
        if is_honest(&server) && is_clear && from < server.count {
            prop_assert_eq!(items, expected);
        }
    }

    #[test]
    fn page_numbers(server in servers(), size in proptest::option::of(1_u64..40), page in 0_u64..20) {
        fn check<const KIND: u8>(
            server: &Server,
            first: u64,
            size: Option<u64>,
            page: Option<u64>,
        ) -> Result<(), TestCaseError> {
            let request = ListItems::<KIND> { position: page, size, ..Default::default() };
            let mut number = 0;
            let (items, _) = walk(request, MAX_PAGES, |request| {
                number += 1;
                server.numbered(request, first, number - 1)
            });
            let skipped = page.unwrap_or(first).saturating_sub(first) * server.size(size);
            if is_honest(server) && skipped < server.count {
                let expected: Vec<u64> = (skipped..server.count).collect();
                prop_assert_eq!(items, expected);
            }
            Ok(())
        }
        let page = Some(page).filter(|page| *page > 0);
        check::<PAGE_0>(&server, 0, size, page)?;
        check::<PAGE_1>(&server, 1, size, page)?;
    }

    #[test]
    fn tokens(server in servers(), size in proptest::option::of(1_u64..40)) {
        let request = ListItems::<TOKEN> { size, ..Default::default() };
        let mut number = 0;
        let (items, _) = walk(request, MAX_PAGES, |request| {
            number += 1;
            server.token(request, number - 1)
        });
        prop_assert_eq!(items, (0..server.count).collect::<Vec<u64>>());
    }

    /// Any responses at all: the list ends, or its items do not.
    #[test]
    fn any_responses_end(
        kind in 0_u8..4,
        pages in proptest::collection::vec(
            (
                proptest::collection::vec(0_u64..3, 0..3),
                proptest::option::of(0_u64..6),
                proptest::option::of("[ab]?"),
                proptest::option::of(any::<bool>()),
            ),
            1..20,
        ),
        position in proptest::option::of(prop_oneof![0_u64..3, Just(u64::MAX)]),
        token in proptest::option::of("[ab]?"),
        size in proptest::option::of(prop_oneof![0_u64..3, Just(u64::MAX)]),
    ) {
        fn check<const KIND: u8>(
            request: ListItems<KIND>,
            pages: &[Parts],
        ) {
            let mut pages = pages.iter();
            // After them, an empty page.
            let (_, count) = walk(request, 200, |_| match pages.next() {
                None => Items::default(),
                Some((items, total, next, more)) => Items {
                    items: items.clone(),
                    total: *total,
                    next: next.clone(),
                    more: *more,
                },
            });
            assert!(count >= 1);
        }
        match kind {
            OFFSET => check(ListItems::<OFFSET> { position, token, size }, &pages),
            PAGE_0 => check(ListItems::<PAGE_0> { position, token, size }, &pages),
            PAGE_1 => check(ListItems::<PAGE_1> { position, token, size }, &pages),
            _ => check(ListItems::<TOKEN> { position, token, size }, &pages),
        }
    }
}
