//! IDs in the format of the service.

/// Length of the ids, in characters.
const LENGTH: usize = 32;

/// Returns a random id of letters and digits.
pub(crate) fn random() -> String {
    generate("yD", &mut fastrand::Rng::new())
}

/// Returns the id that is derived from another id and a number. It is the same in every run, so that it need not
/// be stored.
pub(crate) fn derived(owner: &str, number: u64) -> String {
    generate("yDEmu", &mut fastrand::Rng::with_seed(hash(owner, number)))
}

fn generate(prefix: &str, random: &mut fastrand::Rng) -> String {
    let characters = core::iter::repeat_with(|| random.alphanumeric());
    prefix.chars().chain(characters).take(LENGTH).collect()
}

/// Returns a hash of a string and a number that is the same in every run.
pub(crate) fn hash(text: &str, number: u64) -> u64 {
    text.bytes().fold(number, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns a random UUID, the format of a `RequestId`.
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
    fn ids_have_the_format_of_the_service_and_derived_ids_are_stable() {
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
