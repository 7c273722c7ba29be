//! Announcing a file, and one's uploads under way.

use super::{Reply, model::Media, tus};
use crate::{
    extract::{Id, Json as Body},
    layer::SignedIn,
    problem::{Answer, Problem},
    state::Api,
    when,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::UploadId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::{
    edit,
    upload::{self, Announced, Created, Details, Progress, Ticket},
};

/// Asked about at once.
const MOST_SIZES: usize = 1000;

/// A file that is going to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadRequest {
    /// What it is called.
    #[schema(example = "IMG_2024.jpg")]
    pub file_name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Its SHA-256 in hexadecimal, if it is known: content that you have already is then not sent at all.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub sha256: Option<String>,
    /// Its type as the client sees it. It is not believed: the content decides.
    pub mime_type: Option<String>,
    /// When it was last modified.
    #[schema(format = DateTime)]
    pub modified_at: Option<String>,
    /// When it was captured, if a person says so; otherwise it is read from the file.
    #[schema(format = DateTime)]
    pub taken_at: Option<String>,
    /// A title.
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// A description.
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
}

/// Where the bytes go.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadTicket {
    /// The upload's id.
    #[schema(value_type = uuid::Uuid)]
    pub id: UploadId,
    /// How they are sent: `tus` (tus 1.0, from `HEAD` on).
    #[schema(pattern = "^tus$")]
    pub protocol: &'static str,
    /// Where they are sent. The address is signed and needs no other credential.
    pub url: String,
    /// When the upload is given up.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// Content that you have already.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadDone {
    /// The item that has it.
    pub media: Media,
}

impl From<Ticket> for UploadTicket {
    fn from(ticket: Ticket) -> Self {
        UploadTicket {
            id: ticket.id,
            protocol: "tus",
            url: tus::address(ticket.id, &ticket.signature),
            expires_at: when::instant(ticket.expires_at),
        }
    }
}

/// Announces a file. The answer says where to send its bytes, or that you have this content already.
#[utoipa::path(
    post, path = "/api/v1/uploads", tag = "upload", request_body = UploadRequest,
    responses(
        (status = 201, body = UploadTicket, description = "Send the bytes to `url`."),
        (status = 200, body = UploadDone, description = "You have this content already."),
        (status = 507, description = "There is no room for it.")
    )
)]
pub async fn create(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Body(asked): Body<UploadRequest>,
) -> Answer<Response> {
    let announced = Announced {
        file_name: asked.file_name,
        size: asked.size,
        sha256: asked
            .sha256
            .map(|s| s.parse().map_err(|e| Problem::field("sha256", e)))
            .transpose()?,
        details: Details {
            title: asked.title,
            description: asked.description,
            taken_at: asked
                .taken_at
                .map(|t| when::parse_taken(&t).map_err(|e| Problem::field("taken_at", e)))
                .transpose()?,
            modified_at: asked
                .modified_at
                .map(|t| when::parse_instant(&t).map_err(|e| Problem::field("modified_at", e)))
                .transpose()?,
            ..Details::default()
        },
    };
    match upload::create(api.vault(), call.clone(), announced).await? {
        Created::Existing(id) => {
            let media = edit::get(api.vault(), call, id).await?.into();
            Ok(Json(UploadDone { media }).into_response())
        }
        Created::Awaited(ticket) => {
            let ticket = UploadTicket::from(ticket);
            let location = HeaderValue::from_str(&ticket.url).map_err(|e| Problem::internal(&e))?;
            Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(ticket)).into_response())
        }
    }
}

/// Sizes of files that may be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// In bytes.
    #[schema(min_items = 1, max_items = 1000)]
    pub sizes: Vec<u64>,
}

/// Sizes that your items have.
#[derive(Debug, Serialize, ToSchema)]
pub struct KnownSizes {
    /// Those among the sizes asked about, each once.
    pub known: Vec<u64>,
}

/// Tells which of these sizes your items have. A file of another size is certainly new: its content need not be hashed to find
/// out.
#[utoipa::path(
    post, path = "/api/v1/uploads/sizes", tag = "upload", request_body = Sizes,
    responses((status = 200, body = KnownSizes))
)]
pub async fn sizes(State(api): State<Api>, SignedIn(call): SignedIn, Body(asked): Body<Sizes>) -> Reply<KnownSizes> {
    if !(1..=MOST_SIZES).contains(&asked.sizes.len()) {
        return Err(Problem::field("sizes", format!("must have 1 to {MOST_SIZES} entries")));
    }
    let known = upload::sizes(api.vault(), call, asked.sizes).await?;
    Ok(Json(KnownSizes { known }))
}

/// How an upload stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadInfo {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: UploadId,
    /// What the file is called.
    pub file_name: String,
    /// How many bytes it will have.
    pub size: u64,
    /// How many are here.
    pub offset: u64,
    /// When it is given up.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// The item that it became, once all bytes are here.
    #[schema(format = Uuid)]
    pub media_id: Option<String>,
    /// Where its bytes are sent; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl From<Progress> for UploadInfo {
    fn from(p: Progress) -> Self {
        UploadInfo {
            id: p.id,
            file_name: p.file_name,
            size: p.size,
            offset: p.offset,
            expires_at: when::instant(p.expires_at),
            media_id: p.media.map(|m| m.to_string()),
            url: None,
        }
    }
}

/// Uploads under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadList {
    /// At most 1,000.
    pub items: Vec<UploadInfo>,
}

/// Your uploads under way.
#[utoipa::path(get, path = "/api/v1/uploads", tag = "upload", responses((status = 200, body = UploadList)))]
pub async fn list(State(api): State<Api>, SignedIn(call): SignedIn) -> Reply<UploadList> {
    let items = upload::list(api.vault(), call)
        .await?
        .into_iter()
        .map(UploadInfo::from)
        .collect();
    Ok(Json(UploadList { items }))
}

/// How one of your uploads stands, with a fresh address for the rest of its bytes.
#[utoipa::path(
    get, path = "/api/v1/uploads/{id}", tag = "upload", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = UploadInfo))
)]
pub async fn get(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<UploadId>) -> Reply<UploadInfo> {
    let mut info = UploadInfo::from(upload::status(api.vault(), call.clone(), id).await?);
    info.url = Some(UploadTicket::from(upload::ticket(api.vault(), call, id).await?).url);
    Ok(Json(info))
}

/// Gives one of your uploads up; what arrived is removed.
#[utoipa::path(
    delete, path = "/api/v1/uploads/{id}", tag = "upload", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "It is gone."))
)]
pub async fn cancel(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<UploadId>) -> Answer<StatusCode> {
    upload::cancel(api.vault(), call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
