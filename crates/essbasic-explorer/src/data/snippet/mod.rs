//! Programs that make one call.
//!
//! They read the keys from the environment, so that a program can be shared.

mod literal;
mod python;
mod rust;
mod shell;

use std::fmt;

use essbasic::catalogue::skeleton::skeleton;
use essbasic::catalogue::validation::{Violation, structural_violations, violations};
use essbasic::catalogue::{ActionMeta, JsonType};
use serde::Serialize;
use serde_json::Value;

/// Language of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// Rust with the async client.
    RustAsync,
    /// Rust with the blocking client.
    RustBlocking,
    /// Shell script with the command `essbasic call`.
    Essbasic,
    /// Shell script with `curl`, signed by the command `essbasic sign`.
    Curl,
    /// Python with the official SDK.
    Python,
}

impl Language {
    /// All languages, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::RustAsync, Self::RustBlocking, Self::Essbasic, Self::Curl, Self::Python];

    /// Returns the name, such as `rust-async`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RustAsync => "rust-async",
            Self::RustBlocking => "rust-blocking",
            Self::Essbasic => "essbasic",
            Self::Curl => "curl",
            Self::Python => "python",
        }
    }

    /// Returns the language of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }

    /// Returns the title for readers.
    pub fn label(self) -> &'static str {
        match self {
            Self::RustAsync => "Rust, async",
            Self::RustBlocking => "Rust, blocking",
            Self::Essbasic => "essbasic call",
            Self::Curl => "curl",
            Self::Python => "Python",
        }
    }

    /// Returns the usual name of the file.
    pub fn file(self) -> &'static str {
        match self {
            Self::RustAsync | Self::RustBlocking => "main.rs",
            Self::Essbasic | Self::Curl => "call.sh",
            Self::Python => "call.py",
        }
    }
}

/// A program that makes one call.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Snippet {
    /// [Name](Language::name) of the language.
    pub language: &'static str,
    /// Title for readers.
    pub label: &'static str,
    /// Usual name of the file.
    pub file: &'static str,
    /// Source code.
    pub code: String,
}

impl fmt::Debug for Snippet {
    /// Omits the code, which contains the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snippet").field("language", &self.language).finish_non_exhaustive()
    }
}

/// Programs that make the same call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Snippets {
    /// One program per language. Programs in Rust are left out if the body does not have the request's type.
    pub snippets: Vec<Snippet>,
    /// Violations of the body, with their paths. The service would refuse it.
    pub warnings: Vec<String>,
}

/// A reason why there is no program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnippetError {
    /// The body does not have the request's type.
    Violation(Violation),
    /// The generated code is invalid, which is a defect of this crate.
    Generation(String),
}

impl fmt::Display for SnippetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Generation(cause) => {
                write!(f, "cannot generate the program: {cause}; please report this")
            }
        }
    }
}

impl std::error::Error for SnippetError {}

/// Returns a program per language that sends the body.
pub fn snippets(action: &ActionMeta, body: &Value) -> Snippets {
    let mut warnings: Vec<String> =
        violations(body, action.request).iter().map(ToString::to_string).collect();
    let mut snippets = Vec::new();
    for language in Language::ALL {
        match snippet(action, body, language) {
            Ok(code) => snippets.push(Snippet {
                language: language.name(),
                label: language.label(),
                file: language.file(),
                code,
            }),
            Err(error) => {
                let warning = error.to_string();
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
    }
    Snippets { snippets, warnings }
}

/// Returns a program that sends the body.
///
/// If the body has no `Agent`, the program has a placeholder, and `essbasic call` takes it from the environment.
///
/// # Errors
/// Returns [`SnippetError::Violation`] if a program in Rust is requested and the body does not have the request's type.
pub fn snippet(
    action: &ActionMeta,
    body: &Value,
    language: Language,
) -> Result<String, SnippetError> {
    let driver = match language {
        Language::RustAsync => rust::Driver::Async,
        Language::RustBlocking => rust::Driver::Blocking,
        Language::Essbasic => return Ok(shell::essbasic(action, body)),
        Language::Curl => return Ok(shell::curl(action, &with_agent(action, body))),
        Language::Python => return Ok(python::program(action, &with_agent(action, body))),
    };
    // The program's agent may be incomplete.
    let is_of_request = |violation: &Violation| !violation.path.starts_with("Agent");
    match structural_violations(body, action.request).into_iter().find(is_of_request) {
        Some(violation) => Err(SnippetError::Violation(violation)),
        None => rust::program(action, &mut body.clone(), driver).map_err(SnippetError::Generation),
    }
}

/// Adds the placeholder of an agent if the action requires one and the body has none.
fn with_agent(action: &ActionMeta, body: &Value) -> Value {
    let mut body = body.clone();
    if let (Some(field), Value::Object(fields)) = (action.request.field("Agent"), &mut body)
        && matches!(field.ty, JsonType::Object(_))
        && field.required
        && !fields.contains_key("Agent")
        && let Some(agent) = skeleton(action.request).get_mut("Agent")
    {
        fields.insert("Agent".to_owned(), agent.take());
    }
    body
}
