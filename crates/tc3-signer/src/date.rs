use core::fmt;

/// UTC date of a signature, written as `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date([u8; 10]);

impl Date {
    /// Returns the UTC date of a Unix timestamp in seconds; `None` after the year 9999.
    pub fn of(timestamp: u64) -> Option<Self> {
        let (year, month, day) = civil(timestamp / 86_400)?;
        let digit = |value: u64, unit: u64| b'0' + ((value / unit) % 10) as u8;
        Some(Self([
            digit(year, 1000),
            digit(year, 100),
            digit(year, 10),
            digit(year, 1),
            b'-',
            digit(month, 10),
            digit(month, 1),
            b'-',
            digit(day, 10),
            digit(day, 1),
        ]))
    }

    /// Returns the date as a string.
    pub fn as_str(&self) -> &str {
        // Digits and hyphens only, by construction.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Converts days since 1970-01-01 to (year, month, day). It counts from 0000-03-01, so that the leap day is the
/// last day of a year.
fn civil(days: u64) -> Option<(u64, u64, u64)> {
    const LAST_DAY_OF_9999: u64 = 2_932_896;
    if days > LAST_DAY_OF_9999 {
        return None;
    }
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Some((era * 400 + year_of_era + u64::from(month <= 2), month, day))
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(timestamp: u64) -> String {
        Date::of(timestamp).unwrap().to_string()
    }

    #[test]
    fn dates_of_known_timestamps() {
        assert_eq!(of(0), "1970-01-01");
        assert_eq!(of(1_551_113_065), "2019-02-25");
        assert_eq!(of(951_782_399), "2000-02-28");
        assert_eq!(of(951_782_400), "2000-02-29");
        assert_eq!(of(951_868_800), "2000-03-01");
        assert_eq!(of(4_107_456_000), "2100-02-28");
        assert_eq!(of(4_107_542_400), "2100-03-01");
        assert_eq!(of(253_402_300_799), "9999-12-31");
        assert_eq!(Date::of(253_402_300_800), None);
        assert_eq!(Date::of(u64::MAX), None);
    }

    #[test]
    fn dates_increase_up_to_the_year_9999() {
        let mut previous = String::new();
        for day in 0..=2_932_896_u64 {
            let text = of(day * 86_400);
            assert!(text > previous, "{previous} then {text}");
            previous = text;
        }
        assert_eq!(previous, "9999-12-31");
    }
}
