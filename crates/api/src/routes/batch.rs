//! The same done to many items.

use super::{Reply, media::parsed, trash::at_most};
use crate::{
    extract::Json as Body,
    layer::SignedIn,
    problem::{Answer, Problem},
    state::Api,
    when,
};
use axum::{Json, extract::State};
use domain::{At, Description, MediaId, Position, Title};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::trash::{self, Act, BatchEdit};

/// What is done with many items.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchAction {
    /// Into the trash.
    Trash,
    /// Out of it.
    Restore,
    /// Into the archive.
    Archive,
    /// Back to the timeline.
    Unarchive,
    /// Marked.
    Favorite,
    /// Mark taken away.
    Unfavorite,
    /// Removed for good; only from the trash.
    DeletePermanently,
    /// Title, description, place or capture time changed, as `changes` says.
    Edit,
}

/// A new capture time, or how far the old ones are moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TakenChange {
    /// The same for all: RFC 3339 with its offset (`-00:00`: not known).
    At(String),
    /// Each is moved by as much: a camera whose clock was wrong.
    Shift(TakenShift),
}

/// How far capture times are moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenShift {
    /// Seconds; later when positive. At most 200 years.
    #[schema(minimum = -6_311_520_000i64, maximum = 6_311_520_000i64)]
    pub shift_seconds: i64,
}

/// What is changed about many items alike; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchChanges {
    /// A new title; an empty text takes it away.
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// A new description; an empty text takes it away.
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// A new capture time.
    pub taken_at: Option<TakenChange>,
    /// Degrees north of where all were taken, together with `longitude`.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east, together with `latitude`.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
}

impl BatchChanges {
    fn parse(self) -> Answer<BatchEdit> {
        const FURTHEST: i64 = 200 * 31_557_600;
        let mut edit = BatchEdit::default();
        edit.facts.title = parsed("changes.title", self.title.as_deref(), Title::parse)?;
        edit.facts.description = parsed("changes.description", self.description.as_deref(), Description::parse)?;
        edit.facts.position = match (self.latitude, self.longitude) {
            (None, None) => None,
            (Some(lat), Some(lon)) => Some(Some(
                Position::new(lat, lon).map_err(|e| Problem::field("changes.latitude", e))?,
            )),
            _ => {
                return Err(Problem::field(
                    "changes.latitude",
                    "must be given together with longitude",
                ));
            }
        };
        match self.taken_at {
            None => {}
            Some(TakenChange::At(text)) => {
                edit.facts.taken = parsed("changes.taken_at", Some(text.as_str()), when::parse_taken)?;
            }
            Some(TakenChange::Shift(shift)) if shift.shift_seconds.abs() > FURTHEST => {
                return Err(Problem::field("changes.taken_at", "must be at most 200 years"));
            }
            Some(TakenChange::Shift(shift)) => edit.shift = shift.shift_seconds * At::SECOND,
        }
        if edit == BatchEdit::default() {
            return Err(Problem::field("changes", "must say what is changed"));
        }
        Ok(edit)
    }
}

/// Items and what is done with them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// Their ids, at most 10,000.
    #[schema(max_items = 10_000, value_type = Vec<uuid::Uuid>)]
    pub ids: Vec<MediaId>,
    /// What is done.
    pub action: BatchAction,
    /// With the action `edit`: what is changed.
    pub changes: Option<BatchChanges>,
}

/// What became of each item.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Done, or so already.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub done: Vec<MediaId>,
    /// Not done; the others are not affected.
    pub failed: Vec<BatchFailure>,
}

/// Why an item was not changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchFailure {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: MediaId,
    /// The end of the type of the problem, such as `not-found`.
    pub code: &'static str,
    /// In plain words.
    pub detail: String,
}

/// Does the same to many items. Each is decided for itself.
#[utoipa::path(
    post, path = "/api/v1/media/batch", tag = "media", request_body = BatchRequest,
    responses((status = 200, body = BatchResult))
)]
pub async fn batch(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Body(asked): Body<BatchRequest>,
) -> Reply<BatchResult> {
    if asked.changes.is_some() && !matches!(asked.action, BatchAction::Edit) {
        return Err(Problem::field("changes", "must come with the action edit only"));
    }
    let act = match asked.action {
        BatchAction::Edit => Act::Edit(asked.changes.unwrap_or_default().parse()?),
        BatchAction::Trash => Act::Trash,
        BatchAction::Restore => Act::Restore,
        BatchAction::Archive => Act::Archive,
        BatchAction::Unarchive => Act::Unarchive,
        BatchAction::Favorite => Act::Favorite,
        BatchAction::Unfavorite => Act::Unfavorite,
        BatchAction::DeletePermanently => Act::DeletePermanently,
    };
    let outcome = trash::batch(api.vault(), call, at_most(asked.ids)?, act).await?;
    let failed = outcome.failed.into_iter().map(|(id, why)| {
        let detail = why.to_string();
        BatchFailure {
            id,
            code: Problem::from(why).kind().slug(),
            detail,
        }
    });
    Ok(Json(BatchResult {
        failed: failed.collect(),
        done: outcome.done,
    }))
}
