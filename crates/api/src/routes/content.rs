//! Bytes on their way out: originals and renditions.

use super::words;
use crate::{
    extract::{Id, Query},
    http::{
        conditional::Etag,
        content::{Caching, Content, respond},
        disposition::Disposition,
    },
    layer::SignedIn,
    problem::{Answer, Problem},
    state::Api,
};
use axum::{
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use domain::{MediaId, RenditionKind};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use vault::content;

/// How an original is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContentQuery {
    /// `1`: to be saved, under the file's own name.
    #[param(pattern = "^[01]$")]
    pub download: Option<String>,
}

async fn send(
    method: &Method,
    headers: &HeaderMap,
    found: content::Content,
    disposition: Disposition,
    caching: Caching,
) -> Answer<Response> {
    let content = Content {
        length: found.len(),
        mime: found.mime.clone(),
        etag: Etag::new(&found.etag),
        file_name: found.file_name.clone(),
        disposition,
        caching,
        at_hand: found.at_hand(),
        reader: Arc::new(move |offset: u64, buffer: &mut [u8]| {
            found.read_at(offset, buffer).map_err(|e| e.to_string())
        }),
    };
    respond(method, headers, content).await
}

/// The original file, byte for byte. Types that could run in a browser (SVG, HTML) are always offered for saving.
#[utoipa::path(
    get, path = "/api/v1/media/{id}/content", tag = "content",
    params(
        ("id" = String, Path, format = Uuid), ContentQuery,
        ("Range" = Option<String>, Header, description = "One or several byte ranges (RFC 9110, 14.2).")
    ),
    responses(
        (status = 200, description = "The bytes.", content_type = "*/*", body = Vec<u8>),
        (status = 206, description = "The bytes of the ranges.", content_type = "*/*", body = Vec<u8>),
        (status = 304, description = "They are those that `If-None-Match` names."),
        (status = 412, description = "They are not those that `If-Match` names."),
        (status = 416, description = "None of these bytes exist.")
    )
)]
pub async fn original(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Id(id): Id<MediaId>,
    Query(asked): Query<ContentQuery>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    let disposition = match asked.download.as_deref() {
        Some("1") => Disposition::Attachment,
        None | Some("0") => Disposition::Inline,
        Some(_) => return Err(Problem::field("download", "must be 0 or 1")),
    };
    let found = content::original(api.vault(), call, id).await?;
    send(&method, &headers, found, disposition, Caching::Revalidate).await
}

/// Which rendition.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThumbnailQuery {
    /// `thumb` (default): WebP, 256 px on the short side. `preview`: JPEG, 1440 px on the long side.
    #[param(inline, value_type = Option<words::RenditionSize>)]
    pub size: Option<String>,
    /// The item's version: with it the answer may be kept for ever.
    pub v: Option<String>,
}

/// A picture of the item.
#[utoipa::path(
    get, path = "/api/v1/media/{id}/thumbnail", tag = "content",
    params(("id" = String, Path, format = Uuid), ThumbnailQuery),
    responses(
        (status = 200, description = "The picture.", content_type = "image/*", body = Vec<u8>),
        (status = 206, description = "A part of it.", content_type = "*/*", body = Vec<u8>),
        (status = 304, description = "It is the one that `If-None-Match` names."),
        (status = 412, description = "It is not the one that `If-Match` names."),
        (status = 416, description = "None of these bytes exist.")
    )
)]
pub async fn thumbnail(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Id(id): Id<MediaId>,
    Query(asked): Query<ThumbnailQuery>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    let kind: RenditionKind = match asked.size.as_deref() {
        None => RenditionKind::Thumb,
        Some(size) => size.parse().map_err(|e| Problem::field("size", e))?,
    };
    let caching = if asked.v.is_some() {
        Caching::Immutable
    } else {
        Caching::Revalidate
    };
    let found = content::rendition(api.vault(), call, id, kind).await?;
    send(&method, &headers, found, Disposition::Inline, caching).await
}
