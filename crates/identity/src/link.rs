//! Signed addresses: an address that carries its own permission for one thing until one moment.
//!
//! The signature is HMAC-SHA-256 (RFC 2104) under a key of its own. What is signed begins with the purpose and has a fixed
//! length behind it, so that an address for one purpose can never be read as one for another.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{At, UploadId};
use std::path::Path;
use zeroize::Zeroizing;

use crate::keyfile::{self, KeyFileError};

/// What a signed address lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Send the bytes of one upload, ask how far it is, and give it up.
    UploadData,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Purpose::UploadData => b"media-vault/upload-data/1",
        }
    }
}

/// Why an address is refused. All are answered alike: the thing does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not of the form that we make.
    #[error("the signed address is malformed")]
    Malformed,
    /// Signed by another key, for another purpose, thing or moment.
    #[error("the signature of the address is wrong")]
    Forged,
    /// Its time is over: ask for a new one.
    #[error("the signed address has expired")]
    Expired,
}

/// The key of signed addresses.
pub struct LinkKey(hmac::Key);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

impl LinkKey {
    /// A key of 32 random bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }
    /// The key of a file (mode 0600), made of `fresh` when there is none.
    pub fn load_or_create(path: &Path, fresh: &[u8; 32]) -> Result<Self, KeyFileError> {
        keyfile::load_or_create(path, fresh).map(|key| Self::new(&key))
    }

    fn message(purpose: Purpose, upload: UploadId, expires_seconds: i64) -> Zeroizing<Vec<u8>> {
        let mut message = Vec::from(purpose.label());
        message.push(0);
        message.extend_from_slice(upload.0.as_bytes());
        message.extend_from_slice(&expires_seconds.to_be_bytes());
        Zeroizing::new(message)
    }

    /// The signature parameter `<expiry in hexadecimal seconds>.<43 characters of base64url>` for one upload until `expires`
    /// (whole seconds; the fraction is dropped).
    pub fn sign(&self, purpose: Purpose, upload: UploadId, expires: At) -> String {
        let seconds = expires.seconds();
        let tag = hmac::sign(&self.0, &Self::message(purpose, upload, seconds));
        format!("{seconds:x}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Checks a parameter made by [`sign`](Self::sign), the signature in constant time and before the expiry is believed.
    pub fn verify(&self, purpose: Purpose, upload: UploadId, parameter: &str, now: At) -> Result<At, LinkError> {
        let (expiry, tag) = parameter.split_once('.').ok_or(LinkError::Malformed)?;
        let seconds = i64::from_str_radix(expiry, 16).map_err(|_| LinkError::Malformed)?;
        if format!("{seconds:x}") != expiry {
            return Err(LinkError::Malformed); // one address has one spelling
        }
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| LinkError::Malformed)?;
        hmac::verify(&self.0, &Self::message(purpose, upload, seconds), &tag).map_err(|_| LinkError::Forged)?;
        let expires = At(seconds.saturating_mul(At::SECOND));
        if now >= expires {
            return Err(LinkError::Expired);
        }
        Ok(expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upload(n: u64) -> UploadId {
        format!("01890a5d-ac96-774b-8000-{n:012x}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn an_address_holds_for_its_upload_and_time_only(n in 0_u64..1 << 40, expiry in 1_i64..4_000_000_000) {
            let key = LinkKey::new(&[3; 32]);
            let at = |s: i64| At(s * At::SECOND);
            let parameter = key.sign(Purpose::UploadData, upload(n), at(expiry));
            prop_assert_eq!(key.verify(Purpose::UploadData, upload(n), &parameter, at(expiry - 1)), Ok(at(expiry)));
            prop_assert_eq!(key.verify(Purpose::UploadData, upload(n), &parameter, at(expiry)), Err(LinkError::Expired));
            prop_assert_eq!(key.verify(Purpose::UploadData, upload(n + 1), &parameter, at(0)), Err(LinkError::Forged));
            let other = LinkKey::new(&[4; 32]);
            prop_assert_eq!(other.verify(Purpose::UploadData, upload(n), &parameter, at(0)), Err(LinkError::Forged));
        }

        #[test]
        fn no_changed_parameter_is_taken(at in 0_usize..52, with in "[0-9a-zA-Z._+ -]") {
            let key = LinkKey::new(&[3; 32]);
            let good = key.sign(Purpose::UploadData, upload(1), At(0x6000_0000 * At::SECOND));
            let mut changed = good.clone();
            changed.replace_range(at..at + 1, &with);
            if changed != good {
                prop_assert!(key.verify(Purpose::UploadData, upload(1), &changed, At(0)).is_err());
            }
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text: String) {
            prop_assert!(LinkKey::new(&[3; 32]).verify(Purpose::UploadData, upload(1), &text, At(0)).is_err());
        }
    }
}
