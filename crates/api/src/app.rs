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
    extract::{DefaultBodyLimit, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use std::sync::Arc;
use tower::ServiceBuilder;
use uuid::Uuid;

/// The whole interface as a service, for [`crate::serve`] and for tests.
pub fn router(api: Api) -> Router {
    let world = api.vault().world().clone();
    let frame = Frame {
        fresh_id: Arc::new(move || world.id::<Uuid>().to_string()),
        https: api.cookies().secure(),
        durations: Arc::default(),
    };
    let (routes, _) = routes::all().split_for_parts();
    routes
        .fallback(elsewhere)
        .method_not_allowed_fallback(not_that_method)
        // As one layer: the router would box each of several for each request. The first is the outermost.
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(frame, around))
                .layer(from_fn(no_nul))
                .layer(from_fn_with_state(api.clone(), layer::identify))
                .layer(from_fn_with_state(api.clone(), layer::once))
                .layer(from_fn(layer::in_time))
                .layer(from_fn(layer::compress))
                // Each body has its own limit: JSON in its extractor, files by the quota and the largest file.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(api)
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

/// An address with a NUL byte names nothing, and PostgreSQL would call it an error.
async fn no_nul(request: Request, next: Next) -> Response {
    use axum::response::IntoResponse;
    if request.uri().path().contains("%00") {
        return Problem::not_found().into_response();
    }
    next.run(request).await
}
