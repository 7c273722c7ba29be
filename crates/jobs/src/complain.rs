//! Trouble of the worker itself, told to the operator once and not every second: on a full disk the same look fails until there is room.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use vault::VaultError;

/// The same trouble is told again after so long, with how often it happened in between.
const QUIET: Duration = Duration::from_secs(60);

struct Told {
    words: String,
    at: Instant,
    kept_back: u64,
}

static TOLD: Mutex<BTreeMap<&'static str, Told>> = Mutex::new(BTreeMap::new());

/// A worker goes on whatever fails; the operator is told.
pub(crate) fn or_log(what: &'static str, done: Result<(), VaultError>) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let Err(error) = done else {
        if told.remove(what).is_some() {
            tracing::info!(event = "worker.recovered", what);
        }
        return;
    };
    if let Some(before) = speak(&mut told, what, error.to_string(), Instant::now()) {
        tracing::error!(event = "worker.failed", what, %error, not_told_before = before);
    }
}

/// Whether this is told now, and how often it was not since it was told last.
fn speak(told: &mut BTreeMap<&'static str, Told>, what: &'static str, words: String, now: Instant) -> Option<u64> {
    if let Some(last) = told.get_mut(what)
        && last.words == words
        && now.duration_since(last.at) < QUIET
    {
        last.kept_back += 1;
        return None;
    }
    let told_now = Told {
        words,
        at: now,
        kept_back: 0,
    };
    Some(told.insert(what, told_now).map_or(0, |last| last.kept_back))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trouble_is_told_once_a_minute_and_other_trouble_at_once() {
        let (mut told, start) = (BTreeMap::new(), Instant::now());
        let mut say =
            |what, words: &str, seconds| speak(&mut told, what, words.into(), start + Duration::from_secs(seconds));
        assert_eq!(say("claiming a job", "disk full", 0), Some(0));
        assert_eq!(say("claiming a job", "disk full", 1), None);
        assert_eq!(say("tidying", "disk full", 1), Some(0));
        assert_eq!(say("claiming a job", "disk full", 59), None);
        assert_eq!(say("claiming a job", "disk full", 60), Some(2));
        assert_eq!(say("claiming a job", "no connection", 61), Some(0));
    }
}
