//! What hyper's errors mean, whether they come by way of reqwest or not.

use std::error::Error as StdError;
use std::io;

use crate::TransportErrorKind as Kind;

/// The causes of an error, outermost first, with those that `io::Error` wraps.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), move |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(move || error.source())
    })
}

pub(crate) fn find<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What lies deepest, in words.
pub(crate) fn last_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The kind of a failure after the connection stood.
pub(crate) fn answer_kind(error: &(dyn StdError + 'static)) -> Kind {
    if find::<rustls::Error>(error).is_some() {
        return Kind::Interrupted;
    }
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
        return Kind::Malformed;
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => Kind::Malformed,
        _ => Kind::Interrupted,
    }
}
