//! Media items.

use crate::{
    StoreError, Tx,
    tally::{Place, Standing},
    value::Row,
};
use domain::{
    Allowed, At, BlobRecord, Camera, Description, DescriptionSource, Event, EventKind, Failure, FileName, MediaId,
    MediaKind, MediaState, Month, Position, Priority, ProcessMedia, Sha256, Shelf, Taken, TakenSource, Title, UserId,
    VersionId,
    policy::{AddMedia, EditMedia, MediaFacts, RetryMedia, ViewMedia},
};

/// A file that arrived whole, to become an item.
#[derive(Debug, Clone)]
pub struct NewMedia {
    /// The item's id.
    pub id: MediaId,
    /// Its first version's id.
    pub version: VersionId,
    /// What its bytes look like.
    pub kind: MediaKind,
    /// Their type.
    pub mime: String,
    /// What the file was called.
    pub file_name: FileName,
    /// Where the bytes are.
    pub blob: BlobRecord,
    /// The best that is known of its capture time before it is read.
    pub taken: Taken,
    /// The file's modification time, if the client told.
    pub file_time: Option<At>,
    /// What lay beside the file (XMP, Takeout), as JSON of `media`'s metadata.
    pub sidecar: Option<String>,
    /// A title that came with it.
    pub title: Option<Title>,
    /// A description that came with it.
    pub description: Option<Description>,
    /// Whether its owner marked it.
    pub favorite: bool,
    /// Whether it goes to the archive at once.
    pub archived: bool,
    /// Who waits for it.
    pub priority: Priority,
    /// The id of its first job.
    pub job: domain::JobId,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// A new item.
    New(MediaId),
    /// Its owner has this content already; the new bytes are not needed.
    Existing(MediaId),
}

/// An item as its viewer sees it.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the names are those of the interface; see `Media` in the OpenAPI document"
)]
pub struct MediaRow {
    pub id: MediaId,
    pub kind: MediaKind,
    pub state: MediaState,
    pub shelf: Shelf,
    pub failure: Option<Failure>,
    pub title: String,
    pub description: String,
    pub description_source: DescriptionSource,
    pub file_name: String,
    pub mime: String,
    pub size: u64,
    pub sha256: Sha256,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub duration_ms: Option<i64>,
    pub taken: Taken,
    pub position: Option<Position>,
    pub camera: Camera,
    pub thumbhash: Option<Vec<u8>>,
    pub version: i64,
    pub revision: i64,
    pub created_at: At,
    pub updated_at: At,
    pub archived_at: Option<At>,
    pub deleted_at: Option<At>,
    pub favorite: bool,
}

/// What a person changes about an item; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaChange {
    /// A new title.
    pub title: Option<Title>,
    /// A new description.
    pub description: Option<Description>,
    /// A new capture time.
    pub taken: Option<Taken>,
    /// A new place, or none.
    pub position: Option<Option<Position>>,
}

/// Columns of [`MediaRow`]; `?1` is the viewer, whose favourites are shown. (Not by EXISTS: for that PostgreSQL reads all favourites of
/// the viewer once for each page, 20,000 of them for a page of 100.)
pub(super) const COLUMNS: &str = "m.id, m.kind, m.state, m.shelf, m.failure_code, m.failure_detail, m.title, m.description, \
    m.description_source, m.file_name, m.mime, m.size, m.sha256, m.width, m.height, m.duration_ms, m.taken_local, m.taken_offset, \
    m.taken_source, m.latitude, m.longitude, m.camera_make, m.camera_model, m.camera_lens, m.camera_iso, m.camera_aperture, \
    m.camera_exposure_time, m.camera_focal_length, m.thumbhash, m.version, m.revision, m.created_at, m.updated_at, m.archived_at, \
    m.deleted_at, (SELECT f.created_at FROM favorite f WHERE f.user_id = ?1 AND f.media_id = m.id) IS NOT NULL";

impl Tx<'_, '_> {
    /// What the rules need to know of an item, in order to read it.
    pub fn media_facts(&mut self, id: MediaId) -> Result<Option<MediaFacts>, StoreError> {
        self.find(
            "SELECT id, owner, revision, shelf FROM media WHERE id = ?1",
            &[id.into()],
            |r| facts(r, 0),
        )
    }

    /// The same in order to change it: nobody else changes it before this change ends.
    pub fn media_to_change(&mut self, id: MediaId) -> Result<Option<MediaFacts>, StoreError> {
        let key = [id.into()];
        let item = (
            "SELECT id, owner, revision, shelf FROM media WHERE id = ?1",
            key.as_slice(),
        );
        // A change of most kinds begins with the counts: where it stands is found in the same breath.
        let (facts, standing) = self.find_both_to_change(item, |r| facts(r, 0), (STANDING, &key), standing)?;
        self.standing = standing;
        Ok(facts)
    }

    /// The item of a library that has this content already. Adding content that lies in the trash takes it out.
    pub fn same_content(
        &mut self,
        may: &Allowed<AddMedia>,
        sha256: Sha256,
        now: At,
    ) -> Result<Option<MediaId>, StoreError> {
        let sql = "SELECT id, owner, revision, shelf FROM media WHERE owner = ?1 AND sha256 = ?2";
        let found = self.find_to_change(sql, &[may.facts().owner.into(), sha256.into()], |r| facts(r, 0))?;
        if let Some(facts) = found.as_ref().filter(|f| f.shelf == Shelf::Trash) {
            self.take_out_of_trash(facts, now)?;
        }
        Ok(found.map(|f| f.id))
    }

    /// An item as this viewer sees it.
    pub fn media(&mut self, may: &Allowed<ViewMedia>) -> Result<MediaRow, StoreError> {
        let viewer = may.actor().person().map(|p| p.id);
        let sql = format!("SELECT {COLUMNS} FROM media m WHERE m.id = ?2");
        self.find(&sql, &[viewer.into(), may.facts().id.into()], media_row)?
            .ok_or(StoreError::Stale)
    }

    /// Makes an item of a file that arrived: blob, media, version, counters and the first job, or nothing of it.
    pub fn add_media(&mut self, may: &Allowed<AddMedia>, new: &NewMedia, now: At) -> Result<Added, StoreError> {
        let owner = may.facts().owner;
        let month = new.taken.month();
        let shelf = if new.archived { Shelf::Archive } else { Shelf::Timeline };
        let source = if new.description.is_some() {
            DescriptionSource::Person
        } else {
            DescriptionSource::None
        };
        let added = self.execute(
            "INSERT INTO media (id, owner, kind, state, shelf, title, description, description_source, file_name, mime, size, sha256, \
             taken_local, taken_offset, taken_source, month, version, version_id, revision, created_at, updated_at, archived_at) \
             VALUES (?1, ?2, ?3, 'processing', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1, ?16, 1, ?17, ?17, ?18) \
             ON CONFLICT (owner, sha256) DO NOTHING",
            &[
                new.id.into(),
                owner.into(),
                new.kind.into(),
                shelf.into(),
                new.title.as_ref().map_or("", |t| t.as_str()).into(),
                new.description.as_ref().map_or("", |d| d.as_str()).into(),
                source.into(),
                new.file_name.as_str().into(),
                new.mime.as_str().into(),
                new.blob.plain_size.into(),
                new.blob.sha256.into(),
                new.taken.local.into(),
                new.taken.offset_minutes.into(),
                new.taken.source.into(),
                month.into(),
                new.version.into(),
                now.into(),
                new.archived.then_some(now).into(),
            ],
        )?;
        if added == 0 {
            let existing = self.same_content(may, new.blob.sha256, now)?.ok_or(StoreError::Stale)?;
            return Ok(Added::Existing(existing));
        }
        self.insert_blob(&new.blob, owner, now)?;
        self.insert_version(new, owner, now)?;
        if new.favorite {
            self.insert_favorite(owner, new.id, now)?;
        }
        self.add_usage(owner, i64::try_from(new.blob.plain_size).unwrap_or(i64::MAX), 1);
        self.recount(
            None,
            Some(Place {
                owner,
                shelf,
                month,
                favorite: new.favorite,
            }),
        );
        let work = ProcessMedia {
            media: new.id,
            version: new.version,
        };
        self.enqueue(&work, new.job, new.priority, now)?;
        self.publish(
            Event {
                audience: owner,
                kind: EventKind::MediaCreated,
                media: new.id,
            },
            now,
        );
        Ok(Added::New(new.id))
    }

    /// Changes what a person says of an item.
    pub fn edit_media(&mut self, may: &Allowed<EditMedia>, change: &MediaChange, now: At) -> Result<(), StoreError> {
        let facts = may.facts();
        self.note_edit(may, change, now)?;
        if let Some(title) = &change.title {
            let sql = "UPDATE media SET title = ?2 WHERE id = ?1";
            self.post_one(sql, &[facts.id.into(), title.as_str().into()])?;
        }
        if let Some(description) = &change.description {
            let sql = "UPDATE media SET description = ?2, description_source = 'person' WHERE id = ?1";
            self.post_one(sql, &[facts.id.into(), description.as_str().into()])?;
        }
        if let Some(position) = &change.position {
            let sql = "UPDATE media SET latitude = ?2, longitude = ?3 WHERE id = ?1";
            let (latitude, longitude) = (position.map(|p| p.latitude()), position.map(|p| p.longitude()));
            self.post_one(sql, &[facts.id.into(), latitude.into(), longitude.into()])?;
        }
        if let Some(taken) = change.taken {
            let before = self.place_of(facts)?;
            self.write_taken(facts.id, taken)?;
            self.recount(
                Some(before),
                Some(Place {
                    month: taken.month(),
                    ..before
                }),
            );
        }
        self.touch(facts, now)
    }

    fn write_taken(&mut self, id: MediaId, taken: Taken) -> Result<(), StoreError> {
        self.post_one(
            "UPDATE media SET taken_local = ?2, taken_offset = ?3, taken_source = ?4, month = ?5 WHERE id = ?1",
            &[
                id.into(),
                taken.local.into(),
                taken.offset_minutes.into(),
                taken.source.into(),
                taken.month().into(),
            ],
        )?;
        self.favorites_taken(id, taken)
    }

    /// The list of favourites is read by their capture time, so they know it too.
    pub(super) fn favorites_taken(&mut self, id: MediaId, taken: Taken) -> Result<(), StoreError> {
        let sql = "UPDATE favorite SET taken_local = ?2 WHERE media_id = ?1";
        self.post(sql, &[id.into(), taken.local.into()])
    }

    /// Reads a failed file once more.
    pub fn retry_media(
        &mut self,
        may: &Allowed<RetryMedia>,
        job: domain::JobId,
        priority: Priority,
        now: At,
    ) -> Result<(), StoreError> {
        let facts = may.facts();
        let sql = "UPDATE media SET state = 'processing', failure_code = NULL, failure_detail = NULL WHERE id = ?1";
        self.post_one(sql, &[facts.id.into()])?;
        let version = self.current_version(facts.id)?;
        self.enqueue(
            &ProcessMedia {
                media: facts.id,
                version,
            },
            job,
            priority,
            now,
        )?;
        self.touch(facts, now)
    }

    /// Items that could not be read for this reason, by id behind `after`, in order to read them once more.
    pub fn failed_with(&mut self, code: &str, after: MediaId, limit: u32) -> Result<Vec<MediaId>, StoreError> {
        let sql = "SELECT id FROM media WHERE failure_code = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
        self.list(sql, &[code.into(), after.into(), limit.into()], |r| {
            Ok(MediaId(r.get(0)?))
        })
    }

    pub(super) fn current_version(&mut self, id: MediaId) -> Result<VersionId, StoreError> {
        let sql = "SELECT version_id FROM media WHERE id = ?1";
        self.find(sql, &[id.into()], |r| Ok(VersionId(r.get(0)?)))?
            .ok_or(StoreError::Stale)
    }

    /// Where an item is counted now.
    pub(super) fn place_of(&mut self, facts: &MediaFacts) -> Result<Place, StoreError> {
        Ok(self.standing_of(facts)?.place)
    }

    /// Where an item stands now. Its revision is demanded, so that nothing was moved since the decision.
    pub(super) fn standing_of(&mut self, facts: &MediaFacts) -> Result<Standing, StoreError> {
        let is_meant = |found: &Standing| found.id == facts.id && found.revision == facts.revision;
        let found = match self.standing.take().filter(is_meant) {
            Some(found) => Some(found),
            None => self.find(STANDING, &[facts.id.into()], standing)?.filter(is_meant),
        };
        found.ok_or(StoreError::Stale)
    }

    /// Ends a change of an item, unless that did the same by itself: the revision that was decided upon is demanded and counted up.
    pub(super) fn touch(&mut self, facts: &MediaFacts, now: At) -> Result<(), StoreError> {
        let sql = "UPDATE media SET revision = revision + 1, updated_at = ?3 WHERE id = ?1 AND revision = ?2";
        self.post_one(sql, &[facts.id.into(), facts.revision.into(), now.into()])?;
        self.tell_of(facts, now);
        Ok(())
    }

    /// That an item was changed.
    pub(super) fn tell_of(&mut self, facts: &MediaFacts, now: At) {
        self.publish(
            Event {
                audience: facts.owner,
                kind: EventKind::MediaUpdated,
                media: facts.id,
            },
            now,
        );
    }
}

const STANDING: &str = "SELECT m.owner, m.shelf, m.month, EXISTS (SELECT 1 FROM favorite f WHERE f.user_id = m.owner AND f.media_id = m.id), \
     m.id, m.revision, m.archived_at FROM media m WHERE m.id = ?1";

fn standing(r: &Row<'_>) -> Result<Standing, StoreError> {
    Ok(Standing {
        place: Place {
            owner: UserId(r.get(0)?),
            shelf: r.word("media", "shelf", 1)?,
            month: Month(r.get(2)?),
            favorite: r.get(3)?,
        },
        id: MediaId(r.get(4)?),
        revision: r.get(5)?,
        archived_at: r.get::<Option<i64>>(6)?.map(At),
    })
}

/// From the columns `id`, `owner`, `revision`, `shelf`, the first of which is told.
pub(super) fn facts(r: &Row<'_>, first: usize) -> Result<MediaFacts, StoreError> {
    Ok(MediaFacts {
        id: MediaId(r.get(first)?),
        owner: UserId(r.get(first + 1)?),
        revision: r.get(first + 2)?,
        shelf: r.word("media", "shelf", first + 3)?,
    })
}

pub(super) fn media_row(r: &Row<'_>) -> Result<MediaRow, StoreError> {
    let failure = match r.get::<Option<String>>(4)? {
        Some(code) => Some(Failure {
            code,
            detail: r.get::<Option<String>>(5)?.unwrap_or_default(),
        }),
        None => None,
    };
    let position = match (r.get::<Option<f64>>(19)?, r.get::<Option<f64>>(20)?) {
        (Some(latitude), Some(longitude)) => Position::new(latitude, longitude).ok(),
        _ => None,
    };
    Ok(MediaRow {
        id: MediaId(r.get(0)?),
        kind: r.word("media", "kind", 1)?,
        state: r.word("media", "state", 2)?,
        shelf: r.word("media", "shelf", 3)?,
        failure,
        title: r.get(6)?,
        description: r.get(7)?,
        description_source: r.word("media", "description_source", 8)?,
        file_name: r.get(9)?,
        mime: r.get(10)?,
        size: r.size(11)?,
        sha256: Sha256(r.bytes("media", "sha256", 12)?),
        width: r.get(13)?,
        height: r.get(14)?,
        duration_ms: r.get(15)?,
        taken: Taken {
            local: At(r.get(16)?),
            offset_minutes: r.get::<Option<i64>>(17)?.and_then(|m| i16::try_from(m).ok()),
            source: r.word::<TakenSource>("media", "taken_source", 18)?,
        },
        position,
        camera: Camera {
            make: r.get(21)?,
            model: r.get(22)?,
            lens: r.get(23)?,
            iso: r.get(24)?,
            aperture: r.get(25)?,
            exposure_time: r.get(26)?,
            focal_length: r.get(27)?,
        },
        thumbhash: r.get(28)?,
        version: r.get(29)?,
        revision: r.get(30)?,
        created_at: At(r.get(31)?),
        updated_at: At(r.get(32)?),
        archived_at: r.get::<Option<i64>>(33)?.map(At),
        deleted_at: r.get::<Option<i64>>(34)?.map(At),
        favorite: r.get(35)?,
    })
}
