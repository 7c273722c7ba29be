//! Ids and other parsed parts of the path.

use crate::problem::{Answer, Problem};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use std::str::FromStr;

/// The last `{parameter}` of the path, parsed. What does not parse cannot exist: 404.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let Path(parameters) = Path::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let last = parameters.last().ok_or_else(Problem::not_found)?;
        last.1.parse().map(Id).map_err(|_| Problem::not_found())
    }
}
