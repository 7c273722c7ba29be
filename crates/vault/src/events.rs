//! Announcements: from a durable change to every open page of its audience, in this process and in others on the same database.
//!
//! The table is the truth; what the engine announces is only a nudge to look. A slow reader is told to load anew instead of being waited for.

use crate::{Vault, VaultError};
use domain::{Call, Person};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{Announcement, EventRow};
use tokio::sync::{Notify, broadcast};

/// Announcements that wait for a slow page before it is told to load anew.
const WAITING: usize = 4096;
/// How often the table is looked at without a nudge: the delay of what another process changed.
const GLANCE: Duration = Duration::from_millis(500);
/// On PostgreSQL a lower number may become visible after a higher one; so far back is looked again.
const LOOK_BACK: i64 = 200;

/// Where announcements go out.
#[derive(Clone)]
pub struct Events(Arc<Bus>);

struct Bus {
    changed: Notify,
    work: Notify,
    out: broadcast::Sender<EventRow>,
}

impl Default for Events {
    fn default() -> Self {
        let (out, _) = broadcast::channel(WAITING);
        Self(Arc::new(Bus {
            changed: Notify::new(),
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
        self.0.out.subscribe()
    }
}

/// Hands announcements out until the program ends. One such task runs in each server.
pub async fn pump(vault: Vault) {
    let events = vault.events().clone();
    let mut last = latest(&vault).await.unwrap_or_default();
    let mut told: VecDeque<i64> = VecDeque::new();
    loop {
        let nudged = tokio::time::timeout(GLANCE, events.0.changed.notified()).await.is_ok();
        if !nudged && events.0.out.receiver_count() == 0 {
            continue;
        }
        let from = if vault.store().engine() == "postgres" {
            last - LOOK_BACK
        } else {
            last
        };
        let found = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.events_behind(from, 1000)?))
            .await;
        let Ok(found) = found else { continue };
        for event in found {
            if told.contains(&event.seq) || (event.seq <= last && told.is_empty()) {
                continue;
            }
            last = last.max(event.seq);
            told.push_back(event.seq);
            if told.len() > 2 * LOOK_BACK as usize {
                told.pop_front();
            }
            // Nobody listens: nothing to do.
            drop(events.0.out.send(event));
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
