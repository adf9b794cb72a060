//! What documentation says: our words where the overlay has them, a neutral line elsewhere.

use crate::apply::Model;
use crate::spec::{Member, Status};

/// The paragraphs of a struct's documentation.
pub(crate) fn struct_doc(model: &Model<'_>, name: &str) -> Vec<String> {
    let own = model.overlay.docs.objects.get(name).and_then(|doc| doc.doc.as_deref());
    for (action, facts) in &model.spec.actions {
        if facts.request == name {
            let lead = match model.overlay.docs.actions.get(action) {
                Some(doc) => doc.clone(),
                None => format!("The request of `{action}`."),
            };
            let mut doc = vec![lead, escape(&facts.title)];
            match facts.status {
                Status::Online => {}
                Status::Deprecated => {
                    doc.push("Deprecated: the service will take the action away.".to_owned());
                }
                Status::Offline => {
                    doc.push("Offline: the service no longer has the action.".to_owned());
                }
            }
            return doc;
        }
        if facts.response == name {
            let lead = own.map_or_else(|| format!("The answer to `{action}`."), str::to_owned);
            return vec![lead];
        }
    }
    vec![own.map_or_else(|| format!("The object `{name}`."), str::to_owned)]
}

/// The paragraphs of a field's documentation.
pub(crate) fn field_doc(model: &Model<'_>, object: &str, member: &Member) -> Vec<String> {
    let own = model.overlay.docs.objects.get(object);
    let lead = match own.and_then(|doc| doc.members.get(&member.name)) {
        Some(doc) => doc.clone(),
        None if member.name == "RequestId" => {
            "The id by which the service's support finds the call.".to_owned()
        }
        None => format!("The member `{}`.", member.name),
    };
    let mut doc = vec![lead];
    if member.disabled {
        doc.push("Internal to the platform: leave it unset.".to_owned());
    }
    doc
}

/// Text as Markdown that says the same.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if "\\`*_[]<>".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}
