//! What happens to every request before its handler: who it comes from, whether it is one too many, how long it may take,
//! whether it was done before, how short its answer can be.

mod compress;
mod idempotency;
mod identify;

pub use compress::compress;
pub use idempotency::once;
pub use identify::{Administrator, Anyone, Client, SignedIn, identify};

use crate::{
    limit::{Class, classify},
    problem::{Kind, Problem},
};
use axum::{
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;

/// How long a call may take until its answer begins. Bytes in both directions and event streams are not calls.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers 503 when a call takes too long.
pub async fn in_time<F: Future<Output = Response> + Send>(
    request: Request,
    next: impl FnOnce(Request) -> F + Send,
) -> Response {
    let endless = classify(request.method(), request.uri().path()) == Class::Upload;
    if endless {
        return next(request).await;
    }
    match tokio::time::timeout(PATIENCE, next(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(event = "call_timed_out");
            Problem::new(Kind::Unavailable, "This took too long. Try again in a moment.")
                .with(header::RETRY_AFTER, HeaderValue::from_static("5"))
                .into_response()
        }
    }
}
