//! `Upload-Checksum`: the digest of the bytes of one PATCH.

use super::bad;
use crate::problem::{Answer, Kind, Problem};
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};

/// Digests that are taken. The specification demands SHA-1 at least; it guards against damage here, not against people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// FIPS 180-4 SHA-1, 20 bytes.
    Sha1,
    /// FIPS 180-4 SHA-256, 32 bytes.
    Sha256,
}

/// What the client says its bytes digest to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    algorithm: Algorithm,
    digest: Vec<u8>,
}

impl Checksum {
    /// Reads the header; an unknown algorithm or a digest of the wrong length is a 400.
    pub fn parse(headers: &HeaderMap) -> Answer<Option<Checksum>> {
        let Some(value) = headers.get(super::CHECKSUM) else {
            return Ok(None);
        };
        let malformed = || bad("The header Upload-Checksum must be sha256 or sha1 and the base64 of the digest.");
        let (name, digest) = value
            .to_str()
            .ok()
            .and_then(|v| v.split_once(' '))
            .ok_or_else(malformed)?;
        let (algorithm, length) = match name {
            "sha1" => (Algorithm::Sha1, 20),
            "sha256" => (Algorithm::Sha256, 32),
            _ => return Err(malformed()),
        };
        let digest = STANDARD.decode(digest.trim()).map_err(|_| malformed())?;
        if digest.len() != length {
            return Err(malformed());
        }
        Ok(Some(Checksum { algorithm, digest }))
    }
    /// Begins to digest bytes for comparison.
    pub fn hasher(self) -> Hasher {
        let context = digest::Context::new(match self.algorithm {
            Algorithm::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::Sha256 => &digest::SHA256,
        });
        Hasher { context, wanted: self }
    }
}

/// Digests bytes as they pass.
pub struct Hasher {
    context: digest::Context,
    wanted: Checksum,
}

impl Hasher {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }
    /// Whether all the bytes were the promised ones.
    pub fn matches(&self) -> bool {
        verify_slices_are_equal(self.context.clone().finish().as_ref(), &self.wanted.digest).is_ok()
    }
    /// The problem (460) to answer with when they were not. The bytes were dropped; the client sends them again.
    pub fn mismatch() -> Problem {
        Problem::new(
            Kind::ChecksumMismatch,
            "The bytes differ from their checksum. They were dropped: send them again.",
        )
        .with(super::RESUMABLE, super::VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn parse(text: &str) -> Answer<Option<Checksum>> {
        Checksum::parse(&HeaderMap::from_iter([(
            super::super::CHECKSUM,
            HeaderValue::from_str(text).unwrap(),
        )]))
    }

    #[test]
    fn known_digests_of_hello_world() {
        // The SHA-1 is the example of the tus specification.
        for text in [
            "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
            "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
        ] {
            let mut hasher = parse(text).unwrap().unwrap().hasher();
            hasher.update(b"hello ");
            assert!(!hasher.matches());
            hasher.update(b"world");
            assert!(hasher.matches(), "{text}");
        }
    }
    #[test]
    fn malformed_headers_are_refused() {
        for bad in [
            "",
            "sha1",
            "md5 XrY7u+Ae7tCTyyK7j1rNww==",
            "sha1 YQ==",
            "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
            "sha1 ***",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Checksum::parse(&HeaderMap::new()).unwrap(), None);
    }
    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(text in "(sha1|sha256|)[ -~]{0,60}") {
            parse(&text).ok();
        }
    }
}
