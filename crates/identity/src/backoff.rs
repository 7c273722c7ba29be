//! How long sign-in waits after failures: arithmetic only; who counts, and for which account or address, is `vault`'s.

use domain::At;

/// An exponential delay that begins after a number of free tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Failures that cost nothing: people mistype.
    pub free: u32,
    /// The first delay, in microseconds; it doubles with each further failure.
    pub first: i64,
    /// The longest delay, in microseconds.
    pub cap: i64,
}

impl Default for Backoff {
    /// One second at the fifth failure, doubling up to 15 minutes: at most about 100 guesses a day for one account
    /// (OWASP ASVS 5.0, 6.1.1 asks for a bound; 6.3.1 forbids a lasting lock, which would shut the owner out).
    fn default() -> Self {
        Self {
            free: 4,
            first: At::SECOND,
            cap: 15 * At::MINUTE,
        }
    }
}

impl Backoff {
    /// Microseconds that must pass after the latest of `failures` consecutive failures before the next try is looked at.
    pub fn delay(&self, failures: u32) -> i64 {
        let Some(doublings) = failures.checked_sub(self.free + 1) else {
            return 0;
        };
        let factor = 1_i64.checked_shl(doublings.min(62)).unwrap_or(i64::MAX);
        self.first.saturating_mul(factor).min(self.cap)
    }

    /// Microseconds still to wait at `now` when the latest failure was at `last`; 0 when a try is allowed.
    ///
    /// A clock that was set back never makes the wait longer than the delay itself.
    pub fn remaining(&self, failures: u32, last: At, now: At) -> i64 {
        let delay = self.delay(failures);
        last.plus(delay).0.saturating_sub(now.0).clamp(0, delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn four_free_then_doubling_up_to_the_cap() {
        let seconds = |failures| Backoff::default().delay(failures) / At::SECOND;
        assert_eq!(
            [0, 1, 4, 5, 6, 7, 14, 15, 1_000].map(seconds),
            [0, 0, 0, 1, 2, 4, 512, 900, 900]
        );
    }
    proptest! {
        #[test]
        fn the_wait_grows_and_stays_bounded(failures in 0_u32..u32::MAX, last: i64, now: i64) {
            let backoff = Backoff::default();
            prop_assert!(backoff.delay(failures) <= backoff.delay(failures + 1));
            prop_assert!((0..=backoff.cap).contains(&backoff.remaining(failures, At(last), At(now))));
        }
    }
}
