//! The tus 1.0.0 resumable upload protocol as far as it is text: headers in, headers out. Bytes are moved by
//! [`crate::routes::tus`].
//!
//! Extensions that are served: creation, creation-with-upload, checksum, expiration, termination. Not served:
//! creation-defer-length (a quota must be reserved), concatenation, checksum-trailer.

mod checksum;
mod metadata;

pub use checksum::{Algorithm, Checksum, Hasher};
pub use metadata::{Metadata, parse_metadata};

use crate::problem::{Answer, Kind, Problem};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use domain::At;
use std::time::{Duration, UNIX_EPOCH};

/// The one version that is spoken.
pub const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
/// `Tus-Resumable`.
pub const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
/// `Tus-Version`.
pub const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
/// `Tus-Extension`.
pub const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
/// `Tus-Max-Size`.
pub const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
/// `Tus-Checksum-Algorithm`.
pub const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
/// `Upload-Offset`.
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// `Upload-Length`.
pub const LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// `Upload-Metadata`.
pub const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// `Upload-Checksum`.
pub const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
/// `Upload-Expires`.
pub const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// `Upload-Defer-Length`.
pub const DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
/// Our own: the id of the item that an upload became, on the answer to its last byte.
pub const MEDIA_ID: HeaderName = HeaderName::from_static("media-id");
/// The only type of the bytes of a PATCH.
pub const BYTES: &str = "application/offset+octet-stream";

/// Refuses a request that speaks another version (412, and says which is spoken).
pub fn require_version(headers: &HeaderMap) -> Answer<()> {
    if headers.get(RESUMABLE) == Some(&VERSION) {
        return Ok(());
    }
    let problem = Problem::new(Kind::PreconditionFailed, "Send the header Tus-Resumable: 1.0.0.");
    Err(problem.with(VERSIONS, VERSION).with(RESUMABLE, VERSION))
}

/// Refuses bytes that are not sent as tus bytes (415).
pub fn require_bytes(headers: &HeaderMap) -> Answer<()> {
    if headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(BYTES.as_bytes()))
    {
        return Ok(());
    }
    let problem = Problem::new(
        Kind::UnsupportedMediaType,
        format!("Send the bytes as Content-Type: {BYTES}."),
    );
    Err(problem.with(RESUMABLE, VERSION))
}

/// A header that is a count of bytes: digits, at most 63 bits (databases have no more).
pub fn count(headers: &HeaderMap, name: &HeaderName) -> Answer<Option<u64>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("");
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(n) if digits && n <= i64::MAX as u64 => Ok(Some(n)),
        _ => Err(bad(&format!("The header {name} must be a number of bytes."))),
    }
}

/// A malformed tus request (400).
pub fn bad(detail: &str) -> Problem {
    Problem::new(Kind::BadRequest, detail).with(RESUMABLE, VERSION)
}

/// The answer to OPTIONS: what is served here.
pub fn capabilities(max_size: u64) -> HeaderMap {
    HeaderMap::from_iter([
        (RESUMABLE, VERSION),
        (VERSIONS, VERSION),
        (
            EXTENSION,
            HeaderValue::from_static("creation,creation-with-upload,checksum,expiration,termination"),
        ),
        (MAX_SIZE, HeaderValue::from(max_size)),
        (CHECKSUM_ALGORITHM, HeaderValue::from_static("sha256,sha1")),
    ])
}

/// `Upload-Expires` as RFC 9110, 5.6.7 writes dates.
pub fn http_date(at: At) -> HeaderValue {
    let since = Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0).min(253_402_300_799));
    HeaderValue::from_str(&httpdate::fmt_http_date(UNIX_EPOCH + since)).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn versions() {
        assert!(require_version(&headers(&RESUMABLE, "1.0.0")).is_ok());
        for other in [HeaderMap::new(), headers(&RESUMABLE, "0.2.2")] {
            let response = require_version(&other).unwrap_err().render("", "");
            assert_eq!(
                (response.status().as_u16(), &response.headers()[VERSIONS]),
                (412, &VERSION)
            );
        }
    }
    #[test]
    fn counts() {
        assert_eq!(count(&headers(&OFFSET, "0")).unwrap(), Some(0));
        assert_eq!(count(&HeaderMap::new()).unwrap(), None);
        for bad in [
            "",
            "-1",
            "+1",
            "1.0",
            "0x1",
            "9223372036854775808",
            "99999999999999999999",
            "1 2",
        ] {
            assert!(count(&headers(&OFFSET, bad)).is_err(), "{bad}");
        }
        fn count(headers: &HeaderMap) -> Answer<Option<u64>> {
            super::count(headers, &OFFSET)
        }
    }
    #[test]
    fn dates() {
        assert_eq!(
            http_date(At(1_445_412_480 * At::SECOND)),
            "Wed, 21 Oct 2015 07:28:00 GMT"
        );
    }
    proptest! {
        #[test]
        fn any_instant_has_a_date(micros: i64) {
            http_date(At(micros));
        }
    }
}
