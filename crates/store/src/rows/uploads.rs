//! Files on their way in.

use crate::{StoreError, Tx, value::Row};
use domain::{
    Allowed, At, BlobId, FileName, MediaId, Sha256, UploadId, UserId,
    policy::{AddMedia, CancelUpload, ContinueUpload, UploadFacts},
};
use serde::{Deserialize, Serialize};

/// What a client told about a file besides its name, size and hash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UploadDetails {
    /// Title for the item.
    pub title: Option<String>,
    /// Description for the item.
    pub description: Option<String>,
    /// Capture time that a person states.
    pub taken_at: Option<domain::Taken>,
    /// The file's modification time.
    pub modified_at: Option<At>,
}

/// A file about to arrive.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its id.
    pub id: UploadId,
    /// Where its bytes are kept.
    pub blob: BlobId,
    /// What it is called.
    pub file_name: FileName,
    /// How many bytes it will have.
    pub size: u64,
    /// The hash that the client announced.
    pub sha256: Option<Sha256>,
    /// What else was told.
    pub details: UploadDetails,
    /// When it is given up.
    pub expires_at: At,
}

/// A file on its way in.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadRow {
    /// Its id.
    pub id: UploadId,
    /// Whose.
    pub owner: UserId,
    /// Where its bytes are kept.
    pub blob: BlobId,
    /// What it is called.
    pub file_name: String,
    /// How many bytes it will have.
    pub size: u64,
    /// The hash that the client announced.
    pub sha256: Option<Sha256>,
    /// What else was told.
    pub details: UploadDetails,
    /// When it began.
    pub created_at: At,
    /// When it is given up.
    pub expires_at: At,
    /// What became of it, once complete.
    pub media: Option<MediaId>,
}

const COLUMNS: &str = "id, owner, blob_id, file_name, size, sha256, details, created_at, expires_at, media_id";

/// Places for sizes that are asked about in one statement, which is always the same: the last size fills it up.
const SIZES: &str = "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21";
const SIZES_AT_ONCE: usize = 20;

impl Tx<'_, '_> {
    /// Records a file that is about to arrive.
    pub fn create_upload(&mut self, may: &Allowed<AddMedia>, new: &NewUpload, now: At) -> Result<(), StoreError> {
        self.post(
            "INSERT INTO upload (id, owner, blob_id, file_name, size, sha256, details, created_at, expires_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            &[
                new.id.into(),
                may.facts().owner.into(),
                new.blob.into(),
                new.file_name.as_str().into(),
                new.size.into(),
                new.sha256.into(),
                serde_json::to_string(&new.details).unwrap_or_default().into(),
                now.into(),
                new.expires_at.into(),
            ],
        )
    }

    /// What the rules need to know of an upload.
    pub fn upload_facts(&mut self, id: UploadId) -> Result<Option<UploadFacts>, StoreError> {
        let row = |r: &Row<'_>| {
            Ok(UploadFacts {
                id: UploadId(r.get(0)?),
                owner: UserId(r.get(1)?),
            })
        };
        self.find_to_change("SELECT id, owner FROM upload WHERE id = ?1", &[id.into()], row)
    }

    /// An upload's row.
    pub fn upload(&mut self, may: &Allowed<ContinueUpload>) -> Result<UploadRow, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM upload WHERE id = ?1");
        self.find(&sql, &[may.facts().id.into()], upload_row)?
            .ok_or(StoreError::Stale)
    }

    /// A person's uploads under way, oldest first.
    pub fn uploads(&mut self, may: &Allowed<AddMedia>, limit: u32) -> Result<Vec<UploadRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM upload WHERE owner = ?1 AND media_id IS NULL ORDER BY created_at, id LIMIT ?2"
        );
        self.list(&sql, &[may.facts().owner.into(), limit.into()], upload_row)
    }

    /// Those among `sizes` (bytes) that items of a person have.
    pub fn sizes_of(&mut self, may: &Allowed<AddMedia>, sizes: &[u64]) -> Result<Vec<u64>, StoreError> {
        let sql = format!("SELECT DISTINCT size FROM media WHERE owner = ?1 AND size IN ({SIZES})");
        let mut found = Vec::new();
        for some in sizes.chunks(SIZES_AT_ONCE) {
            let last = some.iter().copied().last().unwrap_or(0);
            let mut args = vec![may.facts().owner.into()];
            args.extend(
                some.iter()
                    .copied()
                    .chain(std::iter::repeat(last))
                    .take(SIZES_AT_ONCE)
                    .map(Into::into),
            );
            found.extend(self.list(&sql, &args, |r| r.size(0))?);
        }
        Ok(found)
    }

    /// Records what became of an upload. It stays until it expires, so that a lost answer can be asked for again.
    pub fn complete_upload(&mut self, may: &Allowed<ContinueUpload>, media: MediaId) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET media_id = ?2 WHERE id = ?1 AND media_id IS NULL";
        self.post_one(sql, &[may.facts().id.into(), media.into()])
    }

    /// Forgets an upload; the object that it left, if it never became an item.
    pub fn forget_upload(&mut self, may: &Allowed<CancelUpload>) -> Result<Option<BlobId>, StoreError> {
        let id = [may.facts().id.into()];
        let row = |r: &Row<'_>| Ok((BlobId(r.get(0)?), r.get::<Option<uuid::Uuid>>(1)?));
        let found = self.find("SELECT blob_id, media_id FROM upload WHERE id = ?1", &id, row)?;
        self.post("DELETE FROM upload WHERE id = ?1", &id)?;
        Ok(found.and_then(|(blob, media)| media.is_none().then_some(blob)))
    }

    /// Uploads whose time is over.
    pub fn expired_uploads(&mut self, now: At, limit: u32) -> Result<Vec<UploadFacts>, StoreError> {
        let row = |r: &Row<'_>| {
            Ok(UploadFacts {
                id: UploadId(r.get(0)?),
                owner: UserId(r.get(1)?),
            })
        };
        self.list(
            "SELECT id, owner FROM upload WHERE expires_at <= ?1 ORDER BY expires_at, id LIMIT ?2",
            &[now.into(), limit.into()],
            row,
        )
    }
}

fn upload_row(r: &Row<'_>) -> Result<UploadRow, StoreError> {
    let details: String = r.get(6)?;
    Ok(UploadRow {
        id: UploadId(r.get(0)?),
        owner: UserId(r.get(1)?),
        blob: BlobId(r.get(2)?),
        file_name: r.get(3)?,
        size: r.size(4)?,
        sha256: match r.get::<Option<Vec<u8>>>(5)? {
            Some(_) => Some(Sha256(r.bytes("upload", "sha256", 5)?)),
            None => None,
        },
        details: serde_json::from_str(&details).map_err(|e| StoreError::Corrupt {
            table: "upload",
            column: "details",
            id: r.get::<uuid::Uuid>(0).unwrap_or_default().to_string(),
            found: e.to_string(),
        })?,
        created_at: At(r.get(7)?),
        expires_at: At(r.get(8)?),
        media: r.get::<Option<uuid::Uuid>>(9)?.map(MediaId),
    })
}
