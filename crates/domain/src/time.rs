//! Instants. Calendar arithmetic is here too, so that months are counted the same way in every part.

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00 UTC, as both databases keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct At(pub i64);

impl At {
    /// Microseconds in one second.
    pub const SECOND: i64 = 1_000_000;
    /// Microseconds in one minute.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// Microseconds in one hour.
    pub const HOUR: i64 = 60 * Self::MINUTE;
    /// Microseconds in one day.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// This instant moved by `micros` (negative: back), staying at the ends of the range instead of overflowing.
    #[must_use]
    pub fn plus(self, micros: i64) -> At {
        At(self.0.saturating_add(micros))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// The calendar day (year, month 1-12, day 1-31) of this instant read as a UTC wall clock.
    ///
    /// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    pub fn civil(self) -> (i64, u8, u8) {
        let days = self.0.div_euclid(Self::DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month as u8, day as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_days_of_known_instants() {
        assert_eq!(At(0).civil(), (1970, 1, 1));
        assert_eq!(At(-1).civil(), (1969, 12, 31));
        assert_eq!(At(1_709_164_800 * At::SECOND).civil(), (2024, 2, 29));
        assert_eq!(At(4_107_542_400 * At::SECOND).civil(), (2100, 3, 1));
    }
}
