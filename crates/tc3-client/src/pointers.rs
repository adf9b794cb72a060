//! Implementations of the traits of this crate for pointers.

use std::error::Error;
use std::sync::Arc;

use tc3_api::ActionInfo;

use crate::credentials::{CredentialFetch, CredentialSource};
use crate::encapsulation::Encapsulation;
use crate::interceptor::{Interceptor, RawResponse, UnsignedRequest};
#[cfg(any(feature = "async-core", feature = "ureq"))]
use crate::limiter::{Permit, PermitRequest};
use crate::observer::{AttemptEvent, CallEvent, Observer};
use crate::time::{Clock, Now};

macro_rules! forward {
    ($pointer:ty) => {
        impl<T: Clock + ?Sized> Clock for $pointer {
            fn now(&self) -> Now {
                (**self).now()
            }
        }

        #[cfg(feature = "ureq")]
        impl<T: crate::BlockingSleep + ?Sized> crate::BlockingSleep for $pointer {
            fn sleep(&self, time: std::time::Duration) {
                (**self).sleep(time);
            }
        }

        #[cfg(feature = "async-core")]
        #[async_trait::async_trait]
        impl<T: crate::AsyncSleep + ?Sized> crate::AsyncSleep for $pointer {
            async fn sleep(&self, time: std::time::Duration) {
                (**self).sleep(time).await;
            }

            fn is_real_time(&self) -> bool {
                (**self).is_real_time()
            }
        }

        #[cfg(feature = "ureq")]
        impl<T: crate::BlockingRateLimiter + ?Sized> crate::BlockingRateLimiter for $pointer {
            fn reserve(
                &self,
                request: &PermitRequest<'_>,
            ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
                (**self).reserve(request)
            }

            fn confirm(
                &self,
                request: &PermitRequest<'_>,
                permit: &Permit,
            ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
                (**self).confirm(request, permit)
            }

            fn release(&self, permit: &Permit) {
                (**self).release(permit);
            }
        }

        #[cfg(feature = "async-core")]
        #[async_trait::async_trait]
        impl<T: crate::AsyncRateLimiter + ?Sized> crate::AsyncRateLimiter for $pointer {
            async fn reserve(
                &self,
                request: &PermitRequest<'_>,
            ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
                (**self).reserve(request).await
            }

            async fn confirm(
                &self,
                request: &PermitRequest<'_>,
                permit: &Permit,
            ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
                (**self).confirm(request, permit).await
            }

            fn release(&self, permit: &Permit) {
                (**self).release(permit);
            }
        }

        impl<T: Encapsulation + ?Sized> Encapsulation for $pointer {
            fn outer_action(&self) -> ActionInfo<'static> {
                (**self).outer_action()
            }

            fn seal(
                &self,
                action: &str,
                body: &[u8],
            ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
                (**self).seal(action, body)
            }

            fn open(
                &self,
                response: &[u8],
            ) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
                (**self).open(response)
            }
        }

        impl<T: Interceptor + ?Sized> Interceptor for $pointer {
            fn before_signing(
                &self,
                request: &mut UnsignedRequest<'_>,
            ) -> Result<(), Box<dyn Error + Send + Sync>> {
                (**self).before_signing(request)
            }

            fn before_decoding(
                &self,
                response: &mut RawResponse<'_>,
            ) -> Result<(), Box<dyn Error + Send + Sync>> {
                (**self).before_decoding(response)
            }
        }

        impl<T: Observer + ?Sized> Observer for $pointer {
            fn on_attempt(&self, attempt: &AttemptEvent<'_>) {
                (**self).on_attempt(attempt);
            }

            fn on_call(&self, call: &CallEvent<'_>) {
                (**self).on_call(call);
            }
        }
    };
}

macro_rules! forward_source {
    ($pointer:ty) => {
        impl<T: CredentialSource + ?Sized> CredentialSource for $pointer {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn hint(&self) -> &str {
                (**self).hint()
            }

            fn fetch(&self) -> Box<dyn CredentialFetch> {
                (**self).fetch()
            }
        }
    };
}

forward!(Arc<T>);
forward!(Box<T>);
forward!(&T);
forward_source!(Arc<T>);
forward_source!(Box<T>);
forward_source!(&'static T);

#[cfg(all(test, feature = "async-core"))]
mod tests {
    use super::*;
    use crate::{AsyncSleep, SystemSleep};

    /// Methods with a default are forwarded too: a lost one would disable timeouts. The timer of the system is in real
    /// time within a runtime only.
    #[tokio::test]
    async fn a_pointer_has_the_properties_of_its_target() {
        fn is_real_time(sleep: impl AsyncSleep) -> bool {
            sleep.is_real_time()
        }
        let shared: Arc<dyn AsyncSleep> = Arc::new(SystemSleep);
        let borrowed: &dyn AsyncSleep = &SystemSleep;
        assert!(is_real_time(SystemSleep) && is_real_time(borrowed));
        assert!(is_real_time(Box::new(SystemSleep)) && is_real_time(shared));

        let hint = |source: &dyn CredentialSource| source.hint().to_owned();
        let source: Arc<dyn CredentialSource> = Arc::new(crate::credentials::Environment::new());
        assert_eq!(hint(&source), hint(&*source));
        assert!(!hint(&source).is_empty());
    }
}
