//! The routes, one file per resource. A handler extracts, calls one use case, and maps its answer.

pub mod auth;
pub mod batch;
pub mod content;
pub mod downloads;
pub mod events;
pub mod history;
pub mod me;
pub mod media;
pub mod model;
pub mod one_shot;
pub mod search;
pub mod setup;
pub mod system;
pub mod timeline;
pub mod trash;
pub mod tus;
pub mod uploads;
pub mod words;

use crate::state::Api;
use axum::Json;
use utoipa_axum::{router::OpenApiRouter, routes};

/// All routes with their documentation: a route that is not documented cannot be added here.
pub fn all() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(system::health))
        .routes(routes!(system::ready))
        .routes(routes!(system::metrics))
        .routes(routes!(system::jwks))
        .routes(routes!(system::openapi_json))
        .routes(routes!(system::docs))
        .routes(routes!(system::docs_script))
        .routes(routes!(system::docs_style))
        .routes(routes!(setup::needed, setup::run))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::status))
        .routes(routes!(me::get, me::change))
        .routes(routes!(me::safety))
        .routes(routes!(me::change_password))
        .routes(routes!(me::sessions, me::end_other_sessions))
        .routes(routes!(me::end_session))
        .routes(routes!(media::list, one_shot::add))
        .routes(routes!(batch::batch))
        .routes(routes!(media::get, media::change, media::trash))
        .routes(routes!(media::versions))
        .routes(routes!(history::history))
        .routes(routes!(search::search))
        .routes(routes!(downloads::prepare))
        .routes(routes!(downloads::fetch))
        .routes(routes!(media::reprocess))
        .routes(routes!(content::original))
        .routes(routes!(content::thumbnail))
        .routes(routes!(timeline::months))
        .routes(routes!(timeline::month))
        .routes(routes!(trash::list))
        .routes(routes!(trash::restore))
        .routes(routes!(trash::empty))
        .routes(routes!(uploads::list, uploads::create))
        .routes(routes!(uploads::sizes))
        .routes(routes!(uploads::get, uploads::cancel))
        .routes(routes!(tus::capabilities, tus::create))
        .routes(routes!(
            tus::data_capabilities,
            tus::status,
            tus::append,
            tus::end,
            tus::overridden
        ))
        .routes(routes!(events::stream))
}

/// A list's page.
pub(crate) type Reply<T> = crate::problem::Answer<Json<T>>;
