//! Names of the client in `User-Agent` and `X-TC-RequestClient`.

use tc3_transport::HeaderValue;

use crate::error::{Error, ErrorKind};

/// Name and version of this crate.
const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Maximum length of a name, in characters.
const MAX_CHARS: usize = 50;

/// Names of the client: of this crate, a library over it and the application.
#[derive(Clone)]
pub(crate) struct ClientName {
    library: Option<(String, String)>,
    app: Option<String>,
    /// `LIBRARY/1.0.0 tc3-client/1.0.0 app/NAME`.
    pub(crate) user_agent: HeaderValue,
    /// `LIBRARY_1.0.0; tc3-client_1.0.0; NAME`. The official SDKs accept letters, digits and `-_,;.` in this header, up to
    /// 128 characters.
    pub(crate) request_client: HeaderValue,
}

impl ClientName {
    pub(crate) fn new() -> Self {
        Self {
            library: None,
            app: None,
            user_agent: HeaderValue::from_static(concat!(
                env!("CARGO_PKG_NAME"),
                "/",
                env!("CARGO_PKG_VERSION")
            )),
            request_client: HeaderValue::from_static(concat!(
                env!("CARGO_PKG_NAME"),
                "_",
                env!("CARGO_PKG_VERSION")
            )),
        }
    }

    pub(crate) fn with_app(self, name: &str) -> Result<Self, Error> {
        check("application name", name)?;
        Self { app: Some(name.to_owned()), ..self }.update()
    }

    pub(crate) fn with_library(self, name: &str, version: &str) -> Result<Self, Error> {
        check("library name", name)?;
        check("library version", version)?;
        Self { library: Some((name.to_owned(), version.to_owned())), ..self }.update()
    }

    fn update(mut self) -> Result<Self, Error> {
        let names = |between: char, separator: &str, app: &str| {
            let library = self.library.iter();
            let library = library.map(|(name, version)| format!("{name}{between}{version}"));
            let own = format!("{NAME}{between}{VERSION}");
            let app = self.app.iter().map(|name| format!("{app}{name}"));
            let all: Vec<String> = library.chain([own]).chain(app).collect();
            crate::headers::header_value("name of the client", &all.join(separator))
        };
        let (user_agent, request_client) = (names('/', " ", "app/")?, names('_', "; ", "")?);
        self.user_agent = user_agent;
        self.request_client = request_client;
        Ok(self)
    }
}

fn check(what: &str, name: &str) -> Result<(), Error> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let cause = match name.chars().find(|c| !is_allowed(*c)) {
        _ if name.is_empty() => "it is empty".to_owned(),
        _ if name.chars().count() > MAX_CHARS => format!("it has more than {MAX_CHARS} characters"),
        Some(c) => format!("it contains {c:?}"),
        None => return Ok(()),
    };
    let advice = format!("use 1 to {MAX_CHARS} ASCII letters, digits, `-`, `_` and `.`");
    Err(Error::new(ErrorKind::Request, format!("invalid {what}: {cause}; {advice}")))
}
