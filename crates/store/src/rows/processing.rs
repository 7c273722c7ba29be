//! What was found in a file, recorded in one change.

use crate::{StoreError, Tx, tally::Place};
use domain::{
    Allowed, At, BlobRecord, Camera, Description, DescriptionSource, Failure, MediaKind, Position, RenditionKind,
    Taken, TakenSource, Title, VersionId, policy::ProcessVersion,
};

/// A rendition within the packed object of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRendition {
    /// Which.
    pub kind: RenditionKind,
    /// Where it begins.
    pub byte_offset: u64,
    /// Its length.
    pub byte_length: u64,
    /// Its type.
    pub mime: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    /// What it really is.
    pub kind: MediaKind,
    /// Its type.
    pub mime: String,
    /// Pixels as shown.
    pub width: Option<u32>,
    /// Pixels as shown.
    pub height: Option<u32>,
    /// Length of video and sound.
    pub duration_ms: Option<u64>,
    /// When it was captured, if the file says so. A time that a person stated stays.
    pub taken: Option<Taken>,
    /// Where it was captured. A place that is set stays.
    pub position: Option<Position>,
    /// The camera.
    pub camera: Camera,
    /// Title from the file; used where there is none.
    pub title: Option<Title>,
    /// Description from the file; used where there is none.
    pub description: Option<Description>,
    /// The placeholder.
    pub thumbhash: Option<Vec<u8>>,
    /// What a person should know although the file is shown: part of it is missing, say.
    pub warning: Option<Failure>,
    /// The packed object with all renditions, if any were made.
    pub pack: Option<(BlobRecord, Vec<NewRendition>)>,
}

impl Tx<'_, '_> {
    /// Records what was found. Renditions of an earlier run are replaced.
    pub fn record_processed(
        &mut self,
        may: &Allowed<ProcessVersion>,
        version: VersionId,
        found: &Processed,
        now: At,
    ) -> Result<(), StoreError> {
        let facts = may.facts();
        let before = self.place_of(facts)?;
        let row = |r: &crate::value::Row<'_>| {
            Ok((
                r.word::<TakenSource>("media", "taken_source", 0)?,
                r.get::<String>(1)?.is_empty(),
                r.get::<String>(2)?.is_empty(),
                r.get::<Option<f64>>(3)?.is_none(),
                r.get::<bool>(4)?,
            ))
        };
        let sql = "SELECT taken_source, title, description, latitude, EXISTS (SELECT 1 FROM rendition r WHERE r.version_id = ?2) \
                   FROM media WHERE id = ?1 AND version_id = ?2";
        let known = self
            .find(sql, &[facts.id.into(), version.into()], row)?
            .ok_or(StoreError::Stale)?;
        let (taken_source, is_untitled, is_undescribed, is_nowhere, has_renditions) = known;
        // What a person said stays.
        let taken = found.taken.filter(|_| taken_source != TakenSource::Person);
        let position = found.position.filter(|_| is_nowhere);
        let title = found.title.as_ref().filter(|_| is_untitled);
        let description = found.description.as_ref().filter(|_| is_undescribed);
        self.post_one(
            "UPDATE media SET state = 'ready', failure_code = ?15, failure_detail = ?16, kind = ?2, mime = ?3, width = ?4, height = ?5, \
             duration_ms = ?6, camera_make = ?7, camera_model = ?8, camera_lens = ?9, camera_iso = ?10, camera_aperture = ?11, \
             camera_exposure_time = ?12, camera_focal_length = ?13, thumbhash = ?14, taken_local = COALESCE(?17, taken_local), \
             taken_offset = CASE WHEN ?17 IS NULL THEN taken_offset ELSE ?18 END, taken_source = COALESCE(?19, taken_source), \
             month = COALESCE(?20, month), latitude = COALESCE(?21, latitude), longitude = COALESCE(?22, longitude), \
             title = COALESCE(?23, title), description = COALESCE(?24, description), \
             description_source = COALESCE(?25, description_source), revision = revision + 1, updated_at = ?26 \
             WHERE id = ?1 AND revision = ?27",
            &[
                facts.id.into(),
                found.kind.into(),
                found.mime.as_str().into(),
                found.width.into(),
                found.height.into(),
                found.duration_ms.into(),
                found.camera.make.clone().into(),
                found.camera.model.clone().into(),
                found.camera.lens.clone().into(),
                found.camera.iso.into(),
                found.camera.aperture.into(),
                found.camera.exposure_time.into(),
                found.camera.focal_length.into(),
                found.thumbhash.clone().into(),
                found.warning.as_ref().map(|w| w.code.clone()).into(),
                found.warning.as_ref().map(|w| w.detail.clone()).into(),
                taken.map(|t| t.local).into(),
                taken.and_then(|t| t.offset_minutes).into(),
                taken.map(|t| t.source).into(),
                taken.map(|t| t.month()).into(),
                position.map(|p| p.latitude()).into(),
                position.map(|p| p.longitude()).into(),
                title.map(|t| t.as_str().to_owned()).into(),
                description.map(|d| d.as_str().to_owned()).into(),
                description.map(|_| DescriptionSource::File).into(),
                now.into(),
                facts.revision.into(),
            ],
        )?;
        if let Some(taken) = taken {
            self.favorites_taken(facts.id, taken)?;
            let month = taken.month();
            self.recount(Some(before), Some(Place { month, ..before }));
        }
        self.replace_renditions(version, has_renditions, before.owner, found, now)?;
        self.tell_of(facts, now);
        Ok(())
    }

    fn replace_renditions(
        &mut self,
        version: VersionId,
        has_some: bool,
        owner: domain::UserId,
        found: &Processed,
        now: At,
    ) -> Result<(), StoreError> {
        if has_some {
            self.post(
                "UPDATE blob SET doomed_at = ?2 WHERE id IN (SELECT blob_id FROM rendition WHERE version_id = ?1)",
                &[version.into(), now.into()],
            )?;
            self.post("DELETE FROM rendition WHERE version_id = ?1", &[version.into()])?;
        }
        let Some((blob, renditions)) = &found.pack else {
            return Ok(());
        };
        self.insert_blob(blob, owner, now)?;
        for r in renditions {
            self.post(
                "INSERT INTO rendition (version_id, kind, blob_id, byte_offset, byte_length, mime, width, height) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                &[
                    version.into(),
                    r.kind.into(),
                    blob.id.into(),
                    r.byte_offset.into(),
                    r.byte_length.into(),
                    r.mime.as_str().into(),
                    r.width.into(),
                    r.height.into(),
                ],
            )?;
        }
        Ok(())
    }

    /// Records that a file cannot be shown, and why. Its original stays.
    pub fn record_failure(
        &mut self,
        may: &Allowed<ProcessVersion>,
        version: VersionId,
        failure: &Failure,
        now: At,
    ) -> Result<(), StoreError> {
        self.post_one(
            "UPDATE media SET state = 'failed', failure_code = ?3, failure_detail = ?4 WHERE id = ?1 AND version_id = ?2",
            &[
                may.facts().id.into(),
                version.into(),
                failure.code.as_str().into(),
                failure.detail.as_str().into(),
            ],
        )?;
        self.touch(may.facts(), now)
    }
}
