//! Resolvers: of public addresses only, and of an address to connect to.

use std::sync::Arc;

use http::Uri;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::only_public;
use crate::route::{Route, bare_host, port};
use crate::{TransportError, TransportErrorKind as Kind};

/// Resolver of the system that returns only public addresses.
pub(super) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(only_public(found)?.into_iter()) as Addrs)
        })
    }
}

/// Resolver that returns one address, with its port, for every name.
pub(super) struct AddressResolver {
    host: Arc<str>,
    port: u16,
    public_only: bool,
}

impl AddressResolver {
    pub(super) fn new(address: &Uri, public_only: bool) -> Self {
        Self { host: bare_host(address).into(), port: port(address), public_only }
    }
}

impl Resolve for AddressResolver {
    fn resolve(&self, _: Name) -> Resolving {
        let (host, port, public_only) = (Arc::clone(&self.host), self.port, self.public_only);
        Box::pin(async move {
            let found = tokio::net::lookup_host((&*host, port)).await?;
            let found: Vec<_> = if public_only { only_public(found)? } else { found.collect() };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Rejects a host with an address that is not public, for a client with another resolver.
///
/// A name that does not resolve here is accepted: a proxy may resolve it.
pub(super) async fn check(route: &Route) -> Result<(), TransportError> {
    let target = route.dialed();
    let Ok(found) = tokio::net::lookup_host((bare_host(target), port(target))).await else {
        return Ok(());
    };
    for address in found {
        only_public([address].into_iter()).map_err(|why| route.error(Kind::NotPublic, why))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `localhost` represents a public name that resolves to this machine.
    #[tokio::test]
    async fn a_name_with_an_address_that_is_not_public_is_refused() {
        let route = |uri: &str| Route { target: uri.parse().unwrap(), address: None, proxy: None };
        let error = check(&route("http://localhost:1/?linkkey")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotPublic, "{error}");
        assert!(!error.to_string().contains("linkkey"));
        check(&route("https://8.8.8.8/")).await.unwrap();
        check(&route("https://name.invalid/")).await.unwrap();
    }
}
