//! Routes and layers put together.

use crate::{
    http::{
        cookies::is_read,
        frame::{Frame, around},
    },
    layer,
    limit::{Class, classify},
    problem::{Answer, Problem},
    routes,
    state::Api,
    web,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use std::sync::{Arc, Mutex, PoisonError};
use tower::ServiceBuilder;
use vault::World;

/// The whole interface as a service, for [`crate::serve`] and for tests.
pub fn router(api: Api) -> Router {
    let frame = Frame {
        fresh_id: request_ids(api.vault().world().clone()),
        https: api.cookies().secure(),
        durations: Arc::default(),
    };
    let (routes, _) = routes::all().split_for_parts();
    routes
        .fallback(elsewhere)
        .method_not_allowed_fallback(not_that_method)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state((frame, api.clone()), pass))
                // Each body has its own limit: JSON in its extractor, files by the quota and the largest file.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(api)
}

/// Random ids (UUIDv4). Chance is asked for many of them at once: each by itself takes as long as a query.
fn request_ids(world: World) -> Arc<dyn Fn() -> String + Send + Sync> {
    let drawn: Mutex<Vec<[u8; 16]>> = Mutex::default();
    Arc::new(move || {
        // An id is taken or it is not.
        let mut drawn = drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_empty() {
            drawn.extend_from_slice(world.random::<1024>().as_chunks().0);
        }
        let random = drawn.pop().unwrap_or_default();
        uuid::Builder::from_random_bytes(random).into_uuid().to_string()
    })
}

/// What no route takes: the web app, or nothing.
async fn elsewhere(method: Method, uri: Uri, headers: HeaderMap) -> Answer<Response> {
    if uri.path().starts_with("/api/") || uri.path().starts_with("/.well-known/") {
        return Err(Problem::not_found());
    }
    if classify(&method, uri.path()) == Class::Static && !is_read(&method) {
        return Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
            .with(header::ALLOW, HeaderValue::from_static("GET, HEAD")));
    }
    web::serve(&method, uri.path(), &headers)
}

async fn not_that_method() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// What every request passes, from the outside in. As one layer: several would each be boxed and cloned for each request.
async fn pass(State((frame, api)): State<(Frame, Api)>, request: Request, next: Next) -> Response {
    around(frame, request, |request| async move {
        // An address with a NUL byte names nothing, and PostgreSQL would call it an error.
        if request.uri().path().contains("%00") {
            return Problem::not_found().into_response();
        }
        let known = api.clone();
        let handled = |request| layer::compress(request, |request| next.run(request));
        let once = |request| layer::once(api, request, |request| layer::in_time(request, handled));
        layer::identify(known, request, once).await
    })
    .await
}
