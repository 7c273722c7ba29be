//! A file in one request: `multipart/form-data`, for scripts.

use super::model::Media;
use crate::{
    extract::incoming,
    layer::SignedIn,
    problem::{Answer, Kind, Problem},
    rows::Added,
    state::Api,
    when,
};
use axum::{
    Json,
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State, multipart::Field},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::{At, Call, Description, MediaId, Priority, Taken, Title};
use futures_util::StreamExt;
use std::io;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use vault::{
    edit::{self, Changes},
    upload::{self, Details, Whole},
};

/// The longest text field, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// Pieces of the file between the connection and the vault.
const WAITING: usize = 4;

/// A file with what is known of it.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is read field by field as it arrives; this is its documentation"
)]
pub struct MediaUpload {
    /// The file.
    #[schema(value_type = Vec<u8>, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// When it was captured; otherwise it is read from the file.
    #[schema(format = DateTime)]
    taken_at: Option<String>,
    /// When the file was last modified.
    #[schema(format = DateTime)]
    modified_at: Option<String>,
    /// A title.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// A description.
    #[schema(max_length = 10_000)]
    description: Option<String>,
}

/// The text fields that were read so far.
#[derive(Debug, Default)]
struct Texts {
    title: Option<Title>,
    description: Option<Description>,
    taken: Option<Taken>,
    modified: Option<At>,
}

impl Texts {
    async fn read(&mut self, mut field: Field<'_>) -> Answer<()> {
        let name = field.name().unwrap_or("").to_owned();
        let mut bytes = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > MAX_TEXT {
                return Err(Problem::field(&name, format!("must have at most {MAX_TEXT} bytes")));
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| Problem::field(&name, "must be UTF-8 text"))?;
        let refused = |e: domain::Invalid| Problem::field(&name, e);
        match name.as_str() {
            "title" => self.title = Some(Title::parse(&text).map_err(refused)?),
            "description" => self.description = Some(Description::parse(&text).map_err(refused)?),
            "taken_at" if text.is_empty() => {}
            "taken_at" => self.taken = Some(when::parse_taken(&text).map_err(refused)?),
            "modified_at" => self.modified = Some(when::parse_instant(&text).map_err(refused)?),
            _ => return Err(Problem::field(&name, "is not a known field")),
        }
        Ok(())
    }
    fn details(self) -> Details {
        Details {
            title: self.title.map(|t| t.as_str().to_owned()),
            description: self.description.map(|d| d.as_str().to_owned()),
            taken_at: self.taken,
            modified_at: self.modified,
            ..Details::default()
        }
    }
    /// What came behind the file is set by a change of its own.
    fn changes(self) -> Option<Changes> {
        let mut changes = Changes::default();
        changes.facts.title = self.title;
        changes.facts.description = self.description;
        changes.facts.taken = self.taken;
        (changes != Changes::default()).then_some(changes)
    }
}

fn broken(e: axum::extract::multipart::MultipartError) -> Problem {
    let detail = format!("The form cannot be read: {}.", e.body_text());
    Problem::new(
        if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Kind::TooLarge
        } else {
            Kind::BadRequest
        },
        detail,
    )
}

/// Adds a file. Content that you have already is answered with the item that has it. Text fields may come before or behind
/// the file; it is never held in memory as a whole.
#[utoipa::path(
    post, path = "/api/v1/media", tag = "media",
    request_body(content = MediaUpload, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Media, description = "It is stored; the work on it goes on."),
        (status = 200, body = Media, description = "You have this content already."),
        (status = 413, description = "The file is larger than allowed."),
        (status = 415, description = "It is not a photo, video or sound, or not sent as a form."),
        (status = 507, description = "There is no room for it.")
    )
)]
pub async fn add(State(api): State<Api>, SignedIn(call): SignedIn, request: Request) -> Answer<Response> {
    let (parts, body) = request.into_parts();
    let expected = declared(&parts.headers);
    let mut request = Request::from_parts(parts, Body::from_stream(incoming(body)));
    // Files have limits of their own: the quota, and the largest file.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &api).await.map_err(|_| {
        Problem::new(
            Kind::UnsupportedMediaType,
            "Send a multipart/form-data form with a field named file.",
        )
    })?;
    let mut texts = Texts::default();
    let added = loop {
        let Some(field) = form.next_field().await.map_err(broken)? else {
            return Err(Problem::field("file", "is required"));
        };
        if field.name() == Some("file") {
            break store(&api, call.clone(), field, std::mem::take(&mut texts), expected).await?;
        }
        texts.read(field).await?;
    };
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            return Err(Problem::field("file", "must be given once"));
        }
        texts.read(field).await?;
    }
    answer(&api, call, added, texts.changes()).await
}

/// What the whole request has at most; a form's own lines are little beside its file.
fn declared(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse().ok())
}

/// Hands the field's bytes to the vault while they arrive.
async fn store(api: &Api, call: Call, field: Field<'_>, texts: Texts, expected: Option<u64>) -> Answer<Added> {
    let file = Whole {
        file_name: field.file_name().unwrap_or("").to_owned(),
        expected,
        details: texts.details(),
        priority: Priority::Person,
    };
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let feed = async move {
        let mut field = field;
        while let Some(piece) = field.next().await {
            // The vault has refused the rest when nobody takes it any more.
            let ended = piece.is_err();
            if sender.send(piece.map_err(io::Error::other)).await.is_err() || ended {
                return;
            }
        }
    };
    let (added, ()) = tokio::join!(upload::whole(api.vault(), call, file, upload::Body::new(pieces)), feed);
    Ok(added?)
}

async fn answer(api: &Api, call: Call, added: Added, changes: Option<Changes>) -> Answer<Response> {
    let (status, id): (StatusCode, MediaId) = match added {
        Added::New(id) => (StatusCode::CREATED, id),
        Added::Existing(id) => (StatusCode::OK, id),
    };
    let row = match changes {
        Some(changes) if status == StatusCode::CREATED => edit::change(api.vault(), call, id, changes).await?,
        _ => edit::get(api.vault(), call, id).await?,
    };
    let location = HeaderValue::from_str(&format!("/api/v1/media/{id}")).map_err(|e| Problem::internal(&e))?;
    Ok((status, [(header::LOCATION, location)], Json(Media::from(row))).into_response())
}
