//! The two cookies of the web app, and the check that a write by cookie comes from our own pages.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use cookie::{Cookie, SameSite, time::Duration};

/// The path below which the refresh cookie is sent: nothing else ever sees it.
const REFRESH_PATH: &str = "/api/v1/auth";

/// How cookies are named and made: `Secure` with name prefixes (RFC 6265bis, 4.1.3) when the public address is https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
    own_origin: Option<String>,
}

impl Cookies {
    /// For a public address such as `https://photos.example.org`; without one, plain http on any host is assumed.
    pub fn new(public_url: Option<&str>) -> Self {
        let own_origin = public_url.and_then(origin_of);
        Self {
            secure: own_origin.as_deref().is_some_and(|o| o.starts_with("https://")),
            own_origin,
        }
    }
    /// Whether the public address is https.
    pub fn secure(&self) -> bool {
        self.secure
    }
    fn access_name(&self) -> &'static str {
        if self.secure { "__Host-mv_access" } else { "mv_access" }
    }
    fn refresh_name(&self) -> &'static str {
        if self.secure {
            "__Secure-mv_refresh"
        } else {
            "mv_refresh"
        }
    }

    /// The access token of the request's cookies.
    pub fn access(&self, headers: &HeaderMap) -> Option<String> {
        find(headers, self.access_name())
    }
    /// The refresh token of the request's cookies.
    pub fn refresh(&self, headers: &HeaderMap) -> Option<String> {
        find(headers, self.refresh_name())
    }

    /// The two `Set-Cookie` values of a sign-in or refresh; lifetimes in seconds.
    pub fn set(&self, access: &str, access_seconds: i64, refresh: &str, refresh_seconds: i64) -> [HeaderValue; 2] {
        [
            self.make(self.access_name(), access, "/", access_seconds),
            self.make(self.refresh_name(), refresh, REFRESH_PATH, refresh_seconds),
        ]
    }
    /// The two `Set-Cookie` values that remove them.
    pub fn clear(&self) -> [HeaderValue; 2] {
        self.set("", 0, "", 0)
    }
    fn make(&self, name: &str, value: &str, path: &str, seconds: i64) -> HeaderValue {
        let cookie = Cookie::build((name, value))
            .path(path)
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .max_age(Duration::seconds(seconds));
        // Tokens are base64url and dots: always a header value.
        HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
    }

    /// Whether `Origin` names this server: the configured public origin, or the host that the request was sent to.
    ///
    /// A page of another site cannot set `Origin` itself, and `Host` is what the browser connected to.
    pub fn same_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN).and_then(|v| v.to_str().ok()) else {
            return false;
        };
        if self.own_origin.as_deref() == Some(origin) {
            return true;
        }
        let host = headers.get(header::HOST).and_then(|v| v.to_str().ok());
        origin
            .split_once("://")
            .is_some_and(|(_, authority)| Some(authority) == host)
    }
}

/// Whether a method only reads.
pub fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| Cookie::split_parse(line.to_owned()))
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| !value.is_empty())
}

/// Scheme and authority of an address, without the default port, as browsers write `Origin`.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.to_lowercase();
    let scheme = scheme.to_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    Some(format!(
        "{scheme}://{}",
        authority.strip_suffix(default).unwrap_or(&authority)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| {
                (
                    n.parse::<axum::http::HeaderName>().unwrap(),
                    HeaderValue::from_str(v).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn cookies_of_an_https_installation() {
        let [access, refresh] = Cookies::new(Some("https://photos.example.org/")).set("a.b.c", 600, "mvr_x", 86_400);
        assert_eq!(
            access,
            "__Host-mv_access=a.b.c; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=600"
        );
        assert_eq!(
            refresh,
            "__Secure-mv_refresh=mvr_x; HttpOnly; SameSite=Strict; Secure; Path=/api/v1/auth; Max-Age=86400"
        );
    }
    #[test]
    fn cookies_are_found_among_others() {
        let cookies = Cookies::new(None);
        let sent = headers(&[("cookie", "a=1; mv_access=tok.en; mv_refresh=mvr_y"), ("cookie", "z")]);
        assert_eq!(cookies.access(&sent).as_deref(), Some("tok.en"));
        assert_eq!(cookies.refresh(&sent).as_deref(), Some("mvr_y"));
        assert_eq!(cookies.access(&headers(&[("cookie", "mv_access=")])), None);
        assert_eq!(
            Cookies::new(Some("https://x")).access(&sent),
            None,
            "an insecure name is not taken over https"
        );
    }
    #[test]
    fn only_our_own_pages_write() {
        let cookies = Cookies::new(Some("https://Photos.example.org:443/app"));
        let asked = |origin, host| cookies.same_origin(&headers(&[("origin", origin), ("host", host)]));
        assert!(asked("https://photos.example.org", "internal:8080"));
        assert!(asked("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(!asked("https://evil.example", "photos.example.org"));
        assert!(!asked("null", "photos.example.org"));
        assert!(!asked("https://photos.example.org.evil.example", "photos.example.org"));
        assert!(!asked("http://127.0.0.1:9999", "127.0.0.1:8080"));
        assert!(
            !cookies.same_origin(&headers(&[("host", "photos.example.org")])),
            "no Origin, no write"
        );
    }
}
