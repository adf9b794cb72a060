//! Ids as the service makes them.

/// As long as the service's ids are.
const LENGTH: usize = 32;

/// A new id of 32 letters and digits.
pub(crate) fn random() -> String {
    drawn("yD", &mut fastrand::Rng::new())
}

/// An id that belongs to another: the same in every run, so that nobody need store it.
pub(crate) fn derived(owner: &str, what: u64) -> String {
    drawn("yDEmu", &mut fastrand::Rng::with_seed(mixed(owner, what)))
}

fn drawn(prefix: &str, random: &mut fastrand::Rng) -> String {
    let drawn = core::iter::repeat_with(|| random.alphanumeric());
    prefix.chars().chain(drawn).take(LENGTH).collect()
}

/// A number that text and number decide, the same in every run.
pub(crate) fn mixed(text: &str, number: u64) -> u64 {
    text.bytes().fold(number, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A random UUID.
pub(crate) fn request() -> String {
    let random = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    let part = |range: core::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_services_form_and_derived_ones_stay() {
        for id in [random(), derived("f", 1)] {
            assert_eq!(id.len(), LENGTH);
            assert!(id.starts_with("yD") && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert_ne!(random(), random());
        assert_eq!(derived("f", 1), derived("f", 1));
        assert_ne!(derived("f", 1), derived("f", 2));
        assert_ne!(derived("f", 1), derived("g", 1));
    }
}
