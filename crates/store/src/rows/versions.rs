//! The files of an item and what was made of them.

use super::{
    blobs::{BLOB_COLUMNS, blob_record},
    media::facts,
};
use crate::{StoreError, Tx, value::Row};
use domain::{
    Allowed, At, BlobRecord, MediaId, RenditionKind, UserId, VersionId,
    policy::{MediaFacts, Opens, ViewMedia},
};

/// One file of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its id.
    pub id: VersionId,
    /// 1 for the first.
    pub number: i64,
    /// What it was called.
    pub file_name: String,
    /// Its type.
    pub mime: String,
    /// The file's modification time, if told.
    pub file_time: Option<At>,
    /// What lay beside it, as JSON of `media`'s metadata.
    pub sidecar: Option<String>,
    /// When it came.
    pub created_at: At,
    /// Who brought it.
    pub uploaded_by: UserId,
    /// Where its bytes are.
    pub blob: BlobRecord,
}

/// A rendition: a range of a packed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenditionRow {
    /// Where in the object it begins.
    pub byte_offset: u64,
    /// Its length in bytes.
    pub byte_length: u64,
    /// Its type.
    pub mime: String,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// The object.
    pub blob: BlobRecord,
}

/// What was found together with the facts by which it is decided who may have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld<T> {
    /// Of the item that it belongs to.
    pub facts: MediaFacts,
    value: T,
}

impl<T> Withheld<T> {
    /// For whoever may see the item that it belongs to.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when that is another one.
    pub fn give(self, may: &Allowed<ViewMedia>) -> Result<T, StoreError> {
        if may.facts().id == self.facts.id {
            Ok(self.value)
        } else {
            Err(StoreError::Stale)
        }
    }
}

impl Tx<'_, '_> {
    pub(super) fn insert_version(&mut self, new: &super::NewMedia, by: UserId, now: At) -> Result<(), StoreError> {
        self.post(
            "INSERT INTO media_version (id, media_id, number, blob_id, file_name, mime, size, sha256, file_time, sidecar, uploaded_by, \
             created_at) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            &[
                new.version.into(),
                new.id.into(),
                new.blob.id.into(),
                new.file_name.as_str().into(),
                new.mime.as_str().into(),
                new.blob.plain_size.into(),
                new.blob.sha256.into(),
                new.file_time.into(),
                new.sidecar.clone().into(),
                by.into(),
                now.into(),
            ],
        )
    }

    /// The current file of an item, for whoever may open it.
    pub fn original<A: Opens<On = MediaFacts>>(&mut self, may: &Allowed<A>) -> Result<VersionRow, StoreError> {
        let sql = format!(
            "SELECT {BLOB_COLUMNS}, v.id, v.number, v.file_name, v.mime, v.file_time, v.sidecar, v.created_at, v.uploaded_by \
             FROM media m JOIN media_version v ON v.id = m.version_id JOIN blob b ON b.id = v.blob_id WHERE m.id = ?1"
        );
        self.find(&sql, &[may.facts().id.into()], version_row)?
            .ok_or(StoreError::Stale)
    }

    /// What the rules need to know of an item, and a rendition of its current version, once it is made, for whoever they let see it: of a
    /// page of photos each is one question.
    pub fn rendition(
        &mut self,
        id: MediaId,
        kind: RenditionKind,
    ) -> Result<Option<Withheld<Option<RenditionRow>>>, StoreError> {
        let sql = format!(
            "SELECT {BLOB_COLUMNS}, r.byte_offset, r.byte_length, r.mime, r.width, r.height, m.id, m.owner, m.revision, m.shelf \
             FROM media m LEFT JOIN rendition r ON r.version_id = m.version_id AND r.kind = ?2 LEFT JOIN blob b ON b.id = r.blob_id \
             WHERE m.id = ?1"
        );
        let row = |r: &Row<'_>| {
            let value = match r.get::<Option<i64>>(6)? {
                None => None,
                Some(_) => Some(RenditionRow {
                    blob: blob_record(r)?,
                    byte_offset: r.size(6)?,
                    byte_length: r.size(7)?,
                    mime: r.get(8)?,
                    width: r.get(9)?,
                    height: r.get(10)?,
                }),
            };
            let facts = facts(r, 11)?;
            Ok(Withheld { facts, value })
        };
        self.find(&sql, &[id.into(), kind.into()], row)
    }

    /// All files of an item, the newest first.
    pub fn versions(&mut self, may: &Allowed<ViewMedia>) -> Result<Vec<VersionRow>, StoreError> {
        let sql = format!(
            "SELECT {BLOB_COLUMNS}, v.id, v.number, v.file_name, v.mime, v.file_time, v.sidecar, v.created_at, v.uploaded_by \
             FROM media_version v JOIN blob b ON b.id = v.blob_id WHERE v.media_id = ?1 ORDER BY v.number DESC"
        );
        self.list(&sql, &[may.facts().id.into()], version_row)
    }

    /// The item of a version, or nothing when it was removed or replaced meanwhile.
    pub fn is_current(&mut self, media: MediaId, version: VersionId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM media WHERE id = ?1 AND version_id = ?2";
        Ok(self.find(sql, &[media.into(), version.into()], |_| Ok(()))?.is_some())
    }
}

fn version_row(r: &Row<'_>) -> Result<VersionRow, StoreError> {
    Ok(VersionRow {
        blob: blob_record(r)?,
        id: VersionId(r.get(6)?),
        number: r.get(7)?,
        file_name: r.get(8)?,
        mime: r.get(9)?,
        file_time: r.get::<Option<i64>>(10)?.map(At),
        sidecar: r.get(11)?,
        created_at: At(r.get(12)?),
        uploaded_by: UserId(r.get(13)?),
    })
}
