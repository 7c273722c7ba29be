//! A sliding window counter: at most so many requests in any minute, for very many callers in little memory.

use domain::At;
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
};

/// The length of the window, in microseconds.
pub const WINDOW: i64 = At::MINUTE;
/// The number of independently locked parts.
const SHARDS: usize = 16;
/// The most callers that are remembered in one part (about 6 MB in all).
const MAX_KEYS: usize = 8_192;

/// Whether a request may pass, and what its caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// It may.
    pub allowed: bool,
    /// The quota per minute.
    pub quota: u32,
    /// How many more may pass at once.
    pub remaining: u32,
    /// Whole seconds until the present window is over.
    pub reset_seconds: u32,
    /// Whole seconds until one more may pass, when this one may not.
    pub retry_seconds: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    /// Number of the window that `current` counts.
    window: i64,
    current: u32,
    previous: u32,
}

impl Counter {
    fn moved_to(self, window: i64) -> Counter {
        match window - self.window {
            ..=0 => self, // a clock that was set back counts on
            1 => Counter {
                window,
                current: 0,
                previous: self.current,
            },
            _ => Counter {
                window,
                current: 0,
                previous: 0,
            },
        }
    }
}

/// Counters by key. The count of the last minute is estimated as all of the present window and the fitting share of the one
/// before; the estimate is exact for an even flow and never lets more than the quota through in one window.
pub struct Windows<K> {
    shards: [Mutex<HashMap<K, Counter>>; SHARDS],
    hasher: RandomState,
}

impl<K: Hash + Eq> Default for Windows<K> {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }
}

impl<K: Hash + Eq + Clone> Windows<K> {
    /// Counts one request against `quota` and decides it. A refused request is not counted.
    pub fn take(&self, key: &K, quota: u32, now: At) -> Decision {
        self.with(key, now, |counter, into_window| {
            let share = WINDOW - into_window;
            let earlier = i64::from(counter.previous) * share / WINDOW;
            let used = earlier + i64::from(counter.current);
            let allowed = used < i64::from(quota);
            if allowed {
                counter.current += 1;
            }
            let left = i64::from(quota) - used - i64::from(allowed);
            Decision {
                allowed,
                quota,
                remaining: u32::try_from(left).unwrap_or(0),
                reset_seconds: seconds(share),
                retry_seconds: if allowed {
                    0
                } else {
                    seconds(wait(*counter, into_window, quota))
                },
            }
        })
    }

    /// Takes one request back: it turned out to be one that does not count.
    pub fn give_back(&self, key: &K, now: At) {
        self.with(key, now, |counter, _| {
            counter.current = counter.current.saturating_sub(1)
        });
    }

    fn with<T>(&self, key: &K, now: At, act: impl FnOnce(&mut Counter, i64) -> T) -> T {
        let window = now.0.div_euclid(WINDOW);
        let shard = self.hasher.hash_one(key) as usize % SHARDS;
        // A counter is valid whatever a panicking holder left in it.
        let mut map = self
            .shards
            .get(shard)
            .unwrap_or(&self.shards[0])
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if map.len() >= MAX_KEYS && !map.contains_key(key) {
            map.retain(|_, counter| counter.window >= window - 1);
            if map.len() >= MAX_KEYS {
                // More callers than fit, all of them recent: forget half. They get at most a second quota.
                let mut keep = false;
                map.retain(|_, _| {
                    keep = !keep;
                    keep
                });
            }
        }
        let counter = map.entry(key.clone()).or_default();
        *counter = counter.moved_to(window);
        act(counter, now.0.rem_euclid(WINDOW))
    }
}

/// Microseconds until the estimate is below the quota.
fn wait(counter: Counter, into_window: i64, quota: u32) -> i64 {
    let (quota, current, previous) = (
        i64::from(quota),
        i64::from(counter.current),
        i64::from(counter.previous),
    );
    // The moment within a window at which `count` of the window before it weighs less than `room`.
    let fades = |count: i64, room: i64| WINDOW - (room * WINDOW) / count.max(1) + 1;
    if current < quota {
        (fades(previous, quota - current) - into_window).max(1)
    } else {
        WINDOW - into_window
            + if quota == 0 {
                WINDOW
            } else {
                fades(current, quota).max(0)
            }
    }
}

fn seconds(micros: i64) -> u32 {
    u32::try_from((micros + At::SECOND - 1) / At::SECOND)
        .unwrap_or(0)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: f64) -> At {
        At((seconds * 1e6) as i64)
    }

    #[test]
    fn a_hundred_pass_and_the_next_waits() {
        let windows = Windows::default();
        for n in 0..100 {
            assert_eq!(windows.take(&"a", 100, at(0.1)).remaining, 99 - n);
        }
        let refused = windows.take(&"a", 100, at(30.0));
        assert_eq!(
            (
                refused.allowed,
                refused.remaining,
                refused.reset_seconds,
                refused.retry_seconds
            ),
            (false, 0, 30, 31)
        );
        assert!(windows.take(&"b", 100, at(30.0)).allowed, "each caller has their own");
        assert!(windows.take(&"a", 100, at(61.0)).allowed);
        assert_eq!(
            windows.take(&"a", 100, at(90.0)).remaining,
            48,
            "half of the last window still counts"
        );
    }
    #[test]
    fn what_is_given_back_does_not_count() {
        let windows = Windows::default();
        for _ in 0..50 {
            assert!(windows.take(&1, 1, at(0.0)).allowed);
            windows.give_back(&1, at(0.0));
        }
    }
    #[test]
    fn memory_is_bounded_however_many_callers_come() {
        let windows = Windows::default();
        for key in 0..(SHARDS * MAX_KEYS * 2) {
            windows.take(&key, 10, at(0.0));
        }
        assert!(windows.shards.iter().all(|s| s.lock().unwrap().len() <= MAX_KEYS));
    }
    proptest! {
        #[test]
        fn never_more_than_the_quota_in_a_window_and_waiting_as_told_helps(
            quota in 1_u32..20,
            gaps in prop::collection::vec(0_i64..20_000_000, 1..200),
        ) {
            let windows = Windows::default();
            let (mut now, mut passed) = (At(0), HashMap::<i64, u32>::new());
            for gap in gaps {
                now = now.plus(gap);
                let decision = windows.take(&(), quota, now);
                if decision.allowed {
                    *passed.entry(now.0 / WINDOW).or_default() += 1;
                } else {
                    let later = now.plus(i64::from(decision.retry_seconds) * At::SECOND);
                    prop_assert!(decision.retry_seconds <= 120);
                    let again = windows.take(&(), quota, later);
                    prop_assert!(again.allowed, "{:?} then {:?}", decision, again);
                    windows.give_back(&(), later);
                    now = later;
                }
            }
            prop_assert!(passed.values().all(|count| *count <= quota));
        }
    }
}
