//! The reference's prose: any text becomes Markdown without HTML or images, whose links lead to the web.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::json;
use tc3_codegen::parse;
use tc3_codegen::reference::Reference;

fuzz_target!(|text: &str| {
    let action = json!({"name": "", "document": text, "input": "", "output": ""});
    let reference =
        json!({"actions": {"Do": action}, "metadata": {"apiVersion": ""}, "objects": {}});
    let reference: Reference = parse("api.json", &reference.to_string()).unwrap();
    let docs = reference.docs();
    let Some((_, markdown)) = docs.actions.iter().next() else { return };
    // The extensions of rustdoc.
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => panic!("HTML in {markdown:?}"),
            Event::Start(Tag::Image { .. }) => panic!("an image in {markdown:?}"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let web = dest_url.starts_with("http://") || dest_url.starts_with("https://");
                assert!(web, "{dest_url:?} in {markdown:?}");
            }
            _ => {}
        }
    }
});
