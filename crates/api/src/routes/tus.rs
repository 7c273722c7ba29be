//! tus 1.0.0 over HTTP: creation, and the bytes of an upload.

use crate::{
    extract::{Id, Query, incoming},
    layer::SignedIn,
    problem::{Answer, Kind, Problem},
    state::Api,
    tus::{self, Checksum, Hasher, parse_metadata},
    when,
};
use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{Actor, At, Call, UploadId};
use serde::Deserialize;
use utoipa::IntoParams;
use vault::upload::{self, Announced, Created, Details, PartCheck, Progress};

/// The address of an upload's bytes, relative to the server.
pub fn address(id: UploadId, signature: &str) -> String {
    format!("/api/v1/uploads/{id}/data?sig={signature}")
}

const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

impl PartCheck for Hasher {
    fn update(&mut self, bytes: &[u8]) {
        Hasher::update(self, bytes);
    }
    fn matches(self: Box<Self>) -> bool {
        Hasher::matches(&self)
    }
}

/// Says which version, extensions and sizes are served.
#[utoipa::path(
    options, path = "/api/v1/tus", tag = "upload", security(()),
    responses((status = 204, description = "See the `Tus-` headers."))
)]
pub async fn capabilities(State(api): State<Api>) -> (StatusCode, HeaderMap) {
    (
        StatusCode::NO_CONTENT,
        tus::capabilities(api.vault().settings().max_file_bytes),
    )
}

/// Says which version, extensions and sizes are served.
#[utoipa::path(
    options, path = "/api/v1/uploads/{id}/data", tag = "upload", security(()), params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "See the `Tus-` headers."))
)]
pub async fn data_capabilities(State(api): State<Api>) -> (StatusCode, HeaderMap) {
    capabilities(State(api)).await
}

/// Adds `Tus-Resumable` to a problem: every answer but that to OPTIONS has it.
fn versioned(problem: impl Into<Problem>) -> Problem {
    problem.into().with(tus::RESUMABLE, tus::VERSION)
}

/// Creates an upload (tus creation, creation-with-upload). `Upload-Metadata` may name `filename` (or `name`), `title`,
/// `description`, `taken_at`, `modified_at`.
#[utoipa::path(
    post, path = "/api/v1/tus", tag = "upload",
    params(
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Length" = u64, Header, description = "How many bytes the file has."),
        ("Upload-Metadata" = Option<String>, Header, description = "Pairs of a key and a base64 value.")
    ),
    responses(
        (status = 201, description = "`Location` is where its bytes are sent."),
        (status = 412, description = "Another version of tus."),
        (status = 413, description = "Larger than `Tus-Max-Size`."),
        (status = 415, description = "Not a photo, video or sound, or not sent as tus bytes."),
        (status = 460, description = "The bytes differ from their checksum."),
        (status = 423, description = "Another request is busy with it."),
        (status = 507, description = "There is no room for it.")
    )
)]
pub async fn create(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    tus::require_version(&headers)?;
    if headers.contains_key(&tus::DEFER_LENGTH) {
        return Err(tus::bad(
            "Upload-Defer-Length is not served: say the length in Upload-Length.",
        ));
    }
    let size = tus::count(&headers, &tus::LENGTH)?;
    let size = size.ok_or_else(|| tus::bad("The header Upload-Length is missing."))?;
    let announced = announced(&headers, size)?;
    // The first bytes may come along; what is wrong with them must be known before anything is made.
    let with_bytes = headers.contains_key(header::CONTENT_TYPE);
    let check = if with_bytes {
        tus::require_bytes(&headers)?;
        Checksum::parse(&headers)?
    } else {
        None
    };
    let Created::Awaited(ticket) = upload::create(api.vault(), call.clone(), announced)
        .await
        .map_err(versioned)?
    else {
        // Only an announced hash finds existing content, and tus announces none.
        return Err(Problem::internal(&"an upload without hash was answered as existing"));
    };
    let location = HeaderValue::from_str(&address(ticket.id, &ticket.signature)).map_err(|e| Problem::internal(&e))?;
    let mut answer = answer(StatusCode::CREATED, ticket.expires_at);
    answer.headers_mut().insert(header::LOCATION, location);
    if with_bytes {
        let check = check.map(|c| Box::new(c.hasher()) as Box<dyn PartCheck>);
        let bytes = upload::Body::new(incoming(body));
        let progress = upload::append(api.vault(), call, ticket.id, 0, bytes, check)
            .await
            .map_err(versioned)?;
        describe(answer.headers_mut(), &progress);
    }
    Ok(answer)
}

fn announced(headers: &HeaderMap, size: u64) -> Answer<Announced> {
    let metadata = parse_metadata(headers)?;
    let time = |key: &str| metadata.first(&[key]).filter(|t| !t.is_empty());
    Ok(Announced {
        file_name: metadata.first(&["filename", "name"]).unwrap_or("").to_owned(),
        size,
        sha256: None,
        details: Details {
            title: metadata.first(&["title"]).map(str::to_owned),
            description: metadata.first(&["description"]).map(str::to_owned),
            taken_at: time("taken_at")
                .map(when::parse_taken)
                .transpose()
                .map_err(|e| versioned(Problem::field("taken_at", e)))?,
            modified_at: time("modified_at")
                .map(when::parse_instant)
                .transpose()
                .map_err(|e| versioned(Problem::field("modified_at", e)))?,
            ..Details::default()
        },
    })
}

fn answer(status: StatusCode, expires_at: At) -> Response {
    let headers = [
        (tus::RESUMABLE, tus::VERSION),
        (tus::EXPIRES, tus::http_date(expires_at)),
    ];
    (status, headers).into_response()
}

fn describe(headers: &mut HeaderMap, progress: &Progress) {
    headers.insert(tus::OFFSET, HeaderValue::from(progress.offset));
    headers.insert(tus::LENGTH, HeaderValue::from(progress.size));
    if let Some(id) = progress
        .media
        .and_then(|id| HeaderValue::from_str(&id.to_string()).ok())
    {
        headers.insert(tus::MEDIA_ID, id);
    }
}

/// The signature of an upload's address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Signature {
    /// As the server wrote it. Without it, you are recognised as usual.
    pub sig: Option<String>,
}

/// A call by whoever holds the signed address of an upload, or by its owner.
#[derive(Debug)]
pub struct Holder {
    call: Call,
    id: UploadId,
}

impl FromRequestParts<Api> for Holder {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let Query(Signature { sig }) = Query::from_request_parts(parts, api).await?;
        let Some(sig) = sig else {
            let SignedIn(call) = SignedIn::from_request_parts(parts, api).await?;
            let Id(id) = Id::from_request_parts(parts, api).await?;
            return Ok(Holder { call, id });
        };
        let Id(id) = Id::from_request_parts(parts, api).await?;
        let actor: Actor = upload::holder(api.vault(), id, &sig).map_err(versioned)?;
        let ip = parts.extensions.get::<crate::layer::Client>().map(|c| c.0);
        Ok(Holder {
            call: api.vault().call(actor, ip),
            id,
        })
    }
}

/// How far an upload is.
#[utoipa::path(
    head, path = "/api/v1/uploads/{id}/data", tag = "upload", security((), ("bearer" = []), ("cookie" = [])),
    params(("id" = String, Path, format = Uuid), Signature, ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses(
        (status = 200, description = "`Upload-Offset` bytes of `Upload-Length` are here."),
        (status = 412, description = "Another version of tus."),
        (status = 415, description = "Its bytes are not a photo, video or sound."),
        (status = 423, description = "Another request is busy with it.")
    )
)]
pub async fn status(State(api): State<Api>, holder: Holder, headers: HeaderMap) -> Answer<Response> {
    tus::require_version(&headers)?;
    let progress = upload::status(api.vault(), holder.call, holder.id)
        .await
        .map_err(versioned)?;
    let mut answer = answer(StatusCode::OK, progress.expires_at);
    describe(answer.headers_mut(), &progress);
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// Adds bytes to an upload. The answer to the last byte carries `Media-Id`. Bytes that arrived before a break are kept.
#[utoipa::path(
    patch, path = "/api/v1/uploads/{id}/data", tag = "upload", security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("id" = String, Path, format = Uuid), Signature,
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Offset" = u64, Header, description = "Where these bytes begin: how many are here."),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` or `sha1`, and the base64 of these bytes' digest.")
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "`Upload-Offset` bytes are here now."),
        (status = 409, description = "The upload stands at another byte: see `Upload-Offset`."),
        (status = 412, description = "Another version of tus."),
        (status = 413, description = "More bytes than announced."),
        (status = 415, description = "Not sent as tus bytes, or not a photo, video or sound."),
        (status = 423, description = "Another request is sending bytes of it."),
        (status = 460, description = "The bytes differ from their checksum and were dropped."),
        (status = 507, description = "There is no room for it.")
    )
)]
pub async fn append(State(api): State<Api>, holder: Holder, headers: HeaderMap, body: Body) -> Answer<Response> {
    tus::require_version(&headers)?;
    tus::require_bytes(&headers)?;
    let offset = tus::count(&headers, &tus::OFFSET)?;
    let offset = offset.ok_or_else(|| tus::bad("The header Upload-Offset is missing."))?;
    let check = Checksum::parse(&headers)?.map(|c| Box::new(c.hasher()) as Box<dyn PartCheck>);
    let bytes = upload::Body::new(incoming(body));
    let progress = upload::append(api.vault(), holder.call, holder.id, offset, bytes, check)
        .await
        .map_err(versioned)?;
    let mut answer = answer(StatusCode::NO_CONTENT, progress.expires_at);
    describe(answer.headers_mut(), &progress);
    answer.headers_mut().remove(tus::LENGTH);
    Ok(answer)
}

/// Gives an upload up; what arrived is removed.
#[utoipa::path(
    delete, path = "/api/v1/uploads/{id}/data", tag = "upload", security((), ("bearer" = []), ("cookie" = [])),
    params(("id" = String, Path, format = Uuid), Signature, ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 412, description = "Another version of tus."),
        (status = 423, description = "Another request is busy with it.")
    )
)]
pub async fn end(State(api): State<Api>, holder: Holder, headers: HeaderMap) -> Answer<Response> {
    tus::require_version(&headers)?;
    upload::cancel(api.vault(), holder.call, holder.id)
        .await
        .map_err(versioned)?;
    Ok((StatusCode::NO_CONTENT, [(tus::RESUMABLE, tus::VERSION)]).into_response())
}

/// PATCH, HEAD or DELETE for clients that can only send POST: `X-HTTP-Method-Override` names the method.
#[utoipa::path(
    post, path = "/api/v1/uploads/{id}/data", tag = "upload", security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("id" = String, Path, format = Uuid), Signature,
        ("X-HTTP-Method-Override" = String, Header, description = "`PATCH`, `HEAD` or `DELETE`."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`")
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 200, description = "As HEAD."),
        (status = 204, description = "As PATCH or DELETE."),
        (status = 405, description = "Another method."),
        (status = 409, description = "The upload stands at another byte."),
        (status = 412, description = "Another version of tus."),
        (status = 413, description = "More bytes than announced."),
        (status = 415, description = "Not sent as tus bytes, or not a photo, video or sound."),
        (status = 423, description = "Another request is sending bytes of it."),
        (status = 460, description = "The bytes differ from their checksum."),
        (status = 507, description = "There is no room for it.")
    )
)]
pub async fn overridden(api: State<Api>, holder: Holder, headers: HeaderMap, body: Body) -> Answer<Response> {
    match headers.get(&METHOD_OVERRIDE).map_or(&b""[..], HeaderValue::as_bytes) {
        b"PATCH" => append(api, holder, headers, body).await,
        b"HEAD" => status(api, holder, headers).await,
        b"DELETE" => end(api, holder, headers).await,
        _ => Err(versioned(Problem::new(
            Kind::MethodNotAllowed,
            "Name PATCH, HEAD or DELETE in X-HTTP-Method-Override.",
        ))
        .with(
            header::ALLOW,
            HeaderValue::from_static("OPTIONS, HEAD, PATCH, DELETE, POST"),
        )),
    }
}
