//! Download links: they carry all that serving the file needs, under a key that cannot be guessed, so
//! that a hundred thousand of them take no memory.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// How long a link lives.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// Makes and checks the keys of links; another process knows none of them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    secret: RandomState,
}

/// What a link that holds gives access to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grant {
    /// How many signatures the file shows: what had been composed when the link was asked for.
    pub(crate) signatures: usize,
}

/// Why a link does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Expired,
    WrongKey,
}

impl Links {
    /// Path and query of a new link.
    pub(crate) fn make(&self, flow: &str, signatures: usize, now: Duration) -> String {
        let expires = now.saturating_add(LIFETIME).as_millis() as u64;
        let mac = self.mac(flow, signatures, expires);
        format!("/file/FLOW/{flow}/0/0.PDF?hkey={expires:x}-{signatures:x}-{mac:016x}")
    }

    /// Checks a link's query for the file of a flow.
    pub(crate) fn check(&self, flow: &str, query: &str, now: Duration) -> Result<Grant, Refused> {
        let key = query.strip_prefix("hkey=").ok_or(Refused::WrongKey)?;
        let mut parts = key.split('-').map(|part| u64::from_str_radix(part, 16));
        let (Some(Ok(expires)), Some(Ok(signatures)), Some(Ok(mac)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::WrongKey);
        };
        let signatures = usize::try_from(signatures).map_err(|_| Refused::WrongKey)?;
        if self.mac(flow, signatures, expires) != mac {
            return Err(Refused::WrongKey);
        }
        if now.as_millis() >= u128::from(expires) {
            return Err(Refused::Expired);
        }
        Ok(Grant { signatures })
    }

    fn mac(&self, flow: &str, signatures: usize, expires: u64) -> u64 {
        self.secret.hash_one((flow, signatures, expires))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_its_own_file_for_five_minutes() {
        let links = Links::default();
        let now = Duration::from_secs(1000);
        let link = links.make("flow", 2, now);
        let query = link.split_once('?').unwrap().1;
        assert_eq!(links.check("flow", query, now), Ok(Grant { signatures: 2 }));
        let end = now + LIFETIME;
        assert!(links.check("flow", query, end - Duration::from_millis(1)).is_ok());
        assert_eq!(links.check("flow", query, end), Err(Refused::Expired));
        assert_eq!(links.check("other", query, now), Err(Refused::WrongKey));
        assert_eq!(links.check("flow", &query.replace("-2-", "-3-"), now), Err(Refused::WrongKey));
        for bad in ["", "hkey=", "hkey=1-2", "hkey=1-2-3-4", "hkey=x-y-z", "hkey=1--2-3"] {
            assert_eq!(links.check("flow", bad, now), Err(Refused::WrongKey), "{bad}");
        }
        assert_eq!(Links::default().check("flow", query, now), Err(Refused::WrongKey));
    }
}
