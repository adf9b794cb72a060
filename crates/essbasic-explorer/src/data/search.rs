//! Search in the description of the API.

use std::borrow::Cow;
use std::sync::LazyLock;

use essbasic::Language;
use essbasic::catalogue::ObjectMeta;
use essbasic::catalogue::search::{Index, Item, first_sentence};
use essbasic::models::CATALOGUE;
use serde::Serialize;

use super::title::title;

/// Kind of a hit. Of hits of one rank, those of a lower kind come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An action.
    Action,
    /// An object other than a request or a response.
    Object,
    /// A value set or one of its values.
    Value,
    /// An error code.
    Code,
    /// A field of an object.
    Field,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 5] = [Self::Action, Self::Object, Self::Value, Self::Code, Self::Field];

    /// Returns the name of the kind, such as `action`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Object => "object",
            Self::Value => "value",
            Self::Code => "code",
            Self::Field => "field",
        }
    }
}

/// Result of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// The query.
    pub query: String,
    /// Number of matches of all kinds.
    pub total: usize,
    /// Number of matches of each kind that has some.
    pub groups: Vec<Group>,
    /// The best matches, the best first.
    pub hits: Vec<Hit>,
}

/// Number of matches of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// Kind of the matches.
    pub kind: Kind,
    /// Number of matches, including those that are not shown.
    pub total: usize,
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Hit {
    /// Kind of the item.
    pub kind: Kind,
    /// Name, such as `UploadFiles`, `Agent.AppId` or `FlowStatus.ALL`.
    pub name: Cow<'static, str>,
    /// Title of an action.
    pub title: Option<Cow<'static, str>>,
    /// First sentence of the documentation.
    pub text: &'static str,
    /// Name of the item that describes the match: an action, an object, a value set or an error code.
    pub target: &'static str,
}

/// Returns the matches of a query, at most `limit` of them.
///
/// All words must match, in any order, in a name, in its title of either language or in its documentation. See
/// [`essbasic::catalogue::search`] for the ranks. `language` is that of the titles in the result.
pub fn search(query: &str, language: Language, limit: usize) -> Found {
    find(query, None, language, limit)
}

/// As [`search`], with hits of one kind only. The totals are those of all kinds.
pub fn search_kind(query: &str, kind: Kind, language: Language, limit: usize) -> Found {
    find(query, Some(kind), language, limit)
}

/// Builds the index. The first search does it otherwise, and takes longer.
pub fn prepare() {
    LazyLock::force(&ENTRIES);
}

fn find(query: &str, only: Option<Kind>, language: Language, limit: usize) -> Found {
    let (entries, index) = &*ENTRIES;
    let found: Vec<&Entry> =
        index.find(query).into_iter().filter_map(|at| entries.get(at)).collect();
    let groups = Kind::ALL.into_iter().filter_map(|kind| {
        let total = found.iter().filter(|entry| entry.kind == kind).count();
        (total > 0).then_some(Group { kind, total })
    });
    let shown = found.iter().filter(|entry| only.is_none_or(|kind| entry.kind == kind)).take(limit);
    Found {
        query: query.to_owned(),
        total: found.len(),
        groups: groups.collect(),
        hits: shown.map(|entry| entry.hit(language)).collect(),
    }
}

/// Words of users, and the words for them in the API's names.
const SYNONYMS: [&[&str]; 7] = [
    &["link", "url"],
    &["contract", "flow"],
    &["withdraw", "revoke", "cancel"],
    &["party", "parties", "signer", "approver"],
    &["company", "companies", "enterprise", "organization"],
    &["stamp", "seal"],
    &["picture", "image"],
];

static ENTRIES: LazyLock<(Vec<Entry>, Index)> = LazyLock::new(|| {
    let entries = entries();
    let items = entries.iter().map(Entry::item);
    let index = Index::new(items, &SYNONYMS);
    (entries, index)
});

struct Entry {
    kind: Kind,
    owner: &'static str,
    name: Cow<'static, str>,
    doc: Cow<'static, str>,
    /// First sentence of the documentation.
    text: &'static str,
    target: &'static str,
}

impl Entry {
    fn new(kind: Kind, name: &'static str, doc: &'static str) -> Self {
        Self {
            kind,
            owner: "",
            name: Cow::Borrowed(name),
            doc: Cow::Borrowed(doc),
            text: first_sentence(doc),
            target: name,
        }
    }

    fn item(&self) -> Item<'_> {
        let title = match self.kind {
            Kind::Action => CATALOGUE.action(self.target).map_or("", |action| action.title),
            _ => "",
        };
        Item { group: self.kind as u8, owner: self.owner, name: &self.name, title, doc: &self.doc }
    }

    fn hit(&self, language: Language) -> Hit {
        let action = CATALOGUE.action(self.target).filter(|_| self.kind == Kind::Action);
        Hit {
            kind: self.kind,
            name: match self.owner {
                "" => self.name.clone(),
                owner => Cow::Owned(format!("{owner}.{}", self.name)),
            },
            title: action.map(|action| title(action, language)),
            text: self.text,
            target: self.target,
        }
    }
}

fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for action in CATALOGUE.actions {
        entries.push(Entry::new(Kind::Action, action.info.name, action.doc));
    }
    for object in CATALOGUE.objects {
        let action = action_of(object);
        if action.is_none() {
            entries.push(Entry::new(Kind::Object, object.name, object.doc));
        }
        // Every response has it.
        for field in object.fields.iter().filter(|field| field.name != "RequestId") {
            let target = action.unwrap_or(object.name);
            let entry = Entry::new(Kind::Field, field.name, field.doc);
            entries.push(Entry { owner: object.name, target, ..entry });
        }
    }
    for set in CATALOGUE.values {
        entries.push(Entry::new(Kind::Value, set.name, set.doc));
        for value in set.values {
            let entry = Entry::new(Kind::Value, set.name, value.doc);
            let name = Cow::Owned(value.wire.to_string());
            entries.push(Entry { owner: set.name, name, ..entry });
        }
    }
    for code in CATALOGUE.codes {
        let doc = Cow::Owned(format!("{} {}", code.doc, code.hint));
        entries.push(Entry { doc, ..Entry::new(Kind::Code, code.code, code.doc) });
    }
    entries
}

/// Returns the action of a request or a response.
fn action_of(object: &ObjectMeta) -> Option<&'static str> {
    let name = object.name;
    let is_end = |action: &&essbasic::catalogue::ActionMeta| {
        action.request.name == name || action.response.name == name
    };
    CATALOGUE.actions.iter().find(is_end).map(|action| action.info.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Vec<String> {
        let found = search(query, Language::English, usize::MAX);
        found.hits.into_iter().map(|hit| hit.name.into_owned()).collect()
    }

    fn first(query: &str) -> String {
        names(query).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn queries_find_their_item_first() {
        for (query, expected) in [
            ("ResourceUrls", "DescribeResourceUrlsByFlows"),
            ("URLS resource by", "DescribeResourceUrlsByFlows"),
            ("DesResUrl", "DescribeResourceUrlsByFlows"),
            ("合同PDF下载", "DescribeResourceUrlsByFlows"),
            ("合同下载链接", "DescribeResourceUrlsByFlows"),
            ("下载 PDF", "DescribeResourceUrlsByFlows"),
            ("resuorce urls", "DescribeResourceUrlsByFlows"),
            ("download links PDF", "DescribeResourceUrlsByFlows"),
            ("uplaod", "UploadFiles"),
            ("UploadFile", "UploadFile"),
            ("withdraw contract", "ChannelCancelFlow"),
            ("company withdraw", "CancelOrganizationFlows"),
            ("agent", "Agent"),
            ("Agent.AppId", "Agent.AppId"),
            ("agent.app", "Agent.AppId"),
            ("FlowStatus", "FlowStatus"),
            ("FlowStatus.ALL", "FlowStatus.ALL"),
            ("AgeNotAchieve", "FailedOperation.AgeNotAchieveNormalLegal"),
            ("failedoperation", "FailedOperation"),
            ("sign link", "CreateSignUrls"),
        ] {
            let names = names(query);
            assert_eq!(names.first().map(String::as_str), Some(expected), "{query}: {names:.5?}");
        }
        for (query, expected) in [
            ("sign link", "ChannelCreateFlowSignUrl"),
            ("stamps", "CreateSealByImage"),
            ("PersonAuthCertificate", "CreatePersonAuthCertificateImage"),
        ] {
            assert!(names(query).contains(&expected.to_owned()), "{query}");
        }
        for query in ["", " ", "-", "zzzz", "qwertyuiop", "flow zzzz", "。", "不存在的词语"]
        {
            assert_eq!(names(query), [""; 0], "{query}");
        }
    }

    #[test]
    fn every_action_is_found_by_name_title_and_beginning() {
        for action in CATALOGUE.actions {
            let name = action.info.name;
            for query in [name.to_owned(), name.to_lowercase(), action.title.to_owned()] {
                assert_eq!(first(&query), name, "{query}");
            }
            let english = title(action, Language::English);
            let position = names(&english).iter().position(|found| found == name);
            assert!(position.is_some_and(|at| at < 3), "{name}, {english}: {position:?}");
            for end in (1..name.len()).step_by(5) {
                let hits = search(&name[..end], Language::English, usize::MAX).hits;
                assert!(hits.iter().any(|hit| hit.name == name), "{name} by {}", &name[..end]);
            }
        }
    }

    #[test]
    fn every_item_is_found_by_its_name_and_has_a_target() {
        for entry in &ENTRIES.0 {
            let hit = entry.hit(Language::English);
            assert_eq!(first(&hit.name), *hit.name);
            let target = hit.target;
            let is_known = CATALOGUE.action(target).is_some()
                || CATALOGUE.object(target).is_some()
                || CATALOGUE.value_set(target).is_some()
                || CATALOGUE.code(target).is_some();
            assert!(is_known, "{target}");
        }
    }

    #[test]
    fn totals_are_those_of_all_matches() {
        let all = search("flow", Language::English, usize::MAX);
        let some = search("flow", Language::Chinese, 5);
        assert_eq!((some.total, &some.groups, some.hits.len()), (all.hits.len(), &all.groups, 5));
        assert_eq!(all.groups.iter().map(|group| group.total).sum::<usize>(), all.total);
        let fields = search_kind("flow", Kind::Field, Language::English, 1000);
        assert!(fields.hits.iter().all(|hit| hit.kind == Kind::Field));
        assert_eq!(fields.groups, all.groups);
        let hit = &search("UploadFiles", Language::Chinese, 1).hits[0];
        assert_eq!(hit.title.as_deref(), Some("文件上传"));
        let of_field = search("DescribeResourceUrlsByFlowsRequest.FlowIds", Language::English, 1);
        assert_eq!(of_field.hits[0].target, "DescribeResourceUrlsByFlows");
    }

    #[test]
    fn similar_words_come_last() {
        let names = names("seals");
        let of = |name: &str| names.iter().position(|found| found == name);
        assert!(of("ChannelDescribeOrganizationSeals") < of("CreateSealByImage"), "{names:?}");
    }
}
