//! Announcements: from a durable change to every open page of its audience, in this process and in others on the same database.
//!
//! The table is the truth; what the engine announces is only a nudge to look. A slow reader is told to load anew instead of being waited for.

use crate::{Vault, VaultError};
use domain::{Call, Person};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{Announcement, EventRow};
use tokio::{
    sync::{Notify, broadcast},
    time::timeout,
};

/// Announcements that wait for a slow page before it is told to load anew.
const WAITING: usize = 4096;
/// How often the table is looked at without a nudge: the delay of what another process changed.
const GLANCE: Duration = Duration::from_millis(500);
/// On PostgreSQL a lower number may become visible after a higher one; so far back one that was left out is looked for again.
const LOOK_BACK: i64 = 200;
/// How many announcements are read at a time.
const PORTION: u32 = 1000;

/// Where announcements go out.
#[derive(Clone)]
pub struct Events(Arc<Bus>);

struct Bus {
    changed: Notify,
    listening: Notify,
    work: Notify,
    out: broadcast::Sender<EventRow>,
}

impl Default for Events {
    fn default() -> Self {
        let (out, _) = broadcast::channel(WAITING);
        Self(Arc::new(Bus {
            changed: Notify::new(),
            listening: Notify::new(),
            work: Notify::new(),
            out,
        }))
    }
}

impl Events {
    /// What the store is opened with.
    pub fn announce(&self) -> store::Announce {
        let bus = self.0.clone();
        Arc::new(move |announcement: Announcement| {
            if !announcement.events.is_empty() {
                bus.changed.notify_one();
            }
            if announcement.work {
                bus.work.notify_one();
            }
        })
    }

    /// Waits until background work was added in this process.
    pub async fn work(&self) {
        self.0.work.notified().await;
    }

    /// Everybody's announcements from now on; filter by audience.
    pub fn subscribe(&self) -> broadcast::Receiver<EventRow> {
        let heard = self.0.out.subscribe();
        self.0.listening.notify_one();
        heard
    }

    /// Waits until the table is to be looked at. While nobody listens there is no hurry, and no look unless something was changed.
    async fn wait(&self) {
        let bus = &self.0;
        loop {
            if bus.out.receiver_count() > 0 {
                drop(timeout(GLANCE, bus.changed.notified()).await);
                return;
            }
            let waiting = bus.changed.notified();
            if timeout(GLANCE, bus.listening.notified()).await.is_err()
                && timeout(Duration::ZERO, waiting).await.is_ok()
            {
                return;
            }
        }
    }
}

/// What was handed out already.
struct Told {
    last: i64,
    /// Below `last`, and not seen yet: of a change that is not visible yet, or of one that was given up.
    left_out: VecDeque<i64>,
}

impl Told {
    fn all_up_to(last: i64) -> Told {
        Told {
            last,
            left_out: VecDeque::new(),
        }
    }

    /// Behind this number there may be some that were not handed out.
    fn behind(&self) -> i64 {
        self.left_out.front().map_or(self.last, |first| first - 1)
    }

    /// Whether it is handed out for the first time.
    fn add(&mut self, seq: i64) -> bool {
        if seq <= self.last {
            return match self.left_out.binary_search(&seq) {
                Ok(place) => self.left_out.remove(place).is_some(),
                Err(_) => false,
            };
        }
        self.left_out.extend((self.last + 1).max(seq - LOOK_BACK)..seq);
        self.last = seq;
        while self.left_out.front().is_some_and(|&first| first < seq - LOOK_BACK) {
            self.left_out.pop_front();
        }
        true
    }
}

/// Hands announcements out until the program ends. One such task runs in each server.
pub async fn pump(vault: Vault) {
    let events = vault.events().clone();
    let mut told = Told::all_up_to(latest(&vault).await.unwrap_or_default());
    loop {
        events.wait().await;
        let behind = told.behind();
        let found = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.events_behind(behind, PORTION)?))
            .await;
        let Ok(found) = found else { continue };
        if found.len() == PORTION as usize {
            events.0.changed.notify_one();
        }
        for event in found {
            if told.add(event.seq) {
                // Nobody listens: nothing to do.
                drop(events.0.out.send(event));
            }
        }
    }
}

/// The number of the latest announcement: where a page that opens now begins.
pub async fn latest(vault: &Vault) -> Result<i64, VaultError> {
    vault.store().read(|tx| Ok(tx.latest_event()?)).await
}

/// What a page that comes back missed.
#[derive(Debug)]
pub enum Missed {
    /// These announcements.
    Events(Vec<EventRow>),
    /// More than is kept or worth sending: load anew.
    TooMuch,
}

/// The most announcements that are caught up one by one.
const CATCH_UP: u32 = 2000;

/// A person's announcements behind the last one that a page saw.
pub async fn missed(vault: &Vault, call: &Call, last: i64) -> Result<Missed, VaultError> {
    let person: Person = call.actor.person().ok_or(VaultError::Unauthenticated)?;
    vault
        .store()
        .read(move |tx| {
            let latest = tx.latest_event()?;
            // Not a number of this database (restored from a backup, say), or older than what is kept.
            if last > latest || last + 1 < tx.oldest_event()? {
                return Ok(if latest == last {
                    Missed::Events(vec![])
                } else {
                    Missed::TooMuch
                });
            }
            let found = tx.events_of(&person, last, CATCH_UP + 1)?;
            Ok(if found.len() > CATCH_UP as usize {
                Missed::TooMuch
            } else {
                Missed::Events(found)
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::{Events, GLANCE, LOOK_BACK, Told};
    use proptest::prelude::*;
    use std::{collections::BTreeSet, time::Duration};
    use tokio::time::{Instant, timeout};

    /// How long it is until the table is looked at; `None`: it is not in ten glances.
    async fn until_a_look(events: &Events) -> Option<Duration> {
        let begun = Instant::now();
        timeout(10 * GLANCE, events.wait()).await.ok().map(|()| begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_is_looked_at_at_once_for_an_open_page_and_seldom_while_there_is_none() {
        let events = Events::default();
        assert_eq!(until_a_look(&events).await, None, "nothing changed and nobody listens");
        events.0.changed.notify_one();
        assert_eq!(until_a_look(&events).await, Some(GLANCE), "no hurry");

        let page = events.subscribe();
        events.0.changed.notify_one();
        assert_eq!(until_a_look(&events).await, Some(Duration::ZERO));
        assert_eq!(
            until_a_look(&events).await,
            Some(GLANCE),
            "for what another process changed"
        );
        drop(page);

        events.0.changed.notify_one();
        let opens = async {
            tokio::time::sleep(GLANCE / 5).await;
            events.subscribe()
        };
        let (look, _page) = tokio::join!(until_a_look(&events), opens);
        assert_eq!(
            look,
            Some(GLANCE / 5),
            "a page that opens does not wait for the next glance"
        );
    }

    /// What a look at the table hands out when these numbers are visible.
    fn look(told: &mut Told, visible: &BTreeSet<i64>) -> Vec<i64> {
        let behind = told.behind();
        visible
            .range(behind + 1..)
            .copied()
            .filter(|&seq| told.add(seq))
            .collect()
    }

    #[test]
    fn what_becomes_visible_late_is_handed_out_and_nothing_is_twice() {
        let mut told = Told::all_up_to(10);
        let mut visible = BTreeSet::from([9, 10, 11, 14]);
        assert_eq!(look(&mut told, &visible), [11, 14]);
        assert_eq!(told.behind(), 11, "12 and 13 are looked for again");
        visible.insert(13);
        assert_eq!(look(&mut told, &visible), [13]);
        visible.insert(12);
        assert_eq!(look(&mut told, &visible), [12]);
        assert_eq!(told.behind(), 14, "nothing is left out, so nothing is read again");
        assert!(look(&mut told, &visible).is_empty());
    }

    #[test]
    fn a_number_that_was_given_up_is_not_looked_for_for_ever() {
        let mut told = Told::all_up_to(0);
        assert!(told.add(2));
        for seq in 3..=1 + LOOK_BACK {
            assert!(told.add(seq));
            assert_eq!(told.behind(), 0);
        }
        assert!(told.add(2 + LOOK_BACK));
        assert_eq!(told.behind(), 2 + LOOK_BACK);
        // However far the numbers leap, what is remembered is bounded.
        assert!(told.add(i64::MAX));
        assert_eq!(told.left_out.len() as i64, LOOK_BACK);
    }

    proptest! {
        #[test]
        fn each_is_handed_out_once_in_whatever_order_they_become_visible(
            late in prop::collection::vec(0..50_usize, 1..120), every in 1..7_usize,
        ) {
            let mut order: Vec<(usize, i64)> = late.iter().enumerate().map(|(at, late)| (at + late, at as i64 + 1)).collect();
            order.sort();
            let (mut told, mut visible, mut handed_out) = (Told::all_up_to(0), BTreeSet::new(), vec![]);
            for some in order.chunks(every) {
                visible.extend(some.iter().map(|&(_, seq)| seq));
                handed_out.extend(look(&mut told, &visible));
            }
            handed_out.sort_unstable();
            prop_assert_eq!(handed_out, (1..=late.len() as i64).collect::<Vec<_>>());
        }
    }
}
