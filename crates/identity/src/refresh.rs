//! Refresh tokens: 256 random bits that mean nothing by themselves. The database keeps their digest only.

use aws_lc_rs::digest::{SHA256, digest as sha256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// What every refresh token begins with, so that a leaked one is recognised by people and by secret scanners.
pub const PREFIX: &str = "mvr_";

/// The token of 32 random bytes: `mvr_` and 43 characters of base64url.
pub fn mint(random: &[u8; 32]) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random))
}

/// What the database keeps of a token: SHA-256 of its text.
///
/// A fast hash is enough: there are 256 random bits to guess. Any text has a digest, so that a malformed token is simply
/// one that is not found.
pub fn digest(token: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(sha256(&SHA256, token.as_bytes()).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_digests() {
        let token = mint(&[0; 32]);
        assert_eq!(token, format!("mvr_{}", "A".repeat(43)));
        assert_ne!(digest(&token), digest(&mint(&[1; 32])));
        // FIPS 180-4, the digest of "abc".
        assert_eq!(digest("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
