//! The web app: files embedded in the binary.

mod policy;

use crate::{
    http::conditional::{Etag, Verdict, for_read},
    problem::{Answer, Problem},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use rust_embed::{Embed, EmbeddedFile};
use std::{borrow::Cow, sync::LazyLock};

#[derive(Embed)]
#[folder = "$MEDIA_VAULT_WEB_BUILD"]
struct Files;

/// The page that stands for every address of the app; its router reads the address in the browser.
const INDEX: &str = "index.html";

/// The policy of its pages, with the hashes of the scripts and styles that stand in the page itself.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let page = Files::get(INDEX)
        .map(|f| String::from_utf8_lossy(&f.data).into_owned())
        .unwrap_or_default();
    HeaderValue::from_str(&policy::of_page(&page)).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// Answers a GET or HEAD that no route of the interface took.
///
/// Files with a hash in their name never change; everything else is asked for anew each time, which costs a 304.
pub fn serve(method: &Method, path: &str, request: &HeaderMap) -> Answer<Response> {
    if *method != Method::GET && *method != Method::HEAD {
        return Err(Problem::not_found());
    }
    let name = path.trim_start_matches('/');
    let (name, status) = match name {
        "" => (INDEX, StatusCode::OK),
        name if Files::get(name).is_some() && !is_encoded(name) => (name, StatusCode::OK),
        // An address with a file ending is a file that is not there; anything else is a page of the app.
        name if name.rsplit('/').next().is_some_and(|last| last.contains('.')) || name.starts_with("_app/") => {
            return Err(Problem::not_found());
        }
        _ => (INDEX, StatusCode::OK),
    };
    let (file, encoding) = best(name, request).ok_or_else(Problem::not_found)?;
    let hash = file.metadata.sha256_hash();
    let etag = Etag::new(&hash.iter().take(16).map(|b| format!("{b:02x}")).collect::<String>());
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag.value());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(if name.starts_with("_app/immutable/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }),
    );
    if name == "service-worker.js" {
        headers.insert(
            HeaderName::from_static("service-worker-allowed"),
            HeaderValue::from_static("/"),
        );
    }
    if for_read(request, &etag) == Verdict::NotModified {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime(name)));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.data.len()));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    *response.status_mut() = status;
    if *method == Method::GET {
        *response.body_mut() = match file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
    }
    Ok(response)
}

fn is_encoded(name: &str) -> bool {
    name.ends_with(".br") || name.ends_with(".gz")
}

/// The file in the smallest form that the client reads.
fn best(name: &str, request: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, encoding)
            && let Some(file) = Files::get(&format!("{name}.{ending}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Files::get(name).map(|file| (file, None))
}

/// Whether an `Accept-Encoding` names this coding with a weight above zero (RFC 9110, 12.5.3).
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding))
            && !parts.any(|p| {
                p.strip_prefix("q=")
                    .is_some_and(|q| q.parse().is_ok_and(|q: f32| q <= 0.0))
            })
    })
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "jpg" | "jpeg" => "image/jpeg",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str, pairs: &[(HeaderName, &str)]) -> Answer<Response> {
        let headers = pairs
            .iter()
            .map(|(n, v)| (n.clone(), HeaderValue::from_str(v).unwrap()))
            .collect();
        serve(&Method::GET, path, &headers)
    }

    #[test]
    fn every_page_of_the_app_is_the_index_and_missing_files_are_missing() {
        for path in ["/", "/photos", "/photos/2024-05/x"] {
            let response = ask(path, &[]).unwrap();
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.contains("default-src 'self'") && !policy.contains("unsafe"),
                "{policy}"
            );
        }
        for path in [
            "/nothing.js",
            "/_app/immutable/gone",
            "/index.html.br",
            "/../Cargo.toml",
            "//etc/passwd.x",
        ] {
            assert!(ask(path, &[]).is_err(), "{path}");
        }
        assert!(serve(&Method::POST, "/", &HeaderMap::new()).is_err());
    }
    #[test]
    fn an_unchanged_page_is_not_sent_again() {
        let etag = ask("/", &[]).unwrap().headers()[header::ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            ask("/", &[(header::IF_NONE_MATCH, &etag)]).unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
    }
    #[test]
    fn encodings() {
        assert!(accepts("gzip, br;q=0.5", "br") && accepts("GZIP", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br") && !accepts("", "br") && !accepts("brotli", "br"));
    }
    #[test]
    fn every_script_that_stands_in_the_page_is_allowed_by_its_hash() {
        let page = Files::get(INDEX).unwrap();
        let text = String::from_utf8_lossy(&page.data).into_owned();
        let inline = text.matches("<script>").count();
        let hashes = POLICY.to_str().unwrap().matches("'sha256-").count();
        assert!(hashes >= inline);
    }
}
