//! Links: they carry all that serving them needs, under a key that cannot be guessed, so that a hundred
//! thousand of them take no memory.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// How long a link to a file lives.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// Makes and checks the keys of links; another process knows none of them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    secret: RandomState,
}

/// What a link leads to, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target<'a> {
    /// A contract's file. Its links' number says how many signatures the file shows: what had been
    /// composed when the link was asked for.
    Flow(&'a str),
    /// An uploaded file.
    Upload(&'a str),
    /// The signing of a contract. The number is the party's, from 1; 0 is to look only.
    Signing(&'a str),
}

/// Why a link does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Expired,
    WrongKey,
}

impl<'a> Target<'a> {
    /// What stands at this path.
    pub(crate) fn at(path: &'a str) -> Option<Self> {
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
    /// Path and query of a new link that holds for so long.
    pub(crate) fn make(
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

    /// Checks a link's query, and gives its number.
    pub(crate) fn check(
        &self,
        target: Target<'_>,
        query: &str,
        now: Duration,
    ) -> Result<usize, Refused> {
        let key = query.strip_prefix("hkey=").ok_or(Refused::WrongKey)?;
        let mut parts = key.split('-').map(|part| u64::from_str_radix(part, 16));
        let (Some(Ok(expires)), Some(Ok(number)), Some(Ok(mac)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::WrongKey);
        };
        let number = usize::try_from(number).map_err(|_| Refused::WrongKey)?;
        if self.mac(target, number, expires) != mac {
            return Err(Refused::WrongKey);
        }
        if now.as_millis() >= u128::from(expires) {
            return Err(Refused::Expired);
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
    fn a_link_opens_its_own_file_for_five_minutes() {
        let links = Links::default();
        let now = Duration::from_secs(1000);
        let flow = Target::Flow("flow");
        let link = links.make(flow, 2, LIFETIME, now);
        let (path, query) = link.split_once('?').unwrap();
        assert_eq!(Target::at(path), Some(flow));
        assert_eq!(links.check(flow, query, now), Ok(2));
        let end = now + LIFETIME;
        assert!(links.check(flow, query, end - Duration::from_millis(1)).is_ok());
        assert_eq!(links.check(flow, query, end), Err(Refused::Expired));
        let wrong = Err(Refused::WrongKey);
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
    fn a_path_leads_to_one_thing_or_nothing() {
        for target in [Target::Upload("id"), Target::Signing("id")] {
            assert_eq!(Target::at(&target.path()), Some(target));
        }
        for none in ["/", "/file/FLOW/a/b/0/0.PDF", "/file/FLOW/a", "/sign/a/b", "/other"] {
            assert_eq!(Target::at(none), None, "{none}");
        }
    }
}
