//! What operators and programs ask of the server itself.

use crate::{docs, layer::Administrator, state::Api};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use vault::health;

/// The server is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    pub status: &'static str,
    /// The version of the program.
    pub version: &'static str,
}

/// Says that the server is alive. It asks nobody, so that it says so even when the database is away.
#[utoipa::path(get, path = "/health", tag = "system", security(()), responses((status = 200, body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// What the server needs, and whether it is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Everything is there.
    pub ready: bool,
    /// Each part with its state.
    pub checks: Vec<ReadinessCheck>,
}

/// A part that the server needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadinessCheck {
    /// Which: server, database, storage, queue.
    pub name: &'static str,
    /// Whether it is there.
    pub ok: bool,
    /// What is wrong with it, or which it is.
    pub detail: String,
}

/// Says whether the server can do its work: each part that it needs, with its state.
#[utoipa::path(
    get, path = "/ready", tag = "system", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness, description = "Something is missing."))
)]
pub async fn ready(State(api): State<Api>) -> Response {
    let stopping = api.ending().is_cancelled();
    let server = ReadinessCheck {
        name: "server",
        ok: !stopping,
        detail: if stopping {
            "it is stopping"
        } else {
            "it takes requests"
        }
        .to_owned(),
    };
    let parts = health::parts(api.vault()).await.into_iter().map(|part| ReadinessCheck {
        name: part.name,
        ok: part.ok,
        detail: part.detail,
    });
    let checks: Vec<ReadinessCheck> = std::iter::once(server).chain(parts).collect();
    let ready = checks.iter().all(|c| c.ok);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, checks })).into_response()
}

/// What this process has measured, in Prometheus' text format. For administrators; an own listener can be set for scrapers.
#[utoipa::path(
    get, path = "/metrics", tag = "system",
    responses((status = 200, description = "The metrics.", content_type = "text/plain", body = String))
)]
pub async fn metrics(State(api): State<Api>, _: Administrator) -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4"),
        )],
        api.metrics(),
    )
}

/// A set of public keys (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    /// The keys.
    #[schema(value_type = Vec<Object>)]
    pub keys: serde_json::Value,
}

/// The public keys with which access tokens can be checked.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "system", security(()), responses((status = 200, body = KeySet)))]
pub async fn jwks(State(api): State<Api>) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))],
        Json(api.vault().jwks()),
    )
}

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "system", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object))
)]
pub async fn openapi_json() -> impl IntoResponse {
    asset("application/json", docs::document())
}

/// The documentation for people.
#[utoipa::path(
    get, path = "/api/docs", tag = "system", security(()),
    responses((status = 200, description = "A page.", content_type = "text/html", body = String))
)]
pub async fn docs() -> impl IntoResponse {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    );
    (
        [(header::CONTENT_SECURITY_POLICY, POLICY)],
        asset("text/html; charset=utf-8", docs::PAGE),
    )
}

/// The script of the documentation.
#[utoipa::path(
    get, path = "/api/docs/page.js", tag = "system", security(()),
    responses((status = 200, description = "A script.", content_type = "text/javascript", body = String))
)]
pub async fn docs_script() -> impl IntoResponse {
    asset("text/javascript; charset=utf-8", docs::SCRIPT)
}

/// The style of the documentation.
#[utoipa::path(
    get, path = "/api/docs/page.css", tag = "system", security(()),
    responses((status = 200, description = "A style sheet.", content_type = "text/css", body = String))
)]
pub async fn docs_style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", docs::STYLE)
}

fn asset(mime: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(mime)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text)
}
