//! The trash.

use super::{
    Reply,
    media::{self, PageQuery},
    model::MediaPage,
};
use crate::{
    extract::{JsonOr, Query},
    layer::SignedIn,
    problem::{Answer, Problem},
    state::Api,
};
use axum::{Json, extract::State};
use domain::{MediaId, View};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::trash::{self, Act};

/// What lies in the trash, newest capture first.
#[utoipa::path(get, path = "/api/v1/trash", tag = "trash", params(PageQuery), responses((status = 200, body = MediaPage)))]
pub async fn list(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Query(asked): Query<PageQuery>,
) -> Reply<MediaPage> {
    media::page(&api, call, View::Trash, asked).await
}

/// Which items.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestoreRequest {
    /// Their ids, at most 10,000; all that lies in the trash when it is absent.
    #[schema(max_items = 10_000, value_type = Option<Vec<uuid::Uuid>>)]
    pub ids: Option<Vec<MediaId>>,
}

/// How many items it were.
#[derive(Debug, Serialize, ToSchema)]
pub struct Count {
    /// Items.
    pub count: u64,
}

/// Takes items out of the trash. An id that is not there any more is passed over.
#[utoipa::path(
    post, path = "/api/v1/trash/restore", tag = "trash", request_body = Option<RestoreRequest>,
    responses((status = 200, body = Count), (status = 409, description = "Nothing could be changed."))
)]
pub async fn restore(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    JsonOr(asked): JsonOr<RestoreRequest>,
) -> Reply<Count> {
    let count = match asked.ids {
        None => trash::all_of_trash(api.vault(), call, Act::Restore).await?,
        Some(ids) => trash::batch(api.vault(), call, at_most(ids)?, Act::Restore)
            .await?
            .done
            .len() as u64,
    };
    Ok(Json(Count { count }))
}

/// Refuses more ids than one call may name.
pub fn at_most(ids: Vec<MediaId>) -> Answer<Vec<MediaId>> {
    match ids.len() {
        0..=10_000 => Ok(ids),
        _ => Err(Problem::field("ids", "must be at most 10000")),
    }
}

/// Removes everything that lies in the trash for good.
#[utoipa::path(
    post, path = "/api/v1/trash/empty", tag = "trash",
    responses((status = 200, body = Count), (status = 409, description = "Some items could not be removed."))
)]
pub async fn empty(State(api): State<Api>, SignedIn(call): SignedIn) -> Reply<Count> {
    Ok(Json(Count {
        count: trash::all_of_trash(api.vault(), call, Act::DeletePermanently).await?,
    }))
}
