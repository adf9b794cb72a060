//! The meaning of a position, from the wording of the reference, which is Chinese.

/// The meaning of a position according to its documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The number of items before the page.
    Offset,
    /// The number of a page, and of the first one if that is stated.
    Page { first: Option<u64> },
    /// Both an offset and a page number.
    Ambiguous,
    /// Neither.
    Unstated { first: Option<u64> },
}

/// Words for a page number.
const PAGE: [&str; 8] =
    ["页码", "第几页", "页数", "页号", "页编号", "当前页", "第0页", "offset=1,则表示第二页"];

/// Words for an offset.
const OFFSET: [&str; 3] = ["偏移", "offset", "起始位置"];

/// Formulas of an offset, which contain page numbers.
const FORMULAS: [&str; 5] = ["页码-1", "页-1", "整数倍", "页数-1", "page-1"];

/// Statements that the first page is 0.
const ZERO: [&str; 13] = [
    "从0开始",
    "从0页",
    "第0页",
    "从第0",
    "默认0",
    "默认为0",
    "默认是0",
    "默认值0",
    "默认值是0",
    "默认值为0",
    "第一页为0",
    "首页为0",
    "第一页:0",
];

/// Statements that the first page is 1.
const ONE: [&str; 9] = [
    "从1开始",
    "从1页",
    "从第1",
    "默认1",
    "默认为1",
    "默认是1",
    "默认值1",
    "默认值是1",
    "默认值为1",
];

pub(super) fn meaning(doc: &str) -> Meaning {
    let doc = plain(doc);
    let has = |words: &[&str]| words.iter().any(|word| doc.contains(word));
    let first = match (has(&ZERO), has(&ONE)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    };
    match (has(&FORMULAS), has(&PAGE), has(&OFFSET)) {
        (true, ..) | (false, false, true) => Meaning::Offset,
        (false, true, false) => Meaning::Page { first },
        (false, true, true) if doc.contains("第几页") => Meaning::Page { first },
        (false, true, true) => Meaning::Ambiguous,
        (false, false, false) => Meaning::Unstated { first },
    }
}

/// Returns whether a total may be lower than the number of all items, according to its documentation: it counts the items
/// of the page, or it is a value of a cache.
pub(super) fn may_be_lower(doc: &str) -> bool {
    let doc = plain(doc);
    let is_denied = ["非本次", "不是本次", "非当前页"].iter().any(|word| doc.contains(word));
    let words = ["当页", "本页", "当前页", "本次", "此次", "当次", "可能比实际"];
    !is_denied && words.iter().any(|word| doc.contains(word))
}

/// Returns the text in lower case without markup, white space and the variants of punctuation.
fn plain(doc: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in doc.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if is_tag => {}
            '，' => text.push(','),
            '：' => text.push(':'),
            '０' => text.push('0'),
            '`' | '*' | '\\' | '“' | '”' | '"' => {}
            c if c.is_whitespace() => {}
            c => text.extend(c.to_lowercase()),
        }
    }
    text.replace("默认值:", "默认值").replace("默认:", "默认").replace("为:", "为")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_may_be_lower_than_the_number_of_items() {
        for (doc, expected) in [
            ("返回当页数据总数", true),
            ("<p>本次查询总数</p>", true),
            ("此次查询的事件的个数", true),
            ("总记录数，可能比实际总记录数少", true),
            ("总记录数，而非本次返回的记录数", false),
            ("不是本次返回中数组的大小", false),
            ("符合条件的实例数量。", false),
        ] {
            assert_eq!(may_be_lower(doc), expected, "{doc}");
        }
    }

    #[test]
    fn reads_the_wording_of_the_reference() {
        let page = |first| Meaning::Page { first };
        for (doc, expected) in [
            ("分页偏移量", Meaning::Offset),
            ("偏移量，默认为0", Meaning::Offset),
            ("分页起始位置", Meaning::Offset),
            ("规则偏移量，取值为(页码-1)*一页条数", Meaning::Offset),
            ("offset (Default = 0)，(当前页-1) * Limit", Meaning::Offset),
            ("取 Limit 整数倍。计算公式：offset=limit*(页码-1)", Meaning::Offset),
            ("<p>页码，从 0 开始</p>", page(Some(0))),
            ("第几页。注：<code>offset从0开始，即第一页为0。</code>", page(Some(0))),
            ("返回结果中的第几页，从第0页开始。默认为0。", page(Some(0))),
            ("页编号，默认值为0，表示第一页。", page(Some(0))),
            ("当前页数，默认为0", page(Some(0))),
            ("页数，默认值为1", page(Some(1))),
            ("<p>页码</p><p>默认值：0</p>", page(Some(0))),
            ("分页当前页", page(None)),
            ("偏移量页数", Meaning::Ambiguous),
            ("Offset 分页码，默认值为0", Meaning::Ambiguous),
            ("从1开始", Meaning::Unstated { first: Some(1) }),
            ("起始值", Meaning::Unstated { first: None }),
            ("", Meaning::Unstated { first: None }),
        ] {
            assert_eq!(meaning(doc), expected, "{doc}");
        }
    }
}
