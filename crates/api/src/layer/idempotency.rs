//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a write that is sent again is answered again, not done
//! again.
//!
//! Answers of success are kept for a day. A refusal (4xx) changed nothing and is decided anew; a fault (5xx) may be tried
//! again. Uploads of bytes have resumption and content hashes instead and ignore the header.

use super::SignedIn;
use crate::{
    extract::json_limit,
    limit::{Class, classify},
    problem::{Answer, Kind, Problem},
    state::Api,
};
use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use vault::{
    VaultError,
    idempotency::{self, Idempotency, StoredAnswer},
};

const KEY: &str = "idempotency-key";
/// Marks an answer that was kept.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Headers that belong to an answer.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
/// The largest answer that is kept.
const MAX_ANSWER: usize = 1024 * 1024;

/// The layer.
pub async fn once<F: Future<Output = Response> + Send + 'static>(
    api: Api,
    request: Request,
    next: impl FnOnce(Request) -> F + Send + 'static,
) -> Response {
    let write = matches!(
        *request.method(),
        Method::POST | Method::PATCH | Method::PUT | Method::DELETE
    );
    let (class, path) = (classify(request.method(), request.uri().path()), request.uri().path());
    let counts = write && (class == Class::Api || path == "/api/v1/uploads");
    match request.headers().get(KEY).cloned() {
        // Boxed: few requests have a key, and each would carry the room for it.
        Some(key) if counts => Box::pin(guarded(api, key, request, next))
            .await
            .unwrap_or_else(IntoResponse::into_response),
        _ => next(request).await,
    }
}

async fn guarded<F: Future<Output = Response> + Send + 'static>(
    api: Api,
    key: HeaderValue,
    request: Request,
    next: impl FnOnce(Request) -> F + Send + 'static,
) -> Answer<Response> {
    let key = parse_key(&key)?;
    let (mut parts, body) = request.into_parts();
    // Without a person there is nobody whose key it could be: the handler says what is missing.
    let Ok(SignedIn(call)) = SignedIn::from_request_parts(&mut parts, &api).await else {
        return Ok(next(Request::from_parts(parts, body)).await);
    };
    let bytes = to_bytes(body, json_limit())
        .await
        .map_err(|_| Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))?;
    let mut hash = Context::new(&SHA256);
    for part in [parts.method.as_str(), "\0", &parts.uri.to_string(), "\0"] {
        hash.update(part.as_bytes());
    }
    hash.update(&bytes);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    match idempotency::begin(api.vault(), &call, key.clone(), fingerprint).await? {
        Idempotency::Done(answer) => return Ok(replay(answer)),
        Idempotency::UnderWay => {
            let problem = Problem::new(
                Kind::Conflict,
                "The first request with this Idempotency-Key is still under way.",
            );
            return Err(problem.with(header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        Idempotency::Different => {
            return Err(Problem::field(
                "Idempotency-Key",
                "was used for another request: choose a new one",
            ));
        }
        Idempotency::Fresh => {}
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    // On its own, so that a client that leaves does not cut the act from the record of it.
    let done = tokio::spawn(async move {
        let (parts, body) = next(request).await.into_parts();
        let success = parts.status.is_success();
        let body = to_bytes(body, if success { MAX_ANSWER } else { usize::MAX })
            .await
            .map_err(|e| e.to_string());
        let answer = match &body {
            Ok(bytes) if success => Some(StoredAnswer {
                status: parts.status.as_u16(),
                headers: kept(&parts.headers),
                body: bytes.to_vec(),
            }),
            _ => None,
        };
        idempotency::finish(api.vault(), &call, key, answer).await?;
        let bytes = body.map_err(VaultError::Internal)?;
        Ok::<_, VaultError>(Response::from_parts(parts, Body::from(bytes)))
    });
    Ok(done.await.map_err(|e| Problem::internal(&e))??)
}

/// The key: 1 to 255 printable characters, with or without the quotes of a structured string.
fn parse_key(value: &HeaderValue) -> Answer<String> {
    let text = value.to_str().unwrap_or("");
    let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=255).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b));
    fits.then(|| key.to_owned())
        .ok_or_else(|| Problem::field("Idempotency-Key", "must have 1 to 255 printable characters"))
}

fn kept(headers: &HeaderMap) -> String {
    let pairs: Vec<(&str, &str)> = KEPT
        .iter()
        .filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)))
        .collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn replay(answer: StoredAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let pairs: Vec<(String, String)> = serde_json::from_str(&answer.headers).unwrap_or_default();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let parse = |text: &str| parse_key(&HeaderValue::from_str(text).unwrap());
        assert_eq!(parse("\"8e03978e\"").unwrap(), "8e03978e");
        assert_eq!(parse("8e03978e").unwrap(), "8e03978e");
        for bad in ["", "\"\"", &"x".repeat(256)] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn an_answer_comes_back_with_its_headers() {
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::SET_COOKIE, HeaderValue::from_static("never=kept")),
        ]);
        let response = replay(StoredAnswer {
            status: 201,
            headers: kept(&headers),
            body: b"{}".to_vec(),
        });
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[REPLAYED], "true");
        assert!(!response.headers().contains_key(header::SET_COOKIE));
    }
}
