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
    let (high, low) = ((random >> 64) as u64, random as u64);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
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
        let request = request();
        let lengths: Vec<usize> = request.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{request}");
        assert_eq!(request.get(14..15), Some("4"), "{request}");
        assert_eq!(derived("f", 1), derived("f", 1));
        assert_ne!(derived("f", 1), derived("f", 2));
        assert_ne!(derived("f", 1), derived("g", 1));
    }
}
