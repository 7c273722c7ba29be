//! The item as the interface shows it.

use super::words;
use crate::{
    rows::{MediaRow, VersionRow},
    when,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Failure;
use serde::Serialize;
use utoipa::ToSchema;

/// A photo, video or sound.
#[derive(Debug, Serialize, ToSchema)]
pub struct Media {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// What the file holds.
    #[schema(value_type = words::MediaKind)]
    pub kind: &'static str,
    /// How far the work on it has come: processing, ready, or failed (stored and downloadable, but it cannot be shown).
    #[schema(value_type = words::MediaState)]
    pub state: &'static str,
    /// Why it cannot be shown; for one that is shown, what is missing of it.
    pub failure: Option<MediaFailure>,
    /// What the file was called.
    pub file_name: String,
    /// Its type, by its content.
    #[schema(example = "image/jpeg")]
    pub mime_type: String,
    /// Bytes of the original.
    pub size: u64,
    /// SHA-256 of the original, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// Pixels as shown, after orientation; null until they are known.
    pub width: Option<i64>,
    /// Pixels as shown, after orientation; null until they are known.
    pub height: Option<i64>,
    /// Length of a video or sound in milliseconds.
    pub duration_ms: Option<i64>,
    /// When it was captured: the wall clock there, with its offset from UTC. `-00:00` means that the offset is not known.
    #[schema(format = DateTime)]
    pub taken_at: String,
    /// Where the capture time was read.
    #[schema(value_type = words::TakenSource)]
    pub taken_at_source: &'static str,
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// The camera and how it was set.
    pub camera: MediaCamera,
    /// Its title; empty when it has none.
    pub title: String,
    /// Its description; empty when it has none.
    pub description: String,
    /// Who wrote the description: none, file, ai, person.
    #[schema(value_type = words::DescriptionSource)]
    pub description_source: &'static str,
    /// Words that it was tagged with.
    pub tags: Vec<String>,
    /// Whether you marked it.
    pub favorite: bool,
    /// A placeholder to show while it loads (ThumbHash), in base64.
    pub thumbhash: Option<String>,
    /// Counts its files; the address of a thumbnail names it and may be kept for ever.
    pub version: i64,
    /// When it was added.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When something about it changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it was archived.
    #[schema(format = DateTime)]
    pub archived_at: Option<String>,
    /// When it was moved to the trash.
    #[schema(format = DateTime)]
    pub deleted_at: Option<String>,
}

/// Why an item cannot be shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaFailure {
    /// A stable word for programs.
    #[schema(example = "damaged")]
    pub code: String,
    /// What happened and what to do, in plain words.
    pub detail: String,
}

/// The camera and how it was set, as the file says.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaCamera {
    /// Maker.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Lens.
    pub lens: Option<String>,
    /// ISO speed.
    pub iso: Option<i64>,
    /// F-number.
    pub aperture: Option<f64>,
    /// Exposure time in seconds.
    pub exposure_time: Option<f64>,
    /// Focal length in millimetres.
    pub focal_length: Option<f64>,
}

impl From<MediaRow> for Media {
    fn from(m: MediaRow) -> Self {
        Media {
            id: m.id.to_string(),
            kind: m.kind.as_str(),
            state: m.state.as_str(),
            failure: m.failure.map(|Failure { code, detail }| MediaFailure { code, detail }),
            file_name: m.file_name,
            mime_type: m.mime,
            size: m.size,
            sha256: m.sha256.to_string(),
            width: m.width,
            height: m.height,
            duration_ms: m.duration_ms,
            taken_at: when::taken(m.taken.local, m.taken.offset_minutes.map(i64::from)),
            taken_at_source: m.taken.source.as_str(),
            latitude: m.position.map(|p| p.latitude()),
            longitude: m.position.map(|p| p.longitude()),
            camera: MediaCamera {
                make: m.camera.make,
                model: m.camera.model,
                lens: m.camera.lens,
                iso: m.camera.iso,
                aperture: m.camera.aperture,
                exposure_time: m.camera.exposure_time,
                focal_length: m.camera.focal_length,
            },
            title: m.title,
            description: m.description,
            description_source: m.description_source.as_str(),
            // Tagging is not there yet; the field is, so that clients need no change when it comes.
            tags: vec![],
            favorite: m.favorite,
            thumbhash: m.thumbhash.map(|h| STANDARD.encode(h)),
            version: m.version,
            created_at: when::instant(m.created_at),
            updated_at: when::instant(m.updated_at),
            archived_at: m.archived_at.map(when::instant),
            deleted_at: m.deleted_at.map(when::instant),
        }
    }
}

/// One file of an item; replacing the file makes a new one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// 1 for the first.
    pub number: i64,
    /// What it was called.
    pub file_name: String,
    /// Its type, by its content.
    pub mime_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// Who brought it.
    #[schema(format = Uuid)]
    pub uploaded_by: String,
    /// When it came.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<VersionRow> for Version {
    fn from(v: VersionRow) -> Self {
        Version {
            id: v.id.to_string(),
            number: v.number,
            file_name: v.file_name,
            mime_type: v.mime,
            size: v.blob.plain_size,
            sha256: v.blob.sha256.to_string(),
            uploaded_by: v.uploaded_by.to_string(),
            created_at: when::instant(v.created_at),
        }
    }
}

/// A page of items, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaPage {
    /// The items of this page.
    pub items: Vec<Media>,
    /// Give it as `cursor` to get the next page; null at the end.
    pub next_cursor: Option<String>,
}
