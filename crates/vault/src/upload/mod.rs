//! Files on their way in: created, filled in parts that may be resumed, completed; or sent in one go.

mod receive;
mod whole;

pub use receive::{Body, PartCheck};
pub use whole::{Whole, whole};
pub(crate) use whole::{existing, whole_from};

use crate::{
    Vault, VaultError,
    ingest::{self, Arrival},
};
use domain::{
    Actor, At, Call, FileName, MediaId, Priority, Sha256, Taken, UploadId, can,
    policy::{AddMedia, CancelUpload, ContinueUpload, LibraryFacts},
};
use identity::Purpose;
use receive::{Ended, Receive};
use serde::{Deserialize, Serialize};
use store::{Added, NewUpload, UploadDetails, UploadRow};

/// What else a client, or an import, knows of a file.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// Title for the item.
    pub title: Option<String>,
    /// Description for the item.
    pub description: Option<String>,
    /// Capture time as a person states it.
    pub taken_at: Option<Taken>,
    /// The file's modification time.
    pub modified_at: Option<At>,
    /// What lay beside it (XMP, Takeout).
    pub sidecar: Option<media::Metadata>,
    /// Whether it is marked at once.
    pub favorite: bool,
    /// Whether it goes to the archive at once.
    pub archived: bool,
}

/// A file that is announced.
#[derive(Debug, Clone)]
pub struct Announced {
    /// What it is called.
    pub file_name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Its hash, if the client knows it: content that is there already is then not sent.
    pub sha256: Option<Sha256>,
    /// What else is known.
    pub details: Details,
}

/// Where the bytes of an announced file go.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The upload.
    pub id: UploadId,
    /// The signature that stands for any other credential until it expires.
    pub signature: String,
    /// When the upload is given up.
    pub expires_at: At,
}

/// What becomes of an announced file.
#[derive(Debug, Clone)]
pub enum Created {
    /// Its bytes are awaited.
    Awaited(Ticket),
    /// Its owner has this content.
    Existing(MediaId),
}

/// How an upload stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The upload.
    pub id: UploadId,
    /// What the file is called.
    pub file_name: String,
    /// How many bytes it will have.
    pub size: u64,
    /// How many are here.
    pub offset: u64,
    /// When it is given up.
    pub expires_at: At,
    /// The item that it became.
    pub media: Option<MediaId>,
}

/// Announces a file.
pub async fn create(vault: &Vault, call: Call, announced: Announced) -> Result<Created, VaultError> {
    let owner = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    let limit = vault.settings().max_file_bytes;
    if announced.size > limit {
        return Err(VaultError::TooLarge { limit });
    }
    let file_name = FileName::clip(&announced.file_name);
    if announced.size == 0 {
        ingest::sniff(&[], file_name.as_str())?;
    }
    let details = announced.details;
    let new = NewUpload {
        id: vault.world().id(),
        blob: vault.world().id(),
        file_name,
        size: announced.size,
        sha256: announced.sha256,
        details: UploadDetails {
            title: details.title,
            description: details.description,
            taken_at: details.taken_at,
            modified_at: details.modified_at,
        },
        expires_at: call.now.plus(vault.settings().upload_lifetime),
    };
    let (id, expires_at) = (new.id, new.expires_at);
    let existing = vault
        .store()
        .write(move |tx| {
            let may = can::<AddMedia>(&call.actor, LibraryFacts { owner, receiving: None })?;
            if let Some(sha256) = new.sha256
                && let Some(existing) = tx.same_content(&may, sha256, call.now)?
            {
                return Ok(tx.audited(&may, &call, Some(existing))?);
            }
            let space = tx.space_of(owner)?;
            if !space.fits(new.size) {
                return Err(ingest::quota(space, new.size));
            }
            tx.create_upload(&may, &new, call.now)?;
            Ok(tx.unaudited(None))
        })
        .await?;
    Ok(match existing {
        Some(media) => Created::Existing(media),
        None => Created::Awaited(Ticket {
            id,
            signature: sign(vault, id, expires_at),
            expires_at,
        }),
    })
}

fn sign(vault: &Vault, id: UploadId, expires_at: At) -> String {
    vault.0.parts.links.sign(Purpose::UploadData, id, expires_at)
}

/// Who holds a signed address. An address that is not ours, or whose time is over, leads nowhere.
pub fn holder(vault: &Vault, id: UploadId, signature: &str) -> Result<Actor, VaultError> {
    let now = vault.world().now();
    let checked = vault.0.parts.links.verify(Purpose::UploadData, id, signature, now);
    checked.map(|_| Actor::UploadLink(id)).map_err(|_| VaultError::NotFound)
}

async fn load(vault: &Vault, call: &Call, id: UploadId) -> Result<UploadRow, VaultError> {
    let call = call.clone();
    vault
        .store()
        .read(move |tx| {
            let facts = tx.upload_facts(id)?.ok_or(VaultError::NotFound)?;
            let may = can::<ContinueUpload>(&call.actor, facts)?;
            let row = tx.upload(&may)?;
            if row.expires_at <= call.now {
                Err(VaultError::NotFound)
            } else {
                Ok(row)
            }
        })
        .await
}

/// How an upload stands. One whose bytes are all here, but whose completion was cut off, is completed now.
pub async fn status(vault: &Vault, call: Call, id: UploadId) -> Result<Progress, VaultError> {
    let row = load(vault, &call, id).await?;
    if row.media.is_some() {
        return Ok(progress(&row, row.size, row.media));
    }
    let offset = receive::received(vault, row.blob).await?;
    if offset == row.size && row.size > 0 {
        return append(vault, call, id, offset, Body::empty(), None).await;
    }
    Ok(progress(&row, offset, None))
}

/// A fresh signed address of one's own upload.
pub async fn ticket(vault: &Vault, call: Call, id: UploadId) -> Result<Ticket, VaultError> {
    let row = load(vault, &call, id).await?;
    Ok(Ticket {
        id,
        signature: sign(vault, id, row.expires_at),
        expires_at: row.expires_at,
    })
}

fn progress(row: &UploadRow, offset: u64, media: Option<MediaId>) -> Progress {
    Progress {
        id: row.id,
        file_name: row.file_name.clone(),
        size: row.size,
        offset,
        expires_at: row.expires_at,
        media,
    }
}

/// Those among `sizes` that one's items have: a file of another size is certainly new, so that its content need not be hashed
/// to find out.
pub async fn sizes(vault: &Vault, call: Call, sizes: Vec<u64>) -> Result<Vec<u64>, VaultError> {
    let owner = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    vault
        .store()
        .read(move |tx| {
            let may = can::<AddMedia>(&call.actor, LibraryFacts { owner, receiving: None })?;
            Ok(tx.sizes_of(&may, &sizes)?)
        })
        .await
}

/// One's uploads under way.
pub async fn list(vault: &Vault, call: Call) -> Result<Vec<Progress>, VaultError> {
    let owner = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    let rows = vault
        .store()
        .read::<_, VaultError>(move |tx| {
            let may = can::<AddMedia>(&call.actor, LibraryFacts { owner, receiving: None })?;
            Ok(tx.uploads(&may, 1000)?)
        })
        .await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let offset = receive::received(vault, row.blob).await?;
        out.push(progress(&row, offset, None));
    }
    Ok(out)
}

/// Adds bytes to an upload, from `offset` on. The last byte completes it. What arrived before an error or a cut is kept.
pub async fn append(
    vault: &Vault,
    call: Call,
    id: UploadId,
    offset: u64,
    body: Body,
    check: Option<Box<dyn PartCheck>>,
) -> Result<Progress, VaultError> {
    let row = load(vault, &call, id).await?;
    if row.media.is_some() {
        return if offset == row.size {
            Ok(progress(&row, row.size, row.media))
        } else {
            Err(VaultError::WrongOffset { expected: row.size })
        };
    }
    let receive = Receive {
        blob: row.blob,
        offset,
        size: row.size,
        file_name: row.file_name.clone(),
        check,
    };
    let (record, found) = match receive::parts(vault, receive, body).await? {
        Ended::Partly { offset } => return Ok(progress(&row, offset, None)),
        Ended::Whole { record, found } => (record, found),
    };
    if row.sha256.is_some_and(|announced| announced != record.sha256) {
        // What is here is wrong from the first byte on: the client begins anew.
        give_up(vault, call, id).await?;
        return Err(VaultError::HashMismatch);
    }
    let details = Details {
        title: row.details.title.clone(),
        description: row.details.description.clone(),
        taken_at: row.details.taken_at,
        modified_at: row.details.modified_at,
        ..Details::default()
    };
    let found = match found {
        Some(found) => found,
        None => match sniff_stored(vault, &call, &row, &record).await {
            Err(refused @ VaultError::Unsupported(_)) => {
                give_up(vault, call, id).await?;
                return Err(refused);
            }
            other => other?,
        },
    };
    let arrival = Arrival {
        owner: row.owner,
        upload: Some(id),
        record,
        found,
        file_name: FileName::clip(&row.file_name),
        details,
        priority: Priority::Person,
    };
    let (Added::New(media) | Added::Existing(media)) = ingest::land(vault, call, arrival).await?;
    Ok(progress(&row, row.size, Some(media)))
}

/// The type of a file whose beginning came with an earlier request.
async fn sniff_stored(
    vault: &Vault,
    call: &Call,
    row: &UploadRow,
    record: &domain::BlobRecord,
) -> Result<media::Type, VaultError> {
    let may = can::<ContinueUpload>(
        &call.actor,
        domain::policy::UploadFacts {
            id: row.id,
            owner: row.owner,
        },
    )?;
    let (blobs, record, name) = (vault.blobs().clone(), record.clone(), row.file_name.clone());
    tokio::task::spawn_blocking(move || {
        let mut head = vec![0; ingest::HEAD];
        let reader = blobs.reader(&may, &record)?;
        let n = reader.read_at(0, &mut head)?;
        ingest::sniff(&head[..n], &name)
    })
    .await?
}

/// Gives an upload up; what arrived is removed.
pub async fn cancel(vault: &Vault, call: Call, id: UploadId) -> Result<(), VaultError> {
    give_up(vault, call, id).await
}

pub(crate) async fn give_up(vault: &Vault, call: Call, id: UploadId) -> Result<(), VaultError> {
    let left = vault
        .store()
        .write(move |tx| {
            let facts = tx.upload_facts(id)?.ok_or(VaultError::NotFound)?;
            let may = can::<CancelUpload>(&call.actor, facts)?;
            let left = tx.forget_upload(&may)?;
            Ok::<_, VaultError>(tx.audited(&may, &call, left)?)
        })
        .await?;
    if let Some(blob) = left {
        let blobs = vault.blobs().clone();
        tokio::task::spawn_blocking(move || blobs.discard(blob)).await??;
    }
    Ok(())
}
