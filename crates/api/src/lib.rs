//! The outside interface over HTTP. Translates requests into calls of `vault` and its answers into responses; decides nothing.
//!
//! A request passes, from the outside in: the frame (request id, log, security headers, errors as problems), who it comes
//! from and whether it is one too many, `Idempotency-Key`, the time limit, compression, its handler.

mod app;
mod cursor;
pub mod docs;
pub mod extract;
mod feed;
pub mod http;
mod lanes;
pub mod layer;
pub mod limit;
pub mod problem;
mod refuse;
pub mod routes;
mod rows;
mod server;
mod settings;
mod state;
pub mod tus;
pub mod web;
mod when;

pub use app::App;
pub use server::serve;
pub use settings::Settings;
pub use state::{Api, RenderMetrics};

/// The OpenAPI 3.1 document, in JSON.
pub fn openapi() -> String {
    docs::document().to_owned()
}
