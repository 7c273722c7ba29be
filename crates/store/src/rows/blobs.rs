//! Stored objects.

use crate::{StoreError, Tx, value::Row};
use domain::{
    Allowed, At, BlobId, BlobRecord, KeyId, Sha256, UserId, WrappedKey,
    policy::{KeepHouse, VerifyStorage},
};

/// An object that no row needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoomedBlob {
    /// Its id.
    pub id: BlobId,
}

/// Columns of a [`BlobRecord`], first in each select that has one.
pub(super) const BLOB_COLUMNS: &str = "b.id, b.plain_size, b.stored_size, b.sha256, b.key_id, b.wrapped_key";

pub(super) fn blob_record(r: &Row<'_>) -> Result<BlobRecord, StoreError> {
    Ok(BlobRecord {
        id: BlobId(r.get(0)?),
        plain_size: r.size(1)?,
        stored_size: r.size(2)?,
        sha256: Sha256(r.bytes("blob", "sha256", 3)?),
        key_id: KeyId(r.bytes("blob", "key_id", 4)?),
        wrapped_key: WrappedKey(r.get(5)?),
    })
}

/// What the last verification of everything found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Verification {
    /// When it ended.
    pub at: At,
    /// Objects opened whole.
    pub objects: u64,
    /// What was not as it should be.
    pub problems: u64,
}

impl Tx<'_, '_> {
    /// Keeps what a verification found.
    pub fn record_verification(&mut self, _: &Allowed<VerifyStorage>, found: &Verification) -> Result<(), StoreError> {
        let value = serde_json::to_string(found).map_err(|e| StoreError::Panicked(e.to_string()))?;
        let sql = "INSERT INTO setting (name, value) VALUES ('verification', ?1) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.post_one(sql, &[value.into()])
    }

    /// What the last verification found; `None` when there was none.
    pub fn last_verification(&mut self) -> Result<Option<Verification>, StoreError> {
        let sql = "SELECT value FROM setting WHERE name = 'verification'";
        let text = self.find(sql, &[], |r| r.get::<String>(0))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    pub(super) fn insert_blob(&mut self, blob: &BlobRecord, owner: UserId, now: At) -> Result<(), StoreError> {
        self.post(
            "INSERT INTO blob (id, owner, plain_size, stored_size, sha256, key_id, wrapped_key, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            &[
                blob.id.into(),
                owner.into(),
                blob.plain_size.into(),
                blob.stored_size.into(),
                blob.sha256.into(),
                blob.key_id.0.as_slice().into(),
                blob.wrapped_key.0.clone().into(),
                now.into(),
            ],
        )
    }

    /// Whether a row claims this object: at start, objects that were received and not settled are kept or discarded by it.
    pub fn has_blob(&mut self, id: BlobId) -> Result<bool, StoreError> {
        Ok(self
            .find("SELECT 1 FROM blob WHERE id = ?1", &[id.into()], |_| Ok(()))?
            .is_some())
    }

    /// Whether an upload under way still fills this object.
    pub fn has_upload_of_blob(&mut self, id: BlobId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM upload WHERE blob_id = ?1 AND media_id IS NULL";
        Ok(self.find(sql, &[id.into()], |_| Ok(()))?.is_some())
    }

    /// Whether anything is stored at all: an empty object store beside it is then an unmounted disk.
    pub fn has_blobs(&mut self) -> Result<bool, StoreError> {
        Ok(self.find("SELECT 1 FROM blob LIMIT 1", &[], |_| Ok(()))?.is_some())
    }

    /// Objects that nothing needs any more, oldest first.
    pub fn doomed_blobs(&mut self, _: &Allowed<KeepHouse>, limit: u32) -> Result<Vec<DoomedBlob>, StoreError> {
        let sql = "SELECT id FROM blob WHERE doomed_at IS NOT NULL ORDER BY doomed_at, id LIMIT ?1";
        self.list(sql, &[limit.into()], |r| Ok(DoomedBlob { id: BlobId(r.get(0)?) }))
    }

    /// Forgets an object after it was removed.
    pub fn forget_blob(&mut self, _: &Allowed<KeepHouse>, blob: DoomedBlob) -> Result<(), StoreError> {
        let sql = "DELETE FROM blob WHERE id = ?1 AND doomed_at IS NOT NULL";
        self.post(sql, &[blob.id.into()])
    }

    /// Objects that must exist, by id, behind `after`.
    pub fn blobs(
        &mut self,
        _: &Allowed<VerifyStorage>,
        after: BlobId,
        limit: u32,
    ) -> Result<Vec<BlobRecord>, StoreError> {
        let sql =
            format!("SELECT {BLOB_COLUMNS} FROM blob b WHERE b.id > ?1 AND b.doomed_at IS NULL ORDER BY b.id LIMIT ?2");
        self.list(&sql, &[after.into(), limit.into()], blob_record)
    }

    /// How many objects must exist, and their stored bytes.
    pub fn blob_totals(&mut self, _: &Allowed<VerifyStorage>) -> Result<(u64, u64), StoreError> {
        let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(stored_size), 0) AS BIGINT) FROM blob WHERE doomed_at IS NULL";
        Ok(self.find(sql, &[], |r| Ok((r.size(0)?, r.size(1)?)))?.unwrap_or((0, 0)))
    }

    /// Records that objects were opened whole and are what their rows say.
    pub fn mark_verified(&mut self, _: &Allowed<VerifyStorage>, blobs: &[BlobId], now: At) -> Result<(), StoreError> {
        for blob in blobs {
            self.post(
                "UPDATE blob SET verified_at = ?2 WHERE id = ?1",
                &[(*blob).into(), now.into()],
            )?;
        }
        Ok(())
    }

    /// The file names of items that an object belongs to, so that damage is told in a person's words.
    pub fn names_of_blob(&mut self, _: &Allowed<VerifyStorage>, id: BlobId) -> Result<Vec<String>, StoreError> {
        self.list(
            "SELECT v.file_name FROM media_version v WHERE v.blob_id = ?1 UNION SELECT v.file_name FROM rendition r \
             JOIN media_version v ON v.id = r.version_id WHERE r.blob_id = ?1 LIMIT 2",
            &[id.into()],
            |r| r.get(0),
        )
    }
}
