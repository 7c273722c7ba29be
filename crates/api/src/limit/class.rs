//! Which budget a request draws on.

use axum::http::Method;

/// Kinds of requests that are counted apart. Ordinary use of the web app never meets a limit: each budget is far above
/// what a person can click, scroll or drop, and a flood in one does not shut the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Calls of the interface: the basic quota for an address; 20 times it for a session of the web app, whose timeline
    /// of 300 months is 300 calls when it is scrolled through at once.
    Api,
    /// Tries of credentials: a tenth of the quota for an address. Only those that fail count.
    SignIn,
    /// Bytes on their way in and what belongs to them: 100 times the quota, since 1,000 dropped files are 2,000 calls.
    Upload,
    /// Thumbnails and originals: 200 times, since a fast scroll shows hundreds in a second.
    Media,
    /// The web app's own files: 100 times.
    Static,
    /// For monitoring: not limited.
    Free,
}

impl Class {
    /// Its name in the headers.
    pub fn name(self) -> &'static str {
        match self {
            Class::Api => "api",
            Class::SignIn => "sign-in",
            Class::Upload => "upload",
            Class::Media => "media",
            Class::Static => "static",
            Class::Free => "free",
        }
    }
    /// Its quota per minute, given the basic one (0 = no limits) and whether the caller is a session of the web app.
    pub fn quota(self, basic: u32, session: bool) -> Option<u32> {
        let quota = match self {
            Class::Free => return None,
            Class::Api if session => basic.saturating_mul(20),
            Class::Api => basic,
            Class::SignIn => basic.div_ceil(10),
            Class::Upload | Class::Static => basic.saturating_mul(100),
            Class::Media => basic.saturating_mul(200),
        };
        (basic > 0).then_some(quota)
    }
}

/// The class of a request by its method and path.
pub fn classify(method: &Method, path: &str) -> Class {
    match path {
        "/health" | "/ready" | "/metrics" => return Class::Free,
        "/api/v1/auth/login" | "/api/v1/setup" | "/api/v1/users/me/password" if *method == Method::POST => {
            return Class::SignIn;
        }
        "/api/v1/media" if *method == Method::POST => return Class::Upload,
        _ => {}
    }
    let Some(rest) = path.strip_prefix("/api/v1/") else {
        return if path.starts_with("/api/") || path.starts_with("/.well-known/") {
            Class::Api
        } else {
            Class::Static
        };
    };
    let parts: Vec<&str> = rest.split('/').collect();
    match parts.as_slice() {
        ["uploads" | "tus", ..] => Class::Upload,
        ["media", _, "content" | "thumbnail"] | ["downloads", _] => Class::Media,
        _ => Class::Api,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_of_paths() {
        let get = |path| classify(&Method::GET, path);
        let post = |path| classify(&Method::POST, path);
        assert_eq!(get("/health"), Class::Free);
        assert_eq!(get("/"), Class::Static);
        assert_eq!(get("/_app/immutable/x.js"), Class::Static);
        assert_eq!(get("/api/v1/timeline/2024-05"), Class::Api);
        assert_eq!(get("/api/v1/media"), Class::Api);
        assert_eq!(post("/api/v1/media"), Class::Upload);
        assert_eq!(post("/api/v1/uploads"), Class::Upload);
        assert_eq!(classify(&Method::PATCH, "/api/v1/uploads/x/data"), Class::Upload);
        assert_eq!(get("/api/v1/media/x/thumbnail"), Class::Media);
        assert_eq!(get("/api/v1/media/x/content"), Class::Media);
        assert_eq!(get("/api/v1/media/x"), Class::Api);
        assert_eq!(post("/api/v1/auth/login"), Class::SignIn);
        assert_eq!(get("/api/v1/setup"), Class::Api);
        assert_eq!(get("/api/nothing"), Class::Api);
    }
    #[test]
    fn quotas() {
        assert_eq!(Class::Api.quota(100, false), Some(100));
        assert_eq!(Class::Api.quota(100, true), Some(2_000));
        assert_eq!(Class::SignIn.quota(100, false), Some(10));
        assert_eq!(Class::SignIn.quota(5, false), Some(1));
        assert_eq!(Class::Free.quota(100, false), None);
    }
}
