use core::fmt;
use std::error::Error;
use std::sync::Arc;

/// The error of a handler, after which the response is 503.
///
/// [`handle_once`](crate::handle_once) returns it in its [`Outcome`](crate::Outcome), and `CallbackService` puts it into
/// the extensions of the response, so that a middleware can log it. `Display` is a constant;
/// [`source`](Error::source) returns the handler's own error.
///
/// ```
/// use std::error::Error as _;
/// use essbasic_callback::HandlerError;
///
/// fn log(response: &http::Response<String>) {
///     if let Some(error) = response.extensions().get::<HandlerError>() {
///         eprintln!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default());
///     }
/// }
/// # let mut response = http::Response::new(String::new());
/// # response.extensions_mut().insert(HandlerError::new("the queue is full"));
/// # log(&response);
/// ```
#[derive(Clone)]
pub struct HandlerError(Arc<dyn Error + Send + Sync>);

impl HandlerError {
    /// Returns the error with this cause. If the cause is a `HandlerError`, it is returned as it is.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match cause.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(cause) => Self(Arc::from(cause)),
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler failed, and the message is not acknowledged")
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HandlerError").field(&self.0).finish()
    }
}

impl Error for HandlerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
