//! Where an item is counted. Counts that a page shows are kept in the transaction that changes them, never computed.

use crate::{StoreError, Tx};
use domain::{Month, Shelf, UserId, View};

/// What decides in which lists an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub owner: UserId,
    pub shelf: Shelf,
    pub month: Month,
    pub favorite: bool,
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

impl Tx<'_, '_> {
    /// Counts an item out of its old place and into its new one.
    pub(crate) fn recount(&mut self, before: Option<Place>, after: Option<Place>) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        for (place, step) in [(before, -1), (after, 1)] {
            let Some(place) = place else { continue };
            for view in place.views() {
                self.execute_one(
                    "INSERT INTO media_month (owner, view, month, items) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (owner, view, month) DO UPDATE SET items = media_month.items + excluded.items",
                    &[
                        place.owner.into(),
                        view.into(),
                        place.month.into(),
                        i64::from(step).into(),
                    ],
                )?;
            }
        }
        Ok(())
    }
}
