//! Counts that a page shows. They are kept in the transaction that changes them, never computed when a page asks.
//!
//! A change only notes what it counts up and down; the sums are written once, at its end, in one order for all. So a batch of thousands
//! writes each counter once, and on PostgreSQL two changes never wait for each other's counters in a circle.

use crate::{StoreError, Tx};
use domain::{At, MediaId, Month, Shelf, UserId, View};
use std::collections::BTreeMap;

/// What decides in which lists an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub owner: UserId,
    pub shelf: Shelf,
    pub month: Month,
    pub favorite: bool,
}

/// Where an item stands as of one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub id: MediaId,
    pub revision: i64,
    pub place: Place,
    pub archived_at: Option<At>,
}

impl Place {
    fn views(&self) -> impl Iterator<Item = View> {
        let shelf = match self.shelf {
            Shelf::Timeline => View::Timeline,
            Shelf::Archive => View::Archive,
            Shelf::Trash => View::Trash,
        };
        let favorite = (self.favorite && self.shelf != Shelf::Trash).then_some(View::Favorites);
        std::iter::once(shelf).chain(favorite)
    }
}

/// Sums that wait for the end of their transaction.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    months: BTreeMap<(UserId, &'static str, Month), i64>,
    usage: BTreeMap<UserId, Usage>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Usage {
    bytes: i64,
    items: i64,
}

impl Tx<'_, '_> {
    /// Counts an item out of its old place and into its new one.
    pub(crate) fn recount(&mut self, before: Option<Place>, after: Option<Place>) {
        for (place, step) in [(before, -1), (after, 1)] {
            let Some(place) = place else { continue };
            for view in place.views() {
                *self
                    .tally
                    .months
                    .entry((place.owner, view.as_str(), place.month))
                    .or_default() += step;
            }
        }
    }

    /// Counts bytes of originals and items that a person keeps.
    pub(crate) fn add_usage(&mut self, owner: UserId, bytes: i64, items: i64) {
        let usage = self.tally.usage.entry(owner).or_default();
        usage.bytes = usage.bytes.saturating_add(bytes);
        usage.items += items;
    }

    /// Writes the sums: at the end of a change, and before it reads a count itself.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        let Tally { months, usage } = std::mem::take(&mut self.tally);
        for (owner, Usage { bytes, items }) in usage.into_iter().filter(|(_, u)| *u != Usage::default()) {
            let sql = "UPDATE users SET used_bytes = used_bytes + ?2, items = items + ?3 WHERE id = ?1";
            self.post_one(sql, &[owner.into(), bytes.into(), items.into()])?;
        }
        for ((owner, view, month), step) in months.into_iter().filter(|(_, step)| *step != 0) {
            self.post(
                "INSERT INTO media_month (owner, view, month, items) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (owner, view, month) DO UPDATE SET items = media_month.items + excluded.items",
                &[owner.into(), view.into(), month.into(), step.into()],
            )?;
        }
        Ok(())
    }
}
