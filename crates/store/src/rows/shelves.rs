//! Where an item lies and how it is marked: favourites, archive, trash, and out of the house for good.

use crate::{StoreError, Tx, tally::Place};
use domain::{
    Allowed, At, Event, EventKind, MediaId, Shelf, UserId,
    policy::{ArchiveMedia, FavoriteMedia, MediaFacts, PurgeMedia, RestoreMedia, TrashMedia},
};

/// Whether a mark is set or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Set.
    Set,
    /// Taken away.
    Cleared,
}

impl Tx<'_, '_> {
    /// Marks an item for its viewer, or takes the mark away.
    pub fn mark_favorite(&mut self, may: &Allowed<FavoriteMedia>, mark: Mark, now: At) -> Result<(), StoreError> {
        let facts = may.facts();
        let user = may.actor().person().map_or(facts.owner, |p| p.id);
        let before = self.place_of(facts)?;
        match mark {
            Mark::Set => self.insert_favorite(user, facts.id, now)?,
            Mark::Cleared => {
                let sql = "DELETE FROM favorite WHERE user_id = ?1 AND media_id = ?2";
                self.post(sql, &[user.into(), facts.id.into()])?;
            }
        }
        self.recount(
            Some(before),
            Some(Place {
                favorite: mark == Mark::Set,
                ..before
            }),
        );
        self.touch(facts, now)
    }

    pub(super) fn insert_favorite(&mut self, user: UserId, media: MediaId, now: At) -> Result<(), StoreError> {
        let sql = "INSERT INTO favorite (user_id, media_id, taken_local, created_at) \
                   SELECT ?1, m.id, m.taken_local, ?3 FROM media m WHERE m.id = ?2 ON CONFLICT DO NOTHING";
        self.post(sql, &[user.into(), media.into(), now.into()])
    }

    /// Moves an item into the archive, or back to the timeline.
    pub fn archive_media(&mut self, may: &Allowed<ArchiveMedia>, mark: Mark, now: At) -> Result<(), StoreError> {
        let shelf = if mark == Mark::Set {
            Shelf::Archive
        } else {
            Shelf::Timeline
        };
        let before = self.place_of(may.facts())?;
        let archived = (mark == Mark::Set).then_some(now);
        self.shelve(may.facts(), before, shelf, [archived, None], now)
    }

    /// Moves an item into the trash.
    pub fn trash_media(&mut self, may: &Allowed<TrashMedia>, now: At) -> Result<(), StoreError> {
        let before = self.standing_of(may.facts())?;
        let times = [before.archived_at, Some(now)];
        self.shelve(may.facts(), before.place, Shelf::Trash, times, now)
    }

    /// Takes an item out of the trash, to where it lay before.
    pub fn restore_media(&mut self, may: &Allowed<RestoreMedia>, now: At) -> Result<(), StoreError> {
        self.take_out_of_trash(may.facts(), now)
    }

    pub(super) fn take_out_of_trash(&mut self, facts: &MediaFacts, now: At) -> Result<(), StoreError> {
        let before = self.standing_of(facts)?;
        let shelf = if before.archived_at.is_some() {
            Shelf::Archive
        } else {
            Shelf::Timeline
        };
        self.shelve(facts, before.place, shelf, [before.archived_at, None], now)
    }

    /// `times`: since when it lies in the archive, and in the trash.
    fn shelve(
        &mut self,
        facts: &MediaFacts,
        before: Place,
        shelf: Shelf,
        [archived_at, deleted_at]: [Option<At>; 2],
        now: At,
    ) -> Result<(), StoreError> {
        self.post_one(
            "UPDATE media SET shelf = ?3, archived_at = ?4, deleted_at = ?5, revision = revision + 1, updated_at = ?6 \
             WHERE id = ?1 AND revision = ?2",
            &[
                facts.id.into(),
                facts.revision.into(),
                shelf.into(),
                archived_at.into(),
                deleted_at.into(),
                now.into(),
            ],
        )?;
        self.recount(Some(before), Some(Place { shelf, ..before }));
        self.tell_of(facts, now);
        Ok(())
    }

    /// Removes an item for good. Its objects are doomed and removed right after by housekeeping.
    pub fn purge_media(&mut self, may: &Allowed<PurgeMedia>, now: At) -> Result<(), StoreError> {
        let facts = may.facts();
        let before = self.place_of(facts)?;
        let id = [facts.id.into()];
        self.post("DELETE FROM favorite WHERE media_id = ?1", &id)?;
        let blobs = self.list(
            "SELECT v.blob_id FROM media_version v WHERE v.media_id = ?1 UNION \
             SELECT r.blob_id FROM rendition r JOIN media_version v ON v.id = r.version_id WHERE v.media_id = ?1",
            &id,
            |r| r.get::<uuid::Uuid>(0),
        )?;
        self.post(
            "DELETE FROM rendition WHERE version_id IN (SELECT id FROM media_version WHERE media_id = ?1)",
            &id,
        )?;
        self.post("DELETE FROM media_version WHERE media_id = ?1", &id)?;
        self.post("DELETE FROM media_change WHERE media_id = ?1", &id)?;
        let size = self
            .find("SELECT size FROM media WHERE id = ?1", &id, |r| r.get::<i64>(0))?
            .unwrap_or(0);
        let sql = "DELETE FROM media WHERE id = ?1 AND revision = ?2";
        self.post_one(sql, &[facts.id.into(), facts.revision.into()])?;
        for blob in blobs {
            self.post(
                "UPDATE blob SET doomed_at = ?2 WHERE id = ?1",
                &[blob.into(), now.into()],
            )?;
        }
        self.add_usage(facts.owner, -size, -1);
        self.recount(Some(before), None);
        self.nudge_workers();
        self.publish(
            Event {
                audience: facts.owner,
                kind: EventKind::MediaRemoved,
                media: facts.id,
            },
            now,
        );
        Ok(())
    }
}
