//! Plain bytes for those who may have them: originals and renditions.

use crate::{Vault, VaultError};
use blob::{BlobError, Reader};
use domain::{
    Call, MediaId, RenditionKind, can,
    policy::{DownloadMedia, ViewMedia},
};
use std::sync::Arc;

/// A range of a stored object, opened for one request.
#[derive(Clone)]
pub struct Content {
    reader: Arc<Reader>,
    offset: u64,
    len: u64,
    /// Its type, sniffed from the content.
    pub mime: String,
    /// What to call it when it is saved.
    pub file_name: String,
    /// Changes whenever the bytes do; the inside of a strong ETag.
    pub etag: String,
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

    /// Whether all of it is in memory: reading it does not block.
    pub fn is_at_hand(&self) -> bool {
        self.reader.is_at_hand()
    }

    /// Reads from `offset` on, as much as there is and fits. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`VaultError::Damaged`]: stored bytes that are not what was written are never given out.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize, VaultError> {
        let left = self.len.saturating_sub(offset);
        let want = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.reader
            .read_at(self.offset + offset, &mut buf[..want])
            .map_err(|error| {
                if matches!(error, BlobError::Damaged { .. } | BlobError::Missing { .. }) {
                    tracing::error!(event = "content.damaged", %error);
                }
                error.into()
            })
    }
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
            offset: 0,
            len: reader.len(),
            reader,
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
            let may = can::<ViewMedia>(&call.actor, tx.media_facts(id)?.ok_or(VaultError::NotFound)?)?;
            let found = tx.rendition(&may, kind)?;
            Ok((may, found))
        })
        .await?;
    let found = found.ok_or(VaultError::NoRendition(
        "it is still being made, or the file has no picture",
    ))?;
    let plain = found.byte_offset..found.byte_offset.saturating_add(found.byte_length);
    let reader = match vault.blobs().reader_at_hand(&may, &found.blob, plain) {
        Some(reader) => reader?,
        None => {
            let (blobs, record) = (vault.blobs().clone(), found.blob.clone());
            tokio::task::spawn_blocking(move || blobs.reader(&may, &record)).await??
        }
    };
    Ok(Content {
        reader: Arc::new(reader),
        offset: found.byte_offset,
        len: found.byte_length,
        file_name: format!("{id}.{}", if found.mime == "image/webp" { "webp" } else { "jpg" }),
        mime: found.mime,
        etag: format!("{}-{kind}", found.blob.id),
    })
}
