//! A file that arrived whole becomes an item: type by content, one transaction, then the object's final place.

use crate::{Vault, VaultError, upload::Details};
use domain::{
    At, BlobRecord, Call, Description, FileName, MediaId, MediaKind, Priority, Taken, TakenSource, Title, UploadId,
    UserId, can,
    policy::{ContinueUpload, LibraryFacts},
};
use media::Type;
use store::{Added, NewMedia};

/// How many bytes of a file tell its type.
pub(crate) const HEAD: usize = 64 * 1024;

/// A file that is whole and durable, and nobody knows of it yet.
pub(crate) struct Arrival {
    pub owner: UserId,
    /// The upload that it came by, if it came by one.
    pub upload: Option<UploadId>,
    pub record: BlobRecord,
    pub found: Type,
    pub file_name: FileName,
    pub details: Details,
    pub priority: Priority,
}

/// The type of a file by its content, or the plain words why it is refused.
pub(crate) fn sniff(head: &[u8], file_name: &str) -> Result<Type, VaultError> {
    if head.is_empty() {
        return Err(VaultError::Unsupported(format!(
            "{file_name} was not added: the file is empty. Copy it again from where it came."
        )));
    }
    media::sniff(head).ok_or_else(|| {
        VaultError::Unsupported(format!(
            "{file_name} was not added: it is not a photo, video or sound, whatever its name says. Nothing else was affected."
        ))
    })
}

/// Makes the item. On success the object is settled; if its owner has the content already it is discarded.
pub(crate) async fn land(vault: &Vault, call: Call, arrival: Arrival) -> Result<Added, VaultError> {
    let blob = arrival.record.id;
    let upload = arrival.upload;
    let new = new_media(vault, &call, arrival)?;
    let (owner, new) = new;
    let added = vault
        .store()
        .write(move |tx| {
            let may = can::<domain::policy::AddMedia>(
                &call.actor,
                LibraryFacts {
                    owner,
                    receiving: upload,
                },
            )?;
            if upload.is_none() {
                // A file without an upload has no room promised to it.
                let space = tx.space_of(owner)?;
                if !space.fits(new.blob.plain_size) {
                    return Err(quota(space, new.blob.plain_size));
                }
            }
            let added = tx.add_media(&may, &new, call.now)?;
            if let Some(upload) = upload {
                let facts = tx.upload_facts(upload)?.ok_or(VaultError::NotFound)?;
                let may = can::<ContinueUpload>(&call.actor, facts)?;
                let (Added::New(id) | Added::Existing(id)) = added;
                tx.complete_upload(&may, id)?;
            }
            Ok::<_, VaultError>(tx.audited(&may, &call, added)?)
        })
        .await?;
    let blobs = vault.blobs().clone();
    let moved = tokio::task::spawn_blocking(move || match added {
        Added::New(_) => blobs.settle(blob),
        Added::Existing(_) => blobs.discard(blob),
    })
    .await?;
    if let Err(error) = moved {
        // The item is safe where it lies; the next start puts it in its place.
        tracing::warn!(event = "ingest.not_settled", %blob, %error);
    }
    Ok(added)
}

pub(crate) fn quota(space: store::Space, needed: u64) -> VaultError {
    VaultError::QuotaExceeded {
        needed,
        used: space.used.saturating_add(space.reserved),
        quota: space.quota.unwrap_or(u64::MAX),
    }
}

fn new_media(vault: &Vault, call: &Call, arrival: Arrival) -> Result<(UserId, NewMedia), VaultError> {
    let Details {
        title,
        description,
        taken_at,
        modified_at,
        sidecar,
        favorite,
        archived,
    } = arrival.details;
    let sidecar_taken = sidecar
        .as_ref()
        .and_then(|s| s.taken)
        .map(|t| taken(&t, TakenSource::Sidecar));
    let guess = || {
        let by_name = media::taken_from_file_name(arrival.file_name.as_str()).map(|t| taken(&t, TakenSource::FileName));
        // A client that does not know says 0 or 1980; whatever says "not set" is not believed.
        let by_time = modified_at.filter(|at| at.0 > 315_619_200 * At::SECOND && *at <= call.now.plus(At::DAY));
        let by_time = by_time.map(|local| Taken {
            local,
            offset_minutes: Some(0),
            source: TakenSource::FileTime,
        });
        let now = Taken {
            local: call.now,
            offset_minutes: Some(0),
            source: TakenSource::Upload,
        };
        sidecar_taken.or(by_name).or(by_time).unwrap_or(now)
    };
    let kind = match arrival.found.kind {
        media::Kind::Photo => MediaKind::Photo,
        media::Kind::Video => MediaKind::Video,
        media::Kind::Audio => MediaKind::Audio,
    };
    let new = NewMedia {
        id: vault.world().id::<MediaId>(),
        version: vault.world().id(),
        kind,
        mime: arrival.found.mime().to_owned(),
        taken: taken_at.unwrap_or_else(guess).clamped(),
        file_name: arrival.file_name,
        blob: arrival.record,
        file_time: modified_at,
        title: title
            .as_deref()
            .map(Title::parse)
            .transpose()
            .map_err(|e| VaultError::field("title", e))?,
        description: description
            .as_deref()
            .map(Description::parse)
            .transpose()
            .map_err(|e| VaultError::field("description", e))?,
        favorite: favorite || sidecar.as_ref().is_some_and(|s| s.favorite),
        sidecar: sidecar
            .map(|s| serde_json::to_string(&s))
            .transpose()
            .map_err(|e| VaultError::Internal(e.to_string()))?,
        archived,
        priority: arrival.priority,
        job: vault.world().id(),
    };
    Ok((arrival.owner, new))
}

/// What `media` read, in the words of `domain`. A wall clock is kept as it is.
pub(crate) fn taken(t: &media::Taken, source: TakenSource) -> Taken {
    Taken {
        local: At(t.local_micros),
        offset_minutes: t.offset_minutes.and_then(|m| i16::try_from(m).ok()),
        source,
    }
    .clamped()
}
