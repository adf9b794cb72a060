//! Classification of hyper's errors, direct or wrapped by reqwest.

use std::error::Error as StdError;
use std::io;

use crate::TransportErrorKind as Kind;

/// Returns the causes of an error, outermost first, including those that `io::Error` wraps.
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

/// Returns the message of the innermost cause.
pub(crate) fn last_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Returns the kind of a failure after the connection was established.
pub(crate) fn exchange_kind(error: &(dyn StdError + 'static)) -> Kind {
    #[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
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
