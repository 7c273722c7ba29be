//! What surrounds every request: an id, the access log, metrics, security headers, and that every error is a problem.

use crate::{http::arrival::Arrival, problem::Problem};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use std::{
    collections::HashMap,
    net::Ipv4Addr,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as an extension for handlers.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The settings of the frame.
pub struct Frame {
    /// Makes a request id.
    pub fresh_id: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether the public address is https: then browsers are told to use nothing else.
    pub https: bool,
    /// Where the durations of requests are counted.
    pub durations: Durations,
}

/// The histograms of requests. Finding one by its labels takes longer than counting in it.
#[derive(Default)]
pub struct Durations(Mutex<HashMap<String, Vec<OfRoute>>>);

struct OfRoute {
    method: &'static str,
    status: u16,
    histogram: metrics::Histogram,
}

impl Durations {
    fn of(&self, method: &Method, route: &str, status: u16) -> metrics::Histogram {
        let method = label(method);
        // A histogram is entered as a whole.
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = routes
            .get(route)
            .and_then(|of| of.iter().find(|of| of.method == method && of.status == status));
        if let Some(known) = known {
            return known.histogram.clone();
        }
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        let histogram = metrics::histogram!("http_request_duration_seconds", &labels);
        routes.entry(route.to_owned()).or_default().push(OfRoute {
            method,
            status,
            histogram: histogram.clone(),
        });
        histogram
    }
}

/// A client may make up any method, and each label is kept for good.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// What is outermost. `route`: the template of its address, never the path or query itself: those hold ids, tokens and signatures.
pub async fn around<F: Future<Output = Response> + Send>(
    frame: &Frame,
    route: &str,
    mut request: Request,
    next: impl FnOnce(Request) -> F + Send,
) -> Response {
    let began = Instant::now();
    let id = sane(request.headers().get(&REQUEST_ID)).unwrap_or_else(|| (frame.fresh_id)());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let uri = request.uri().clone();
    let arrival = Arrival::watch(&mut request);
    let trusted = frame.https || is_this_machine(request.headers());
    let span = tracing::info_span!("request", request_id = %id, %method, route);

    let answered = AssertUnwindSafe(async { next(request).await })
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let _entered = span.enter();
    let response = answered.unwrap_or_else(|panic| {
        let cause = panic
            .downcast_ref::<&str>()
            .copied()
            .or(panic.downcast_ref::<String>().map(String::as_str));
        Problem::internal(&format!("panic: {}", cause.unwrap_or("without a message"))).into_response()
    });
    let mut response = as_problem(response, uri.path(), &id);
    secure(response.headers_mut(), frame.https, trusted);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if arrival.is_some_and(|arrival| !arrival.is_whole()) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }

    let (status, took) = (response.status().as_u16(), began.elapsed());
    frame.durations.of(&method, route, status).record(took.as_secs_f64());
    tracing::info!(event = "http_request", status, ms = took.as_secs_f64() * 1_000.0);
    response
}

/// An id that a client or proxy may choose: 8 to 64 letters, digits and `._-`. It ends up in logs and answers.
fn sane(header: Option<&HeaderValue>) -> Option<String> {
    let text = header?.to_str().ok()?;
    let fits = (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    fits.then(|| text.to_owned())
}

/// Gives a problem its ids, and makes one of any other error response.
fn as_problem(mut response: Response, path: &str, id: &str) -> Response {
    let status = response.status();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return keep_headers(response.headers(), problem.render(path, id));
    }
    let is_error = status.is_client_error() || status.is_server_error();
    let foreign = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    let bare = response.headers().get(header::CONTENT_TYPE).is_none_or(foreign);
    // An answer to HEAD or an upload may be an error of its own without a body; it says so by this extension.
    if is_error && bare && response.extensions().get::<Bare>().is_none() {
        return keep_headers(response.headers(), Problem::of_status(status).render(path, id));
    }
    response
}

/// Marks an error response that is meant to have no body.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

/// Headers that inner layers had added (`Allow`, `RateLimit`, `Set-Cookie` ...) stay.
fn keep_headers(inner: &HeaderMap, mut outer: Response) -> Response {
    for (name, value) in inner {
        if *name == header::CONTENT_LENGTH || *name == header::CONTENT_TYPE {
            continue;
        }
        if *name == header::SET_COOKIE || !outer.headers().contains_key(name) {
            outer.headers_mut().append(name, value.clone());
        }
    }
    outer
}

/// Whether a browser asked for an address of its own machine, which it trusts without https.
///
/// Source: W3C, Secure Contexts, 3.1 (potentially trustworthy origins).
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name == "[::1]"
        || name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
}

/// Headers for everything. What a handler set itself stays: content and pages have their own policies.
///
/// `trusted`: the browser trusts the address; others ignore some headers, and complain of them on their console.
fn secure(headers: &mut HeaderMap, https: bool, trusted: bool) {
    // Names are looked up once, not with each answer.
    static ALWAYS: [(HeaderName, HeaderValue); 7] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static(
                "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
            ),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    headers.reserve(ALWAYS.len() + 3);
    for (name, value) in &ALWAYS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if trusted {
        let same_origin = HeaderValue::from_static("same-origin");
        headers.insert("cross-origin-opener-policy", same_origin);
    }
    if https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

/// The answer when no route fits.
pub async fn no_route() -> StatusCode {
    StatusCode::NOT_FOUND
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        Router,
        body::Body,
        extract::Path,
        middleware::{Next, from_fn},
        routing::{get, post},
    };
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    fn app() -> Router {
        let frame = Arc::new(Frame {
            fresh_id: Arc::new(|| "fresh-id-1".into()),
            https: true,
            durations: Durations::default(),
        });
        Router::new()
            .route("/fine", get(|| async { "fine" }))
            .route(
                "/panics",
                get(|| async {
                    if true {
                        panic!("secret detail")
                    }
                }),
            )
            .route(
                "/upload/{take}",
                post(|Path(take): Path<String>, body: Body| async move {
                    if take == "all" {
                        drop(body.collect().await);
                    }
                    StatusCode::FORBIDDEN
                }),
            )
            .route("/problem/{id}", get(|| async { Problem::field("a", "must be b") }))
            .fallback(no_route)
            .layer(from_fn(move |request: Request, next: Next| {
                let frame = frame.clone();
                async move { around(&frame, "/route", request, |request| next.run(request)).await }
            }))
    }
    async fn ask(method: &str, path: &str, id: Option<&str>) -> (u16, HeaderMap, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        let response = app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 100_000).await.unwrap();
        (
            parts.status.as_u16(),
            parts.headers,
            String::from_utf8(bytes.into()).unwrap(),
        )
    }

    #[tokio::test]
    async fn every_error_is_a_problem_with_its_path_and_request_id() {
        for (method, path, status) in [
            ("GET", "/nowhere", 404),
            ("POST", "/fine", 405),
            ("GET", "/panics", 500),
            ("GET", "/problem/7?sig=x", 422),
        ] {
            let (got, headers, body) = ask(method, path, None).await;
            assert_eq!(got, status, "{path}");
            assert_eq!(headers["content-type"], "application/problem+json");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["status"], status);
            assert_eq!(body["instance"], path.split('?').next().unwrap());
            assert_eq!(body["request_id"], "fresh-id-1");
            assert!(!body.to_string().contains("secret"));
            assert_eq!(headers.contains_key("allow"), status == 405);
        }
    }
    #[tokio::test]
    async fn an_answer_before_the_request_is_whole_says_that_it_ends_the_connection() {
        for (take, length, closes) in [
            ("all", 1_000_000, None),
            ("nothing", 1_000_000, Some("close")),
            ("nothing", 100, None),
        ] {
            let request = Request::post(format!("/upload/{take}")).body(Body::from(vec![7; length]));
            let response = app().oneshot(request.unwrap()).await.unwrap();
            let said = response
                .headers()
                .get("connection")
                .map(|value| value.to_str().unwrap());
            assert_eq!(said, closes, "{take} of {length}");
        }
    }
    #[test]
    fn made_up_methods_and_repeated_requests_are_counted_under_what_is_known() {
        let durations = Durations::default();
        for method in ["GET", "PURGE", "X1", "X2", "GET"] {
            durations.of(&method.parse().unwrap(), "/fine", 200).record(0.1);
        }
        durations.of(&Method::GET, "/fine", 404).record(0.1);
        let kept = durations.0.lock().unwrap();
        let kept: Vec<_> = kept["/fine"].iter().map(|of| (of.method, of.status)).collect();
        assert_eq!(kept, [("GET", 200), ("other", 200), ("GET", 404)]);
    }
    #[tokio::test]
    async fn security_headers_are_on_everything() {
        for path in ["/fine", "/nowhere"] {
            let (_, headers, _) = ask("GET", path, None).await;
            let of_interest = [
                "content-security-policy",
                "cross-origin-opener-policy",
                "x-content-type-options",
                "strict-transport-security",
            ];
            assert_eq!(
                of_interest.map(|name| headers[name].to_str().unwrap()),
                [
                    "default-src 'none'; frame-ancestors 'none'",
                    "same-origin",
                    "nosniff",
                    "max-age=31536000"
                ]
            );
        }
    }
    #[test]
    fn addresses_of_this_machine_are_trusted_without_https() {
        let trusted = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
            is_this_machine(&headers)
        };
        for host in [
            "localhost:8080",
            "vault.localhost",
            "127.0.0.1:8080",
            "127.1.2.3",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(trusted(host), "{host}");
        }
        for host in [
            "vault.home.arpa:8080",
            "192.168.1.10:8080",
            "[fd00::2]:8080",
            "[fd00::1]",
            "127.0.0.1.example.org",
            "notlocalhost",
            "",
            ":",
        ] {
            assert!(!trusted(host), "{host}");
        }
        assert!(!is_this_machine(&HeaderMap::new()));
    }
    #[tokio::test]
    async fn a_sane_request_id_is_taken_over_and_others_are_replaced() {
        assert_eq!(
            ask("GET", "/fine", Some("from-proxy.1")).await.1["x-request-id"],
            "from-proxy.1"
        );
        for bad in ["short", "with space 123", "x".repeat(65).as_str(), "<script>alert"] {
            assert_eq!(
                ask("GET", "/fine", Some(bad)).await.1["x-request-id"],
                "fresh-id-1",
                "{bad}"
            );
        }
    }
}
