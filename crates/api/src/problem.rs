//! Errors as responses: problem details (RFC 9457). This is the one place where they are made.
//!
//! A handler returns a [`Problem`]; [`frame`](crate::http::frame) adds the request's id and path when it leaves, and
//! turns any other error response (a route that is missing, a method that is not served, a body that is too large) into
//! one as well.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use serde::Serialize;
use utoipa::ToSchema;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $slug:literal, $title:literal;)*) => {
        /// What went wrong, as a program tells it apart. The slug is the end of `type` and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $name),* }
        impl Kind {
            /// All of them, for the documentation.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];
            /// The status that it is answered with.
            pub fn status(self) -> StatusCode {
                let code = match self { $(Kind::$name => $status),* };
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            /// The last part of `type`.
            pub fn slug(self) -> &'static str {
                match self { $(Kind::$name => $slug),* }
            }
            /// The same few words each time.
            pub fn title(self) -> &'static str {
                match self { $(Kind::$name => $title),* }
            }
        }
    };
}

kinds! {
    /// The request cannot be read: broken JSON, a malformed header.
    BadRequest = 400, "bad-request", "The request cannot be read";
    /// Sign in first.
    Unauthorized = 401, "unauthorized", "Sign in to continue";
    /// Known, but not allowed.
    Forbidden = 403, "forbidden", "This is not allowed";
    /// It does not exist, or the caller may not know that it does.
    NotFound = 404, "not-found", "There is no such thing";
    /// The address does not take this method; `Allow` says which it takes.
    MethodNotAllowed = 405, "method-not-allowed", "This address does not take that method";
    /// The request took too long to arrive.
    RequestTimeout = 408, "request-timeout", "The request took too long to arrive";
    /// It contradicts the state of things: look again.
    Conflict = 409, "conflict", "That does not fit the present state";
    /// It was there and is over.
    Gone = 410, "gone", "This is over";
    /// A length must be said beforehand.
    LengthRequired = 411, "length-required", "The length must be given";
    /// The thing changed since the caller saw it.
    PreconditionFailed = 412, "precondition-failed", "It changed in the meantime";
    /// More bytes than are taken.
    TooLarge = 413, "too-large", "That is too large";
    /// Not a media type that is taken here.
    UnsupportedMediaType = 415, "unsupported-media-type", "That kind of content is not taken here";
    /// No byte of the wanted range exists.
    RangeNotSatisfiable = 416, "range-not-satisfiable", "The wanted range does not exist";
    /// Well-formed, but a value is not acceptable; `errors` says which.
    Validation = 422, "validation", "Some values cannot be accepted";
    /// Another request is busy with it: try again shortly.
    Locked = 423, "locked", "Another request is busy with it";
    /// Too many requests; `Retry-After` says when to go on.
    TooManyRequests = 429, "too-many-requests", "Too many requests";
    /// The bytes that arrived are not those that were promised (tus checksum extension).
    ChecksumMismatch = 460, "checksum-mismatch", "The bytes were damaged on the way";
    /// A fault of the server.
    Internal = 500, "internal", "Something went wrong on the server";
    /// A part of the server is not there at the moment.
    Unavailable = 503, "unavailable", "The server cannot do that at the moment";
    /// The server's disk is full.
    InsufficientStorage = 507, "insufficient-storage", "There is no room for that";
    /// The owner's quota is used up.
    QuotaExceeded = 507, "quota-exceeded", "Your room is used up";
    /// The file is not a photo, video or sound.
    UnsupportedFile = 415, "unsupported-file", "That file was not added";
    /// A file has another SHA-256 than was announced.
    HashMismatch = 422, "hash-mismatch", "The file was damaged on the way";
    /// A part of an upload does not begin where the upload stands; `Upload-Offset` says where that is.
    WrongOffset = 409, "wrong-offset", "The upload stands elsewhere";
    /// Address or password is wrong.
    SignInFailed = 401, "sign-in-failed", "Sign-in failed";
    /// There is no such rendition of the item, or not yet.
    NoRendition = 404, "no-rendition", "There is no such picture";
    /// Stored bytes are not what was written.
    Damaged = 500, "damaged", "The stored file is damaged";
}

/// One value that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldError {
    /// The field, as a path such as `tags[2]`; for a query or header its name.
    pub field: String,
    /// What is wrong with it, in plain words.
    pub message: String,
}

/// The wire form of a problem (RFC 9457), with the request's id and the fields that are wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Tells problems apart for programs: `urn:media-vault:problem:` and a word.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same few words for each type.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened and what to do, for people.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// Name it when you ask for help; the server's log has the same one.
    pub request_id: String,
    /// The values that cannot be accepted; empty for other problems.
    pub errors: Vec<FieldError>,
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    // Boxed: results that carry a problem stay small.
    headers: Option<Box<HeaderMap>>,
}

/// What a handler returns.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem with words about this very case.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            headers: None,
        }
    }
    /// One value that cannot be accepted.
    pub fn field(field: &str, message: impl ToString) -> Self {
        Self::fields(vec![FieldError {
            field: field.to_owned(),
            message: message.to_string(),
        }])
    }
    /// Values that cannot be accepted.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let names: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
        let detail = format!("Please correct: {}.", names.join(", "));
        Self {
            kind: Kind::Validation,
            detail,
            errors,
            headers: None,
        }
    }
    /// The one answer for what does not exist and for what must not be known to exist.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "It does not exist, or you have no access to it.")
    }
    /// The answer to a call without valid credentials. `WWW-Authenticate` is required by RFC 9110, 11.6.1.
    pub fn unauthorized(detail: &str) -> Self {
        Self::new(Kind::Unauthorized, detail).with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }
    /// A fault of the server: logged with its cause here, answered without it.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(event = "internal_error", cause = %cause);
        Self::new(
            Kind::Internal,
            "The fault was logged under the request id. Trying again may help.",
        )
    }
    /// Adds a header to the response.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.get_or_insert_default().insert(name, value);
        self
    }
    /// Which it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The problem that describes a bare error status, as routers and layers of libraries make them.
    pub fn of_status(status: StatusCode) -> Self {
        let kind = Kind::ALL
            .iter()
            .copied()
            .find(|k| k.status() == status)
            .unwrap_or(if status.is_server_error() {
                Kind::Internal
            } else {
                Kind::BadRequest
            });
        match kind {
            Kind::NotFound => Self::not_found(),
            Kind::Unauthorized => Self::unauthorized("Sign in and try again."),
            Kind::MethodNotAllowed => Self::new(kind, "The Allow header names the methods that are taken."),
            Kind::Internal => Self::new(
                kind,
                "The fault was logged under the request id. Trying again may help.",
            ),
            _ => Self::new(kind, format!("{}.", kind.title())),
        }
    }

    /// The final response, with what only the frame knows.
    pub fn render(self, instance: &str, request_id: &str) -> Response {
        let body = ProblemBody {
            kind: format!("urn:media-vault:problem:{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.errors,
        };
        // A struct of strings and numbers always has a JSON form.
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.extend(self.headers.map(|h| *h).unwrap_or_default());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl IntoResponse for Problem {
    /// Carries itself to the frame, which renders it.
    fn into_response(self) -> Response {
        let mut response = self.clone().render("", "");
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_distinct_and_statuses_are_errors() {
        for (at, kind) in Kind::ALL.iter().enumerate() {
            assert!(kind.status().as_u16() >= 400);
            assert!(Kind::ALL[at + 1..].iter().all(|other| other.slug() != kind.slug()));
        }
    }
    #[tokio::test]
    async fn the_wire_form() {
        let response = Problem::field("email", domain::Invalid::Empty).render("/api/v1/setup", "r-1");
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        insta::assert_json_snapshot!(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap(), @r#"
        {
          "detail": "Please correct: email.",
          "errors": [
            {
              "field": "email",
              "message": "must not be empty"
            }
          ],
          "instance": "/api/v1/setup",
          "request_id": "r-1",
          "status": 422,
          "title": "Some values cannot be accepted",
          "type": "urn:media-vault:problem:validation"
        }
        "#);
    }
}
