//! Many originals as one file.

use super::trash::at_most;
use crate::{
    extract::{Id, Json as Body},
    http::disposition::{self, Disposition},
    layer::SignedIn,
    problem::{Answer, Problem},
    state::Api,
    when,
};
use axum::{
    Json,
    body::Body as Bytes,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{DownloadId, MediaId};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::archive;

/// Which items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DownloadRequest {
    /// Their ids, 1 to 10,000.
    #[schema(min_items = 1, max_items = 10_000, value_type = Vec<uuid::Uuid>)]
    pub ids: Vec<MediaId>,
}

/// Where the file is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Download {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// Get it here, signed in as you are now.
    pub url: String,
    /// Until when that can be begun.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// Asks for many originals as one file (ZIP, not compressed). Nothing is packed before it is fetched.
#[utoipa::path(
    post, path = "/api/v1/downloads", tag = "content", request_body = DownloadRequest,
    responses(
        (status = 201, body = Download),
        (status = 404, description = "One of them does not exist, or you have no access to it.")
    )
)]
pub async fn prepare(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Body(asked): Body<DownloadRequest>,
) -> Answer<(StatusCode, Json<Download>)> {
    if asked.ids.is_empty() {
        return Err(Problem::field("ids", "must not be empty"));
    }
    let prepared = archive::prepare(api.vault(), call, at_most(asked.ids)?).await?;
    let download = Download {
        url: format!("/api/v1/downloads/{}", prepared.id),
        id: prepared.id.to_string(),
        expires_at: when::instant(prepared.expires_at),
    };
    Ok((StatusCode::CREATED, Json(download)))
}

/// The file. If an original cannot be read the transfer is cut short, so that nobody takes a part for the whole.
#[utoipa::path(
    get, path = "/api/v1/downloads/{id}", tag = "content", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The file.", content_type = "application/zip", body = Vec<u8>))
)]
pub async fn fetch(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<DownloadId>) -> Answer<Response> {
    let day = when::instant(call.now);
    let pieces = archive::begin(api.vault(), call, id).await?;
    let pieces = stream::unfold(pieces, |mut pieces| async { Some((pieces.recv().await?, pieces)) });
    let name = format!("media-vault-{}.zip", day.get(..10).unwrap_or_default());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (
            header::CONTENT_DISPOSITION,
            disposition::header(Disposition::Attachment, &name),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, Bytes::from_stream(pieces)).into_response())
}
