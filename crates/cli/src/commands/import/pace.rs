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

/// So many files may wait for their previews before the next are read. What was read a moment ago is still in the memory of the system;
/// of a terabyte that was taken in first, each file would come from the disk again.
const AHEAD: u64 = 128;
/// When so long none was made, what waits is waiting for something else than a processor.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(100);

/// Lets the import wait for the previews; never ends.
pub async fn keep(vault: Vault, owner: Person, control: Arc<Control>) {
    let mut pace = Pace::new(Instant::now());
    loop {
        // A database that does not answer is the import's own trouble.
        let waiting = import::waiting(&vault, owner).await.unwrap_or(0);
        control.hold(pace.holds(waiting, Instant::now()));
        tokio::time::sleep(GLANCE).await;
    }
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
    fn holds(&mut self, waiting: u64, now: Instant) -> bool {
        if waiting < self.latest || waiting <= AHEAD {
            self.since = now;
        }
        self.latest = waiting;
        waiting > AHEAD && now.duration_since(self.since) < PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_while_previews_are_made_and_goes_on_when_few_are_left() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(!pace.holds(AHEAD, start));
        for seconds in 1..60 {
            let waiting = AHEAD + 100 - seconds;
            assert!(pace.holds(waiting, start + Duration::from_secs(seconds)), "{waiting}");
        }
        assert!(!pace.holds(AHEAD, start + Duration::from_secs(61)));
    }

    #[test]
    fn previews_that_nobody_makes_hold_nothing_up_for_long() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.holds(AHEAD + 1, start));
        assert!(pace.holds(AHEAD + 1, start + PATIENCE / 2));
        assert!(!pace.holds(AHEAD + 1, start + PATIENCE));
        assert!(!pace.holds(AHEAD + 900, start + PATIENCE * 2));
        // One was made: it is worth waiting again.
        assert!(pace.holds(AHEAD + 899, start + PATIENCE * 3));
    }
}
