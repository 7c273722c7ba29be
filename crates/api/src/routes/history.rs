//! What was changed about an item.

use super::Reply;
use crate::{extract::Id, layer::SignedIn, rows::HistoryRow, state::Api, when};
use axum::{Json, extract::State};
use domain::MediaId;
use serde::Serialize;
use utoipa::ToSchema;
use vault::edit;

/// A change of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who; null when the account is gone.
    pub actor: Option<HistoryActor>,
    /// `edit`.
    pub action: &'static str,
    /// What was changed at that moment.
    pub changes: Vec<HistoryChange>,
}

/// Who changed something.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct HistoryActor {
    /// Their id.
    #[schema(format = Uuid)]
    pub id: String,
    /// Their name today.
    pub name: String,
}

/// A fact before and after.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryChange {
    /// title, description, taken_at or position.
    pub field: String,
    /// What it was; null where there was nothing.
    pub before: Option<String>,
    /// What it became; null where there is nothing.
    pub after: Option<String>,
}

/// The changes of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// The latest first, at most 200 facts.
    pub items: Vec<HistoryEntry>,
}

/// What people changed about an item, the latest first.
#[utoipa::path(
    get, path = "/api/v1/media/{id}/history", tag = "media", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = History))
)]
pub async fn history(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<MediaId>) -> Reply<History> {
    let mut items: Vec<HistoryEntry> = vec![];
    for row in edit::history(api.vault(), call, id).await? {
        let HistoryRow {
            actor,
            field,
            before,
            after,
            at,
            ..
        } = row;
        let change = HistoryChange { field, before, after };
        let actor = actor.map(|(id, name)| HistoryActor {
            id: id.to_string(),
            name,
        });
        let at = when::instant(at);
        match items.last_mut() {
            // Facts that were changed together.
            Some(last) if last.at == at && last.actor == actor => last.changes.insert(0, change),
            _ => items.push(HistoryEntry {
                at,
                actor,
                action: "edit",
                changes: vec![change],
            }),
        }
    }
    Ok(Json(History { items }))
}
