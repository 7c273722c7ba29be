//! What people change about their items: words, date, place, favourites, archive; one or many at once.

use crate::{Vault, VaultError};
use domain::{
    Call, MediaId, Priority, can,
    policy::{ArchiveMedia, EditMedia, FavoriteMedia, MediaFacts, RetryMedia, ViewMedia},
};
use store::{HistoryRow, Mark, MediaChange, MediaRow, Tx, VersionRow};

/// What is changed; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Title, description, date, place.
    pub facts: MediaChange,
    /// Marked or not.
    pub favorite: Option<Mark>,
    /// In the archive or not.
    pub archived: Option<Mark>,
    /// The revision that the client saw; another one is refused.
    pub revision: Option<i64>,
}

/// An item.
pub async fn get(vault: &Vault, call: Call, id: MediaId) -> Result<MediaRow, VaultError> {
    vault.store().read(move |tx| row(tx, &call, id)).await
}

pub(crate) fn row(tx: &mut Tx<'_, '_>, call: &Call, id: MediaId) -> Result<MediaRow, VaultError> {
    let may = can::<ViewMedia>(&call.actor, tx.media_facts(id)?.ok_or(VaultError::NotFound)?)?;
    Ok(tx.media(&may)?)
}

/// All files of an item, the newest first.
pub async fn versions(vault: &Vault, call: Call, id: MediaId) -> Result<Vec<VersionRow>, VaultError> {
    vault
        .store()
        .read(move |tx| {
            let may = can::<ViewMedia>(&call.actor, tx.media_facts(id)?.ok_or(VaultError::NotFound)?)?;
            Ok(tx.versions(&may)?)
        })
        .await
}

/// The most changes that are shown of an item.
const HISTORY: u32 = 200;

/// What people changed about an item, the latest first.
pub async fn history(vault: &Vault, call: Call, id: MediaId) -> Result<Vec<HistoryRow>, VaultError> {
    vault
        .store()
        .read(move |tx| {
            let may = can::<ViewMedia>(&call.actor, tx.media_facts(id)?.ok_or(VaultError::NotFound)?)?;
            Ok(tx.media_history(&may, HISTORY)?)
        })
        .await
}

/// Changes an item: everything that is asked, or nothing.
pub async fn change(vault: &Vault, call: Call, id: MediaId, changes: Changes) -> Result<MediaRow, VaultError> {
    vault
        .store()
        .write(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(VaultError::NotFound)?;
            let may = can::<ViewMedia>(&call.actor, facts.clone())?;
            if changes.revision.is_some_and(|seen| seen != facts.revision) {
                return Err(VaultError::Stale);
            }
            let before = tx.media(&may)?;
            if changes.facts != MediaChange::default() {
                let may = can::<EditMedia>(&call.actor, facts)?;
                tx.edit_media(&may, &changes.facts, call.now)?;
                tx.audited(&may, &call, ())?;
            }
            if let Some(mark) = changes.favorite.filter(|m| (*m == Mark::Set) != before.favorite) {
                let facts = tx.media_to_change(id)?.ok_or(VaultError::NotFound)?;
                favorite(tx, &call, facts, mark)?;
            }
            if let Some(mark) = changes
                .archived
                .filter(|m| (*m == Mark::Set) != before.archived_at.is_some())
            {
                let facts = tx.media_to_change(id)?.ok_or(VaultError::NotFound)?;
                archive(tx, &call, facts, mark)?;
            }
            let after = row(tx, &call, id)?;
            Ok(tx.unaudited(after))
        })
        .await
}

/// Marks an item, or takes the mark away: the thinnest change, which the write engine is measured with.
pub async fn mark_favorite(vault: &Vault, call: Call, id: MediaId, mark: Mark) -> Result<(), VaultError> {
    vault
        .store()
        .write(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(VaultError::NotFound)?;
            favorite(tx, &call, facts, mark)?;
            Ok(tx.unaudited(()))
        })
        .await
}

pub(crate) fn favorite(tx: &mut Tx<'_, '_>, call: &Call, facts: MediaFacts, mark: Mark) -> Result<(), VaultError> {
    let may = can::<FavoriteMedia>(&call.actor, facts)?;
    tx.mark_favorite(&may, mark, call.now)?;
    tx.audited(&may, call, ())?;
    Ok(())
}

pub(crate) fn archive(tx: &mut Tx<'_, '_>, call: &Call, facts: MediaFacts, mark: Mark) -> Result<(), VaultError> {
    let may = can::<ArchiveMedia>(&call.actor, facts)?;
    tx.archive_media(&may, mark, call.now)?;
    tx.audited(&may, call, ())?;
    Ok(())
}

/// Reads a file that failed once more.
pub async fn retry(vault: &Vault, call: Call, id: MediaId) -> Result<MediaRow, VaultError> {
    let job = vault.world().id();
    vault
        .store()
        .write(move |tx| {
            let may = can::<RetryMedia>(&call.actor, tx.media_to_change(id)?.ok_or(VaultError::NotFound)?)?;
            tx.retry_media(&may, job, Priority::Person, call.now)?;
            tx.audited(&may, &call, ())?;
            let after = row(tx, &call, id)?;
            Ok(tx.unaudited(after))
        })
        .await
}
