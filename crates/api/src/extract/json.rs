//! JSON bodies.

use crate::problem::{Answer, Kind, Problem};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, header},
};
use serde::de::{DeserializeOwned, IgnoredAny};

/// The largest JSON body: a batch of 10,000 ids takes 400 kB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A body of `application/json`. Unknown fields are refused where `T` says so (all of ours do).
///
/// 400 for what is not JSON, 413 for what is too long, 415 for another type, 422 with the field's path for a wrong value.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// Like [`Json`]; a request without body gives the default.
#[derive(Debug)]
pub struct JsonOr<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        parse(&read(&parts.headers, body).await?).map(Json)
    }
}

impl<S: Sync, T: DeserializeOwned + Default> FromRequest<S> for JsonOr<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(JsonOr(T::default()));
        }
        require_json(&parts.headers)?;
        parse(&bytes).map(JsonOr)
    }
}

fn require_json(headers: &HeaderMap) -> Answer<()> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let essence = essence.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let problem = Problem::new(
        Kind::UnsupportedMediaType,
        "Send the body as Content-Type: application/json.",
    );
    Err(problem.with(header::ACCEPT, HeaderValue::from_static("application/json")))
}

async fn read(headers: &HeaderMap, body: Body) -> Answer<bytes::Bytes> {
    let too_large = || {
        Problem::new(
            Kind::TooLarge,
            format!("A JSON body may have at most {MAX_BYTES} bytes."),
        )
    };
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|n| n > MAX_BYTES) {
        return Err(too_large());
    }
    to_bytes(body, MAX_BYTES).await.map_err(|e| {
        let limit = std::error::Error::source(&e).is_some_and(|s| s.is::<http_body_util::LengthLimitError>());
        if limit {
            too_large()
        } else {
            Problem::new(Kind::BadRequest, "The body broke off before its end.")
        }
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    // Serde would also take a list for a struct, field by field.
    if bytes.trim_ascii_start().first().is_some_and(|b| *b != b'{')
        && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
    {
        return Err(Problem::field("body", "must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let field = field_of(&path, &inner.to_string());
            return Problem::field(&field, plain(&inner.to_string()));
        }
        let (line, column) = (inner.line(), inner.column());
        Problem::new(
            Kind::BadRequest,
            format!("The body is not JSON: line {line}, column {column}."),
        )
    })?;
    reader
        .end()
        .map_err(|_| Problem::new(Kind::BadRequest, "Something stands behind the JSON value."))?;
    Ok(value)
}

/// Serde names a missing or unknown field in its message only.
fn field_of(path: &str, message: &str) -> String {
    let named = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next());
    match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    }
}

/// Serde's message without the position, in which people have no interest.
pub(super) fn plain(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let text = message.get(..end).unwrap_or(message);
    if text.starts_with("missing field") {
        return "is required".to_owned();
    }
    if text.starts_with("unknown field") {
        return "is not a known field".to_owned();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        name: String,
        #[serde(default)]
        inner: Vec<Inner>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        n: u8,
    }

    async fn ask(body: &str, kind: &str) -> Answer<Json<Asked>> {
        let request = Request::builder()
            .header("content-type", kind)
            .body(Body::from(body.to_owned()))
            .unwrap();
        Json::from_request(request, &()).await
    }
    async fn refused(body: &str) -> String {
        let response = ask(body, "application/json").await.unwrap_err().render("", "");
        let bytes = to_bytes(response.into_body(), 10_000).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        match answer["errors"].get(0) {
            Some(error) => format!(
                "{body} -> {} {}: {}\n",
                answer["status"], error["field"], error["message"]
            ),
            None => format!("{body} -> {} {}\n", answer["status"], answer["detail"]),
        }
    }

    #[tokio::test]
    async fn good_bodies() {
        assert_eq!(
            ask(r#"{"name":"a"}"#, "application/json; charset=utf-8")
                .await
                .unwrap()
                .0
                .name,
            "a"
        );
    }
    #[tokio::test]
    async fn every_refusal_names_its_field() {
        let mut lines = String::new();
        for body in [
            "{",
            r#"{"name":"a"} x"#,
            "{}",
            r#"{"name":1}"#,
            r#"{"name":"a","extra":1}"#,
            r#"{"name":"a","inner":[{"n":1},{"n":300}]}"#,
            r#"{"name":"a","inner":[{}]}"#,
            "[]",
        ] {
            lines += &refused(body).await;
        }
        insta::assert_snapshot!(lines, @r#"
        { -> 400 "The body is not JSON: line 1, column 1."
        {"name":"a"} x -> 400 "Something stands behind the JSON value."
        {} -> 422 "name": "is required"
        {"name":1} -> 422 "name": "invalid type: integer `1`, expected a string"
        {"name":"a","extra":1} -> 422 "extra": "is not a known field"
        {"name":"a","inner":[{"n":1},{"n":300}]} -> 422 "inner[1].n": "invalid value: integer `300`, expected u8"
        {"name":"a","inner":[{}]} -> 422 "inner[0].n": "is required"
        [] -> 422 "body": "must be a JSON object"
        "#);
    }
    #[tokio::test]
    async fn other_types_and_long_bodies() {
        assert_eq!(
            ask("{}", "text/plain").await.unwrap_err().kind(),
            Kind::UnsupportedMediaType
        );
        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(MAX_BYTES));
        assert_eq!(ask(&long, "application/json").await.unwrap_err().kind(), Kind::TooLarge);
    }
}
