//! Methods that the async and the blocking client have in common.

/// Implements the common methods for `Client`.
///
/// `async`, `await`, `send` and `sync` are the tokens that only the async client has, and empty for the blocking
/// client.
macro_rules! client_methods {
    (
        transport: $transport:ident,
        body: $body:ident,
        timer: $timer:ident,
        check_limiter: $check_limiter:ident,
        async: [$($async:tt)?],
        await: [$($await:tt)*],
        send: [$($send:tt)*],
        sync: [$($sync:tt)*],
        call_bounds: [$($call_bounds:tt)*],
        stream_bounds: [$($stream_bounds:tt)*],
    ) => {
        impl Client {
            /// Creates a client over another transport, such as a closure from [`Request`] to [`Response`].
            ///
            /// # Errors
            /// Returns an [`Error`] of kind `Request` if the region cannot be a header. Returns one of kind `Config` if the
            /// configuration has a rate limiter only for the other client, which this one would not use.
            pub fn with_transport(
                config: Config,
                transport: impl $transport + 'static,
            ) -> Result<Self, Error> {
                config.$check_limiter()?;
                Ok(Self {
                    engine: Arc::new(Engine::new(config)?),
                    options: Arc::default(),
                    transport: Arc::new(transport),
                })
            }

            /// Returns a client for another region, which shares connections, credentials and the rate limit with this one.
            ///
            /// # Errors
            /// Returns an [`Error`] of kind `Request` if the region cannot be a header.
            pub fn with_region(&self, region: impl Into<String>) -> Result<Self, Error> {
                let engine = Arc::new(self.engine.with_region(region.into())?);
                let mut client = Self { engine, ..self.clone() };
                if client.options.region.is_some() {
                    Arc::make_mut(&mut client.options).region = None;
                }
                Ok(client)
            }

            /// Returns a client whose calls have other options, which replace those of this client. It shares connections,
            /// credentials and the rate limit with this one.
            ///
            /// [`CallOptions`] has an example. To change only some options, start with a clone of [`options`](Self::options).
            #[must_use]
            pub fn with_options(&self, options: CallOptions) -> Self {
                Self { options: Arc::new(options), ..self.clone() }
            }

            /// Returns the options of the calls of this client.
            pub fn options(&self) -> &CallOptions {
                &self.options
            }

            /// Makes a typed call.
            ///
            /// # Errors
            /// Returns an [`Error`] if the call failed. Its predicates distinguish the causes.
            pub $($async)? fn call<R>(&self, request: &R) -> Result<R::Response, Error>
            where
                $($call_bounds)*
            {
                self.call_as(R::INFO, request.encode(), R::decode)$($await)*
            }

            /// Makes a typed call that ends early after a [`Stop`]. Returns `None` if it was cancelled.
            ///
            /// After the stop no attempt starts, and every wait ends. A request in flight of an idempotent action is
            /// dropped after [`Stop::GRACE`]; any other one is completed, unless it is still connecting. A cancelled
            /// call of an action that is not idempotent was not executed.
            ///
            /// # Errors
            /// Returns the errors of [`call`](Self::call). Returns the error of the last attempt if an action that is not
            /// idempotent by its metadata may have been executed, and was to be retried by
            /// [`CallOptions::with_idempotent`].
            pub $($async)? fn call_cancellable<R>(
                &self,
                request: &R,
                stop: &Stop,
            ) -> Result<Option<R::Response>, Error>
            where
                $($call_bounds)*
            {
                self.call_until(R::INFO, request.encode(), R::decode, Some(stop))$($await)*
            }

            /// Makes a typed call whose response may be a stream of events. Returns it once its headers have been received.
            ///
            /// Retries are those of [`call`](Self::call), and end with the headers. So does the timeout; then each wait
            /// for data is limited by [`read_timeout`](tc3_transport::TransportConfig::read_timeout). An event is limited to
            /// [`Config::with_max_response_bytes`]. A response that is not a stream is one item.
            ///
            /// The call ends with its stream: then its span ends and observers are called. Dropping the stream before
            /// cancels the call.
            ///
            /// # Errors
            /// Returns an [`Error`] if the call failed before a stream began. The stream has the errors after that.
            pub $($async)? fn call_stream<R>(
                &self,
                request: &R,
            ) -> Result<EventStream<R::Item>, Error>
            where
                $($stream_bounds)*
            {
                self.open(R::INFO, R::STREAM, request.encode(), R::decode_event)$($await)*
            }

            /// Makes an untyped call. The body is any serde type. Returns the content of `Response`.
            ///
            /// A [`Value`](serde_json::Value) sorts the keys of an object and rounds numbers to 64 bits. To keep
            /// key order and digits, use `RawValue` of serde_json with [`call_json_as`](Self::call_json_as).
            ///
            /// # Errors
            /// Returns an [`Error`] of kind `Request`, before anything is sent, if the body cannot be encoded as
            /// JSON: a float is NaN or infinite, or an object has a duplicate key. Returns an [`Error`] if the
            /// call failed.
            #[cfg(feature = "serde")]
            pub $($async)? fn call_json<B>(
                &self,
                info: ActionInfo<'_>,
                body: &B,
            ) -> Result<serde_json::Value, Error>
            where
                B: serde::Serialize + ?Sized $($sync)*,
            {
                self.call_json_as(info, body)$($await)*
            }

            /// Makes an untyped call. The body and the content of `Response` are any serde types.
            ///
            /// The [crate documentation](crate#untyped-calls) has an example.
            ///
            /// # Errors
            /// Returns the errors of [`call_json`](Self::call_json).
            #[cfg(feature = "serde")]
            pub $($async)? fn call_json_as<T, B>(
                &self,
                info: ActionInfo<'_>,
                body: &B,
            ) -> Result<T, Error>
            where
                T: serde::de::DeserializeOwned $($send)*,
                B: serde::Serialize + ?Sized $($sync)*,
            {
                let body = json::encode_by_serde(body);
                self.call_as(info, body, tc3_api::Envelope::deserialize)$($await)*
            }

            /// Makes an untyped call that ends early after a [`Stop`], as [`call_cancellable`](Self::call_cancellable).
            /// Returns `None` if it was cancelled.
            ///
            /// # Errors
            /// Returns the errors of [`call_json`](Self::call_json).
            #[cfg(feature = "serde")]
            pub $($async)? fn call_json_cancellable<T, B>(
                &self,
                info: ActionInfo<'_>,
                body: &B,
                stop: &Stop,
            ) -> Result<Option<T>, Error>
            where
                T: serde::de::DeserializeOwned $($send)*,
                B: serde::Serialize + ?Sized $($sync)*,
            {
                let body = json::encode_by_serde(body);
                self.call_until(info, body, tc3_api::Envelope::deserialize, Some(stop))$($await)*
            }

            /// Returns the signed request of a call without sending it.
            ///
            /// # Errors
            /// Returns an [`Error`] if there is no credential or the body cannot be encoded.
            #[cfg(feature = "serde")]
            pub $($async)? fn preview<B>(
                &self,
                info: ActionInfo<'_>,
                body: &B,
            ) -> Result<Request, Error>
            where
                B: serde::Serialize + ?Sized $($sync)*,
            {
                let body = self.engine.body(&info, json::encode_by_serde(body))?;
                let call = Call::new(&self.engine, &self.options, info, body, self.now())?;
                let credential = match call.is_signed() {
                    true => Some(self.credential_before(call.deadline(), Wanted::Current)$($await)*?),
                    false => None,
                };
                call.preview(self.now(), credential)
            }

            /// Fetches a new credential from the source, for example after a rotation of keys.
            ///
            /// All clients whose configurations are clones of one use it from now on. Concurrent refreshes share one fetch, but
            /// none that has started before. There is no need to call this for credentials that have an expiry or that the
            /// service has rejected.
            ///
            /// # Errors
            /// Returns an [`Error`] if the fetch failed or exceeded the [timeout of a call](Config::with_timeout). The
            /// current credential then remains in use.
            pub $($async)? fn refresh_credential(&self) -> Result<(), Error> {
                let timeout = self.engine.config.timeout;
                let deadline = timeout.map(|timeout| self.now().monotonic.saturating_add(timeout));
                self.credential_before(deadline, Wanted::New)$($await)*.map(drop)
            }

            $($async)? fn call_as<T: Sized $($send)*>(
                &self,
                info: ActionInfo<'_>,
                body: Result<Vec<u8>, json::Error>,
                decode: Decode<T>,
            ) -> Result<T, Error> {
                let value = self.call_until(info, body, decode, None)$($await)*?;
                response::decoded(&info, value)
            }

            /// Returns the endpoint of the configuration.
            pub fn endpoint(&self) -> &Endpoint {
                &self.engine.config.endpoint
            }

            /// Sends an arbitrary request over the transport of the client, such as a download: once, unsigned and
            /// unchanged. A response of any HTTP status is a success.
            ///
            /// # Errors
            /// Returns a [`TransportError`] if the exchange failed.
            pub $($async)? fn send(
                &self,
                request: Request,
            ) -> Result<Response<$body>, TransportError> {
                self.transport.send(request)$($await)*
            }

            /// Sends a request as [`send`](Self::send), unless it is cancelled. Returns `None` if it was not completed within
            /// [`Stop::GRACE`] after the stop. Reading the body then fails with
            /// [`Interrupted`](tc3_transport::TransportErrorKind::Interrupted).
            ///
            /// # Errors
            /// Returns a [`TransportError`] if the exchange failed.
            pub $($async)? fn send_cancellable(
                &self,
                request: Request,
                stop: &Stop,
            ) -> Result<Option<Response<$body>>, TransportError> {
                if stop.is_stopped() {
                    return Ok(None);
                }
                self.send_until(request, stop)$($await)*.transpose()
            }

            /// Returns the current time of the client's clock.
            pub fn now(&self) -> Now {
                self.engine.config.clock.now()
            }

            /// Sleeps on the client's timer.
            pub $($async)? fn sleep(&self, time: Duration) {
                self.engine.config.$timer.sleep(time)$($await)*;
            }
        }

        impl core::fmt::Debug for Client {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct("Client").field("config", &self.engine.config).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use client_methods;
