//! A file that comes in one go: from one request, or from this machine.

use super::{
    Body, Details,
    receive::{self, Incoming, Receive},
};
use crate::{
    Vault, VaultError,
    ingest::{self, Arrival},
};
use domain::{
    Call, FileName, MediaId, Priority, Sha256, can,
    policy::{AddMedia, LibraryFacts},
};
use store::Added;

/// A file that is sent in one request.
#[derive(Debug, Clone)]
pub struct Whole {
    /// What it is called.
    pub file_name: String,
    /// How many bytes it will have at most, as far as the client says.
    pub expected: Option<u64>,
    /// What else is known.
    pub details: Details,
    /// Who waits for it.
    pub priority: Priority,
}

/// The item that a person has of this content. If it lay in the trash it is taken out, as for any upload of it.
pub(crate) async fn existing(vault: &Vault, call: Call, sha256: Sha256) -> Result<Option<MediaId>, VaultError> {
    let owner = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    vault
        .store()
        .write(move |tx| {
            let may = can::<AddMedia>(&call.actor, LibraryFacts { owner, receiving: None })?;
            let existing = tx.same_content(&may, sha256, call.now)?;
            Ok(match existing {
                Some(media) => tx.audited(&may, &call, Some(media))?,
                None => tx.unaudited(None),
            })
        })
        .await
}

/// Takes a file in one go.
pub async fn whole(vault: &Vault, call: Call, file: Whole, body: Body) -> Result<Added, VaultError> {
    take_whole(vault, call, file, Incoming::Body(body)).await
}

/// The same from something that is read on a thread that may wait, such as a file of this machine. An error of the reader is answered as
/// [`VaultError::Interrupted`], and nothing is kept.
pub(crate) async fn whole_from(
    vault: &Vault,
    call: Call,
    file: Whole,
    reader: impl std::io::Read + Send + 'static,
) -> Result<Added, VaultError> {
    take_whole(vault, call, file, Incoming::Reader(Box::new(reader))).await
}

async fn take_whole(vault: &Vault, call: Call, file: Whole, incoming: Incoming) -> Result<Added, VaultError> {
    let owner = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    let limit = vault.settings().max_file_bytes;
    let expected = file.expected.unwrap_or(0);
    if expected > limit {
        return Err(VaultError::TooLarge { limit });
    }
    let promised = vault.promise(owner, expected);
    let (actor, others) = (call.actor, promised.others);
    // A first look, so that no bytes come in vain; it is looked again when the item is made.
    vault
        .store()
        .read::<_, VaultError>(move |tx| {
            can::<AddMedia>(&actor, LibraryFacts { owner, receiving: None })?;
            let space = tx.space_at_present(owner)?;
            if !space.fits(expected.saturating_add(others)) {
                return Err(ingest::quota(space, expected));
            }
            Ok(())
        })
        .await?;
    let blob = vault.world().id();
    let file_name = FileName::clip(&file.file_name);
    let receive = Receive {
        blob,
        offset: 0,
        size: u64::MAX,
        file_name: file_name.as_str().into(),
        check: None,
    };
    let (record, found) = match receive::whole(vault, receive, incoming, limit).await {
        Ok(arrived) => arrived,
        Err(error) => {
            let blobs = vault.blobs().clone();
            tokio::task::spawn_blocking(move || blobs.discard(blob)).await??;
            return Err(error);
        }
    };
    let arrival = Arrival {
        owner,
        upload: None,
        record,
        found,
        file_name,
        details: file.details,
        priority: file.priority,
    };
    let landed = ingest::land(vault, call, arrival).await;
    if landed.is_err() {
        let blobs = vault.blobs().clone();
        tokio::task::spawn_blocking(move || blobs.discard(blob)).await??;
    }
    drop(promised);
    landed
}

/// Room that is promised to a file that comes without an upload, as long as it comes.
struct Promise {
    vault: Vault,
    owner: domain::UserId,
    bytes: u64,
    /// What is promised to others of the same owner.
    others: u64,
}

impl Vault {
    fn promise(&self, owner: domain::UserId, bytes: u64) -> Promise {
        let mut reserved = self
            .0
            .reserved
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let entry = reserved.entry(owner).or_default();
        let others = *entry;
        *entry = entry.saturating_add(bytes);
        Promise {
            vault: self.clone(),
            owner,
            bytes,
            others,
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut reserved = self
            .vault
            .0
            .reserved
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(entry) = reserved.get_mut(&self.owner) {
            *entry = entry.saturating_sub(self.bytes);
            if *entry == 0 {
                reserved.remove(&self.owner);
            }
        }
    }
}
