//! Server-sent events: what changed, to the pages of the person whom it concerns.

use crate::{
    feed::{Batch, Feed},
    layer::SignedIn,
    problem::{Answer, Kind, Problem},
    state::Api,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;

/// Announcements as they happen (`text/event-stream`): `media.created`, `media.updated`, `media.removed` with the data
/// `{"ids": [...]}`, and `resync` when more was missed than is kept: load everything anew. At most four frames a second; the
/// ids of many changes come in one. `Last-Event-ID` goes on behind the last one seen. The stream ends with the sign-in.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen.")),
    responses((status = 200, description = "The stream.", content_type = "text/event-stream", body = String))
)]
pub async fn stream(State(api): State<Api>, SignedIn(call): SignedIn, headers: HeaderMap) -> Answer<Response> {
    let person = call.actor.person();
    let session = person.and_then(|p| p.session);
    let (Some(person), Some(session)) = (person, session) else {
        return Err(Problem::unauthorized("Events need a sign-in."));
    };
    let place = api.stream(session).ok_or_else(|| {
        Problem::new(
            Kind::TooManyRequests,
            "This sign-in has too many open event streams. Close some pages.",
        )
        .with(header::RETRY_AFTER, HeaderValue::from_static("30"))
    })?;
    let last = headers
        .get("last-event-id")
        .and_then(|v| v.to_str().ok())
        .map(str::parse::<i64>);
    let feed = Feed::open(&api, call, person, session, last).await?;
    let frames = stream::unfold((feed, place), |(mut feed, place)| async {
        let batch: Batch = feed.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(batch.text())), (feed, place)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Proxies such as nginx gather answers otherwise.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, Body::from_stream(frames)).into_response())
}
