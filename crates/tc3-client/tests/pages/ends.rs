//! The end of a list, one row per rule.

use tc3_client::ErrorKind;
use tc3_client::sans_io::Pager;

use super::server::{Items, ListItems, OFFSET, PAGE_0, PAGE_1, TOKEN, walk};

fn page(items: impl IntoIterator<Item = u64>) -> Items {
    Items { items: items.into_iter().collect(), ..Default::default() }
}

fn of_total(items: impl IntoIterator<Item = u64>, total: u64) -> Items {
    Items { total: Some(total), ..page(items) }
}

fn with_token(items: impl IntoIterator<Item = u64>, next: &str) -> Items {
    Items { next: Some(next.to_owned()), ..page(items) }
}

fn stating(more: bool, page: Items) -> Items {
    Items { more: Some(more), ..page }
}

/// Asserts the requested positions and the items of a list, whose last response must be requested.
#[track_caller]
fn check<const KIND: u8>(
    request: ListItems<KIND>,
    responses: &[Items],
    positions: &[Option<&str>],
    items: impl IntoIterator<Item = u64>,
) {
    let (mut requested, mut next) = (Vec::new(), responses.iter());
    let (found, _) = walk(request, responses.len(), |request| {
        let number = request.position.map(|number| number.to_string());
        requested.push(request.token.clone().or(number));
        next.next().unwrap().clone()
    });
    assert_eq!(requested.iter().map(Option::as_deref).collect::<Vec<_>>(), positions);
    assert_eq!(found, items.into_iter().collect::<Vec<_>>());
    assert_eq!(next.next(), None, "a response was not requested");
}

#[test]
fn offsets_end() {
    let start = ListItems::<OFFSET>::default;
    let sized = |size| ListItems::<OFFSET> { size: Some(size), ..Default::default() };
    // All items of the total.
    check(sized(2), &[of_total([0, 1], 3), of_total([2], 3)], &[None, Some("2")], 0..3);
    // An empty page, without a total and before one.
    check(start(), &[page([0]), page([])], &[None, Some("1")], 0..1);
    check(start(), &[of_total([0], 9), of_total([], 9)], &[None, Some("1")], 0..1);
    check(start(), &[of_total([], 9)], &[None], []);
    // A total that shrinks, grows, and disappears.
    check(start(), &[of_total([0, 1], 9), of_total([2, 3], 4)], &[None, Some("2")], 0..4);
    let growing = [of_total([0], 2), of_total([1], 3), of_total([2], 3)];
    check(start(), &growing, &[None, Some("1"), Some("2")], 0..3);
    let disappearing = [of_total([0], 2), of_total([1], 0), page([])];
    check(start(), &disappearing, &[None, Some("1"), Some("2")], 0..2);
    // A limit that the service lowers.
    let lowered = [of_total([0, 1], 5), of_total([2, 3], 5), of_total([4], 5)];
    check(sized(100), &lowered, &[None, Some("2"), Some("4")], 0..5);
    // A page that is not full and states no total.
    check(sized(100), &[page([0]), page([1]), page([])], &[None, Some("1"), Some("2")], 0..2);
    // A flag.
    check(start(), &[stating(false, page([0]))], &[None], 0..1);
    // A service that ignores the offset.
    check(start(), &[page([0, 1]), page([0, 1])], &[None, Some("2")], 0..2);
    // The total counts items before the start.
    let from = ListItems::<OFFSET> { position: Some(7), ..Default::default() };
    check(from, &[of_total([7], 9), of_total([8], 9)], &[Some("7"), Some("8")], 7..9);
    // An offset that cannot grow.
    let last = ListItems::<OFFSET> { position: Some(u64::MAX), ..Default::default() };
    let max = u64::MAX.to_string();
    check(last, &[page([1]), page([])], &[Some(&max), Some(&max)], [1]);
}

#[test]
fn page_numbers_end() {
    let start = ListItems::<PAGE_1>::default;
    let at = |page, size| ListItems::<PAGE_1> {
        position: Some(page),
        size: Some(size),
        ..Default::default()
    };
    check(start(), &[of_total([0, 1], 3), of_total([2], 3)], &[None, Some("2")], 0..3);
    check(start(), &[page([0]), page([])], &[None, Some("2")], 0..1);
    // The last page is returned for any later one.
    check(start(), &[page([0]), page([1]), page([1])], &[None, Some("2"), Some("3")], 0..2);
    // The number of the first page.
    let zero = ListItems::<PAGE_0>::default();
    check(zero, &[page([0]), page([])], &[None, Some("1")], 0..1);
    // From a later page, the pages before it are full.
    check(at(3, 2), &[of_total([4, 5], 7), of_total([6], 7)], &[Some("3"), Some("4")], 4..7);
    // A limit that the service lowers: the number of items before the page is unknown.
    let lowered = [of_total([4, 5], 7), of_total([6], 7), of_total([], 7)];
    check(at(3, 100), &lowered, &[Some("3"), Some("4"), Some("5")], 4..7);
}

#[test]
fn tokens_end() {
    let start = ListItems::<TOKEN>::default;
    check(start(), &[with_token([0], "a"), page([1])], &[None, Some("a")], 0..2);
    check(start(), &[with_token([0], "a"), with_token([1], "")], &[None, Some("a")], 0..2);
    // A repeated token: of the request, of an earlier one, of the first one.
    check(start(), &[with_token([0], "a"), with_token([1], "a")], &[None, Some("a")], 0..2);
    let cycle = [with_token([0], "a"), with_token([1], "b"), with_token([2], "a")];
    check(start(), &cycle, &[None, Some("a"), Some("b")], 0..3);
    let from = ListItems::<TOKEN> { token: Some("a".to_owned()), ..Default::default() };
    let back = [with_token([0], "b"), with_token([1], "a")];
    check(from, &back, &[Some("a"), Some("b")], 0..2);
    // An empty page ends the list, unless more items are stated.
    check(start(), &[with_token([0], "a"), with_token([], "b")], &[None, Some("a")], 0..1);
    let filtered = [
        stating(true, with_token([], "a")),
        stating(true, with_token([0], "b")),
        stating(false, with_token([1], "c")),
    ];
    check(start(), &filtered, &[None, Some("a"), Some("b")], 0..2);
    check(start(), &[stating(true, page([0]))], &[None], 0..1);
    // Totals do not end a list with tokens, and equal pages may follow each other.
    let equal = [
        Items { total: Some(1), ..with_token([7], "a") },
        Items { total: Some(1), ..with_token([7], "b") },
        page([7]),
    ];
    check(start(), &equal, &[None, Some("a"), Some("b")], [7, 7, 7]);
}

#[test]
fn a_repeated_page_before_the_end_is_an_error() {
    for (first, second) in [
        (of_total([7], 3), of_total([7], 3)),
        (of_total([0, 1], 50), of_total([0, 1], 50)),
        (page([0]), stating(true, page([0]))),
    ] {
        let mut pager = Pager::new(ListItems::<OFFSET>::default());
        assert!(pager.on_response(&first).unwrap());
        let position = pager.request().unwrap().position;
        for _ in 0..2 {
            let error = pager.on_response(&second).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Pages);
            assert_eq!(pager.request().unwrap().position, position, "it can be requested again");
        }
        assert!(pager.on_response(&page([8])).unwrap());
    }
}

#[test]
fn endless_lists_are_errors() {
    let mut pager = Pager::new(ListItems::<OFFSET>::default());
    let mut pages = 0_u64;
    let error = loop {
        match pager.next_request() {
            Ok(Some(_)) => assert!(pager.on_response(&page([pages])).unwrap()),
            Ok(None) => unreachable!("the list has no end"),
            Err(error) => break error,
        }
        pages += 1;
    };
    assert_eq!((pages, error.kind()), (100_000, ErrorKind::Pages));
    assert_eq!(
        error.to_string(),
        "ListItems: the list has more than 100000 pages; narrow the request, or continue with a new iteration \
         from the last request"
    );
    // The list continues from the request of the next page.
    assert_eq!(pager.request().and_then(|request| request.position), Some(100_000));

    let mut pager = Pager::new(ListItems::<TOKEN>::default());
    for number in 0..100 {
        assert!(pager.next_request().unwrap().is_some());
        assert!(pager.on_response(&stating(true, with_token([], &number.to_string()))).unwrap());
    }
    let error = pager.next_request().unwrap_err();
    assert!(error.to_string().contains("100 pages in succession have no items"), "{error}");
}
