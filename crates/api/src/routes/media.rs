//! Items: lists, facts, changes.

use super::{
    Reply,
    model::{Media, MediaPage, Version},
    timeline::view,
    words,
};
use crate::{
    cursor,
    extract::{Id, Json as Body, Query},
    http::conditional::{Etag, Verdict, for_read, for_write},
    layer::SignedIn,
    problem::{Answer, Kind, Problem},
    rows::{ListFilter, Mark, MediaRow},
    state::Api,
    when,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Call, Description, Invalid, MediaId, Position, Title, View};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use vault::{
    VaultError,
    edit::{self, Changes},
    lists, trash,
};

/// A page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Most items: 1 to 1,000; 100 when it is not said.
    #[param(minimum = 1, maximum = 1_000)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which items.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MediaQuery {
    /// The list: `timeline` (default), `favorites`, `archive` or `trash`.
    #[param(inline, value_type = Option<words::View>)]
    pub view: Option<String>,
    /// Only this kind: `photo`, `video` or `audio`.
    #[param(inline, value_type = Option<words::MediaKind>)]
    pub kind: Option<String>,
    /// Only this state: `processing`, `ready` or `failed`.
    #[param(inline, value_type = Option<words::MediaState>)]
    pub state: Option<String>,
    /// Only what was captured at or after this wall clock (the offset does not matter).
    #[param(format = DateTime)]
    pub taken_from: Option<String>,
    /// Only what was captured before this wall clock (the offset does not matter).
    #[param(format = DateTime)]
    pub taken_until: Option<String>,
    /// Most items: 1 to 1,000; 100 when it is not said.
    #[param(minimum = 1, maximum = 1_000)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

pub(super) fn parsed<T, U>(field: &str, text: Option<&T>, parse: impl Fn(&T) -> Result<U, Invalid>) -> Answer<Option<U>>
where
    T: ?Sized,
{
    text.map(|text| parse(text).map_err(|e| Problem::field(field, e)))
        .transpose()
}

/// Your items, newest capture first.
#[utoipa::path(get, path = "/api/v1/media", tag = "media", params(MediaQuery), responses((status = 200, body = MediaPage)))]
pub async fn list(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Query(asked): Query<MediaQuery>,
) -> Reply<MediaPage> {
    let filter = ListFilter {
        kind: parsed("kind", asked.kind.as_deref(), str::parse)?,
        state: parsed("state", asked.state.as_deref(), str::parse)?,
        from: parsed("taken_from", asked.taken_from.as_deref(), when::parse_taken)?.map(|t| t.local),
        until: parsed("taken_until", asked.taken_until.as_deref(), when::parse_taken)?.map(|t| t.local),
    };
    let page = PageQuery {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    filtered(&api, call, view(asked.view.as_deref())?, filter, page).await
}

/// A page of a list without filters.
pub async fn page(api: &Api, call: Call, view: View, asked: PageQuery) -> Reply<MediaPage> {
    filtered(api, call, view, ListFilter::default(), asked).await
}

async fn filtered(api: &Api, call: Call, view: View, filter: ListFilter, asked: PageQuery) -> Reply<MediaPage> {
    let limit = cursor::limit(asked.limit, 100, 1_000)?;
    let page = lists::media(
        api.vault(),
        call,
        view,
        filter,
        cursor::read(asked.cursor.as_deref())?,
        limit,
    )
    .await?;
    let items = page.items.into_iter().map(Media::from).collect();
    Ok(Json(MediaPage {
        items,
        next_cursor: page.next.map(cursor::write),
    }))
}

fn etag(row: &MediaRow) -> Etag {
    Etag::new(&format!("r{}-{}", row.revision, row.updated_at.0))
}

/// An item with the tag of its present state.
fn tagged(row: MediaRow) -> Response {
    let headers = [
        (header::ETAG, etag(&row).value()),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    (headers, Json(Media::from(row))).into_response()
}

/// An item.
#[utoipa::path(
    get, path = "/api/v1/media/{id}", tag = "media", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Media), (status = 304, description = "It is the one that `If-None-Match` names."))
)]
pub async fn get(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Id(id): Id<MediaId>,
    headers: HeaderMap,
) -> Answer<Response> {
    let row = edit::get(api.vault(), call, id).await?;
    match for_read(&headers, &etag(&row)) {
        Verdict::Proceed => Ok(tagged(row)),
        Verdict::NotModified => Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag(&row).value())]).into_response()),
        Verdict::Failed => Err(Problem::new(Kind::PreconditionFailed, VaultError::Stale.to_string())),
    }
}

/// What is changed; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MediaChange {
    /// A new title; null or an empty text takes it away.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    title: Option<Option<String>>,
    /// A new description; null or an empty text takes it away.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 10_000)]
    description: Option<Option<String>>,
    /// A new capture time with its offset (`-00:00`: not known).
    #[schema(format = DateTime)]
    taken_at: Option<String>,
    /// Marked or not.
    favorite: Option<bool>,
    /// In the archive or not.
    archived: Option<bool>,
    /// Degrees north, together with `longitude`; both null take the place away.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<f64>, minimum = -90, maximum = 90)]
    latitude: Option<Option<f64>>,
    /// Degrees east, together with `latitude`.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<f64>, minimum = -180, maximum = 180)]
    longitude: Option<Option<f64>>,
}

/// Tells "null" from "absent".
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(d).map(Some)
}

fn mark(on: bool) -> Mark {
    if on { Mark::Set } else { Mark::Cleared }
}

impl MediaChange {
    fn parse(self) -> Answer<Changes> {
        let mut changes = Changes::default();
        let title = self.title.map(Option::unwrap_or_default);
        let description = self.description.map(Option::unwrap_or_default);
        changes.facts.title = parsed("title", title.as_deref(), Title::parse)?;
        changes.facts.description = parsed("description", description.as_deref(), Description::parse)?;
        changes.facts.taken = parsed("taken_at", self.taken_at.as_deref(), when::parse_taken)?;
        changes.facts.position = match (self.latitude, self.longitude) {
            (None, None) => None,
            (Some(None), Some(None)) => Some(None),
            (Some(Some(lat)), Some(Some(lon))) => Some(Some(
                Position::new(lat, lon).map_err(|e| Problem::field("latitude", e))?,
            )),
            _ => return Err(Problem::field("latitude", "must be given together with longitude")),
        };
        changes.favorite = self.favorite.map(mark);
        changes.archived = self.archived.map(mark);
        Ok(changes)
    }
}

/// Changes an item: everything that is asked, or nothing.
#[utoipa::path(
    patch, path = "/api/v1/media/{id}", tag = "media", request_body = MediaChange,
    params(
        ("id" = String, Path, format = Uuid),
        ("If-Match" = Option<String>, Header, description = "The ETag of the state that you saw; another one is refused.")
    ),
    responses(
        (status = 200, body = Media),
        (status = 409, description = "It is in a state in which that cannot be changed, or it changed meanwhile."),
        (status = 412, description = "It is not the one that `If-Match` names.")
    )
)]
pub async fn change(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Id(id): Id<MediaId>,
    headers: HeaderMap,
    Body(asked): Body<MediaChange>,
) -> Answer<Response> {
    let mut changes = asked.parse()?;
    let stale = || Problem::new(Kind::PreconditionFailed, VaultError::Stale.to_string());
    if headers.contains_key(header::IF_MATCH) {
        let seen = edit::get(api.vault(), call.clone(), id).await?;
        if for_write(&headers, Some(&etag(&seen))) == Verdict::Failed {
            return Err(stale());
        }
        changes.revision = Some(seen.revision);
    }
    let conditional = changes.revision.is_some();
    match edit::change(api.vault(), call, id, changes).await {
        Err(VaultError::Stale) if conditional => Err(stale()),
        other => Ok(tagged(other?)),
    }
}

/// Moves an item to the trash. Doing it twice is doing it.
#[utoipa::path(
    delete, path = "/api/v1/media/{id}", tag = "media", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "It lies in the trash."))
)]
pub async fn trash(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<MediaId>) -> Answer<StatusCode> {
    trash::trash(api.vault(), call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The files of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionList {
    /// The newest first.
    pub items: Vec<Version>,
}

/// All files of an item, the newest first.
#[utoipa::path(
    get, path = "/api/v1/media/{id}/versions", tag = "media", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = VersionList))
)]
pub async fn versions(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<MediaId>) -> Reply<VersionList> {
    let items = edit::versions(api.vault(), call, id)
        .await?
        .into_iter()
        .map(Version::from)
        .collect();
    Ok(Json(VersionList { items }))
}

/// Tries once more to read a file that could not be shown.
#[utoipa::path(
    post, path = "/api/v1/media/{id}/reprocess", tag = "media", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Media), (status = 409, description = "There is nothing to try again."))
)]
pub async fn reprocess(State(api): State<Api>, SignedIn(call): SignedIn, Id(id): Id<MediaId>) -> Answer<Response> {
    Ok(tagged(edit::retry(api.vault(), call, id).await?))
}
