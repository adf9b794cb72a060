//! Commands that explore the API: search, describe, skeleton, snippet, openapi.

pub(crate) mod describe;
pub(crate) mod openapi;
pub(crate) mod search;
pub(crate) mod skeleton;
pub(crate) mod snippet;

use essbasic::catalogue::ActionMeta;
use essbasic_explorer::data::{self, Unknown};

use crate::failure::Failure;

/// Returns the action of this name.
pub(crate) fn action(name: &str) -> Result<&'static ActionMeta, Failure> {
    data::action(name).map_err(|unknown| advice(&unknown))
}

/// Returns the error of an unknown name, with a similar name or a search as its fix.
fn advice(unknown: &Unknown) -> Failure {
    let fix = match (unknown.nearest, unknown.showable_name()) {
        (Some(_), _) => unknown.hint(),
        (None, Some(name)) => format!("look for it with: essbasic search {name}"),
        (None, None) => "look for it with: essbasic search WORD".to_owned(),
    };
    Failure::new(format!("{unknown}; {fix}"))
}

#[cfg(test)]
mod tests {
    use essbasic::Language;
    use essbasic::models::CATALOGUE;
    use essbasic_explorer::data::describe::describe;
    use essbasic_explorer::data::search::search as find;
    use serde_json::Value;

    use super::*;

    /// The page shows the data as JSON, the terminal as text.
    #[test]
    fn the_terminal_and_the_page_show_the_same_of_every_action() {
        for action in CATALOGUE.actions {
            let name = action.info.name;
            for query in [name, action.title] {
                let hit = find(query, Language::Chinese, 1).hits.remove(0);
                let row = search::row(&hit);
                let page = serde_json::to_value(&hit).unwrap();
                for field in ["kind", "name", "title", "text"] {
                    let value = page[field].as_str().unwrap();
                    assert!(row.contains(value), "{name} by {query}, {field}: {row}");
                }
                assert_eq!(page["target"], name, "{query}");
            }
            for language in [Language::English, Language::Chinese] {
                let text = describe::text(name, language).unwrap();
                let page = serde_json::to_value(describe(name, language).unwrap()).unwrap();
                for shown in texts_of_page(&page) {
                    let indented = shown.replace('\n', "\n      ");
                    assert!(text.contains(&shown) || text.contains(&indented), "{name}: {shown}");
                }
            }
        }
    }

    /// Returns the texts of a page about an action: its own, those of the fields of request and response, and of errors.
    fn texts_of_page(page: &Value) -> Vec<String> {
        let mut texts: Vec<&Value> = vec![&page["name"], &page["title"], &page["feature"]];
        texts.extend(page["related"].as_array().unwrap());
        for object in [&page["request"], &page["response"]] {
            let object = &page["objects"][object.as_str().unwrap()];
            texts.extend(object["rules"].as_array().unwrap());
            for field in object["fields"].as_array().unwrap() {
                texts.extend([&field["name"], &field["doc"]]);
                let set = &page["values"][field["values"].as_str().unwrap_or_default()];
                let values = set["values"].as_array().into_iter().flatten();
                texts.extend(values.flat_map(|value| [&value["wire"], &value["doc"]]));
            }
        }
        for error in page["errors"].as_array().unwrap() {
            texts.extend([&error["code"], &error["doc"], &error["hint"]]);
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        texts.into_iter().map(text).collect()
    }
}
