//! How far an import that waits for its previews may run ahead of them.

use domain::Person;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use vault::{
    Vault,
    import::{self, Control},
};

/// So much may wait for its previews before more is read. What was written a moment ago is still in the memory of the system, and the
/// memory it took is given to what comes next; of a terabyte that was taken in first, each file would come from the disk again.
const BYTES: u64 = 48 << 20;
/// So many files, however small: what they cost is not their bytes.
const FILES: u64 = 128;
/// So many for each decoder, however large: none may have nothing to do until it is looked again.
const EACH: u64 = 8;
/// When so long none was made, what waits is waiting for something else than a processor.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(100);

/// Lets the import wait for the previews; never ends.
pub async fn keep(vault: Vault, owner: Person, decoders: usize, control: Arc<Control>) {
    let mut pace = Pace::new(Instant::now());
    loop {
        // A database that does not answer is the import's own trouble.
        let waiting = import::waiting(&vault, owner).await.unwrap_or(0);
        let ahead = ahead(control.bytes() / control.files().max(1), decoders);
        control.hold(pace.holds(waiting, ahead, Instant::now()));
        tokio::time::sleep(GLANCE).await;
    }
}

/// How many files of this size may wait.
fn ahead(size: u64, decoders: usize) -> u64 {
    let least = EACH * decoders as u64;
    (BYTES / size.max(1)).min(FILES).max(least)
}

struct Pace {
    latest: u64,
    /// When a preview was last made, or few waited.
    since: Instant,
}

impl Pace {
    fn new(now: Instant) -> Pace {
        Pace { latest: 0, since: now }
    }

    /// Whether the import is to wait, with so many files without a preview.
    fn holds(&mut self, waiting: u64, ahead: u64, now: Instant) -> bool {
        if waiting < self.latest || waiting <= ahead {
            self.since = now;
        }
        self.latest = waiting;
        waiting > ahead && now.duration_since(self.since) < PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_while_previews_are_made_and_goes_on_when_few_are_left() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(!pace.holds(40, 40, start));
        for seconds in 1..60 {
            let waiting = 140 - seconds;
            assert!(
                pace.holds(waiting, 40, start + Duration::from_secs(seconds)),
                "{waiting}"
            );
        }
        assert!(!pace.holds(40, 40, start + Duration::from_secs(61)));
    }

    #[test]
    fn previews_that_nobody_makes_hold_nothing_up_for_long() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.holds(41, 40, start));
        assert!(pace.holds(41, 40, start + PATIENCE / 2));
        assert!(!pace.holds(41, 40, start + PATIENCE));
        assert!(!pace.holds(940, 40, start + PATIENCE * 2));
        // One was made: it is worth waiting again.
        assert!(pace.holds(939, 40, start + PATIENCE * 3));
    }

    #[test]
    fn little_memory_waits_and_no_decoder() {
        const MB: u64 = 1 << 20;
        for (size, decoders, files) in [
            (0, 2, FILES),
            (MB / 4, 2, FILES),
            (MB, 2, 48),
            (4 * MB, 2, 16),
            (4096 * MB, 2, 16),
            (4 * MB, 32, 256),
        ] {
            assert_eq!(ahead(size, decoders), files, "{size} bytes, {decoders} decoders");
        }
    }
}
