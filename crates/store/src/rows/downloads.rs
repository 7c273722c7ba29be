//! Many originals that were asked for as one file, for the little while until the browser comes for it.

use crate::{StoreError, Tx};
use domain::{Allowed, At, DownloadId, MediaId, UserId, policy::DownloadLibrary};

impl Tx<'_, '_> {
    /// Keeps which items are wanted.
    pub fn create_download(
        &mut self,
        may: &Allowed<DownloadLibrary>,
        id: DownloadId,
        media: &[MediaId],
        expires_at: At,
    ) -> Result<(), StoreError> {
        let media = serde_json::to_string(media).map_err(|e| StoreError::Panicked(e.to_string()))?;
        self.post(
            "INSERT INTO download (id, owner, media_ids, expires_at) VALUES (?1, ?2, ?3, ?4)",
            &[id.into(), may.facts().owner.into(), media.into(), expires_at.into()],
        )
    }

    /// Whose it is; `None` when there is none, or its time is over.
    pub fn download_owner(&mut self, id: DownloadId, now: At) -> Result<Option<UserId>, StoreError> {
        let sql = "SELECT owner FROM download WHERE id = ?1 AND expires_at > ?2";
        self.find(sql, &[id.into(), now.into()], |r| Ok(UserId(r.get(0)?)))
    }

    /// The items of one.
    pub fn download(&mut self, may: &Allowed<DownloadLibrary>, id: DownloadId) -> Result<Vec<MediaId>, StoreError> {
        let sql = "SELECT media_ids FROM download WHERE id = ?1 AND owner = ?2";
        let text = self
            .find(sql, &[id.into(), may.facts().owner.into()], |r| r.get::<String>(0))?
            .ok_or(StoreError::Stale)?;
        serde_json::from_str(&text).map_err(|e| StoreError::Panicked(e.to_string()))
    }
}
