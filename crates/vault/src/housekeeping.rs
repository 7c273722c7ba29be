//! What the house does by itself: reconcilers that compare what should be with what is. They take no input and may run at any time.

use crate::{Vault, VaultError, upload};
use domain::{
    Errand, can,
    policy::{InstallationFacts, KeepHouse, PurgeMedia},
};

/// What was tidied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Uploads that were given up.
    pub uploads: u64,
    /// Items whose time in the trash was over.
    pub trashed: u64,
    /// Objects that nothing needed any more.
    pub objects: u64,
    /// Rows that only served for a while.
    pub rows: u64,
}

/// How many things one glance takes.
const PORTION: u32 = 200;
/// How many things one transaction changes: whoever wants to change something in the same months waits until it ends.
const CHANGED: u32 = 20;

/// After a start, before anything is received: what lies unsettled is settled if a row claims it, kept if an upload is still under way, and
/// removed otherwise. A crash at any moment leaves either nothing or everything.
pub async fn recover(vault: &Vault) -> Result<u64, VaultError> {
    let blobs = vault.blobs().clone();
    let pending = tokio::task::spawn_blocking(move || blobs.pending()).await??;
    let mut mended = 0;
    for id in pending {
        let (claimed, under_way) = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok((tx.has_blob(id)?, tx.has_upload_of_blob(id)?)))
            .await?;
        let blobs = vault.blobs().clone();
        let done = tokio::task::spawn_blocking(move || match (claimed, under_way) {
            (true, _) => blobs.settle(id),
            (false, true) => Ok(()),
            (false, false) => blobs.discard(id),
        })
        .await?;
        match done {
            Ok(()) => mended += u64::from(claimed || !under_way),
            Err(error) => tracing::error!(event = "recover.failed", blob = %id, %error),
        }
    }
    Ok(mended)
}

/// Whether the object store is empty although rows name objects: then it is not the store, but the place where it should be mounted.
pub async fn store_is_missing(vault: &Vault) -> Result<bool, VaultError> {
    if !vault.blobs().is_fresh() {
        return Ok(false);
    }
    vault.store().read(|tx| Ok(tx.has_blobs()?)).await
}

/// Everything that is over its time goes.
pub async fn tidy(vault: &Vault) -> Result<Tidied, VaultError> {
    let tidied = Tidied {
        uploads: expire_uploads(vault).await?,
        trashed: empty_old_trash(vault).await?,
        objects: remove_doomed(vault).await?,
        rows: forget_the_old(vault).await?,
    };
    if tidied != Tidied::default() {
        tracing::info!(event = "housekeeping.tidied", ?tidied);
    }
    Ok(tidied)
}

fn keep_house(vault: &Vault) -> Result<(domain::Call, domain::Allowed<KeepHouse>), VaultError> {
    let call = vault.errand(Errand::Housekeeping);
    let may = can::<KeepHouse>(&call.actor, InstallationFacts { has_users: true })?;
    Ok((call, may))
}

async fn expire_uploads(vault: &Vault) -> Result<u64, VaultError> {
    let mut count = 0;
    loop {
        let call = vault.errand(Errand::Housekeeping);
        let now = call.now;
        let expired = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.expired_uploads(now, PORTION)?))
            .await?;
        if expired.is_empty() {
            return Ok(count);
        }
        for facts in expired {
            match upload::give_up(vault, call.clone(), facts.id).await {
                Ok(()) => count += 1,
                // Its bytes are being written at this moment: the next round finds it.
                Err(VaultError::UploadBusy) => return Ok(count),
                Err(VaultError::NotFound) => {}
                Err(other) => return Err(other),
            }
        }
    }
}

async fn empty_old_trash(vault: &Vault) -> Result<u64, VaultError> {
    let mut count = 0;
    loop {
        let (call, may) = keep_house(vault)?;
        let before = call.now.plus(-vault.settings().trash_lifetime);
        let removed = vault
            .store()
            .write::<_, VaultError>(move |tx| {
                let ids = tx.trashed_before(&may, before, CHANGED)?;
                for id in &ids {
                    let Some(facts) = tx.media_to_change(*id)? else {
                        continue;
                    };
                    let may = can::<PurgeMedia>(&call.actor, facts)?;
                    tx.purge_media(&may, call.now)?;
                    tx.audited(&may, &call, ())?;
                }
                Ok(tx.unaudited(ids.len() as u64))
            })
            .await?;
        count += removed;
        if removed == 0 {
            return Ok(count);
        }
    }
}

/// The object goes first, then its row: a crash in between is repeated, never forgotten.
pub async fn remove_doomed(vault: &Vault) -> Result<u64, VaultError> {
    let mut count = 0;
    loop {
        let (_, may) = keep_house(vault)?;
        let doomed = vault
            .store()
            .read::<_, VaultError>(move |tx| Ok(tx.doomed_blobs(&may, CHANGED)?))
            .await?;
        if doomed.is_empty() {
            return Ok(count);
        }
        let (_, may) = keep_house(vault)?;
        let blobs = vault.blobs().clone();
        let ids: Vec<_> = doomed.iter().map(|d| d.id).collect();
        tokio::task::spawn_blocking(move || ids.into_iter().try_for_each(|id| blobs.remove(&may, id))).await??;
        count += doomed.len() as u64;
        let (_, may) = keep_house(vault)?;
        vault
            .store()
            .write::<_, VaultError>(move |tx| {
                for blob in doomed {
                    tx.forget_blob(&may, blob)?;
                }
                Ok(tx.unaudited(()))
            })
            .await?;
    }
}

async fn forget_the_old(vault: &Vault) -> Result<u64, VaultError> {
    let (call, may) = keep_house(vault)?;
    vault
        .store()
        .write(move |tx| {
            let rows = tx.forget_the_old(&may, call.now)?;
            Ok(tx.unaudited(rows))
        })
        .await
}
