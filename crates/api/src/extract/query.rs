//! Query strings.

use super::json::plain;
use crate::problem::{Answer, Problem};
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

/// A parsed query string; a value that does not fit is a 422 that names its parameter. Unknown parameters are ignored, as
/// caches and campaigns add their own.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let text = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(reader).map(Query).map_err(|error| {
            let field = error.path().to_string();
            let message = error.into_inner().to_string();
            let field = if field == "." { "query" } else { &field };
            Problem::field(field, plain(&message))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;
    use axum::http::Request;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Default, PartialEq)]
    #[serde(default)]
    struct Page {
        limit: Option<u32>,
        cursor: Option<String>,
    }
    async fn ask(query: &str) -> Answer<Page> {
        let (mut parts, ()) = Request::builder()
            .uri(format!("/x?{query}"))
            .body(())
            .unwrap()
            .into_parts();
        Query::<Page>::from_request_parts(&mut parts, &()).await.map(|q| q.0)
    }

    #[tokio::test]
    async fn values() {
        assert_eq!(
            ask("limit=5&cursor=a%20b&other=1").await.unwrap(),
            Page {
                limit: Some(5),
                cursor: Some("a b".into())
            }
        );
        assert_eq!(ask("").await.unwrap(), Page::default());
        for bad in ["limit=x", "limit=-1", "limit=99999999999", "limit=1&limit=2", "limit="] {
            assert_eq!(ask(bad).await.unwrap_err().kind(), Kind::Validation, "{bad}");
        }
    }
}
