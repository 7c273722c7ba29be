//! Routes and what every request passes, put together.

use crate::{
    http::{
        cookies::is_read,
        frame::{Durations, Frame, around},
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
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};
use tower::Service;
use vault::World;

/// The whole interface, for [`crate::serve`] and for tests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    routes: Router,
    /// The templates of the routes' addresses.
    templates: matchit::Router<String>,
    frame: Frame,
    api: Api,
}

impl App {
    /// Puts it together.
    pub fn new(api: Api) -> App {
        let frame = Frame {
            fresh_id: request_ids(api.vault().world().clone()),
            https: api.cookies().secure(),
            durations: Durations::default(),
        };
        let (routes, document) = routes::all().split_for_parts();
        let mut templates = matchit::Router::new();
        for template in document.paths.paths.into_keys() {
            // The router took it, which does the same with it.
            let _taken = templates.insert(template.clone(), template);
        }
        let routes = routes
            .fallback(elsewhere)
            .method_not_allowed_fallback(not_that_method)
            .with_state(api.clone());
        App(Arc::new(Parts {
            routes,
            templates,
            frame,
            api,
        }))
    }

    /// Answers a request. What every request passes lies around the routes and is no layer of them: those are boxed and cloned for each request.
    pub async fn answer(self, request: Request) -> Response {
        let Parts {
            routes,
            templates,
            frame,
            api,
        } = &*self.0;
        let is_head = *request.method() == Method::HEAD;
        let matched = templates.at(request.uri().path());
        let template = matched.map_or("unmatched", |matched| matched.value.as_str());
        let response = around(frame, template, request, |request| async move {
            // An address with a NUL byte names nothing, and PostgreSQL would call it an error.
            if request.uri().path().contains("%00") {
                return Problem::not_found().into_response();
            }
            let mut routes = routes.clone();
            let routed = move |request: Request| {
                let answer = routes.call(request);
                async move { answer.await.unwrap_or_else(|never: Infallible| match never {}) }
            };
            let handled = |request| layer::compress(request, routed);
            let once = |request| layer::once(api.clone(), request, |request| layer::in_time(request, handled));
            layer::identify(api.clone(), request, once).await
        })
        .await;
        if is_head { without_body(response) } else { response }
    }
}

/// The answer to HEAD says how long the body would be. The routes have taken it away already, but not that of an error.
fn without_body(mut response: Response) -> Response {
    if !response.body().is_end_stream()
        && let Some(size) = response.body().size_hint().exact()
    {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    *response.body_mut() = Body::empty();
    response
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
