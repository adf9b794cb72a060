//! Links to files and signing pages.
//!
//! Links are self-contained and take no memory: the query contains all parameters and a keyed hash of them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// Lifetime of a link to a file.
pub(crate) const FILE_LINK_LIFETIME: Duration = Duration::from_secs(300);

/// Creates and checks links. The secret is random for each emulator.
#[derive(Debug, Default)]
pub(crate) struct Links {
    secret: RandomState,
}

/// Target of a link, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target<'a> {
    /// File of a contract. The number of the link is the number of signatures in the file at the time of the
    /// request.
    Flow(&'a str),
    /// Uploaded file. The number of the link is zero.
    Upload(&'a str),
    /// Signing page of a contract. The number of the link is that of the party, from 1, or 0 for a preview.
    Signing(&'a str),
}

/// Reason why a link is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkError {
    Expired,
    WrongKey,
}

impl<'a> Target<'a> {
    /// Parses the path of a link.
    pub(crate) fn from_path(path: &'a str) -> Option<Self> {
        let file = |folder| path.strip_prefix(folder)?.strip_suffix("/0/0.PDF");
        let flow = file("/file/FLOW/").map(Self::Flow);
        let upload = || file("/file/RESOURCE/").map(Self::Upload);
        let signing = || path.strip_prefix("/sign/").map(Self::Signing);
        flow.or_else(upload).or_else(signing).filter(|target| !target.id().contains('/'))
    }

    fn id(self) -> &'a str {
        let (Self::Flow(id) | Self::Upload(id) | Self::Signing(id)) = self;
        id
    }

    fn path(self) -> String {
        match self {
            Self::Flow(id) => format!("/file/FLOW/{id}/0/0.PDF"),
            Self::Upload(id) => format!("/file/RESOURCE/{id}/0/0.PDF"),
            Self::Signing(id) => format!("/sign/{id}"),
        }
    }
}

impl Links {
    /// Returns the path and query of a new link with this lifetime.
    pub(crate) fn create(
        &self,
        target: Target<'_>,
        number: usize,
        lifetime: Duration,
        now: Duration,
    ) -> String {
        let expires = now.saturating_add(lifetime).as_millis() as u64;
        let mac = self.mac(target, number, expires);
        format!("{}?hkey={expires:x}-{number:x}-{mac:016x}", target.path())
    }

    /// Checks the query of a link, and returns the number of the link.
    pub(crate) fn check(
        &self,
        target: Target<'_>,
        query: &str,
        now: Duration,
    ) -> Result<usize, LinkError> {
        let key = query.strip_prefix("hkey=").ok_or(LinkError::WrongKey)?;
        let mut parts = key.split('-').map(|part| u64::from_str_radix(part, 16));
        let (Some(Ok(expires)), Some(Ok(number)), Some(Ok(mac)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(LinkError::WrongKey);
        };
        let number = usize::try_from(number).map_err(|_| LinkError::WrongKey)?;
        if self.mac(target, number, expires) != mac {
            return Err(LinkError::WrongKey);
        }
        if now.as_millis() >= u128::from(expires) {
            return Err(LinkError::Expired);
        }
        Ok(number)
    }

    fn mac(&self, target: Target<'_>, number: usize, expires: u64) -> u64 {
        self.secret.hash_one((target, number, expires))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_valid_for_one_target_and_five_minutes() {
        let links = Links::default();
        let now = Duration::from_secs(1000);
        let flow = Target::Flow("flow");
        let link = links.create(flow, 2, FILE_LINK_LIFETIME, now);
        let (path, query) = link.split_once('?').unwrap();
        assert_eq!(Target::from_path(path), Some(flow));
        assert_eq!(links.check(flow, query, now), Ok(2));
        let end = now + FILE_LINK_LIFETIME;
        assert!(links.check(flow, query, end - Duration::from_millis(1)).is_ok());
        assert_eq!(links.check(flow, query, end), Err(LinkError::Expired));
        let wrong = Err(LinkError::WrongKey);
        for other in [Target::Flow("other"), Target::Upload("flow"), Target::Signing("flow")] {
            assert_eq!(links.check(other, query, now), wrong);
        }
        assert_eq!(links.check(flow, &query.replace("-2-", "-3-"), now), wrong);
        for bad in ["", "hkey=", "hkey=1-2", "hkey=1-2-3-4", "hkey=x-y-z", "hkey=1--2-3"] {
            assert_eq!(links.check(flow, bad, now), wrong, "{bad}");
        }
        assert_eq!(Links::default().check(flow, query, now), wrong);
    }

    #[test]
    fn parses_paths_of_links_only() {
        for target in [Target::Upload("id"), Target::Signing("id")] {
            assert_eq!(Target::from_path(&target.path()), Some(target));
        }
        for none in ["/", "/file/FLOW/a/b/0/0.PDF", "/file/FLOW/a", "/sign/a/b", "/other"] {
            assert_eq!(Target::from_path(none), None, "{none}");
        }
    }
}
