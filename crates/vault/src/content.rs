//! Plain bytes for those who may have them: originals and renditions.

use crate::{Vault, VaultError};
use blob::{BlobError, Reader};
use bytes::Bytes;
use domain::{
    Call, MediaId, RenditionKind, can,
    policy::{DownloadMedia, ViewMedia},
};
use std::sync::Arc;

/// A range of a stored object, opened for one request.
#[derive(Clone)]
pub struct Content {
    stored: Stored,
    len: u64,
    /// Its type, sniffed from the content.
    pub mime: String,
    /// What to call it when it is saved.
    pub file_name: String,
    /// Changes whenever the bytes do; the inside of a strong ETag.
    pub etag: String,
}

#[derive(Clone)]
enum Stored {
    /// All of it, open already.
    AtHand(Bytes),
    /// From a plain byte of the object on.
    Object(Arc<Reader>, u64),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("mime", &self.mime)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl Content {
    /// Bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of it, if it is in memory.
    pub fn at_hand(&self) -> Option<Bytes> {
        match &self.stored {
            Stored::AtHand(bytes) => Some(bytes.clone()),
            Stored::Object(..) => None,
        }
    }

    /// Reads from `offset` on, as much as there is and fits. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`VaultError::Damaged`]: stored bytes that are not what was written are never given out.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize, VaultError> {
        let left = self.len.saturating_sub(offset);
        let want = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let buf = &mut buf[..want];
        match &self.stored {
            Stored::AtHand(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..));
                let rest = rest.unwrap_or_default();
                let n = want.min(rest.len());
                buf[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            }
            Stored::Object(reader, from) => reader.read_at(from + offset, buf).map_err(damaged),
        }
    }
}

/// Tells of an object that is not what was stored.
fn damaged(error: BlobError) -> VaultError {
    if matches!(error, BlobError::Damaged { .. } | BlobError::Missing { .. }) {
        tracing::error!(event = "content.damaged", %error);
    }
    error.into()
}

/// The original of an item.
pub async fn original(vault: &Vault, call: Call, id: MediaId) -> Result<Content, VaultError> {
    let (may, version) = vault
        .store()
        .glance::<_, VaultError>(move |tx| {
            let may = can::<DownloadMedia>(&call.actor, tx.media_facts(id)?.ok_or(VaultError::NotFound)?)?;
            let version = tx.original(&may)?;
            Ok((may, version))
        })
        .await?;
    let blobs = vault.blobs().clone();
    tokio::task::spawn_blocking(move || {
        let reader = Arc::new(blobs.reader(&may, &version.blob)?);
        Ok(Content {
            len: reader.len(),
            stored: Stored::Object(reader, 0),
            mime: version.mime,
            file_name: version.file_name,
            etag: version.blob.sha256.to_string(),
        })
    })
    .await?
}

/// A rendition of an item.
///
/// # Errors
/// [`VaultError::NoRendition`] while it is being made, and where there is nothing to see.
pub async fn rendition(vault: &Vault, call: Call, id: MediaId, kind: RenditionKind) -> Result<Content, VaultError> {
    let (may, found) = vault
        .store()
        .glance::<_, VaultError>(move |tx| {
            let withheld = tx.rendition(id, kind)?.ok_or(VaultError::NotFound)?;
            let may = can::<ViewMedia>(&call.actor, withheld.facts.clone())?;
            let found = withheld.give(&may)?;
            Ok((may, found))
        })
        .await?;
    let found = found.ok_or(VaultError::NoRendition(
        "it is still being made, or the file has no picture",
    ))?;
    let plain = found.byte_offset..found.byte_offset.saturating_add(found.byte_length);
    let stored = match vault.blobs().at_hand(&may, &found.blob, plain) {
        Some(bytes) => Stored::AtHand(bytes.map_err(damaged)?),
        None => {
            let (blobs, record) = (vault.blobs().clone(), found.blob.clone());
            let reader = tokio::task::spawn_blocking(move || blobs.reader(&may, &record)).await??;
            Stored::Object(Arc::new(reader), found.byte_offset)
        }
    };
    Ok(Content {
        stored,
        len: found.byte_length,
        file_name: format!("{id}.{}", if found.mime == "image/webp" { "webp" } else { "jpg" }),
        mime: found.mime,
        etag: format!("{}-{kind}", found.blob.id),
    })
}
