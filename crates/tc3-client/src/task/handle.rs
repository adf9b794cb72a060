//! Methods and handles of tasks, which the clients have in common.

/// Implements `start_task` for `Client`, and defines the handle `Task`.
///
/// `async` and `await` are the tokens that only the async client has. The client has a method `wait_task`.
#[doc(hidden)]
#[macro_export]
macro_rules! __task_handle {
    (
        error: $error:ty,
        async: [$($async:tt)?],
        await: [$($await:tt)*],
        start_bounds: [$($start_bounds:tt)*],
        wait_bounds: [$($wait_bounds:tt)*],
    ) => {
        impl Client {
            /// Starts a task, and returns its handle. The wait for its end is [`Task::wait`].
            ///
            /// # Errors
            /// Returns the errors of [`call`](Self::call).
            pub $($async)? fn start_task<R>(&self, request: &R) -> Result<Task<R>, $error>
            where
                $($start_bounds)*
            {
                let response = self.call(request)$($await)*?;
                let query = request.query(&response);
                Ok(Task { client: self.clone(), response, query })
            }
        }

        /// Handle of a started task, created by [`Client::start_task`].
        ///
        /// The task goes on if the handle is dropped. To wait for it in another process, store its [`query`](Self::query) and
        /// pass it to [`Client::wait_task`].
        pub struct Task<R: $crate::api::StartTask> {
            client: Client,
            response: R::Response,
            query: Option<R::Query>,
        }

        impl<R: $crate::api::StartTask> Task<R> {
            /// Returns the response to the request that started the task.
            pub fn response(&self) -> &R::Response {
                &self.response
            }

            /// Returns the request for the progress of the task, with its ID; `None` if the response has no ID, because the
            /// service has started no task.
            pub fn query(&self) -> Option<&R::Query> {
                self.query.as_ref()
            }

            /// Waits for the end of the task. It queries the task at once, then at growing intervals.
            ///
            /// # Errors
            /// Returns the errors of [`Client::wait_task`].
            pub $($async)? fn wait(
                &self,
                options: &$crate::TaskOptions,
            ) -> Result<$crate::TaskOutcome<<R::Query as $crate::api::Action>::Response>, $error>
            where
                $($wait_bounds)*
            {
                match &self.query {
                    Some(query) => self.client.wait_task(query, options)$($await)*,
                    None => Ok($crate::TaskOutcome::NotStarted),
                }
            }
        }

        impl<R: $crate::api::StartTask> core::fmt::Debug for Task<R> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let is_started = self.query.is_some();
                f.debug_struct("Task").field("is_started", &is_started).finish_non_exhaustive()
            }
        }
    };
}
