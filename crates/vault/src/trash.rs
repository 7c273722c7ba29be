//! The trash: in, out, and for good. And the same act for many items.

use crate::{Vault, VaultError, edit};
use domain::{
    Call, MediaId, Shelf, Taken, TakenSource, View, can,
    policy::{EditMedia, PurgeMedia, RestoreMedia, TrashMedia, ViewMedia},
    scope_of,
};
use store::{Mark, MediaChange, Tx};

/// Something that is done to many items at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Into the trash.
    Trash,
    /// Out of it.
    Restore,
    /// Into the archive.
    Archive,
    /// Back to the timeline.
    Unarchive,
    /// Marked.
    Favorite,
    /// Mark taken away.
    Unfavorite,
    /// Removed for good; only from the trash.
    DeletePermanently,
    /// Words or time changed.
    Edit(BatchEdit),
}

/// What is changed about many items alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchEdit {
    /// The same for all.
    pub facts: MediaChange,
    /// How far each capture time is moved, in microseconds.
    pub shift: i64,
}

/// What became of each item of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Done (or so already).
    pub done: Vec<MediaId>,
    /// Not done, each with its reason. The others are not affected.
    pub failed: Vec<(MediaId, VaultError)>,
}

/// The most items of one transaction: others wait no longer than these take.
const TOGETHER: usize = 500;

/// Moves an item into the trash. Doing it twice is doing it.
pub async fn trash(vault: &Vault, call: Call, id: MediaId) -> Result<(), VaultError> {
    one(vault, call, id, Act::Trash).await
}

/// Takes an item out of the trash.
pub async fn restore(vault: &Vault, call: Call, id: MediaId) -> Result<(), VaultError> {
    one(vault, call, id, Act::Restore).await
}

/// Removes an item for good; only from the trash.
pub async fn purge(vault: &Vault, call: Call, id: MediaId) -> Result<(), VaultError> {
    one(vault, call, id, Act::DeletePermanently).await
}

async fn one(vault: &Vault, call: Call, id: MediaId, act: Act) -> Result<(), VaultError> {
    vault
        .store()
        .write(move |tx| {
            apply(tx, &call, id, &act)?;
            Ok(tx.unaudited(()))
        })
        .await
}

/// Does the same to many items. Each is decided for itself.
pub async fn batch(vault: &Vault, call: Call, mut ids: Vec<MediaId>, act: Act) -> Result<Outcome, VaultError> {
    // One order for all: two batches over the same items, each locking as it goes, would otherwise wait for each other.
    ids.sort_unstable();
    ids.dedup();
    let mut outcome = Outcome::default();
    for part in ids.chunks(TOGETHER) {
        let (part, call, act) = (part.to_vec(), call.clone(), act.clone());
        let done = vault
            .store()
            .write::<_, VaultError>(move |tx| {
                let mut outcome = Outcome::default();
                for id in part {
                    match apply(tx, &call, id, &act) {
                        Ok(()) => outcome.done.push(id),
                        // A refusal is about this item. Anything else is about the database, and ends all.
                        Err(why @ (VaultError::NotFound | VaultError::Forbidden | VaultError::Conflict(_))) => {
                            outcome.failed.push((id, why))
                        }
                        Err(other) => return Err(other),
                    }
                }
                Ok(tx.unaudited(outcome))
            })
            .await?;
        outcome.done.extend(done.done);
        outcome.failed.extend(done.failed);
    }
    Ok(outcome)
}

/// Decides and does, with its audit entry. What is so already is left alone.
fn apply(tx: &mut Tx<'_, '_>, call: &Call, id: MediaId, act: &Act) -> Result<(), VaultError> {
    let facts = tx.media_to_change(id)?.ok_or(VaultError::NotFound)?;
    match act {
        Act::Trash => {
            let may = can::<TrashMedia>(&call.actor, facts)?;
            if may.facts().shelf != Shelf::Trash {
                tx.trash_media(&may, call.now)?;
                tx.audited(&may, call, ())?;
            }
        }
        Act::Restore => {
            let may = can::<RestoreMedia>(&call.actor, facts)?;
            if may.facts().shelf == Shelf::Trash {
                tx.restore_media(&may, call.now)?;
                tx.audited(&may, call, ())?;
            }
        }
        Act::DeletePermanently => {
            if facts.shelf != Shelf::Trash {
                can::<TrashMedia>(&call.actor, facts)?;
                return Err(VaultError::Conflict(
                    "Only what lies in the trash can be removed for good. Move it there first.",
                ));
            }
            let may = can::<PurgeMedia>(&call.actor, facts)?;
            tx.purge_media(&may, call.now)?;
            tx.audited(&may, call, ())?;
        }
        Act::Edit(change) => {
            let mut facts_of_this = change.facts.clone();
            if change.shift != 0 {
                let may = can::<ViewMedia>(&call.actor, facts.clone())?;
                let taken = tx.media(&may)?.taken;
                facts_of_this.taken = Some(
                    Taken {
                        local: taken.local.plus(change.shift),
                        source: TakenSource::Person,
                        ..taken
                    }
                    .clamped(),
                );
            }
            let may = can::<EditMedia>(&call.actor, facts)?;
            tx.edit_media(&may, &facts_of_this, call.now)?;
            tx.audited(&may, call, ())?;
        }
        Act::Archive => edit::archive(tx, call, facts, Mark::Set)?,
        Act::Unarchive => edit::archive(tx, call, facts, Mark::Cleared)?,
        Act::Favorite => edit::favorite(tx, call, facts, Mark::Set)?,
        Act::Unfavorite => edit::favorite(tx, call, facts, Mark::Cleared)?,
    }
    Ok(())
}

/// Takes everything out of one's trash, or removes everything in it for good; how many items it were.
pub async fn all_of_trash(vault: &Vault, call: Call, act: Act) -> Result<u64, VaultError> {
    let mut count = 0;
    loop {
        let asked = call.actor;
        let ids = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.media_ids(&scope_of(&asked, View::Trash)?, TOGETHER as u32)?))
            .await?;
        if ids.is_empty() {
            return Ok(count);
        }
        let outcome = batch(vault, call.clone(), ids, act.clone()).await?;
        if outcome.done.is_empty() {
            return Err(VaultError::Conflict(
                "Some items could not be changed. Try them one by one.",
            ));
        }
        count += outcome.done.len() as u64;
    }
}
