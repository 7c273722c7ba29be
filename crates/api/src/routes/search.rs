//! Looking for items by words and times.

use super::{
    Reply,
    media::parsed,
    model::{Media, MediaPage},
    words,
};
use crate::{cursor, extract::Query, layer::SignedIn, problem::Problem, rows::ListFilter, state::Api, when};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use vault::search::{self, Words};

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words that must all stand in file name, title, description, camera, lens or kind; case and accents do not matter.
    #[param(max_length = 500)]
    pub q: Option<String>,
    /// Only this kind: `photo`, `video` or `audio`.
    #[param(inline, value_type = Option<words::MediaKind>)]
    pub kind: Option<String>,
    /// Only what was captured at or after this wall clock (the offset does not matter).
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// Only what was captured before this wall clock (the offset does not matter).
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// `true`: only favourites.
    pub favorite: Option<bool>,
    /// Most items: 1 to 1,000; 100 when it is not said.
    #[param(minimum = 1, maximum = 1_000)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Items of your timeline that have all of the words, newest capture first. A page may be short, even empty, and still have a
/// next one: each request looks at a bounded number of items.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchQuery), responses((status = 200, body = MediaPage)))]
pub async fn search(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Query(asked): Query<SearchQuery>,
) -> Reply<MediaPage> {
    let text = asked.q.unwrap_or_default();
    if text.chars().count() > 500 {
        return Err(Problem::field("q", "must have at most 500 characters"));
    }
    let query = search::Query {
        words: Words::of(&text),
        filter: ListFilter {
            kind: parsed("kind", asked.kind.as_deref(), str::parse)?,
            state: None,
            from: parsed("from", asked.from.as_deref(), when::parse_taken)?.map(|t| t.local),
            until: parsed("to", asked.to.as_deref(), when::parse_taken)?.map(|t| t.local),
        },
        favorite: asked.favorite.unwrap_or(false),
    };
    let limit = cursor::limit(asked.limit, 100, 1_000)?;
    let found = search::search(api.vault(), call, query, cursor::read(asked.cursor.as_deref())?, limit).await?;
    Ok(Json(MediaPage {
        items: found.items.into_iter().map(Media::from).collect(),
        next_cursor: found.next.map(cursor::write),
    }))
}
